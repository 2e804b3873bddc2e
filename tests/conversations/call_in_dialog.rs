//! Inside a call: RFC 3261 §12.2, §14, §15; RFC 3311, RFC 3428, RFC 6086; design.md §8.

use std::time::Duration;

use cc_sdk::api::{CallState, Command, EndCause, EndedBy, ErrandId, UaEvent};
use cc_sdk::sip::Method;
use cc_sdk::{ApiMisuse, MediaEvent, MediaFailure, MediaReply, MediaRequest};

use crate::call_play::*;
use crate::far::print;
use crate::stage::{CANDIDATE, FAR_SDP, SDP, Stage};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn the_reason_of_a_bye_is_told() {
    let mut stage = phone();
    let mut call = talks_to_bob(&mut stage);
    let mut bye = call.far.build(Method::Bye);
    bye.headers.push("Reason", "Q.850;cause=16;text=\"Normal call clearing\", SIP;cause=200");
    stage.hears(print(&bye)).says("200 BYE");
    let reason = ends(&stage, EndedBy::Remote, EndCause::Hangup);
    assert_eq!(reason.text.as_deref(), Some("Normal call clearing"));
}

#[test]
fn byes_that_cross_end_the_call_once() {
    let mut stage = phone();
    let mut call = talks_to_bob(&mut stage);
    stage.does(Command::Hangup(call.id)).says("BYE");
    let ours = stage.last.clone();
    ends(&stage, EndedBy::Local, EndCause::Hangup);
    stage.forgets();
    stage.hears(call.far.request(Method::Bye)).says("200 BYE").tells_nothing();
    stage.hears(ours.answer(481)).passes(40 * SECOND).says_nothing().tells_nothing();
}

#[test]
fn a_challenged_bye_is_said_again_with_credentials() {
    let mut stage = phone();
    let call = talks_to_bob(&mut stage);
    stage.does(Command::Hangup(call.id)).says("BYE");
    let number = stage.last.message().cseq().unwrap().number;
    let mut challenge = stage.last.response(407);
    challenge
        .headers
        .push("Proxy-Authenticate", "Digest realm=\"example.com\", nonce=\"n\", qop=\"auth\"");
    stage.hears(crate::far::Wire::of(&challenge)).says("BYE");
    assert!(stage.last.header("Proxy-Authorization").starts_with("Digest "));
    assert_eq!(stage.last.message().cseq().unwrap().number, number + 1);
    stage.hears_answer(200).passes(40 * SECOND).says_nothing();
}

#[test]
fn a_reinvite_is_answered() {
    let mut stage = phone();
    let mut call = talks_to_bob(&mut stage);
    stage.hears(call.far.invite(FAR_SDP)).says("200 INVITE");
    assert!(stage.last.body().contains("m=audio 50000 "));
    assert!(stage.last.find("Contact").is_some());
    stage.hears(call.far.request(Method::Ack)).passes(40 * SECOND).says_nothing();
    stage.tells_nothing();
}

#[test]
fn the_200_to_a_reinvite_is_repeated_and_then_the_call_ends() {
    let mut stage = phone();
    let mut call = talks_to_bob(&mut stage);
    stage.hears(call.far.invite(FAR_SDP)).says("200 INVITE");
    stage.passes(SECOND / 2).says("200 INVITE").passes(32 * SECOND);
    ends(&stage, EndedBy::Network, EndCause::Timeout);
}

#[test]
fn hold_and_resume_by_the_far_side_are_told() {
    let held = [
        FAR_SDP.replace("a=sendrecv", "a=sendonly"),
        FAR_SDP.replace("a=sendrecv", "a=inactive"),
        FAR_SDP.replace("c=IN IP4 192.0.2.7", "c=IN IP4 0.0.0.0"),
    ];
    for sdp in held {
        let mut stage = phone();
        let mut call = talks_to_bob(&mut stage);
        stage.hears(call.far.invite(&sdp)).says("200").hears(call.far.request(Method::Ack));
        let call_id = call.id.0;
        stage.tells(UaEvent::CallHeld { call: call_id, local: false, remote: true });
        stage.hears(call.far.invite(FAR_SDP)).says("200").hears(call.far.request(Method::Ack));
        stage.tells(UaEvent::CallHeld { call: call_id, local: false, remote: false });
        stage.tells_nothing();
    }
}

#[test]
fn a_description_that_says_another_thing_is_a_version_further() {
    let mut stage = phone();
    let mut call = talks_to_bob(&mut stage);
    let origin = |body: &str| -> Vec<String> {
        body.lines().nth(1).unwrap().split(' ').map(str::to_owned).collect()
    };
    let mut last = origin(&call.invite.body());
    for further in [1, 0, 1] {
        stage.hears(call.far.invite(FAR_SDP)).says("200").hears(call.far.request(Method::Ack));
        let next = origin(&stage.last.body());
        assert_eq!(next[1], last[1]);
        assert_eq!(
            next[2].parse::<u64>().unwrap(),
            last[2].parse::<u64>().unwrap() + further,
            "{next:?}"
        );
        last = next;
        if further == 0 {
            // What the browser answers, it would now offer.
            stage.hears(call.far.request(Method::Invite)).says("200");
            last = origin(&stage.last.body());
            stage.hears(call.far.request_with(Method::Ack, "application/sdp", FAR_SDP));
        }
    }
}

#[test]
fn a_reinvite_without_an_offer_gets_one() {
    let mut stage = phone();
    let mut call = talks_to_bob(&mut stage);
    stage.hears(call.far.request(Method::Invite)).says("200");
    assert!(stage.last.body().contains("m=audio 50000 "));
    let held = FAR_SDP.replace("a=sendrecv", "a=sendonly");
    stage.hears(call.far.request_with(Method::Ack, "application/sdp", &held));
    assert!(stage.asked.iter().any(|it| matches!(it.2, MediaRequest::Apply { .. })));
    stage.tells(UaEvent::CallHeld { call: call.id.0, local: false, remote: true });
}

#[test]
fn a_reinvite_before_the_ack_of_the_last_is_answered_491() {
    let mut stage = phone();
    let mut call = talks_to_bob(&mut stage);
    stage.hears(call.far.invite(FAR_SDP)).says("200");
    stage.hears(call.far.invite(FAR_SDP)).says("491");
}

#[test]
fn a_reinvite_during_the_last_is_answered_500_with_retry_after() {
    let mut stage = phone();
    stage.media_by_hand();
    let mut call = by_hand(&mut stage);
    stage.hears(call.far.invite(FAR_SDP)).says_nothing();
    stage.hears(call.far.invite(FAR_SDP)).says("500");
    assert!(stage.last.header("Retry-After").parse::<u32>().unwrap() <= 10);
}

#[test]
fn a_request_whose_number_went_back_is_answered_500() {
    let mut stage = phone();
    let mut call = talks_to_bob(&mut stage);
    stage.hears(call.far.request(Method::Options)).says("200");
    call.far.cseq -= 5;
    stage.hears(call.far.request(Method::Bye)).says("500").tells_nothing();
    call.far.cseq += 5;
    stage.hears(call.far.request(Method::Bye)).says("200");
}

#[test]
fn a_reinvite_without_audio_is_refused_and_the_call_goes_on() {
    let mut stage = phone();
    let mut call = talks_to_bob(&mut stage);
    stage.hears(call.far.invite("v=0\r\n")).says("488").hears(call.far.ack_of_refusal());
    stage.tells_nothing().hears(call.far.request(Method::Options)).says("200");
}

#[test]
fn an_offer_that_the_browser_refuses_changes_nothing() {
    let mut stage = phone();
    stage.media_by_hand();
    let mut call = by_hand(&mut stage);
    stage.hears(call.far.invite(FAR_SDP));
    let answer = stage.asks(|it| matches!(it, MediaRequest::Answer { .. }));
    stage.replies(answer, MediaReply::Failed(MediaFailure::Refused("x".into()))).says("488");
    stage.tells_nothing().hears(call.far.request(Method::Options)).says("200");
}

#[test]
fn a_changed_fingerprint_is_answered_from_a_fresh_peer() {
    let mut stage = phone();
    let mut call = talks_to_bob(&mut stage);
    stage.hears(call.far.invite(&other_fingerprint())).says("200");
    let open = &stage.asked[0].2;
    assert!(
        matches!(open, MediaRequest::Open { take_over, .. } if *take_over == Some(call.peer)),
        "{open:?}"
    );
    assert!(is_closed(&stage, call.peer));
    let fresh = opened(&stage);
    stage.hears(call.far.request(Method::Ack)).forgets();
    // The old one has nothing more to say.
    stage.peer_tells(call.peer, MediaEvent::Failed).tells_nothing();
    stage.does(Command::Hangup(call.id));
    assert!(is_closed(&stage, fresh));
}

#[test]
fn an_ice_restart_of_the_far_side_is_answered_with_new_candidates_only() {
    let mut stage = phone();
    stage.media_by_hand();
    let mut call = by_hand(&mut stage);
    stage.hears(call.far.invite(FAR_SDP));
    let answer = stage.asks(|it| matches!(it, MediaRequest::Answer { .. }));
    let restarted = SDP.replace("a=ice-ufrag:Wx3k", "a=ice-ufrag:New1");
    stage.replies(answer, MediaReply::Sdp(restarted)).says_nothing();
    let line = CANDIDATE.replace("50000", "60000");
    stage.peer_tells(call.peer, MediaEvent::Candidate { mid: "0".into(), line });
    stage.passes(SECOND / 20).says("200");
    assert!(stage.last.body().contains("m=audio 60000 "), "{}", stage.last);
    assert!(!stage.last.body().contains("50000"));
}

#[test]
fn a_muted_call_stays_muted_on_a_fresh_peer() {
    let mut stage = phone();
    let mut call = talks_to_bob(&mut stage);
    stage.does(Command::Mute(call.id, true)).forgets();
    stage.hears(call.far.invite(&other_fingerprint()));
    let fresh = opened(&stage);
    let mute =
        |it: &(cc_sdk::PeerId, _, MediaRequest)| it.0 == fresh && it.2 == MediaRequest::Mute(true);
    assert!(stage.asked.iter().any(mute));
}

#[test]
fn a_changed_fingerprint_that_cannot_be_answered_ends_the_call() {
    let mut stage = phone();
    stage.media_by_hand();
    let mut call = by_hand(&mut stage);
    stage.hears(call.far.invite(&other_fingerprint()));
    let _ = stage.asks(|it| matches!(it, MediaRequest::Open { .. }));
    let answer = stage.asks(|it| matches!(it, MediaRequest::Answer { .. }));
    stage.replies(answer, MediaReply::Failed(MediaFailure::Refused("x".into())));
    stage.says("488").says("BYE");
    ends(&stage, EndedBy::System, EndCause::MediaChanged);
    assert!(is_closed(&stage, call.peer));
}

#[test]
fn a_hang_up_answers_the_reinvite_that_waits() {
    let mut stage = phone();
    stage.media_by_hand();
    let mut call = by_hand(&mut stage);
    stage.hears(call.far.invite(FAR_SDP)).does(Command::Hangup(call.id));
    let mut said = said(&stage);
    said.sort();
    assert_eq!(said, ["487", "BYE"]);
}

#[test]
fn an_update_is_answered() {
    let mut stage = phone();
    let mut call = talks_to_bob(&mut stage);
    stage.hears(call.far.request(Method::Update)).says("200 UPDATE");
    assert_eq!(stage.last.body(), "");
    let held = FAR_SDP.replace("a=sendrecv", "a=sendonly");
    stage.hears(call.far.request_with(Method::Update, "application/sdp", &held));
    stage.says("200 UPDATE");
    assert!(stage.last.body().contains("m=audio 50000 "));
    stage.tells(UaEvent::CallHeld { call: call.id.0, local: false, remote: true });
    stage.passes(40 * SECOND).says_nothing();
}

#[test]
fn a_new_contact_is_where_requests_go_from_then_on() {
    let mut stage = phone();
    let mut call = talks_to_bob(&mut stage);
    let mut update = call.far.build(Method::Update);
    update.headers.set("Contact", "<sip:bob@192.0.2.99:5099>");
    stage.hears(print(&update)).says("200").does(Command::Hangup(call.id)).says("BYE");
    assert_eq!(stage.last.message().request_uri(), Some("sip:bob@192.0.2.99:5099"));
}

#[test]
fn a_new_contact_in_what_is_refused_is_not() {
    for refused in [488, 491, 500] {
        let mut stage = phone();
        stage.media_by_hand();
        let mut call = by_hand(&mut stage);
        let invite = match refused {
            488 => moved(&mut call, "v=0\r\n"),
            491 => {
                stage.hears(call.far.invite(FAR_SDP));
                let answer = stage.asks(|it| matches!(it, MediaRequest::Answer { .. }));
                stage.replies(answer, MediaReply::Sdp([SDP, "a=", CANDIDATE, "\r\n"].concat()));
                stage.says("200");
                moved(&mut call, FAR_SDP)
            }
            _ => {
                stage.hears(call.far.invite(FAR_SDP)).says_nothing();
                moved(&mut call, FAR_SDP)
            }
        };
        stage.hears(invite).says(&refused.to_string());
        stage.does(Command::SendCallMessage {
            call: call.id,
            id: ERRAND,
            body: "x".into(),
            content_type: String::new(),
        });
        stage.says("MESSAGE");
        assert_eq!(stage.last.message().request_uri(), Some("sip:bob@192.0.2.7:5060"));
    }
}

#[test]
fn a_new_contact_counts_from_the_2xx_on() {
    let mut stage = phone();
    stage.media_by_hand();
    let mut call = by_hand(&mut stage);
    let invite = moved(&mut call, FAR_SDP);
    stage.hears(invite);
    let answer = stage.asks(|it| matches!(it, MediaRequest::Answer { .. }));
    stage.replies(answer, MediaReply::Sdp([SDP, "a=", CANDIDATE, "\r\n"].concat())).says("200");
    stage.hears(call.far.request(Method::Ack)).does(Command::Hangup(call.id)).says("BYE");
    assert_eq!(stage.last.message().request_uri(), Some("sip:bob@192.0.2.99:5099"));
}

#[test]
fn options_inside_a_call_is_answered_200() {
    let mut stage = phone();
    let mut call = talks_to_bob(&mut stage);
    stage.hears(call.far.request(Method::Options)).says("200 OPTIONS");
    assert!(stage.last.header("Allow").contains("INVITE"));
    assert_eq!(stage.last.header("Accept"), "application/sdp");
    assert!(stage.last.message().lists("Supported", "timer"));
    stage.tells_nothing().passes(40 * SECOND).says_nothing();
    assert!(stage.asked.is_empty(), "it changes nothing");
}

#[test]
fn bodies_of_info_and_message_are_told() {
    let mut stage = phone();
    let mut call = talks_to_bob(&mut stage);
    for (method, kind, body) in [
        (Method::Message, "text/plain;charset=utf-8", "héllo"),
        (Method::Info, "application/media_control+xml", "<x/>"),
    ] {
        stage.hears(call.far.request_with(method, kind, body)).says("200");
        let (call, content_type, body) = (call.id.0, kind.to_owned(), body.to_owned());
        stage.tells(UaEvent::CallMessage { call, content_type, body });
    }
    stage.hears(call.far.request(Method::Info)).says("200 INFO").tells_nothing();
}

/// Of the messages that the script sends.
const ERRAND: ErrandId = ErrandId(99);

/// Why the message was not delivered, if it was not.
#[track_caller]
fn delivered(stage: &mut Stage) -> Option<String> {
    let told = stage.tells_of(|it| matches!(it, UaEvent::Answered { .. }));
    let UaEvent::Answered { id, reason, .. } = told else { unreachable!() };
    assert_eq!(id, ERRAND.0);
    reason.map(|reason| reason.code)
}

#[test]
fn a_message_is_sent_inside_the_call() {
    let mut stage = phone();
    let call = talks_to_bob(&mut stage);
    let message = |body: &str, content_type: &str| Command::SendCallMessage {
        call: call.id,
        id: ERRAND,
        body: body.into(),
        content_type: content_type.into(),
    };
    stage.does(message("hello", "text/plain")).says("MESSAGE");
    assert_eq!(stage.last.body(), "hello");
    assert_eq!(stage.last.header("Content-Type"), "text/plain");
    assert!(stage.last.header("To").ends_with(";tag=far"));
    assert_eq!(delivered(stage.hears_answer(200)), None);
    stage.does(message("no", "application/json")).says("MESSAGE").hears_answer(415);
    assert_eq!(delivered(&mut stage).as_deref(), Some("not-supported"));
    let large = "x".repeat(64 * 1024 + 1);
    stage.refuses(message(&large, "text/plain"), ApiMisuse::TooLarge);
    let misuse = ApiMisuse::BadHeader("Content-Type".into());
    stage.refuses(message("x", "text/plain\r\nX: y"), misuse);
}

#[test]
fn a_dialog_that_the_far_side_does_not_know_is_over() {
    for (status, by, cause) in
        [(481, EndedBy::Remote, EndCause::Hangup), (408, EndedBy::Network, EndCause::Timeout)]
    {
        let mut stage = phone();
        let call = talks_to_bob(&mut stage);
        let (body, content_type) = ("x".to_owned(), "text/plain".to_owned());
        stage.does(Command::SendCallMessage { call: call.id, id: ERRAND, body, content_type });
        stage.says("MESSAGE").hears_answer(status).says("BYE");
        let reason = ends(&stage, by, cause);
        assert_eq!(reason.sip_status, Some(status));
    }
}

#[test]
fn a_request_that_nobody_answers_ends_the_call() {
    let mut stage = phone();
    let call = talks_to_bob(&mut stage);
    let (body, content_type) = ("x".to_owned(), "text/plain".to_owned());
    stage
        .does(Command::SendCallMessage { call: call.id, id: ERRAND, body, content_type })
        .says("MESSAGE");
    stage.passes(33 * SECOND);
    ends(&stage, EndedBy::Network, EndCause::Timeout);
    assert_eq!(delivered(&mut stage).as_deref(), Some("timeout"));
}

#[test]
fn a_message_whose_connection_is_lost_is_told_so() {
    let mut stage = phone();
    let call = talks_to_bob(&mut stage);
    let (body, content_type) = ("x".to_owned(), "text/plain".to_owned());
    stage.does(Command::SendCallMessage { call: call.id, id: ERRAND, body, content_type });
    stage.says("MESSAGE").loses_link();
    assert_eq!(delivered(&mut stage).as_deref(), Some("network"));
}

#[test]
fn mute_is_asked_of_the_peer_and_told() {
    let mut stage = phone();
    let call = talks_to_bob(&mut stage);
    for muted in [true, false] {
        stage.does(Command::Mute(call.id, muted));
        stage.tells(UaEvent::CallMuted { call: call.id.0, muted });
        stage.asks(|it| *it == MediaRequest::Mute(muted));
    }
}

#[test]
fn a_call_outlives_its_link_and_says_so() {
    let mut stage = phone();
    let mut call = talks_to_bob(&mut stage);
    stage.loses_link();
    tells_state(&mut stage, CallState::Reconnecting);
    stage.passes(5 * SECOND).opens().says("REGISTER").hears_answer(200);
    tells_state(&mut stage, CallState::Connected);
    stage.forgets();
    stage.hears(call.far.request(Method::Bye)).says("200");
    ends(&stage, EndedBy::Remote, EndCause::Hangup);
}

#[test]
fn a_hang_up_without_a_link_is_told_at_once_and_said_on_the_next() {
    let mut stage = phone();
    let call = talks_to_bob(&mut stage);
    stage.loses_link().does(Command::Hangup(call.id));
    ends(&stage, EndedBy::Local, EndCause::Hangup);
    stage.says_nothing().passes(5 * SECOND).opens().says("REGISTER").hears_answer(200);
    stage.says("BYE").hears_answer(200);
}

#[test]
fn silence_of_the_path_is_told_and_its_return_too() {
    let mut stage = phone();
    let call = talks_to_bob(&mut stage);
    for event in [MediaEvent::Disconnected, MediaEvent::Failed] {
        stage.peer_tells(call.peer, event);
        tells_state(&mut stage, CallState::Reconnecting);
        stage.passes(20 * SECOND).peer_tells(call.peer, MediaEvent::Connected);
        tells_state(&mut stage, CallState::Connected);
    }
    stage.passes(40 * SECOND).tells_nothing().says_nothing();
}

#[test]
fn a_path_that_has_failed_for_half_a_minute_ends_the_call() {
    let mut stage = phone();
    let call = talks_to_bob(&mut stage);
    stage.peer_tells(call.peer, MediaEvent::Failed).passes(29 * SECOND).says_nothing();
    stage.passes(SECOND).says("BYE");
    ends(&stage, EndedBy::Network, EndCause::Network);
}

#[test]
fn a_call_whose_sound_never_passed_ends_for_want_of_media() {
    let mut stage = phone();
    calls_bob(&mut stage);
    let peer = opened(&stage);
    stage.hears(stage.last.answer_with_sdp(200, FAR_SDP)).says("ACK");
    stage.peer_tells(peer, MediaEvent::Failed).passes(29 * SECOND).says_nothing();
    stage.passes(SECOND).says("BYE");
    ends(&stage, EndedBy::Network, EndCause::NoMedia);
}

#[test]
fn a_path_that_failed_for_an_incomplete_list_begins_anew() {
    let mut stage = phone();
    let (stage, peer) = partial(&mut stage);
    stage.peer_tells(peer, MediaEvent::Failed).passes(2 * SECOND);
    stage.asks(|it| *it == MediaRequest::Offer { ice_restart: true });
}

#[test]
fn a_lost_microphone_is_a_warning() {
    let mut stage = phone();
    let call = talks_to_bob(&mut stage);
    stage.peer_tells(call.peer, MediaEvent::MicrophoneLost);
    stage.tells_of(|it| matches!(it, UaEvent::Warning { code, .. } if code == "microphone-lost"));
    stage.peer_tells(call.peer, MediaEvent::Track).tells(UaEvent::CallTrack { call: call.id.0 });
}

#[test]
fn without_sound_after_two_seconds_the_whole_list_is_offered() {
    let mut stage = phone();
    let (stage, _) = partial(&mut stage);
    stage.passes(Duration::from_millis(1_999));
    assert!(!asks_offer(stage));
    stage.passes(Duration::from_millis(1));
    let offer = stage.asks(|it| *it == MediaRequest::Offer { ice_restart: false });
    stage.replies(offer, MediaReply::Sdp(SDP.into())).says("INVITE");
    assert!(stage.last.header("To").contains(";tag=far"));
    stage.hears(stage.last.answer_with_sdp(200, FAR_SDP)).says("ACK");
    stage.asks(|it| matches!(it, MediaRequest::Apply { .. }));
}

#[test]
fn with_sound_no_second_offer_is_made() {
    let mut stage = phone();
    let (stage, peer) = partial(&mut stage);
    stage.peer_tells(peer, MediaEvent::Connected).passes(10 * SECOND);
    assert!(!asks_offer(stage));
}

#[test]
fn a_whole_list_is_not_offered_twice() {
    let mut stage = phone();
    calls_bob(&mut stage);
    stage.hears(stage.last.answer_with_sdp(200, FAR_SDP)).says("ACK").forgets();
    stage.passes(10 * SECOND).says_nothing();
}

#[test]
fn a_reinvite_during_ours_is_answered_491_and_ours_goes_again_after_one() {
    let mut stage = phone();
    let (stage, _) = partial(&mut stage);
    let mut far = crate::far::Far::called(&stage.last);
    stage.passes(2 * SECOND);
    let offer = stage.asks(|it| matches!(it, MediaRequest::Offer { .. }));
    stage.replies(offer, MediaReply::Sdp(SDP.into())).says("INVITE");
    let ours = stage.last.clone();
    stage.hears(far.invite(FAR_SDP)).says("491");
    stage.hears(ours.answer(491)).says("ACK");
    stage.asks(|it| *it == MediaRequest::Rollback);
    stage.passes(Duration::from_millis(2099));
    assert!(!asks_offer(stage));
    stage.passes(2 * SECOND);
    let offer = stage.asks(|it| matches!(it, MediaRequest::Offer { .. }));
    stage.replies(offer, MediaReply::Sdp(SDP.into())).says("INVITE");
    stage.hears(stage.last.answer_with_sdp(200, FAR_SDP)).says("ACK");
}

#[test]
fn a_reinvite_refused_for_an_incomplete_list_goes_once_more() {
    let mut stage = phone();
    let (stage, _) = partial(&mut stage);
    for _ in 0..2 {
        stage.passes(2 * SECOND);
        let offer = stage.asks(|it| matches!(it, MediaRequest::Offer { .. }));
        stage.replies(offer, MediaReply::Sdp(SDP.into())).says("INVITE");
        stage.hears_answer(488).says("ACK");
        stage.asks(|it| *it == MediaRequest::Rollback);
    }
    stage.passes(20 * SECOND).says_nothing();
    assert!(!asks_offer(stage));
}

#[test]
fn a_reinvite_of_ours_under_a_lost_link_goes_again_on_the_next() {
    let mut stage = phone();
    let (stage, _) = partial(&mut stage);
    stage.passes(2 * SECOND);
    let offer = stage.asks(|it| matches!(it, MediaRequest::Offer { .. }));
    stage.replies(offer, MediaReply::Sdp(SDP.into())).says("INVITE").loses_link();
    stage.asks(|it| *it == MediaRequest::Rollback);
    stage.passes(5 * SECOND).opens().says("REGISTER").hears_answer(200);
    let offer = stage.asks(|it| matches!(it, MediaRequest::Offer { .. }));
    stage.replies(offer, MediaReply::Sdp(SDP.into())).says("INVITE");
}

#[test]
fn a_reinvite_goes_in_place_of_theirs_under_which_the_link_went() {
    let mut stage = phone();
    let (stage, peer) = partial(&mut stage);
    let mut far = crate::far::Far::called(&stage.last);
    stage.hears(far.invite(FAR_SDP));
    let answer = stage.asks(|it| matches!(it, MediaRequest::Answer { .. }));
    stage.loses_link().passes(3 * SECOND).opens().says("REGISTER").hears_answer(200);
    let offer = stage.asks(|it| matches!(it, MediaRequest::Offer { .. }));
    stage.replies(answer, MediaReply::Sdp(SDP.into())).says_nothing();
    stage.replies(offer, MediaReply::Sdp(SDP.into()));
    stage.peer_tells(peer, MediaEvent::GatheringDone).says("INVITE");
}

#[test]
fn a_challenge_to_our_reinvite_is_answered() {
    let mut stage = phone();
    let (stage, _) = partial(&mut stage);
    stage.passes(2 * SECOND);
    let offer = stage.asks(|it| matches!(it, MediaRequest::Offer { .. }));
    stage.replies(offer, MediaReply::Sdp(SDP.into())).says("INVITE");
    let mut challenge = stage.last.response(407);
    let value = "Digest realm=\"example.com\", nonce=\"n\", qop=\"auth\"";
    challenge.headers.push("Proxy-Authenticate", value);
    stage.hears(crate::far::Wire::of(&challenge)).says("ACK").says("INVITE");
    stage.hears(stage.last.answer_with_sdp(200, FAR_SDP)).says("ACK");
    stage.asks(|it| matches!(it, MediaRequest::Apply { .. }));
}

#[test]
fn the_answer_to_our_reinvite_must_have_audio() {
    let mut stage = phone();
    let (stage, _) = partial(&mut stage);
    stage.passes(2 * SECOND);
    let offer = stage.asks(|it| matches!(it, MediaRequest::Offer { .. }));
    stage.replies(offer, MediaReply::Sdp(SDP.into())).says("INVITE");
    stage.hears(stage.last.answer_with_sdp(200, "v=0\r\n")).says("ACK").says("BYE");
    ends_with(stage, EndedBy::Remote, EndCause::MediaChanged);
}

#[test]
fn a_refused_reinvite_of_ours_leaves_the_call_as_it_was() {
    let mut stage = phone();
    let (stage, peer) = partial(&mut stage);
    stage.peer_tells(peer, MediaEvent::GatheringDone).passes(2 * SECOND);
    let offer = stage.asks(|it| matches!(it, MediaRequest::Offer { .. }));
    stage.replies(offer, MediaReply::Sdp(SDP.into())).says("INVITE");
    stage.hears_answer(488).says("ACK");
    stage.asks(|it| *it == MediaRequest::Rollback);
    stage.passes(10 * SECOND).says_nothing();
    assert!(!asks_offer(stage));
}

/// A call that is up with media by hand, whose offer left before all candidates were there; the
/// INVITE is the last message.
fn partial(stage: &mut Stage) -> (&mut Stage, cc_sdk::PeerId) {
    stage.media_by_hand();
    stage.dials("bob");
    let (peer, _) = stage.asks(|it| matches!(it, MediaRequest::Open { .. }));
    let offer = stage.asks(|it| matches!(it, MediaRequest::Offer { .. }));
    stage.replies(offer, MediaReply::Sdp(SDP.into()));
    let line = CANDIDATE.to_owned();
    stage.peer_tells(peer, MediaEvent::Candidate { mid: "0".into(), line });
    stage.passes(SECOND / 20).says("INVITE");
    let invite = stage.last.clone();
    stage.hears(invite.answer_with_sdp(200, FAR_SDP)).says("ACK");
    let apply = stage.asks(|it| matches!(it, MediaRequest::Apply { .. }));
    stage.replies(apply, MediaReply::Done);
    tells_state(stage, CallState::Connected);
    stage.last = invite;
    stage.forgets();
    (stage, peer)
}

/// As [`talks_to_bob`], with media by hand.
fn by_hand(stage: &mut Stage) -> Played {
    let id = stage.dials("bob");
    let (peer, _) = stage.asks(|it| matches!(it, MediaRequest::Open { .. }));
    let offer = stage.asks(|it| matches!(it, MediaRequest::Offer { .. }));
    stage.replies(offer, MediaReply::Sdp([SDP, "a=", CANDIDATE, "\r\n"].concat()));
    stage.peer_tells(peer, MediaEvent::GatheringDone).says("INVITE");
    let invite = stage.last.clone();
    stage.hears(invite.answer_with_sdp(200, FAR_SDP)).says("ACK");
    let apply = stage.asks(|it| matches!(it, MediaRequest::Apply { .. }));
    stage.replies(apply, MediaReply::Done).peer_tells(peer, MediaEvent::Connected).forgets();
    Played { id, peer, far: crate::far::Far::called(&invite), invite }
}

/// A re-INVITE from another place.
fn moved(call: &mut Played, sdp: &str) -> crate::far::Wire {
    let mut invite = call.far.build(Method::Invite);
    invite
        .headers
        .set("Contact", "<sip:bob@192.0.2.99:5099>")
        .push("Content-Type", "application/sdp");
    invite.body = sdp.into();
    print(&invite)
}

fn asks_offer(stage: &Stage) -> bool {
    stage.asked.iter().any(|it| matches!(it.2, MediaRequest::Offer { .. }))
}

fn other_fingerprint() -> String {
    FAR_SDP.replace("sha-256 00:FF", "sha-256 FF:00")
}
