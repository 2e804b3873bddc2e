//! Hundreds of everything that a hostile server can say: the phone says and tells little, holds
//! little, and still works.

use std::time::Duration;

use cc_sdk::api::UaEvent;
use cc_sdk::sip::{Message, Method, Request};
use cc_sdk::testing::Census;
use cc_sdk::{Input, LinkEvent};

use crate::hostile_phone::{Phone, SDP};
use crate::stage::Stage;

/// How many messages a flood has.
const FLOOD: usize = 400;

/// The state in which a flood arrives.
#[derive(Clone, Copy, Debug)]
enum In {
    Idle,
    Calling,
    Call,
}

fn request(method: &str, n: usize, lines: &str, body: &str) -> Vec<u8> {
    format!(
        "{method} sip:alice@example.com SIP/2.0\r\nVia: SIP/2.0/WSS f.invalid;branch=z9hG4bK-{n}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:bob@example.com>;tag=f{n}\r\nTo: <sip:alice@example.com>\r\n\
         Call-ID: flood-{n}\r\nCSeq: 1 {method}\r\nContact: <sip:bob@192.0.2.7>\r\n{lines}\r\n{body}"
    )
    .into_bytes()
}

fn within(
    phone: &Phone,
    method: Method,
    n: usize,
    lines: &[(&str, &str)],
    kind: &str,
    body: &str,
) -> Vec<u8> {
    let frame = phone.numbered(n + 1, method, "Subject", "x", kind, body);
    let mut request: Request =
        Message::parse(&frame).expect("it is ours").to_request().expect("a request");
    for (name, value) in lines {
        request.headers.push(name, value.replace("%n", &(n + 1).to_string()));
    }
    request.to_bytes().expect("it can be written")
}

/// An answer to the INVITE that is out.
fn answer(
    phone: &Phone,
    status: u16,
    fork: usize,
    n: usize,
    lines: &[(&str, &str)],
    body: &str,
) -> Vec<u8> {
    let mut response = phone.response(&Method::Invite, status);
    let to = response
        .headers
        .get("To")
        .expect("every answer has one")
        .replace("tag=far", &format!("tag=fork{fork}"));
    response.headers.set("To", to).push("Contact", "<sip:bob@192.0.2.7>");
    for (name, value) in lines {
        response.headers.push(name, value.replace("%n", &(n + 1).to_string()));
    }
    if !body.is_empty() {
        response.headers.push("Content-Type", "application/sdp");
        response.body = body.into();
    }
    response.to_bytes().expect("it can be written")
}

type Make = fn(&Phone, usize) -> Vec<u8>;

type Flood = (&'static str, In, Make);

const SDP_LINES: &str = "Content-Type: application/sdp\r\n";

fn floods_of_requests() -> Vec<Flood> {
    vec![
        ("noise", In::Idle, |_, n| format!("noise {n}").into_bytes()),
        ("unreadable requests", In::Idle, |_, n| request("INVITE", n, "From: again\r\n", "")),
        ("unreadable answers", In::Idle, |_, n| {
            format!("SIP/2.0 200 OK\r\nX: {n}\r\n\r\n").into_bytes()
        }),
        ("calls", In::Idle, |_, n| request("INVITE", n, SDP_LINES, SDP)),
        ("calls in a call", In::Call, |_, n| request("INVITE", n, SDP_LINES, SDP)),
        ("OPTIONS", In::Idle, |_, n| request("OPTIONS", n, "", "")),
        ("MESSAGE", In::Idle, |_, n| request("MESSAGE", n, "Content-Type: text/plain\r\n", "hi")),
        ("NOTIFY", In::Idle, |_, n| {
            request("NOTIFY", n, "Event: message-summary\r\nSubscription-State: active\r\n", "")
        }),
        ("SUBSCRIBE", In::Idle, |_, n| request("SUBSCRIBE", n, "Event: presence\r\n", "")),
        ("REFER", In::Idle, |_, n| {
            request("REFER", n, "Refer-To: <sip:carol@example.com>\r\n", "")
        }),
        ("REGISTER", In::Idle, |_, n| request("REGISTER", n, "", "")),
        ("BYE", In::Idle, |_, n| request("BYE", n, "", "")),
        ("keep-alives", In::Idle, |_, _| b"\r\n\r\n".to_vec()),
    ]
}

fn floods_of_a_call() -> Vec<Flood> {
    vec![
        ("ringing forks", In::Calling, |phone, n| answer(phone, 180, n, n, &[], "")),
        ("early media of forks", In::Calling, |phone, n| answer(phone, 183, n, n, &[], SDP)),
        ("reliable ringing", In::Calling, |phone, n| {
            answer(phone, 180, 0, n, &[("Require", "100rel"), ("RSeq", "%n")], "")
        }),
        ("reliable ringing of forks", In::Calling, |phone, n| {
            answer(phone, 180, n, n, &[("Require", "100rel"), ("RSeq", "%n")], "")
        }),
        ("reliable offers of forks", In::Calling, |phone, n| {
            answer(phone, 183, n, n, &[("Require", "100rel"), ("RSeq", "%n")], SDP)
        }),
        ("forks that take the call", In::Calling, |phone, n| answer(phone, 200, n, n, &[], SDP)),
        ("forks that take it late", In::Call, |phone, n| answer(phone, 200, n + 1, n, &[], SDP)),
        ("repeated 200", In::Call, |phone, n| answer(phone, 200, 0, n, &[], SDP)),
        ("re-INVITEs", In::Call, |phone, n| {
            within(phone, Method::Invite, n, &[], "application/sdp", SDP)
        }),
        ("UPDATEs", In::Call, |phone, n| {
            within(phone, Method::Update, n, &[], "application/sdp", SDP)
        }),
        ("session timers", In::Call, |phone, n| {
            within(phone, Method::Update, n, &[("Session-Expires", "1;refresher=uac")], "", "")
        }),
        ("INFO", In::Call, |phone, n| {
            within(phone, Method::Info, n, &[], "application/dtmf-relay", "Signal=5")
        }),
        ("MESSAGE in a call", In::Call, |phone, n| {
            within(phone, Method::Message, n, &[], "text/plain", "x")
        }),
        ("REFER in a call", In::Call, |phone, n| {
            within(phone, Method::Refer, n, &[("Refer-To", "<sip:carol%n@example.com>")], "", "")
        }),
        ("NOTIFY in a call", In::Call, |phone, n| {
            let lines = [("Event", "refer;id=%n"), ("Subscription-State", "active")];
            within(phone, Method::Notify, n, &lines, "message/sipfrag", "SIP/2.0 100 Trying\r\n")
        }),
        ("PRACK in a call", In::Call, |phone, n| {
            within(phone, Method::Prack, n, &[("RAck", "1 1 INVITE")], "", "")
        }),
        ("Replaces", In::Call, |_, n| {
            request(
                "INVITE",
                n,
                "Replaces: x;to-tag=a;from-tag=b\r\nContent-Type: application/sdp\r\n",
                SDP,
            )
        }),
    ]
}

fn flooded(state: In, make: Make) -> (Phone, Spent) {
    let mut phone = Phone::new();
    match state {
        In::Idle => phone.registers(true),
        In::Calling => phone.calls(false),
        In::Call => phone.calls(true),
    }
    let (frames, told) = (phone.frames, phone.told);
    let mut most = Census::default();
    for n in 0..FLOOD {
        let frame = make(&phone, n);
        phone.hears(&frame);
        let now = phone.agent.census();
        most.calls = most.calls.max(now.calls);
        most.transactions = most.transactions.max(now.transactions);
    }
    let spent = Spent {
        frames: phone.frames - frames,
        told: phone.told - told,
        calls: most.calls,
        transactions: most.transactions,
    };
    (phone, spent)
}

#[derive(Debug)]
struct Spent {
    frames: usize,
    told: usize,
    calls: usize,
    transactions: usize,
}

/// What may be said, told and held is far below what came.
#[test]
fn no_flood_fills_the_phone_or_makes_it_dial() {
    for (name, state, make) in [floods_of_requests(), floods_of_a_call()].concat() {
        let (mut phone, spent) = flooded(state, make);
        // One answer to each, and what a few forks get more.
        assert!(spent.frames <= FLOOD + 100, "{name}: {spent:?}");
        assert!(spent.told <= 110, "{name}: {spent:?}");
        assert!(spent.calls <= 2, "{name}: {spent:?}");
        assert!(spent.transactions <= 70, "{name}: {spent:?}");
        // No INVITE that nobody wished for.
        assert_eq!(phone.dialled, usize::from(!matches!(state, In::Idle)), "{name}");
        phone.passes(Duration::from_secs(33));
        let left = phone.agent.census();
        assert!(left.transactions <= 3, "{name}: {left:?}");
        assert_eq!(left.outputs, 0, "{name}");
    }
}

/// What cannot be read is told of at first, and then only how much it was.
#[test]
fn a_flood_of_noise_is_counted_in_the_next_warning() {
    let mut stage = Stage::registered();
    for _ in 0..100 {
        stage.hears("noise");
    }
    for _ in 0..20 {
        assert!(warning(&mut stage).starts_with("the message is cut short"));
    }
    stage.tells_nothing().passes(Duration::from_secs(5)).hears("noise");
    assert!(warning(&mut stage).ends_with("; others since the last warning: 80"));
    stage.hears("noise");
    assert!(!warning(&mut stage).contains("others"));
}

fn warning(stage: &mut Stage) -> String {
    match stage.tells_of(|event| matches!(event, UaEvent::Warning { .. })) {
        UaEvent::Warning { code, text, .. } => {
            assert_eq!(code, "message-unreadable");
            text
        }
        event => panic!("{event:?}"),
    }
}

/// RFC 3261 §21.5.4: who says too much within a call is asked to wait.
#[test]
fn a_flood_of_messages_in_a_call_is_answered_503_for_a_while() {
    let mut phone = Phone::new();
    phone.calls(true);
    let text = |phone: &Phone, n| within(phone, Method::Message, n, &[], "text/plain", "x");
    for n in 0..101 {
        let frame = text(&phone, n);
        phone.hears(&frame);
    }
    let refused = Message::parse(phone.last_answer()).unwrap();
    assert_eq!((refused.status(), refused.retry_after().unwrap()), (Some(503), Some(5)));
    phone.passes(Duration::from_secs(5));
    let frame = text(&phone, 101);
    phone.hears(&frame);
    assert_eq!(Message::parse(phone.last_answer()).unwrap().status(), Some(200));
}

/// RFC 3261 §13.2.2.4 wants a BYE for each fork too many; of hundreds nobody answered an INVITE.
#[test]
fn of_many_forks_that_take_a_call_only_some_are_told_that_it_is_over() {
    let mut phone = Phone::new();
    phone.calls(false);
    for n in 0..40 {
        let frame = answer(&phone, 200, n, n, &[], SDP);
        phone.hears(&frame);
    }
    // The call's own INVITE, and a BYE for each of sixteen.
    assert_eq!(phone.agent.census().transactions, 17);
}

/// Answers whatever is asked in the same way, until an hour has passed.
fn answers_for_an_hour(
    phone: &mut Phone,
    method: &Method,
    mut answer: impl FnMut(&Phone, usize) -> Vec<u8>,
) {
    let end = phone.now + Duration::from_secs(3600);
    let (mut answered, mut linked) = (0, 1);
    while phone.now < end {
        let asked = if *method == Method::Register { phone.registered } else { phone.dialled };
        assert!(asked < 1000, "{} asks again and again", phone.now.since_epoch().as_secs());
        if phone.links > linked {
            linked = phone.links;
            phone.gives(Input::Link(phone.flow, LinkEvent::Opened));
        } else if asked > answered {
            answered = asked;
            let frame = answer(phone, asked);
            phone.hears(&frame);
        } else {
            let Some(due) = phone.agent.next_timeout() else { return };
            phone.now = phone.now.max(due);
            phone.gives(Input::Timeout);
        }
    }
}

#[test]
fn a_registrar_that_never_agrees_is_not_asked_often() {
    for (status, header, value, most) in [
        (401, "WWW-Authenticate", "Digest realm=\"%n\", nonce=\"%n\", stale=true", 150),
        (407, "Proxy-Authenticate", "Digest realm=\"r\", nonce=\"%n\", stale=true", 150),
        (401, "X", "no challenge", 150),
        (302, "Contact", "<sip:r%n.example.com>", 150),
        (301, "Contact", "<sip:alice@edge%n.example.com>", 150),
        (305, "Contact", "<sip:edge.example.com>", 150),
        (423, "Min-Expires", "%n00", 150),
        (423, "Min-Expires", "4294967295", 150),
        (403, "X", "no", 150),
        (439, "X", "no", 150),
        (480, "Retry-After", "0", 150),
        (503, "Retry-After", "0", 150),
        (503, "Retry-After", "Thu, 01 Jan 1970 00:00:00 GMT", 150),
        (699, "Retry-After", "0", 150),
        // Granted for no time at all counts as ten seconds, of which a part is waited.
        (200, "Expires", "0", 520),
    ] {
        let mut phone = Phone::new();
        phone.registers(false);
        answers_for_an_hour(&mut phone, &Method::Register, |phone, n| {
            phone.answer(&Method::Register, status, header, &value.replace("%n", &n.to_string()))
        });
        let asked = phone.registered;
        assert!(asked <= most, "{status} {header}: asked {asked} times in an hour");
        assert!(phone.links <= 200, "{status} {header}: {} connections", phone.links);
        assert!(phone.agent.census().transactions <= 2, "{status} {header}");
    }
}

#[test]
fn a_server_that_never_lets_a_call_through_is_not_asked_often() {
    for (status, header, value) in [
        (401, "WWW-Authenticate", "Digest realm=\"%n\", nonce=\"%n\", stale=true"),
        (407, "Proxy-Authenticate", "Digest realm=\"r\", nonce=\"%n\", stale=true"),
        (302, "Contact", "<sip:bob%n@example.com>"),
        (300, "Contact", "<sip:bob@example.com>"),
        (305, "Contact", "<sip:edge.example.com>"),
        (422, "Min-SE", "%n00"),
        (420, "Unsupported", "timer"),
        (421, "Require", "100rel"),
        (488, "X", "no"),
        (491, "X", "no"),
        (500, "Retry-After", "0"),
        (503, "Retry-After", "0"),
    ] {
        let mut phone = Phone::new();
        phone.calls(false);
        answers_for_an_hour(&mut phone, &Method::Invite, |phone, n| {
            phone.answer(&Method::Invite, status, header, &value.replace("%n", &n.to_string()))
        });
        let asked = phone.dialled;
        assert!(asked <= 12, "{status} {header}: asked {asked} times in an hour");
        let left = phone.agent.census();
        assert_eq!(left.calls, 0, "{status} {header}: {left:?}");
    }
}
