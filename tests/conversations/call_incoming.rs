//! Calls that come in: RFC 3261 §9.2, §13.3, §15; RFC 7433.

use std::time::Duration;

use cc_sdk::api::{CallId, CallState, Command, Direction, EndCause, EndedBy, UaEvent};
use cc_sdk::sip::Method;
use cc_sdk::{ApiMisuse, MediaEvent, MediaFailure, MediaReply, MediaRequest};

use crate::call_play::*;
use crate::far::Far;
use crate::stage::{CANDIDATE, FAR_SDP, SDP, Stage};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_call_rings_is_answered_and_the_far_side_hangs_up() {
    let mut stage = phone();
    let (id, mut far) = bob_calls(&mut stage);
    assert!(stage.last.header("To").contains(";tag="));
    assert!(stage.last.find("Contact").is_some());
    tells_state(&mut stage, CallState::Incoming);
    assert_eq!(statuses(&stage), [2]);
    stage.does(Command::Answer(id)).says("200");
    tells_state(&mut stage, CallState::Answering);
    stage.hears(far.request(Method::Ack));
    tells_state(&mut stage, CallState::Connected);
    assert_eq!(statuses(&stage), [3]);
    stage.forgets();
    stage.hears(far.request(Method::Bye)).says("200 BYE");
    ends(&stage, EndedBy::Remote, EndCause::Hangup);
    assert_eq!(statuses(&stage), [4]);
    stage.passes(40 * SECOND).says_nothing();
}

#[test]
fn the_page_is_told_who_calls_and_why() {
    let mut stage = phone();
    let mut far = stage.far();
    let mut invite = far.build(Method::Invite);
    invite
        .headers
        .set("From", "\"Bob \\\"B\\\"\" <sip:%62ob@example.com>;tag=bob")
        .push("User-to-User", "4a6f;encoding=hex")
        .push("X-Campaign", "spring")
        .push("Content-Type", "application/sdp");
    invite.body = FAR_SDP.into();
    stage.hears(crate::far::print(&invite)).says("180");
    let told = stage.tells_of(|it| matches!(it, UaEvent::Call { .. }));
    let UaEvent::Call { direction, number, display_name, info, headers, sip_call_id, .. } = told
    else {
        unreachable!()
    };
    assert_eq!(direction, Direction::Incoming);
    assert_eq!(number, "bob");
    assert_eq!(display_name.as_deref(), Some("Bob \"B\""));
    assert_eq!(info.as_deref(), Some("Jo"));
    let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let uui = own("User-to-User", "4a6f;encoding=hex");
    assert_eq!(headers, [uui, own("X-Campaign", "spring")]);
    assert_eq!(sip_call_id, far.call_id);
}

#[test]
fn the_answer_waits_for_a_candidate_and_then_for_the_ack() {
    let mut stage = phone();
    stage.media_by_hand();
    let (id, mut far) = bob_calls(&mut stage);
    stage.does(Command::Answer(id));
    let (peer, _) = stage.asks(|it| matches!(it, MediaRequest::Open { take_over: None, .. }));
    let answer = stage.asks(|it| matches!(it, MediaRequest::Answer { sdp } if sdp == FAR_SDP));
    stage.replies(answer, MediaReply::Sdp(SDP.into())).says_nothing();
    let line = CANDIDATE.to_owned();
    stage.peer_tells(peer, MediaEvent::Candidate { mid: "0".into(), line });
    stage.passes(SECOND / 20).says("200");
    assert!(stage.last.body().contains("m=audio 50000 "));
    assert!(stage.last.body().contains("c=IN IP4 192.0.2.1\r\n"));
    stage.hears(far.request(Method::Ack));
    tells_state(&mut stage, CallState::Connected);
}

#[test]
fn an_invite_without_an_offer_gets_one_and_the_ack_has_the_answer() {
    let mut stage = phone();
    let mut far = stage.far();
    stage.hears(far.request(Method::Invite)).says("180");
    let id = ringing(&mut stage);
    far.learns(&stage.last.clone());
    stage.does(Command::Answer(id)).says("200");
    assert!(stage.last.body().contains("m=audio 50000 "));
    stage.hears(far.request_with(Method::Ack, "application/sdp", FAR_SDP));
    assert!(stage.asked.iter().any(|it| matches!(it.2, MediaRequest::Apply { .. })));
    tells_state(&mut stage, CallState::Connected);
}

#[test]
fn an_ack_without_the_answer_it_owes_ends_the_call() {
    let mut stage = phone();
    let mut far = stage.far();
    stage.hears(far.request(Method::Invite)).says("180");
    let id = ringing(&mut stage);
    far.learns(&stage.last.clone());
    stage.does(Command::Answer(id)).says("200");
    stage.hears(far.request(Method::Ack)).says("BYE");
    ends(&stage, EndedBy::Remote, EndCause::MediaFailed);
}

#[test]
fn an_offer_without_audio_is_refused_and_does_not_ring() {
    for body in ["v=0\r\n", &FAR_SDP.replace("m=audio 40000", "m=audio 0"), "<html>"] {
        let mut stage = phone();
        let mut far = stage.far();
        stage.hears(far.invite(body)).says("488").tells_nothing();
        stage.hears(far.ack_of_refusal()).passes(40 * SECOND).says_nothing();
    }
}

#[test]
fn an_invite_whose_routes_cannot_be_read_is_refused_and_told() {
    let mut stage = phone();
    let mut far = stage.far();
    let mut invite = far.build(Method::Invite);
    invite
        .headers
        .push("Record-Route", "<sip:p1.example.com;lr")
        .push("Content-Type", "application/sdp");
    invite.body = FAR_SDP.into();
    let invite = crate::far::print(&invite);
    stage.hears(&invite).says("400");
    warns_of_record_route(&mut stage, &invite, None);
    stage.tells_nothing().hears(far.ack_of_refusal()).passes(40 * SECOND).says_nothing();
}

#[test]
fn the_200_is_repeated_until_the_ack() {
    let mut stage = phone();
    let (id, mut far) = bob_calls(&mut stage);
    stage.does(Command::Answer(id)).says("200");
    let first = stage.last.to_string();
    for wait in [500, 1000, 2000, 4000, 4000] {
        stage.passes(Duration::from_millis(wait - 1)).says_nothing();
        stage.passes(Duration::from_millis(1)).says("200");
        assert_eq!(stage.last.to_string(), first);
    }
    stage.hears(far.request(Method::Ack)).passes(40 * SECOND).says_nothing();
}

#[test]
fn without_an_ack_the_call_ends_with_bye() {
    let mut stage = phone();
    let (id, _) = bob_calls(&mut stage);
    stage.does(Command::Answer(id)).passes(32 * SECOND);
    ends(&stage, EndedBy::Network, EndCause::Timeout);
    assert_eq!(stage.said.back().map(|it| it.what("")).as_deref(), Some("BYE"));
    assert_eq!(statuses(&stage), [2, 5]);
}

#[test]
fn hanging_up_before_the_ack_tells_at_once_and_says_bye_after_it() {
    let mut stage = phone();
    let (id, mut far) = bob_calls(&mut stage);
    stage.does(Command::Answer(id)).says("200").does(Command::Hangup(id)).says_nothing();
    ends(&stage, EndedBy::Local, EndCause::Hangup);
    stage.hears(far.request(Method::Ack)).says("BYE").hears_answer(200);
    stage.passes(40 * SECOND).says_nothing();
}

#[test]
fn a_bye_of_the_far_side_in_place_of_the_ack_ends_it_too() {
    let mut stage = phone();
    let (id, mut far) = bob_calls(&mut stage);
    stage.does(Command::Answer(id)).says("200").does(Command::Hangup(id)).says_nothing();
    stage.hears(far.request(Method::Bye)).says("200 BYE").passes(40 * SECOND).says_nothing();
}

#[test]
fn a_second_invite_before_the_answer_is_answered_500() {
    let mut stage = phone();
    let (id, mut far) = bob_calls(&mut stage);
    stage.hears(far.invite(FAR_SDP)).says("500");
    assert!(stage.last.find("Retry-After").is_some());
    stage.hears(far.ack_of_refusal()).does(Command::Answer(id)).says("200");
}

#[test]
fn what_comes_inside_a_call_that_rings_is_told_of_it() {
    let mut stage = phone();
    let (id, mut far) = bob_calls(&mut stage);
    stage.forgets();
    stage.hears(far.request(Method::Update)).says("200 UPDATE");
    stage.hears(far.request_with(Method::Update, "application/sdp", FAR_SDP)).says("500");
    stage.hears(far.request_with(Method::Message, "text/plain", "it is me")).says("200");
    let (content_type, body) = ("text/plain".to_owned(), "it is me".to_owned());
    stage.tells(UaEvent::CallMessage { call: id.0, content_type, body });
}

#[test]
fn a_refused_microphone_lets_it_ring_on() {
    let mut stage = phone();
    stage.media_by_hand();
    let (id, mut far) = bob_calls(&mut stage);
    stage.forgets().does(Command::Answer(id));
    tells_state(&mut stage, CallState::Answering);
    let open = stage.asks(|it| matches!(it, MediaRequest::Open { .. }));
    let answer = stage.asks(|it| matches!(it, MediaRequest::Answer { .. }));
    stage.replies(open, MediaReply::Failed(MediaFailure::MicrophoneDenied));
    stage.tells_of(|it| {
        matches!(it, UaEvent::Warning { code, call, .. }
            if code == "microphone-denied" && *call == Some(id.0))
    });
    tells_state(&mut stage, CallState::Incoming);
    stage.asks(|it| *it == MediaRequest::Close);
    stage.replies(answer, MediaReply::Failed(MediaFailure::MicrophoneDenied));
    stage.says_nothing().tells_nothing();
    // The person allows it and presses again.
    stage.does(Command::Answer(id));
    let (peer, _) = stage.asks(|it| matches!(it, MediaRequest::Open { .. }));
    let answer = stage.asks(|it| matches!(it, MediaRequest::Answer { .. }));
    stage.replies(answer, MediaReply::Sdp([SDP, "a=", CANDIDATE, "\r\n"].concat()));
    stage.peer_tells(peer, MediaEvent::GatheringDone).says("200");
    stage.hears(far.request(Method::Ack));
    tells_state(&mut stage, CallState::Connected);
}

#[test]
fn an_offer_that_the_browser_refuses_is_answered_488() {
    let mut stage = phone();
    stage.media_by_hand();
    let (id, _) = bob_calls(&mut stage);
    stage.does(Command::Answer(id));
    let _ = stage.asks(|it| matches!(it, MediaRequest::Open { .. }));
    let answer = stage.asks(|it| matches!(it, MediaRequest::Answer { .. }));
    let failure = MediaFailure::Refused("no common codec".into());
    stage.replies(answer, MediaReply::Failed(failure)).says("488");
    let reason = ends_with(&mut stage, EndedBy::System, EndCause::MediaFailed);
    assert_eq!(reason.text.as_deref(), Some("no common codec"));
}

#[test]
fn it_is_rejected_with_the_status_that_the_page_chose() {
    for status in [300, 486, 603, 699] {
        let mut stage = phone();
        let (id, mut far) = bob_calls(&mut stage);
        stage.does(Command::Reject(id, status)).says(&status.to_string());
        let reason = ends(&stage, EndedBy::Local, EndCause::RejectedHere);
        assert_eq!(reason.sip_status, Some(status));
        stage.hears(far.ack_of_refusal()).passes(40 * SECOND).says_nothing();
    }
}

#[test]
fn a_call_that_nobody_takes_is_told_each_minute_that_it_rings_and_ends_after_three() {
    let mut stage = phone();
    let (_, mut far) = bob_calls(&mut stage);
    let first = stage.last.to_string();
    for _ in 0..2 {
        stage.passes(59 * SECOND).says_nothing().passes(SECOND).says("180");
        assert_eq!(stage.last.to_string(), first);
    }
    stage.passes(59 * SECOND).says_nothing().passes(SECOND).says("480");
    ends(&stage, EndedBy::System, EndCause::NoAnswer);
    assert_eq!(statuses(&stage), [2, 5]);
    stage.hears(far.ack_of_refusal()).passes(90 * SECOND).says_nothing();
}

#[test]
fn an_invite_that_expires_ends_then() {
    for (expires, seconds) in [("20", 20), ("0", 0), ("240", 240)] {
        let mut stage = phone();
        let mut far = stage.far();
        rings_until(&mut stage, &mut far, expires);
        let minutes = seconds / 60;
        stage.passes(seconds * SECOND);
        for _ in 1..minutes {
            stage.says("180");
        }
        stage.says("487").says_nothing();
        ends(&stage, EndedBy::System, EndCause::NoAnswer);
    }
}

#[test]
fn an_invite_expires_also_while_the_answer_is_made_but_not_after_it() {
    let mut stage = phone();
    stage.media_by_hand();
    let mut far = stage.far();
    let id = rings_until(&mut stage, &mut far, "20");
    stage.does(Command::Answer(id)).passes(20 * SECOND).says("487");
    ends(&stage, EndedBy::System, EndCause::NoAnswer);
    let mut stage = phone();
    let mut far = stage.far();
    let id = rings_until(&mut stage, &mut far, "20");
    stage.does(Command::Answer(id)).says("200").hears(far.request(Method::Ack));
    stage.forgets().passes(300 * SECOND).says_nothing().tells_nothing();
}

#[test]
fn an_expires_that_cannot_be_read_is_none_and_no_call_rings_for_ever() {
    for (expires, minutes, status) in [("soon", 3, "480"), ("4294967295", 60, "487")] {
        let mut stage = phone();
        let mut far = stage.far();
        rings_until(&mut stage, &mut far, expires);
        for _ in 1..12 * minutes {
            stage.passes(5 * SECOND);
            stage.said.retain(|it| it.what("") == "REGISTER");
            if !stage.said.is_empty() {
                stage.says("REGISTER").hears_answer(200);
            }
        }
        assert!(!stage.told.iter().any(|it| matches!(it.1, UaEvent::CallStatus { status: 5, .. })));
        stage.passes(5 * SECOND).says(status);
    }
}

#[test]
fn only_a_final_refusal_refuses() {
    let mut stage = phone();
    let (id, _) = bob_calls(&mut stage);
    for status in [0, 180, 200, 299, 700] {
        stage.refuses(Command::Reject(id, status), ApiMisuse::BadStatus(status));
    }
    stage.says_nothing();
}

#[test]
fn hanging_up_while_it_rings_declines() {
    let mut stage = phone();
    let (id, _) = bob_calls(&mut stage);
    stage.does(Command::Hangup(id)).says("603");
    ends(&stage, EndedBy::Local, EndCause::RejectedHere);
    stage.refuses(Command::Answer(id), ApiMisuse::CallGone(id));
}

#[test]
fn the_far_side_cancels_while_it_rings() {
    let mut stage = phone();
    let (_, mut far) = bob_calls_to_be_cancelled(&mut stage);
    let mut cancel = far.build(Method::Cancel);
    cancel.headers.push("Reason", "SIP;cause=200;text=\"Call completed elsewhere\"");
    stage.hears(crate::far::print(&cancel)).says("200 CANCEL").says("487 INVITE");
    let reason = ends(&stage, EndedBy::Remote, EndCause::Cancelled);
    assert_eq!(reason.text.as_deref(), Some("Call completed elsewhere"));
    assert_eq!(reason.sip_status, Some(200));
    assert_eq!(statuses(&stage), [2, 5]);
}

#[test]
fn the_far_side_cancels_while_the_answer_is_made() {
    let mut stage = phone();
    stage.media_by_hand();
    let (id, mut far) = bob_calls_to_be_cancelled(&mut stage);
    stage.does(Command::Answer(id));
    let cancel = far.request(Method::Cancel);
    stage.hears(cancel).says("200 CANCEL").says("487 INVITE");
    ends(&stage, EndedBy::Remote, EndCause::Cancelled);
}

#[test]
fn a_bye_while_it_rings_ends_it() {
    let mut stage = phone();
    let (_, mut far) = bob_calls(&mut stage);
    stage.hears(far.request(Method::Bye)).says("200 BYE").says("487 INVITE");
    ends(&stage, EndedBy::Remote, EndCause::Cancelled);
}

#[test]
fn a_link_lost_while_it_rings_ends_it() {
    let mut stage = phone();
    bob_calls(&mut stage);
    stage.loses_link();
    ends(&stage, EndedBy::Network, EndCause::Network);
}

#[test]
fn what_is_meant_for_a_call_that_is_up_is_misuse_while_it_rings() {
    let mut stage = phone();
    let (id, _) = bob_calls(&mut stage);
    let digits = Command::SendDigits(id, "1".into(), cc_sdk::api::DigitTransport::Auto);
    stage.refuses(digits, ApiMisuse::NotConnected(id));
    let (body, content_type) = ("hello".to_owned(), "text/plain".to_owned());
    let message =
        Command::SendCallMessage { call: id, id: cc_sdk::api::ErrandId(99), body, content_type };
    stage.refuses(message, ApiMisuse::NotConnected(id));
    stage.does(Command::Answer(id)).refuses(Command::Answer(id), ApiMisuse::NotIncoming(id));
}

#[test]
fn no_candidate_at_all_refuses_the_call() {
    let mut stage = phone();
    stage.media_by_hand();
    let (id, _) = bob_calls(&mut stage);
    stage.does(Command::Answer(id));
    let _ = stage.asks(|it| matches!(it, MediaRequest::Open { .. }));
    let answer = stage.asks(|it| matches!(it, MediaRequest::Answer { .. }));
    stage.replies(answer, MediaReply::Sdp(SDP.into())).passes(4 * SECOND).says_nothing();
    stage.passes(SECOND).says("480");
    let reason = ends_with(&mut stage, EndedBy::System, EndCause::MediaFailed);
    assert_eq!(reason.code.as_deref(), Some("no-candidates"));
}

/// Bob's call, whose INVITE holds for so many seconds.
fn rings_until(stage: &mut Stage, far: &mut Far, expires: &str) -> CallId {
    let mut invite = far.build(Method::Invite);
    invite.headers.push("Expires", expires).push("Content-Type", "application/sdp");
    invite.body = FAR_SDP.into();
    stage.hears(crate::far::print(&invite)).says("180");
    far.learns(&stage.last);
    ringing(stage)
}
