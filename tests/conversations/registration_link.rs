//! Connecting, failing over, backing off, keeping alive: RFC 7118, RFC 5626 §4.4 and §4.5.

use std::time::Duration;

use cc_sdk::account::Account;
use cc_sdk::api::UaEvent;
use cc_sdk::{FlowId, Input, LinkEvent, LinkRequest};

use crate::registration::{SECOND, at_one_server, learnt, register, waits};
use crate::stage::{Stage, account};

/// A registered phone whose keep-alives the script answers.
#[track_caller]
fn watched() -> Stage {
    let mut alice = Stage::registered_as(at_one_server());
    alice.keep_alive_by_hand();
    alice
}

/// Lets time pass until the phone asks for a connection; how long that took.
#[track_caller]
fn until_link(stage: &mut Stage, at_most: Duration) -> Duration {
    let begun = stage.now;
    while stage.linked.is_empty() {
        let due = stage.agent.next_timeout().expect("something is due");
        stage.passes(due.since(stage.now));
        assert!(stage.now.since(begun) <= at_most, "no connection is asked for");
    }
    stage.now.since(begun)
}

#[test]
fn servers_are_tried_in_their_order_without_a_pause() {
    let mut alice = Stage::new();
    alice.does(register(account()));
    let urls: Vec<_> = [alice.linked[0].1.clone()].into();
    assert_eq!(urls, [LinkRequest::Open { url: "wss://edge1.example.com/sip".into() }]);
    alice
        .fails_to_open()
        .opens_to("wss://edge2.example.com/sip")
        .says("REGISTER")
        .hears_answer(200);
    assert_eq!(learnt(&mut alice), ["registering", "started", "registered 600"]);
}

#[test]
fn when_no_server_can_be_reached_it_is_told_once_and_tried_on() {
    let mut alice = Stage::new();
    alice.does(register(account())).fails_to_open().fails_to_open();
    assert_eq!(learnt(&mut alice), ["registering", "start failed", "failed network"]);
    for _ in 0..5 {
        until_link(&mut alice, 60 * SECOND);
        alice.fails_to_open().fails_to_open();
    }
    assert_eq!(learnt(&mut alice), [""; 0]);
    until_link(&mut alice, 60 * SECOND);
    alice.opens_to("wss://edge1.example.com/sip").says("REGISTER").hears_answer(200);
    assert_eq!(learnt(&mut alice), ["started", "registered 600"]);
}

#[test]
fn waits_double_with_jitter_up_to_a_minute() {
    let mut alice = Stage::new();
    alice.does(register(at_one_server())).fails_to_open();
    for full in [2, 4, 8, 16, 32, 60, 60, 60] {
        let wait = until_link(&mut alice, 61 * SECOND);
        let full = full * SECOND;
        assert!(full / 2 <= wait && wait <= full, "{wait:?} of {full:?}");
        alice.fails_to_open();
    }
}

#[test]
fn phones_do_not_come_back_at_the_same_moment() {
    let waits: Vec<_> = (0..8)
        .map(|seed| {
            let mut alice = Stage::new();
            alice.agent = cc_sdk::UserAgent::new([seed; 32]);
            alice.does(register(at_one_server())).fails_to_open();
            until_link(&mut alice, 2 * SECOND)
        })
        .collect();
    assert!(waits.iter().any(|wait| *wait != waits[0]), "{waits:?}");
}

#[test]
fn a_connection_that_never_opens_is_given_up() {
    let mut alice = Stage::new();
    alice.does(register(account()));
    let (flow, _) = alice.linked.pop_front().unwrap();
    alice.passes(8 * SECOND);
    assert_eq!(alice.linked.pop_front(), Some((flow, LinkRequest::Close)));
    // What becomes of it later concerns nobody.
    alice.gives(Input::Link(flow, LinkEvent::Opened)).says_nothing();
    alice.opens_to("wss://edge2.example.com/sip").says("REGISTER");
    alice.gives(Input::Link(flow, LinkEvent::Closed { code: 1006, reason: String::new() }));
    alice.hears_answer(200);
    assert_eq!(learnt(&mut alice), ["registering", "started", "registered 600"]);
    let mut alice = Stage::new();
    alice.does(register(at_one_server())).passes(8 * SECOND);
    assert_eq!(learnt(&mut alice), ["registering", "start failed", "failed timeout"]);
}

#[test]
fn a_server_that_accepts_and_says_nothing_is_left_for_the_next_one() {
    let mut alice = Stage::new();
    alice.does(register(account())).opens().says("REGISTER").passes(10 * SECOND).closes();
    alice.opens_to("wss://edge2.example.com/sip").says("REGISTER").passes(10 * SECOND).closes();
    let told = learnt(&mut alice);
    assert_eq!(told.last().unwrap(), "failed timeout", "{told:?}");
    assert_eq!(told.iter().filter(|event| event.starts_with("failed")).count(), 1);
    // And again, with longer and longer waits, until it speaks.
    until_link(&mut alice, 3 * SECOND);
    alice.opens().says("REGISTER").hears_answer(200);
    assert_eq!(learnt(&mut alice).last().unwrap(), "registered 600");
}

#[test]
fn a_server_that_accepts_and_hangs_up_is_no_endless_loop() {
    let mut alice = Stage::new();
    alice.does(register(at_one_server()));
    let begun = alice.now;
    for _ in 0..8 {
        until_link(&mut alice, 61 * SECOND);
        alice.opens().says("REGISTER").loses_link();
    }
    assert!(alice.now.since(begun) > 60 * SECOND);
    // Nor one that registers us and then hangs up.
    let mut alice = Stage::new();
    alice.does(register(at_one_server()));
    let begun = alice.now;
    for _ in 0..8 {
        until_link(&mut alice, 61 * SECOND);
        alice.opens().says("REGISTER").hears_answer(200).loses_link();
    }
    assert!(alice.now.since(begun) > 60 * SECOND);
}

#[test]
fn a_lost_link_is_tried_again_at_once_and_registers_again() {
    let mut alice = Stage::registered();
    let lost = alice.flow;
    alice.loses_link();
    assert_eq!(
        alice.told.front().map(|told| &told.1),
        Some(&UaEvent::Reconnecting { retry_in_ms: 0, attempt: 1 })
    );
    alice.opens_to("wss://edge1.example.com/sip").says("REGISTER").hears_answer(200);
    assert_ne!(alice.flow, lost);
    assert_eq!(learnt(&mut alice), ["reconnecting 1", "reconnected", "registered 600"]);
}

#[test]
fn a_server_that_is_away_for_a_while_is_found_again() {
    let mut alice = Stage::registered_as(at_one_server());
    alice.passes(300 * SECOND).loses_link();
    for _ in 0..3 {
        until_link(&mut alice, 10 * SECOND);
        alice.fails_to_open();
    }
    until_link(&mut alice, 10 * SECOND);
    alice.opens().says("REGISTER").hears_answer(200);
    let told = learnt(&mut alice);
    let kept: Vec<_> = told.iter().filter(|event| !event.starts_with("reconnecting")).collect();
    assert_eq!(told[..4], ["reconnecting 1", "reconnecting 2", "reconnecting 3", "reconnecting 4"]);
    assert_eq!(kept.last().unwrap().as_str(), "registered 600");
}

#[test]
fn a_registration_counts_for_a_moment_after_its_flow_and_then_no_longer() {
    let mut alice = Stage::registered_as(at_one_server());
    alice.loses_link().fails_to_open().forgets();
    alice.passes(Duration::from_millis(9_999)).forgets();
    alice.passes(Duration::from_millis(1));
    assert_eq!(learnt(&mut alice), ["registering"]);
}

#[test]
fn a_network_that_is_back_ends_the_wait() {
    let mut alice = Stage::registered_as(at_one_server());
    alice.loses_link();
    for _ in 0..6 {
        until_link(&mut alice, 61 * SECOND);
        alice.fails_to_open();
    }
    assert!(alice.linked.is_empty());
    alice.gives(Input::Online).opens().says("REGISTER").hears_answer(200);
    assert_eq!(learnt(&mut alice).last().unwrap(), "registered 600");
}

#[test]
fn a_network_that_is_back_puts_an_open_link_to_the_test() {
    let mut alice = watched();
    alice.passes(10 * SECOND).says_nothing().gives(Input::Online);
    waits(&mut alice, Duration::ZERO).says("keep-alive").hears("\r\n");
    alice.passes(24 * SECOND).says_nothing();
    assert!(alice.linked.is_empty());
}

#[test]
fn silence_is_asked_for_a_sign_of_life_and_any_frame_is_one() {
    let mut alice = watched();
    alice.passes(Duration::from_millis(24_999)).says_nothing();
    alice.passes(Duration::from_millis(1)).says("keep-alive").hears("\r\n");
    alice.passes(20 * SECOND).hears("\r\n\r\n").passes(24 * SECOND).forgets();
    alice.passes(SECOND).says("keep-alive").passes(3 * SECOND);
    // Not the answer, but a frame.
    let options = alice.far().request(cc_sdk::sip::Method::Options);
    alice.hears(options).says("200 OPTIONS").passes(24 * SECOND).says_nothing();
    alice.passes(SECOND).says("keep-alive");
    assert!(alice.linked.is_empty());
}

#[test]
fn a_server_that_does_not_answer_crlf_is_asked_by_options_from_then_on() {
    let mut alice = watched();
    alice
        .passes(25 * SECOND)
        .says("keep-alive")
        .passes(Duration::from_millis(3_999))
        .says_nothing();
    alice.passes(Duration::from_millis(1)).says("OPTIONS");
    assert_eq!(alice.last.message().request_uri(), Some("sip:example.com"));
    alice.hears_answer(404);
    for _ in 0..3 {
        alice.passes(25 * SECOND).says("OPTIONS").hears_answer(200);
    }
    // Also on the next connection to it.
    alice.forgets().loses_link().opens().says("REGISTER").hears_answer(200);
    alice.passes(25 * SECOND).says("OPTIONS").hears_answer(405);
    assert!(learnt(&mut alice).iter().all(|event| !event.starts_with("failed")));
}

#[test]
fn a_silent_options_means_that_the_flow_is_dead() {
    let mut alice = watched();
    let dead = alice.flow;
    alice.passes(25 * SECOND).says("keep-alive").passes(4 * SECOND).says("OPTIONS");
    alice.passes(6 * SECOND);
    assert_eq!(alice.linked.pop_front(), Some((dead, LinkRequest::Close)));
    alice.opens().says("REGISTER").hears_answer(200);
    assert_eq!(learnt(&mut alice), ["reconnecting 1", "reconnected", "registered 600"]);
    // Frames of the old one are nobody's.
    alice
        .gives(Input::Frame(dead, b"OPTIONS sip:x SIP/2.0\r\n\r\n"))
        .says_nothing()
        .tells_nothing();
}

#[test]
fn in_a_call_silence_is_suspicious_after_five_seconds() {
    let mut alice = watched();
    alice.dials("9196");
    alice.says("INVITE").hears_answer(180).forgets();
    alice.passes(5 * SECOND).says("keep-alive").hears("\r\n");
    alice.passes(5 * SECOND).says("keep-alive");
}

#[test]
fn a_flow_that_is_nobodys_changes_nothing() {
    let mut alice = Stage::registered();
    let stranger = FlowId(99_999);
    alice.gives(Input::Link(stranger, LinkEvent::Opened));
    alice.gives(Input::Link(stranger, LinkEvent::Closed { code: 1000, reason: "bye".into() }));
    alice.gives(Input::Frame(stranger, b"\r\n\r\n")).says_nothing().tells_nothing();
    // Opened twice.
    let flow = alice.flow;
    alice.gives(Input::Link(flow, LinkEvent::Opened)).says_nothing().tells_nothing();
}

#[test]
fn a_plain_link_to_this_machine_says_so_in_its_via() {
    let mut alice = Stage::new();
    let local = Account { servers: vec!["ws://localhost:8080/sip".into()], ..account() };
    alice.does(register(local)).opens_to("ws://localhost:8080/sip").says("REGISTER");
    assert!(alice.last.header("Via").starts_with("SIP/2.0/WS "));
}
