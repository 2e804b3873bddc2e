//! RFC 4475, RFC 5118 and a hundred corner cases, as `sip-corpus/index.json` says, and what
//! other browser stacks drop without a word.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

#[path = "../examples/inspect/fields.rs"]
mod fields;

use cc_sdk::sip::{
    MAX_HEAD, MAX_HEADERS, MAX_MESSAGE, Message, Method, ParseError, ParseErrorKind, Request, Uri,
    target_uri,
};
use serde_json::{Map, Value, json};

/// What stands in the index for one file.
struct Case {
    file: String,
    frame: Vec<u8>,
    valid: bool,
    layers: Vec<String>,
    expect: Map<String, Value>,
}

fn cases() -> Vec<Case> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sip-corpus/");
    let index = std::fs::read(format!("{root}index.json")).unwrap();
    let index: Vec<Map<String, Value>> = serde_json::from_slice(&index).unwrap();
    let case = |entry: Map<String, Value>| {
        let text = |name: &str| entry[name].as_str().unwrap().to_owned();
        let frame = std::fs::read(format!("{root}{}", text("file"))).unwrap();
        assert_eq!(frame.len() as u64, entry["bytes"].as_u64().unwrap(), "{}", text("file"));
        Case {
            file: text("file"),
            frame,
            valid: text("expected") == "valid",
            layers: text("layer").split('|').map(str::to_owned).collect(),
            expect: entry["expect"].as_object().unwrap().clone(),
        }
    };
    index.into_iter().map(case).collect()
}

/// Whether a field came out as the index says. A list of strings means any of them, or the list.
fn agrees(name: &str, expected: &Value, fields: &Map<String, Value>) -> bool {
    let Some(actual) = fields.get(name) else { return false };
    let contains = |text: &Value| {
        actual.as_str().zip(text.as_str()).is_some_and(|(actual, text)| actual.contains(text))
    };
    match expected {
        _ if name == "roundtrip_contains" => contains(expected),
        Value::Object(_) => includes(expected, actual),
        Value::Array(wanted) if wanted.iter().any(Value::is_object) => {
            let actual = actual.as_array().unwrap();
            wanted.len() == actual.len()
                && wanted.iter().zip(actual).all(|(wanted, actual)| includes(wanted, actual))
        }
        Value::Array(any) => expected == actual || any.contains(actual),
        _ => expected == actual,
    }
}

/// Whether an object has all that is wanted of it.
fn includes(wanted: &Value, actual: &Value) -> bool {
    let (wanted, actual) = (wanted.as_object().unwrap(), actual.as_object().unwrap());
    wanted.iter().all(|(name, value)| agrees(name, value, actual))
}

/// Whether the message was refused by a layer that the index names.
fn refused_by(layer: &str, error: &ParseError) -> bool {
    use ParseErrorKind as Kind;
    let framing = matches!(error.kind, Kind::Truncated | Kind::LineEnd | Kind::KeepAlive)
        || error.header == Some("Content-Length");
    match layer.split_once(':') {
        Some(("header", name)) => error.header == Some(name) && error.kind == Kind::Malformed,
        _ if layer == "framing" => framing,
        _ if layer == "keepalive" => error.kind == Kind::KeepAlive,
        _ if layer == "start-line" => {
            matches!(error.kind, Kind::StartLine | Kind::RequestUri | Kind::Version)
        }
        _ if layer == "semantic" => matches!(
            error.kind,
            Kind::Missing
                | Kind::Repeated
                | Kind::MethodMismatch
                | Kind::Version
                | Kind::RequestUri
        ),
        _ => false,
    }
}

#[test]
fn every_valid_message_comes_out_as_the_index_says() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for case in cases().iter().filter(|case| case.valid) {
        seen += 1;
        match fields::read(&case.frame) {
            Err(error) => wrong.push(format!("{}: {error}", case.file)),
            Ok(fields) => wrong.extend(
                case.expect.iter().filter(|(name, value)| !agrees(name, value, &fields)).map(
                    |(name, value)| {
                        format!("{}: {name} is {:?}, not {value}", case.file, fields.get(name))
                    },
                ),
            ),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(seen, 117);
}

#[test]
fn every_invalid_message_is_refused_by_its_layer_or_tolerated_as_the_index_allows() {
    let mut wrong = Vec::new();
    let mut tolerated = Vec::new();
    for case in cases().iter().filter(|case| !case.valid) {
        match fields::read(&case.frame) {
            Err(error) if case.layers.iter().any(|layer| refused_by(layer, &error)) => {}
            Err(error) => wrong.push(format!("{}: {error}, not {:?}", case.file, case.layers)),
            Ok(fields) => {
                tolerated.push(case.file.clone());
                let agrees = case.expect.iter().all(|(name, value)| agrees(name, value, &fields));
                if case.expect.is_empty() || !agrees {
                    wrong.push(format!("{}: accepted", case.file));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(
        tolerated,
        ["corner/nul-in-header.sip", "corner/lf-only.sip", "corner/uri-percent-multibyte.sip"]
    );
}

/// An INVITE with one line in the place of that of the same name.
fn invite(line: &str) -> String {
    let name = line.split(':').next().unwrap();
    let lines = [
        "INVITE sip:bob@biloxi.example.com SIP/2.0",
        "Via: SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bK56sdasks",
        "Max-Forwards: 70",
        "From: \"Alice\" <sip:alice@atlanta.example.com>;tag=asdyka899",
        "To: <sip:bob@biloxi.example.com>",
        "Call-ID: asidkj3ss",
        "CSeq: 1 INVITE",
        "Contact: <sip:alice@df7jal23ls0d.invalid;transport=ws>",
    ];
    let mut text = String::new();
    for kept in lines.iter().filter(|kept| kept.split(':').next() != Some(name)) {
        text.push_str(kept);
        text.push_str("\r\n");
    }
    format!("{text}{line}\r\n\r\n")
}

#[track_caller]
fn shows(message: &str, wanted: &[(&str, Value)]) {
    let fields = match fields::read(message.as_bytes()) {
        Ok(fields) => fields,
        Err(error) => panic!("{error}\n{message}"),
    };
    for (name, value) in wanted {
        assert_eq!(fields.get(*name), Some(value), "{name}");
    }
}

#[test]
fn brackets_in_a_reason_phrase_are_read() {
    let response = invite("Allow: INVITE").replacen(
        "INVITE sip:bob@biloxi.example.com SIP/2.0",
        "SIP/2.0 480 Temporarily [call processing] Unavailable",
        1,
    );
    let reason = json!("Temporarily [call processing] Unavailable");
    shows(&response, &[("status", json!(480)), ("reason", reason)]);
}

#[test]
fn a_contact_behind_a_stray_comma_and_colon_is_read() {
    let line = "Contact: <sip:alice@a.invalid;transport=ws>,: <sip:alice@b.invalid>";
    shows(&invite(line), &[("contact_n", json!(2)), ("contact_host", json!("a.invalid"))]);
    shows(
        &invite("Contact: Smith,: <sip:alice@b.invalid>"),
        &[("contact_n", json!(1)), ("contact_host", json!("b.invalid"))],
    );
}

#[test]
fn a_raw_hash_in_the_user_part_is_read() {
    shows(
        &invite("From: <sip:*21#600@atlanta.example.com>;tag=1"),
        &[("from_user", json!("*21#600"))],
    );
    let request = invite("Allow: INVITE").replacen("sip:bob@", "sip:*21#600@", 1);
    shows(&request, &[("ruri_user", json!("*21#600")), ("ruri_host", json!("biloxi.example.com"))]);
}

#[test]
fn a_display_name_in_utf_8_without_quotes_is_read() {
    shows(
        &invite("From: Zoë Müller 阿里 <sip:zoe@atlanta.example.com>;tag=1"),
        &[("from_display", json!("Zoë Müller 阿里")), ("from_user", json!("zoe"))],
    );
}

#[test]
fn a_status_line_without_reason_and_space_is_read() {
    let response = invite("Allow: INVITE").replacen(
        "INVITE sip:bob@biloxi.example.com SIP/2.0",
        "SIP/2.0 200",
        1,
    );
    shows(&response, &[("status", json!(200)), ("reason", json!(""))]);
}

#[test]
fn lines_that_end_in_lf_alone_are_read() {
    let message = invite("Content-Length: 4").replace("\r\n", "\n") + "v=0\n";
    shows(&message, &[("call_id", json!("asidkj3ss")), ("body_len", json!(4))]);
}

#[test]
fn a_tel_uri_in_from_is_read() {
    shows(
        &invite("From: <tel:+12015550123;phone-context=example.com>;tag=1"),
        &[
            ("from_user", json!("+12015550123")),
            ("from_scheme", json!("tel")),
            ("from_tag", json!("1")),
        ],
    );
}

#[test]
fn a_space_in_the_user_part_is_read() {
    shows(
        &invite("From: <sip:front desk@atlanta.example.com>;tag=1"),
        &[("from_user", json!("front desk")), ("from_host", json!("atlanta.example.com"))],
    );
}

#[test]
fn an_ipv6_address_without_brackets_in_contact_is_read() {
    shows(
        &invite("Contact: <sip:alice@2001:db8::9:1;transport=ws>"),
        &[("contact_host", json!("2001:db8::9:1")), ("contact_user", json!("alice"))],
    );
}

#[test]
fn line_ends_before_the_start_line_are_read() {
    let message = ["\r\n\r\n", &invite("Allow: INVITE")].concat();
    shows(&message, &[("method", json!("INVITE")), ("call_id", json!("asidkj3ss"))]);
}

#[test]
fn a_record_route_without_angle_brackets_is_read() {
    shows(
        &invite("Record-Route: sip:p1.example.com;transport=ws;lr, <sip:p2.example.com;lr>"),
        &[("rr_n", json!(2)), ("rr0_host", json!("p1.example.com")), ("rr0_lr", json!(true))],
    );
}

#[test]
fn a_refer_to_with_headers_and_without_angle_brackets_is_read() {
    shows(
        &invite("Refer-To: sip:carol@example.com?Replaces=12345%40h%3Bto-tag%3D1%3Bfrom-tag%3D2"),
        &[
            ("refer_to_user", json!("carol")),
            ("refer_to_replaces", json!("12345@h;to-tag=1;from-tag=2")),
        ],
    );
}

#[test]
fn a_semicolon_behind_the_last_parameter_is_read() {
    shows(&invite("From: <sip:alice@example.com>;tag=a;"), &[("from_tag", json!("a"))]);
    shows(
        &invite("Contact: <sip:alice@example.com>;expires=60; "),
        &[("contact_expires", json!(60))],
    );
}

#[test]
fn an_underscore_in_a_host_name_is_read() {
    shows(&invite("Contact: <sip:alice@my_pbx.local>"), &[("contact_host", json!("my_pbx.local"))]);
}

#[test]
fn a_line_that_is_no_header_is_passed_over() {
    shows(&invite("this line has no colon"), &[("call_id", json!("asidkj3ss"))]);
    shows(&invite("two words: and a value"), &[("call_id", json!("asidkj3ss"))]);
}

#[test]
fn the_first_via_of_a_comma_list_is_the_topmost() {
    let line = "Via: SIP/2.0/WSS a.invalid;branch=z9hG4bK1, SIP/2.0/TLS b.invalid;branch=z9hG4bK2";
    shows(&invite(line), &[("via_host", json!("a.invalid")), ("via_n", json!(2))]);
}

#[test]
fn a_refusal_names_the_header_and_the_byte() {
    let message = invite("From: <sip:alice@example.com> junk;tag=1");
    let error = Message::parse(message.as_bytes()).unwrap().check().unwrap_err();
    assert_eq!((error.kind, error.header), (ParseErrorKind::Malformed, Some("From")));
    assert_eq!(error.offset, message.find("junk").unwrap());
    assert_eq!(error.status(), 400);
    let shown = fields::refusal(&error);
    assert_eq!(shown["header"], "From");
    assert_eq!(shown["error"], format!("a header cannot be read: From, at byte {}", error.offset));
}

#[test]
fn a_refusal_behind_a_fold_names_the_byte_in_the_frame() {
    let message = invite("From: \"A\"\r\n   <sip:alice@example.com>\r\n\t;tag=1 junk=");
    assert!(fields::read(message.as_bytes()).is_ok());
    let message = invite("From: \"A\"\r\n   <sip:alice@example.com>\r\n\tjunk;tag=1");
    let error = fields::read(message.as_bytes()).unwrap_err();
    assert_eq!(error.offset, message.find("junk").unwrap());
}

#[test]
fn another_version_is_answered_505() {
    let message = invite("Allow: INVITE").replacen("SIP/2.0\r\n", "SIP/7.0\r\n", 1);
    assert_eq!(fields::read(message.as_bytes()).unwrap_err().status(), 505);
}

#[test]
fn a_star_among_contacts_is_refused() {
    let message = invite("Contact: *, <sip:alice@a.invalid>");
    let error = fields::read(message.as_bytes()).unwrap_err();
    assert_eq!((error.header, error.offset), (Some("Contact"), message.find('*').unwrap()));
}

#[test]
fn what_is_printed_for_logs_shows_no_credentials() {
    let mut request = Request::new(Method::Register, "sip:example.com");
    request
        .headers
        .push("Authorization", "Bearer s3cret")
        .push("proxy-authorization", "Digest response=\"s3cret\"")
        .push("Subject", "plain");
    let shown = format!("{request:?}");
    assert!(!shown.contains("s3cret"), "{shown}");
    for part in ["Authorization: \u{2026}", "proxy-authorization: \u{2026}", "Subject: plain"] {
        assert!(shown.contains(part), "{shown}");
    }
}

#[test]
fn what_cannot_be_printed_names_its_header() {
    let mut request = Request::new(Method::Invite, "sip:a@b");
    request.headers.push("Subject", "a\nb");
    assert!(request.to_bytes().unwrap_err().to_string().contains("Subject"));
}

#[test]
fn a_uri_that_cannot_be_read_names_the_byte() {
    for (uri, byte) in [
        ("sip:a@b;x y", 9),
        ("sip:b?x y", 7),
        ("sip:a@", 6),
        ("sip:a@b:c", 6),
        ("sip:\u{7f}", 4),
        ("1sip:a", 0),
        ("tel:", 4),
        ("urn:a b", 4),
        ("nothing", 0),
    ] {
        assert_eq!(Uri::parse(uri).map(|uri| uri.to_string()), Err(byte), "{uri}");
    }
    assert_eq!(Uri::parse("SIP:a@b:5060;lr?x=y").unwrap().to_string(), "SIP:a@b:5060;lr?x=y");
}

#[test]
fn a_topmost_via_that_cannot_be_read_names_the_byte() {
    let text = invite("Via: ,  SIP/2.0/WSS a b;branch=z9hG4bK1");
    let at = text.find("a b").unwrap();
    assert_eq!(Message::parse(text.as_bytes()).unwrap().via().unwrap_err().offset, at);
    let text = invite("Via: , SIP/2.0/WSS a;branch=z9hG4bK1, SIP/2.0/WSS b");
    let message = Message::parse(text.as_bytes()).unwrap();
    assert_eq!(message.via().unwrap().as_str(), "SIP/2.0/WSS a;branch=z9hG4bK1");
}

#[test]
fn every_compact_form_means_its_header() {
    for (compact, name) in [
        ("a", "Accept-Contact"),
        ("b", "Referred-By"),
        ("c", "Content-Type"),
        ("d", "Request-Disposition"),
        ("e", "Content-Encoding"),
        ("f", "From"),
        ("i", "Call-ID"),
        ("j", "Reject-Contact"),
        ("k", "Supported"),
        ("l", "Content-Length"),
        ("m", "Contact"),
        ("o", "Event"),
        ("r", "Refer-To"),
        ("s", "Subject"),
        ("t", "To"),
        ("u", "Allow-Events"),
        ("v", "Via"),
        ("x", "Session-Expires"),
        ("y", "Identity"),
    ] {
        for letter in [compact.to_owned(), compact.to_ascii_uppercase()] {
            let text = format!("OPTIONS sip:a@b SIP/2.0\r\n{letter}: 0\r\n\r\n");
            let message = Message::parse(text.as_bytes()).unwrap();
            assert_eq!(message.header(name).as_deref(), Some("0"), "{letter}");
            assert_eq!(message.header(&letter).as_deref(), Some("0"), "{letter}");
        }
    }
}

#[test]
fn every_part_of_a_uri_is_given_as_it_stands() {
    let uri = Uri::parse("sips:a%20b:p%3aw@[2001:db8::1]:5061;lr;m=x?Subject=y&X=%41").unwrap();
    assert_eq!((uri.scheme(), uri.is_sip(), uri.user()), ("sips", true, Some("a%20b")));
    assert_eq!(
        (uri.password(), uri.host(), uri.port()),
        (Some("p%3aw"), "[2001:db8::1]", Some(5061))
    );
    assert_eq!((uri.params(), uri.param("LR"), uri.param("m")), (";lr;m=x", Some(""), Some("x")));
    assert_eq!((uri.headers(), uri.header("x").as_deref()), ("Subject=y&X=%41", Some("A")));
    let bare = Uri::parse("sip:b").unwrap();
    assert_eq!(
        (bare.user(), bare.password(), bare.port(), bare.header("x")),
        (None, None, None, None)
    );
    // Without brackets an address can stand only within `<>`.
    assert!(Uri::parse("sip:a@2001:db8::1").is_err());
    for scheme in ["1sip:a@b", "s ip:a@b", ":a@b", "\u{e9}:a@b"] {
        assert!(Uri::parse(scheme).is_err(), "{scheme}");
    }
    for scheme in ["x+1:a", "x-y:a", "x.y:a"] {
        assert!(Uri::parse(scheme).is_ok(), "{scheme}");
    }
}

#[test]
fn what_a_via_says_of_the_way_back_is_given() {
    let text = invite("Via: SIP/2.0/WSS a:8;rport;received=192.0.2.7;branch=z9hG4bK1");
    let via = Message::parse(text.as_bytes()).unwrap().via().unwrap();
    assert_eq!((via.transport(), via.host(), via.port()), ("WSS", "a", Some(8)));
    assert_eq!((via.rport().as_deref(), via.received().as_deref()), (Some(""), Some("192.0.2.7")));
    let text = invite("Via: SIP/2.0/WSS a;rport=9;branch=z9hG4bK1");
    let via = Message::parse(text.as_bytes()).unwrap().via().unwrap();
    assert_eq!((via.rport().as_deref(), via.received(), via.port()), (Some("9"), None, None));
    let text = invite("Via: SIP/2.0/WSS a;branch=z9hG4bK1");
    assert_eq!(Message::parse(text.as_bytes()).unwrap().via().unwrap().rport(), None);
}

#[test]
fn a_start_line_that_is_none_is_refused() {
    for start in [
        "INVITE sip:a@b SIP/2.",
        "INVITE sip:a@b SIP/.0",
        "INVITE sip:a@b SIP/2",
        "INVITE sip:a@b SIP/2.x",
        "INVITE sip:a@b HTTP/1.1",
        "INV(TE sip:a@b SIP/2.0",
        " sip:a@b SIP/2.0",
        "INVITE  sip:a@b SIP/2.0",
        "INVITE sip:a@b SIP/2.0 ",
        "SIP/2. 200 OK",
        "SIP/2.0 099 OK",
        "SIP/2.0 700 OK",
        "SIP/2.0 2000 OK",
        "SIP/2.0 20",
        "SIP/2.0 2x0 OK",
        "SIP/2.0 200OK",
        "SIP/2.0200 OK",
    ] {
        let message = format!("{start}\r\nSubject: x\r\n\r\n");
        let error = Message::parse(message.as_bytes()).unwrap_err();
        assert_eq!(error.kind, ParseErrorKind::StartLine, "{start}");
    }
    let error = Message::parse(b"\r\nINVITE sip:a@b<x SIP/2.0\r\n\r\n").unwrap_err();
    assert_eq!((error.kind, error.offset), (ParseErrorKind::RequestUri, 16));
}

#[test]
fn a_carriage_return_within_a_line_is_refused_and_named() {
    let message = "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/WSS a\r\nSubject: a\rb\r\n\r\n";
    let error = Message::parse(message.as_bytes()).unwrap_err();
    assert_eq!((error.kind, error.offset), (ParseErrorKind::LineEnd, message.find("\rb").unwrap()));
    let salvaged = Message::salvage(message.as_bytes()).unwrap();
    assert!(salvaged.header("Via").is_some() && salvaged.header("Subject").is_none());
}

#[test]
fn what_is_no_request_is_not_salvaged() {
    assert!(Message::salvage(b"SIP/2.0 200 OK\r\n\r\n").is_none());
    assert!(Message::salvage(b"<html>\r\n\r\n").is_none());
    assert!(Message::salvage(b"\xff\xfe\r\n\r\n").is_none());
    let salvaged = Message::salvage(b"INVITE what ever\r\nVia: x\r\n").unwrap();
    assert_eq!((salvaged.method(), salvaged.request_uri()), (Some(Method::Invite), Some("")));
}

#[test]
fn the_caps_are_where_they_are_said_to_be() {
    let start = "INVITE sip:a@b SIP/2.0\r\n";
    let lines = |count: usize| format!("{start}{}\r\n", "X: y\r\n".repeat(count));
    assert!(Message::parse(lines(MAX_HEADERS).as_bytes()).is_ok());
    assert_eq!(Message::parse(lines(MAX_HEADERS + 2).as_bytes()).unwrap_err().status(), 513);
    let long = |bytes: usize| {
        format!("{start}{}\r\n", format!("X: {}\r\n", "y".repeat(995)).repeat(bytes / 1000))
    };
    assert!(Message::parse(long(MAX_HEAD - 1000).as_bytes()).is_ok());
    assert_eq!(Message::parse(long(MAX_HEAD + 2000).as_bytes()).unwrap_err().status(), 513);
    let body = |bytes: usize| format!("{start}\r\n{}", "y".repeat(bytes - start.len() - 2));
    assert_eq!(
        Message::parse(body(MAX_MESSAGE).as_bytes()).unwrap().body().len(),
        MAX_MESSAGE - 26
    );
    assert_eq!(Message::parse(body(MAX_MESSAGE + 1).as_bytes()).unwrap_err().status(), 513);
}

#[test]
fn what_is_typed_may_be_512_bytes_long() {
    assert!(target_uri(&"a".repeat(512), "example.com").is_some());
    assert!(target_uri(&"a".repeat(513), "example.com").is_none());
}

#[test]
fn an_address_whose_uri_cannot_be_read_names_the_byte() {
    let text = invite("From: \"A\" <sip:alice@atlanta.example.com:5x>;tag=1");
    let message = Message::parse(text.as_bytes()).unwrap();
    let from = message.from().unwrap();
    let error = from.uri().unwrap_err();
    let at = text.find("atlanta.example.com:5x").unwrap();
    assert_eq!(
        (error.kind, error.header, error.offset),
        (ParseErrorKind::Malformed, Some("From"), at)
    );
}
