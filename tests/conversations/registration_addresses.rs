//! The addresses that a registrar gives: GRUU (RFC 5627), Service-Route (RFC 3608); and the routes
//! that an account begins with.

use cc_sdk::ApiMisuse;
use cc_sdk::account::Account;
use cc_sdk::api::{Command, Dial};
use cc_sdk::sip::Method;

use crate::far::{Far, Wire, contact_uri};
use crate::registration::{SECOND, answer_with, at_one_server, register, waits};
use crate::stage::{FAR_SDP, SDP, Stage, account};

const PUBLIC: &str = "sip:alice@example.com;gr=urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
const TEMPORARY: &str = "sip:tgruu.7hs==jd7vnzga5w7fajsc7-ajd6fabz0f8g5@example.com;gr";

/// The registrar's answer, with both addresses in our Contact.
fn with_addresses(stage: &Stage) -> Wire {
    let contact = stage.last.header("Contact");
    let contact = contact.split(";expires=").next().unwrap_or_default();
    let mut response = stage.last.response(200);
    response.headers.set(
        "Contact",
        format!("{contact};pub-gruu=\"{PUBLIC}\";temp-gruu=\"{TEMPORARY}\";expires=600"),
    );
    Wire::of(&response)
}

fn addressed() -> Stage {
    let mut alice = Stage::new();
    alice.does(register(at_one_server())).opens().says("REGISTER");
    let answer = with_addresses(&alice);
    alice.hears(answer).forgets();
    alice
}

#[test]
fn the_public_address_is_our_contact_in_calls() {
    let mut alice = addressed();
    alice.dials("bob");
    alice.says("INVITE");
    assert_eq!(alice.last.header("Contact"), format!("<{PUBLIC}>"));
    assert!(alice.last.header("Supported").ends_with(", gruu"));
}

#[test]
fn the_public_address_is_our_contact_when_we_are_called() {
    let mut alice = addressed();
    let mut bob = alice.far();
    alice.hears(bob.invite(SDP)).says("180");
    assert_eq!(contact_uri(&alice.last), PUBLIC);
}

#[test]
fn an_anonymous_call_has_the_temporary_address() {
    let mut alice = addressed();
    let call = alice.agent.reserve_call();
    let dial = Dial { target: "bob".into(), anonymous: true, ..Dial::default() };
    alice.does(Command::Dial(call, dial)).says("INVITE");
    assert_eq!(alice.last.header("Contact"), format!("<{TEMPORARY}>"));
    let answer = alice.last.answer_with_sdp(200, FAR_SDP);
    let mut bob = Far::called(&alice.last);
    alice.hears(answer).says("ACK");
    alice.hears(bob.invite(SDP)).says("200");
    assert_eq!(contact_uri(&alice.last), TEMPORARY);
}

#[test]
fn what_is_sent_to_either_address_reaches_us() {
    for address in [PUBLIC, TEMPORARY] {
        let mut alice = addressed();
        let mut bob = Far::calling(address);
        alice.hears(bob.request(Method::Options)).says("200");
    }
}

#[test]
fn a_registration_that_goes_takes_its_addresses_along() {
    let mut alice = addressed();
    waits(&mut alice, 511 * SECOND).says("REGISTER").hears_answer(403).forgets();
    alice.dials("bob");
    alice.says("INVITE");
    assert!(alice.last.header("Contact").contains(".invalid"));
    assert!(!alice.last.header("Supported").ends_with("gruu"));
}

#[test]
fn an_address_that_is_none_is_not_used() {
    let endless = format!("sip:{}@example.com;gr", "a".repeat(5000));
    for odd in ["", &endless, "tel:112", "sip:a@b>,<sip:mallory@evil.example", "sip:a@b\\\"c"] {
        let mut alice = Stage::new();
        alice.does(register(at_one_server())).opens().says("REGISTER");
        let contact = alice.last.header("Contact");
        let mut response = alice.last.response(200);
        response.headers.set("Contact", format!("{contact};pub-gruu=\"{odd}\""));
        alice.hears(Wire::of(&response)).forgets();
        alice.dials("bob");
        alice.says("INVITE");
        assert!(contact_uri(&alice.last).contains(".invalid"), "{odd}");
    }
}

#[test]
fn an_accounts_routes_come_first_and_the_registrars_behind_them() {
    let mut alice = Stage::new();
    let routes = vec!["sip:edge.example.com".into(), "<sip:second.example.com;lr>".into()];
    alice.does(register(Account { routes, ..account() })).opens().says("REGISTER");
    let edge = ["<sip:edge.example.com;lr>", "<sip:second.example.com;lr>"];
    let routes = |wire: &Wire| {
        let routes = wire.message().routes().unwrap();
        routes.iter().map(|route| route.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(routes(&alice.last), edge);
    let answer = answer_with(&alice, 200, &[("Service-Route", "<sip:home.example.com;lr>")]);
    alice.hears(answer).dials("bob");
    alice.says("INVITE");
    assert_eq!(routes(&alice.last), [edge[0], edge[1], "<sip:home.example.com;lr>"]);
    let answer = alice.last.answer_with_sdp(200, FAR_SDP);
    alice.hears(answer).says("ACK");
    assert_eq!(routes(&alice.last), [] as [&str; 0]);
}

#[test]
fn routes_that_are_none_are_refused() {
    for route in
        ["", "edge", "https://edge.example.com", "sip:a b", "sip:a>,<sip:b", "sip:a?Route=b"]
    {
        let account = Account { routes: vec![route.into()], ..account() };
        Stage::new().refuses(register(account), ApiMisuse::BadAccount("routes"));
    }
}

#[test]
fn a_service_route_holds_until_the_next_answer_and_is_no_longer_than_a_path() {
    let mut alice = Stage::new();
    alice.does(register(at_one_server())).opens().says("REGISTER");
    let endless = vec!["<sip:a.example.com;lr>"; 500].join(", ");
    let answer = answer_with(&alice, 200, &[("Service-Route", &endless)]);
    alice.hears(answer);
    waits(&mut alice, 511 * SECOND).says("REGISTER");
    // Never in a REGISTER.
    assert_eq!(alice.last.find("Route"), None);
    let call = alice.dials("bob");
    alice.says("INVITE");
    assert_eq!(alice.last.message().routes().unwrap().len(), 8);
    alice.does(Command::Hangup(call));
    alice.forgets();
}
