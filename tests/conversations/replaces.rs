//! Calls that come in place of others: RFC 3891; and Join, which nothing here can do (RFC 3911).

use std::time::Duration;

use cc_sdk::api::{AcceptTransfers, CallId, CallState, Command, EndCause, EndedBy, UaEvent};
use cc_sdk::sip::Method;
use cc_sdk::{MediaFailure, MediaReply, MediaRequest};

use crate::call_play::*;
use crate::far::{Far, Wire, print};
use crate::stage::{FAR_SDP, Stage};

const SECOND: Duration = Duration::from_secs(1);

/// Carol, who wants the place of this far side.
fn carol(far: &Far, more: &str) -> (Far, Wire) {
    let tag = |it: &str| it.split("tag=").nth(1).unwrap_or("").to_owned();
    let place =
        format!("{};to-tag={};from-tag={}{more}", far.call_id, tag(&far.remote), tag(&far.local));
    with(&[("Replaces", &place)])
}

fn with(headers: &[(&str, &str)]) -> (Far, Wire) {
    let mut carol = Far::carol("sip:alice@example.com");
    let mut invite = carol.build(Method::Invite);
    for (name, value) in headers {
        invite.headers.push(name, *value);
    }
    invite.headers.push("Content-Type", "application/sdp");
    invite.body = FAR_SDP.into();
    (carol, print(&invite))
}

/// The new call that the page is told of, which takes that one further.
#[track_caller]
fn continued(stage: &mut Stage, old: CallId) -> CallId {
    let event = stage.tells_of(|event| matches!(event, UaEvent::Call { .. }));
    let UaEvent::Call { call, continues, .. } = event else { unreachable!("it fitted") };
    assert_eq!(continues, Some(old.0));
    CallId(call)
}

#[test]
fn who_comes_in_the_far_side_s_place_is_taken_without_ringing() {
    for is_ours in [true, false] {
        let mut stage = phone();
        let mut bob = if is_ours { talks_to_bob(&mut stage) } else { bob_talks(&mut stage) };
        let (mut carol, invite) = carol(&bob.far, "");
        stage.hears(&invite).says("200 INVITE").says_nothing();
        let new = continued(&mut stage, bob.id);
        let states = stage.told.iter().filter_map(|(_, event)| match event {
            UaEvent::CallState { state, .. } => Some(*state),
            _ => None,
        });
        assert_eq!(states.collect::<Vec<_>>(), [CallState::Answering]);
        assert_eq!(statuses(&stage), []);
        carol.learns(&stage.last);
        // The old call ends when the new one is up, not before.
        stage.hears(carol.request(Method::Ack)).says("BYE");
        assert_eq!(stage.last.header("Call-ID"), bob.far.call_id);
        tells_state(&mut stage, CallState::Connected);
        // To a page that counts steps it is one call.
        assert_eq!(statuses(&stage), [3]);
        assert_eq!(end_of(&mut stage, bob.id), (EndedBy::Remote, EndCause::Replaced));
        stage.hears_answer(200).passes(100 * SECOND).says_nothing();
        stage.hears(bob.far.request(Method::Bye)).says("481");
        stage.does(Command::Hangup(new)).says("BYE");
    }
}

#[test]
fn one_who_wants_to_replace_may_require_it() {
    let mut stage = phone();
    let bob = talks_to_bob(&mut stage);
    let (_, invite) = carol(&bob.far, "");
    let text = invite.to_string().replace("Content-Type", "Require: replaces\r\nContent-Type");
    stage.hears(text).says("200 INVITE");
}

#[test]
fn a_microphone_that_was_off_stays_off() {
    let mut stage = phone();
    let bob = talks_to_bob(&mut stage);
    stage.does(Command::Mute(bob.id, true)).forgets();
    let (_, invite) = carol(&bob.far, "");
    stage.hears(invite).says("200 INVITE");
    let new = continued(&mut stage, bob.id);
    stage.tells_of(|it| *it == UaEvent::CallMuted { call: new.0, muted: true });
    let peer = opened(&stage);
    assert!(stage.asked.iter().any(|it| it.0 == peer && it.2 == MediaRequest::Mute(true)));
}

#[test]
fn a_call_on_hold_stays_on_hold() {
    let mut stage = phone();
    let bob = talks_to_bob(&mut stage);
    stage.does(Command::Hold(bob.id, true)).says("INVITE");
    let held = FAR_SDP.replace("sendrecv", "recvonly");
    stage.hears(stage.last.answer_with_sdp(200, &held)).says("ACK").forgets();
    let (mut carol, invite) = carol(&bob.far, "");
    stage.hears(invite).says("200 INVITE");
    carol.learns(&stage.last);
    let new = continued(&mut stage, bob.id);
    let peer = opened(&stage);
    for request in [MediaRequest::Mute(true), MediaRequest::Direction { receive: false }] {
        assert!(stage.asked.iter().any(|it| it.0 == peer && it.2 == request), "{request:?}");
    }
    stage.hears(carol.request(Method::Ack));
    stage.tells_of(|it| *it == UaEvent::CallHeld { call: new.0, local: true, remote: false });
}

#[test]
fn who_knows_less_than_the_whole_dialog_is_refused() {
    let mut stage = phone();
    let mut bob = talks_to_bob(&mut stage);
    let wrongs: [fn(&mut Far); 3] = [
        |far| far.call_id = "x".into(),
        |far| far.local = "<sip:bob@example.com>;tag=x".into(),
        |far| far.remote = "<sip:alice@example.com>;tag=x".into(),
    ];
    for make_wrong in wrongs {
        let mut wrong = bob.far.clone();
        make_wrong(&mut wrong);
        let (_, invite) = carol(&wrong, "");
        stage.hears(fresh(&invite)).says("481").tells_nothing();
    }
    let (_, invite) = carol(&bob.far, ";early-only");
    stage.hears(fresh(&invite)).says("486").tells_nothing();
    let (_, invite) = with(&[("Replaces", "nonsense")]);
    stage.hears(fresh(&invite)).says("400").tells_nothing();
    let (_, invite) =
        with(&[("Replaces", "a;to-tag=1;from-tag=2"), ("Replaces", "b;to-tag=1;from-tag=2")]);
    stage.hears(fresh(&invite)).says("400").tells_nothing();
    let (_, invite) =
        with(&[("Replaces", "a;to-tag=1;from-tag=2"), ("Join", "a;to-tag=1;from-tag=2")]);
    stage.hears(fresh(&invite)).says("400").tells_nothing();
    // Nothing changed.
    stage.hears(bob.far.request(Method::Bye)).says("200 BYE");
}

/// Under a branch and a Call-ID of its own, since each of these is another request.
fn fresh(invite: &Wire) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static LAST: AtomicU32 = AtomicU32::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    let text =
        invite.to_string().replace("branch=z9hG4bKcarol", &format!("branch=z9hG4bK{number}x"));
    text.replace("Call-ID: carols", &format!("Call-ID: {number}carols"))
}

#[test]
fn nothing_can_be_joined() {
    let mut stage = phone();
    talks_to_bob(&mut stage);
    let (_, invite) = with(&[("Join", "a;to-tag=1;from-tag=2")]);
    stage.hears(fresh(&invite)).says("481").tells_nothing();
    let (_, invite) = with(&[("Join", "a;to-tag=1;from-tag=2"), ("Require", "join")]);
    stage.hears(fresh(&invite)).says("420");
    assert_eq!(stage.last.header("Unsupported"), "join");
    stage.tells_nothing();
}

#[test]
fn a_call_that_is_over_is_replaced_by_none() {
    let mut stage = phone();
    let bob = talks_to_bob(&mut stage);
    stage.does(Command::Hangup(bob.id)).says("BYE").forgets();
    let (_, invite) = carol(&bob.far, "");
    stage.hears(invite).says("603").tells_nothing();
}

#[test]
fn a_call_that_rings_here_is_replaced_by_none() {
    let mut stage = phone();
    let (_, far) = bob_calls(&mut stage);
    stage.forgets();
    let (_, invite) = carol(&far, "");
    stage.hears(invite).says("481").tells_nothing();
}

/// Somebody else picks up what rings at bob (RFC 3891 §1, RFC 5359 §2.16).
#[test]
fn a_call_of_ours_that_rings_is_taken_by_who_picks_it_up() {
    for more in ["", ";early-only"] {
        let mut stage = phone();
        let ours = calls_bob(&mut stage);
        let invite = stage.last.clone();
        stage.hears(invite.answer(180)).forgets();
        let (mut carol, pickup) = carol(&Far::called(&invite), more);
        stage.hears(pickup).says("200 INVITE").says_nothing();
        continued(&mut stage, ours);
        carol.learns(&stage.last);
        stage.hears(carol.request(Method::Ack)).says("CANCEL");
        assert!(!statuses(&stage).contains(&5));
        assert_eq!(end_of(&mut stage, ours), (EndedBy::Remote, EndCause::Replaced));
        stage.hears_answer(200).hears(invite.answer(487)).says("ACK").says_nothing();
    }
}

#[test]
fn one_call_is_replaced_by_one() {
    let mut stage = phone();
    let bob = talks_to_bob(&mut stage);
    let (_, first) = carol(&bob.far, "");
    stage.hears(&first).says("200 INVITE").forgets();
    let (_, second) = carol(&bob.far, "");
    stage.hears(fresh(&second)).says("486").tells_nothing();
}

#[test]
fn a_new_call_that_never_comes_up_leaves_the_old_one() {
    let mut stage = phone();
    let bob = talks_to_bob(&mut stage);
    let (_, invite) = carol(&bob.far, "");
    stage.hears(&invite).says("200 INVITE");
    let new = continued(&mut stage, bob.id);
    stage.passes(40 * SECOND);
    assert_eq!(end_of(&mut stage, new), (EndedBy::Network, EndCause::Timeout));
    stage.tells_nothing_of_an_end();
    stage.forgets().does(Command::Hangup(bob.id)).says("BYE");
}

#[test]
fn a_new_call_without_a_microphone_rings_and_the_old_one_goes_on() {
    let mut stage = phone();
    let bob = talks_to_bob(&mut stage);
    stage.media_by_hand();
    let (_, invite) = carol(&bob.far, "");
    stage.hears(&invite).says_nothing();
    let open = stage.asks(|it| matches!(it, MediaRequest::Open { .. }));
    stage.replies(open, MediaReply::Failed(MediaFailure::MicrophoneDenied));
    tells_state(&mut stage, CallState::Incoming);
    stage.tells_nothing_of_an_end();
}

#[test]
fn who_is_paused_or_takes_no_calls_is_still_in_the_one_that_is_replaced() {
    let mut stage = phone();
    let bob = talks_to_bob(&mut stage);
    stage.does(Command::SetSeatStatus(cc_sdk::api::SeatStatus::Paused)).forgets();
    let (_, invite) = carol(&bob.far, "");
    stage.hears(invite).says("200 INVITE");
}

#[test]
fn where_no_transfer_is_accepted_nobody_is_replaced() {
    let mut stage = phone();
    stage.configures(|config| config.accept_transfers = AcceptTransfers::Never);
    let bob = talks_to_bob(&mut stage);
    let (_, invite) = carol(&bob.far, "");
    stage.hears(invite).says("403").tells_nothing();
}
