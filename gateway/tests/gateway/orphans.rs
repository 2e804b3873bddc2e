//! Flows that are gone while their calls are up.

use std::time::Duration;

use cc_sdk::FlowId;

use crate::phone::{Heard, Phone};
use crate::stage::{Stage, proxy};

struct Up {
    stage: Stage,
    alice: (Phone, FlowId, String),
    bob: (Phone, FlowId),
    ok: Heard,
}

fn call_up() -> Up {
    let mut stage = Stage::new();
    let (mut alice, on, token) = stage.registers("alice", "a");
    let (bob, at, _) = stage.registers("bob", "b");
    stage.sends(on, alice.invite("bob", &proxy(&token)));
    let invite = stage.hears_one(at, "INVITE");
    stage.sends(at, bob.answer(200, &invite, ""));
    let ok = stage.hears_one(on, "200");
    stage.sends(on, alice.within("ACK", &ok, "", ""));
    stage.hears_one(at, "ACK");
    Up { stage, alice: (alice, on, token), bob: (bob, at), ok }
}

#[test]
fn a_page_that_does_not_come_back_within_25_seconds_is_hung_up_for() {
    let mut up = call_up();
    up.stage.closes(up.alice.1);
    up.stage.passes(Duration::from_secs(24));
    assert!(up.stage.hears(up.bob.1).is_empty());
    up.stage.passes(Duration::from_secs(2));
    let bye = up.stage.hears_one(up.bob.1, "BYE");
    assert!(
        bye.header("From").contains("sip:alice@localhost") && bye.header("To").contains("tag=tb")
    );
    assert!(bye.0.starts_with(&format!("BYE {} ", up.bob.0.contact())));
}

#[test]
fn a_page_that_comes_back_on_a_new_flow_keeps_its_call() {
    let mut up = call_up();
    up.stage.closes(up.alice.1);
    up.stage.passes(Duration::from_secs(10));
    let flow = up.stage.opens();
    let register = up.alice.0.register(&format!("Authorization: {}", up.alice.2));
    up.stage.sends(flow, register);
    up.stage.hears_one(flow, "200");
    let reinvite = up.alice.0.within("INVITE", &up.ok, &proxy(&up.alice.2), "v=0\r\n");
    up.stage.sends(flow, reinvite);
    let heard = up.stage.hears_one(up.bob.1, "INVITE");
    let answer = up.bob.0.answer(200, &heard, "");
    up.stage.sends(up.bob.1, answer);
    let ok = up.stage.hears_one(flow, "200");
    let ack = up.alice.0.within("ACK", &ok, "", "");
    up.stage.sends(flow, ack);
    up.stage.hears_one(up.bob.1, "ACK");
    up.stage.passes(Duration::from_secs(60));
    assert!(up.stage.hears(up.bob.1).is_empty());
}

#[test]
fn a_stranger_does_not_get_into_a_call_whose_tags_it_knows() {
    let mut up = call_up();
    let (_, stranger, carols_token) = up.stage.registers("carol", "c");
    for lines in [String::new(), proxy(&carols_token)] {
        let bye = up.alice.0.within("BYE", &up.ok, &lines, "");
        up.stage.sends(stranger, bye);
        up.stage.hears_one(stranger, "407");
    }
    assert!(up.stage.hears(up.bob.1).is_empty());
    let bye = up.alice.0.within("BYE", &up.ok, "", "");
    up.stage.sends(up.alice.1, bye);
    up.stage.hears_one(up.bob.1, "BYE");
}

#[test]
fn a_new_token_of_the_caller_does_not_cut_its_call() {
    let mut up = call_up();
    up.stage.token("alice");
    let bye = up.alice.0.within("BYE", &up.ok, &proxy(&up.alice.2), "");
    up.stage.sends(up.alice.1, bye);
    up.stage.hears_one(up.bob.1, "BYE");
}

#[test]
fn hanging_up_on_somebody_who_is_gone_just_works() {
    let mut up = call_up();
    up.stage.closes(up.bob.1);
    let bye = up.alice.0.within("BYE", &up.ok, "", "");
    up.stage.sends(up.alice.1, bye);
    up.stage.hears_one(up.alice.1, "200");
    up.stage.passes(Duration::from_secs(60));
    assert!(up.stage.hears(up.alice.1).is_empty());
}

#[test]
fn a_bye_finds_a_page_that_came_back_and_has_only_registered_yet() {
    let mut up = call_up();
    up.stage.closes(up.bob.1);
    let flow = up.stage.opens();
    let token = up.stage.token("bob");
    let register = up.bob.0.register(&format!("Authorization: {token}"));
    up.stage.sends(flow, register);
    up.stage.hears_one(flow, "200");
    let bye = up.alice.0.within("BYE", &up.ok, "", "");
    up.stage.sends(up.alice.1, bye);
    up.stage.hears_one(flow, "BYE");
}

#[test]
fn a_call_of_before_a_restart_is_taken_up_again() {
    let mut up = call_up();
    // The new gateway knows nothing but who registers.
    let mut stage = Stage::new();
    let (on, at) = (stage.opens(), stage.opens());
    let (alice, bob) = (&mut up.alice.0, &mut up.bob.0);
    for (phone, flow) in [(&mut *alice, on), (&mut *bob, at)] {
        let token = stage.token(&phone.seat);
        stage.sends(flow, phone.register(&format!("Authorization: {token}")));
        stage.hears_one(flow, "200");
    }
    stage.sends(on, alice.within("INVITE", &up.ok, "", "v=0\r\n"));
    let invite = stage.hears_one(at, "INVITE");
    stage.sends(at, bob.answer(200, &invite, ""));
    let ok = stage.hears_one(on, "200");
    stage.sends(on, alice.within("ACK", &ok, "", ""));
    stage.hears_one(at, "ACK");
    stage.sends(at, bob.within("BYE", &invite, "", ""));
    let bye = stage.hears_one(on, "BYE");
    // Both at once.
    stage.sends(on, alice.within("BYE", &ok, "", ""));
    stage.hears_one(on, "200");
    stage.sends(on, alice.answer(200, &bye, ""));
    stage.hears_one(at, "200");
}

#[test]
fn a_call_that_was_made_up_ends_at_the_phone_that_knows_nothing_of_it() {
    let mut up = call_up();
    let (mut carol, flow, _) = up.stage.registers("carol", "c");
    let made_up = Heard(
        up.ok.0.replace("From: <sip:alice@", "From: <sip:carol@").replace("tag=falice", "tag=x"),
    );
    for method in ["INVITE", "BYE"] {
        let request = carol.within(method, &made_up, "", "");
        up.stage.sends(flow, request);
        let heard = up.stage.hears(up.bob.1);
        if method == "BYE" {
            assert!(heard.is_empty());
            up.stage.hears_one(flow, "200");
        } else {
            assert!(heard[0].header("From").contains("carol"), "in nobody else's name");
            let answer = up.bob.0.answer(481, &heard[0], "");
            up.stage.sends(up.bob.1, answer);
            up.stage.hears_one(flow, "481");
            up.stage.hears(up.bob.1);
        }
    }
    let stolen = up.alice.0.within("BYE", &Heard(up.ok.0.replace("tag=falice", "tag=y")), "", "");
    up.stage.sends(flow, stolen);
    up.stage.hears_one(flow, "481");
}
