//! Offer and answer in every place that is legal inside a dialog, and what failure leaves behind
//! (RFC 3261 §14, RFC 6337, RFC 6141, RFC 3311).

use std::time::Duration;

use cc_sdk::api::{Command, EndCause, EndedBy, UaEvent};
use cc_sdk::sip::Method;
use cc_sdk::{MediaEvent, MediaFailure, MediaReply, MediaRequest, PeerId, Ticket};

use crate::call_play::*;
use crate::far::{Wire, print};
use crate::stage::{CANDIDATE, FAR_SDP, SDP, Stage};

const SECOND: Duration = Duration::from_secs(1);

/// A call to bob that is up; from here on the script plays the media.
fn talks(stage: &mut Stage) -> Played {
    let call = talks_to_bob(stage);
    stage.media_by_hand();
    call
}

fn described() -> MediaReply {
    MediaReply::Sdp([SDP, "a=", CANDIDATE, "\r\n"].concat())
}

fn renegotiate(call: &Played) -> Command {
    Command::Renegotiate { call: call.id, ice_restart: false }
}

#[track_caller]
fn asks_answer(stage: &mut Stage) -> (PeerId, Ticket) {
    stage.asks(|it| matches!(it, MediaRequest::Answer { .. }))
}

#[track_caller]
fn asks_offer(stage: &mut Stage) -> (PeerId, Ticket) {
    stage.asks(|it| matches!(it, MediaRequest::Offer { .. }))
}

#[track_caller]
fn warns(stage: &mut Stage, wanted: &str) {
    stage.tells_of(|it| matches!(it, UaEvent::Warning { code, .. } if code == wanted));
}

#[test]
fn an_offer_that_came_before_is_answered_as_before_without_asking_the_peer() {
    let mut stage = phone();
    let mut call = talks(&mut stage);
    stage.hears(call.far.invite(FAR_SDP));
    let answer = asks_answer(&mut stage);
    stage.replies(answer, described()).says("200").hears(call.far.request(Method::Ack));
    let first = stage.last.body();
    for method in [Method::Invite, Method::Update, Method::Invite] {
        let is_invite = method == Method::Invite;
        stage.hears(call.far.request_with(method, "application/sdp", FAR_SDP)).says("200");
        assert_eq!(stage.last.body(), first);
        assert!(stage.asked.is_empty());
        if is_invite {
            stage.hears(call.far.request(Method::Ack));
        }
    }
    stage.tells_nothing();
    // Another version is another offer.
    stage.hears(call.far.invite(&FAR_SDP.replace("bob 77 1", "bob 77 2")));
    asks_answer(&mut stage);
}

#[test]
fn after_an_offer_of_ours_their_old_one_is_new_again() {
    let mut stage = phone();
    let mut call = talks(&mut stage);
    stage.hears(call.far.invite(FAR_SDP));
    let answer = asks_answer(&mut stage);
    stage.replies(answer, described()).says("200").hears(call.far.request(Method::Ack));
    stage.does(renegotiate(&call));
    let offer = asks_offer(&mut stage);
    stage.replies(offer, described()).says("INVITE").hears_answer(488).says("ACK");
    stage.asks(|it| *it == MediaRequest::Rollback);
    stage.hears(call.far.invite(FAR_SDP));
    asks_answer(&mut stage);
}

#[test]
fn an_ack_without_the_answer_to_our_offer_leaves_the_session_as_it_was() {
    let mut stage = phone();
    let mut call = talks(&mut stage);
    stage.hears(call.far.request(Method::Invite));
    let offer = asks_offer(&mut stage);
    stage.replies(offer, described()).says("200").hears(call.far.request(Method::Ack));
    stage.asks(|it| *it == MediaRequest::Rollback);
    warns(&mut stage, "renegotiation-refused");
    stage.passes(40 * SECOND).says_nothing().tells_nothing();
    stage.hears(call.far.invite(FAR_SDP));
    asks_answer(&mut stage);
}

#[test]
fn an_ack_that_answers_without_audio_ends_the_call() {
    let mut stage = phone();
    let mut call = talks(&mut stage);
    stage.hears(call.far.request(Method::Invite));
    let offer = asks_offer(&mut stage);
    stage.replies(offer, described()).says("200");
    stage.hears(call.far.request_with(Method::Ack, "application/sdp", "v=0\r\n")).says("BYE");
    ends_with(&mut stage, EndedBy::Remote, EndCause::MediaFailed);
}

#[test]
fn an_answer_that_the_browser_refuses_leaves_the_session_as_it_was() {
    let mut stage = phone();
    let call = talks(&mut stage);
    stage.does(renegotiate(&call));
    let offer = asks_offer(&mut stage);
    stage.replies(offer, described()).says("INVITE");
    stage.hears(stage.last.answer_with_sdp(200, FAR_SDP)).says("ACK");
    let apply = stage.asks(|it| matches!(it, MediaRequest::Apply { .. }));
    stage.replies(apply, MediaReply::Failed(MediaFailure::Refused("x".into())));
    stage.asks(|it| *it == MediaRequest::Rollback);
    warns(&mut stage, "renegotiation-refused");
    stage.passes(40 * SECOND).says_nothing().tells_nothing();
}

#[test]
fn without_candidates_a_new_offer_is_given_up_and_not_the_call() {
    let mut stage = phone();
    let call = talks(&mut stage);
    stage.does(Command::Renegotiate { call: call.id, ice_restart: true });
    let offer = asks_offer(&mut stage);
    let bare = SDP.replace("a=ice-ufrag:Wx3k", "a=ice-ufrag:New1");
    stage.replies(offer, MediaReply::Sdp(bare)).passes(5 * SECOND);
    stage.asks(|it| *it == MediaRequest::Rollback);
    warns(&mut stage, "renegotiation-refused");
    stage.passes(40 * SECOND).says_nothing().tells_nothing();
}

#[test]
fn a_target_that_moved_while_our_reinvite_failed_stays_where_it_is() {
    let mut stage = phone();
    let mut call = talks(&mut stage);
    stage.does(renegotiate(&call));
    let offer = asks_offer(&mut stage);
    stage.replies(offer, described()).says("INVITE");
    let ours = stage.last.clone();
    let mut update = call.far.build(Method::Update);
    update.headers.set("Contact", "<sip:bob@192.0.2.99:5099>");
    stage.hears(print(&update)).says("200 UPDATE");
    stage.hears(ours.answer(488)).says("ACK");
    stage.does(Command::Hangup(call.id)).says("BYE");
    assert_eq!(stage.last.message().request_uri(), Some("sip:bob@192.0.2.99:5099"));
}

#[test]
fn what_a_refused_reinvite_says_of_itself_does_not_move_the_target() {
    let mut stage = phone();
    let call = talks(&mut stage);
    stage.does(renegotiate(&call));
    let offer = asks_offer(&mut stage);
    stage.replies(offer, described()).says("INVITE");
    let mut refusal = stage.last.response(488);
    refusal.headers.push("Contact", "<sip:bob@192.0.2.99:5099>");
    stage.hears(Wire::of(&refusal)).says("ACK").does(Command::Hangup(call.id)).says("BYE");
    assert_eq!(stage.last.message().request_uri(), Some("sip:bob@192.0.2.7:5060"));
}

#[test]
fn the_2xx_to_a_reinvite_of_ours_moves_the_target_and_is_acknowledged_each_time() {
    let mut stage = phone();
    let call = talks(&mut stage);
    stage.does(renegotiate(&call));
    let offer = asks_offer(&mut stage);
    stage.replies(offer, described()).says("INVITE");
    let mut answer = stage.last.response(200);
    answer.headers.set("Contact", "<sip:bob@192.0.2.99:5099>");
    answer.headers.push("Content-Type", "application/sdp");
    answer.body = FAR_SDP.into();
    let answer = Wire::of(&answer);
    for _ in 0..3 {
        stage.hears(&answer).says("ACK");
        assert_eq!(stage.last.message().request_uri(), Some("sip:bob@192.0.2.99:5099"));
    }
    let apply = stage.asks(|it| matches!(it, MediaRequest::Apply { .. }));
    stage.replies(apply, MediaReply::Done);
    assert!(stage.asked.is_empty(), "applied once");
}

#[test]
fn a_provisional_answer_to_a_reinvite_changes_nothing() {
    let mut stage = phone();
    let call = talks(&mut stage);
    stage.does(renegotiate(&call));
    let offer = asks_offer(&mut stage);
    stage.replies(offer, described()).says("INVITE");
    stage.hears(stage.last.answer_with_sdp(183, FAR_SDP));
    stage.hears(stage.last.answer(180));
    stage.says_nothing().tells_nothing();
    assert!(stage.asked.is_empty());
    // Nothing in it asks for reliable ones.
    assert!(!stage.last.message().lists("Supported", "100rel"));
}

#[test]
fn a_reinvite_that_is_never_answered_for_good_is_cancelled_and_the_call_goes_on() {
    let mut stage = phone();
    let call = talks(&mut stage);
    stage.does(renegotiate(&call));
    let offer = asks_offer(&mut stage);
    stage.replies(offer, described()).says("INVITE");
    let ours = stage.last.clone();
    stage.hears(ours.answer(100)).passes(31 * SECOND).says_nothing().passes(SECOND).says("CANCEL");
    stage.hears_answer(200).hears(ours.answer(487)).says("ACK");
    stage.asks(|it| *it == MediaRequest::Rollback);
    warns(&mut stage, "renegotiation-refused");
    stage.passes(40 * SECOND).says_nothing();
    stage.does(Command::Hangup(call.id)).says("BYE");
}

#[test]
fn a_2xx_that_crosses_our_cancel_of_a_reinvite_counts() {
    let mut stage = phone();
    let call = talks(&mut stage);
    stage.does(renegotiate(&call));
    let offer = asks_offer(&mut stage);
    stage.replies(offer, described()).says("INVITE");
    let ours = stage.last.clone();
    stage.hears(ours.answer(100)).passes(32 * SECOND).says("CANCEL");
    stage.hears(ours.answer_with_sdp(200, FAR_SDP)).says("ACK");
    let apply = stage.asks(|it| matches!(it, MediaRequest::Apply { .. }));
    stage.replies(apply, MediaReply::Done).passes(40 * SECOND).says_nothing().tells_nothing();
}

#[test]
fn a_reinvite_that_is_cancelled_is_over_and_the_call_goes_on() {
    let mut stage = phone();
    let mut call = talks(&mut stage);
    stage.hears(call.far.invite(&FAR_SDP.replace("a=sendrecv", "a=sendonly")));
    let answer = asks_answer(&mut stage);
    stage.hears(call.far.request(Method::Cancel)).says("200 CANCEL").says("487 INVITE");
    stage.hears(call.far.ack_of_refusal());
    // The browser may have settled on it: both sides are brought to the same again.
    let offer = asks_offer(&mut stage);
    stage.replies(answer, described()).says_nothing();
    stage.replies(offer, described()).says("INVITE");
    stage.hears(stage.last.answer_with_sdp(200, FAR_SDP)).says("ACK").tells_nothing();
}

#[test]
fn a_reinvite_under_which_the_link_goes_is_forgotten_and_settled_on_the_next() {
    let mut stage = phone();
    let mut call = talks(&mut stage);
    stage.hears(call.far.invite(&FAR_SDP.replace("a=sendrecv", "a=sendonly")));
    let answer = asks_answer(&mut stage);
    stage.loses_link().replies(answer, described()).says_nothing();
    stage.passes(5 * SECOND).opens().says("REGISTER").hears_answer(200).says_nothing();
    let offer = asks_offer(&mut stage);
    stage.replies(offer, described()).says("INVITE");
    stage.hears(stage.last.answer_with_sdp(200, FAR_SDP)).says("ACK");
    let apply = stage.asks(|it| matches!(it, MediaRequest::Apply { .. }));
    stage.replies(apply, MediaReply::Done).passes(60 * SECOND).says_nothing();
    assert!(!stage.told.iter().any(|(_, it)| matches!(it, UaEvent::CallHeld { .. })));
}

#[test]
fn a_2xx_under_which_the_link_goes_is_repeated_on_the_next_until_its_ack() {
    let mut stage = phone();
    let mut call = talks(&mut stage);
    stage.hears(call.far.invite(FAR_SDP));
    let answer = asks_answer(&mut stage);
    stage.replies(answer, described()).says("200 INVITE").loses_link().passes(4 * SECOND);
    stage.opens().says("REGISTER").hears_answer(200).forgets();
    stage.passes(4 * SECOND).says("200 INVITE").hears(call.far.request(Method::Ack));
    stage.passes(60 * SECOND).says_nothing();
    stage.does(Command::Hangup(call.id)).says("BYE");
}

#[test]
fn a_picture_that_is_offered_is_for_the_browser_to_refuse() {
    let mut stage = phone();
    let mut call = talks(&mut stage);
    let video = [FAR_SDP, "m=video 40002 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=sendrecv\r\n"];
    stage.hears(call.far.invite(&video.concat()));
    let answer = asks_answer(&mut stage);
    let refused = "m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=inactive\r\n";
    let ours = [SDP, "a=", CANDIDATE, "\r\n", refused].concat();
    stage.replies(answer, MediaReply::Sdp(ours)).says("200");
    assert!(stage.last.body().contains("m=video 0 "), "{}", stage.last);
    assert!(stage.last.body().contains("m=audio 50000 "));
    stage.hears(call.far.request(Method::Ack)).tells_nothing();
    // It goes again, and leaves its place.
    let gone = video.concat().replace("m=video 40002", "m=video 0");
    stage.hears(call.far.invite(&gone));
    asks_answer(&mut stage);
}

#[test]
fn an_offer_that_refuses_the_sound_is_refused_and_the_call_goes_on() {
    let mut stage = phone();
    let mut call = talks(&mut stage);
    for method in [Method::Invite, Method::Update] {
        let mute = FAR_SDP.replace("m=audio 40000", "m=audio 0");
        let is_invite = method == Method::Invite;
        stage.hears(call.far.request_with(method, "application/sdp", &mute)).says("488");
        if is_invite {
            stage.hears(call.far.ack_of_refusal());
        }
    }
    stage.tells_nothing().hears(call.far.request(Method::Options)).says("200");
}

#[test]
fn a_mid_is_never_lost() {
    let mut stage = phone();
    let call = talks(&mut stage);
    for receive in [false, true] {
        stage.does(Command::Hold(call.id, !receive));
        stage.asks(|it| *it == MediaRequest::Mute(!receive));
        stage.asks(|it| *it == MediaRequest::Direction { receive });
        let offer = asks_offer(&mut stage);
        stage.replies(offer, described()).says("INVITE");
        assert!(stage.last.body().contains("a=mid:0\r\n"));
        let held = FAR_SDP.replace("a=sendrecv", "a=recvonly");
        stage.hears(stage.last.answer_with_sdp(200, &held)).says("ACK");
        let Some((peer, ticket, MediaRequest::Apply { sdp })) = stage.asked.pop_front() else {
            panic!("the answer is not applied")
        };
        assert!(sdp.contains("a=mid:0\r\n"));
        stage.replies((peer, ticket), MediaReply::Done);
    }
}

#[test]
fn the_second_refusal_of_credentials_leaves_the_call_as_it_was() {
    let mut stage = phone();
    let call = talks(&mut stage);
    stage.does(renegotiate(&call));
    let offer = asks_offer(&mut stage);
    stage.replies(offer, described());
    for _ in 0..2 {
        stage.says("INVITE");
        let mut challenge = stage.last.response(407);
        let value = "Digest realm=\"example.com\", nonce=\"n\", qop=\"auth\"";
        challenge.headers.push("Proxy-Authenticate", value);
        stage.hears(Wire::of(&challenge)).says("ACK");
    }
    stage.asks(|it| *it == MediaRequest::Rollback);
    warns(&mut stage, "renegotiation-refused");
    stage.says_nothing().does(Command::Hangup(call.id)).says("BYE");
}

#[test]
fn a_bye_that_cannot_prove_itself_or_is_not_answered_ends_all_the_same() {
    for status in [Some(403), Some(481), Some(500), None] {
        let mut stage = phone();
        let call = talks_to_bob(&mut stage);
        stage.does(Command::Hangup(call.id)).says("BYE");
        ends(&stage, EndedBy::Local, EndCause::Hangup);
        if let Some(status) = status {
            stage.hears_answer(status);
        }
        stage.forgets().passes(40 * SECOND).says_nothing().tells_nothing();
    }
}

#[test]
fn what_comes_after_a_bye_belongs_to_no_dialog() {
    let mut stage = phone();
    let mut call = talks_to_bob(&mut stage);
    stage.does(Command::Hangup(call.id)).says("BYE");
    let ours = stage.last.clone();
    stage.forgets();
    let methods = [Method::Invite, Method::Update, Method::Info, Method::Options, Method::Message];
    for is_answered in [false, true] {
        if is_answered {
            stage.hears(ours.answer(200));
        }
        for method in methods.clone() {
            let is_invite = method == Method::Invite;
            stage.hears(call.far.request(method)).says("481");
            if is_invite {
                stage.hears(call.far.ack_of_refusal());
            }
        }
    }
    stage.tells_nothing();
}

#[test]
fn the_path_that_comes_back_after_new_credentials_is_told() {
    let mut stage = phone();
    let call = talks(&mut stage);
    stage.peer_tells(call.peer, MediaEvent::Failed).forgets();
    stage.does(renegotiate(&call));
    // What has failed begins anew, whether that was asked for or not.
    let offer = stage.asks(|it| *it == MediaRequest::Offer { ice_restart: true });
    stage.replies(offer, described()).says("INVITE");
    stage.hears(stage.last.answer_with_sdp(200, FAR_SDP)).says("ACK");
    stage.peer_tells(call.peer, MediaEvent::Connected);
    tells_state(&mut stage, cc_sdk::api::CallState::Connected);
}
