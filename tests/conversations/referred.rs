//! Transfers that the far side asks for: RFC 3515, RFC 3892, RFC 4488, RFC 7647. A hostile far
//! side makes nobody dial.

use std::time::Duration;

use cc_sdk::api::{
    AcceptTransfers, CallId, CallState, Command, Direction, EndCause, EndedBy, UaEvent,
};
use cc_sdk::sip::{Method, Request};
use cc_sdk::{ApiMisuse, MediaRequest};

use crate::call_play::*;
use crate::far::{Far, Wire, print};
use crate::stage::{FAR_SDP, Stage};

const SECOND: Duration = Duration::from_secs(1);

fn refer(far: &mut Far, refer_to: &str) -> Request {
    let mut refer = far.build(Method::Refer);
    refer.headers.push("Contact", "<sip:bob@192.0.2.7:5060>").push("Refer-To", refer_to);
    refer.headers.push("Referred-By", "\"Bob\" <sip:bob@example.com>");
    refer
}

fn accepts(accept: AcceptTransfers) -> Stage {
    let mut stage = phone();
    stage.configures(|config| config.accept_transfers = accept);
    stage
}

/// A call with bob, who asked for one to carol; the page knows.
#[track_caller]
fn asked(stage: &mut Stage) -> Played {
    let mut call = talks_to_bob(stage);
    stage.hears(print(&refer(&mut call.far, "<sip:carol@example.com>"))).says_nothing();
    stage.tells(UaEvent::CallTransferRequest {
        call: call.id.0,
        number: "carol".into(),
        display_name: None,
        uri: "sip:carol@example.com".into(),
        referred_by: Some("sip:bob@example.com".into()),
        expires_in: 20,
    });
    call
}

/// [`asked`], and the page agreed: the new call, whose INVITE is the last message.
#[track_caller]
fn agreed(stage: &mut Stage) -> (Played, CallId) {
    let call = asked(stage);
    stage.does(Command::AcceptTransfer(call.id)).says("202");
    assert!(stage.last.find("Contact").is_some());
    progress(stage, "SIP/2.0 100 Trying\r\n", "active;expires=180");
    stage.says("INVITE");
    let new = stage.tells_of(|event| matches!(event, UaEvent::Call { .. }));
    let UaEvent::Call { call: new, direction, continues, number, .. } = new else { unreachable!() };
    assert_eq!((direction, continues), (Direction::Outgoing, Some(call.id.0)));
    assert_eq!(number, "carol");
    (call, CallId(new))
}

/// The phone tells how the call goes that was asked for, and is thanked.
#[track_caller]
fn progress(stage: &mut Stage, fragment: &str, subscription: &str) {
    let invite = stage.last.clone();
    stage.says("NOTIFY");
    let notify = &stage.last;
    assert_eq!(notify.header("Event"), "refer;id=101");
    assert_eq!(notify.header("Subscription-State"), subscription);
    assert_eq!(notify.header("Content-Type"), "message/sipfrag;version=2.0");
    assert_eq!(notify.body(), fragment);
    stage.hears_answer(200);
    stage.last = invite;
}

const OVER: &str = "terminated;reason=noresource";

#[test]
fn a_transfer_that_the_page_agrees_to_is_dialled_and_told_of() {
    let mut stage = phone();
    let (mut call, new) = agreed(&mut stage);
    let invite = stage.last.clone();
    assert_eq!(invite.message().request_uri(), Some("sip:carol@example.com"));
    assert_eq!(invite.header("Referred-By"), "\"Bob\" <sip:bob@example.com>");
    stage.hears(invite.answer(180));
    progress(&mut stage, "SIP/2.0 180 Ringing\r\n", "active;expires=180");
    stage.hears(invite.answer_with_sdp(200, FAR_SDP)).says("ACK");
    progress(&mut stage, "SIP/2.0 200 OK\r\n", OVER);
    stage.hears(call.far.request(Method::Bye)).says("200 BYE");
    // To a page that counts steps it is one call, passed on.
    assert_eq!(statuses(&stage), [1, 2, 3]);
    assert_eq!(end_of(&mut stage, call.id), (EndedBy::Remote, EndCause::Replaced));
    stage.passes(100 * SECOND).tells_nothing_of_an_end();
    stage.does(Command::Hangup(new)).says("BYE").says_nothing();
}

#[test]
fn a_transfer_that_fails_is_told_of_and_the_call_goes_on() {
    let mut stage = phone();
    let (call, new) = agreed(&mut stage);
    stage.hears_answer(486).says("ACK");
    progress(&mut stage, "SIP/2.0 486 Busy Here\r\n", OVER);
    assert_eq!(end_of(&mut stage, new), (EndedBy::Remote, EndCause::Busy));
    stage.passes(300 * SECOND).says_nothing().tells_nothing_of_an_end();
    stage.does(Command::Hangup(call.id)).says("BYE");
}

#[test]
fn a_transfer_that_the_person_takes_back_is_told_of() {
    let mut stage = phone();
    let (_, new) = agreed(&mut stage);
    stage.hears_answer(180);
    progress(&mut stage, "SIP/2.0 180 Ringing\r\n", "active;expires=180");
    stage.does(Command::Hangup(new)).says("CANCEL");
    progress(&mut stage, "SIP/2.0 487 Request Terminated\r\n", OVER);
}

#[test]
fn a_transfer_that_nobody_decides_on_is_refused_after_20_seconds() {
    let mut stage = phone();
    let call = asked(&mut stage);
    stage.passes(19 * SECOND).says_nothing().passes(SECOND).says("603");
    let misuse = ApiMisuse::NoTransferRequest(call.id);
    stage.refuses(Command::AcceptTransfer(call.id), misuse.clone());
    stage.refuses(Command::RefuseTransfer(call.id, 603), misuse);
    stage.passes(300 * SECOND).says_nothing().tells_nothing();
}

#[test]
fn the_page_refuses_with_a_status_of_its_choice() {
    let mut stage = phone();
    let call = asked(&mut stage);
    stage.refuses(Command::RefuseTransfer(call.id, 200), ApiMisuse::BadStatus(200));
    stage.does(Command::RefuseTransfer(call.id, 486)).says("486").tells_nothing();
}

#[test]
fn where_all_are_accepted_the_page_is_not_asked() {
    let mut stage = accepts(AcceptTransfers::Always);
    let mut call = talks_to_bob(&mut stage);
    stage.hears(print(&refer(&mut call.far, "<tel:+34600123456>"))).says("202").says("NOTIFY");
    stage.says("INVITE");
    assert_eq!(stage.last.message().request_uri(), Some("sip:+34600123456@example.com"));
}

#[test]
fn a_microphone_that_is_off_stays_off_in_the_new_call() {
    let mut stage = accepts(AcceptTransfers::Always);
    let mut call = talks_to_bob(&mut stage);
    stage.does(Command::Mute(call.id, true)).forgets();
    stage.hears(print(&refer(&mut call.far, "<sip:carol@example.com>")));
    let new = ringing(&mut stage);
    stage.tells_of(|it| *it == UaEvent::CallMuted { call: new.0, muted: true });
    let peer = opened(&stage);
    assert!(stage.asked.iter().any(|it| it.0 == peer && it.2 == MediaRequest::Mute(true)));
}

#[test]
fn where_none_is_accepted_the_page_is_not_asked() {
    let mut stage = accepts(AcceptTransfers::Never);
    let mut call = talks_to_bob(&mut stage);
    stage.hears(print(&refer(&mut call.far, "<sip:carol@example.com>"))).says("403");
    stage.tells_nothing();
}

#[test]
fn outside_of_a_call_nobody_makes_the_phone_dial() {
    for accept in [AcceptTransfers::Ask, AcceptTransfers::Always, AcceptTransfers::Never] {
        let mut stage = accepts(accept);
        let mut far = stage.far();
        stage.hears(print(&refer(&mut far, "<sip:carol@example.com>"))).says("405");
        stage.says_nothing().tells_nothing();
        let (_, mut far) = bob_calls(&mut stage);
        stage.forgets().hears(print(&refer(&mut far, "<sip:carol@example.com>")));
        stage.says(if accept == AcceptTransfers::Never { "403" } else { "480" }).tells_nothing();
    }
}

#[test]
fn what_cannot_be_dialled_is_refused_at_once() {
    let mut stage = accepts(AcceptTransfers::Always);
    let mut call = talks_to_bob(&mut stage);
    let long = format!("<sip:{}@example.com>", "x".repeat(2100));
    for (refer_to, status) in [
        ("<https://example.com/>", "416"),
        ("<mailto:carol@example.com>", "416"),
        ("<sip:carol@example.com;method=BYE>", "403"),
        ("<sip:alice@EXAMPLE.com>", "482"),
        ("<sip:carol@example.com?Replaces=nonsense>", "400"),
        ("<sip:carol@example.com", "400"),
        ("", "400"),
        (&long, "400"),
        ("<sip:carol@example.com>, <sip:dave@example.com>", "400"),
    ] {
        stage.hears(print(&refer(&mut call.far, refer_to))).says(status);
        stage.says_nothing().tells_nothing();
    }
    let none = call.far.build(Method::Refer);
    stage.hears(print(&none)).says("400");
    let mut two = refer(&mut call.far, "<sip:carol@example.com>");
    two.headers.push("Refer-To", "<sip:dave@example.com>");
    stage.hears(print(&two)).says("400").says_nothing();
}

#[test]
fn of_the_headers_in_a_refer_to_only_those_pass_that_hand_a_call_on() {
    let mut stage = accepts(AcceptTransfers::Always);
    let mut call = talks_to_bob(&mut stage);
    let refer_to = "\"Carol\" <sip:carol@example.com;method=INVITE;transport=tcp?Replaces=\
                    a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2&User-to-User=4a6f%3Bencoding%3Dhex\
                    &X-Queue=sales&X-Bad=a%0d%0aFrom:%20x&Route=%3Csip:evil%3E&From=sip:x\
                    &Authorization=secret&Content-Type=x&body=x&Call-ID=1>";
    stage.hears(print(&refer(&mut call.far, refer_to))).says("202").says("NOTIFY").says("INVITE");
    let invite = stage.last.clone();
    assert_eq!(invite.message().request_uri(), Some("sip:carol@example.com;transport=tcp"));
    assert_eq!(invite.header("Replaces"), "a@b;to-tag=1;from-tag=2");
    assert_eq!(invite.header("User-to-User"), "4a6f;encoding=hex");
    assert_eq!(invite.header("X-Queue"), "sales");
    for name in ["X-Bad", "Authorization", "Route"] {
        assert_eq!(invite.find(name), None, "{name}");
    }
    assert!(invite.header("From").contains("alice"));
    assert_eq!(invite.header("Content-Type"), "application/sdp");
}

#[test]
fn a_refer_to_without_angle_brackets_is_understood() {
    let mut stage = accepts(AcceptTransfers::Always);
    let mut call = talks_to_bob(&mut stage);
    let refer_to = "sip:carol@example.com?Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2";
    stage.hears(print(&refer(&mut call.far, refer_to))).says("202").says("NOTIFY").says("INVITE");
    assert_eq!(stage.last.header("Replaces"), "a;to-tag=1;from-tag=2");
}

#[test]
fn one_transfer_at_a_time_and_no_more_calls_than_allowed() {
    let mut stage = accepts(AcceptTransfers::Always);
    let mut call = talks_to_bob(&mut stage);
    let mut next = |stage: &mut Stage| {
        let refer = refer(&mut call.far, "<sip:carol@example.com>");
        stage.hears(print(&refer));
    };
    next(&mut stage);
    stage.says("202").says("NOTIFY").says("INVITE");
    let mut invite = stage.last.clone();
    next(&mut stage);
    stage.says("491");
    // Ten calls within a minute, this one's own among them.
    for _ in 0..8 {
        stage.hears(invite.answer(486)).says("ACK").says("NOTIFY");
        next(&mut stage);
        stage.says("202").says("NOTIFY").says("INVITE");
        invite = stage.last.clone();
    }
    stage.hears(invite.answer(486)).says("ACK").says("NOTIFY");
    next(&mut stage);
    stage.says("480").says_nothing();
}

#[test]
fn a_page_that_agrees_to_what_cannot_be_dialled_now_is_told() {
    let mut stage = phone();
    stage.configures(|config| config.rate_calls = 1);
    let call = asked(&mut stage);
    let refused = stage.tries(Command::AcceptTransfer(call.id));
    assert!(matches!(refused, Err(ApiMisuse::RateLimited { .. })), "{refused:?}");
    stage.says("480").tells_nothing();
}

#[test]
fn who_wants_to_hear_nothing_is_told_nothing() {
    let mut stage = accepts(AcceptTransfers::Always);
    let mut call = talks_to_bob(&mut stage);
    let mut refer = refer(&mut call.far, "<sip:carol@example.com>");
    refer.headers.push("Refer-Sub", "false").push("Require", "norefersub");
    stage.hears(print(&refer)).says("202");
    assert_eq!(stage.last.header("Refer-Sub"), "false");
    stage.says("INVITE");
    stage.hears(stage.last.answer_with_sdp(200, FAR_SDP)).says("ACK").says_nothing();
}

#[test]
fn who_knows_nothing_of_the_transfer_is_told_no_more() {
    let mut stage = phone();
    let call = asked(&mut stage);
    stage.does(Command::AcceptTransfer(call.id)).says("202").says("NOTIFY").hears_answer(481);
    stage.says("INVITE");
    stage.hears(stage.last.answer(180)).says_nothing().tells_nothing_of_an_end();
}

#[test]
fn a_far_side_that_forgets_to_hang_up_is_hung_up_on() {
    let mut stage = phone();
    let (call, new) = agreed(&mut stage);
    stage.hears(stage.last.answer_with_sdp(200, FAR_SDP)).says("ACK");
    progress(&mut stage, "SIP/2.0 200 OK\r\n", OVER);
    stage.passes(31 * SECOND).says_nothing().passes(SECOND).says("BYE");
    assert_eq!(stage.last.header("Call-ID"), call.invite.header("Call-ID"));
    assert_eq!(end_of(&mut stage, call.id), (EndedBy::System, EndCause::Replaced));
    stage.does(Command::Hangup(new)).says("BYE");
}

#[test]
fn a_far_side_that_hangs_up_at_once_leaves_the_new_call_to_us() {
    let mut stage = phone();
    let (mut call, new) = agreed(&mut stage);
    let invite = stage.last.clone();
    stage.hears(call.far.request(Method::Bye)).says("200 BYE");
    assert_eq!(end_of(&mut stage, call.id), (EndedBy::Remote, EndCause::Replaced));
    stage.hears(invite.answer(180)).hears(invite.answer_with_sdp(200, FAR_SDP)).says("ACK");
    stage.says_nothing();
    tells_state(&mut stage, CallState::Connected);
    stage.does(Command::Hangup(new)).says("BYE");
}

#[test]
fn what_is_asked_when_the_call_ends_is_answered_487() {
    let mut stage = phone();
    let mut call = asked(&mut stage);
    stage.hears(call.far.request(Method::Bye)).says("200 BYE").says("487 REFER");
    stage.passes(100 * SECOND).says_nothing();
    let mut stage = phone();
    let call = asked(&mut stage);
    stage.does(Command::Hangup(call.id)).says("BYE").says("487 REFER").says_nothing();
    ends(&stage, EndedBy::Local, EndCause::Hangup);
}

/// The far side's first REFER of a call that we began has this number.
#[test]
fn the_number_of_the_refer_is_in_the_news_of_it() {
    let mut stage = accepts(AcceptTransfers::Always);
    let mut call = bob_talks(&mut stage);
    let refer = print(&refer(&mut call.far, "<sip:carol@example.com>"));
    let number = refer.message().cseq().expect("a CSeq").number;
    stage.hears(&refer).says("202").says("NOTIFY");
    assert_eq!(stage.last.header("Event"), format!("refer;id={number}"));
    let _: &Wire = &stage.last;
}
