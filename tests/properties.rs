//! What holds for every message: nothing panics, and what is printed reads as what was meant.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

#[path = "support/driven/mod.rs"]
mod driven;
#[path = "support/reading.rs"]
mod reading;

use std::sync::LazyLock;

use cc_sdk::sip::{
    Message, Method, Reply, Request, Response, Uri, number_of, printable, target_uri,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use reading::{read_all, survives_printing};

static CORPUS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sip-corpus");
    let mut frames = Vec::new();
    for folder in ["corner", "rfc4475", "rfc5118"] {
        let mut files: Vec<_> = std::fs::read_dir(root.join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        frames.extend(files.into_iter().map(|file| std::fs::read(file).unwrap()));
    }
    frames
});

fn token() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9.!%*_+`'~-]{1,20}"
}

/// A header value: one line without space around it.
fn value() -> impl Strategy<Value = String> {
    "[^\r\n\0]{0,60}".prop_map(|text| text.trim_matches([' ', '\t']).to_owned())
}

fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = token().prop_filter("written by itself", |name| {
        !name.eq_ignore_ascii_case("l") && !name.eq_ignore_ascii_case("content-length")
    });
    vec((name, value()), 0..20)
}

fn uri() -> impl Strategy<Value = String> {
    (
        prop::sample::select(vec!["sip", "sips", "SIP"]),
        prop::option::of("[a-zA-Z0-9_.!~*'()&=+$,;?/%#-]{1,20}(:[a-z0-9]{0,9})?"),
        prop::sample::select(vec!["example.com", "10.0.0.1", "[2001:db8::1]", "my_pbx.local"]),
        prop::option::of(any::<u16>()),
        "(;[a-z]{1,8}(=[a-zA-Z0-9%._-]{1,8})?){0,3}",
        "(\\?[A-Za-z]{1,8}=[a-zA-Z0-9%._-]{1,8})?",
    )
        .prop_map(|(scheme, user, host, port, params, headers)| {
            let user = user.map_or(String::new(), |user| user + "@");
            let port = port.map_or(String::new(), |port| format!(":{port}"));
            format!("{scheme}:{user}{host}{port}{params}{headers}")
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(frame in vec(any::<u8>(), 0..600)) {
        read_all(&frame);
        survives_printing(&frame);
    }

    #[test]
    fn any_bytes_drive_a_phone_and_leave_nothing_behind(bytes in vec(any::<u8>(), 0..400)) {
        driven::drive(&bytes);
    }

    #[test]
    fn no_damaged_message_panics_and_what_is_still_read_survives_printing(
        which in any::<Index>(),
        damage in vec((any::<Index>(), prop::sample::select(b"\r\n\0 \t\"\\<>;,:=@?%/[]a0\xc3\xff".to_vec()), 0..3_u8), 0..8),
    ) {
        let mut frame = CORPUS[which.index(CORPUS.len())].clone();
        for (at, byte, how) in damage {
            if frame.is_empty() { break; }
            let at = at.index(frame.len());
            match how {
                0 => frame[at] = byte,
                1 => frame.insert(at, byte),
                _ => { frame.remove(at); }
            }
        }
        read_all(&frame);
        survives_printing(&frame);
    }

    #[test]
    fn a_printed_request_reads_as_it_was_built(
        method in token(), uri in uri(), headers in headers(), body in vec(any::<u8>(), 0..200),
    ) {
        let mut request = Request::new(Method::parse(&method).unwrap(), uri);
        for (name, value) in headers {
            request.headers.push(&name, value);
        }
        request.body = body;
        let printed = request.to_bytes().unwrap();
        let mut read = Message::parse(&printed).unwrap().to_request().unwrap();
        let length = read.headers.remove_first("Content-Length");
        prop_assert_eq!(length, Some(request.body.len().to_string()));
        prop_assert_eq!(read, request);
    }

    #[test]
    fn a_printed_response_reads_as_it_was_built(
        status in 100..=699_u16, reason in value(), headers in headers(), body in vec(any::<u8>(), 0..200),
    ) {
        let mut response = Response::new(status);
        response.reason = reason;
        for (name, value) in headers {
            response.headers.push(&name, value);
        }
        response.body = body;
        let printed = response.to_bytes().unwrap();
        let mut read = Message::parse(&printed).unwrap().to_response().unwrap();
        read.headers.remove_first("Content-Length");
        prop_assert_eq!(read, response);
    }

    #[test]
    fn a_line_break_never_gets_into_a_header(value in ".{0,9}[\r\n\0].{0,9}", place in 0..5_u8) {
        let mut request = Request::new(Method::Invite, "sip:bob@example.com");
        match place {
            0 => { request.headers.push("Subject", value.clone()); }
            1 => { request.headers.push(&value, "x"); }
            2 => { request.headers.push_front("Subject", value.clone()); }
            3 => { request.headers.set("Subject", value.clone()); }
            _ => request.uri.push_str(&value),
        }
        prop_assert!(!printable(&value));
        prop_assert!(request.to_bytes().is_err());
        let mut response = Response::new(200);
        response.reason = value;
        prop_assert!(response.to_bytes().is_err());
    }

    #[test]
    fn a_quoted_display_name_reads_as_it_was_meant(name in "[^\r\n\0]{1,30}", uri in uri()) {
        let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
        let from = format!("\"{quoted}\" <{uri}>;tag=1");
        let frame = format!("INVITE sip:a@b SIP/2.0\r\nFrom: {from}\r\n\r\n");
        let message = Message::parse(frame.as_bytes()).unwrap();
        let read = message.from().unwrap();
        prop_assert_eq!(read.display_name().unwrap_or_default(), name.trim_matches([' ', '\t']));
        prop_assert_eq!(read.uri_text(), &uri);
        prop_assert_eq!(read.tag().unwrap(), "1");
        prop_assert_eq!(read.uri().unwrap().as_str(), uri);
    }

    #[test]
    fn whatever_is_typed_gives_a_uri_that_can_be_sent_or_nothing(typed in ".{0,40}") {
        if let Some(target) = target_uri(&typed, "example.com") {
            prop_assert!(Uri::parse(&target).is_ok(), "{}", target);
            let request = Request::new(Method::Invite, target.clone()).to_bytes().unwrap();
            let read = Message::parse(&request).unwrap();
            prop_assert!(read.request_uri() == Some(target.as_str()), "{}", target);
        }
    }

    #[test]
    fn a_number_keeps_its_digits_however_it_is_written(
        plus in any::<bool>(), digits in vec(0..10_u32, 3..15), gaps in vec("[ .()/\u{a0}\u{2011}-]{0,2}", 15),
    ) {
        let mut typed = String::from(if plus { "+" } else { "" });
        let mut number = typed.clone();
        for (digit, gap) in digits.iter().zip(&gaps) {
            number.push_str(&digit.to_string());
            typed.push_str(&digit.to_string());
            typed.push_str(gap);
        }
        // `(0)` behind a plus is the trunk prefix.
        prop_assume!(!typed.contains("(0)"));
        let target = target_uri(&typed, "example.com").unwrap();
        prop_assert_eq!(number_of(&target), number);
    }
}

/// What fuzzers begin with, and what they found once.
#[test]
fn every_seed_drives_a_phone_and_leaves_nothing_behind() {
    let seeds = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/agent");
    for seed in std::fs::read_dir(seeds).unwrap() {
        driven::drive(&std::fs::read(seed.unwrap().path()).unwrap());
    }
}

#[test]
fn every_message_of_the_corpus_survives_printing() {
    for frame in CORPUS.iter() {
        read_all(frame);
        survives_printing(frame);
    }
}

#[test]
fn what_is_no_utf_8_or_has_an_escaped_nul_is_sent_on_as_it_came() {
    let headers =
        b"X-Latin: Caf\xe9 \xff\xfe\r\nFrom: \"BEL \\\0\" <sip:a@b>;tag=1\r\nContent-Length: 3\r\n";
    for start in ["INVITE sip:a@b SIP/2.0\r\n", "SIP/2.0 200 OK\r\n"] {
        let frame = [start.as_bytes(), headers, b"\r\n\0\r\n"].concat();
        let message = Message::parse(&frame).unwrap();
        let request = message.to_request().map(|request| request.to_bytes().unwrap());
        let response = message.to_response().map(|response| response.to_bytes().unwrap());
        assert_eq!(request.or(response).unwrap(), frame);
    }
}

#[test]
fn every_prefix_of_every_message_is_read_without_a_panic() {
    for frame in CORPUS.iter().filter(|frame| frame.len() < 700) {
        for end in 0..frame.len() {
            read_all(&frame[..end]);
        }
    }
}

/// Of quadratic work on these one would see minutes.
#[test]
fn hostile_headers_are_read_in_linear_time() {
    let shapes = [
        ("Via", "SIP/2.0/WSS a;branch=z9hG4bK1,"),
        ("Via", "SIP / "),
        ("From", "\""),
        ("From", "\\\""),
        ("From", "\"\\\"\" <"),
        ("Contact", "<"),
        ("Contact", "\"<\","),
        ("Contact", "<sip:a@b>;a=\"\","),
        ("Contact", ";=\","),
        ("Record-Route", "<sip:a;lr>,"),
        ("Contact", "\r\n "),
        ("To", " \r\n\t\r\n "),
        ("WWW-Authenticate", "Digest a=b,"),
        ("WWW-Authenticate", "a,"),
        ("Supported", ","),
        ("Reason", "SIP;a;a;a;"),
        ("Refer-To", "%"),
        ("CSeq", "1"),
    ];
    for (name, shape) in shapes {
        let value = shape.repeat(60_000 / shape.len());
        read_all(format!("INVITE sip:a@b SIP/2.0\r\n{name}: {value}\r\n\r\n").as_bytes());
    }
    let lines = "v: SIP/2.0/WSS a;branch=z9hG4bK1\r\n".repeat(999);
    let frame = format!("INVITE sip:a@b SIP/2.0\r\n{lines}\r\n");
    assert_eq!(Message::parse(frame.as_bytes()).unwrap().vias().unwrap().len(), 999);
    read_all(frame.as_bytes());
}

#[test]
fn a_message_past_the_caps_is_refused_with_513_and_can_be_answered() {
    let start = "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/WSS a;branch=z9hG4bK1\r\nTo: <sip:a@b>\r\n";
    let many = format!("{start}{}\r\n", "X: y\r\n".repeat(1000));
    let long = format!("{start}X: {}\r\n\r\n", "y".repeat(70_000));
    let body = format!("{start}\r\n{}", "y".repeat(300_000));
    for frame in [many, long, body] {
        assert_eq!(Message::parse(frame.as_bytes()).unwrap_err().status(), 513);
        let reply = Reply::of(&Message::salvage(frame.as_bytes()).unwrap());
        let answer = reply.response(513).to_bytes().unwrap();
        let answer = Message::parse(&answer).unwrap();
        assert_eq!((answer.status(), answer.reason().as_ref()), (Some(513), "Message Too Large"));
        assert_eq!(answer.via().unwrap().branch().unwrap(), "z9hG4bK1");
    }
}
