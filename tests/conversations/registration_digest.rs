//! Digest beyond the usual: a hash in place of the password, names as hashes, nonces that servers
//! hand on (RFC 7616 §3.4.2, §3.4.4, §3.5, RFC 7615).

use cc_sdk::ApiMisuse;
use cc_sdk::account::Account;
use cc_sdk::sip::digest::{Hash, secret, user_hash};

use crate::registration::{SECOND, answer_with, learnt, register, waits};
use crate::stage::{Stage, account};

fn hashed(hash: Hash) -> Account {
    let ha1 = secret(hash, "alice", "r", "secret");
    Account { password: None, ha1: Some(ha1), realm: Some("r".into()), ..account() }
}

/// The phone registers, is challenged this way, and answers or does not.
fn challenged(account: Account, challenge: &str) -> Stage {
    let mut alice = Stage::new();
    alice.does(register(account)).opens().says("REGISTER");
    let answer = answer_with(&alice, 401, &[("WWW-Authenticate", challenge)]);
    alice.hears(answer);
    alice
}

#[test]
fn a_hash_answers_as_its_password_would() {
    for (hash, name) in
        [(Hash::Md5, "MD5"), (Hash::Sha256, "SHA-256"), (Hash::Sha256, "SHA-256-sess")]
    {
        let challenge = format!("Digest realm=\"r\", nonce=\"n\", algorithm={name}, qop=\"auth\"");
        let mut with_hash = challenged(hashed(hash), &challenge);
        let mut with_password = challenged(account(), &challenge);
        with_hash.says("REGISTER");
        with_password.says("REGISTER");
        let own = with_hash.last.header("Authorization");
        // Both draw the same numbers.
        assert_eq!(own, with_password.last.header("Authorization"));
    }
}

#[test]
fn a_hash_is_for_its_realm_and_its_algorithm_only() {
    for challenge in [
        "Digest realm=\"other\", nonce=\"n\", algorithm=SHA-256",
        "Digest realm=\"r\", nonce=\"n\", algorithm=MD5",
        "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256",
    ] {
        let mut alice = challenged(hashed(Hash::Sha256), challenge);
        alice.says_nothing();
        assert_eq!(learnt(&mut alice).last().unwrap(), "failed auth 401", "{challenge}");
    }
}

#[test]
fn of_two_challenges_the_one_that_the_hash_fits_is_answered() {
    let mut alice = challenged(
        hashed(Hash::Md5),
        "Digest realm=\"r\", nonce=\"a\", algorithm=SHA-256, Digest realm=\"r\", nonce=\"b\"",
    );
    alice.says("REGISTER");
    assert!(alice.last.header("Authorization").contains("nonce=\"b\""));
}

#[test]
fn what_is_no_hash_is_refused() {
    for ha1 in ["", "secret", &"g".repeat(32), &"a".repeat(33)] {
        let account = Account { ha1: Some(ha1.into()), ..account() };
        Stage::new().refuses(register(account), ApiMisuse::BadAccount("ha1"));
    }
}

#[test]
fn the_name_travels_as_a_hash_where_the_server_wants_it() {
    let mut alice = challenged(
        account(),
        "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256, qop=\"auth\", userhash=true",
    );
    alice.says("REGISTER");
    let value = alice.last.header("Authorization");
    let name = user_hash(Hash::Sha256, "alice", "r");
    assert!(value.starts_with(&format!("Digest username=\"{name}\", userhash=true, ")), "{value}");
    assert!(!value.contains("alice\""), "{value}");
}

#[test]
fn the_next_nonce_is_used_from_the_next_request_on() {
    let mut alice = challenged(account(), "Digest realm=\"r\", nonce=\"first\", qop=\"auth\"");
    alice.says("REGISTER");
    let answer =
        answer_with(&alice, 200, &[("Authentication-Info", "qop=auth, nextnonce=\"second\"")]);
    alice.hears(answer).forgets();
    waits(&mut alice, 511 * SECOND).says("REGISTER");
    let value = alice.last.header("Authorization");
    assert!(value.contains("nonce=\"second\"") && value.ends_with("nc=00000001"), "{value}");
}

#[test]
fn a_next_nonce_that_does_not_say_of_which_realm_counts_for_none() {
    let mut alice = challenged(
        account(),
        "Digest realm=\"r\", nonce=\"first\", Digest realm=\"s\", nonce=\"other\"",
    );
    alice.says("REGISTER");
    let answer = answer_with(&alice, 200, &[("Authentication-Info", "nextnonce=\"second\"")]);
    alice.hears(answer).forgets();
    waits(&mut alice, 511 * SECOND).says("REGISTER");
    assert!(!alice.last.to_string().contains("second"));
}
