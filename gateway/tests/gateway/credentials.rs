//! Who may, and above all who may not: digest, both kinds of token, and what they allow.

use std::time::Duration;

use serde_json::{Value, json};

use crate::phone::{Heard, Phone};
use crate::stage::{Stage, base64url, hex, jws, proxy};

const DEMO_SECRET: &[u8] = cc_gateway::tokens::jws::DEMO_SECRET;

fn header() -> Value {
    json!({ "alg": "HS256", "typ": "JWT", "kid": "demo" })
}

fn claims(stage: &Stage) -> Value {
    let now = stage.now.since_epoch().as_secs();
    json!({ "sub": "alice", "aud": "localhost", "jti": "1", "iat": now, "exp": now + 600 })
}

fn with(mut claims: Value, field: &str, value: Value) -> Value {
    claims[field] = value;
    claims
}

/// What a REGISTER of alice with this token is answered.
fn registers(stage: &mut Stage, token: &str) -> Heard {
    let flow = stage.opens();
    let register = Phone::new("alice", "a").register(&format!("Authorization: Bearer {token}"));
    stage.sends(flow, register);
    stage.hears(flow).remove(0)
}

#[test]
fn a_self_contained_token_registers_its_seat() {
    let mut stage = Stage::new();
    let token = jws(&header(), &claims(&stage), DEMO_SECRET);
    assert_eq!(registers(&mut stage, &token).what(), "200");
}

#[test]
fn tokens_that_are_not_as_they_must_be_are_refused() {
    let mut stage = Stage::new();
    let good = claims(&stage);
    let now = stage.now.since_epoch().as_secs();
    let signed = |claims: &Value| jws(&header(), claims, DEMO_SECRET);
    let alg = |alg: &str| with(header(), "alg", json!(alg));
    let unsigned = |header: &Value| {
        let part = |json: &Value| base64url(json.to_string().as_bytes());
        format!("{}.{}.", part(header), part(&good))
    };
    let whole = signed(&good);
    for (why, token) in [
        ("algorithm none", unsigned(&alg("none"))),
        ("algorithm None", unsigned(&alg("None"))),
        ("no signature", unsigned(&header())),
        ("another algorithm than the key's", jws(&alg("HS512"), &good, DEMO_SECRET)),
        ("asymmetric algorithm with a shared secret", jws(&alg("RS256"), &good, DEMO_SECRET)),
        ("another secret", jws(&header(), &good, b"another secret, long enough for it")),
        ("an unknown key", jws(&with(header(), "kid", json!("other")), &good, DEMO_SECRET)),
        ("no key named", jws(&json!({ "alg": "HS256" }), &good, DEMO_SECRET)),
        ("for another audience", signed(&with(good.clone(), "aud", json!("example.com")))),
        ("for no audience", signed(&with(good.clone(), "aud", json!(null)))),
        ("expired", signed(&with(good.clone(), "exp", json!(now)))),
        ("longer than eight hours", signed(&with(good.clone(), "exp", json!(now + 28_801)))),
        ("made in the future", signed(&with(good.clone(), "iat", json!(now + 300)))),
        ("without an end", signed(&with(good.clone(), "exp", json!(null)))),
        ("of a seat that is not there", signed(&with(good.clone(), "sub", json!("mallory")))),
        ("of another seat", signed(&with(good.clone(), "sub", json!("bob")))),
        (
            "with a limit that is not understood",
            signed(&with(good.clone(), "allow", json!({"x": 1}))),
        ),
        ("cut short", whole[..whole.len() - 2].to_owned()),
        ("empty", String::new()),
        ("three empty parts", "..".to_owned()),
    ] {
        let answer = registers(&mut stage, &token);
        let expected = if why == "of another seat" { "403" } else { "401" };
        assert_eq!(answer.what(), expected, "{why}");
    }
}

#[test]
fn a_public_key_is_no_shared_secret() {
    let mut stage = Stage::with_key(include_str!("ed25519.pem"));
    let token = jws(
        &json!({ "alg": "HS256", "kid": "own" }),
        &claims(&stage),
        include_bytes!("ed25519.pem"),
    );
    assert_eq!(registers(&mut stage, &token).what(), "401");
    let token = jws(
        &json!({ "alg": "EdDSA", "kid": "own" }),
        &claims(&stage),
        include_bytes!("ed25519.pem"),
    );
    assert_eq!(registers(&mut stage, &token).what(), "401");
}

#[test]
fn a_token_speaks_for_its_seat_only_in_every_header_that_names_one() {
    let mut stage = Stage::new();
    let token = format!("Authorization: Bearer {}", jws(&header(), &claims(&stage), DEMO_SECRET));
    let contact = "Contact: <sip:alice@a.invalid;transport=ws>";
    for change in ["From: <sip:alice@", "To: <sip:alice@", "Contact: <sip:alice@"] {
        let flow = stage.opens();
        let good = Phone::new("alice", "a").register_as(&format!("{contact}\n{token}"));
        assert!(good.contains(change));
        stage.sends(flow, good.replace(change, &change.replace("alice", "bob")));
        stage.hears_one(flow, "403");
    }
    let flow = stage.opens();
    let good = Phone::new("alice", "a").register_as(&format!("{contact}\n{token}"));
    stage.sends(flow, good.replace("@localhost>;tag", "@example.com>;tag"));
    stage.hears_one(flow, "403");
}

#[test]
fn an_invite_in_somebody_elses_name_is_refused() {
    let mut stage = Stage::new();
    let (mut alice, on, token) = stage.registers("alice", "a");
    stage.registers("bob", "b");
    let invite = alice.invite("bob", &proxy(&token));
    stage.sends(on, invite.replace("From: <sip:alice@", "From: <sip:carol@"));
    stage.hears_one(on, "403");
}

#[test]
fn an_anonymous_caller_is_let_through_without_its_name() {
    let mut stage = Stage::new();
    let (mut alice, on, token) = stage.registers("alice", "a");
    let (_, bob, _) = stage.registers("bob", "b");
    let lines =
        format!("{}\nPrivacy: id\nP-Preferred-Identity: <sip:alice@localhost>", proxy(&token));
    let invite = alice.invite("bob", &lines);
    stage.sends(on, invite.replace("sip:alice@localhost>;", "sip:anonymous@anonymous.invalid>;"));
    let heard = stage.hears_one(bob, "INVITE");
    assert!(!heard.0.contains("alice@localhost"), "{}", heard.0);
}

#[test]
fn the_callee_is_told_who_really_calls() {
    let mut stage = Stage::new();
    let (mut alice, on, token) = stage.registers("alice", "a");
    let (_, bob, _) = stage.registers("bob", "b");
    let lines = format!("{}\nP-Asserted-Identity: <sip:boss@localhost>", proxy(&token));
    stage.sends(on, alice.invite("bob", &lines));
    let heard = stage.hears_one(bob, "INVITE");
    assert_eq!(heard.all("P-Asserted-Identity"), ["<sip:alice@localhost>"]);
}

#[test]
fn the_callees_invite_holds_no_credential() {
    let mut stage = Stage::new();
    let (mut alice, on, token) = stage.registers("alice", "a");
    let (_, bob, _) = stage.registers("bob", "b");
    let lines = format!("{}\nAuthorization: {token}", proxy(&token));
    stage.sends(on, alice.invite("bob", &lines));
    let heard = stage.hears_one(bob, "INVITE");
    assert!(!heard.0.to_ascii_lowercase().contains("authorization"), "{}", heard.0);
    assert!(!heard.0.contains(token.trim_start_matches("Bearer ")));
    assert!(heard.header("Record-Route").contains("lr"));
}

#[test]
fn an_invite_without_credential_is_asked_for_one_in_every_way_there_is() {
    let mut stage = Stage::new();
    let (mut alice, on, _) = stage.registers("alice", "a");
    stage.sends(on, alice.invite("bob", ""));
    let challenges = stage.hears_one(on, "407").all("Proxy-Authenticate");
    assert_eq!(challenges.len(), 3);
    assert!(challenges[0].starts_with("Bearer realm=\"localhost\""));
    assert!(challenges[1].contains("algorithm=SHA-256") && challenges[2].contains("algorithm=MD5"));
}

#[test]
fn a_password_registers_by_either_algorithm_and_a_nonce_is_reused_for_the_call() {
    for algorithm in ["SHA-256", "MD5"] {
        let mut stage = Stage::new();
        let flow = stage.opens();
        let mut alice = Phone::new("alice", "a");
        stage.sends(flow, alice.register(""));
        let nonce = nonce(&stage.hears_one(flow, "401"), "WWW-Authenticate", algorithm);
        let digest = digest(algorithm, &nonce, 1, "REGISTER", "sip:localhost", "alice-demo");
        stage.sends(flow, alice.register(&format!("Authorization: {digest}")));
        stage.hears_one(flow, "200");
        let digest =
            self::digest(algorithm, &nonce, 2, "INVITE", "sip:bob@localhost", "alice-demo");
        stage.sends(flow, alice.invite("bob", &proxy(&digest)));
        stage.hears_one(flow, "480");
    }
}

#[test]
fn an_answered_challenge_cannot_be_replayed_and_a_wrong_password_is_asked_again() {
    let mut stage = Stage::new();
    let flow = stage.opens();
    let mut alice = Phone::new("alice", "a");
    stage.sends(flow, alice.register(""));
    let nonce = nonce(&stage.hears_one(flow, "401"), "WWW-Authenticate", "MD5");
    let right = digest("MD5", &nonce, 1, "REGISTER", "sip:localhost", "alice-demo");
    let wrong = digest("MD5", &nonce, 1, "REGISTER", "sip:localhost", "bob-demo");
    stage.sends(flow, alice.register(&format!("Authorization: {wrong}")));
    let again = stage.hears_one(flow, "401");
    assert!(!again.0.contains("stale"));
    stage.sends(flow, alice.register(&format!("Authorization: {right}")));
    stage.hears_one(flow, "200");
    stage.sends(flow, alice.register(&format!("Authorization: {right}")));
    assert!(stage.hears_one(flow, "401").0.contains("stale=true"));
}

#[test]
fn whoever_guesses_is_shown_the_door() {
    let mut stage = Stage::new();
    let flow = stage.opens();
    let mut alice = Phone::new("alice", "a");
    for _ in 0..21 {
        stage.sends(flow, alice.register("Authorization: Bearer demo:alice:guess"));
    }
    assert_eq!(stage.closed, [flow]);
}

/// A token for alice with this claim `allow`, and a phone of hers.
fn limited(stage: &mut Stage, allow: &Value) -> (Phone, cc_sdk::FlowId, String) {
    let token = jws(&header(), &with(claims(stage), "allow", allow.clone()), DEMO_SECRET);
    let token = format!("Bearer {token}");
    let (phone, flow) = stage.registers_with("alice", "a", &token);
    (phone, flow, token)
}

#[test]
fn a_number_outside_of_allow_is_refused() {
    let mut stage = Stage::new();
    let (mut alice, on, token) = limited(&mut stage, &json!({ "out": ["919*", "1002"] }));
    stage.registers("bob", "b");
    for (target, status) in [
        ("9190", "486"),
        ("carol", "403"),
        ("+34600123456", "403"),
        ("9%3190", "486"),
        ("9999", "403"),
    ] {
        stage.sends(on, alice.invite(target, &proxy(&token)));
        assert_eq!(stage.hears_what(on), [status], "{target}");
    }
    // A seat may be called by either of its names, if one of them is allowed.
    stage.sends(on, alice.invite("bob", &proxy(&token)));
    assert!(stage.hears(on).is_empty());
    stage.sends(on, alice.ask("MESSAGE", "carol", &proxy(&token), "hello"));
    stage.hears_one(on, "403");
}

#[test]
fn a_token_that_allows_no_incoming_calls_gets_none() {
    let mut stage = Stage::new();
    let (_, alice, _) = limited(&mut stage, &json!({ "in": false }));
    let (mut bob, on, token) = stage.registers("bob", "b");
    stage.sends(on, bob.invite("alice", &proxy(&token)));
    stage.hears_one(on, "480");
    assert!(stage.hears(alice).is_empty());
}

#[test]
fn no_more_calls_at_once_than_allowed() {
    let mut stage = Stage::new();
    let (mut alice, on, token) = limited(&mut stage, &json!({ "calls": 1 }));
    let (bob, at, _) = stage.registers("bob", "b");
    stage.sends(on, alice.invite("bob", &proxy(&token)));
    let invite = stage.hears_one(at, "INVITE");
    stage.sends(on, alice.invite("9192", &proxy(&token)));
    stage.hears_one(on, "503");
    stage.sends(at, bob.answer(486, &invite, ""));
    stage.hears(on);
    stage.sends(on, alice.invite("9192", &proxy(&token)));
    stage.hears_one(on, "180");
}

#[test]
fn a_call_ends_when_its_allowed_seconds_are_over() {
    let mut stage = Stage::new();
    let (mut alice, on, token) = limited(&mut stage, &json!({ "seconds": 60 }));
    let (mut bob, at, _) = stage.registers("bob", "b");
    stage.sends(on, alice.invite("bob", &proxy(&token)));
    let invite = stage.hears_one(at, "INVITE");
    stage.sends(at, bob.answer(200, &invite, ""));
    let ok = stage.hears_one(on, "200");
    stage.sends(on, alice.within("ACK", &ok, "", ""));
    stage.hears_one(at, "ACK");
    stage.passes(Duration::from_secs(59));
    assert!(stage.hears(on).is_empty() && stage.hears(at).is_empty());
    stage.passes(Duration::from_secs(2));
    let (to_alice, to_bob) = (stage.hears_one(on, "BYE"), stage.hears_one(at, "BYE"));
    assert!(to_alice.header("To").contains("falice") && to_bob.header("From").contains("falice"));
    assert!(to_bob.cseq() > invite.cseq());
    stage.sends(on, alice.answer(200, &to_alice, ""));
    let invite = bob.tagged(&invite);
    stage.sends(at, bob.within("INVITE", &invite, "", ""));
    stage.hears_one(at, "481");
}

fn nonce(challenge: &Heard, header: &str, algorithm: &str) -> String {
    let value = challenge.all(header).into_iter().find(|value| value.contains(algorithm)).unwrap();
    value.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

fn digest(
    algorithm: &str,
    nonce: &str,
    nc: u32,
    method: &str,
    uri: &str,
    password: &str,
) -> String {
    use sha2::Digest;
    let hash = |text: String| match algorithm {
        "MD5" => hex(&md5::Md5::digest(text.as_bytes())),
        _ => hex(&sha2::Sha256::digest(text.as_bytes())),
    };
    let ha1 = hash(format!("alice:localhost:{password}"));
    let ha2 = hash(format!("{method}:{uri}"));
    let response = hash(format!("{ha1}:{nonce}:{nc:08x}:c:auth:{ha2}"));
    format!(
        "Digest username=\"alice\", realm=\"localhost\", nonce=\"{nonce}\", uri=\"{uri}\", \
         response=\"{response}\", algorithm={algorithm}, qop=auth, nc={nc:08x}, cnonce=\"c\""
    )
}
