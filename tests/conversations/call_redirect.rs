//! Calls that are sent elsewhere: RFC 3261 §8.1.3.4, §19.1.5, §21.3; RFC 7044 §9.

use cc_sdk::api::{Command, Dial, EndCause, EndedBy};

use crate::call_play::*;
use crate::far::Wire;
use crate::stage::Stage;

fn sends_elsewhere(invite: &Wire, status: u16, contacts: &str) -> Wire {
    let mut response = invite.response(status);
    response.headers.set("Contact", contacts);
    Wire::of(&response)
}

/// Answers the INVITE that was said last so; the next one is out.
fn goes_on(stage: &mut Stage, status: u16, contacts: &str) -> Wire {
    stage.hears(sends_elsewhere(&stage.last, status, contacts)).says("ACK").says("INVITE");
    stage.last.clone()
}

fn place(invite: &Wire) -> String {
    invite.message().request_uri().expect("it is a request").to_owned()
}

#[test]
fn every_redirection_but_use_proxy_and_alternative_service_is_followed() {
    for status in [300, 301, 302, 303, 304, 399] {
        let mut stage = phone();
        calls_bob(&mut stage);
        assert_eq!(place(&goes_on(&mut stage, status, "<sip:c@example.com>")), "sip:c@example.com");
    }
    for status in [305, 380] {
        let mut stage = phone();
        calls_bob(&mut stage);
        stage.hears(sends_elsewhere(&stage.last, status, "<sip:c@example.com>")).says("ACK");
        stage.says_nothing();
        let reason = ends(&stage, EndedBy::Remote, EndCause::Redirected);
        assert_eq!(reason.sip_status, Some(status));
    }
}

#[test]
fn a_phone_that_follows_no_redirection_ends_the_call() {
    let mut stage = phone();
    stage.configures(|config| config.redirections = 0);
    calls_bob(&mut stage);
    stage.hears(sends_elsewhere(&stage.last, 302, "<sip:c@example.com>")).says("ACK");
    stage.says_nothing();
    ends(&stage, EndedBy::Remote, EndCause::Redirected);
}

#[test]
fn a_place_is_tried_once_however_it_is_written() {
    let mut stage = phone();
    calls_bob(&mut stage);
    let contacts = "<sip:bob@EXAMPLE.com>;q=1.0, <SIP:carol@Example.com>;q=0.9, \
                    <sip:carol@example.com?X-A=1>;q=0.8, <sip:Carol@example.com>;q=0.7";
    assert_eq!(place(&goes_on(&mut stage, 302, contacts)), "sip:carol@Example.com");
    stage.hears_answer(404).says("ACK").says("INVITE");
    assert_eq!(place(&stage.last), "sip:Carol@example.com");
    stage.hears_answer(404).says("ACK").says_nothing();
}

#[test]
fn a_call_that_began_safe_stays_safe_and_numbers_go_through_our_server() {
    let mut stage = phone();
    stage.dials("sips:bob@example.com");
    stage.says("INVITE");
    let contacts = "<sip:c@example.com>, <sips:d@example.com>;q=0.1";
    assert_eq!(place(&goes_on(&mut stage, 302, contacts)), "sips:d@example.com");
    let mut stage = phone();
    calls_bob(&mut stage);
    let number = goes_on(&mut stage, 302, "<tel:+1-212-555-0123>");
    assert_eq!(place(&number), "sip:+12125550123@example.com");
    stage
        .hears(sends_elsewhere(&number, 302, "<mailto:x@y>, <https://x>, *, nonsense"))
        .says("ACK");
    ends(&stage, EndedBy::Remote, EndCause::Redirected);
}

#[test]
fn wishes_of_the_contact_are_granted_where_they_are_neither_the_stacks_nor_the_pages() {
    let mut stage = phone();
    let call = stage.agent.reserve_call();
    let headers = vec![("X-Campaign".into(), "spring".into())];
    let dial = Dial { target: "bob".into(), headers, ..Dial::default() };
    stage.does(Command::Dial(call, dial)).says("INVITE");
    let again = goes_on(
        &mut stage,
        302,
        "<sip:c@example.com?Subject=a%20b&X-Campaign=fall&Route=%3Csip:evil.example%3E&From=x&\
         body=x&P-Asserted-Identity=%3Csip:x%40y%3E&Priv-Answer-Mode=Auto&X-Line=a%0d%0aVia:%20b&\
         Proxy-Authorization=x&User-to-User=00>",
    );
    assert_eq!(place(&again), "sip:c@example.com");
    assert_eq!(again.header("Subject"), "a b");
    assert_eq!(again.header("X-Campaign"), "spring");
    for name in
        ["Route", "body", "P-Asserted-Identity", "Priv-Answer-Mode", "X-Line", "User-to-User"]
    {
        assert_eq!(again.find(name), None, "{again}");
    }
    assert!(again.header("From").contains("alice"));
}

#[test]
fn where_the_call_was_before_goes_along() {
    let mut stage = phone();
    calls_bob(&mut stage);
    assert_eq!(stage.last.find("History-Info"), None);
    let again = goes_on(&mut stage, 302, "<sip:c@example.com>, <sip:d@example.com>;q=0.5");
    let history = |wire: &Wire| -> Vec<String> {
        wire.message().headers("History-Info").map(std::borrow::Cow::into_owned).collect()
    };
    assert_eq!(
        history(&again),
        [
            "<sip:bob@example.com?Reason=SIP%3Bcause%3D302>;index=1",
            "<sip:c@example.com>;index=1.1;mp=1",
        ]
    );
    stage.hears_answer(486).says("ACK").says("INVITE");
    assert_eq!(
        history(&stage.last)[1..],
        [
            "<sip:c@example.com?Reason=SIP%3Bcause%3D486>;index=1.1;mp=1",
            "<sip:d@example.com>;index=1.2;mp=1",
        ]
    );
}

#[test]
fn a_caller_that_hides_leaves_no_trail() {
    let mut stage = phone();
    let call = stage.agent.reserve_call();
    let dial = Dial { target: "bob".into(), anonymous: true, ..Dial::default() };
    stage.does(Command::Dial(call, dial)).says("INVITE");
    let again = goes_on(&mut stage, 302, "<sip:c@example.com>");
    assert_eq!(again.find("History-Info"), None);
    assert_eq!(again.header("Privacy"), "id");
}

#[test]
fn a_refusal_for_all_places_is_the_end_and_so_is_a_crowd_of_them() {
    let mut stage = phone();
    calls_bob(&mut stage);
    goes_on(&mut stage, 302, "<sip:c@example.com>, <sip:d@example.com>");
    stage.hears_answer(603).says("ACK").says_nothing();
    ends(&stage, EndedBy::Remote, EndCause::Declined);
    let mut stage = phone();
    stage.configures(|config| config.redirections = 1000);
    calls_bob(&mut stage);
    let crowd: Vec<String> = (0..500).map(|it| format!("<sip:b{it}@example.com>")).collect();
    stage.hears(sends_elsewhere(&stage.last, 302, &crowd.join(", "))).says("ACK");
    for _ in 0..20 {
        stage.says("INVITE").hears_answer(404).says("ACK");
    }
    stage.says_nothing();
    ends(&stage, EndedBy::Remote, EndCause::NotFound);
}

fn challenges(request: &Wire, status: u16, realm: &str) -> Wire {
    let mut response = request.response(status);
    let header = if status == 401 { "WWW-Authenticate" } else { "Proxy-Authenticate" };
    let value = format!("Digest realm=\"{realm}\", nonce=\"n1\", algorithm=SHA-256, qop=\"auth\"");
    response.headers.push(header, value);
    Wire::of(&response)
}

#[test]
fn nothing_is_proven_elsewhere_but_to_the_proxy_on_the_way() {
    let mut stage = phone();
    calls_bob(&mut stage);
    stage.hears(challenges(&stage.last, 407, "example.com")).says("ACK").says("INVITE");
    assert!(stage.last.find("Proxy-Authorization").is_some());
    let away = goes_on(&mut stage, 302, "<sip:bob@elsewhere.example>, <sip:d@example.com>;q=0.1");
    assert_eq!(
        away.find("Proxy-Authorization").or_else(|| away.find("Authorization")),
        None,
        "{away}"
    );
    stage.hears(challenges(&away, 407, "example.com")).says("ACK").says("INVITE");
    assert!(stage.last.find("Proxy-Authorization").is_some());
    let away = stage.last.clone();
    // The stranger itself gets nothing; the next place is at home, where there are credentials again.
    stage.hears(challenges(&away, 401, "elsewhere.example")).says("ACK").says("INVITE");
    assert_eq!(place(&stage.last), "sip:d@example.com");
    assert!(stage.last.find("Proxy-Authorization").is_some());
}
