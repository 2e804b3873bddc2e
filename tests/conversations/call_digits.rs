//! Digits, both ways: RFC 4733 and INFO (RFC 6086).

use std::time::Duration;

use cc_sdk::api::{Command, DigitTransport, UaEvent};
use cc_sdk::sip::Method;
use cc_sdk::{ApiMisuse, MediaEvent, MediaFailure, MediaReply, MediaRequest};

use crate::call_play::*;
use crate::stage::{CANDIDATE, FAR_SDP, SDP, Stage, shown};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn digits_travel_in_the_media_where_telephone_event_was_agreed() {
    let mut stage = phone();
    let call = talks_to_bob(&mut stage);
    stage.does(digits(&call, "1d#"));
    assert_eq!(sent(&stage), "1D#");
    assert_eq!(played(&stage), "1D#");
    stage.says_nothing();
}

#[test]
fn a_digit_waits_for_the_end_of_the_last() {
    let mut stage = phone();
    let call = talks_to_bob(&mut stage);
    stage.media_by_hand().does(digits(&call, "12"));
    let first = stage.asks(|it| is_tone(it, "1"));
    stage.replies(first, MediaReply::Done).tells_nothing();
    assert!(stage.asked.is_empty());
    stage.peer_tells(call.peer, MediaEvent::DigitDone('1'));
    stage.tells(UaEvent::CallDigitSent { call: call.id.0, digit: "1".into() });
    stage.asks(|it| is_tone(it, "2"));
    // A browser that says nothing does not hold the rest back.
    stage.passes(SECOND).tells(UaEvent::CallDigitSent { call: call.id.0, digit: "2".into() });
}

#[test]
fn digits_travel_by_info_where_telephone_event_was_not_agreed() {
    let mut stage = phone();
    let call = talks_with(&mut stage, &without_events());
    stage.does(digits(&call, "5*")).says("INFO");
    assert_eq!(stage.last.header("Content-Type"), "application/dtmf-relay");
    assert_eq!(stage.last.body(), "Signal=5\r\nDuration=100\r\n");
    stage.says_nothing().tells_nothing().hears_answer(200);
    stage.tells(UaEvent::CallDigitSent { call: call.id.0, digit: "5".into() });
    stage.says("INFO").hears_answer(200);
    stage.tells(UaEvent::CallDigitSent { call: call.id.0, digit: "*".into() });
    assert_eq!(played(&stage), "");
}

#[test]
fn our_own_answer_settles_the_way_too() {
    let mut stage = phone();
    let call = bob_talks(&mut stage);
    stage.does(digits(&call, "7"));
    assert_eq!(played(&stage), "7");
}

#[test]
fn the_page_can_choose_the_way() {
    let mut stage = phone();
    let call = talks_to_bob(&mut stage);
    stage.does(Command::SendDigits(call.id, "5".into(), DigitTransport::Info)).says("INFO");
    let mut stage = phone();
    let call = talks_with(&mut stage, &without_events());
    stage.does(Command::SendDigits(call.id, "5".into(), DigitTransport::Rtp)).says_nothing();
    stage.tells_of(|it| matches!(it, UaEvent::Warning { code, .. } if code == "digit-not-sent"));
}

#[test]
fn a_comma_is_a_pause_of_two_seconds() {
    let mut stage = phone();
    let call = talks_to_bob(&mut stage);
    stage.does(digits(&call, "1,,2"));
    assert_eq!(sent(&stage), "1");
    stage.passes(Duration::from_millis(3_999));
    assert_eq!(sent(&stage), "1");
    stage.passes(Duration::from_millis(1));
    assert_eq!(sent(&stage), "12");
}

#[test]
fn digits_wait_until_sound_can_pass() {
    let mut stage = phone();
    let id = calls_bob(&mut stage);
    let peer = opened(&stage);
    let send = Command::SendDigits(id, "12".into(), DigitTransport::Auto);
    stage.does(send);
    stage.hears(stage.last.answer_with_sdp(200, FAR_SDP)).says("ACK");
    assert_eq!(sent(&stage), "");
    stage.peer_tells(peer, MediaEvent::Connected);
    assert_eq!(sent(&stage), "12");
}

#[test]
fn a_tone_that_the_browser_cannot_play_goes_by_info() {
    let mut stage = phone();
    let call = talks_to_bob(&mut stage);
    stage.media_by_hand().does(digits(&call, "4"));
    let tone = stage.asks(|it| is_tone(it, "4"));
    stage.replies(tone, MediaReply::Failed(MediaFailure::Refused("no".into()))).says("INFO");
    assert!(stage.last.body().starts_with("Signal=4\r\n"));
}

#[test]
fn a_refused_digit_is_a_warning_and_the_next_goes_on() {
    let mut stage = phone();
    let call = talks_with(&mut stage, &without_events());
    stage.does(digits(&call, "12")).says("INFO").hears_answer(403);
    stage.tells_of(|it| matches!(it, UaEvent::Warning { code, .. } if code == "digit-not-sent"));
    stage.says("INFO");
    assert!(stage.last.body().starts_with("Signal=2\r\n"));
}

#[test]
fn a_far_side_without_dtmf_relay_gets_the_bare_digit() {
    let mut stage = phone();
    let call = talks_with(&mut stage, &without_events());
    stage.does(digits(&call, "1#")).says("INFO").hears_answer(415);
    for digit in ["1", "#"] {
        stage.says("INFO");
        assert_eq!(stage.last.header("Content-Type"), "application/dtmf");
        assert_eq!(stage.last.body(), digit);
        stage.hears_answer(200);
        stage.tells(UaEvent::CallDigitSent { call: call.id.0, digit: digit.into() });
    }
    // Who takes neither is not asked again and again.
    stage.does(digits(&call, "2")).says("INFO").hears_answer(415).says_nothing();
    stage.tells_of(|it| matches!(it, UaEvent::Warning { code, .. } if code == "digit-not-sent"));
}

/// Janus #1591 and its kin (complaint 25).
#[test]
fn the_way_of_digits_follows_each_new_description() {
    let mut stage = phone();
    let mut call = talks_to_bob(&mut stage);
    stage.media_by_hand();
    let other = SDP.replace(" 126", " 101").replace("rtpmap:126", "rtpmap:101");
    let none = SDP.replace(" 126", "").replace("a=rtpmap:126 telephone-event/8000\r\n", "");
    for (answer, is_media) in [(other.as_str(), true), (&none, false), (SDP, true)] {
        stage.forgets().hears(call.far.invite(&FAR_SDP.replace("bob 77 1", &shown(&answer.len()))));
        let asked = stage.asks(|it| matches!(it, MediaRequest::Answer { .. }));
        let answer = [answer, "a=", CANDIDATE, "\r\n"].concat();
        stage.replies(asked, MediaReply::Sdp(answer)).says("200");
        stage.hears(call.far.request(Method::Ack)).does(digits(&call, "5"));
        if is_media {
            let tone = stage.asks(|it| is_tone(it, "5"));
            stage.replies(tone, MediaReply::Done);
            stage.peer_tells(call.peer, MediaEvent::DigitDone('5')).says_nothing();
        } else {
            stage.says("INFO").hears_answer(200);
        }
    }
}

#[test]
fn a_digit_under_a_lost_link_goes_again_on_the_next() {
    let mut stage = phone();
    let call = talks_with(&mut stage, &without_events());
    stage.does(digits(&call, "3")).says("INFO").loses_link().passes(5 * SECOND);
    stage.opens().says("REGISTER").hears_answer(200).says("INFO").hears_answer(200);
    assert_eq!(sent(&stage), "3");
}

#[test]
fn what_is_no_digit_is_misuse_and_sends_nothing() {
    let mut stage = phone();
    let call = talks_to_bob(&mut stage);
    for (text, odd) in [("x", 'x'), ("12e", 'e'), ("1 2", ' '), ("１", '１')] {
        stage.refuses(digits(&call, text), ApiMisuse::BadDigit(odd));
    }
    assert_eq!(sent(&stage), "");
    stage.does(digits(&call, "")).does(Command::Hangup(call.id));
    stage.refuses(digits(&call, "1"), ApiMisuse::CallGone(call.id));
}

#[test]
fn a_call_that_ends_forgets_its_digits() {
    let mut stage = phone();
    let call = talks_to_bob(&mut stage);
    stage.does(digits(&call, ",1,2")).does(Command::Hangup(call.id)).says("BYE");
    stage.hears_answer(200).passes(20 * SECOND);
    assert_eq!(sent(&stage), "");
}

#[test]
fn digits_that_come_by_info_are_told() {
    let mut stage = phone();
    let mut call = talks_to_bob(&mut stage);
    for (kind, body, digit) in [
        ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", "5"),
        ("application/dtmf-relay", "Signal= #\nDuration= 160", "#"),
        ("application/dtmf", "a", "A"),
    ] {
        stage.hears(call.far.request_with(Method::Info, kind, body)).says("200 INFO");
        stage.tells(UaEvent::CallDigit { call: call.id.0, digit: digit.into() });
    }
}

fn digits(call: &Played, digits: &str) -> Command {
    Command::SendDigits(call.id, digits.into(), DigitTransport::Auto)
}

/// What the page was told of, in order.
fn sent(stage: &Stage) -> String {
    let digit = |event: &UaEvent| match event {
        UaEvent::CallDigitSent { digit, .. } => Some(digit.clone()),
        _ => None,
    };
    stage.told.iter().filter_map(|(_, event)| digit(event)).collect()
}

fn played(stage: &Stage) -> String {
    let digits = |request: &MediaRequest| match request {
        MediaRequest::Digits { digits, .. } => Some(digits.clone()),
        _ => None,
    };
    stage.asked.iter().filter_map(|asked| digits(&asked.2)).collect()
}

fn is_tone(request: &MediaRequest, digit: &str) -> bool {
    matches!(request, MediaRequest::Digits { digits, .. } if digits == digit)
}

fn without_events() -> String {
    FAR_SDP.replace("a=rtpmap:126 telephone-event/8000\r\n", "").replace(" 111 126", " 111")
}
