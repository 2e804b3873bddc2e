//! Publications: PUBLISH of RFC 3903.

use std::time::Duration;

use cc_sdk::api::{Ask, AskMethod, Command, ErrandId, PublicationState, UaEvent};

use crate::far::Wire;
use crate::stage::{Stage, account};

const SECOND: Duration = Duration::from_secs(1);

fn document(body: &str) -> Ask {
    Ask {
        method: AskMethod::Publish,
        event: "lamp".into(),
        body: body.into(),
        content_type: Some("text/x-lamp".into()),
        ..Ask::default()
    }
}

#[track_caller]
fn publishes(stage: &mut Stage, ask: Ask) -> ErrandId {
    let id = ErrandId(stage.agent.reserve_call().0);
    stage.does(Command::Ask(id, Box::new(ask)));
    stage.says("PUBLISH");
    id
}

/// The server takes it under this tag for ten minutes.
fn taken(publish: &Wire, etag: &str) -> Wire {
    let mut response = publish.response(200);
    response.headers.push("SIP-ETag", etag).push("Expires", "600");
    Wire::of(&response)
}

#[track_caller]
fn takes(stage: &mut Stage, etag: &str) {
    let answer = taken(&stage.last, etag);
    stage.hears(answer);
}

#[track_caller]
fn becomes(stage: &mut Stage, id: ErrandId) -> (PublicationState, Option<String>) {
    let told = stage.tells_of(|it| matches!(it, UaEvent::Publication { .. }));
    let UaEvent::Publication { id: told, state, reason, .. } = told else { unreachable!() };
    assert_eq!(told, id.0);
    (state, reason.map(|reason| reason.code))
}

const PUBLISHED: (PublicationState, Option<String>) = (PublicationState::Published, None);
const REMOVED: (PublicationState, Option<String>) = (PublicationState::Removed, None);

#[test]
fn a_document_is_published_refreshed_changed_and_taken_back() {
    let mut alice = Stage::registered();
    let id = publishes(&mut alice, document("on"));
    assert_eq!(alice.last.message().request_uri(), Some("sip:alice@example.com"));
    assert_eq!(
        (alice.last.header("Event"), alice.last.header("Expires")),
        ("lamp".into(), "3600".into())
    );
    assert_eq!((alice.last.find("SIP-If-Match"), alice.last.body()), (None, "on".into()));
    takes(&mut alice, "e1");
    assert_eq!(becomes(&mut alice, id), PUBLISHED);
    // A refresh has no body.
    alice.passes_registered(512).says("PUBLISH");
    assert_eq!(
        (alice.last.header("SIP-If-Match"), alice.last.body()),
        ("e1".into(), String::new())
    );
    assert_eq!(alice.last.find("Content-Type"), None);
    takes(&mut alice, "e2");
    assert_eq!(becomes(&mut alice, id), PUBLISHED);
    alice.does(Command::Ask(id, Box::new(document("off")))).says("PUBLISH");
    assert_eq!((alice.last.header("SIP-If-Match"), alice.last.body()), ("e2".into(), "off".into()));
    takes(&mut alice, "e3");
    alice.does(Command::Withdraw(id)).says("PUBLISH");
    assert_eq!(alice.last.header("SIP-If-Match"), "e3");
    assert_eq!((alice.last.header("Expires"), alice.last.body()), ("0".into(), String::new()));
    becomes(&mut alice, id);
    alice.hears_answer(200);
    assert_eq!(becomes(&mut alice, id), REMOVED);
    alice.passes_registered(100).says_nothing();
}

#[test]
fn one_publish_is_out_at_a_time_and_the_last_body_counts() {
    let mut alice = Stage::registered();
    let id = publishes(&mut alice, document("1"));
    alice.does(Command::Ask(id, Box::new(document("2")))).says_nothing();
    alice.does(Command::Ask(id, Box::new(document("3")))).says_nothing();
    takes(&mut alice, "e1");
    alice.says("PUBLISH");
    assert_eq!((alice.last.header("SIP-If-Match"), alice.last.body()), ("e1".into(), "3".into()));
    alice.does(Command::Withdraw(id)).says_nothing();
    takes(&mut alice, "e2");
    alice.says("PUBLISH");
    assert_eq!(alice.last.header("Expires"), "0");
}

#[test]
fn what_the_server_forgot_is_published_anew() {
    let mut alice = Stage::registered();
    let id = publishes(&mut alice, document("on"));
    takes(&mut alice, "e1");
    assert_eq!(becomes(&mut alice, id), PUBLISHED);
    alice.passes_registered(512).says("PUBLISH").hears_answer(412).says("PUBLISH");
    assert_eq!((alice.last.find("SIP-If-Match"), alice.last.body()), (None, "on".into()));
    takes(&mut alice, "e2");
    assert_eq!(becomes(&mut alice, id), PUBLISHED);
    // It is not taken back twice.
    alice.does(Command::Withdraw(id)).says("PUBLISH").hears_answer(412).says_nothing();
    assert_eq!(becomes(&mut alice, id), REMOVED);
}

#[test]
fn a_server_that_always_forgets_is_given_up() {
    let mut alice = Stage::registered();
    let id = publishes(&mut alice, document("on"));
    for _ in 0..10 {
        alice.hears_answer(412);
        if alice.said.is_empty() {
            break;
        }
        alice.says("PUBLISH");
    }
    assert_eq!(becomes(&mut alice, id), (PublicationState::Failed, Some("server-error".into())));
}

#[test]
fn a_lifetime_that_is_too_short_is_asked_for_longer() {
    let mut alice = Stage::registered();
    let id = publishes(&mut alice, Ask { expires: Some(10), ..document("on") });
    let mut brief = alice.last.response(423);
    brief.headers.push("Min-Expires", "60");
    alice.hears(Wire::of(&brief)).says("PUBLISH");
    assert_eq!((alice.last.header("Expires"), alice.last.body()), ("60".into(), "on".into()));
    takes(&mut alice, "e1");
    assert_eq!(becomes(&mut alice, id), PUBLISHED);
}

#[test]
fn a_challenged_publish_goes_again_with_its_body() {
    let mut alice = Stage::registered();
    publishes(&mut alice, document("on"));
    let mut challenge = alice.last.response(401);
    challenge.headers.push("WWW-Authenticate", "Digest realm=\"presence\", nonce=\"n1\"");
    alice.hears(Wire::of(&challenge)).says("PUBLISH");
    assert!(alice.last.header("Authorization").contains("nonce=\"n1\""));
    assert_eq!(alice.last.body(), "on");
}

#[test]
fn a_refusal_ends_it_and_the_page_may_begin_anew() {
    let mut alice = Stage::registered();
    let id = publishes(&mut alice, document("on"));
    alice.hears_answer(489);
    assert_eq!(becomes(&mut alice, id), (PublicationState::Failed, Some("not-supported".into())));
    alice.passes_registered(100).says_nothing();
    alice.does(Command::Withdraw(id)).says_nothing();
    alice.does(Command::Ask(id, Box::new(document("off")))).says("PUBLISH");
    takes(&mut alice, "e1");
    assert_eq!(becomes(&mut alice, id), PUBLISHED);
}

#[test]
fn a_server_that_is_busy_gets_it_later() {
    let mut alice = Stage::registered();
    let id = publishes(&mut alice, document("on"));
    let mut busy = alice.last.response(503);
    busy.headers.push("Retry-After", "20");
    alice.hears(Wire::of(&busy));
    assert_eq!(becomes(&mut alice, id), (PublicationState::Pending, Some("server-error".into())));
    alice.passes(19 * SECOND).says_nothing().passes(2 * SECOND).says("PUBLISH");
    assert_eq!(alice.last.body(), "on");
    alice.passes(33 * SECOND);
    assert_eq!(becomes(&mut alice, id), (PublicationState::Pending, Some("timeout".into())));
}

#[test]
fn what_was_lost_with_its_connection_goes_with_the_next() {
    let mut alice = Stage::registered();
    let id = publishes(&mut alice, document("on"));
    alice.loses_link();
    assert_eq!(becomes(&mut alice, id), (PublicationState::Pending, Some("network".into())));
    alice.passes(5 * SECOND).opens().says("REGISTER").hears_answer(200).says("PUBLISH");
    assert_eq!(alice.last.body(), "on");
    takes(&mut alice, "e1");
    assert_eq!(becomes(&mut alice, id), PUBLISHED);
    // What the server has is not hurt by a lost connection.
    alice.loses_link().passes(5 * SECOND).opens().says("REGISTER").hears_answer(200);
    alice.says_nothing().passes_registered(512);
    let refresh = alice.said.iter().find(|said| said.what("PUBLISH") == "PUBLISH").unwrap();
    assert_eq!(refresh.header("SIP-If-Match"), "e1");
}

#[test]
fn taking_back_what_never_left_says_nothing_on_the_wire() {
    let mut alice = Stage::new();
    let id = ErrandId(alice.agent.reserve_call().0);
    alice.does(Command::Ask(id, Box::new(document("on")))).says_nothing();
    alice.does(Command::Withdraw(id)).says_nothing();
    assert_eq!(becomes(&mut alice, id), REMOVED);
    let account = cc_sdk::api::Credential::Account(Box::new(account()));
    alice.does(Command::Register(account)).opens().says("REGISTER").hears_answer(200);
    alice.says_nothing();
}

#[test]
fn presence_is_written_by_the_phone() {
    let mut alice = Stage::registered();
    let presence = |open: bool, note: &str| Ask {
        method: AskMethod::Publish,
        event: "presence".into(),
        body: note.into(),
        open: Some(open),
        ..Ask::default()
    };
    let id = publishes(&mut alice, presence(true, "in <the> office"));
    assert_eq!(alice.last.header("Content-Type"), "application/pidf+xml");
    let body = alice.last.body();
    for part in ["entity=\"sip:alice@example.com\"", "<basic>open</basic>", "in &lt;the> office"] {
        assert!(body.contains(part), "{body}");
    }
    takes(&mut alice, "e1");
    alice.does(Command::Ask(id, Box::new(presence(false, "")))).says("PUBLISH");
    assert!(alice.last.body().contains("<basic>closed</basic>"));
}

#[test]
fn shutdown_takes_publications_back() {
    let mut alice = Stage::registered();
    let id = publishes(&mut alice, document("on"));
    takes(&mut alice, "e1");
    alice.does(Command::Shutdown).says("PUBLISH");
    assert_eq!(alice.last.header("Expires"), "0");
    becomes(&mut alice, id);
    assert_eq!(becomes(&mut alice, id), REMOVED);
}
