//! What cannot be used, and much of it.

use std::time::Duration;

use crate::phone::Phone;
use crate::stage::{Stage, proxy};

#[test]
fn a_request_that_can_be_answered_is_answered_400() {
    let mut stage = Stage::new();
    let flow = stage.opens();
    let good = Phone::new("alice", "a").ask("OPTIONS", "bob", "", "");
    stage.sends(flow, good.replace("CSeq: 1 OPTIONS", "CSeq: one OPTIONS"));
    stage.hears_one(flow, "400");
    stage.sends(flow, good.replace("SIP/2.0\r\nVia", "SIP/7.0\r\nVia"));
    stage.hears_one(flow, "505");
}

#[test]
fn too_much_of_it_closes_the_flow_and_no_other() {
    let mut stage = Stage::new();
    let flow = stage.opens();
    let (mut alice, on, token) = stage.registers("alice", "a");
    for number in 0..=20_u8 {
        assert!(stage.closed.is_empty());
        stage.sends(flow, [0xff, number, b'\n']);
    }
    assert_eq!(stage.closed, [flow]);
    stage.sends(on, alice.invite("bob", &proxy(&token)));
    stage.hears_one(on, "480");
}

#[test]
fn a_keep_alive_is_answered_and_an_answer_is_not() {
    let mut stage = Stage::new();
    let flow = stage.opens();
    stage.sends(flow, "\r\n\r\n");
    assert_eq!(stage.hears(flow)[0].0, "\r\n");
    stage.sends(flow, "\r\n");
    assert!(stage.hears(flow).is_empty());
}

#[test]
fn the_gateway_says_that_it_lives_without_asking_who_wants_to_know() {
    let mut stage = Stage::new();
    let flow = stage.opens();
    let options = Phone::new("alice", "a").ask("OPTIONS", "bob", "", "");
    stage.sends(flow, options.replace("sip:bob@localhost SIP", "sip:localhost SIP"));
    assert!(stage.hears_one(flow, "200").header("Allow").contains("INVITE"));
}

#[test]
fn responses_out_of_the_blue_are_nobodys() {
    let mut stage = Stage::new();
    let (alice, on, _) = stage.registers("alice", "a");
    let (mut bob, at, token) = stage.registers("bob", "b");
    stage.sends(at, bob.invite("alice", &proxy(&token)));
    let invite = stage.hears_one(on, "INVITE");
    let stray = alice.answer(200, &invite, "").replace("branch=z9hG4bK", "branch=z9hG4bKx");
    stage.sends(on, stray);
    assert!(stage.hears(at).is_empty());
}

/// A generator of xorshift's family: the same storm every time.
struct Storm(u64);

impl Storm {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

#[test]
fn a_storm_of_broken_messages_breaks_nothing() {
    let mut stage = Stage::new();
    let (mut alice, on, token) = stage.registers("alice", "a");
    let (mut bob, at, bobs_token) = stage.registers("bob", "b");
    let credential = proxy(&token);
    let mut storm = Storm(4_711);
    for round in 0..3000 {
        let flow = if round % 2 == 0 { on } else { at };
        let mut texts = vec![
            alice.invite("bob", &credential),
            alice.invite("9196", &credential),
            bob.register(&format!("Authorization: {bobs_token}")),
            bob.ask("MESSAGE", "alice", &proxy(&bobs_token), "hello"),
        ];
        texts.extend(stage.hears(on).iter().map(|heard| alice.answer(200, heard, "")));
        texts.extend(stage.hears(at).iter().map(|heard| bob.answer(180, heard, "")));
        let mut bytes = texts.swap_remove(storm.below(texts.len())).into_bytes();
        for _ in 0..storm.below(4) {
            let place = storm.below(bytes.len());
            match storm.below(4) {
                0 => bytes.truncate(place.max(1)),
                1 => bytes[place] = u8::try_from(storm.below(256)).unwrap(),
                2 => drop(bytes.remove(place)),
                _ => bytes.splice(place..place, *b";<\"\r\n@").for_each(drop),
            }
            if bytes.is_empty() {
                bytes.push(b'x');
            }
        }
        stage.sends(flow, bytes);
        stage.passes(Duration::from_millis(50));
    }
    // It still works for whoever speaks well.
    let (mut carol, there, token) = stage.registers("carol", "c");
    stage.sends(there, carol.invite("9190", &proxy(&token)));
    stage.hears_one(there, "486");
}
