//! Tokens of both kinds, providers, and what is done before they end.

use std::time::Duration;

use cc_sdk::account::Account;
use cc_sdk::api::{AccountId, Command, Credential, ProviderId, UaEvent};
use cc_sdk::{ApiMisuse, CredentialReply, CredentialRequest};

use crate::registration::{SECOND, answer_with, learnt, register, waits};
use crate::stage::{Stage, account};

const NOW: u64 = 1_800_000_000;
const ASK: CredentialRequest = CredentialRequest::AskProvider(ProviderId(7));
const PROVIDER: Credential = Credential::Provider(ProviderId(7));

pub(crate) fn base64url(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        for digit in 0..=chunk.len() {
            out.push(char::from(DIGITS[(bits >> (18 - 6 * digit) & 63) as usize]));
        }
    }
    out
}

/// A self-contained token of alice that ends so many seconds after the stage's beginning.
pub(crate) fn jws(ends: u64) -> String {
    let end = NOW + ends;
    let sip = r#"{"uri":"sip:alice@example.com","servers":["wss://edge1.example.com/sip"]}"#;
    let claims = format!(
        r#"{{"sub":"alice","aud":"example.com","jti":"1","iat":{NOW},"exp":{end},"sip":{sip}}}"#
    );
    ["eyJhbGciOiJFUzI1NiJ9", &base64url(&claims), "c2ln"].join(".")
}

fn token(text: &str) -> Command {
    Command::Register(Credential::Token(text.into()))
}

fn exchange(token: &str) -> CredentialRequest {
    CredentialRequest::Exchange { service: "https://cc.example.com".into(), token: token.into() }
}

/// A phone that may exchange tokens.
fn with_service() -> Stage {
    let mut alice = Stage::new();
    alice.configures(|config| config.service = Some("https://cc.example.com".into()));
    alice
}

/// A phone that is registered by a provider's token of ten minutes.
#[track_caller]
fn provided() -> Stage {
    let mut alice = Stage::new();
    alice.does(Command::Register(PROVIDER));
    alice.provides(&ASK, CredentialReply::Token(jws(600)));
    alice.opens().says("REGISTER").hears_answer(200).forgets();
    alice
}

/// Lets time pass until the provider is asked; how long that took.
#[track_caller]
fn until_asked(stage: &mut Stage, at_most: Duration) -> Duration {
    let begun = stage.now;
    while stage.credentials.is_empty() {
        let due = stage.agent.next_timeout().expect("something is due");
        stage.passes(due.since(stage.now));
        if stage.said.front().is_some_and(|said| said.what("") == "REGISTER") {
            stage.says("REGISTER").hears_answer(200);
        }
        assert!(stage.now.since(begun) <= at_most, "the provider is not asked");
    }
    stage.now.since(begun)
}

#[test]
fn a_self_contained_token_registers_without_asking_anybody() {
    for prefix in ["", "Bearer ", "bearer "] {
        let mut alice = Stage::new();
        alice.does(token(&[prefix, &jws(3600)].concat()));
        assert!(alice.credentials.is_empty());
        alice.opens_to("wss://edge1.example.com/sip").says("REGISTER");
        assert_eq!(alice.last.header("Authorization"), ["Bearer ", &jws(3600)].concat());
        assert!(alice.last.header("Contact").starts_with("<sip:alice@"));
        alice.hears_answer(200);
        assert_eq!(learnt(&mut alice), ["registering", "started", "registered 600"]);
    }
}

#[test]
fn a_token_that_cannot_be_used_is_refused_at_once_and_loses_nothing() {
    let mut alice = Stage::registered();
    alice.refuses(token(""), ApiMisuse::BadToken("it is empty"));
    alice.refuses(token("a.b!.c"), ApiMisuse::BadToken("its payload is not base64url"));
    alice.refuses(token("demo:alice:1"), ApiMisuse::NoService);
    alice.passes(7200 * SECOND).forgets();
    alice.refuses(token(&jws(600)), ApiMisuse::TokenExpired);
    alice.configures(|config| config.service = Some("http://cc.example.com".into()));
    alice.refuses(token("demo:alice:1"), ApiMisuse::InsecureServer("http://cc.example.com".into()));
    assert!(alice.credentials.is_empty());
    alice.tells_nothing().says_nothing();
}

#[test]
fn an_opaque_token_is_the_credential_where_the_account_comes_without_a_secret() {
    let mut alice = with_service();
    alice.does(token("Bearer demo:alice:0e1f"));
    let bare = Account { password: None, ..account() };
    alice.provides(
        &exchange("demo:alice:0e1f"),
        CredentialReply::Account(Box::new(bare), Some(900)),
    );
    alice.opens().says("REGISTER");
    assert_eq!(alice.last.header("Authorization"), "Bearer demo:alice:0e1f");
}

#[test]
fn an_opaque_token_is_exchanged_once_and_does_not_go_on_the_wire() {
    let mut alice = with_service();
    alice.does(token("Bearer demo:alice:0e1f"));
    assert_eq!(learnt(&mut alice), ["registering"]);
    alice.provides(
        &exchange("demo:alice:0e1f"),
        CredentialReply::Account(Box::new(account()), Some(900)),
    );
    alice.opens().says("REGISTER");
    assert_eq!(alice.last.find("Authorization"), None);
    alice.hears_answer(200).loses_link().opens().says("REGISTER").hears_answer(200);
    assert!(alice.credentials.is_empty());
}

#[test]
fn a_service_that_refuses_or_makes_no_sense_is_a_failure_and_a_later_register_works() {
    for (reply, told) in [
        (CredentialReply::Refused(401), "failed token-rejected"),
        (CredentialReply::Refused(403), "failed token-rejected"),
        (CredentialReply::Refused(404), "failed service-unreachable"),
        (CredentialReply::Refused(502), "failed service-unreachable"),
        (CredentialReply::Failed("<html> is no JSON".into()), "failed service-unreachable"),
        (CredentialReply::Account(Box::default(), None), "failed bad-account"),
        (
            CredentialReply::Account(
                Box::new(Account { servers: vec!["ws://example.com".into()], ..account() }),
                None,
            ),
            "failed insecure-server",
        ),
    ] {
        let mut alice = with_service();
        alice.does(token("demo:alice:1")).provides(&exchange("demo:alice:1"), reply);
        assert_eq!(learnt(&mut alice), ["registering", told]);
        assert!(alice.linked.is_empty());
        assert_eq!(alice.agent.next_timeout(), None);
        alice.does(token("demo:alice:2"));
        let good = CredentialReply::Account(Box::new(account()), Some(900));
        alice.provides(&exchange("demo:alice:2"), good).opens().says("REGISTER").hears_answer(200);
        assert_eq!(learnt(&mut alice), ["registering", "started", "registered 600"]);
    }
}

#[test]
fn a_service_that_never_answers_is_given_up() {
    let mut alice = with_service();
    alice.does(token("demo:alice:1")).passes(15 * SECOND);
    assert_eq!(learnt(&mut alice), ["registering", "failed service-unreachable"]);
    // Its answer comes too late.
    let late = CredentialReply::Account(Box::new(account()), None);
    alice.provides(&exchange("demo:alice:1"), late);
    assert!(alice.linked.is_empty());
}

#[test]
fn a_call_that_waits_for_a_token_ends_when_the_service_refuses_it() {
    let mut alice = with_service();
    alice.does(token("demo:alice:1"));
    alice.dials("9196");
    alice.forgets().provides(&exchange("demo:alice:1"), CredentialReply::Refused(401));
    let told = crate::stage::shown(&alice.told);
    assert!(told.contains("Ended"), "{told}");
}

#[test]
fn a_failed_exchange_leaves_what_was_registered() {
    let mut alice = with_service();
    alice.registers_as(account());
    alice
        .does(token("demo:alice:1"))
        .provides(&exchange("demo:alice:1"), CredentialReply::Refused(401));
    assert_eq!(learnt(&mut alice), ["failed token-rejected", "registered 600"]);
}

#[test]
fn a_token_that_ends_is_told_of_until_its_last_moments() {
    let mut alice = Stage::new();
    alice.does(token(&jws(3600))).opens().says("REGISTER").hears_answer(200).forgets();
    let mut told = Vec::new();
    for _ in 0..9 {
        waits(&mut alice, 511 * SECOND).says("REGISTER").hears_answer(200);
        told.extend(learnt(&mut alice));
    }
    told.retain(|event| event.starts_with("token"));
    let ends = [60, 30, 15, 7].map(|seconds| format!("token will expire in {seconds}"));
    assert_eq!(told, ends);
}

#[test]
fn a_new_token_replaces_the_old_one_without_a_cut() {
    let mut alice = Stage::new();
    alice.does(token(&jws(600))).opens().says("REGISTER").hears_answer(200).forgets();
    alice.passes(100 * SECOND).does(token(&jws(1200))).says("REGISTER");
    assert_eq!(alice.last.header("Authorization"), ["Bearer ", &jws(1200)].concat());
    assert!(alice.linked.is_empty());
    alice.hears_answer(200);
    assert_eq!(learnt(&mut alice), ["registered 600"]);
}

#[test]
fn a_new_token_that_is_refused_leaves_the_old_one() {
    let mut alice = Stage::new();
    alice.does(token(&jws(600))).opens().says("REGISTER").hears_answer(200).forgets();
    alice.does(token(&jws(1200))).says("REGISTER").hears_answer(401);
    assert_eq!(learnt(&mut alice), ["failed token-rejected 401", "registered 600"]);
    waits(&mut alice, 511 * SECOND).says("REGISTER");
    assert_eq!(alice.last.header("Authorization"), ["Bearer ", &jws(600)].concat());
}

#[test]
fn a_refusal_after_the_tokens_end_is_explained_by_it() {
    let mut alice = Stage::new();
    alice.does(token(&jws(500))).opens().says("REGISTER").hears_answer(200).forgets();
    // The first refresh comes before the end, the second after it.
    waits(&mut alice, 511 * SECOND).says("REGISTER").hears_answer(200);
    waits(&mut alice, 511 * SECOND).says("REGISTER");
    let refused = answer_with(&alice, 401, &[("WWW-Authenticate", "Bearer realm=\"r\"")]);
    alice.hears(refused);
    assert_eq!(learnt(&mut alice).last().unwrap(), "failed token-expired 401");
}

#[test]
fn a_provider_is_asked_and_asked_again_before_the_token_ends() {
    let mut alice = provided();
    let asked = until_asked(&mut alice, 560 * SECOND);
    assert!((530 * SECOND..=545 * SECOND).contains(&asked), "{asked:?}");
    alice.forgets().provides(&ASK, CredentialReply::Token(jws(1200))).says("REGISTER");
    assert_eq!(alice.last.header("Authorization"), ["Bearer ", &jws(1200)].concat());
    alice.hears_answer(200);
    assert_eq!(learnt(&mut alice), ["registered 600"]);
    until_asked(&mut alice, 620 * SECOND);
}

#[test]
fn a_provider_that_fails_is_asked_again_later_each_time() {
    let mut alice = provided();
    until_asked(&mut alice, 560 * SECOND);
    alice.forgets();
    for full in [2, 4, 8] {
        alice.provides(&ASK, CredentialReply::Failed("offline".into()));
        let wait = until_asked(&mut alice, 9 * SECOND);
        assert!(wait >= full * SECOND / 2 && wait <= full * SECOND, "{wait:?} of {full}");
    }
    assert!(learnt(&mut alice).iter().all(|event| event.starts_with("registered")));
    alice
        .forgets()
        .provides(&ASK, CredentialReply::Token(jws(1500)))
        .says("REGISTER")
        .hears_answer(200);
    assert_eq!(learnt(&mut alice), ["registered 600"]);
}

#[test]
fn a_provider_may_send_the_phone_to_another_server() {
    let moved = Account { servers: vec!["wss://other.example.com".into()], ..account() };
    let mut alice = with_service();
    alice.does(Command::Register(PROVIDER));
    alice.provides(&ASK, CredentialReply::Token("demo:alice:1".into()));
    let first = CredentialReply::Account(Box::new(account()), Some(300));
    let then = CredentialReply::Account(Box::new(moved), Some(300));
    alice.provides(&exchange("demo:alice:1"), first);
    alice.opens().says("REGISTER").hears_answer(200).forgets();
    // One that cannot be reached changes nothing, and the provider is asked again.
    until_asked(&mut alice, 300 * SECOND);
    alice.provides(&ASK, CredentialReply::Token("demo:alice:2".into()));
    alice.provides(&exchange("demo:alice:2"), then.clone()).fails_to_open();
    assert_eq!(learnt(&mut alice), [""; 0]);
    until_asked(&mut alice, 5 * SECOND);
    alice.provides(&ASK, CredentialReply::Token("demo:alice:3".into()));
    alice.provides(&exchange("demo:alice:3"), then).opens_to("wss://other.example.com");
    alice.says("REGISTER").hears_answer(200);
    assert_eq!(learnt(&mut alice), ["started", "registered 600"]);
    until_asked(&mut alice, 300 * SECOND);
}

#[test]
fn a_provider_may_give_opaque_tokens() {
    let mut alice = with_service();
    alice.does(Command::Register(PROVIDER));
    alice.provides(&ASK, CredentialReply::Token("demo:alice:1".into()));
    let account = CredentialReply::Account(Box::new(account()), Some(300));
    alice.provides(&exchange("demo:alice:1"), account.clone());
    alice.opens().says("REGISTER").hears_answer(200).forgets();
    let asked = until_asked(&mut alice, 300 * SECOND);
    assert!(asked < 300 * SECOND);
    alice.provides(&ASK, CredentialReply::Token("demo:alice:2".into()));
    alice.provides(&exchange("demo:alice:2"), account).says("REGISTER").hears_answer(200);
    assert_eq!(learnt(&mut alice), ["registered 600"]);
}

#[test]
fn a_provider_that_gives_nothing_of_use_fails_the_register() {
    for (reply, told) in [
        (CredentialReply::Failed("not signed in".into()), "failed service-unreachable"),
        (CredentialReply::Token("a.b.c".into()), "failed bad-token"),
        (CredentialReply::Token("demo:alice:1".into()), "failed no-service"),
        (CredentialReply::Token(jws(0)), "failed token-expired"),
    ] {
        let mut alice = Stage::new();
        alice.passes(61 * SECOND).does(Command::Register(PROVIDER)).provides(&ASK, reply);
        assert_eq!(learnt(&mut alice), ["registering", told]);
        alice.does(Command::Register(PROVIDER));
        alice.provides(&ASK, CredentialReply::Token(jws(900))).opens().says("REGISTER");
    }
    let mut alice = Stage::new();
    alice.does(Command::Register(PROVIDER)).passes(60 * SECOND);
    assert_eq!(learnt(&mut alice), ["registering", "failed service-unreachable"]);
}

#[test]
fn a_provider_is_asked_until_another_credential_is_accepted() {
    const OTHER: ProviderId = ProviderId(8);
    let may_ask = |alice: &Stage, provider| alice.agent.may_ask(AccountId(1), provider);
    let mut alice = provided();
    assert!(alice.tries(token("a.b.c")).is_err());
    assert!(may_ask(&alice, ProviderId(7)));
    // Well-formed, and refused.
    alice.does(token(&jws(900))).says("REGISTER").hears_answer(403);
    assert!(may_ask(&alice, ProviderId(7)));
    alice.does(Command::Register(Credential::Provider(OTHER)));
    assert!(may_ask(&alice, ProviderId(7)) && may_ask(&alice, OTHER));
    let theirs = CredentialRequest::AskProvider(OTHER);
    alice.provides(&theirs, CredentialReply::Token(jws(900))).says("REGISTER").hears_answer(403);
    assert!(may_ask(&alice, ProviderId(7)) && !may_ask(&alice, OTHER));
    until_asked(&mut alice, 600 * SECOND);
    alice.provides(&ASK, CredentialReply::Token(jws(1500))).says("REGISTER").hears_answer(200);
    alice.does(token(&jws(1600))).says("REGISTER").hears_answer(200);
    assert!(!may_ask(&alice, ProviderId(7)));
}

#[test]
fn a_call_asks_a_provider_again_that_had_nothing_of_use() {
    let mut alice = Stage::new();
    alice.does(Command::Register(PROVIDER));
    alice.provides(&ASK, CredentialReply::Failed("not signed in".into())).forgets();
    alice.dials("bob");
    alice.provides(&ASK, CredentialReply::Token(jws(900))).opens();
    alice.says("REGISTER").hears_answer(200).says("INVITE");
    // What goes wrong again ends the call with the reason, and the next call asks once more.
    let mut alice = Stage::new();
    alice.does(Command::Register(PROVIDER));
    alice.provides(&ASK, CredentialReply::Failed("not signed in".into())).forgets();
    alice.dials("bob");
    alice.provides(&ASK, CredentialReply::Token("a.b.c".into()));
    alice.tells_of(|event| {
        matches!(event, UaEvent::CallState { end_reason: Some(reason), .. }
            if reason.code.as_deref() == Some("bad-token"))
    });
    alice.dials("bob");
    alice.provides(&ASK, CredentialReply::Token(jws(900)));
}

#[test]
fn what_was_accepted_once_and_is_refused_later_is_asked_for_anew() {
    let mut alice = provided();
    alice.loses_link().opens().says("REGISTER").hears_answer(401).forgets();
    alice.provides(&ASK, CredentialReply::Token(jws(900))).says("REGISTER").hears_answer(200);
    assert_eq!(learnt(&mut alice), ["registered 600"]);
    // Refused twice in a row, it is refused.
    alice.passes(20 * SECOND).loses_link().opens().says("REGISTER").hears_answer(401).forgets();
    alice.provides(&ASK, CredentialReply::Token(jws(901))).says("REGISTER").hears_answer(401);
    assert_eq!(learnt(&mut alice), ["failed token-rejected 401"]);
    assert!(alice.credentials.is_empty());
}

#[test]
fn the_first_token_of_a_provider_that_is_refused_is_a_failure() {
    let mut alice = Stage::new();
    alice.does(Command::Register(PROVIDER));
    alice
        .provides(&ASK, CredentialReply::Token(jws(600)))
        .opens()
        .says("REGISTER")
        .hears_answer(401);
    assert_eq!(learnt(&mut alice), ["registering", "started", "failed token-rejected 401"]);
}

#[test]
fn a_register_that_is_overtaken_by_another_is_forgotten() {
    let mut alice = with_service();
    alice.does(token("demo:alice:1")).does(register(account()));
    alice.provides(&exchange("demo:alice:1"), CredentialReply::Refused(401));
    alice.opens().says("REGISTER").hears_answer(200);
    let told = learnt(&mut alice);
    assert!(told.iter().all(|event| !event.starts_with("failed")), "{told:?}");
    assert_eq!(told.last().unwrap(), "registered 600");
}

#[test]
fn nothing_is_asked_for_after_unregister() {
    let mut alice = provided();
    alice.does(Command::Unregister).says("REGISTER").hears_answer(200);
    alice.passes(3600 * SECOND);
    assert!(alice.credentials.is_empty());
}

#[test]
fn no_token_stands_in_a_debug_form() {
    let mut alice = with_service();
    let credential = Credential::Token("demo:alice:hush".into());
    let shown = format!("{credential:?}");
    alice.does(Command::Register(credential));
    let asked = format!("{:?}", alice.credentials);
    let reply = CredentialReply::Account(
        Box::new(Account { password: Some("hush".into()), ..account() }),
        Some(1),
    );
    let replied = format!("{reply:?} {:?}", CredentialReply::Token("hush".into()));
    assert!(![shown, asked, replied].concat().contains("hush"));
}
