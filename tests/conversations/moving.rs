//! A `register` for another place while calls are up: they stay on the flow that they are on.

use std::time::Duration;

use cc_sdk::account::Account;
use cc_sdk::api::{CallId, Command, Config, DigitTransport};
use cc_sdk::sip::Method;
use cc_sdk::{FlowId, Input, LinkEvent, LinkRequest, MediaEvent, MediaReply, MediaRequest};

use crate::far::{Far, Wire};
use crate::registration::{SECOND, register};
use crate::stage::{CANDIDATE, FAR_SDP, SDP, Stage, account};

/// Another seat at another provider.
fn elsewhere() -> Account {
    Account {
        uri: "sip:alice@other.org".into(),
        servers: vec!["wss://sip.other.org".into()],
        ..account()
    }
}

/// The page registers elsewhere, and that is accepted; gives the flow there.
#[track_caller]
fn moves(alice: &mut Stage, to: Account) -> FlowId {
    alice.does(register(to)).opens().says("REGISTER").hears_answer(200);
    alice.told.clear();
    alice.flow
}

/// A call that Alice made at example.com; its flow, and the 200 that took it.
#[track_caller]
fn talking() -> (Stage, FlowId, CallId, Far, Wire) {
    let mut alice = Stage::registered();
    let call = alice.dials("9196");
    alice.says("INVITE");
    let far = Far::called(&alice.last);
    let taken = alice.last.answer_with_sdp(200, FAR_SDP.replace(" 126", "").as_str());
    alice.hears(&taken).says("ACK");
    let peer = alice.asked[0].0;
    alice.peer_tells(peer, MediaEvent::Connected).forgets();
    let flow = alice.flow;
    (alice, flow, call, far, taken)
}

#[track_caller]
fn hears_on(alice: &mut Stage, flow: FlowId, message: impl AsRef<[u8]>) {
    alice.gives(Input::Frame(flow, message.as_ref()));
}

#[test]
fn a_call_that_is_up_says_everything_on_the_flow_that_it_began_on() {
    let (mut alice, old, call, mut far, taken) = talking();
    let new = moves(&mut alice, elsewhere());
    alice.says_nothing();
    hears_on(&mut alice, old, &taken);
    alice.says_on(old, "ACK");
    alice.does(Command::SendDigits(call, "5".into(), DigitTransport::Info)).says_on(old, "INFO");
    let answer = alice.last.answer(200);
    hears_on(&mut alice, old, answer);
    hears_on(&mut alice, old, far.request(Method::Options));
    alice.says_on(old, "200 OPTIONS");
    assert!(alice.last.header("Contact").starts_with("<sip:alice@"));
    alice.does(Command::Hangup(call)).says_on(old, "BYE");
    assert!(alice.last.header("From").contains("sip:alice@example.com"));
    // The far side wants to know who hangs up: the password of that place serves.
    let mut challenge = alice.last.response(407);
    challenge.headers.push("Proxy-Authenticate", "Digest realm=\"example.com\", nonce=\"n1\"");
    hears_on(&mut alice, old, Wire::of(&challenge));
    alice.says_on(old, "BYE");
    assert!(alice.last.header("Proxy-Authorization").contains("username=\"alice\""));
    alice.dials("9197");
    alice.says_on(new, "INVITE");
    assert!(alice.last.header("From").contains("sip:alice@other.org"));
}

#[test]
fn the_former_flow_closes_when_the_bye_of_the_last_call_on_it_is_answered() {
    let (mut alice, old, call, ..) = talking();
    alice.passes(60 * SECOND);
    moves(&mut alice, elsewhere());
    alice.passes(300 * SECOND).does(Command::Hangup(call));
    let bye = alice.said.pop_back().expect("a BYE");
    assert_eq!(bye.what("BYE"), "BYE");
    alice.said.clear();
    assert!(alice.linked.is_empty(), "the BYE has no answer yet");
    hears_on(&mut alice, old, bye.answer(200));
    alice.says_on(old, "REGISTER");
    assert_eq!(alice.last.header("Expires"), "0");
    assert!(alice.last.header("To").contains("alice@example.com"));
    assert_eq!(alice.linked.pop_front(), Some((old, LinkRequest::Close)));
    alice.passes(60 * SECOND);
    assert!(alice.linked.is_empty());
}

#[test]
fn the_former_flow_closes_when_nobody_answers_the_bye() {
    let (mut alice, old, call, ..) = talking();
    moves(&mut alice, elsewhere());
    alice.does(Command::Hangup(call)).says_on(old, "BYE");
    alice.passes(20 * SECOND);
    assert!(alice.linked.is_empty());
    alice.passes(20 * SECOND);
    assert_eq!(alice.linked.pop_front(), Some((old, LinkRequest::Close)));
    assert!(alice.said.iter().all(|said| said.what("BYE") != "BYE"));
}

#[test]
fn our_200_is_repeated_where_its_invite_came_from() {
    let mut alice = Stage::registered();
    let old = alice.flow;
    let mut bob = alice.far();
    alice.hears(bob.invite(SDP)).says("180").does(Command::Answer(CallId(1))).says("200 INVITE");
    bob.learns(&alice.last);
    moves(&mut alice, elsewhere());
    alice.passes(Duration::from_millis(600)).says_on(old, "200 INVITE");
    alice.does(Command::Hangup(CallId(1))).says_nothing();
    alice.passes(SECOND).says_on(old, "200 INVITE");
    hears_on(&mut alice, old, bob.request(Method::Ack));
    alice.says_on(old, "BYE");
}

#[test]
fn a_call_that_comes_on_the_former_flow_is_of_that_place() {
    let (mut alice, old, ..) = talking();
    alice.does(Command::Configure(Config { calls_at_once: 2, ..Config::default() }));
    let new = moves(&mut alice, elsewhere());
    let mut carol = Far::carol("sip:alice@example.com");
    hears_on(&mut alice, old, carol.invite(SDP));
    alice.says_on(old, "180").does(Command::Answer(CallId(2))).says_on(old, "200 INVITE");
    carol.learns(&alice.last);
    hears_on(&mut alice, old, carol.request(Method::Ack));
    hears_on(&mut alice, old, carol.request(Method::Bye));
    alice.says_on(old, "200 BYE");
    assert!(alice.linked.is_empty(), "the other call is up");
    let mut bob = Far::calling("sip:alice@other.org");
    hears_on(&mut alice, new, bob.invite(SDP));
    alice.says_on(new, "180");
}

#[test]
fn a_call_whose_invite_has_not_left_leaves_at_the_new_place() {
    let mut alice = Stage::registered();
    alice.media_by_hand();
    let old = alice.flow;
    alice.dials("9196");
    let open = alice.asks(|request| matches!(request, MediaRequest::Open { .. }));
    alice.replies(open, MediaReply::Done);
    let offer = alice.asks(|request| matches!(request, MediaRequest::Offer { .. }));
    let new = moves(&mut alice, elsewhere());
    assert_eq!(alice.linked.pop_front(), Some((old, LinkRequest::Close)));
    alice.says_on(old, "REGISTER").says_nothing().replies(offer, MediaReply::Sdp(SDP.into()));
    let line = CANDIDATE.to_owned();
    alice.peer_tells(offer.0, MediaEvent::Candidate { mid: "0".into(), line });
    alice.peer_tells(offer.0, MediaEvent::GatheringDone).says_on(new, "INVITE");
}

#[test]
fn a_call_whose_former_flow_is_lost_goes_on_at_the_new_place() {
    let (mut alice, old, call, ..) = talking();
    let moved = Account { servers: vec!["wss://other.example.com".into()], ..account() };
    let new = moves(&mut alice, moved);
    let gone = LinkEvent::Closed { code: 1006, reason: String::new() };
    alice.gives(Input::Link(old, gone)).forgets();
    alice.does(Command::Hangup(call)).says_on(new, "BYE");
}

#[test]
fn the_loss_of_the_new_flow_is_nothing_to_a_call_on_the_former_one() {
    let (mut alice, old, call, ..) = talking();
    moves(&mut alice, elsewhere());
    alice.loses_link().opens().says("REGISTER").hears_answer(200).says_nothing();
    assert!(alice.asked.is_empty());
    alice.does(Command::Hangup(call)).says_on(old, "BYE");
}

#[test]
fn a_call_keeps_its_flow_through_a_second_move() {
    let (mut alice, old, call, ..) = talking();
    let second = moves(&mut alice, elsewhere());
    let third = Account { uri: "sip:alice@third.net".into(), ..elsewhere() };
    moves(&mut alice, third);
    assert_eq!(alice.linked.pop_front(), Some((second, LinkRequest::Close)));
    assert!(alice.linked.is_empty());
    alice.forgets().does(Command::Hangup(call)).says_on(old, "BYE");
}

#[test]
fn shutdown_says_bye_on_the_former_flow_and_closes_both() {
    let (mut alice, old, ..) = talking();
    let new = moves(&mut alice, elsewhere());
    alice.does(Command::Shutdown).says_on(old, "BYE").says_on(new, "REGISTER");
    alice.hears_answer(200).says_nothing();
    // The BYE's answer is waited for, but not for long.
    alice.passes(2 * SECOND).says_on(old, "REGISTER").says_nothing();
    let closed = [old, new].map(|flow| alice.linked.contains(&(flow, LinkRequest::Close)));
    assert_eq!(closed, [true; 2]);
    alice.passes(60 * SECOND).says_nothing();
}

#[test]
fn a_register_after_shutdown_closes_the_former_flow_too() {
    let (mut alice, old, ..) = talking();
    moves(&mut alice, elsewhere());
    alice.does(Command::Shutdown).does(register(account()));
    assert!(alice.linked.contains(&(old, LinkRequest::Close)));
}

#[test]
fn a_former_flow_of_the_same_seat_is_not_registered_again() {
    let (mut alice, old, call, ..) = talking();
    let moved = Account { servers: vec!["wss://other.example.com".into()], ..account() };
    let new = moves(&mut alice, moved);
    let mut refreshes = 0;
    for _ in 0..1200 {
        if !alice.passes(SECOND).said.is_empty() {
            // The same instance: on the former flow it would take the new binding's place.
            alice.says_on(new, "REGISTER").hears_answer(200).says_nothing();
            refreshes += 1;
        }
    }
    assert_eq!(refreshes, 2);
    alice.does(Command::Hangup(call)).says_on(old, "BYE");
    let answer = alice.last.answer(200);
    hears_on(&mut alice, old, answer);
    alice.says_nothing();
    assert_eq!(alice.linked.pop_front(), Some((old, LinkRequest::Close)));
}

#[test]
fn a_return_to_the_first_place_during_a_call_keeps_its_registration() {
    let (mut alice, old, call, ..) = talking();
    let second = moves(&mut alice, elsewhere());
    alice.does(register(account())).opens().says("REGISTER").hears_answer(200);
    let third = alice.flow;
    alice.says_on(second, "REGISTER");
    assert_eq!(alice.last.header("Expires"), "0");
    alice.does(Command::Hangup(call)).says_on(old, "BYE").passes(40 * SECOND).says_nothing();
    assert!(alice.linked.contains(&(old, LinkRequest::Close)));
    alice.dials("9197");
    alice.says_on(third, "INVITE");
}
