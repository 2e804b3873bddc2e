//! One-time tokens: one INVITE each, and calls that wait for one that names them.

use std::time::Duration;

use cc_gateway::media::{MediaReply, MediaRequest, Sound};
use cc_gateway::tokens::jws::DEMO_SECRET;
use cc_sdk::FlowId;
use serde_json::{Value, json};

use crate::phone::{Heard, Phone};
use crate::stage::{Stage, jws, proxy};

/// A token of visitor 1, good for one call.
fn token(stage: &Stage, name: &str, more: &Value) -> String {
    let now = stage.now.since_epoch().as_secs();
    let mut claims = json!({
        "sub": "visitor-1", "aud": "localhost", "jti": name, "iat": now, "exp": now + 300, "once": true
    });
    for (field, value) in more.as_object().into_iter().flatten() {
        claims[field] = value.clone();
    }
    let token = jws(&json!({ "alg": "HS256", "kid": "demo" }), &claims, DEMO_SECRET);
    format!("Bearer {token}")
}

/// A visitor that has not registered.
fn visitor(stage: &mut Stage) -> (Phone, FlowId) {
    (Phone::new("visitor-1", "v"), stage.opens())
}

/// Alice calls the number that waits; her phone, its flow, and the Call-ID.
fn waits(stage: &mut Stage) -> (Phone, FlowId, String) {
    let (mut alice, on, token) = stage.registers("alice", "a");
    let invite = alice.invite("9189", &proxy(&token));
    stage.sends(on, &invite);
    stage.hears_one(on, "180");
    (alice, on, Heard(invite).header("Call-ID"))
}

#[test]
fn a_call_without_registration_goes_through_once() {
    let mut stage = Stage::new();
    let (bob, at_bob, _) = stage.registers("bob", "b");
    let (mut visitor, on) = visitor(&mut stage);
    let token = token(&stage, "1", &json!({}));
    stage.sends(on, visitor.invite("bob", &proxy(&token)));
    let invite = stage.hears_one(at_bob, "INVITE");
    assert!(!invite.0.contains("Bearer"), "{}", invite.0);
    stage.sends(at_bob, bob.answer(200, &invite, ""));
    let ok = stage.hears(on).pop().unwrap();
    assert_eq!(ok.what(), "200");
    // What belongs to the call needs no token.
    stage.sends(on, visitor.within("ACK", &ok, "", ""));
    stage.hears_one(at_bob, "ACK");
    stage.sends(on, visitor.within("BYE", &ok, "", ""));
    stage.hears_one(at_bob, "BYE");
    // And the token is worth nothing any more, to whoever has it.
    stage.sends(on, visitor.invite("bob", &proxy(&token)));
    stage.hears_one_of(on, &["403"]);
    let elsewhere = stage.opens();
    stage.sends(elsewhere, visitor.invite("bob", &proxy(&token)));
    stage.hears_one(elsewhere, "403");
    assert!(stage.hears(at_bob).iter().all(|heard| heard.what() != "INVITE"));
}

#[test]
fn a_one_time_token_is_for_a_call_and_nothing_else() {
    let mut stage = Stage::new();
    stage.registers("bob", "b");
    let (mut visitor, on) = visitor(&mut stage);
    let once = token(&stage, "1", &json!({}));
    stage.sends(on, visitor.register(&format!("Authorization: {once}")));
    stage.hears_one(on, "403");
    for method in ["MESSAGE", "OPTIONS", "SUBSCRIBE"] {
        stage.sends(on, visitor.ask(method, "bob", &proxy(&once), ""));
        stage.hears_one(on, "403");
    }
}

#[test]
fn a_one_time_token_is_for_its_own_seat_its_time_and_its_numbers() {
    let mut stage = Stage::new();
    let (mut visitor, on) = visitor(&mut stage);
    let (mut mallory, there) = (Phone::new("alice", "m"), stage.opens());
    let first = token(&stage, "1", &json!({}));
    stage.sends(there, mallory.invite("9196", &proxy(&first)));
    stage.hears_one(there, "403");
    let limited = token(&stage, "2", &json!({ "allow": { "out": ["9197"] } }));
    stage.sends(on, visitor.invite("9196", &proxy(&limited)));
    stage.hears_one(on, "403");
    let late = token(&stage, "3", &json!({}));
    stage.passes(Duration::from_secs(300));
    stage.sends(on, visitor.invite("9196", &proxy(&late)));
    stage.hears_one(on, "407");
}

#[test]
fn a_call_that_waits_is_joined_with_the_one_that_its_token_names() {
    let mut stage = Stage::new();
    let (mut alice, at_alice, call_id) = waits(&mut stage);
    assert!(stage.media.is_empty());
    let (mut visitor, on) = visitor(&mut stage);
    let token = token(&stage, "1", &json!({ "pickup": call_id }));
    // Whatever is dialled, the token says which call it is.
    stage.sends(on, visitor.invite("pickup", &proxy(&token)));
    let [(one, first), (two, second)] = &stage.media[..] else { panic!("{:?}", stage.media) };
    let (one, two) = (*one, *two);
    let sound = |request: &MediaRequest| match request {
        MediaRequest::Offer { sound: Sound::Joined(joint), .. } => *joint,
        other => panic!("{other:?}"),
    };
    assert_eq!(sound(first), sound(second));
    stage.media_of(one, MediaReply::Answer("v=0\r\na=for-alice\r\n".into()));
    stage.media_of(two, MediaReply::Answer("v=0\r\na=for-visitor\r\n".into()));
    let (to_alice, to_visitor) = (stage.hears(at_alice).pop(), stage.hears(on).pop());
    let (to_alice, to_visitor) = (to_alice.unwrap(), to_visitor.unwrap());
    assert!(to_alice.body().contains("for-alice") && to_visitor.body().contains("for-visitor"));
    stage.sends(at_alice, alice.within("ACK", &to_alice, "", ""));
    stage.sends(on, visitor.within("ACK", &to_visitor, "", ""));
    // Who hangs up ends both.
    stage.sends(at_alice, alice.within("BYE", &to_alice, "", ""));
    stage.hears_one(at_alice, "200");
    stage.hears_one(on, "BYE");
}

#[test]
fn nobody_joins_a_call_that_is_gone_or_was_taken() {
    let mut stage = Stage::new();
    let (mut visitor, on) = visitor(&mut stage);
    let nothing = token(&stage, "1", &json!({ "pickup": "no-such-call" }));
    stage.sends(on, visitor.invite("pickup", &proxy(&nothing)));
    stage.hears_one(on, "404");
    let (_, _, call_id) = waits(&mut stage);
    let first = token(&stage, "2", &json!({ "pickup": call_id }));
    stage.sends(on, visitor.invite("pickup", &proxy(&first)));
    let second = token(&stage, "3", &json!({ "pickup": call_id }));
    stage.sends(on, visitor.invite("pickup", &proxy(&second)));
    assert_eq!(stage.hears(on).pop().unwrap().what(), "404");
}

#[test]
fn a_call_that_nobody_takes_ends() {
    let mut stage = Stage::new();
    let (_, at_alice, _) = waits(&mut stage);
    stage.passes(Duration::from_secs(181));
    assert_eq!(stage.hears_what(at_alice), ["480"]);
}
