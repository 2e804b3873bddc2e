//! Challenges, answers in advance and Bearer: RFC 3261 §22, RFC 8760, RFC 8898.

use cc_sdk::account::Account;
use cc_sdk::api::Command;
use cc_sdk::sip::Method;
use cc_sdk::sip::digest::{Algorithm, Digest, Qop, secret};

use crate::far::{Far, Wire};
use crate::registration::{SECOND, answer_with, learnt, register, waits};
use crate::stage::{FAR_SDP, Stage, account};

const MD5: &str = "Digest realm=\"example.com\", nonce=\"n1\", algorithm=MD5, qop=\"auth\"";

fn with_token() -> Account {
    Account { password: None, bearer: Some("eyJ.secret.sig".into()), ..account() }
}

/// A parameter of a credentials header, without quotes.
fn param(value: &str, name: &str) -> Option<String> {
    let at = value.find(&format!(" {name}="))? + name.len() + 2;
    let rest = &value[at..];
    Some(match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?.to_owned(),
        None => rest.split(',').next()?.to_owned(),
    })
}

/// The credentials in this header are right for this password; gives nonce and count.
#[track_caller]
fn proves(request: &Wire, header: &str, password: &str) -> (String, u32) {
    let value = request.header(header);
    let get = |name| param(&value, name).unwrap_or_default();
    let message = request.message();
    let method = message.method().expect("a request is authorised");
    let uri = message.request_uri().expect("a request has a URI");
    let algorithm = Algorithm::parse(param(&value, "algorithm").as_deref().unwrap_or("MD5"));
    let algorithm = algorithm.expect("the algorithm is known");
    let nonce_count = u32::from_str_radix(&get("nc"), 16).unwrap_or(1);
    let expected = Digest {
        algorithm,
        secret: &secret(algorithm.hash, &get("username"), &get("realm"), password),
        method: method.as_str(),
        uri,
        nonce: &get("nonce"),
        qop: param(&value, "qop").and_then(|qop| Qop::choose(&qop)),
        nonce_count,
        cnonce: &get("cnonce"),
        body: message.body(),
    };
    assert_eq!(get("response"), expected.response(), "{value}");
    assert_eq!(get("uri"), uri);
    (get("nonce"), nonce_count)
}

/// The last message is challenged, by the registrar or user agent (401) or a proxy (407).
#[track_caller]
fn challenges(stage: &mut Stage, status: u16, challenge: &str) {
    let header = if status == 401 { "WWW-Authenticate" } else { "Proxy-Authenticate" };
    let response = answer_with(stage, status, &[(header, challenge)]);
    stage.hears(response);
}

/// A phone whose REGISTER was challenged this way and then accepted.
#[track_caller]
fn registered_with(challenge: &str) -> Stage {
    let mut alice = Stage::new();
    alice.does(register(account())).opens().says("REGISTER");
    challenges(&mut alice, 401, challenge);
    alice.says("REGISTER").hears_answer(200).forgets();
    alice
}

/// Dials, and gives the INVITE.
#[track_caller]
fn invite(stage: &mut Stage) -> Wire {
    stage.dials("9196");
    stage.says("INVITE");
    stage.last.clone()
}

#[test]
fn a_challenge_is_answered_with_the_same_call_id_and_the_next_number() {
    for (algorithm, qop) in [
        ("", ""),
        ("", "auth"),
        ("MD5", "auth"),
        ("md5", "auth-int"),
        ("MD5-sess", "auth"),
        ("SHA-256", "auth,auth-int"),
        ("SHA-256-sess", ""),
        ("SHA-512-256", "auth-int"),
        ("SHA-512-256-sess", "auth"),
    ] {
        let mut challenge = String::from("Digest realm=\"r\", nonce=\"n=,;\", opaque=\"o\"");
        for (name, value) in [("algorithm=", algorithm), ("qop=", qop)] {
            if !value.is_empty() {
                challenge += &[", ", name, "\"", value, "\""].concat();
            }
        }
        for (status, header) in [(401, "Authorization"), (407, "Proxy-Authorization")] {
            let mut alice = Stage::new();
            alice.does(register(account())).opens().says("REGISTER");
            let first = alice.last.clone();
            challenges(&mut alice, status, &challenge);
            alice.says("REGISTER");
            assert_eq!(alice.last.header("Call-ID"), first.header("Call-ID"));
            assert_eq!(alice.last.header("From"), first.header("From"));
            assert_eq!(alice.last.header("CSeq"), "2 REGISTER");
            assert_eq!(proves(&alice.last, header, "secret"), ("n=,;".into(), 1));
            let value = alice.last.header(header);
            assert_eq!(param(&value, "opaque").as_deref(), Some("o"));
            assert_eq!(param(&value, "algorithm").unwrap_or_default(), algorithm);
            alice.hears_answer(200);
            assert_eq!(learnt(&mut alice).last().unwrap(), "registered 600");
        }
    }
}

#[test]
fn quotes_in_a_realm_come_back_quoted() {
    let mut alice = Stage::new();
    alice.does(register(account())).opens().says("REGISTER");
    challenges(&mut alice, 401, r#"Digest realm="a \"b\", c=d", nonce="e\\f", opaque="""#);
    alice.says("REGISTER");
    let value = alice.last.header("Authorization");
    assert!(value.contains(r#"realm="a \"b\", c=d""#), "{value}");
    assert!(value.contains(r#"nonce="e\\f""#), "{value}");
    assert!(value.contains(r#"opaque="""#), "{value}");
}

#[test]
fn of_several_challenges_the_strongest_that_is_known_is_answered() {
    let offers = [
        ("WWW-Authenticate", "Digest realm=\"r\", nonce=\"weak\", algorithm=MD5, qop=\"auth\""),
        (
            "WWW-Authenticate",
            "Digest realm=\"r\", nonce=\"future\", algorithm=SHA3-512, qop=\"auth\"",
        ),
        (
            "WWW-Authenticate",
            "Digest realm=\"r\", nonce=\"strong\", algorithm=SHA-512-256, qop=\"auth\"",
        ),
        (
            "WWW-Authenticate",
            "Digest realm=\"r\", nonce=\"middle\", algorithm=SHA-256, qop=\"auth\"",
        ),
        ("WWW-Authenticate", "Negotiate x"),
    ];
    for turn in 0..offers.len() {
        let mut headers = offers.to_vec();
        headers.rotate_left(turn);
        let mut alice = Stage::new();
        alice.does(register(account())).opens().says("REGISTER");
        let response = answer_with(&alice, 401, &headers);
        alice.hears(response).says("REGISTER");
        assert_eq!(proves(&alice.last, "Authorization", "secret").0, "strong");
        assert_eq!(alice.last.message().headers("Authorization").count(), 1);
    }
}

#[test]
fn two_proxies_each_get_their_answer() {
    let mut alice = Stage::new();
    alice.does(register(account())).opens().says("REGISTER");
    challenges(&mut alice, 407, "Digest realm=\"edge\", nonce=\"e\"");
    alice.says("REGISTER");
    challenges(&mut alice, 401, "Digest realm=\"home\", nonce=\"h\"");
    alice.says("REGISTER");
    assert_eq!(proves(&alice.last, "Proxy-Authorization", "secret").0, "e");
    assert_eq!(proves(&alice.last, "Authorization", "secret").0, "h");
}

#[test]
fn the_user_may_be_another_than_the_address() {
    let mut alice = Stage::new();
    let account = Account { authorization_user: Some("1893456000:alice".into()), ..account() };
    alice.does(register(account)).opens().says("REGISTER");
    challenges(&mut alice, 401, MD5);
    alice.says("REGISTER");
    let value = alice.last.header("Authorization");
    assert_eq!(param(&value, "username").as_deref(), Some("1893456000:alice"));
    proves(&alice.last, "Authorization", "secret");
}

#[test]
fn a_refresh_is_answered_in_advance_and_the_nonce_is_counted() {
    let mut alice = registered_with(MD5);
    for count in 2..=4 {
        waits(&mut alice, 511 * SECOND).says("REGISTER");
        assert_eq!(proves(&alice.last, "Authorization", "secret"), ("n1".into(), count));
        alice.hears_answer(200);
    }
}

#[test]
fn a_stale_nonce_is_replaced_and_is_no_failure() {
    let mut alice = registered_with(MD5);
    for (nonce, stale) in [("n2", "true"), ("n3", "TRUE")] {
        waits(&mut alice, 511 * SECOND).says("REGISTER");
        let fresh =
            format!("Digest realm=\"example.com\", nonce=\"{nonce}\", qop=\"auth\", stale={stale}");
        challenges(&mut alice, 401, &fresh);
        alice.says("REGISTER");
        assert_eq!(proves(&alice.last, "Authorization", "secret"), (nonce.into(), 1));
        alice.hears_answer(200);
    }
    // A server that forgot its nonces, and does not say so.
    waits(&mut alice, 511 * SECOND).says("REGISTER");
    challenges(&mut alice, 401, &MD5.replace("n1", "n4"));
    alice.says("REGISTER");
    assert_eq!(proves(&alice.last, "Authorization", "secret"), ("n4".into(), 1));
    alice.hears_answer(200);
    assert!(learnt(&mut alice).iter().all(|event| event == "registered 600"));
}

#[test]
fn a_wrong_password_fails_after_one_answer() {
    let mut alice = Stage::new();
    alice.does(register(account())).opens().says("REGISTER");
    challenges(&mut alice, 401, MD5);
    alice.says("REGISTER");
    challenges(&mut alice, 401, &MD5.replace("n1", "n2"));
    alice.says_nothing();
    assert_eq!(learnt(&mut alice), ["registering", "started", "failed auth 401"]);
    alice.passes(3600 * SECOND).says_nothing();
    alice.does(register(Account { password: Some("right".into()), ..account() })).says("REGISTER");
    challenges(&mut alice, 401, &MD5.replace("n1", "n3"));
    alice.says("REGISTER");
    proves(&alice.last, "Authorization", "right");
    alice.hears_answer(200);
    assert_eq!(learnt(&mut alice), ["registering", "registered 600"]);
}

#[test]
fn a_loop_of_challenges_ends() {
    for change in ["stale=true", "stale=false"] {
        for realms in [1, 9] {
            let mut alice = Stage::new();
            alice.does(register(account())).opens();
            let mut registers = 0;
            while !alice.said.is_empty() {
                alice.says("REGISTER");
                registers += 1;
                assert!(registers < 10, "no end");
                let realm = registers % realms;
                let next = format!("Digest realm=\"r{realm}\", nonce=\"n{registers}\", {change}");
                challenges(&mut alice, 401, &next);
            }
            assert_eq!(learnt(&mut alice).last().unwrap(), "failed auth 401");
        }
    }
}

#[test]
fn what_cannot_be_answered_is_a_clear_failure() {
    for challenge in [
        "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-1",
        "Digest realm=\"r\", nonce=\"n\", qop=\"auth-conf\"",
        "Digest realm=\"r\"",
        "Basic realm=\"r\"",
        "Bearer realm=\"r\"",
        "",
        "\u{1}",
    ] {
        let mut alice = Stage::new();
        alice.does(register(account())).opens().says("REGISTER");
        challenges(&mut alice, 401, challenge);
        alice.says_nothing();
        assert_eq!(
            learnt(&mut alice),
            ["registering", "started", "failed auth 401"],
            "{challenge}"
        );
    }
    for status in [401, 407] {
        let mut alice = Stage::new();
        alice
            .does(register(account()))
            .opens()
            .says("REGISTER")
            .hears_answer(status)
            .says_nothing();
        assert_eq!(learnt(&mut alice).last().unwrap(), &format!("failed auth {status}"));
    }
    let mut alice = Stage::new();
    alice.does(register(Account { password: None, ..account() })).opens().says("REGISTER");
    challenges(&mut alice, 401, MD5);
    assert_eq!(learnt(&mut alice).last().unwrap(), "failed auth 401");
}

#[test]
fn the_first_invite_is_answered_in_advance_with_the_registrars_nonce() {
    let mut alice = registered_with(MD5);
    let invite = invite(&mut alice);
    assert_eq!(invite.find("Authorization"), None);
    assert_eq!(proves(&invite, "Proxy-Authorization", "secret"), ("n1".into(), 2));
}

#[test]
fn inside_a_dialog_nothing_is_guessed_which_the_far_side_might_see() {
    let mut alice = registered_with(MD5);
    let call = alice.dials("9196");
    alice.says("INVITE");
    let invite = alice.last.clone();
    alice.hears(invite.answer_with_sdp(200, FAR_SDP)).says("ACK");
    alice.does(Command::Hangup(call)).says("BYE");
    assert_eq!(alice.last.find("Proxy-Authorization"), None);
    // But what is asked for is answered, the realm being the registrar's.
    challenges(&mut alice, 407, &MD5.replace("n1", "b1"));
    alice.says("BYE");
    assert_eq!(proves(&alice.last, "Proxy-Authorization", "secret"), ("b1".into(), 1));
}

#[test]
fn without_a_challenge_there_is_nothing_to_send_in_advance() {
    let mut alice = Stage::registered();
    let invite = invite(&mut alice);
    assert_eq!((invite.find("Authorization"), invite.find("Proxy-Authorization")), (None, None));
}

#[test]
fn a_refused_advance_is_no_failure_and_is_not_tried_again() {
    let mut alice = registered_with(MD5);
    invite(&mut alice);
    challenges(&mut alice, 407, &MD5.replace("n1", "p1"));
    alice.says("ACK").says("INVITE");
    assert_eq!(proves(&alice.last, "Proxy-Authorization", "secret"), ("p1".into(), 1));
    alice.hears_answer(486).says("ACK").forgets();
    // What the proxy took is sent at once from now on.
    let second = invite(&mut alice);
    assert_eq!(proves(&second, "Proxy-Authorization", "secret"), ("p1".into(), 2));
    assert_eq!(second.message().headers("Proxy-Authorization").count(), 1);
    // The registrar's own nonce goes on where it was.
    alice.hears(second.answer(486)).forgets();
    waits(&mut alice, 511 * SECOND).says("REGISTER");
    assert_eq!(proves(&alice.last, "Authorization", "secret"), ("n1".into(), 3));
}

#[test]
fn a_server_that_asks_for_authorization_in_calls_gets_it_at_once_next_time() {
    let mut alice = registered_with(MD5);
    invite(&mut alice);
    challenges(&mut alice, 401, &MD5.replace("n1", "u1"));
    alice.says("ACK").says("INVITE");
    assert_eq!(proves(&alice.last, "Authorization", "secret"), ("u1".into(), 1));
    assert_eq!(alice.last.find("Proxy-Authorization"), None);
    alice.hears_answer(486).forgets();
    let second = invite(&mut alice);
    assert_eq!(proves(&second, "Authorization", "secret"), ("u1".into(), 2));
    assert_eq!(second.find("Proxy-Authorization"), None);
}

#[test]
fn neither_ack_nor_cancel_carries_a_token() {
    let none = (None, None);
    let carried = |wire: &Wire| (wire.find("Authorization"), wire.find("Proxy-Authorization"));
    let mut alice = Stage::registered_as(with_token());
    let call = alice.dials("9196");
    alice.says("INVITE");
    assert_ne!(carried(&alice.last), none);
    alice.hears_answer(180).does(Command::Hangup(call)).says("CANCEL");
    assert_eq!(carried(&alice.last), none);
    alice.forgets().passes(40 * SECOND).forgets();
    let invited = invite(&mut alice);
    alice.hears(invited.answer_with_sdp(200, FAR_SDP)).says("ACK");
    assert_eq!(carried(&alice.last), none);
    alice.forgets().passes(40 * SECOND).forgets();
    let mut alice = Stage::registered_as(with_token());
    invite(&mut alice);
    alice.hears_answer(486).says("ACK");
    assert_eq!(carried(&alice.last), none);
}

#[test]
fn a_bye_is_not_answered_for_a_realm_that_only_the_far_side_names() {
    let mut alice = registered_with(MD5);
    let call = alice.dials("9196");
    alice.says("INVITE");
    let invite = alice.last.clone();
    alice
        .hears(invite.answer_with_sdp(200, FAR_SDP))
        .says("ACK")
        .does(Command::Hangup(call))
        .says("BYE");
    challenges(&mut alice, 401, "Digest realm=\"evil\", nonce=\"n\"");
    alice.says_nothing();
}

#[test]
fn a_token_goes_out_with_the_first_register_and_with_calls() {
    let mut alice = Stage::new();
    alice.does(register(with_token())).opens().says("REGISTER");
    assert_eq!(alice.last.header("Authorization"), "Bearer eyJ.secret.sig");
    assert_eq!(alice.last.find("Proxy-Authorization"), None);
    alice.hears_answer(200);
    let invite = invite(&mut alice);
    assert_eq!(invite.header("Proxy-Authorization"), "Bearer eyJ.secret.sig");
    assert_eq!(invite.find("Authorization"), None);
}

#[test]
fn a_token_is_for_its_own_domain_only() {
    let mut alice = Stage::registered_as(with_token());
    for (target, carries) in [
        ("sip:bob@example.com", true),
        ("sip:bob@EXAMPLE.com:5061;x=y", true),
        ("sip:bob@other.example", false),
        ("sip:bob@example.com.other.example", false),
        ("sip:example.com@other.example", false),
        ("sip:example.com;@other.example", false),
        ("sip:bob@other.example?X=@example.com", false),
        ("sip:bob@other.example;x=@example.com", false),
    ] {
        let call = alice.dials(target);
        alice.says("INVITE");
        assert_eq!(alice.last.find("Proxy-Authorization").is_some(), carries, "{target}");
        alice.hears_answer(486).forgets();
        let _ = call;
    }
}

#[test]
fn a_token_does_not_follow_a_redirection_to_another_host() {
    let mut alice = Stage::registered_as(with_token());
    let invite = invite(&mut alice);
    assert!(invite.find("Proxy-Authorization").is_some());
    let moved = answer_with(&alice, 302, &[("Contact", "<sip:9196@other.example>")]);
    alice.hears(moved).says("ACK").says("INVITE");
    assert_eq!(alice.last.message().request_uri(), Some("sip:9196@other.example"));
    assert_eq!(
        (alice.last.find("Authorization"), alice.last.find("Proxy-Authorization")),
        (None, None)
    );
}

#[test]
fn inside_a_dialog_a_token_goes_to_the_own_servers_only() {
    for (route, carries) in [
        ("<sip:example.com;lr>", true),
        ("<sip:edge1.example.com:443;transport=ws;lr>", true),
        ("<sip:other.example;lr>", false),
    ] {
        let mut alice = Stage::registered_as(with_token());
        let invite = alice.far().build(Method::Invite);
        let mut invite = invite;
        invite.headers.push("Record-Route", route).push("Content-Type", "application/sdp");
        invite.body = FAR_SDP.into();
        let mut far = alice.far();
        alice.hears(crate::far::print(&invite)).says("180");
        let call = cc_sdk::api::CallId(1);
        alice.does(Command::Answer(call)).says("200");
        far.cseq = 101;
        far.learns(&alice.last);
        alice.hears(far.request(Method::Ack)).does(Command::Hangup(call)).says("BYE");
        assert_eq!(alice.last.find("Proxy-Authorization").is_some(), carries, "{route}");
    }
}

#[test]
fn a_refused_token_falls_back_to_the_password() {
    let mut alice = Stage::new();
    let both = Account { password: Some("secret".into()), ..with_token() };
    alice.does(register(both)).opens().says("REGISTER");
    challenges(&mut alice, 401, MD5);
    alice.says("REGISTER");
    proves(&alice.last, "Authorization", "secret");
    alice.hears_answer(200).forgets();
    waits(&mut alice, 511 * SECOND).says("REGISTER");
    proves(&alice.last, "Authorization", "secret");
}

#[test]
fn a_refused_token_without_a_password_is_a_failure_of_the_token() {
    for (status, challenge) in [
        (401, Some("Bearer realm=\"example.com\", error=\"invalid_token\"")),
        (401, Some(MD5)),
        (401, None),
        (403, None),
    ] {
        let mut alice = Stage::new();
        alice.does(register(with_token())).opens().says("REGISTER");
        match challenge {
            Some(challenge) => challenges(&mut alice, status, challenge),
            None => drop(alice.hears_answer(status)),
        }
        alice.says_nothing();
        assert_eq!(learnt(&mut alice).last().unwrap(), &format!("failed token-rejected {status}"));
    }
}

#[test]
fn no_secret_stands_in_a_register_or_an_event() {
    let mut alice = registered_with(MD5);
    waits(&mut alice, 511 * SECOND).says("REGISTER");
    assert!(!alice.last.to_string().contains("secret"));
    let mut alice = Stage::new();
    alice.does(register(with_token())).opens().says("REGISTER").hears_answer(401);
    assert!(!format!("{:?}", alice.told).contains("secret"));
}

#[test]
fn a_callee_never_sees_the_credentials_of_a_dialog_that_it_began() {
    let mut alice = Stage::registered_as(with_token());
    let mut bob = Far::calling("sip:alice@example.com");
    alice.hears(bob.invite(FAR_SDP)).says("180");
    for said in &alice.said {
        assert_eq!(said.find("Authorization"), None);
    }
}
