//! REGISTER from its wish to its end: RFC 3261 §10, RFC 5626 §4.2, RFC 3608.

use std::time::Duration;

use cc_sdk::account::Account;
use cc_sdk::api::{Command, Credential, RegistrationState, UaEvent};
use cc_sdk::{ApiMisuse, LinkRequest};

use crate::far::Wire;
use crate::stage::{FAR_SDP, Stage, account};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

pub(crate) fn register(account: Account) -> Command {
    Command::Register(Credential::Account(Box::new(account)))
}

/// With one server only.
pub(crate) fn at_one_server() -> Account {
    Account { servers: vec!["wss://edge1.example.com/sip".into()], ..account() }
}

/// What the page was told of line and registration since it was last asked, in short.
pub(crate) fn learnt(stage: &mut Stage) -> Vec<String> {
    stage.told.drain(..).filter_map(|(_, event)| short(&event)).collect()
}

fn short(event: &UaEvent) -> Option<String> {
    Some(match event {
        UaEvent::Started => "started".into(),
        UaEvent::StartFailed { .. } => "start failed".into(),
        UaEvent::Stopped => "stopped".into(),
        UaEvent::Reconnecting { attempt, .. } => format!("reconnecting {attempt}"),
        UaEvent::Reconnected => "reconnected".into(),
        UaEvent::TokenWillExpire { expires_in } => format!("token will expire in {expires_in}"),
        UaEvent::Warning { code, .. } => format!("warning {code}"),
        UaEvent::Registration { state, expires_in, reason } => match (state, expires_in, reason) {
            (RegistrationState::None, None, None) => "none".into(),
            (RegistrationState::Registering, None, None) => "registering".into(),
            (RegistrationState::Registered, None, None) => "registered".into(),
            (RegistrationState::Registered, Some(seconds), None) => format!("registered {seconds}"),
            (RegistrationState::Failed, None, Some(reason)) => match reason.sip_status {
                Some(status) => format!("failed {} {status}", reason.code),
                None => format!("failed {}", reason.code),
            },
            other => panic!("no such state: {other:?}"),
        },
        _ => return None,
    })
}

/// The answer to the last message with further headers.
pub(crate) fn answer_with(stage: &Stage, status: u16, headers: &[(&str, &str)]) -> Wire {
    let mut response = stage.last.response(status);
    for (name, value) in headers {
        response.headers.push(name, *value);
    }
    Wire::of(&response)
}

/// Lets time pass until the phone says something, at most so long.
#[track_caller]
pub(crate) fn waits(stage: &mut Stage, at_most: Duration) -> &mut Stage {
    let end = stage.now + at_most;
    while stage.said.is_empty() {
        let due = stage.agent.next_timeout().filter(|due| *due <= end);
        let due = due.expect("the phone says nothing in this time");
        stage.passes(due.since(stage.now));
    }
    stage
}

#[test]
fn a_register_tells_who_where_and_for_how_long() {
    let mut alice = Stage::new();
    alice.does(register(Account {
        register_expires: Some(300),
        user_agent: Some("Shop/1".into()),
        headers: vec![("X-Tenant".into(), "7".into())],
        ..account()
    }));
    alice.opens_to("wss://edge1.example.com/sip").says("REGISTER");
    let register = &alice.last;
    assert_eq!(register.message().request_uri(), Some("sip:example.com"));
    assert_eq!(register.header("To"), "<sip:alice@example.com>");
    assert!(register.header("From").starts_with("\"Alice\" <sip:alice@example.com>;tag="));
    assert!(register.header("Via").starts_with("SIP/2.0/WSS "));
    assert!(register.header("Via").contains(".invalid;"));
    let contact = register.header("Contact");
    assert!(contact.starts_with("<sip:alice@") && contact.contains(".invalid;transport=ws>"));
    assert!(contact.contains(";reg-id=1;+sip.instance=\"<urn:uuid:"), "{contact}");
    assert!(contact.ends_with(";expires=300"), "{contact}");
    assert_eq!(register.header("Expires"), "300");
    assert_eq!(register.header("Supported"), "path, outbound, gruu");
    assert_eq!(register.header("User-Agent"), "Shop/1");
    assert_eq!(register.header("X-Tenant"), "7");
    assert_eq!(register.find("Authorization"), None);
    alice.hears_answer(200);
    assert_eq!(learnt(&mut alice), ["registering", "started", "registered 600"]);
}

#[test]
fn it_is_refreshed_before_it_expires_with_the_same_call_id_and_a_higher_number() {
    let mut alice = Stage::new();
    alice.does(register(account())).opens().says("REGISTER").hears_answer(200).forgets();
    let first = alice.last.clone();
    alice.passes(419 * SECOND).says_nothing();
    waits(&mut alice, 92 * SECOND).says("REGISTER");
    assert_eq!(alice.last.header("Call-ID"), first.header("Call-ID"));
    assert_eq!(alice.last.header("From"), first.header("From"));
    assert_eq!(
        (first.header("CSeq"), alice.last.header("CSeq")),
        ("1 REGISTER".into(), "2 REGISTER".into())
    );
    alice.hears_answer(200);
    assert_eq!(learnt(&mut alice), ["registered 600"]);
}

#[test]
fn the_lifetime_is_our_contacts_among_others() {
    for (headers, granted) in [
        (vec![("Contact", "<sip:alice@192.0.2.9>;expires=10, OWN;expires=120")], 120),
        (vec![("m", "OWN;EXPIRES=120"), ("Expires", "90")], 120),
        (vec![("Contact", "OWN"), ("Expires", "90")], 90),
        (
            vec![(
                "Contact",
                "<sip:alice@192.0.2.9:5060;gr=INSTANCE>;+sip.instance=\"<INSTANCE>\";expires=80",
            )],
            80,
        ),
        // No Contact at all, as some registrars answer.
        (vec![("Expires", "90")], 90),
        (vec![], 600),
        // Nobody can be asked to come back in no time.
        (vec![("Contact", "OWN;expires=0")], 10),
        (vec![("Contact", "<<<")], 600),
    ] {
        let mut alice = Stage::new();
        alice.does(register(account())).opens().says("REGISTER").forgets();
        let contact = alice.last.header("Contact");
        let own = contact.split(";reg-id").next().unwrap().to_owned();
        let instance = contact
            .split(['"', '<', '>'])
            .find(|part| part.starts_with("urn:"))
            .unwrap()
            .to_owned();
        let mut response = alice.last.response(200);
        response.headers.remove_all("Contact");
        for (name, value) in &headers {
            response.headers.push(name, value.replace("OWN", &own).replace("INSTANCE", &instance));
        }
        alice.hears(Wire::of(&response));
        assert_eq!(learnt(&mut alice), [format!("registered {granted}")], "{headers:?}");
    }
}

#[test]
fn an_interval_too_brief_is_lengthened_once_and_remembered() {
    let mut alice = Stage::new();
    alice.does(register(Account { register_expires: Some(60), ..account() }));
    alice.opens().says("REGISTER").forgets();
    let brief = answer_with(&alice, 423, &[("Min-Expires", "1800")]);
    alice.hears(brief).says("REGISTER");
    assert_eq!(alice.last.header("Expires"), "1800");
    alice.hears_answer(200);
    waits(&mut alice, 600 * SECOND).says("REGISTER");
    assert_eq!(alice.last.header("Expires"), "1800");
}

#[test]
fn no_more_than_a_day_is_wished_for() {
    let mut alice = Stage::new();
    alice.does(register(Account { register_expires: Some(u32::MAX), ..account() }));
    alice.opens().says("REGISTER").forgets();
    assert_eq!(alice.last.header("Expires"), "86400");
    let brief = answer_with(&alice, 423, &[("Min-Expires", "4294967295")]);
    alice.hears(brief).says_nothing();
}

#[test]
fn an_interval_that_is_always_too_brief_is_a_failure() {
    let mut alice = Stage::new();
    alice.does(register(account())).opens();
    let mut registers = 0;
    while !alice.said.is_empty() {
        alice.says("REGISTER");
        registers += 1;
        let longer = (600 + registers).to_string();
        let brief = answer_with(&alice, 423, &[("Min-Expires", &longer)]);
        alice.hears(brief);
    }
    assert!(registers < 10, "{registers}");
    assert_eq!(learnt(&mut alice), ["registering", "started", "failed server-error 423"]);
    // One without Min-Expires is no better.
    let mut alice = Stage::new();
    alice.does(register(account())).opens().says("REGISTER").hears_answer(423).says_nothing();
}

#[test]
fn a_first_hop_without_outbound_is_registered_at_without_it() {
    let mut alice = Stage::new();
    alice.does(register(account())).opens().says("REGISTER").hears_answer(439).says("REGISTER");
    assert!(!alice.last.header("Contact").contains("reg-id"));
    alice.hears_answer(439).says_nothing();
    assert_eq!(learnt(&mut alice).last().unwrap(), "failed server-error 439");
}

#[test]
fn a_refusal_for_good_fails_and_a_later_register_works() {
    for (status, told) in [
        (400, "failed server-error 400"),
        (403, "failed auth 403"),
        (404, "failed auth 404"),
        (302, "failed server-error 302"),
        (603, "failed server-error 603"),
    ] {
        let mut alice = Stage::new();
        alice.does(register(account())).opens().says("REGISTER").hears_answer(status);
        assert_eq!(learnt(&mut alice), ["registering", "started", told]);
        alice.passes(3600 * SECOND).says_nothing();
        assert_eq!(learnt(&mut alice), [""; 0]);
        alice.does(register(account())).says("REGISTER").hears_answer(200);
        assert_eq!(learnt(&mut alice), ["registering", "registered 600"]);
    }
}

#[test]
fn a_server_in_trouble_is_left_for_the_next_one() {
    let mut alice = Stage::new();
    alice.does(register(account())).opens().says("REGISTER").hears_answer(503).closes();
    alice.opens_to("wss://edge2.example.com/sip").says("REGISTER").hears_answer(200);
    let told = learnt(&mut alice);
    assert_eq!(told.first().unwrap(), "registering");
    assert_eq!(told.last().unwrap(), "registered 600");
    assert!(!told.iter().any(|event| event.starts_with("failed")), "{told:?}");
}

#[test]
fn the_last_server_in_trouble_fails_and_is_tried_again_when_it_says() {
    let mut alice = Stage::new();
    alice.does(register(at_one_server())).opens().says("REGISTER");
    let busy = answer_with(&alice, 503, &[("Retry-After", "20 (maintenance)")]);
    alice.hears(busy);
    assert_eq!(learnt(&mut alice), ["registering", "started", "failed server-error 503"]);
    alice.passes(Duration::from_millis(19_999)).says_nothing();
    waits(&mut alice, 6 * SECOND).says("REGISTER").hears_answer(200);
    assert_eq!(learnt(&mut alice), ["registered 600"]);
}

#[test]
fn a_refresh_that_meets_trouble_is_tried_again_while_the_registration_holds() {
    let mut alice = Stage::new();
    alice.does(register(account())).opens().says("REGISTER").hears_answer(200).forgets();
    waits(&mut alice, 511 * SECOND).says("REGISTER").hears_answer(500);
    waits(&mut alice, 3 * SECOND).says("REGISTER").hears_answer(500);
    waits(&mut alice, 5 * SECOND).says("REGISTER").hears_answer(200);
    assert_eq!(learnt(&mut alice), ["registered 600"]);
}

#[test]
fn a_refresh_without_an_answer_does_not_cut_a_link_that_lives() {
    let mut alice = Stage::registered();
    waits(&mut alice, 511 * SECOND).says("REGISTER").passes(10 * SECOND).says_nothing();
    assert!(alice.linked.is_empty());
    waits(&mut alice, 3 * SECOND).says("REGISTER").hears_answer(200);
    assert_eq!(learnt(&mut alice), ["registered 600"]);
    // One that is dead is found out by the test.
    alice.keep_alive_by_hand();
    while alice.linked.is_empty() {
        alice.forgets().passes(SECOND);
    }
    alice.closes();
}

#[test]
fn a_new_credential_without_an_answer_fails_and_the_old_one_goes_on() {
    let mut alice = Stage::registered();
    alice.does(register(Account { register_expires: Some(77), ..account() }));
    alice.says("REGISTER").passes(10 * SECOND);
    assert_eq!(learnt(&mut alice), ["failed timeout", "registered 590"]);
    waits(&mut alice, 3 * SECOND).says("REGISTER");
    assert_eq!(alice.last.header("Expires"), "600");
}

#[test]
fn a_registration_that_cannot_be_refreshed_lapses_and_comes_back() {
    let mut alice = Stage::new();
    alice.does(register(at_one_server())).opens().says("REGISTER").hears_answer(200).forgets();
    let mut told = learnt(&mut alice);
    while told.is_empty() {
        waits(&mut alice, 511 * SECOND).says("REGISTER").hears_answer(500);
        told = learnt(&mut alice);
    }
    assert_eq!(told, ["registering"]);
    waits(&mut alice, 60 * SECOND).says("REGISTER").hears_answer(200);
    assert_eq!(learnt(&mut alice), ["registered 600"]);
}

#[test]
fn a_refresh_that_is_refused_ends_the_registration() {
    let mut alice = Stage::new();
    alice.does(register(account())).opens().says("REGISTER").hears_answer(200).forgets();
    waits(&mut alice, 511 * SECOND).says("REGISTER").hears_answer(403);
    assert_eq!(learnt(&mut alice), ["failed auth 403"]);
}

#[test]
fn unregister_takes_the_contact_back_and_closes_the_link() {
    let mut alice = Stage::registered();
    alice.does(Command::Unregister).says("REGISTER");
    assert!(alice.last.header("Contact").ends_with(";expires=0"));
    assert_eq!(alice.last.header("Expires"), "0");
    assert_eq!(learnt(&mut alice), [""; 0]);
    alice.hears_answer(200).closes();
    assert_eq!(learnt(&mut alice), ["none", "stopped"]);
    alice.passes(3600 * SECOND).says_nothing();
    assert_eq!(alice.agent.next_timeout(), None);
}

#[test]
fn unregister_answers_a_challenge_and_does_not_wait_for_ever() {
    let mut alice = Stage::registered();
    alice.does(Command::Unregister).says("REGISTER");
    let challenge =
        answer_with(&alice, 401, &[("WWW-Authenticate", "Digest realm=\"r\", nonce=\"n\"")]);
    alice.hears(challenge).says("REGISTER");
    assert_eq!(alice.last.header("Expires"), "0");
    alice.passes(5 * SECOND).closes();
    assert_eq!(learnt(&mut alice), ["none", "stopped"]);
}

#[test]
fn unregister_is_told_once_also_where_there_is_nothing_to_take_back() {
    let mut alice = Stage::new();
    alice.does(register(account())).does(Command::Unregister);
    assert_eq!(learnt(&mut alice), ["registering", "none", "stopped"]);
    let mut alice = Stage::registered();
    alice.does(Command::Unregister).says("REGISTER").loses_link();
    assert_eq!(learnt(&mut alice), ["none", "stopped"]);
    alice.passes(600 * SECOND).says_nothing();
    // Failed before: there is nothing that the registrar knows.
    let mut alice = Stage::new();
    alice.does(register(account())).opens().says("REGISTER").hears_answer(403).forgets();
    alice.does(Command::Unregister).says_nothing();
    assert_eq!(learnt(&mut alice), ["none", "stopped"]);
}

#[test]
fn calls_go_on_after_unregister_and_the_link_with_them() {
    let mut alice = Stage::registered();
    let call = alice.dials("9196");
    alice.says("INVITE").forgets();
    let invite = alice.last.clone();
    alice.does(Command::Unregister).says("REGISTER").hears_answer(200);
    assert_eq!(learnt(&mut alice), ["none"]);
    assert!(alice.linked.is_empty());
    alice.hears(invite.answer(180)).does(Command::Hangup(call)).says("CANCEL").hears_answer(200);
    assert_eq!(learnt(&mut alice), [] as [&str; 0]);
    alice.hears(invite.answer(487)).says("ACK");
    assert_eq!(learnt(&mut alice), ["stopped"]);
    alice.closes();
}

#[test]
fn the_link_outlives_unregister_until_a_bye_was_answered() {
    let mut alice = Stage::registered();
    let call = alice.dials("9196");
    alice.says("INVITE");
    let answer = alice.last.answer_with_sdp(200, FAR_SDP);
    alice.hears(answer).says("ACK").forgets();
    alice.does(Command::Unregister).says("REGISTER").hears_answer(200);
    alice.does(Command::Hangup(call)).says("BYE");
    assert_eq!(learnt(&mut alice), ["none"]);
    // The proxy wants to know who hangs up.
    let challenge = "Digest realm=\"example.com\", nonce=\"n\"";
    let challenged = answer_with(&alice, 407, &[("Proxy-Authenticate", challenge)]);
    alice.hears(challenged).says("BYE");
    assert!(alice.linked.is_empty());
    alice.hears_answer(200);
    assert_eq!(learnt(&mut alice), ["stopped"]);
    alice.closes();
}

#[test]
fn a_bye_that_nobody_answers_holds_the_link_no_longer_than_its_transaction() {
    let mut alice = Stage::registered();
    let call = alice.dials("9196");
    alice.says("INVITE");
    let answer = alice.last.answer_with_sdp(200, FAR_SDP);
    alice.hears(answer).says("ACK").forgets();
    alice.does(Command::Unregister).says("REGISTER").hears_answer(200);
    alice.does(Command::Hangup(call)).says("BYE").passes(31 * SECOND);
    assert_eq!(learnt(&mut alice), ["none"]);
    alice.passes(2 * SECOND);
    assert_eq!(learnt(&mut alice), ["stopped"]);
}

#[test]
fn register_right_after_unregister_comes_back_on_the_same_link() {
    let mut alice = Stage::registered();
    alice.does(Command::Unregister).says("REGISTER").does(register(account())).says_nothing();
    assert_eq!(learnt(&mut alice), ["none"]);
    alice.hears_answer(200).says("REGISTER");
    assert_ne!(alice.last.header("Expires"), "0");
    alice.hears_answer(200);
    assert_eq!(learnt(&mut alice), ["registered 600"]);
    assert!(alice.linked.is_empty());
}

#[test]
fn register_after_unregister_begins_anew() {
    let mut alice = Stage::registered();
    alice.does(Command::Unregister).says("REGISTER").hears_answer(200).closes().forgets();
    alice.does(register(account())).opens().says("REGISTER").hears_answer(200);
    assert_eq!(learnt(&mut alice), ["registering", "started", "registered 600"]);
}

#[test]
fn shutdown_unregisters_closes_and_tells_it() {
    let mut alice = Stage::registered();
    alice.does(Command::Shutdown).says("REGISTER").hears_answer(200).closes();
    assert_eq!(learnt(&mut alice), ["none", "stopped"]);
    assert_eq!(alice.agent.next_timeout(), None);
    // Without an answer too.
    let mut alice = Stage::registered();
    alice.does(Command::Shutdown).says("REGISTER").passes(5 * SECOND).closes();
    assert_eq!(learnt(&mut alice), ["none", "stopped"]);
    // And where nothing was up.
    let mut alice = Stage::new();
    alice.does(register(account())).does(Command::Shutdown);
    assert_eq!(learnt(&mut alice).last().unwrap(), "stopped");
    alice.passes(40 * SECOND);
    assert_eq!(alice.agent.next_timeout(), None);
}

#[test]
fn a_new_password_replaces_the_old_one_on_the_same_flow() {
    let mut alice = Stage::registered();
    alice.does(register(Account { password: Some("new".into()), ..account() })).says("REGISTER");
    assert_eq!(learnt(&mut alice), [""; 0]);
    assert!(alice.linked.is_empty(), "the flow stays");
    alice.hears_answer(200);
    assert_eq!(learnt(&mut alice), ["registered 600"]);
}

#[test]
fn a_new_credential_that_is_refused_leaves_the_old_one_in_force() {
    let mut alice = Stage::registered();
    let wrong = Account { password: Some("wrong".into()), ..account() };
    alice.passes(100 * SECOND).does(register(wrong)).says("REGISTER").hears_answer(403);
    assert_eq!(learnt(&mut alice), ["failed auth 403", "registered 500"]);
    waits(&mut alice, 260 * SECOND).says("REGISTER").hears_answer(200);
    assert_eq!(learnt(&mut alice), ["registered 600"]);
}

#[test]
fn two_registers_in_a_row_have_one_outcome_and_the_last_one_counts() {
    let mut alice = Stage::new();
    alice.does(register(account())).opens().says("REGISTER");
    alice.does(register(Account { register_expires: Some(77), ..account() })).says_nothing();
    alice.hears_answer(200).says("REGISTER");
    assert_eq!(alice.last.header("Expires"), "77");
    alice.hears_answer(200);
    assert_eq!(learnt(&mut alice), ["registering", "started", "registering", "registered 600"]);
}

#[test]
fn another_server_is_registered_at_before_the_first_is_left() {
    let mut alice = Stage::registered();
    let old = alice.flow;
    let moved = Account { servers: vec!["wss://other.example.com".into()], ..account() };
    alice.does(register(moved));
    assert_eq!(learnt(&mut alice), [""; 0]);
    alice.opens_to("wss://other.example.com").says("REGISTER");
    assert!(alice.linked.is_empty(), "the old flow is still up");
    alice.hears_answer(200);
    assert_eq!(learnt(&mut alice), ["started", "registered 600"]);
    assert_eq!(alice.linked.pop_front(), Some((old, LinkRequest::Close)));
    // The same seat: the new binding replaced the old one, which is not taken back.
    alice.says_nothing();
}

#[test]
fn another_seat_is_registered_before_the_first_is_taken_back() {
    let mut alice = Stage::registered();
    let bob = Account { uri: "sip:bob@example.com".into(), ..account() };
    alice.does(register(bob)).opens().says("REGISTER");
    assert_eq!(alice.last.header("To"), "<sip:bob@example.com>");
    alice.hears_answer(200).says("REGISTER");
    assert_eq!(alice.last.header("To"), "<sip:alice@example.com>");
    assert_eq!(alice.last.header("Expires"), "0");
}

#[test]
fn another_server_that_refuses_changes_nothing() {
    let mut alice = Stage::registered();
    let old = alice.flow;
    let moved = Account { servers: vec!["wss://other.example.com".into()], ..account() };
    alice.does(register(moved.clone())).opens().says("REGISTER").hears_answer(403).closes();
    assert_eq!(learnt(&mut alice), ["failed auth 403", "registered 600"]);
    alice.does(register(moved.clone())).fails_to_open();
    assert_eq!(learnt(&mut alice), ["failed network", "registered 600"]);
    alice.forgets().does(register(moved)).opens().says("REGISTER").passes(11 * SECOND).closes();
    assert_eq!(learnt(&mut alice), ["failed timeout", "registered 590"]);
    alice.forgets().flow = old;
    alice.loses_link();
    assert_eq!(learnt(&mut alice), ["reconnecting 1"]);
}

#[test]
fn a_call_on_the_former_flow_keeps_it() {
    let mut alice = Stage::registered();
    let old = alice.flow;
    let call = alice.dials("9196");
    alice.says("INVITE").forgets();
    let moved = Account { servers: vec!["wss://other.example.com".into()], ..account() };
    alice.does(register(moved)).opens().says("REGISTER").hears_answer(200);
    assert!(alice.linked.is_empty());
    alice.does(Command::Hangup(call));
    alice.passes(40 * SECOND);
    assert!(alice.linked.contains(&(old, LinkRequest::Close)));
}

#[test]
fn an_account_that_cannot_be_used_is_refused_and_nothing_changes() {
    let mut alice = Stage::registered();
    let with = |change: fn(&mut Account)| {
        let mut account = account();
        change(&mut account);
        register(account)
    };
    alice.refuses(with(|a| a.uri = "alice".into()), ApiMisuse::BadAccount("uri"));
    alice.refuses(with(|a| a.servers.clear()), ApiMisuse::BadAccount("servers"));
    alice.refuses(
        with(|a| a.servers = vec!["ws://example.com".into()]),
        ApiMisuse::InsecureServer("ws://example.com".into()),
    );
    alice.tells_nothing().says_nothing();
}

#[test]
fn a_port_that_browsers_refuse_is_warned_of() {
    let mut alice = Stage::new();
    let account = Account { servers: vec!["pbx.example.com:5061".into()], ..account() };
    alice.does(register(account)).opens_to("wss://pbx.example.com").says("REGISTER");
    assert_eq!(learnt(&mut alice), ["warning port-refused", "registering", "started"]);
}

#[test]
fn an_account_without_registration_is_ready_when_its_link_is() {
    let mut alice = Stage::new();
    alice.does(register(Account { register: false, password: None, ..account() }));
    alice.opens().says_nothing();
    assert_eq!(learnt(&mut alice), ["registering", "started", "registered"]);
    alice.loses_link().opens().says_nothing();
    assert_eq!(learnt(&mut alice), ["reconnecting 1", "reconnected", "registered"]);
    alice.dials("9196");
    alice.says("INVITE").forgets();
    alice.does(Command::Unregister).says_nothing();
    assert_eq!(learnt(&mut alice), ["none"]);
}

#[test]
fn the_service_route_is_where_later_requests_go() {
    let mut alice = Stage::new();
    alice.does(register(account())).opens().says("REGISTER");
    let ok = answer_with(
        &alice,
        200,
        &[("Service-Route", "<sip:p1.example.com;lr>, <sip:p2.example.com;lr>")],
    );
    alice.hears(ok).dials("9196");
    alice.says("INVITE");
    let routes: Vec<_> =
        alice.last.message().routes().unwrap().iter().map(|r| r.uri_text().to_owned()).collect();
    assert_eq!(routes, ["sip:p1.example.com;lr", "sip:p2.example.com;lr"]);
    alice.forgets().passes(520 * SECOND);
    let register = alice.said.iter().find(|said| said.what("") == "REGISTER").expect("a refresh");
    assert_eq!(register.find("Route"), None);
}
