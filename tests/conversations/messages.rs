//! MESSAGE out of dialogs (RFC 3428) and OPTIONS that the page asks (RFC 3261 §11), with what
//! became of them.

use std::time::Duration;

use cc_sdk::ApiMisuse;
use cc_sdk::account::Account;
use cc_sdk::api::{Ask, AskMethod, Command, ErrandId, UaEvent};
use cc_sdk::sip::Method;

use crate::far::{Far, Wire, print};
use crate::stage::{Stage, account};

const SECOND: Duration = Duration::from_secs(1);

fn message(target: &str, body: &str) -> Ask {
    Ask { target: target.into(), body: body.into(), ..Ask::default() }
}

#[track_caller]
fn asks(stage: &mut Stage, ask: Ask) -> ErrandId {
    let id = ErrandId(stage.agent.reserve_call().0);
    stage.does(Command::Ask(id, Box::new(ask)));
    id
}

/// What became of it: the code of the failure, if it failed, and the status.
#[track_caller]
fn came_to(stage: &mut Stage, id: ErrandId) -> (Option<String>, Option<u16>) {
    let told = stage.tells_of(|it| matches!(it, UaEvent::Answered { .. }));
    let UaEvent::Answered { id: told, status, reason, .. } = told else { unreachable!() };
    assert_eq!(told, id.0);
    (reason.map(|reason| reason.code), status)
}

fn failed(code: &str, status: u16) -> (Option<String>, Option<u16>) {
    (Some(code.to_owned()), Some(status))
}

#[test]
fn a_message_is_sent_and_its_delivery_told() {
    for status in [200, 202] {
        let mut alice = Stage::registered();
        let id = asks(&mut alice, message("bob", "hello ☎"));
        alice.says("MESSAGE");
        assert_eq!(alice.last.message().request_uri(), Some("sip:bob@example.com"));
        assert_eq!(alice.last.header("Content-Type"), "text/plain");
        assert_eq!(alice.last.body(), "hello ☎");
        // RFC 3428 §4: it makes no dialog.
        assert_eq!(alice.last.find("Contact"), None);
        alice.hears_answer(status);
        assert_eq!(came_to(&mut alice, id), (None, Some(status)));
        alice.says_nothing();
    }
}

#[test]
fn a_message_that_is_refused_says_why() {
    for (status, code) in [
        (404, "not-found"),
        (480, "no-answer"),
        (486, "busy"),
        (603, "declined"),
        (415, "not-supported"),
        (413, "too-large"),
        (403, "auth"),
        (302, "redirected"),
        (500, "server-error"),
    ] {
        let mut alice = Stage::registered();
        let id = asks(&mut alice, message("bob", "hello"));
        alice.says("MESSAGE").hears_answer(status);
        assert_eq!(came_to(&mut alice, id), failed(code, status));
        alice.says_nothing();
    }
}

#[test]
fn a_message_that_nobody_answers_times_out_and_one_whose_connection_is_lost_is_not_sent_again() {
    let mut alice = Stage::registered();
    let id = asks(&mut alice, message("bob", "hello"));
    alice.says("MESSAGE").passes(33 * SECOND);
    assert_eq!(came_to(&mut alice, id), (Some("timeout".into()), None));
    let id = asks(&mut alice, message("bob", "hello"));
    alice.says("MESSAGE").loses_link();
    assert_eq!(came_to(&mut alice, id), (Some("network".into()), None));
    alice.passes(5 * SECOND).opens().says("REGISTER").hears_answer(200).says_nothing();
}

#[test]
fn a_challenged_message_goes_again_with_credentials() {
    let mut alice = Stage::registered();
    let id = asks(&mut alice, message("bob", "hello"));
    alice.says("MESSAGE");
    let first = alice.last.clone();
    let mut challenge = first.response(407);
    challenge.headers.push("Proxy-Authenticate", "Digest realm=\"example.com\", nonce=\"n1\"");
    alice.hears(Wire::of(&challenge)).says("MESSAGE");
    let again = alice.last.clone();
    assert!(again.header("Proxy-Authorization").contains("nonce=\"n1\""));
    assert_eq!(again.header("Call-ID"), first.header("Call-ID"));
    assert_eq!(
        (first.header("CSeq"), again.header("CSeq")),
        ("1 MESSAGE".into(), "2 MESSAGE".into())
    );
    alice.hears_answer(200);
    assert_eq!(came_to(&mut alice, id), (None, Some(200)));
}

#[test]
fn a_wrong_password_ends_in_auth() {
    let mut alice = Stage::registered();
    let id = asks(&mut alice, message("bob", "hello"));
    for nonce in ["n1", "n2", "n3", "n4", "n5", "n6"] {
        if alice.said.is_empty() {
            break;
        }
        alice.says("MESSAGE");
        let mut challenge = alice.last.response(407);
        let value = format!("Digest realm=\"example.com\", nonce=\"{nonce}\"");
        challenge.headers.push("Proxy-Authenticate", value);
        alice.hears(Wire::of(&challenge));
    }
    assert_eq!(came_to(&mut alice, id), failed("auth", 407));
}

#[test]
fn a_message_waits_for_the_registration_and_not_for_ever() {
    let mut alice = Stage::new();
    let early = asks(&mut alice, message("bob", "early"));
    alice.says_nothing();
    let account = cc_sdk::api::Credential::Account(Box::new(account()));
    alice.does(Command::Register(account)).opens().says("REGISTER").says_nothing();
    alice.hears_answer(200).says("MESSAGE");
    assert_eq!(alice.last.message().request_uri(), Some("sip:bob@example.com"));
    alice.hears_answer(200);
    assert_eq!(came_to(&mut alice, early), (None, Some(200)));
    let mut alice = Stage::new();
    let id = asks(&mut alice, message("bob", "hello"));
    alice.passes(11 * SECOND);
    assert_eq!(came_to(&mut alice, id), (Some("not-registered".into()), None));
    assert_eq!(alice.agent.next_timeout(), None);
}

#[test]
fn a_registration_that_fails_for_good_fails_the_messages_that_wait() {
    let mut alice = Stage::new();
    let account = cc_sdk::api::Credential::Account(Box::new(account()));
    alice.does(Command::Register(account)).opens().says("REGISTER");
    let id = asks(&mut alice, message("bob", "hello"));
    alice.hears_answer(403);
    // As a call does: the server may take it from somebody whom it does not know.
    alice.says("MESSAGE").hears_answer(403);
    assert_eq!(came_to(&mut alice, id), failed("auth", 403));
}

#[test]
fn what_cannot_be_sent_is_misuse() {
    let mut alice = Stage::registered();
    let refused = |alice: &mut Stage, ask: Ask, misuse| {
        alice.refuses(Command::Ask(ErrandId(9), Box::new(ask)), misuse);
    };
    refused(&mut alice, message("", "x"), ApiMisuse::BadTarget(String::new()));
    let header = |name: &str, value: &str| Ask {
        headers: vec![(name.into(), value.into())],
        ..message("bob", "x")
    };
    refused(&mut alice, header("Via", "x"), ApiMisuse::BadHeader("Via".into()));
    refused(&mut alice, header("X-A", "a\r\nb"), ApiMisuse::BadHeader("X-A".into()));
    let kind = Ask { content_type: Some("a\nb".into()), ..message("bob", "x") };
    refused(&mut alice, kind, ApiMisuse::BadHeader("Content-Type".into()));
    let large = message("bob", &"x".repeat(64 * 1024 + 1));
    refused(&mut alice, large, ApiMisuse::TooLarge);
    let nothing = Ask { method: AskMethod::Subscribe, ..Ask::default() };
    refused(&mut alice, nothing, ApiMisuse::BadHeader("Event".into()));
    alice.does(Command::Unregister).says("REGISTER").hears_answer(200);
    refused(&mut alice, message("bob", "x"), ApiMisuse::NotRegistered);
}

#[test]
fn errands_at_once_are_bounded() {
    let mut alice = Stage::registered();
    for _ in 0..256 {
        asks(&mut alice, message("bob", "x"));
    }
    let one_more = Command::Ask(ErrandId(9999), Box::new(message("bob", "x")));
    alice.refuses(one_more.clone(), ApiMisuse::TooMany);
    alice.says("MESSAGE").hears_answer(200).does(one_more);
}

#[test]
fn shutdown_leaves_no_message_without_an_answer() {
    let mut alice = Stage::registered();
    let id = asks(&mut alice, message("bob", "x"));
    alice.says("MESSAGE").does(Command::Shutdown);
    assert_eq!(came_to(&mut alice, id), (Some("not-registered".into()), None));
    alice.forgets();
    let late = alice.far().request_with(Method::Message, "text/plain", "late");
    alice.hears(late).says("480").tells_nothing();
}

#[test]
fn options_tell_what_the_far_side_can_do() {
    let mut alice = Stage::registered();
    let headers = vec![("X-Why".to_owned(), "curious".to_owned())];
    let ask = Ask { method: AskMethod::Options, headers, ..message("bob", "") };
    let id = asks(&mut alice, ask);
    alice.says("OPTIONS");
    assert_eq!(alice.last.header("Accept"), "application/sdp");
    assert_eq!(alice.last.header("X-Why"), "curious");
    let mut answer = alice.last.response(200);
    answer.headers.push("Allow", "INVITE, ACK").push("Content-Type", "application/sdp");
    answer.body = b"v=0\r\n".to_vec();
    alice.hears(Wire::of(&answer));
    let told = alice.tells_of(|it| matches!(it, UaEvent::Answered { .. }));
    let UaEvent::Answered { id: told, status, reason, headers, content_type, body } = told else {
        unreachable!()
    };
    assert_eq!((told, status, reason), (id.0, Some(200), None));
    assert_eq!((content_type.as_str(), body.as_str()), ("application/sdp", "v=0\r\n"));
    assert!(headers.contains(&("Allow".into(), "INVITE, ACK".into())), "{headers:?}");
    assert!(headers.iter().all(|(name, _)| name != "Via" && name != "From"));
}

#[test]
fn a_message_that_comes_in_is_told_and_answered() {
    let mut alice = Stage::registered();
    let mut bob = alice.far();
    let mut request = bob.build(Method::Message);
    request.headers.push("Content-Type", "text/html;charset=UTF-8").push("X-Order", "7");
    request.body = "<b>h\u{e9}llo</b>".into();
    alice.hears(print(&request)).says("200 MESSAGE");
    assert_eq!(alice.last.find("Contact"), None);
    assert!(alice.last.header("To").contains(";tag="));
    alice.tells(UaEvent::Message {
        number: "bob".into(),
        display_name: Some("Bob".into()),
        uri: "sip:bob@example.com".into(),
        to: "sip:alice@example.com".into(),
        content_type: "text/html;charset=UTF-8".into(),
        body: "<b>h\u{e9}llo</b>".into(),
        headers: vec![("X-Order".into(), "7".into())],
    });
    alice.tells_nothing();
}

#[test]
fn a_message_comes_in_while_the_seat_is_paused_and_in_a_call() {
    let mut alice = Stage::registered();
    let mut bob = alice.far();
    alice.hears(bob.invite(crate::stage::SDP)).says("180").forgets();
    let mut carol = Far::carol("sip:alice@example.com");
    alice.hears(carol.request_with(Method::Message, "text/plain", "hi")).says("200 MESSAGE");
    alice.tells_of(|it| matches!(it, UaEvent::Message { .. }));
}

#[test]
fn a_message_without_a_type_is_text() {
    let mut alice = Stage::registered();
    let mut request = alice.far().build(Method::Message);
    request.body = b"hi \xff".to_vec();
    alice.hears(print(&request)).says("200 MESSAGE");
    let told = alice.tells_of(|it| matches!(it, UaEvent::Message { .. }));
    let UaEvent::Message { content_type, body, .. } = told else { unreachable!() };
    assert_eq!((content_type.as_str(), body.as_str()), ("text/plain", "hi \u{fffd}"));
}

#[test]
fn the_same_message_is_told_once() {
    let mut alice = Stage::registered();
    let first = alice.far().build(Method::Message);
    alice.hears(print(&first)).says("200 MESSAGE");
    alice.tells_of(|it| matches!(it, UaEvent::Message { .. }));
    // Repeated by a hop without a transaction of its own.
    alice.hears(print(&first)).says("200 MESSAGE").tells_nothing();
    // Forked, and come together again here (RFC 3261 §8.2.2.2).
    let mut second = first.clone();
    second.headers.set("Via", "SIP/2.0/WSS other.example.com;branch=z9hG4bKother");
    alice.hears(print(&second)).says("482").tells_nothing();
    alice.passes(33 * SECOND);
    alice.hears(print(&first)).says("200 MESSAGE");
    alice.tells_of(|it| matches!(it, UaEvent::Message { .. }));
}

#[test]
fn a_flood_of_messages_is_held_back() {
    let mut alice = Stage::registered();
    let mut bob = alice.far();
    for _ in 0..100 {
        alice.hears(bob.request_with(Method::Message, "text/plain", "x")).says("200 MESSAGE");
    }
    alice.forgets();
    alice.passes(2 * SECOND);
    alice.hears(bob.request_with(Method::Message, "text/plain", "x")).says("480").tells_nothing();
    assert_eq!(alice.last.header("Retry-After"), "31");
    alice.passes(31 * SECOND);
    alice.hears(bob.request_with(Method::Message, "text/plain", "x")).says("200 MESSAGE");
}

#[test]
fn a_body_that_is_too_large_is_answered_413() {
    let mut alice = Stage::registered();
    let mut bob = alice.far();
    let large = "x".repeat(64 * 1024 + 1);
    alice.hears(bob.request_with(Method::Message, "text/plain", &large)).says("413");
    alice.hears(bob.request_with(Method::Message, "text/plain", &large[1..])).says("200 MESSAGE");
}

#[test]
fn a_phone_for_outgoing_calls_only_takes_no_messages() {
    let mut alice = Stage::registered_as(Account { outbound_only: true, ..account() });
    let message = alice.far().request_with(Method::Message, "text/plain", "buy this");
    alice.hears(message).says("403").tells_nothing();
}
