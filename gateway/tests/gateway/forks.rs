//! The forking proxy, RFC 3261 §16.

use std::time::Duration;

use cc_sdk::FlowId;

use crate::phone::{Heard, Phone};
use crate::stage::{Stage, proxy};

/// Alice and two phones of bob's, all registered, and her INVITE to him on its way.
struct Fork {
    stage: Stage,
    alice: (Phone, FlowId),
    bobs: [(Phone, FlowId, Heard); 2],
    invite: String,
}

impl Fork {
    fn new() -> Self {
        let mut stage = Stage::new();
        let (mut alice, on, token) = stage.registers("alice", "a");
        let bobs_token = stage.token("bob");
        let (first, at_first) = stage.registers_with("bob", "b1", &bobs_token);
        let (second, at_second) = stage.registers_with("bob", "b2", &bobs_token);
        let invite = alice.invite("bob", &proxy(&token));
        stage.sends(on, &invite);
        let bobs = [(first, at_first), (second, at_second)].map(|(phone, flow)| {
            let heard = stage.hears_one(flow, "INVITE");
            (phone, flow, heard)
        });
        Self { stage, alice: (alice, on), bobs, invite }
    }

    fn bob_says(&mut self, which: usize, status: u16) {
        let (phone, flow, invite) = &self.bobs[which];
        let answer = phone.answer(status, invite, "");
        self.stage.sends(*flow, answer);
    }

    fn bob_hears(&mut self, which: usize) -> Vec<String> {
        self.stage.hears_what(self.bobs[which].1)
    }

    fn alice_hears(&mut self) -> Vec<String> {
        self.stage.hears_what(self.alice.1)
    }
}

#[test]
fn every_contact_rings_with_a_request_uri_of_its_own() {
    let fork = Fork::new();
    for (phone, _, invite) in &fork.bobs {
        assert!(invite.0.starts_with(&format!("INVITE {} SIP/2.0", phone.contact())));
        assert_eq!(invite.all("Via").len(), 2);
        assert_eq!(invite.header("Max-Forwards"), "69");
    }
}

#[test]
fn the_first_who_answers_has_the_call_and_the_others_are_cancelled() {
    let mut fork = Fork::new();
    fork.bob_says(0, 180);
    fork.bob_says(1, 180);
    assert_eq!(fork.alice_hears(), ["180", "180"]);
    fork.bob_says(1, 200);
    let ok = fork.stage.hears_one(fork.alice.1, "200");
    assert!(ok.header("To").contains("tag=tb2") && ok.all("Via").len() == 1);
    let cancel = fork.stage.hears_one(fork.bobs[0].1, "CANCEL");
    assert!(cancel.header("Reason").contains("cause=200"));
    fork.bob_says(0, 487);
    assert_eq!(fork.bob_hears(0), ["ACK"]);
    assert!(fork.alice_hears().is_empty());
    let ack = fork.alice.0.within("ACK", &ok, "", "");
    fork.stage.sends(fork.alice.1, ack);
    assert_eq!(fork.bob_hears(1), ["ACK"]);
}

#[test]
fn a_cancel_reaches_every_phone_and_the_487_comes_back() {
    let mut fork = Fork::new();
    fork.bob_says(0, 180);
    fork.bob_says(1, 180);
    fork.alice_hears();
    let cancel = Phone::cancel(&fork.invite);
    fork.stage.sends(fork.alice.1, cancel);
    assert_eq!(fork.alice_hears(), ["200"]);
    assert_eq!(
        (fork.bob_hears(0), fork.bob_hears(1)),
        (vec!["CANCEL".into()], vec!["CANCEL".into()])
    );
    fork.bob_says(0, 487);
    assert!(fork.alice_hears().is_empty(), "the other still may answer");
    fork.bob_says(1, 487);
    assert_eq!(fork.alice_hears(), ["487"]);
}

#[test]
fn a_cancel_that_no_phone_obeys_still_ends_the_call() {
    let mut fork = Fork::new();
    fork.bob_says(0, 486);
    let cancel = Phone::cancel(&fork.invite);
    fork.stage.sends(fork.alice.1, cancel);
    assert_eq!(fork.alice_hears(), ["200"]);
    fork.stage.closes(fork.bobs[1].1);
    assert_eq!(fork.alice_hears(), ["486"], "what a person said goes before");
    let mut fork = Fork::new();
    let cancel = Phone::cancel(&fork.invite);
    fork.stage.sends(fork.alice.1, cancel);
    fork.stage.passes(Duration::from_secs(70));
    assert_eq!(fork.alice_hears().last().unwrap(), "487");
}

#[test]
fn one_refusal_waits_for_the_others_and_the_best_one_counts() {
    for (first, second, best) in [
        (486, 480, "486"),
        (480, 486, "486"),
        (408, 404, "404"),
        (487, 480, "480"),
        (500, 486, "486"),
        (302, 486, "302"),
        (503, 503, "500"),
    ] {
        let mut fork = Fork::new();
        fork.bob_says(0, first);
        assert!(fork.alice_hears().is_empty());
        fork.bob_says(1, second);
        assert_eq!(fork.alice_hears(), [best], "{first} {second}");
    }
}

#[test]
fn a_6xx_silences_the_other_phones() {
    let mut fork = Fork::new();
    fork.bob_says(1, 180);
    fork.bob_says(0, 603);
    assert_eq!(fork.bob_hears(1), ["CANCEL"]);
    fork.bob_says(1, 487);
    assert_eq!(fork.alice_hears(), ["180", "603"]);
}

#[test]
fn two_who_answer_at_once_both_reach_the_caller() {
    let mut fork = Fork::new();
    fork.bob_says(0, 200);
    fork.bob_says(1, 200);
    let heard = fork.stage.hears(fork.alice.1);
    let tags: Vec<_> = heard.iter().map(|ok| ok.header("To")).collect();
    assert!(tags[0].contains("tag=tb1") && tags[1].contains("tag=tb2"), "{tags:?}");
    // Whom she does not want she hangs up on.
    let (ack, bye) = (
        fork.alice.0.within("ACK", &heard[1], "", ""),
        fork.alice.0.within("BYE", &heard[1], "", ""),
    );
    fork.stage.sends(fork.alice.1, ack);
    fork.stage.sends(fork.alice.1, bye);
    assert_eq!(fork.bob_hears(1).last().unwrap(), "BYE");
    assert!(!fork.bob_hears(0).contains(&"BYE".to_owned()));
}

#[test]
fn a_repeated_2xx_goes_through_until_it_is_acknowledged() {
    let mut fork = Fork::new();
    fork.bob_says(1, 486);
    fork.bob_says(0, 200);
    assert_eq!(fork.alice_hears(), ["200"]);
    fork.bob_says(0, 200);
    assert_eq!(fork.alice_hears(), ["200"]);
}

#[test]
fn silence_of_every_phone_is_a_timeout() {
    let mut fork = Fork::new();
    fork.stage.passes(Duration::from_secs(33));
    assert_eq!(fork.alice_hears(), ["100", "408"]);
}

#[test]
fn what_rings_for_three_minutes_is_cancelled() {
    let mut fork = Fork::new();
    fork.bob_says(0, 486);
    fork.bob_says(1, 180);
    fork.stage.passes(Duration::from_secs(100));
    fork.bob_says(1, 180);
    fork.stage.passes(Duration::from_secs(150));
    assert!(fork.bob_hears(1).is_empty(), "each 18x begins timer C anew");
    fork.stage.passes(Duration::from_secs(32));
    assert_eq!(fork.bob_hears(1), ["CANCEL"]);
    fork.bob_says(1, 487);
    assert_eq!(fork.alice_hears().last().unwrap(), "486");
}

#[test]
fn a_phone_that_vanishes_while_it_rings_does_not_hold_the_call() {
    let mut fork = Fork::new();
    fork.stage.closes(fork.bobs[0].1);
    assert!(fork.alice_hears().is_empty());
    fork.stage.closes(fork.bobs[1].1);
    assert_eq!(fork.alice_hears(), ["480"]);
}

#[test]
fn a_caller_who_vanishes_stops_the_ringing() {
    let mut fork = Fork::new();
    fork.bob_says(0, 180);
    fork.bob_says(1, 180);
    fork.stage.closes(fork.alice.1);
    assert_eq!(
        (fork.bob_hears(0), fork.bob_hears(1)),
        (vec!["CANCEL".into()], vec!["CANCEL".into()])
    );
}

#[test]
fn a_call_lives_and_ends_from_either_side() {
    for callee_hangs_up in [false, true] {
        let mut stage = Stage::new();
        let (mut alice, on, token) = stage.registers("alice", "a");
        let (mut bob, at, _) = stage.registers("bob", "b");
        stage.sends(on, alice.invite("1002", &proxy(&token)));
        let invite = stage.hears_one(at, "INVITE");
        stage.sends(at, bob.answer(200, &invite, ""));
        let ok = stage.hears_one(on, "200");
        stage.sends(on, alice.within("ACK", &ok, "", ""));
        stage.hears_one(at, "ACK");
        let invite = bob.tagged(&invite);
        stage.sends(at, bob.within("INFO", &invite, "", "5"));
        let info = stage.hears_one(on, "INFO");
        assert_eq!(info.body(), "5");
        stage.sends(on, alice.answer(200, &info, ""));
        stage.hears_one(at, "200");
        let (first, other, bye) = if callee_hangs_up {
            (at, on, bob.within("BYE", &invite, "", ""))
        } else {
            (on, at, alice.within("BYE", &ok, &proxy(&token), ""))
        };
        stage.sends(first, &bye);
        let bye = stage.hears_one(other, "BYE");
        assert!(!bye.0.contains("Authorization"));
        let other_phone = if callee_hangs_up { &alice } else { &bob };
        stage.sends(other, other_phone.answer(200, &bye, ""));
        stage.hears_one(first, "200");
    }
}

#[test]
fn unknown_numbers_seats_without_a_phone_and_tired_requests_are_told_apart() {
    let mut stage = Stage::new();
    let (mut alice, on, token) = stage.registers("alice", "a");
    for (target, status) in [("nobody", "404"), ("1004", "480"), ("9190", "486"), ("9191", "603")] {
        stage.sends(on, alice.invite(target, &proxy(&token)));
        assert_eq!(stage.hears_what(on), [status], "{target}");
    }
    let tired = alice.invite("bob", &proxy(&token)).replace("Max-Forwards: 70", "Max-Forwards: 0");
    stage.sends(on, tired);
    stage.hears_one(on, "483");
    stage.sends(on, alice.invite("bob", "Proxy-Require: magic"));
    assert_eq!(stage.hears_one(on, "420").header("Unsupported"), "magic");
    let foreign = alice
        .invite("bob", &proxy(&token))
        .replace("INVITE sip:bob@localhost", "INVITE sip:bob@example.com");
    stage.sends(on, foreign);
    stage.hears_one(on, "404");
    stage.sends(on, alice.ask("BYE", "bob", "", ""));
    stage.hears_one(on, "481");
}

#[test]
fn a_message_outside_of_calls_reaches_the_seat() {
    let mut stage = Stage::new();
    let (mut alice, on, token) = stage.registers("alice", "a");
    let (bob, at, _) = stage.registers("bob", "b");
    stage.sends(on, alice.ask("MESSAGE", "bob", &proxy(&token), "hello"));
    let heard = stage.hears_one(at, "MESSAGE");
    assert_eq!(heard.body(), "hello");
    stage.sends(at, bob.answer(200, &heard, ""));
    stage.hears_one(on, "200");
}
