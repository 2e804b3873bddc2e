//! Provisional answers that must arrive, and offers before the answer: RFC 3262, RFC 3311 §5,
//! RFC 6228, RFC 6337 §2.

use std::time::Duration;

use cc_sdk::api::{CallId, CallState, Command, EndCause, EndedBy};
use cc_sdk::sip::Method;
use cc_sdk::{MediaEvent, MediaReply, MediaRequest, PeerId};

use crate::call_play::*;
use crate::far::{Far, Wire};
use crate::stage::{FAR_SDP, SDP, Stage};

const SECOND: Duration = Duration::from_secs(1);

/// A reliable provisional answer of one of several far sides.
fn reliable(invite: &Wire, status: u16, tag: &str, rseq: u32, sdp: &str) -> Wire {
    let mut response = invite.response(status);
    let to = [&invite.header("To"), ";tag=", tag].concat();
    response.headers.set("To", to).push("Require", "100rel").push("RSeq", rseq.to_string());
    if !sdp.is_empty() {
        response.headers.push("Content-Type", "application/sdp");
        response.body = sdp.into();
    }
    Wire::of(&response)
}

fn number(message: &Wire) -> u32 {
    message.message().cseq().expect("CSeq can be read").number
}

/// The far side of this name that a call reached.
fn far_of(invite: &Wire, tag: &str) -> Far {
    let mut far = Far::called(invite);
    far.local = [&invite.header("To"), ";tag=", tag].concat();
    far
}

#[test]
fn what_is_said_reliably_is_acknowledged_once_and_in_order() {
    let mut stage = phone();
    let id = calls_bob(&mut stage);
    let invite = stage.last.clone();
    assert!(invite.message().lists("Supported", "100rel"));
    stage.hears(reliable(&invite, 180, "one", 7, "")).says("PRACK");
    let prack = stage.last.clone();
    assert_eq!(prack.header("RAck"), format!("7 {} INVITE", number(&invite)));
    assert_eq!(prack.message().request_uri(), Some("sip:bob@192.0.2.7:5060"));
    assert!(prack.header("To").ends_with(";tag=one"));
    assert_eq!(number(&prack), number(&invite) + 1);
    assert!(prack.body().is_empty());
    tells_state(&mut stage, CallState::Ringing);
    stage.hears(prack.answer(200)).hears(reliable(&invite, 180, "one", 7, "")).says_nothing();
    // One is missing in between.
    stage.hears(reliable(&invite, 183, "one", 9, FAR_SDP)).says_nothing();
    assert!(!stage.asked.iter().any(|it| matches!(it.2, MediaRequest::Apply { .. })));
    stage.hears(reliable(&invite, 182, "one", 8, "")).says("PRACK").hears_answer(200);
    stage.hears(reliable(&invite, 183, "one", 9, FAR_SDP)).says("PRACK");
    tells_state(&mut stage, CallState::Early);
    stage.hears_answer(200).hears(reliable_taken(&invite, "one", "")).says("ACK");
    assert_eq!(number(&stage.last), number(&invite));
    tells_state(&mut stage, CallState::Connected);
    // The numbers of the early dialog go on.
    stage.does(Command::Hangup(id)).says("BYE");
    assert_eq!(number(&stage.last), number(&invite) + 4);
}

/// A 200 of one of several far sides.
fn reliable_taken(invite: &Wire, tag: &str, sdp: &str) -> Wire {
    let mut response = invite.response(200);
    response.headers.set("To", [&invite.header("To"), ";tag=", tag].concat());
    if !sdp.is_empty() {
        response.headers.push("Content-Type", "application/sdp");
        response.body = sdp.into();
    }
    Wire::of(&response)
}

#[test]
fn each_fork_has_numbers_of_its_own() {
    let mut stage = phone();
    calls_bob(&mut stage);
    let invite = stage.last.clone();
    for (tag, rseq) in [("one", 5), ("two", 1), ("one", 6), ("two", 2)] {
        stage.hears(reliable(&invite, 180, tag, rseq, "")).says("PRACK");
        assert!(stage.last.header("To").ends_with(tag));
        assert!(stage.last.header("RAck").starts_with(&rseq.to_string()));
        stage.hears_answer(200);
    }
    stage.hears(reliable(&invite, 180, "two", 4, "")).says_nothing();
}

#[test]
fn a_fork_that_took_the_call_too_late_is_hung_up_with_a_number_of_its_own() {
    let mut stage = phone();
    calls_bob(&mut stage);
    let invite = stage.last.clone();
    stage.hears(reliable(&invite, 180, "two", 1, "")).says("PRACK").hears_answer(200);
    stage.hears(reliable_taken(&invite, "one", FAR_SDP)).says("ACK");
    stage.hears(reliable_taken(&invite, "two", FAR_SDP)).says("ACK").says("BYE");
    assert!(stage.last.header("To").ends_with("two"));
    assert_eq!(number(&stage.last), number(&invite) + 2);
}

#[test]
fn a_call_that_was_taken_while_it_was_cancelled_is_hung_up_in_order() {
    let mut stage = phone();
    let id = calls_bob(&mut stage);
    let invite = stage.last.clone();
    stage.hears(reliable(&invite, 180, "one", 1, "")).says("PRACK").hears_answer(200);
    stage.does(Command::Hangup(id)).says("CANCEL");
    stage.hears(reliable_taken(&invite, "one", FAR_SDP)).says("ACK").says("BYE");
    assert_eq!(number(&stage.last), number(&invite) + 2);
}

#[test]
fn a_prack_that_is_challenged_goes_again_in_its_early_dialog() {
    let mut stage = phone();
    calls_bob(&mut stage);
    let invite = stage.last.clone();
    stage.hears(reliable(&invite, 180, "one", 1, "")).says("PRACK");
    let prack = stage.last.clone();
    let mut challenge = prack.response(407);
    let value = "Digest realm=\"example.com\", nonce=\"n1\", algorithm=SHA-256, qop=\"auth\"";
    challenge.headers.push("Proxy-Authenticate", value);
    stage.hears(Wire::of(&challenge)).says("PRACK");
    assert_eq!(number(&stage.last), number(&prack) + 1);
    assert_eq!(stage.last.header("RAck"), prack.header("RAck"));
    stage.hears_answer(481).hears(reliable_taken(&invite, "one", FAR_SDP)).says("ACK");
    tells_state(&mut stage, CallState::Connected);
}

#[test]
fn far_sides_without_end_are_told_apart_up_to_a_number() {
    let mut stage = phone();
    calls_bob(&mut stage);
    let invite = stage.last.clone();
    for fork in 0..100 {
        stage.hears(reliable(&invite, 180, &format!("t{fork}"), 1, ""));
    }
    assert_eq!(stage.said.len(), 16);
    stage.forgets().hears(reliable_taken(&invite, "t99", FAR_SDP)).says("ACK");
    tells_state(&mut stage, CallState::Connected);
}

#[test]
fn a_fork_that_says_199_is_over_and_the_sound_of_another_gets_a_new_peer() {
    let mut stage = phone();
    calls_bob(&mut stage);
    let invite = stage.last.clone();
    assert!(invite.message().lists("Supported", "199"));
    stage.hears(reliable(&invite, 183, "one", 1, FAR_SDP)).says("PRACK").hears_answer(200);
    tells_state(&mut stage, CallState::Early);
    stage.hears(reliable(&invite, 199, "two", 1, "")).says("PRACK").hears_answer(200);
    assert!(stage.told.is_empty(), "another fork is over, which nobody heard");
    stage.hears(reliable(&invite, 199, "one", 2, "")).says("PRACK").hears_answer(200);
    tells_state(&mut stage, CallState::Ringing);
    stage.forgets().hears(reliable_taken(&invite, "two", FAR_SDP)).says("ACK").says("INVITE");
    let reinvite = stage.last.clone();
    stage.hears(reinvite.answer_with_sdp(200, FAR_SDP)).says("ACK");
    tells_state(&mut stage, CallState::Connected);
}

#[test]
fn early_sound_is_agreed_anew_by_update() {
    let mut stage = phone();
    calls_bob(&mut stage);
    let invite = stage.last.clone();
    stage.hears(reliable(&invite, 183, "one", 1, FAR_SDP)).says("PRACK").hears_answer(200);
    let mut far = far_of(&invite, "one");
    let held = FAR_SDP.replace("sendrecv", "sendonly");
    stage.hears(far.request_with(Method::Update, "application/sdp", &held)).says("200 UPDATE");
    assert!(stage.last.body().contains("m=audio"));
    assert!(stage.asked.iter().any(|it| matches!(it.2, MediaRequest::Answer { .. })));
    stage.hears(reliable_taken(&invite, "one", "")).says("ACK");
    tells_state(&mut stage, CallState::Connected);
    stage.hears(far.request(Method::Bye)).says("200 BYE");
}

#[test]
fn the_call_is_up_also_if_it_is_taken_while_an_update_is_answered() {
    for fails in [false, true] {
        let mut stage = phone();
        calls_bob(&mut stage);
        let invite = stage.last.clone();
        stage.hears(reliable(&invite, 183, "one", 1, FAR_SDP)).says("PRACK").hears_answer(200);
        stage.forgets().media_by_hand();
        let mut far = far_of(&invite, "one");
        stage.hears(far.request_with(Method::Update, "application/sdp", FAR_SDP));
        let asked = stage.asks(|it| matches!(it, MediaRequest::Answer { .. }));
        stage.hears(far.request_with(Method::Update, "application/sdp", FAR_SDP)).says("500");
        assert!(stage.last.find("Retry-After").is_some());
        stage.hears(reliable_taken(&invite, "one", "")).says("ACK").says_nothing();
        let refused = cc_sdk::MediaFailure::Refused("no".into());
        let sdp = cc_sdk::MediaReply::Sdp(crate::stage::SDP.into());
        let reply = if fails { cc_sdk::MediaReply::Failed(refused) } else { sdp };
        stage.replies(asked, reply).says(if fails { "488 UPDATE" } else { "200 UPDATE" });
        tells_state(&mut stage, CallState::Connected);
    }
}

#[test]
fn an_update_while_our_offer_is_open_crosses_with_it() {
    let mut stage = phone();
    calls_bob(&mut stage);
    let invite = stage.last.clone();
    stage.hears(reliable(&invite, 180, "one", 1, "")).says("PRACK").hears_answer(200);
    let mut far = far_of(&invite, "one");
    stage.hears(far.request_with(Method::Update, "application/sdp", FAR_SDP)).says("491 UPDATE");
    // The offer has the answer of another fork only.
    stage.hears(reliable(&invite, 183, "two", 1, FAR_SDP)).says("PRACK").hears_answer(200);
    stage.hears(far.request_with(Method::Update, "application/sdp", FAR_SDP)).says("491 UPDATE");
    stage.hears(far.request(Method::Update)).says("200 UPDATE");
    stage.hears(far.invite(FAR_SDP)).says("491 INVITE");
    far.cseq -= 2;
    stage.hears(far.request(Method::Update)).says("500 UPDATE");
}

#[test]
fn an_update_moves_where_requests_go_also_before_the_answer() {
    let mut stage = phone();
    calls_bob(&mut stage);
    let invite = stage.last.clone();
    stage.hears(reliable(&invite, 180, "one", 1, "")).says("PRACK").hears_answer(200);
    let mut update = far_of(&invite, "one").build(Method::Update);
    update.headers.set("Contact", "<sip:bob@192.0.2.99>");
    stage.hears(crate::far::print(&update)).says("200 UPDATE");
    stage.hears(reliable(&invite, 180, "one", 2, "")).says("PRACK");
    assert_eq!(stage.last.message().request_uri(), Some("sip:bob@192.0.2.99"));
}

/// Bob calls and requires or supports 100rel.
fn bob_calls_reliably(stage: &mut Stage, header: &str, sdp: &str) -> Far {
    let mut far = stage.far();
    let mut invite = far.build(Method::Invite);
    invite.headers.push(header, "100rel");
    if !sdp.is_empty() {
        invite.headers.push("Content-Type", "application/sdp");
        invite.body = sdp.into();
    }
    stage.hears(crate::far::print(&invite));
    far
}

/// The PRACK for what the phone said last.
fn prack(stage: &Stage, far: &mut Far, sdp: &str) -> Wire {
    let rack = format!("{} {} INVITE", stage.last.header("RSeq"), number(&stage.last));
    far.learns(&stage.last);
    prack_of(far, &rack, sdp)
}

fn prack_of(far: &mut Far, rack: &str, sdp: &str) -> Wire {
    let mut prack = far.build(Method::Prack);
    prack.headers.push("RAck", rack);
    if !sdp.is_empty() {
        prack.headers.push("Content-Type", "application/sdp");
        prack.body = sdp.into();
    }
    crate::far::print(&prack)
}

fn acks(far: &mut Far, invite: &Wire) -> Wire {
    let number = far.cseq;
    far.cseq = self::number(invite);
    let ack = far.request(Method::Ack);
    far.cseq = number;
    ack
}

#[test]
fn it_rings_reliably_where_the_caller_requires_it() {
    let mut stage = phone();
    let mut far = bob_calls_reliably(&mut stage, "Require", FAR_SDP);
    let id = ringing(&mut stage);
    stage.says("180");
    let first = stage.last.clone();
    assert!(first.message().lists("Require", "100rel"));
    for wait in [500, 1000, 2000, 4000, 8000] {
        stage.passes(Duration::from_millis(wait - 1)).says_nothing();
        stage.passes(Duration::from_millis(1)).says("180");
        assert_eq!(stage.last.to_string(), first.to_string());
    }
    let wrong = format!("{} {} INVITE", 1, number(&first));
    far.learns(&first);
    stage.hears(prack_of(&mut far, &wrong, "")).says("481 PRACK");
    stage.last = first.clone();
    let right = prack(&stage, &mut far, "");
    stage.hears(right).says("200 PRACK").passes(40 * SECOND).says_nothing();
    // The next one has the next number, and only when it is due.
    stage.passes(Duration::from_millis(4500)).says("180");
    let rseq = |wire: &Wire| wire.header("RSeq").parse::<u32>().expect("a number");
    assert_eq!(rseq(&stage.last), rseq(&first) + 1);
    let again = prack(&stage, &mut far, "");
    stage.hears(again).says("200 PRACK");
    stage.does(Command::Answer(id)).says("200 INVITE");
    let taken = stage.last.clone();
    let ack = acks(&mut far, &taken);
    stage.hears(ack);
    tells_state(&mut stage, CallState::Connected);
}

#[test]
fn where_it_is_only_supported_it_is_our_choice() {
    for reliable_ringing in [false, true] {
        let mut stage = phone();
        stage.configures(|config| config.reliable_ringing = reliable_ringing);
        bob_calls_reliably(&mut stage, "Supported", FAR_SDP);
        stage.says("180");
        assert_eq!(stage.last.find("RSeq").is_some(), reliable_ringing);
    }
}

#[test]
fn what_nobody_acknowledges_ends_the_call() {
    let mut stage = phone();
    bob_calls_reliably(&mut stage, "Require", FAR_SDP);
    stage.says("180").passes(32 * SECOND);
    stage.said.retain(|it| it.what("") != "180");
    stage.says("504");
    ends(&stage, EndedBy::Network, EndCause::Timeout);
}

#[test]
fn the_answer_need_not_wait_for_the_prack_of_a_ring_and_takes_a_late_one() {
    let mut stage = phone();
    let mut far = bob_calls_reliably(&mut stage, "Require", FAR_SDP);
    let id = ringing(&mut stage);
    stage.says("180");
    let late = prack(&stage, &mut far, "");
    stage.does(Command::Answer(id)).says("200 INVITE");
    let taken = stage.last.clone();
    stage.hears(&late).says("200 PRACK");
    let again = prack_of(&mut far, &late.header("RAck"), "");
    stage.hears(again).says("481 PRACK");
    let ack = acks(&mut far, &taken);
    stage.hears(ack).passes(40 * SECOND).says_nothing();
    tells_state(&mut stage, CallState::Connected);
}

#[test]
fn an_offer_in_the_prack_of_a_ring_is_out_of_place() {
    let mut stage = phone();
    let mut far = bob_calls_reliably(&mut stage, "Require", FAR_SDP);
    stage.says("180");
    let offer = prack(&stage, &mut far, FAR_SDP);
    stage.hears(offer).says("491 PRACK").passes(40 * SECOND).says_nothing();
}

#[test]
fn an_offer_before_ours_to_the_invite_is_answered_waits() {
    let mut stage = phone();
    let (id, mut far) = bob_calls(&mut stage);
    stage.hears(far.request_with(Method::Update, "application/sdp", FAR_SDP)).says("500 UPDATE");
    assert!(stage.last.find("Retry-After").is_some());
    stage.hears(far.request(Method::Update)).says("200 UPDATE");
    stage.does(Command::Answer(id)).says("200 INVITE");
}

/// An INVITE without an offer that requires 100rel, taken: the offer is in the 183.
fn offers_in_the_183(stage: &mut Stage) -> (CallId, Far) {
    let far = bob_calls_reliably(stage, "Require", "");
    let id = ringing(stage);
    stage.says_nothing().does(Command::Answer(id)).says("183");
    assert!(stage.last.body().contains("m=audio 50000 "));
    (id, far)
}

#[test]
fn an_invite_without_an_offer_that_requires_100rel_gets_it_in_a_183() {
    let mut stage = phone();
    let (_, mut far) = offers_in_the_183(&mut stage);
    stage.passes(SECOND / 2).says("183").says_nothing();
    let answer = prack(&stage, &mut far, FAR_SDP);
    stage.hears(answer).says("200 PRACK").says("200 INVITE");
    let taken = stage.last.clone();
    assert!(taken.body().is_empty());
    assert!(stage.asked.iter().any(|it| matches!(it.2, MediaRequest::Apply { .. })));
    let ack = acks(&mut far, &taken);
    stage.hears(ack);
    tells_state(&mut stage, CallState::Connected);
    stage.passes(40 * SECOND).says_nothing();
}

#[test]
fn a_prack_without_the_answer_that_it_owes_ends_the_call() {
    let mut stage = phone();
    let (_, mut far) = offers_in_the_183(&mut stage);
    let bare = prack(&stage, &mut far, "");
    stage.hears(bare).says("200 PRACK").says("488 INVITE");
    ends(&stage, EndedBy::Remote, EndCause::MediaFailed);
}

#[test]
fn an_offer_in_a_183_that_nobody_acknowledges_ends_the_call() {
    let mut stage = phone();
    offers_in_the_183(&mut stage);
    stage.passes(32 * SECOND);
    stage.said.retain(|it| it.what("") != "183");
    stage.says("504");
    ends(&stage, EndedBy::Network, EndCause::Timeout);
}

#[test]
fn an_answer_in_the_2xx_from_elsewhere_than_the_early_sound_gets_a_new_offer() {
    let print = "sha-256 00:FF";
    for (from, to, is_same) in [
        ("o=bob 77 1", "o=bob 77 2", true),
        ("a=sendrecv", "a=sendrecv\r\na=x-odd", true),
        (print, "sha-256 AA:FF", false),
        ("a=ice-ufrag:Zb9q", "a=ice-ufrag:Other", false),
    ] {
        let mut stage = phone();
        calls_bob(&mut stage);
        let invite = stage.last.clone();
        stage.hears(invite.answer_with_sdp(183, FAR_SDP)).forgets();
        let other = FAR_SDP.replace(from, to);
        assert_ne!(other, FAR_SDP);
        stage.hears(invite.answer_with_sdp(200, &other)).says("ACK");
        if is_same {
            stage.says_nothing();
        } else {
            let reinvite = stage.says("INVITE").last.clone();
            stage.hears(reinvite.answer_with_sdp(200, &other)).says("ACK");
        }
        tells_state(&mut stage, CallState::Connected);
    }
}

/// A call with an incomplete list of candidates whose early sound was agreed upon reliably, at a
/// far side that takes these methods.
fn early_with_an_incomplete_list(stage: &mut Stage, allow: &str) -> (CallId, Wire, PeerId) {
    stage.media_by_hand();
    let id = stage.dials("bob");
    let (peer, _) = stage.asks(|it| matches!(it, MediaRequest::Open { .. }));
    let offer = stage.asks(|it| matches!(it, MediaRequest::Offer { .. }));
    stage.replies(offer, MediaReply::Sdp(SDP.into()));
    let line = crate::stage::CANDIDATE.to_owned();
    stage.peer_tells(peer, MediaEvent::Candidate { mid: "0".into(), line });
    stage.passes(SECOND / 20).says("INVITE");
    let invite = stage.last.clone();
    let mut early = invite.response(183);
    early.headers.push("Require", "100rel").push("RSeq", "1").push("Allow", allow);
    early.headers.push("Content-Type", "application/sdp");
    early.body = FAR_SDP.into();
    stage.hears(Wire::of(&early)).says("PRACK").hears_answer(200);
    let apply = stage.asks(|it| matches!(it, MediaRequest::Apply { .. }));
    stage.replies(apply, MediaReply::Done);
    tells_state(stage, CallState::Early);
    (id, invite, peer)
}

/// Early sound does not pass: the UPDATE with the whole list.
fn updates(stage: &mut Stage, peer: PeerId) -> Wire {
    stage.passes(2 * SECOND);
    let offer = stage.asks(|it| matches!(it, MediaRequest::Offer { ice_restart: false }));
    stage.peer_tells(peer, MediaEvent::GatheringDone);
    stage.replies(offer, MediaReply::Sdp(SDP.into())).says("UPDATE");
    assert!(stage.last.body().contains("end-of-candidates"));
    assert!(stage.last.find("Contact").is_some());
    stage.last.clone()
}

#[test]
fn early_sound_that_does_not_pass_gets_the_whole_list_of_candidates() {
    let mut stage = phone();
    let (_, invite, peer) = early_with_an_incomplete_list(&mut stage, "INVITE, UPDATE");
    let update = updates(&mut stage, peer);
    assert_eq!(number(&update), number(&invite) + 2);
    let mut far = Far::called(&invite);
    stage.hears(far.request_with(Method::Update, "application/sdp", FAR_SDP)).says("491 UPDATE");
    stage.hears(update.answer_with_sdp(200, FAR_SDP));
    let apply = stage.asks(|it| matches!(it, MediaRequest::Apply { .. }));
    stage.replies(apply, MediaReply::Done).passes(10 * SECOND).says_nothing();
    stage.hears(invite.answer(200)).says("ACK");
    tells_state(&mut stage, CallState::Connected);
}

#[test]
fn an_update_that_is_refused_or_unanswered_leaves_the_early_sound_as_it_was() {
    for status in [488, 500, 491, 504, 481] {
        let mut stage = phone();
        let (_, invite, peer) = early_with_an_incomplete_list(&mut stage, "UPDATE");
        let update = updates(&mut stage, peer);
        stage.hears(update.answer(status));
        stage.asks(|it| *it == MediaRequest::Rollback);
        stage.hears(invite.answer(200)).says("ACK");
        tells_state(&mut stage, CallState::Connected);
    }
}

#[test]
fn the_call_is_up_also_while_our_update_is_out() {
    for status in [200, 488] {
        let mut stage = phone();
        let (id, invite, peer) = early_with_an_incomplete_list(&mut stage, "UPDATE");
        let update = updates(&mut stage, peer);
        stage.hears(invite.answer(200)).says("ACK");
        tells_state(&mut stage, CallState::Connected);
        if status == 200 {
            stage.hears(update.answer_with_sdp(200, FAR_SDP));
            let apply = stage.asks(|it| matches!(it, MediaRequest::Apply { .. }));
            stage.replies(apply, MediaReply::Done);
        } else {
            stage.hears(update.answer(488));
            stage.asks(|it| *it == MediaRequest::Rollback);
        }
        stage.says_nothing().does(Command::Hangup(id)).says("BYE");
        assert_eq!(number(&stage.last), number(&update) + 1);
    }
}

#[test]
fn a_call_that_is_taken_while_our_update_is_made_gets_it_as_a_reinvite() {
    let mut stage = phone();
    let (_, invite, _) = early_with_an_incomplete_list(&mut stage, "UPDATE");
    stage.passes(2 * SECOND);
    let offer = stage.asks(|it| matches!(it, MediaRequest::Offer { .. }));
    stage.hears(invite.answer(200)).says("ACK");
    tells_state(&mut stage, CallState::Connected);
    stage.replies(offer, MediaReply::Sdp(SDP.into())).passes(SECOND).says("INVITE");
}

#[test]
fn no_update_goes_to_a_far_side_that_does_not_take_it_or_whose_sound_passes() {
    let mut stage = phone();
    early_with_an_incomplete_list(&mut stage, "INVITE");
    stage.passes(30 * SECOND).says_nothing();
    let mut stage = phone();
    let (_, _, peer) = early_with_an_incomplete_list(&mut stage, "UPDATE");
    stage.peer_tells(peer, MediaEvent::Connected).passes(30 * SECOND).says_nothing();
    assert!(stage.asked.is_empty());
}

#[test]
fn a_prack_names_the_invite_as_it_was_numbered_last_and_takes_the_route_of_the_answer() {
    let mut stage = phone();
    calls_bob(&mut stage);
    let mut challenge = stage.last.response(407);
    let value = "Digest realm=\"example.com\", nonce=\"n1\", algorithm=SHA-256, qop=\"auth\"";
    challenge.headers.push("Proxy-Authenticate", value);
    stage.hears(Wire::of(&challenge)).says("ACK").says("INVITE");
    let invite = stage.last.clone();
    let mut rings = invite.response(180);
    rings.headers.push("Require", "100rel").push("RSeq", "4294967295");
    rings.headers.push("Record-Route", "<sip:p2.example.com;lr>, <sip:p1.example.com;lr>");
    stage.hears(Wire::of(&rings)).says("PRACK");
    let rack = stage.last.header("RAck");
    assert_eq!(rack, format!("4294967295 {} INVITE", number(&invite)));
    let prack = stage.last.message();
    let routes: Vec<_> =
        prack.routes().unwrap().iter().map(|it| it.uri_text().to_owned()).collect();
    assert_eq!(routes, ["sip:p1.example.com;lr", "sip:p2.example.com;lr"]);
    // There is no number after the last one.
    stage.hears(reliable(&invite, 180, "far", 0, "")).says_nothing();
}

#[test]
fn what_calls_itself_reliable_without_a_number_is_heard_and_not_acknowledged() {
    for rseq in [None, Some("x"), Some("-1")] {
        let mut stage = phone();
        calls_bob(&mut stage);
        let mut rings = stage.last.response(180);
        rings.headers.push("Require", "100rel");
        if let Some(rseq) = rseq {
            rings.headers.push("RSeq", rseq);
        }
        stage.hears(Wire::of(&rings)).says_nothing();
        tells_state(&mut stage, CallState::Ringing);
    }
}

#[test]
fn an_update_of_a_far_side_that_never_rang_is_of_no_dialog() {
    let mut stage = phone();
    calls_bob(&mut stage);
    let invite = stage.last.clone();
    stage.hears(far_of(&invite, "nobody").request(Method::Update)).says("481 UPDATE");
}
