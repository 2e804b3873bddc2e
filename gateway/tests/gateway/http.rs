//! The HTTP side of the program: tokens, origins, limits, pages, and how it starts and stops.

use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use md5::{Digest, Md5};
use serde_json::{Value, json};

use crate::server::{Answer, Server};
use crate::stage::hex;

const PLATFORM: &str = "/v3/cc/seat/createSdkAuthentication";

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn sign(key: &str, secret: &str, timestamp: &str) -> String {
    hex(&Md5::digest(format!("{key}{secret}{timestamp}")))
}

/// A signed call of a customer's back end.
fn call(server: &Server, sign: &str, timestamp: u64, body: &Value) -> Answer {
    let timestamp = timestamp.to_string();
    let headers = [
        ("Content-Type", "application/json;charset=UTF-8"),
        ("Sign", sign),
        ("Timestamp", &timestamp),
        ("Api-Key", "demo-key"),
    ];
    server.post(PLATFORM, &headers, &body.to_string())
}

fn status(answer: &Answer) -> String {
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    body["status"].as_str().unwrap().to_owned()
}

#[test]
fn the_documents_own_example_is_signed_as_ours_are() {
    let example = sign("bDqJFiq9", "7bz1lzh9", "1630468800");
    assert_eq!(example, "05d7a50893e22a5c4bb3216ae3396c7c");
}

#[test]
fn a_signed_call_mints_a_token_that_can_be_exchanged_until_the_next_one() {
    let server = Server::start(&[]);
    let body = json!({ "account": "alice", "expires": 3600 });
    let mint = |timestamp: u64| {
        let sign = sign("demo-key", "demo-secret", &timestamp.to_string());
        call(&server, &sign.to_uppercase(), timestamp, &body)
    };
    let answer = mint(now());
    assert_eq!(answer.status, 200);
    let json: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!((&json["status"], &json["reason"]), (&json!("0"), &json!("success")));
    let token = json["data"]["authentication"].as_str().unwrap();
    assert!(token.starts_with("Bearer demo:alice:"));
    let exchange = || server.post("/v1/account", &[("Authorization", token)], "");
    let account: Value = serde_json::from_str(&exchange().body).unwrap();
    assert_eq!(account["account"]["uri"], "sip:alice@localhost");
    assert_eq!(account["account"]["servers"][0], format!("ws://localhost:{}/sip", server.port));
    assert!(account["expiresIn"].as_u64().unwrap() > 3590);
    assert_eq!(status(&mint(now() - 100)), "0");
    assert_eq!(exchange().status, 401, "a newer token replaces it");
}

#[test]
fn calls_that_are_not_as_they_must_be_get_the_documented_codes() {
    let server = Server::start(&[]);
    let good = json!({ "account": "alice", "expires": 3600 });
    let signed = |timestamp: u64| sign("demo-key", "demo-secret", &timestamp.to_string());
    let at = now();
    let wrong = sign("demo-key", "guess", &at.to_string());
    let refused =
        |sign: &str, timestamp: u64, body: &Value| status(&call(&server, sign, timestamp, body));
    assert_eq!(refused(&wrong, at, &good), "-2");
    assert_eq!(refused("", at, &good), "-2");
    assert_eq!(refused(&signed(at - 301), at - 301, &good), "-16");
    assert_eq!(refused(&signed(at + 320), at + 320, &good), "-16");
    assert_eq!(refused(&signed(at), at, &json!({ "account": "alice" })), "-22");
    for expires in [json!(59), json!(28_801), json!(-1), json!("3600"), json!(1e9)] {
        let body = json!({ "account": "alice", "expires": expires });
        assert_eq!(refused(&signed(at), at, &body), "-22");
    }
    let nobody = json!({ "account": "mallory", "expires": 60 });
    assert_eq!(refused(&signed(at), at, &nobody), "-24");
    assert_eq!(status(&server.post(PLATFORM, &[], &good.to_string())), "-1");
    assert_eq!(refused(&signed(at), at, &good), "0");
    assert_eq!(refused(&signed(at), at, &good), "-2", "a replay");
    let bob = json!({ "account": "bob", "expires": 60 });
    assert_eq!(refused(&signed(at), at, &bob), "0", "another seat in the same second");
}

#[test]
fn two_back_ends_may_sign_in_one_second_and_what_one_of_them_said_is_good_nowhere_again() {
    let server = Server::start_behind_proxy();
    let timestamp = now().to_string();
    let sign = sign("demo-key", "demo-secret", &timestamp);
    let status = |from: &str, seat: &str, expires: u16| {
        let headers = [
            ("X-Forwarded-For", from),
            ("Sign", &sign),
            ("Timestamp", &timestamp),
            ("Api-Key", "demo-key"),
        ];
        let body = json!({ "account": seat, "expires": expires });
        status(&server.post(PLATFORM, &headers, &body.to_string()))
    };
    assert_eq!(status("192.0.2.1", "alice", 3600), "0");
    assert_eq!(status("192.0.2.2", "bob", 3600), "0", "another back end in the same second");
    for from in ["192.0.2.1", "192.0.2.2", "192.0.2.3"] {
        assert_eq!(status(from, "alice", 3600), "-2", "a replay from {from}");
        assert_eq!(status(from, "bob", 60), "-2", "a changed one for the same seat from {from}");
    }
}

#[test]
fn a_key_makes_so_many_tokens_and_no_more_however_well_it_signs() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("cc-gateway-tokens-{}.toml", std::process::id()));
    let limits = "[limits]\ntokens_per_second = 1\ntoken_burst = 20\nrequest_burst = 2000\n";
    std::fs::write(&file, limits).unwrap();
    let server = Server::start(&["--config", file.to_str().unwrap()]);
    let timestamp = now();
    let wrong = sign("demo-key", "guess", &timestamp.to_string());
    let right = sign("demo-key", "demo-secret", &timestamp.to_string());
    let body = |visitor| json!({ "account": format!("visitor-{visitor}"), "expires": 60 });
    for visitor in 1..=40 {
        let answer = call(&server, &wrong, timestamp, &body(visitor));
        assert_eq!(status(&answer), "-2", "who cannot sign takes nothing from who can");
    }
    let answers: Vec<_> =
        (1..=200).map(|visitor| call(&server, &right, timestamp, &body(visitor))).collect();
    assert!(answers[..20].iter().all(|answer| status(answer) == "0"));
    let refused = answers.iter().find(|answer| answer.status == 429).unwrap();
    assert!(refused.head.contains("retry-after: "), "{}", refused.head);
}

#[test]
fn the_token_service_is_closed_to_pages_allowed_and_own_ones_too() {
    let server = Server::start(&["--allow-origin", "https://shop.example"]);
    let own = ["localhost", "127.0.0.1"].map(|name| format!("http://{name}:{}", server.port));
    let timestamp = now().to_string();
    let sign = sign("demo-key", "demo-secret", &timestamp);
    let good = json!({ "account": "alice", "expires": 3600 }).to_string();
    for origin in ["https://shop.example", "https://evil.example", "null", "", &own[0], &own[1]] {
        let headers = [
            ("Origin", origin),
            ("Sign", &sign),
            ("Timestamp", &timestamp),
            ("Api-Key", "demo-key"),
        ];
        let answer = server.post(PLATFORM, &headers, &good);
        assert_eq!(answer.status, 403, "{origin}");
        assert!(!answer.body.contains("Bearer"), "{}", answer.body);
        assert!(!answer.head.contains("access-control-allow-origin"), "{}", answer.head);
    }
}

#[test]
fn the_customers_back_end_answers_the_bare_token_as_text() {
    let server = Server::start(&[]);
    let first = server.post("/createAuth", &[], "");
    assert!(first.head.contains("content-type: text/plain"), "{}", first.head);
    assert!(first.head.contains("cache-control: no-store"));
    assert!(first.body.starts_with("Bearer demo:visitor-1:"), "{}", first.body);
    assert!(server.token("").starts_with("Bearer demo:visitor-2:"), "the next one");
    // Several in one second, as pages that are reloaded ask.
    for _ in 0..5 {
        assert!(server.token(r#"{"seat":"alice"}"#).starts_with("Bearer demo:alice:"));
    }
    let jws = server.token(r#"{"seat":"alice","kind":"jws","allow":{"out":["9196"]}}"#);
    assert_eq!(jws.split('.').count(), 3);
    assert_eq!(server.post("/createAuth", &[], r#"{"seat":"mallory"}"#).status, 404);
    for wrong in
        ["{", r#"{"seta":"alice"}"#, r#"{"kind":"jws","expires":28801}"#, r#"{"expires":5}"#]
    {
        assert_eq!(server.post("/createAuth", &[], wrong).status, 400, "{wrong}");
    }
    assert_eq!(server.post("/createAuth", &[], &"x".repeat(20_000)).status, 413);
}

#[test]
fn tokens_that_are_none_are_refused_with_a_challenge() {
    let server = Server::start(&[]);
    for headers in [
        &[][..],
        &[("Authorization", "Bearer demo:alice:00000000-0000-8000-8000-000000000000")],
        &[("Authorization", "Basic YWxpY2U6YWxpY2U=")],
    ] {
        let answer = server.post("/v1/account", headers, "");
        assert_eq!(answer.status, 401);
        assert!(answer.head.contains("www-authenticate: bearer"), "{}", answer.head);
    }
}

#[test]
fn pages_of_two_allowed_origins_may_read_the_answers_and_others_get_none() {
    let server = Server::start(&[
        "--allow-origin",
        "https://shop.example",
        "--allow-origin",
        "http://localhost:9999",
    ]);
    for origin in ["https://shop.example", "http://localhost:9999"] {
        let allowed = format!("access-control-allow-origin: {origin}");
        for path in ["/createAuth", "/v1/account"] {
            let answer = server.post(path, &[("Origin", origin)], "");
            assert!(answer.head.contains(&allowed), "{path}: {}", answer.head);
            let preflight = server.ask(
                "OPTIONS",
                path,
                &[
                    ("Origin", origin),
                    ("Access-Control-Request-Method", "POST"),
                    ("Access-Control-Request-Headers", "authorization,content-type"),
                ],
                "",
            );
            assert_eq!(preflight.status, 200);
            assert!(preflight.head.contains(&allowed) && preflight.head.contains("authorization"));
        }
        assert!(server.get("/.well-known/cc-sdk", &[("Origin", origin)]).head.contains(&allowed));
    }
    for path in ["/createAuth", "/v1/account"] {
        let answer = server.post(path, &[("Origin", "https://evil.example")], "");
        assert_eq!(answer.status, 403);
        assert!(!answer.head.contains("access-control-allow-origin"));
    }
    let own = format!("http://127.0.0.1:{}", server.port);
    assert_eq!(server.post("/createAuth", &[("Origin", &own)], "").status, 200);
}

#[test]
fn a_rebound_name_reaches_nothing() {
    let server = Server::start(&[]);
    let host = format!("evil.example:{}", server.port);
    for path in ["/createAuth", "/v1/account", "/"] {
        assert_eq!(server.post(path, &[("Host", &host)], "").status, 421, "{path}");
    }
    for name in ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"] {
        let host = format!("{name}:{}", server.port);
        assert_eq!(server.post("/createAuth", &[("Host", &host)], "").status, 200, "{name}");
    }
}

#[test]
fn whoever_asks_too_often_is_told_when_to_come_again() {
    let server = Server::start(&[]);
    let mut statuses = (0..260).map(|_| server.get("/.well-known/cc-sdk", &[]));
    let refused = statuses.find(|answer| answer.status == 429).unwrap();
    assert!(refused.head.contains("retry-after: 1"), "{}", refused.head);
}

#[test]
fn one_address_keeps_so_many_connections_and_no_more() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("cc-gateway-door-{}.toml", std::process::id()));
    std::fs::write(&file, "[limits]\nconnections_per_address = 2\n").unwrap();
    let server = Server::start(&["--config", file.to_str().unwrap()]);
    // Each is answered before the next one comes, so that it has its place by then.
    let idle: Vec<_> = (0..2).map(|_| server.stays()).collect();
    let refused = server.get("/.well-known/cc-sdk", &[]);
    assert_eq!(refused.status, 429);
    assert!(refused.head.contains("retry-after: 10"), "{}", refused.head);
    drop(idle);
}

#[test]
fn own_pages_come_with_the_headers_of_a_careful_site() {
    let site = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("cc-gateway-site-{}", std::process::id()));
    let (www, dist) = (site.join("www"), site.join("dist"));
    std::fs::create_dir_all(&www).unwrap();
    std::fs::create_dir_all(&dist).unwrap();
    for name in ["index.html", "cc-sdk-document.html"] {
        std::fs::write(www.join(name), "<!DOCTYPE html>").unwrap();
    }
    std::fs::write(dist.join("sip-sdk.js"), "1").unwrap();
    std::fs::write(dist.join("cc_sdk.wasm"), "2").unwrap();
    std::fs::write(site.join("secret.txt"), "3").unwrap();
    let server = Server::start(&["--www", www.to_str().unwrap()]);
    let page = server.get("/", &[]);
    assert_eq!((page.status, page.body.as_str()), (200, "<!DOCTYPE html>"));
    assert!(page.head.contains("script-src 'self' 'wasm-unsafe-eval';"), "{}", page.head);
    assert!(page.head.contains(&format!("ws://localhost:{}", server.port)));
    for header in
        ["x-content-type-options: nosniff", "frame-ancestors 'self'", "permissions-policy:"]
    {
        assert!(page.head.contains(header), "{header}");
    }
    let document = server.get("/cc-sdk-document.html", &[]);
    assert!(document.head.contains("'unsafe-inline'"));
    let script = server.get("/sip-sdk.js", &[]);
    assert_eq!((script.status, script.body.as_str()), (200, "1"));
    assert!(script.head.contains("content-type: text/javascript"));
    assert!(script.head.contains("access-control-allow-origin: *"), "{}", script.head);
    assert!(script.head.contains("cross-origin-resource-policy: cross-origin"));
    let wasm = server.get("/dist/cc_sdk.wasm", &[]);
    assert!(wasm.head.contains("content-type: application/wasm"), "{}", wasm.head);
    for path in ["/../secret.txt", "/dist/../secret.txt", "/%2e%2e/secret.txt", "/nothing"] {
        let answer = server.get(path, &[]);
        assert!(answer.status >= 400 && answer.body != "3", "{path}: {answer:?}");
    }
}

/// What the program says when it does not start.
fn refuses(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_cc-gateway")).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn what_keeps_it_from_starting_is_said_in_a_sentence() {
    let open = refuses(&["--listen", "0.0.0.0", "--port", "0"]);
    assert!(open.contains("demo accounts") && open.contains("127.0.0.1"), "{open}");
    let key = refuses(&["--listen", "0.0.0.0", "--port", "0", "--no-demo"]);
    assert!(key.contains("default key"), "{key}");
    let proxied = refuses(&["--public-url", "https://phone.example.com", "--port", "0"]);
    assert!(proxied.contains("public_url") && proxied.contains("demo accounts"), "{proxied}");
    let server = Server::start(&[]);
    let taken = refuses(&["--port", &server.port.to_string()]);
    assert!(taken.contains("in use") && taken.contains("--port"), "{taken}");
    let file = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("cc-gateway-{}.toml", std::process::id()));
    std::fs::write(&file, "port = 0\n[limits]\nsocket = 1\n").unwrap();
    let path = file.to_str().unwrap();
    let malformed = refuses(&["--config", path]);
    assert!(
        malformed.contains(path) && malformed.contains("line 3") && malformed.contains("socket")
    );
    let missing = refuses(&["--config", "/nonexistent.toml"]);
    assert!(missing.contains("cannot read /nonexistent.toml"), "{missing}");
    assert!(refuses(&["--allow-origin", "shop"]).contains("origin"));
    assert!(refuses(&["--prot", "1"]).contains("--port"), "clap suggests the right one");
}

#[test]
fn without_demo_there_are_no_demo_seats_and_no_back_end_of_a_customer() {
    let server = Server::start(&["--no-demo"]);
    assert_eq!(server.post("/createAuth", &[], "").status, 404);
    let timestamp = now();
    let sign = sign("demo-key", "demo-secret", &timestamp.to_string());
    let body = json!({ "account": "alice", "expires": 60 });
    assert_eq!(status(&call(&server, &sign, timestamp, &body)), "-24");
}
