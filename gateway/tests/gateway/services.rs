//! The service numbers, without their media.

use std::time::Duration;

use cc_gateway::media::{MediaReply, MediaRequest, Sound};
use cc_sdk::FlowId;

use crate::phone::{Heard, Phone};
use crate::stage::{Stage, proxy};

struct Service {
    stage: Stage,
    alice: Phone,
    on: FlowId,
    invite: String,
}

/// Alice calls a number.
fn calls(number: &str) -> Service {
    let mut stage = Stage::new();
    let (mut alice, on, token) = stage.registers("alice", "a");
    let invite = alice.invite(number, &proxy(&token));
    stage.sends(on, &invite);
    Service { stage, alice, on, invite }
}

/// And talks.
fn talks_to(number: &str) -> (Service, Heard) {
    let mut call = calls(number);
    call.stage.media_says(MediaReply::Answer("v=0\r\na=answer\r\n".into()));
    let mut heard = call.stage.hears(call.on);
    let ok = heard.pop().unwrap();
    assert_eq!(ok.what(), "200");
    let ack = call.alice.within("ACK", &ok, "", "");
    call.stage.sends(call.on, ack);
    (call, ok)
}

#[test]
fn the_echo_rings_answers_and_is_hung_up() {
    let mut call = calls("9196");
    let offer = MediaRequest::Offer { sdp: "v=0\r\n".into(), sound: Sound::Echo };
    assert_eq!(call.stage.media[0].1, offer);
    call.stage.media_says(MediaReply::Answer("v=0\r\na=answer\r\n".into()));
    let heard = call.stage.hears(call.on);
    assert_eq!(heard.iter().map(Heard::what).collect::<Vec<_>>(), ["180", "200"]);
    assert_eq!(heard[1].body(), "v=0\r\na=answer\r\n");
    let ack = call.alice.within("ACK", &heard[1], "", "");
    call.stage.sends(call.on, ack);
    call.stage.passes(Duration::from_secs(60));
    assert!(call.stage.hears(call.on).is_empty());
    let bye = call.alice.within("BYE", &heard[1], "", "");
    call.stage.sends(call.on, bye);
    assert_eq!(call.stage.hears_what(call.on), ["200"]);
    assert_eq!(call.stage.media.last().unwrap().1, MediaRequest::Close);
}

#[test]
fn without_a_common_codec_the_call_is_refused_488() {
    let mut call = calls("9196");
    call.stage.media_says(MediaReply::Refused);
    assert_eq!(call.stage.hears_what(call.on), ["488"]);
    assert_eq!(call.stage.media.last().unwrap().1, MediaRequest::Close);
}

#[test]
fn a_200_is_said_until_it_is_acknowledged_and_then_hung_up() {
    let mut call = calls("9196");
    call.stage.media_says(MediaReply::Answer("v=0\r\n".into()));
    call.stage.hears(call.on);
    call.stage.passes(Duration::from_secs(10));
    let repeats = call.stage.hears_what(call.on);
    assert!(repeats.len() >= 4 && repeats.iter().all(|what| what == "200"), "{repeats:?}");
    call.stage.passes(Duration::from_secs(25));
    assert_eq!(call.stage.hears_what(call.on).last().unwrap(), "BYE");
}

#[test]
fn a_call_is_cancelled_while_it_rings() {
    let mut call = calls("9192");
    assert_eq!(call.stage.hears_what(call.on), ["180"]);
    let cancel = Phone::cancel(&call.invite);
    call.stage.sends(call.on, cancel);
    assert_eq!(call.stage.hears_what(call.on), ["200", "487"]);
    assert_eq!(call.stage.media.last().unwrap().1, MediaRequest::Close);
}

#[test]
fn early_media_comes_with_a_183_and_the_answer_later() {
    let mut call = calls("9193");
    call.stage.media_says(MediaReply::Answer("v=0\r\na=early\r\n".into()));
    let early = call.stage.hears_one(call.on, "183");
    assert_eq!(early.body(), "v=0\r\na=early\r\n");
    call.stage.passes(Duration::from_secs(3));
    let ok = call.stage.hears_one(call.on, "200");
    assert_eq!(ok.body(), early.body());
    assert_eq!(ok.header("To"), early.header("To"));
}

#[test]
fn one_number_hangs_up_by_itself_and_another_sends_the_caller_on() {
    let (mut call, _) = talks_to("9195");
    call.stage.passes(Duration::from_secs(4));
    call.stage.hears_one(call.on, "BYE");
    let mut call = calls("9199");
    let moved = call.stage.hears_one(call.on, "302");
    assert!(moved.header("Contact").starts_with("<sip:9196@localhost"));
}

#[test]
fn a_digit_comes_back_as_text_and_a_digit_by_info_as_sound_too() {
    let (mut call, ok) = talks_to("9198");
    call.stage.media_says(MediaReply::Digit('5'));
    let text = call.stage.hears_one(call.on, "MESSAGE");
    assert_eq!((text.body(), text.header("CSeq")), ("5".into(), "1 MESSAGE".into()));
    assert!(text.header("Content-Type").starts_with("text/plain"));
    let answer = call.alice.answer(200, &text, "");
    call.stage.sends(call.on, answer);
    let kind = "Content-Type: application/dtmf-relay";
    let info = call.alice.within("INFO", &ok, kind, "Signal=#\r\nDuration=160\r\n");
    call.stage.sends(call.on, info);
    let heard = call.stage.hears(call.on);
    assert_eq!(heard.iter().map(Heard::what).collect::<Vec<_>>(), ["200", "MESSAGE"]);
    assert_eq!((heard[1].body(), heard[1].cseq()), ("#".into(), 2));
    assert_eq!(call.stage.media.last().unwrap().1, MediaRequest::Digit('#'));
}

#[test]
fn a_new_offer_is_answered_and_a_second_one_meanwhile_gets_491() {
    let (mut call, ok) = talks_to("9196");
    let kind = "Content-Type: application/sdp";
    let (first, second) = (
        call.alice.within("INVITE", &ok, kind, "v=0\r\na=first\r\n"),
        call.alice.within("INVITE", &ok, kind, "v=0\r\na=second\r\n"),
    );
    call.stage.sends(call.on, first);
    call.stage.sends(call.on, second);
    assert_eq!(call.stage.hears_what(call.on), ["491"]);
    call.stage.media_says(MediaReply::Answer("v=0\r\na=again\r\n".into()));
    let again = call.stage.hears_one(call.on, "200");
    assert_eq!(again.body(), "v=0\r\na=again\r\n");
}

#[test]
fn a_new_offer_that_cannot_be_taken_leaves_the_call_as_it_was() {
    let (mut call, ok) = talks_to("9196");
    let kind = "Content-Type: application/sdp";
    let offer = call.alice.within("INVITE", &ok, kind, "v=0\r\n");
    call.stage.sends(call.on, offer);
    call.stage.media_says(MediaReply::Refused);
    assert_eq!(call.stage.hears_what(call.on), ["488"]);
    let text = call.alice.within("MESSAGE", &ok, "Content-Type: text/plain", "still there?");
    call.stage.sends(call.on, text);
    let heard = call.stage.hears(call.on);
    assert_eq!(heard[1].body(), "still there?", "the echo says it back");
}

#[test]
fn a_page_that_does_not_come_back_is_not_talked_to_any_more() {
    let (mut call, _) = talks_to("9197");
    call.stage.closes(call.on);
    call.stage.passes(Duration::from_secs(24));
    assert_ne!(call.stage.media.last().unwrap().1, MediaRequest::Close);
    call.stage.passes(Duration::from_secs(2));
    assert_eq!(call.stage.media.last().unwrap().1, MediaRequest::Close);
}

#[test]
fn when_the_gateway_stops_its_own_calls_end() {
    let (mut call, _) = talks_to("9197");
    call.stage.stops();
    call.stage.hears_one(call.on, "BYE");
    let mut call = calls("9192");
    call.stage.hears(call.on);
    call.stage.stops();
    call.stage.hears_one(call.on, "503");
}

#[test]
fn an_invite_without_an_offer_is_refused_488() {
    let mut stage = Stage::new();
    let (mut alice, on, token) = stage.registers("alice", "a");
    stage.sends(on, alice.ask("INVITE", "9196", &proxy(&token), ""));
    stage.hears_one(on, "488");
}

/// Calls a number as often as it is taken, and gives how often that was.
fn fills(stage: &mut Stage, phone: &mut Phone, on: FlowId, token: &str) -> usize {
    let rings = |_: &_| {
        stage.sends(on, phone.invite("9192", &proxy(token)));
        stage.hears_one_of(on, &["180", "486"]) == "180"
    };
    (0..300).take_while(rings).count()
}

#[test]
fn one_seat_does_not_take_the_places_of_the_others() {
    let mut stage = Stage::new();
    let (mut alice, on, token) = stage.registers("alice", "a");
    assert_eq!(fills(&mut stage, &mut alice, on, &token), 10);
    let (mut second, at) = stage.registers_with("alice", "a2", &token);
    assert_eq!(fills(&mut stage, &mut second, at, &token), 0, "nor on another WebSocket");
    let (mut bob, at, token) = stage.registers("bob", "b");
    assert_eq!(fills(&mut stage, &mut bob, at, &token), 10);
}

#[test]
fn one_websocket_with_many_seats_takes_no_more_places_than_one_seat() {
    let mut stage = Stage::new();
    let on = stage.opens();
    let taken = (1..=30).filter(|number| {
        let seat = format!("visitor-{number}");
        let token = stage.token(&seat);
        let mut visitor = Phone::new(&seat, &seat);
        stage.sends(on, visitor.register(&format!("Authorization: {token}")));
        stage.hears_one(on, "200");
        stage.sends(on, visitor.invite("9192", &proxy(&token)));
        stage.hears_one_of(on, &["180", "486"]) == "180"
    });
    assert_eq!(taken.count(), 10);
}

#[test]
fn what_is_never_answered_ends_after_three_minutes_and_makes_room() {
    let mut call = calls("9192");
    call.stage.hears_one(call.on, "180");
    call.stage.passes(Duration::from_secs(179));
    assert!(!call.stage.hears_what(call.on).iter().any(|what| what == "480"));
    call.stage.passes(Duration::from_secs(2));
    assert_eq!(call.stage.hears_what(call.on), ["480"]);
    assert_eq!(call.stage.media.last().unwrap().1, MediaRequest::Close);
    call.stage.sends(call.on, Phone::cancel(&call.invite));
    assert!(!call.stage.hears_what(call.on).iter().any(|what| what == "487"), "it is over");
    let token = call.stage.token("alice");
    assert_eq!(fills(&mut call.stage, &mut call.alice, call.on, &token), 10);
}
