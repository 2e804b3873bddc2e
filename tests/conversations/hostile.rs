//! A hostile server can neither exhaust the page nor make it dial; what fuzzers found.

use std::time::Duration;

use cc_sdk::api::Command;
use cc_sdk::sip::Method;

use crate::far::{Far, Wire};
use crate::stage::{FAR_SDP, SDP, Stage};

/// RFC 3261 §19.1.1: no Request-URI has headers.
#[test]
fn headers_in_a_contact_are_not_taken_into_the_request_uri() {
    let mut stage = Stage::registered();
    stage.dials("9196");
    let mut answer = stage.says("INVITE").last.response(200);
    answer.headers.set("Contact", "<sips:bob@example.com;x=y?Subject=x&Priority=urgent>");
    answer.headers.push("Content-Type", "application/sdp");
    answer.body = FAR_SDP.into();
    let invite = stage.last.clone();
    stage.hears(Wire::of(&answer)).says("ACK");
    assert_eq!(stage.last.message().request_uri(), Some("sips:bob@example.com;x=y"));
    let bye = Far::called(&invite).request(Method::Bye);
    stage.hears(bye).says("200 BYE");
}

/// What was tolerated when it came is made good when it goes out.
#[test]
fn an_odd_contact_is_a_target_that_others_can_read() {
    for (contact, target) in [
        ("<sip:front desk@192.0.2.7>", "sip:front%20desk@192.0.2.7"),
        ("<sip:bob@2001:db8::9:1;transport=ws>", "sip:bob@[2001:db8::9:1];transport=ws"),
        ("<sip:2001:db8::9:1>", "sip:[2001:db8::9:1]"),
        ("<sip:*21#600@192.0.2.7>", "sip:*21#600@192.0.2.7"),
        ("<sip:bob@192.0.2.7:5\u{fffd}60>", "sip:9196@example.com"),
        ("<sip:bob@>", "sip:9196@example.com"),
        ("<tel:+15551234>", "tel:+15551234"),
        ("<urn:service:sos>", "urn:service:sos"),
        ("Smith,: <sip:bob@my_pbx.local>", "sip:bob@my_pbx.local"),
    ] {
        let mut stage = Stage::registered();
        stage.dials("9196");
        let mut answer = stage.says("INVITE").last.response(200);
        answer.headers.set("Contact", contact).push("Content-Type", "application/sdp");
        answer.body = FAR_SDP.into();
        stage.hears(Wire::of(&answer)).says("ACK");
        assert_eq!(stage.last.message().request_uri(), Some(target));
        assert_eq!(stage.last.message().check(), Ok(()));
    }
}

/// What other browser phones drop without a word (docs/robustness.md).
#[test]
fn every_odd_invite_rings() {
    for (line, odd) in [
        ("From", "<sip:*21#600@atlanta.example.com>;tag=f"),
        ("From", "Zoë Müller 阿里 <sip:zoe@atlanta.example.com>;tag=f"),
        ("From", "<tel:+12015550123;phone-context=example.com>;tag=f"),
        ("From", "<sip:front desk@atlanta.example.com>;tag=f"),
        ("From", "<sip:bob@atlanta.example.com>;tag=f;"),
        ("Contact", "<sip:bob@a.invalid;transport=ws>,: <sip:bob@b.invalid>"),
        ("Contact", "<sip:bob@2001:db8::9:1;transport=ws>"),
        ("Contact", "<sip:bob@my_pbx.local>"),
        ("Record-Route", "sip:p1.example.com;transport=ws;lr"),
        ("X", "a line without colon\r\nno header"),
    ] {
        for (start, end) in [("", "\r\n"), ("\r\n\r\n", "\r\n"), ("", "\n")] {
            let mut stage = Stage::registered();
            let invite = stage.far().invite(SDP).to_string();
            let lines: Vec<_> = invite.split("\r\n").collect();
            let named = format!("{line}: ");
            let mut odd_one = start.to_owned();
            let at = lines.iter().position(|it| it.starts_with(&named)).unwrap_or(1);
            for (n, it) in lines.iter().enumerate() {
                if it.starts_with("Content-Length") {
                    continue;
                }
                if n == at {
                    odd_one.extend([named.as_str(), odd, end]);
                    if it.starts_with(&named) {
                        continue;
                    }
                }
                odd_one.extend([*it, end]);
            }
            stage.hears(odd_one).says("180");
        }
    }
}

#[test]
fn every_odd_answer_is_taken() {
    for status_line in ["SIP/2.0 200", "SIP/2.0 200 ", "SIP/2.0 200 Call [accepted] {here}"] {
        for end in ["\r\n", "\n"] {
            let mut stage = Stage::registered();
            stage.dials("9196");
            let answer = stage.says("INVITE").last.answer_with_sdp(200, FAR_SDP).to_string();
            let odd = answer.replacen("SIP/2.0 200 OK", status_line, 1);
            let odd = if end == "\n" {
                let (head, body) = odd.split_once("\r\n\r\n").unwrap();
                format!("{}\n\n{body}", head.replace("\r\n", "\n"))
            } else {
                odd
            };
            stage.hears(odd).says("ACK");
        }
    }
}

/// The INVITE that the phone says next.
fn last_said(stage: &mut Stage) -> Wire {
    stage.says("INVITE").last.clone()
}

/// RFC 3261 §14.1: glare is tried again, but not without end.
#[test]
fn a_far_side_that_refuses_every_offer_for_now_is_asked_nine_times() {
    for status in [491, 500] {
        let mut stage = Stage::registered();
        let call = stage.dials("9196");
        let answer = last_said(&mut stage).answer_with_sdp(200, FAR_SDP);
        stage.hears(answer).says("ACK");
        stage.does(Command::Hold(call, true));
        let mut asked = 0;
        while stage.said.iter().any(|said| said.what("INVITE") == "INVITE") {
            asked += 1;
            let mut refused = last_said(&mut stage).response(status);
            refused.headers.push("Retry-After", "1");
            stage.forgets().hears(Wire::of(&refused)).says("ACK").passes(Duration::from_secs(5));
        }
        assert_eq!(asked, 9, "{status}");
    }
}

/// RFC 3261 §22.3: every proxy on the way may ask.
#[test]
fn each_realm_of_one_answer_gets_an_answer() {
    let mut stage = Stage::registered();
    stage.dials("9196");
    let invite = last_said(&mut stage);
    let mut refused = invite.response(407);
    for realm in ["one", "two"] {
        let challenge = ["Digest realm=\"", realm, "\", nonce=\"", realm, "\""].concat();
        refused.headers.push("Proxy-Authenticate", challenge);
    }
    stage.hears(Wire::of(&refused)).says("ACK");
    let again = last_said(&mut stage);
    let message = again.message();
    let answers: Vec<_> = message.headers("Proxy-Authorization").collect();
    assert_eq!(answers.len(), 2);
    for (answer, realm) in answers.iter().zip(["one", "two"]) {
        assert!(answer.contains(&["realm=\"", realm, "\""].concat()), "{answer}");
    }
}

/// What waits on one connection is bounded by what the phone may need.
#[test]
fn a_phone_for_many_calls_lets_as_many_ring() {
    let mut stage = Stage::registered();
    stage.configures(|config| config.calls_at_once = 100);
    for n in 0..101 {
        let mut far = Far::calling("sip:alice@example.com");
        far.call_id = format!("call-{n}");
        stage.hears(far.invite(SDP)).says(if n < 100 { "180" } else { "486" });
    }
}

/// RFC 3261 §12.2.1.1, but for a strict router that nobody can address.
#[test]
fn a_strict_route_that_cannot_be_read_is_no_request_uri() {
    for (route, target) in [
        ("<sip:strict.example.com>", "sip:strict.example.com"),
        ("<sip:strict.example.com:5x>", "sip:bob@192.0.2.7:5060"),
    ] {
        let mut stage = Stage::registered();
        stage.dials("9196");
        let mut answer = last_said(&mut stage).response(200);
        answer.headers.push("Record-Route", route).push("Content-Type", "application/sdp");
        answer.body = FAR_SDP.into();
        stage.hears(Wire::of(&answer)).says("ACK");
        assert_eq!(stage.last.message().request_uri(), Some(target));
    }
}
