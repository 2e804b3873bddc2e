//! Calls without registration: an account that only calls, and calls that bring a one-time token
//! (RFC 6750 §2.1 as RFC 8898 has it, without the challenge).

use cc_sdk::account::Account;
use cc_sdk::api::{
    CallId, CallState, Command, Dial, EndCause, OneTimeToken, RegistrationState, UaEvent,
};
use cc_sdk::sip::Method;
use cc_sdk::{ApiMisuse, LinkRequest};

use crate::far::Far;
use crate::registration::{SECOND, answer_with, learnt, register};
use crate::registration_token::{base64url, jws};
use crate::stage::{FAR_SDP, SDP, Stage, account};

const TOKEN: &str = "demo:alice:one-time-secret";

/// Calls only; there is no password.
fn calls_only() -> Account {
    Account { register: false, password: None, ..account() }
}

/// A phone that calls only, with an open link.
fn open() -> Stage {
    let mut alice = Stage::new();
    alice.does(register(calls_only())).opens().forgets();
    alice
}

fn dial(target: &str, token: &str) -> Dial {
    Dial { target: target.into(), token: Some(OneTimeToken(token.into())), ..Dial::default() }
}

fn calls(stage: &mut Stage, dial: Dial) -> CallId {
    let call = stage.agent.reserve_call();
    stage.does(Command::Dial(call, dial));
    call
}

fn picks_up(stage: &mut Stage, target: &str) -> CallId {
    calls(stage, Dial { pickup: true, ..dial(target, TOKEN) })
}

/// How often the token stood in what the phone said.
#[track_caller]
fn token_left(stage: &Stage, times: usize) {
    let sent = stage.everything_said();
    assert_eq!(sent.matches("one-time-secret").count(), times, "{sent}");
}

/// The reason of the end that the page is told.
#[track_caller]
fn ends(stage: &mut Stage) -> (EndCause, Option<u16>) {
    let is_end =
        |event: &UaEvent| matches!(event, UaEvent::CallState { state: CallState::Ended, .. });
    match stage.tells_of(is_end) {
        UaEvent::CallState { end_reason: Some(reason), .. } => (reason.cause, reason.sip_status),
        other => panic!("{other:?}"),
    }
}

#[test]
fn without_registration_calls_go_out_and_come_in_on_the_open_flow() {
    let mut alice = open();
    let call = alice.dials("bob");
    alice.says("INVITE");
    assert_eq!(alice.last.find("Proxy-Authorization"), None);
    let answer = alice.last.answer_with_sdp(200, FAR_SDP);
    alice.hears(answer).says("ACK");
    alice.does(Command::Hangup(call)).says("BYE").hears_answer(200).forgets();
    let mut bob = alice.far();
    alice.hears(bob.invite(SDP)).says("180");
    alice.tells_of(|event| matches!(event, UaEvent::Call { .. }));
}

#[test]
fn without_registration_nothing_is_ever_registered() {
    let mut alice = open();
    alice.passes(3600 * SECOND).loses_link().opens().passes(60 * SECOND);
    alice.does(Command::Unregister).says_nothing();
    assert_eq!(learnt(&mut alice).last().unwrap(), "stopped");
}

#[test]
fn one_invite_carries_the_token_and_nothing_else_does() {
    let mut alice = open();
    let call = calls(&mut alice, dial("bob", TOKEN));
    alice.says("INVITE");
    assert_eq!(alice.last.header("Proxy-Authorization"), format!("Bearer {TOKEN}"));
    let answer = alice.last.answer_with_sdp(200, FAR_SDP);
    let mut bob = Far::called(&alice.last);
    alice.hears(answer).says("ACK");
    alice.hears(bob.invite(SDP)).says("200").hears(bob.request(Method::Ack));
    alice.does(Command::Hangup(call)).says("BYE");
    let challenge = [("Proxy-Authenticate", "Digest realm=\"r\", nonce=\"n\"")];
    let challenged = answer_with(&alice, 407, &challenge);
    alice.hears(challenged);
    token_left(&alice, 1);
}

#[test]
fn a_registered_phone_sends_the_token_in_place_of_what_it_knows() {
    let mut alice = Stage::new();
    alice.does(register(account())).opens().says("REGISTER");
    let challenge = [("WWW-Authenticate", "Digest realm=\"example.com\", nonce=\"n\"")];
    let challenged = answer_with(&alice, 401, &challenge);
    alice.hears(challenged).says("REGISTER").hears_answer(200).forgets();
    calls(&mut alice, dial("bob", TOKEN));
    alice.says("INVITE");
    assert_eq!(alice.last.header("Proxy-Authorization"), format!("Bearer {TOKEN}"));
    assert!(!alice.last.to_string().contains("Digest"));
}

#[test]
fn a_challenge_is_the_end_of_a_call_with_a_token() {
    for (status, header) in [(401, "WWW-Authenticate"), (407, "Proxy-Authenticate")] {
        let mut alice = Stage::registered();
        calls(&mut alice, dial("bob", TOKEN));
        alice.says("INVITE");
        let challenge = [(header, "Digest realm=\"example.com\", nonce=\"n\"")];
        let challenged = answer_with(&alice, status, &challenge);
        alice.hears(challenged).says("ACK").says_nothing();
        assert_eq!(ends(&mut alice), (EndCause::Auth, Some(status)));
        token_left(&alice, 1);
    }
}

#[test]
fn a_call_with_a_token_goes_nowhere_else() {
    for status in [300, 301, 302, 305, 380, 422, 488] {
        let mut alice = open();
        calls(&mut alice, dial("bob", TOKEN));
        alice.says("INVITE");
        let wishes = [("Contact", "<sip:carol@example.com>"), ("Min-SE", "1800")];
        let moved = answer_with(&alice, status, &wishes);
        alice.hears(moved).says("ACK").passes(10 * SECOND).says_nothing();
        token_left(&alice, 1);
    }
}

#[test]
fn a_cancel_and_a_lost_link_repeat_nothing() {
    let mut alice = open();
    let call = calls(&mut alice, dial("bob", TOKEN));
    alice.says("INVITE").hears_answer(180);
    alice.does(Command::Hangup(call)).says("CANCEL");
    token_left(&alice, 1);

    let mut alice = open();
    calls(&mut alice, dial("bob", TOKEN));
    alice.says("INVITE").loses_link();
    assert_eq!(ends(&mut alice).0, EndCause::Network);
    alice.opens().passes(60 * SECOND);
    token_left(&alice, 1);
}

#[test]
fn a_token_is_used_once_and_the_next_call_has_none() {
    let mut alice = open();
    let call = calls(&mut alice, dial("bob", TOKEN));
    alice.says("INVITE");
    alice.does(Command::Hangup(call)).forgets();
    alice.passes(60 * SECOND).forgets();
    alice.dials("bob");
    alice.says("INVITE");
    token_left(&alice, 1);
}

#[test]
fn a_token_leaves_the_own_domain_for_nothing() {
    let mut alice = open();
    let call = alice.agent.reserve_call();
    alice.does(Command::Dial(call, dial("sip:bob@evil.example", TOKEN))).says_nothing();
    assert_eq!(ends(&mut alice).0, EndCause::NotFound);
    token_left(&alice, 0);
}

#[test]
fn the_header_of_the_token_is_a_setting() {
    for (name, value) in
        [("Authorization", format!("Bearer {TOKEN}")), ("X-Session-Token", TOKEN.to_owned())]
    {
        let mut alice = Stage::new();
        alice.configures(|config| config.token_header = Some(name.into()));
        alice.does(register(calls_only())).opens();
        calls(&mut alice, dial("bob", &format!("Bearer {TOKEN}")));
        alice.says("INVITE");
        assert_eq!(alice.last.header(name), value);
        let refused = alice.last.answer(403);
        alice.hears(refused).says("ACK");
        token_left(&alice, 1);
    }
    for name in ["", "Via", "contact", "X\r\nEvil", "X Y"] {
        let mut alice = open();
        alice.configures(|config| config.token_header = Some(name.into()));
        let call = alice.agent.reserve_call();
        let misuse = ApiMisuse::BadHeader(name.into());
        alice.refuses(Command::Dial(call, dial("bob", TOKEN)), misuse);
    }
}

#[test]
fn what_is_no_token_is_refused_before_anything_is_asked() {
    for token in ["", "Bearer ", "a b", "a\r\nb", "\"a\""] {
        let mut alice = open();
        let call = alice.agent.reserve_call();
        assert!(
            matches!(
                alice.tries(Command::Dial(call, dial("bob", token))),
                Err(ApiMisuse::BadToken(_))
            ),
            "{token}"
        );
        alice.says_nothing().tells_nothing();
    }
}

#[test]
fn a_pick_up_takes_any_number_and_also_none() {
    for (target, uri) in [
        ("+1 212 555-0123", "sip:+12125550123@example.com"),
        ("bob", "sip:bob@example.com"),
        ("", "sip:pickup@example.com"),
        ("who ever, it is", "sip:pickup@example.com"),
        ("<>", "sip:pickup@example.com"),
    ] {
        let mut alice = open();
        picks_up(&mut alice, target);
        alice.says("INVITE");
        assert_eq!(alice.last.message().request_uri(), Some(uri), "{target}");
        let told = alice.tells_of(|event| matches!(event, UaEvent::Call { .. }));
        assert!(matches!(told, UaEvent::Call { number, .. } if number == target.trim()));
    }
}

#[test]
fn a_pick_up_needs_a_token() {
    let mut alice = open();
    let call = alice.agent.reserve_call();
    let nothing = Dial { pickup: true, ..Dial::default() };
    alice.refuses(Command::Dial(call, nothing), ApiMisuse::BadToken("a pick-up needs one"));
}

#[test]
fn a_pick_up_before_the_socket_is_up_waits_for_it() {
    let mut alice = Stage::new();
    alice.does(register(calls_only()));
    picks_up(&mut alice, "");
    alice.passes(4 * SECOND).says_nothing();
    alice.opens().says("INVITE");
    token_left(&alice, 1);
}

#[test]
fn a_pick_up_does_not_wait_for_the_registration() {
    let mut alice = Stage::new();
    alice.does(register(account()));
    picks_up(&mut alice, "");
    alice.opens().says("REGISTER").says("INVITE");

    let mut alice = Stage::new();
    alice.does(register(account())).opens().says("REGISTER");
    picks_up(&mut alice, "");
    alice.says("INVITE");
}

#[test]
fn a_token_may_bring_its_account() {
    let mut alice = Stage::new();
    let token = jws(3600);
    calls(&mut alice, dial("bob", &token));
    alice.tells_of(|event| matches!(event, UaEvent::Call { .. }));
    alice.opens().says("INVITE");
    assert_eq!(alice.last.header("Proxy-Authorization"), format!("Bearer {token}"));
    let answer = alice.last.answer_with_sdp(200, FAR_SDP);
    alice.hears(answer).says("ACK");
    // It is no credential for anything else, and nothing tells of its end.
    alice.forgets().passes(3600 * SECOND);
    assert_eq!(alice.everything_said().matches(&token).count(), 1);
    assert!(!learnt(&mut alice).iter().any(|told| told.starts_with("token")));
}

#[test]
fn the_next_token_with_the_same_account_calls_at_once() {
    let mut alice = Stage::new();
    let call = calls(&mut alice, dial("bob", &jws(3600)));
    alice.opens().says("INVITE").hears_answer(180);
    alice.does(Command::Hangup(call)).says("CANCEL").hears_answer(200).forgets();
    alice.passes(60 * SECOND).forgets();
    calls(&mut alice, dial("bob", &jws(3601)));
    alice.says("INVITE");
    assert_eq!(alice.last.header("Proxy-Authorization"), format!("Bearer {}", jws(3601)));
}

#[test]
fn the_next_token_may_bring_another_account() {
    let claims = |server: &str| {
        let sip = format!("{{\"uri\":\"sip:guest@example.com\",\"servers\":[\"{server}\"]}}");
        let payload =
            format!("{{\"sub\":\"guest\",\"iat\":1800000000,\"exp\":1800003600,\"sip\":{sip}}}");
        format!("{}.{}.c2ln", base64url("{}"), base64url(&payload))
    };
    let mut alice = Stage::new();
    let call = calls(&mut alice, dial("bob", &claims("wss://one.example.com")));
    alice.opens_to("wss://one.example.com").says("INVITE").hears_answer(180);
    alice.does(Command::Hangup(call)).says("CANCEL").hears_answer(200).forgets();
    alice.passes(60 * SECOND).forgets();
    calls(&mut alice, dial("bob", &claims("wss://two.example.com")));
    alice.opens_to("wss://two.example.com").says("INVITE");
}

#[test]
fn a_token_whose_account_cannot_be_used_is_refused_at_once() {
    let payload = "{\"sub\":\"g\",\"iat\":1800000000,\"exp\":1800003600,\"sip\":{\"uri\":\"sip:g@example.com\",\"servers\":[\"ws://evil.example\"]}}";
    let token = format!("{}.{}.c2ln", base64url("{}"), base64url(payload));
    let mut alice = Stage::new();
    let call = alice.agent.reserve_call();
    let misuse = ApiMisuse::InsecureServer("ws://evil.example".into());
    alice.refuses(Command::Dial(call, dial("bob", &token)), misuse).tells_nothing();
    let expired = jws(0);
    alice.passes(120 * SECOND);
    alice.refuses(Command::Dial(call, dial("bob", &expired)), ApiMisuse::TokenExpired);
}

#[test]
fn an_opaque_token_without_an_account_waits_for_one_and_gives_up() {
    let mut alice = Stage::new();
    calls(&mut alice, dial("bob", TOKEN));
    alice.passes(10 * SECOND);
    assert_eq!(ends(&mut alice).0, EndCause::Timeout);
    assert!(alice.credentials.is_empty(), "a token that is good once was exchanged");
}

#[test]
fn an_opaque_token_before_its_account_leaves_with_it() {
    let mut alice = Stage::new();
    calls(&mut alice, dial("bob", TOKEN));
    alice.does(register(calls_only())).opens().says("INVITE");
    token_left(&alice, 1);
}

#[test]
fn no_debug_form_holds_the_token() {
    let command = Command::Dial(CallId(1), dial("bob", TOKEN));
    assert!(!format!("{command:?}").contains("secret"));
}

#[test]
fn what_the_page_is_told_holds_no_token() {
    let mut alice = open();
    calls(&mut alice, dial("bob", TOKEN));
    alice.says("INVITE");
    let refused = alice.last.answer(403);
    alice.hears(refused);
    assert!(!format!("{:?}", alice.told).contains("secret"));
    let state = |event: &UaEvent| {
        matches!(event, UaEvent::Registration { state: RegistrationState::Failed, .. })
    };
    assert!(!alice.told.iter().any(|(_, event)| state(event)));
    assert!(!alice.linked.iter().any(|(_, it)| matches!(it, LinkRequest::Open { .. })));
}
