//! Hold and resume (RFC 3264 §8.4, RFC 6337 §5.3), and offers that the page asks for; complaint 7.

use std::time::Duration;

use cc_sdk::api::{CallState, Command, EndCause, EndedBy, UaEvent};
use cc_sdk::sip::Method;
use cc_sdk::{ApiMisuse, MediaEvent, MediaFailure, MediaReply, MediaRequest, PeerId, Ticket};

use crate::call_play::*;
use crate::far::{Far, Wire};
use crate::stage::{CANDIDATE, FAR_SDP, SDP, Stage};

const SECOND: Duration = Duration::from_secs(1);

fn far_says(direction: &str) -> String {
    FAR_SDP.replace("a=sendrecv", direction)
}

fn browser_says(direction: &str) -> String {
    [&SDP.replace("a=sendrecv", direction), "a=", CANDIDATE, "\r\n"].concat()
}

/// A call to bob that is up, with media by hand; nothing is left to name.
fn talks(stage: &mut Stage) -> Played {
    stage.media_by_hand();
    let id = stage.dials("bob");
    let (peer, _) = stage.asks(|it| matches!(it, MediaRequest::Open { .. }));
    let offer = stage.asks(|it| matches!(it, MediaRequest::Offer { .. }));
    stage.replies(offer, MediaReply::Sdp(browser_says("a=sendrecv")));
    stage.peer_tells(peer, MediaEvent::GatheringDone).says("INVITE");
    let invite = stage.last.clone();
    stage.hears(invite.answer_with_sdp(200, FAR_SDP)).says("ACK");
    let apply = stage.asks(|it| matches!(it, MediaRequest::Apply { .. }));
    stage.replies(apply, MediaReply::Done).peer_tells(peer, MediaEvent::Connected).forgets();
    Played { id, peer, far: Far::called(&invite), invite }
}

fn hold(call: &Played, held: bool) -> Command {
    Command::Hold(call.id, held)
}

fn tells_held(stage: &mut Stage, call: &Played, local: bool, remote: bool) {
    stage.tells(UaEvent::CallHeld { call: call.id.0, local, remote });
}

/// The peer is asked for an offer of this direction.
#[track_caller]
fn asks_offer(stage: &mut Stage, receive: bool) -> (PeerId, Ticket) {
    stage.asks(|it| *it == MediaRequest::Direction { receive });
    stage.asks(|it| *it == MediaRequest::Offer { ice_restart: false })
}

/// The re-INVITE of a hold leaves; the microphone is silent already.
#[track_caller]
fn offers_hold(stage: &mut Stage) {
    stage.asks(|it| *it == MediaRequest::Mute(true));
    let offer = asks_offer(stage, false);
    stage.replies(offer, MediaReply::Sdp(browser_says("a=sendonly"))).says("INVITE");
    assert!(stage.last.body().contains("a=sendonly"));
}

/// The far side answers, and the browser takes it.
#[track_caller]
fn is_answered(stage: &mut Stage, direction: &str) -> String {
    stage.hears(stage.last.answer_with_sdp(200, &far_says(direction))).says("ACK");
    let Some((peer, ticket, MediaRequest::Apply { sdp })) = stage.asked.pop_front() else {
        panic!("the answer is not applied")
    };
    stage.replies((peer, ticket), MediaReply::Done);
    sdp
}

/// A call that this side holds.
#[track_caller]
fn holds(stage: &mut Stage) -> Played {
    let call = talks(stage);
    stage.does(hold(&call, true));
    offers_hold(stage);
    is_answered(stage, "a=recvonly");
    tells_held(stage, &call, true, false);
    stage.forgets();
    call
}

fn asks_nothing(stage: &Stage) -> bool {
    stage.asked.is_empty()
}

#[test]
fn a_hold_is_offered_as_sendonly_and_told_when_it_is_agreed() {
    let mut stage = phone();
    let call = talks(&mut stage);
    stage.does(hold(&call, true));
    offers_hold(&mut stage);
    stage.tells_nothing();
    is_answered(&mut stage, "a=recvonly");
    tells_held(&mut stage, &call, true, false);
    stage.tells_nothing().says_nothing();
}

#[test]
fn a_resume_is_offered_as_sendrecv_and_the_microphone_is_heard_again() {
    let mut stage = phone();
    let call = holds(&mut stage);
    stage.does(hold(&call, false));
    stage.asks(|it| *it == MediaRequest::Mute(false));
    let offer = asks_offer(&mut stage, true);
    stage.replies(offer, MediaReply::Sdp(browser_says("a=sendrecv"))).says("INVITE");
    is_answered(&mut stage, "a=sendrecv");
    tells_held(&mut stage, &call, false, false);
}

#[test]
fn a_muted_call_stays_muted_when_it_is_taken_up_again() {
    let mut stage = phone();
    let call = holds(&mut stage);
    stage.does(Command::Mute(call.id, true)).forgets();
    stage.does(hold(&call, false));
    stage.asks(|it| *it == MediaRequest::Mute(true));
    stage.forgets();
    let mut stage = phone();
    let call = holds(&mut stage);
    stage.does(Command::Mute(call.id, true)).does(Command::Mute(call.id, false));
    while let Some((_, _, request)) = stage.asked.pop_front() {
        assert_eq!(request, MediaRequest::Mute(true), "on hold nothing is heard");
    }
}

#[test]
fn an_answer_that_sends_all_the_same_is_cut_down() {
    for (answer, applied, remote) in [
        ("a=sendrecv", "a=recvonly", false),
        ("a=sendonly", "a=inactive", false),
        ("a=recvonly", "a=recvonly", false),
        ("a=inactive", "a=inactive", true),
        ("a=x-none", "a=recvonly", false),
    ] {
        let mut stage = phone();
        let call = talks(&mut stage);
        stage.does(hold(&call, true));
        offers_hold(&mut stage);
        let sdp = is_answered(&mut stage, answer);
        assert!(sdp.contains(applied), "{answer}: {sdp}");
        assert!(sdp.contains("a=mid:0"));
        assert_eq!(sdp.matches("recv").count() + sdp.matches("a=inactive").count(), 1, "{sdp}");
        if remote {
            // Who holds too says so.
            tells_held(&mut stage, &call, false, true);
        }
        tells_held(&mut stage, &call, true, remote);
        stage.tells_nothing();
    }
}

#[test]
fn both_may_hold_and_each_takes_back_its_own() {
    let mut stage = phone();
    let mut call = holds(&mut stage);
    // They hold too: we want nothing, they want nothing.
    stage.hears(call.far.invite(&far_says("a=sendonly")));
    let answer = stage.asks(|it| matches!(it, MediaRequest::Answer { .. }));
    stage.replies(answer, MediaReply::Sdp(browser_says("a=inactive"))).says("200");
    tells_held(&mut stage, &call, true, true);
    stage.hears(call.far.request(Method::Ack)).tells_nothing();
    // We resume; they say that they still hold.
    stage.does(hold(&call, false));
    stage.asks(|it| *it == MediaRequest::Mute(false));
    let offer = asks_offer(&mut stage, true);
    stage.replies(offer, MediaReply::Sdp(browser_says("a=sendrecv"))).says("INVITE");
    is_answered(&mut stage, "a=sendonly");
    tells_held(&mut stage, &call, false, true);
    // They resume.
    stage.hears(call.far.invite(FAR_SDP));
    let answer = stage.asks(|it| matches!(it, MediaRequest::Answer { .. }));
    stage.replies(answer, MediaReply::Sdp(browser_says("a=sendrecv"))).says("200");
    tells_held(&mut stage, &call, false, false);
}

#[test]
fn their_resume_while_we_hold_is_told_and_leaves_our_hold() {
    let mut stage = phone();
    let mut call = holds(&mut stage);
    for (direction, remote) in [("a=inactive", true), ("a=sendrecv", false)] {
        stage.hears(call.far.invite(&far_says(direction)));
        let answer = stage.asks(|it| matches!(it, MediaRequest::Answer { .. }));
        stage.replies(answer, MediaReply::Sdp(browser_says("a=sendonly"))).says("200");
        tells_held(&mut stage, &call, true, remote);
        stage.hears(call.far.request(Method::Ack)).tells_nothing();
    }
}

#[test]
fn a_hold_of_the_old_kind_stops_our_sound() {
    let mut stage = phone();
    let mut call = talks(&mut stage);
    let old = FAR_SDP.replace("c=IN IP4 192.0.2.7", "c=IN IP4 0.0.0.0");
    stage.hears(call.far.invite(&old));
    let Some((peer, ticket, MediaRequest::Answer { sdp })) = stage.asked.pop_front() else {
        panic!("no answer is asked for")
    };
    assert!(sdp.contains("a=sendonly") && !sdp.contains("a=sendrecv"), "{sdp}");
    stage.replies((peer, ticket), MediaReply::Sdp(browser_says("a=recvonly"))).says("200");
    tells_held(&mut stage, &call, false, true);
}

#[test]
fn without_an_address_but_with_candidates_nobody_holds() {
    let mut stage = phone();
    let bare = FAR_SDP
        .replace("c=IN IP4 192.0.2.7", "c=IN IP4 0.0.0.0")
        .replace("m=audio 40000", "m=audio 9");
    talks_with(&mut stage, &bare);
    stage.tells_nothing();
}

#[test]
fn hold_needs_a_call_that_is_up() {
    let mut stage = phone();
    let call = calls_bob(&mut stage);
    for held in [true, false] {
        stage.refuses(Command::Hold(call, held), ApiMisuse::NotConnected(call));
    }
    stage.refuses(Command::Renegotiate { call, ice_restart: true }, ApiMisuse::NotConnected(call));
    stage.does(Command::Hangup(call));
    stage.refuses(Command::Hold(call, true), ApiMisuse::CallGone(call));
}

#[test]
fn a_wish_that_is_fulfilled_already_says_nothing() {
    let mut stage = phone();
    let call = talks(&mut stage);
    stage.does(hold(&call, false)).says_nothing();
    assert!(asks_nothing(&stage));
    let call = {
        stage = phone();
        holds(&mut stage)
    };
    stage.does(hold(&call, true)).says_nothing();
    assert!(asks_nothing(&stage));
}

#[test]
fn the_last_wish_counts_whatever_is_under_way() {
    let mut stage = phone();
    let call = talks(&mut stage);
    stage.does(hold(&call, true));
    offers_hold(&mut stage);
    // While the hold is out the person changes her mind, twice.
    for held in [false, true, false] {
        stage.does(hold(&call, held));
        stage.asks(|it| *it == MediaRequest::Mute(held));
    }
    stage.says_nothing();
    is_answered(&mut stage, "a=recvonly");
    tells_held(&mut stage, &call, true, false);
    let offer = asks_offer(&mut stage, true);
    stage.replies(offer, MediaReply::Sdp(browser_says("a=sendrecv"))).says("INVITE");
    is_answered(&mut stage, "a=sendrecv");
    tells_held(&mut stage, &call, false, false);
    stage.passes(20 * SECOND).says_nothing();
}

#[test]
fn a_wish_that_is_taken_back_before_its_offer_is_ready_leaves_none() {
    let mut stage = phone();
    let call = talks(&mut stage);
    stage.does(hold(&call, true)).does(hold(&call, false));
    stage.asks(|it| *it == MediaRequest::Mute(true));
    let offer = asks_offer(&mut stage, false);
    stage.asks(|it| *it == MediaRequest::Mute(false));
    stage.replies(offer, MediaReply::Sdp(browser_says("a=sendonly"))).says("INVITE");
    is_answered(&mut stage, "a=recvonly");
    tells_held(&mut stage, &call, true, false);
    let offer = asks_offer(&mut stage, true);
    stage.replies(offer, MediaReply::Sdp(browser_says("a=sendrecv"))).says("INVITE");
    is_answered(&mut stage, "a=sendrecv");
    tells_held(&mut stage, &call, false, false);
}

#[test]
fn a_hold_during_their_reinvite_is_in_its_answer_or_follows_it() {
    let mut stage = phone();
    let mut call = talks(&mut stage);
    stage.hears(call.far.invite(FAR_SDP));
    let answer = stage.asks(|it| matches!(it, MediaRequest::Answer { .. }));
    stage.does(hold(&call, true));
    stage.asks(|it| *it == MediaRequest::Mute(true));
    stage.replies(answer, MediaReply::Sdp(browser_says("a=sendrecv"))).says("200");
    assert!(asks_nothing(&stage));
    stage.hears(call.far.request(Method::Ack)).passes(SECOND);
    let offer = asks_offer(&mut stage, false);
    stage.replies(offer, MediaReply::Sdp(browser_says("a=sendonly"))).says("INVITE");
    is_answered(&mut stage, "a=recvonly");
    tells_held(&mut stage, &call, true, false);
}

#[test]
fn a_hold_that_crosses_theirs_is_offered_again_until_it_is_reached() {
    let mut stage = phone();
    let mut call = talks(&mut stage);
    stage.does(hold(&call, true));
    offers_hold(&mut stage);
    for _ in 0..3 {
        let ours = stage.last.clone();
        stage.hears(call.far.invite(FAR_SDP)).says("491").hears(call.far.ack_of_refusal());
        stage.hears(ours.answer(491)).says("ACK");
        stage.asks(|it| *it == MediaRequest::Rollback);
        stage.passes(2099 * SECOND / 1000).says_nothing().passes(2 * SECOND);
        let offer = stage.asks(|it| matches!(it, MediaRequest::Offer { .. }));
        stage.replies(offer, MediaReply::Sdp(browser_says("a=sendonly"))).says("INVITE");
    }
    is_answered(&mut stage, "a=recvonly");
    tells_held(&mut stage, &call, true, false);
}

#[test]
fn who_was_called_waits_less_after_a_491() {
    for seed in 0..4 {
        let mut stage = Stage::seeded(seed);
        stage.registers_as(crate::stage::account());
        let call = bob_talks(&mut stage);
        stage.does(hold(&call, true)).says("INVITE").hears_answer(491).says("ACK");
        stage.passes(2 * SECOND).says("INVITE");
    }
}

#[test]
fn a_hold_that_their_offer_brings_about_is_told() {
    let mut stage = phone();
    let mut call = talks(&mut stage);
    stage.does(hold(&call, true));
    offers_hold(&mut stage);
    stage.hears(stage.last.answer(491)).says("ACK");
    stage.asks(|it| *it == MediaRequest::Rollback);
    // Theirs comes before ours goes again.
    stage.hears(call.far.invite(FAR_SDP));
    let answer = stage.asks(|it| matches!(it, MediaRequest::Answer { .. }));
    stage.replies(answer, MediaReply::Sdp(browser_says("a=sendonly"))).says("200");
    stage.hears(call.far.request(Method::Ack));
    tells_held(&mut stage, &call, true, false);
}

#[test]
fn a_refused_hold_leaves_the_call_as_it_was_and_says_why() {
    for status in [488, 403, 500, 606] {
        let mut stage = phone();
        let call = talks(&mut stage);
        stage.does(hold(&call, true));
        offers_hold(&mut stage);
        let mut refusal = stage.last.response(status);
        refusal.headers.push("Warning", "305 isi.edu \"Incompatible media format\"");
        stage.hears(Wire::of(&refusal)).says("ACK");
        stage.asks(|it| *it == MediaRequest::Rollback);
        stage.asks(|it| *it == MediaRequest::Mute(false));
        let event = stage.tells_of(|it| matches!(it, UaEvent::Warning { .. }));
        let UaEvent::Warning { code, text, call: of, .. } = event else { unreachable!() };
        assert_eq!((code.as_str(), of), ("hold-refused", Some(call.id.0)));
        assert!(text.starts_with(&status.to_string()), "{text}");
        assert!(text.contains("Incompatible media format"), "{text}");
        stage.passes(20 * SECOND).says_nothing().tells_nothing();
        // The next description does not hold.
        stage.does(Command::Renegotiate { call: call.id, ice_restart: false });
        asks_offer(&mut stage, true);
    }
}

#[test]
fn a_hold_that_a_busy_far_side_puts_off_is_offered_again() {
    let mut stage = phone();
    let call = talks(&mut stage);
    stage.does(hold(&call, true));
    offers_hold(&mut stage);
    let mut refusal = stage.last.response(500);
    refusal.headers.push("Retry-After", "5");
    stage.hears(Wire::of(&refusal)).says("ACK");
    stage.asks(|it| *it == MediaRequest::Rollback);
    stage.passes(4 * SECOND).says_nothing().passes(SECOND);
    stage.asks(|it| matches!(it, MediaRequest::Offer { .. }));
    stage.tells_nothing();
}

#[test]
fn a_hold_for_which_the_dialog_is_gone_ends_the_call() {
    for (status, by, cause) in
        [(481, EndedBy::Remote, EndCause::Hangup), (408, EndedBy::Network, EndCause::Timeout)]
    {
        let mut stage = phone();
        let call = talks_to_bob(&mut stage);
        stage.does(hold(&call, true)).says("INVITE").hears_answer(status).says("ACK").says("BYE");
        ends(&stage, by, cause);
    }
}

#[test]
fn a_hold_without_a_link_leaves_with_the_next() {
    let mut stage = phone();
    let call = talks(&mut stage);
    stage.loses_link().does(hold(&call, true));
    stage.asks(|it| *it == MediaRequest::Mute(true));
    assert!(asks_nothing(&stage));
    stage.passes(5 * SECOND).opens().says("REGISTER").hears_answer(200);
    let offer = asks_offer(&mut stage, false);
    stage.replies(offer, MediaReply::Sdp(browser_says("a=sendonly"))).says("INVITE");
}

#[test]
fn a_browser_that_makes_no_offer_leaves_the_call_as_it_was() {
    let mut stage = phone();
    let call = talks(&mut stage);
    stage.does(hold(&call, true));
    stage.asks(|it| *it == MediaRequest::Mute(true));
    let offer = asks_offer(&mut stage, false);
    stage.replies(offer, MediaReply::Failed(MediaFailure::Refused("x".into())));
    stage.asks(|it| *it == MediaRequest::Mute(false));
    stage.tells_of(|it| matches!(it, UaEvent::Warning { code, .. } if code == "hold-refused"));
    stage.says_nothing().passes(20 * SECOND).says_nothing();
}

#[test]
fn a_hold_outlives_new_paths_and_new_peers() {
    let mut stage = phone();
    let mut call = holds(&mut stage);
    stage.does(Command::Renegotiate { call: call.id, ice_restart: true });
    // The direction is what it was: nothing but the offer is asked for.
    let offer = stage.asks(|it| *it == MediaRequest::Offer { ice_restart: true });
    stage.replies(offer, MediaReply::Sdp(browser_says("a=sendonly"))).says("INVITE");
    is_answered(&mut stage, "a=recvonly");
    stage.tells_nothing();
    let other = FAR_SDP.replace("sha-256 00:FF", "sha-256 FF:00");
    stage.hears(call.far.invite(&other));
    stage.asks(|it| matches!(it, MediaRequest::Open { .. }));
    stage.asks(|it| *it == MediaRequest::Direction { receive: false });
    stage.asks(|it| matches!(it, MediaRequest::Answer { .. }));
}

#[test]
fn a_refresh_keeps_the_hold() {
    let mut stage = phone();
    let call = talks_to_bob(&mut stage);
    stage.does(hold(&call, true)).says("INVITE");
    stage.hears(stage.last.answer_with_sdp(200, &far_says("a=recvonly"))).says("ACK").forgets();
    stage.does(Command::Renegotiate { call: call.id, ice_restart: false }).says("INVITE");
    stage.hears(stage.last.answer_with_sdp(200, &far_says("a=sendrecv"))).says("ACK");
    stage.tells_nothing();
}

#[test]
fn an_update_may_bring_their_hold_and_ours_follows_it() {
    let mut stage = phone();
    let mut call = talks(&mut stage);
    let held = far_says("a=sendonly");
    stage.hears(call.far.request_with(Method::Update, "application/sdp", &held));
    let answer = stage.asks(|it| matches!(it, MediaRequest::Answer { .. }));
    stage.does(hold(&call, true));
    stage.asks(|it| *it == MediaRequest::Mute(true));
    stage.replies(answer, MediaReply::Sdp(browser_says("a=recvonly"))).says("200 UPDATE");
    tells_held(&mut stage, &call, false, true);
    stage.passes(SECOND);
    let offer = asks_offer(&mut stage, false);
    stage.replies(offer, MediaReply::Sdp(browser_says("a=sendonly"))).says("INVITE");
    is_answered(&mut stage, "a=inactive");
    tells_held(&mut stage, &call, true, true);
}

#[test]
fn an_update_with_an_offer_during_ours_is_answered_491() {
    let mut stage = phone();
    let mut call = talks(&mut stage);
    stage.does(hold(&call, true));
    offers_hold(&mut stage);
    stage.hears(call.far.request_with(Method::Update, "application/sdp", FAR_SDP)).says("491");
    // One without is none of that.
    stage.hears(call.far.request(Method::Update)).says("200 UPDATE");
}

#[test]
fn an_update_with_an_offer_during_theirs_is_answered_500_with_retry_after() {
    let mut stage = phone();
    let mut call = talks(&mut stage);
    stage.hears(call.far.invite(FAR_SDP));
    stage.hears(call.far.request_with(Method::Update, "application/sdp", FAR_SDP)).says("500");
    assert!(stage.last.header("Retry-After").parse::<u32>().unwrap() <= 10);
}

#[test]
fn what_the_page_wants_renegotiated_is_offered_once() {
    let mut stage = phone();
    let call = talks(&mut stage);
    stage.does(Command::Renegotiate { call: call.id, ice_restart: true });
    let offer = stage.asks(|it| *it == MediaRequest::Offer { ice_restart: true });
    stage.replies(offer, MediaReply::Sdp(browser_says("a=sendrecv"))).says("INVITE");
    // Two more wishes meanwhile make one more offer.
    stage.does(Command::Renegotiate { call: call.id, ice_restart: true });
    stage.does(Command::Renegotiate { call: call.id, ice_restart: false });
    is_answered(&mut stage, "a=sendrecv");
    let offer = stage.asks(|it| *it == MediaRequest::Offer { ice_restart: true });
    stage.replies(offer, MediaReply::Sdp(browser_says("a=sendrecv"))).says("INVITE");
    is_answered(&mut stage, "a=sendrecv");
    stage.passes(20 * SECOND).says_nothing().tells_nothing();
}

#[test]
fn a_refused_renegotiation_is_a_warning() {
    let mut stage = phone();
    let call = talks_to_bob(&mut stage);
    stage.does(Command::Renegotiate { call: call.id, ice_restart: true });
    stage.says("INVITE").hears_answer(488).says("ACK");
    stage.tells_of(
        |it| matches!(it, UaEvent::Warning { code, .. } if code == "renegotiation-refused"),
    );
    stage.passes(20 * SECOND).says_nothing();
    stage.does(Command::Hangup(call.id)).says("BYE");
}

#[test]
fn a_call_may_be_held_from_the_beginning() {
    let mut stage = phone();
    let call = {
        calls_bob(&mut stage);
        let held = far_says("a=inactive");
        stage.hears(stage.last.answer_with_sdp(200, &held)).says("ACK");
        stage.tells_of(|it| matches!(it, UaEvent::CallHeld { local: false, remote: true, .. }))
    };
    assert!(matches!(call, UaEvent::CallHeld { .. }));
    tells_state(&mut stage, CallState::Connected);
}
