//! When to come again and where: Retry-After (RFC 3261 §20.33), 3xx (§8.1.3.4), the end that nears,
//! and the life that a server wants to see (RFC 5626 §4.4.1).

use std::time::Duration;

use cc_sdk::api::UaEvent;

use crate::far::Wire;
use crate::registration::{SECOND, answer_with, at_one_server, learnt, register, waits};
use crate::stage::Stage;

fn asked() -> Stage {
    let mut alice = Stage::new();
    alice.does(register(at_one_server())).opens().says("REGISTER");
    alice
}

/// A 302 to these Contacts.
fn moved(stage: &Stage, contacts: &str) -> Wire {
    answer_with(stage, 302, &[("Contact", contacts)])
}

#[track_caller]
fn goes_to(stage: &mut Stage, place: &str) {
    stage.says("REGISTER");
    assert_eq!(stage.last.message().request_uri(), Some(place));
}

#[test]
fn a_server_says_when_to_come_again_in_whatever_form() {
    // The stage's clock stands at Fri, 15 Jan 2027 08:00:00 GMT.
    for told in [
        "120",
        "120 (I am in a meeting)",
        "120;duration=3600",
        "120 ; duration=3600",
        "Fri, 15 Jan 2027 08:02:00 GMT",
    ] {
        let mut alice = asked();
        let answer = answer_with(&alice, 503, &[("Retry-After", told)]);
        alice.hears(answer).forgets().passes(119 * SECOND).says_nothing();
        waits(&mut alice, 32 * SECOND).says("REGISTER");
    }
}

#[test]
fn what_no_honest_server_says_of_the_time_is_bounded() {
    for told in ["99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"] {
        let mut alice = asked();
        let answer = answer_with(&alice, 503, &[("Retry-After", told)]);
        alice.hears(answer).forgets();
        waits(&mut alice, 31 * 3600 * SECOND).says("REGISTER");
    }
    for told in ["soon", "", "-5", "Thu, 01 Jan 1970 00:00:00 GMT"] {
        let mut alice = asked();
        let answer = answer_with(&alice, 503, &[("Retry-After", told)]);
        alice.hears(answer).forgets();
        waits(&mut alice, 3 * SECOND).says("REGISTER");
    }
}

#[test]
fn phones_that_were_sent_away_together_do_not_come_back_together() {
    let mut waits_of = Vec::new();
    for seed in 0..8 {
        let mut alice = Stage::seeded(seed);
        alice.does(register(at_one_server())).opens().says("REGISTER");
        let answer = answer_with(&alice, 503, &[("Retry-After", "60")]);
        alice.hears(answer).forgets();
        let begun = alice.now;
        waits(&mut alice, 100 * SECOND).says("REGISTER");
        waits_of.push(alice.now.since(begun));
    }
    waits_of.sort();
    waits_of.dedup();
    assert_eq!(waits_of.len(), 8, "{waits_of:?}");
}

#[test]
fn a_register_that_is_sent_elsewhere_goes_there_on_the_same_flow() {
    let mut alice = asked();
    alice.hears(moved(&alice, "<sip:b.example.com>;q=0.5, <sip:example.com;tier=2>"));
    goes_to(&mut alice, "sip:example.com;tier=2");
    assert_eq!(alice.last.header("CSeq"), "2 REGISTER");
    alice.hears_answer(200);
    assert_eq!(learnt(&mut alice).last().unwrap(), "registered 600");
    // The binding is refreshed where it is.
    waits(&mut alice, 511 * SECOND);
    goes_to(&mut alice, "sip:example.com;tier=2");
}

#[test]
fn nobody_is_sent_round_in_circles() {
    let mut alice = asked();
    alice.hears(moved(&alice, "<sip:b.example.com>"));
    goes_to(&mut alice, "sip:b.example.com");
    alice.hears(moved(&alice, "<sip:example.com>, <sip:b.example.com>")).says_nothing();
    assert_eq!(learnt(&mut alice).last().unwrap(), "failed server-error 302");
}

#[test]
fn nobody_is_sent_on_and_on() {
    let mut alice = asked();
    let mut hops = 0;
    loop {
        hops += 1;
        let contact = format!("<sip:h{hops}.example.com>");
        alice.hears(moved(&alice, &contact));
        if alice.said.is_empty() {
            break;
        }
        alice.says("REGISTER");
    }
    assert_eq!(hops, 5);
    assert_eq!(learnt(&mut alice).last().unwrap(), "failed server-error 302");
}

#[test]
fn a_place_that_is_no_registrar_is_none() {
    for contacts in ["", "<tel:112>", "<https://example.com>", "*"] {
        let mut alice = asked();
        alice.hears(moved(&alice, contacts)).says_nothing();
        assert_eq!(learnt(&mut alice).last().unwrap(), "failed server-error 302", "{contacts}");
    }
}

#[test]
fn credentials_are_for_the_own_domain_and_no_other() {
    let challenge = [("WWW-Authenticate", "Digest realm=\"example.com\", nonce=\"n\"")];
    let mut alice = asked();
    let answer = answer_with(&alice, 401, &challenge);
    alice.hears(answer).says("REGISTER");
    assert!(alice.last.find("Authorization").is_some());
    alice.hears(moved(&alice, "<sip:evil.example>"));
    goes_to(&mut alice, "sip:evil.example");
    assert_eq!(alice.last.find("Authorization"), None);
    let answer = answer_with(&alice, 401, &challenge);
    alice.hears(answer).says_nothing();
    assert_eq!(learnt(&mut alice).last().unwrap(), "failed auth 401");
}

#[test]
fn a_token_is_for_the_own_domain_and_no_other() {
    let mut alice = Stage::new();
    let mut account = at_one_server();
    account.password = None;
    account.bearer = Some("eyJ.secret.sig".into());
    alice.does(register(account)).opens().says("REGISTER");
    alice.hears(moved(&alice, "<sip:evil.example>"));
    goes_to(&mut alice, "sip:evil.example");
    assert!(!alice.last.to_string().contains("secret"));
}

#[test]
fn a_page_is_told_that_the_registration_nears_its_end() {
    let mut alice = asked();
    alice.hears_answer(200).forgets();
    waits(&mut alice, 511 * SECOND).says("REGISTER");
    let told = alice.tells_of(|event| matches!(event, UaEvent::RegistrationExpiring { .. }));
    let UaEvent::RegistrationExpiring { expires_in } = told else { unreachable!() };
    assert!((90..=180).contains(&expires_in), "{expires_in}");
}

/// How long the phone leaves a server without a sign of life that says something all the time.
fn longest_silence(stage: &mut Stage) -> Duration {
    let begun = stage.now;
    stage.keep_alive_by_hand();
    while stage.said.is_empty() {
        stage.passes(SECOND).hears("\r\n");
    }
    stage.says("keep-alive");
    stage.now.since(begun)
}

#[test]
fn a_server_sees_as_much_life_as_it_wants_to() {
    let mut alice = asked();
    let answer = answer_with(&alice, 200, &[("Flow-Timer", "20")]);
    alice.hears(answer).forgets();
    let silence = longest_silence(&mut alice);
    assert!((16 * SECOND..=21 * SECOND).contains(&silence), "{silence:?}");
    // And goes on seeing it.
    alice.hears("\r\n");
    assert!(longest_silence(&mut alice) <= 21 * SECOND);
}

#[test]
fn no_server_makes_us_ping_without_a_pause() {
    for timer in ["0", "1", "-1", "x", "4294967296"] {
        let mut alice = asked();
        let answer = answer_with(&alice, 200, &[("Flow-Timer", timer)]);
        alice.hears(answer).forgets().keep_alive_by_hand().passes(3 * SECOND).says_nothing();
    }
}
