//! Several flows to several servers, each registered by itself (RFC 5626 §4.2 to §4.5).

use cc_sdk::account::Account;
use cc_sdk::api::{CallState, Command, Config, UaEvent};
use cc_sdk::sip::Method;
use cc_sdk::{ApiMisuse, FlowId, Input, LinkEvent, LinkRequest};

use crate::far::Far;
use crate::registration::{SECOND, answer_with, learnt, register};
use crate::stage::{FAR_SDP, SDP, Stage, account};

const EDGES: [&str; 2] = ["wss://edge1.example.com/sip", "wss://edge2.example.com/sip"];

fn doubly() -> Account {
    Account { flows: Some(2), ..account() }
}

/// A phone that is registered over two flows: the one that calls leave by, and the other.
fn registered() -> (Stage, FlowId, FlowId) {
    let mut alice = Stage::new();
    alice.does(register(doubly())).opens_to(EDGES[0]).says("REGISTER").hears_answer(200);
    let first = alice.flow;
    alice.opens_to(EDGES[1]).says("REGISTER").hears_answer(200);
    let second = alice.flow;
    alice.flow = first;
    alice.forgets();
    (alice, first, second)
}

fn loses(stage: &mut Stage, flow: FlowId) {
    stage.gives(Input::Link(flow, LinkEvent::Closed { code: 1006, reason: String::new() }));
}

/// A call that is up, on the phone's first flow.
fn in_call() -> (Stage, FlowId, FlowId, Far) {
    let (mut alice, first, second) = registered();
    alice.dials("bob");
    alice.says_on(first, "INVITE");
    let answer = alice.last.answer_with_sdp(200, FAR_SDP);
    let bob = Far::called(&alice.last);
    alice.hears(answer).says("ACK").forgets();
    (alice, first, second, bob)
}

#[test]
fn each_flow_is_registered_by_the_same_instance_under_its_own_number() {
    let mut alice = Stage::new();
    alice.does(register(doubly())).opens_to(EDGES[0]).says("REGISTER");
    assert!(alice.linked.is_empty(), "the second waits for the first");
    let first = alice.last.clone();
    alice.hears_answer(200).opens_to(EDGES[1]).says("REGISTER");
    let (one, two) = (first.header("Contact"), alice.last.header("Contact"));
    assert!(one.contains(";reg-id=1;") && two.contains(";reg-id=2;"), "{two}");
    let instance = |contact: &str| contact.split("+sip.instance=").nth(1).map(str::to_owned);
    assert_eq!(instance(&one), instance(&two));
    assert_ne!(first.header("Call-ID"), alice.last.header("Call-ID"));
    alice.hears_answer(200);
    // The page is told of one registration.
    assert_eq!(learnt(&mut alice), ["registering", "started", "registered 600"]);
    assert!(alice.linked.is_empty());
}

#[test]
fn flows_are_bounded() {
    for flows in [0, 5, u32::MAX] {
        let account = Account { flows: Some(flows), ..account() };
        Stage::new().refuses(register(account), ApiMisuse::BadAccount("flows"));
    }
}

#[test]
fn losing_a_flow_is_no_loss_of_the_registration() {
    for lost in [0, 1] {
        let (mut alice, first, second) = registered();
        loses(&mut alice, [first, second][lost]);
        assert_eq!(learnt(&mut alice), [] as [&str; 0]);
        // Calls leave by the one that is there.
        let call = alice.dials("bob");
        alice.says_on([second, first][lost], "INVITE");
        alice.does(Command::Hangup(call)).forgets_said();
        // The lost one comes back, registers again, and the page hears nothing of it.
        alice.opens_to(EDGES[lost]).says("REGISTER");
        assert!(alice.last.header("Contact").contains(&format!(";reg-id={};", lost + 1)));
        alice.hears_answer(200);
        assert_eq!(learnt(&mut alice), [] as [&str; 0]);
    }
}

#[test]
fn losing_both_is_a_loss_and_whichever_comes_first_ends_it() {
    for back in [0, 1] {
        let (mut alice, first, second) = registered();
        loses(&mut alice, first);
        assert_eq!(learnt(&mut alice), [] as [&str; 0]);
        loses(&mut alice, second);
        assert_eq!(learnt(&mut alice), ["reconnecting 1"]);
        let mut opening: Vec<_> = alice.linked.drain(..).collect();
        alice.linked.push_back(opening.remove(back));
        alice.opens_to(EDGES[back]).says("REGISTER").hears_answer(200);
        assert_eq!(learnt(&mut alice), ["reconnected", "registered 600"]);
        alice.dials("bob");
        let flow = alice.flow;
        alice.says_on(flow, "INVITE");
    }
}

#[test]
fn a_call_comes_in_on_any_flow_and_is_answered_there() {
    let (mut alice, _, second) = registered();
    alice.flow = second;
    let mut bob = alice.far();
    alice.hears(bob.invite(SDP)).says_on(second, "180");
    let told = alice.tells_of(|event| matches!(event, UaEvent::Call { .. }));
    let UaEvent::Call { call, .. } = told else { unreachable!() };
    alice.does(Command::Answer(cc_sdk::api::CallId(call))).says_on(second, "200");
    bob.learns(&alice.last);
    alice.hears(bob.request(Method::Ack));
    alice.does(Command::Hangup(cc_sdk::api::CallId(call))).says_on(second, "BYE");
}

#[test]
fn the_same_call_over_both_flows_rings_once() {
    let (mut alice, first, second) = registered();
    let mut bob = alice.far();
    let invite = bob.invite(SDP);
    alice.flow = first;
    alice.hears(&invite).says("180");
    alice.flow = second;
    let again = invite.to_string().replace("z9hG4bKbob1", "z9hG4bKfork");
    alice.hears(again).says("482");
}

#[test]
fn a_call_on_a_lost_flow_moves_to_the_other_at_once() {
    let (mut alice, first, second, mut bob) = in_call();
    loses(&mut alice, first);
    let ended =
        |event: &UaEvent| matches!(event, UaEvent::CallState { state: CallState::Ended, .. });
    assert!(!alice.told.iter().any(|(_, event)| ended(event)));
    alice.flow = second;
    alice.hears(bob.request(Method::Options)).says_on(second, "200");
    alice.hears(bob.invite(SDP)).says_on(second, "200").hears(bob.request(Method::Ack));
    alice.hears(bob.request(Method::Bye)).says_on(second, "200");
    alice.tells_of(ended);
}

#[test]
fn a_call_on_the_other_flow_is_not_disturbed() {
    let (mut alice, _, second, mut bob) = in_call();
    loses(&mut alice, second);
    alice.says_nothing().tells_nothing();
    alice.hears(bob.request(Method::Options)).says("200");
}

#[test]
fn a_new_credential_is_for_all_flows() {
    let (mut alice, first, second) = registered();
    alice.does(register(Account { password: Some("new".into()), ..doubly() }));
    alice.says_on(first, "REGISTER").hears_answer(200).says_on(second, "REGISTER");
    alice.flow = second;
    let challenge = "Digest realm=\"r\", nonce=\"n\"";
    let challenged = answer_with(&alice, 401, &[("WWW-Authenticate", challenge)]);
    alice.hears(challenged).says("REGISTER").hears_answer(200).says_nothing();
    assert_eq!(learnt(&mut alice), ["registered 600"]);
}

#[test]
fn a_new_credential_has_its_outcome_whatever_flow_is_lost() {
    let (mut alice, first, _) = registered();
    alice.does(register(Account { password: Some("new".into()), ..doubly() })).says("REGISTER");
    loses(&mut alice, first);
    assert_eq!(learnt(&mut alice), ["reconnecting 1"]);
    alice.opens_to(EDGES[0]).says("REGISTER").hears_answer(403);
    assert_eq!(learnt(&mut alice), ["reconnected", "failed auth 403", "registered 10"]);
}

#[test]
fn unregister_takes_every_binding_back_and_closes_every_link() {
    let (mut alice, first, second) = registered();
    alice.does(Command::Unregister);
    let mut taken_back = Vec::new();
    while !alice.said.is_empty() {
        alice.says("REGISTER");
        assert_eq!(alice.last.header("Expires"), "0");
        taken_back.push(alice.last.header("Contact").contains(";reg-id=2;"));
        if alice.last.header("Contact").contains(";reg-id=1;") {
            alice.flow = first;
            alice.hears_answer(200);
        }
    }
    taken_back.sort_unstable();
    assert_eq!(taken_back, [false, true]);
    let closed: Vec<_> = alice.linked.drain(..).collect();
    assert!(closed.contains(&(first, LinkRequest::Close)));
    assert!(closed.contains(&(second, LinkRequest::Close)));
    assert_eq!(learnt(&mut alice), ["none", "stopped"]);
    alice.passes(3600 * SECOND).says_nothing();
    assert!(alice.linked.is_empty());
}

#[test]
fn a_call_on_a_further_flow_keeps_it_after_unregister() {
    let (mut alice, first, second) = registered();
    alice.flow = second;
    let mut bob = alice.far();
    alice.hears(bob.invite(SDP)).says_on(second, "180").forgets();
    alice.does(Command::Unregister).says_on(first, "REGISTER");
    alice.flow = first;
    alice.hears_answer(200);
    assert!(!alice.linked.contains(&(second, LinkRequest::Close)));
    alice.flow = second;
    alice.hears(bob.request(Method::Cancel));
    assert!(alice.linked.contains(&(second, LinkRequest::Close)));
}

#[test]
fn fewer_flows_are_a_change_of_place() {
    let (mut alice, _, _) = registered();
    alice.does(register(account())).opens_to(EDGES[0]).says("REGISTER").hears_answer(200);
    let closed = alice.linked.iter().filter(|(_, it)| *it == LinkRequest::Close).count();
    assert_eq!(closed, 2);
    // The second binding is taken back, since no other replaces it.
    let taken_back: Vec<_> = alice.said.drain(..).collect();
    assert_eq!(taken_back.len(), 1);
    assert!(taken_back[0].header("Contact").contains(";reg-id=2;"));
}

#[test]
fn a_refusal_for_good_ends_all_flows() {
    let (mut alice, first, second) = registered();
    while alice.said.is_empty() {
        alice.passes(SECOND);
    }
    alice.flow =
        if alice.said[0].header("Contact").contains(";reg-id=1;") { first } else { second };
    alice.says("REGISTER").hears_answer(403).passes(300 * SECOND);
    while !alice.said.is_empty() {
        let seat = alice.said[0].header("Contact").contains(";reg-id=1;");
        alice.flow = if seat { first } else { second };
        alice.says("REGISTER").hears_answer(403);
    }
    assert_eq!(learnt(&mut alice).last().unwrap(), "failed auth 403");
    assert!(alice.linked.contains(&(second, LinkRequest::Close)));
    alice.passes(3600 * SECOND).says_nothing();
}

#[test]
fn one_flow_that_cannot_be_had_does_not_matter() {
    let mut alice = Stage::new();
    alice.does(register(doubly())).opens_to(EDGES[0]).says("REGISTER").hears_answer(200);
    for _ in 0..6 {
        alice.fails_to_open();
        while alice.linked.is_empty() {
            alice.passes(SECOND);
        }
    }
    assert_eq!(learnt(&mut alice), ["registering", "started", "registered 600"]);
}

#[test]
fn several_calls_over_two_flows_each_stay_on_theirs() {
    let (mut alice, first, second) = registered();
    alice.does(Command::Configure(Config { calls_at_once: 2, ..Config::default() }));
    alice.flow = second;
    let mut bob = alice.far();
    alice.hears(bob.invite(SDP)).says_on(second, "180");
    alice.dials("carol");
    alice.says_on(first, "INVITE").forgets();
    loses(&mut alice, first);
    // What waited for an answer there is lost; the other call rings on.
    alice.flow = second;
    alice.hears(bob.request(Method::Cancel)).says_on(second, "200 CANCEL").says_on(second, "487");
}
