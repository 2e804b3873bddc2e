//! Session timers as both refreshers (RFC 4028): §7 who asks, §9 who answers, §10 the end.
//! Complaint 10: they drop calls, or are missing.

use std::time::Duration;

use cc_sdk::Input;
use cc_sdk::MediaEvent;
use cc_sdk::api::{CallState, Command, EndCause, EndedBy};
use cc_sdk::sip::{Method, Response};

use crate::call_play::*;
use crate::far::{Far, Wire, print};
use crate::stage::{FAR_SDP, Stage};

const SECOND: Duration = Duration::from_secs(1);
const ALL: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, MESSAGE, UPDATE, PRACK";

/// A 2xx with a session timer.
fn timed(request: &Wire, expires: &str, allow: &str) -> Response {
    let mut response = request.response(200);
    response.headers.push("Session-Expires", expires).push("Allow", allow);
    response
}

fn with_sdp(mut response: Response) -> Wire {
    response.headers.push("Content-Type", "application/sdp");
    response.body = FAR_SDP.into();
    Wire::of(&response)
}

/// A call to bob that is up, answered with this session timer; nothing is left to name.
#[track_caller]
fn talks(stage: &mut Stage, expires: &str, allow: &str) -> Played {
    let id = calls_bob(stage);
    let invite = stage.last.clone();
    let peer = opened(stage);
    stage.hears(with_sdp(timed(&invite, expires, allow))).says("ACK");
    stage.peer_tells(peer, MediaEvent::Connected);
    tells_state(stage, CallState::Connected);
    stage.forgets();
    Played { id, peer, far: Far::called(&invite), invite }
}

/// Bob calls with these headers, and is answered; the 200 is the last message.
#[track_caller]
fn bob_asks(stage: &mut Stage, headers: &[(&str, &str)]) -> Played {
    let mut far = stage.far();
    let mut invite = far.build(Method::Invite);
    invite.headers.push("Content-Type", "application/sdp");
    for (name, value) in headers {
        invite.headers.push(name, *value);
    }
    invite.body = FAR_SDP.into();
    stage.hears(print(&invite)).says("180");
    far.learns(&stage.last);
    let id = ringing(stage);
    stage.does(Command::Answer(id)).says("200");
    let invite = stage.last.clone();
    let peer = opened(stage);
    stage.hears(far.request(Method::Ack)).peer_tells(peer, MediaEvent::Connected).forgets();
    Played { id, peer, invite, far }
}

/// Time goes by while nothing of the page runs.
fn sleeps(stage: &mut Stage, time: Duration) -> &mut Stage {
    stage.now = stage.now + time;
    stage.gives(Input::Timeout).passes(SECOND / 2)
}

#[test]
fn an_invite_asks_for_a_session_timer() {
    let mut stage = phone();
    calls_bob(&mut stage);
    assert_eq!(stage.last.header("Session-Expires"), "90");
    assert_eq!(stage.last.header("Min-SE"), "90");
    assert!(stage.last.message().lists("Supported", "timer"));
    assert!(stage.last.message().lists("Allow", "UPDATE"));
}

#[test]
fn none_is_asked_for_where_the_page_wants_none() {
    let mut stage = phone();
    stage.configures(|config| config.session_expires = 0);
    calls_bob(&mut stage);
    assert_eq!(stage.last.find("Session-Expires"), None);
    // What the far side wants is kept all the same.
    let answer = with_sdp(timed(&stage.last, "100;refresher=uac", ALL));
    stage.hears(answer).says("ACK").passes(50 * SECOND).says("UPDATE");
}

#[test]
fn an_interval_below_90_seconds_is_asked_for_as_90() {
    let mut stage = phone();
    stage.configures(|config| config.session_expires = 10);
    calls_bob(&mut stage);
    assert_eq!(stage.last.header("Session-Expires"), "90");
}

#[test]
fn without_a_timer_in_the_2xx_nothing_is_refreshed() {
    let mut stage = phone();
    talks_to_bob(&mut stage);
    stage.passes(400 * SECOND).says_nothing().tells_nothing();
}

#[test]
fn our_refresh_leaves_at_half_time_as_an_update_without_a_description() {
    let mut stage = phone();
    talks(&mut stage, "90;refresher=uac", ALL);
    for _ in 0..3 {
        stage.passes(44 * SECOND).says_nothing().passes(SECOND).says("UPDATE");
        assert_eq!(stage.last.header("Session-Expires"), "90;refresher=uac");
        assert_eq!(stage.last.body(), "");
        assert!(stage.last.find("Contact").is_some());
        let answer = Wire::of(&timed(&stage.last, "90;refresher=uac", ALL));
        stage.hears(answer);
    }
    stage.tells_nothing();
}

#[test]
fn a_2xx_that_names_no_refresher_leaves_it_to_us() {
    let mut stage = phone();
    talks(&mut stage, "120", ALL);
    stage.passes(60 * SECOND).says("UPDATE");
}

#[test]
fn a_far_side_without_update_is_refreshed_by_a_reinvite_that_changes_nothing() {
    let mut stage = phone();
    let call = talks(&mut stage, "90;refresher=uac", "INVITE, ACK, BYE, CANCEL");
    stage.passes(45 * SECOND).says("INVITE");
    assert_eq!(stage.last.header("Session-Expires"), "90;refresher=uac");
    assert_eq!(stage.last.body(), call.invite.body());
    let answer = with_sdp(timed(&stage.last, "90;refresher=uac", "INVITE, ACK, BYE, CANCEL"));
    stage.hears(answer).says("ACK").passes(44 * SECOND).says_nothing();
    stage.passes(SECOND).says("INVITE");
}

#[test]
fn an_update_that_is_not_taken_is_followed_by_a_reinvite() {
    for status in [405, 501] {
        let mut stage = phone();
        talks(&mut stage, "90;refresher=uac", ALL);
        stage.passes(45 * SECOND).says("UPDATE").hears_answer(status).says("INVITE");
    }
}

#[test]
fn a_refresh_that_fails_is_tried_again_until_the_interval_is_nearly_over() {
    let mut stage = phone();
    talks(&mut stage, "90;refresher=uac", ALL);
    stage.passes(45 * SECOND).says("UPDATE").hears_answer(503);
    stage.passes(9 * SECOND).says_nothing().passes(SECOND).says("UPDATE").hears_answer(500);
    stage.tells_nothing().passes(5 * SECOND).says("BYE");
    ends(&stage, EndedBy::Network, EndCause::Timeout);
}

#[test]
fn a_refresh_that_comes_through_at_last_begins_a_new_interval() {
    let mut stage = phone();
    talks(&mut stage, "90;refresher=uac", ALL);
    stage.passes(45 * SECOND).says("UPDATE").hears_answer(503);
    stage.passes(10 * SECOND).says("UPDATE");
    let answer = Wire::of(&timed(&stage.last, "90;refresher=uac", ALL));
    stage.hears(answer).passes(44 * SECOND).says_nothing().passes(SECOND).says("UPDATE");
}

#[test]
fn a_far_side_that_knows_nothing_of_the_dialog_ends_it() {
    for (status, by, cause) in
        [(481, EndedBy::Remote, EndCause::Hangup), (408, EndedBy::Network, EndCause::Timeout)]
    {
        let mut stage = phone();
        talks(&mut stage, "90;refresher=uac", ALL);
        stage.passes(45 * SECOND).says("UPDATE").hears_answer(status).says("BYE");
        ends(&stage, by, cause);
    }
}

#[test]
fn a_refresh_that_nobody_answers_ends_the_call_before_the_interval_does() {
    let mut stage = phone();
    talks(&mut stage, "400;refresher=uac", ALL);
    stage.passes(200 * SECOND).says("UPDATE").passes(32 * SECOND);
    ends(&stage, EndedBy::Network, EndCause::Timeout);
}

#[test]
fn a_far_side_that_does_not_refresh_is_given_up_a_third_or_32_seconds_before_the_end() {
    for (expires, after) in [("90;refresher=uas", 60), ("400;refresher=uas", 368)] {
        let mut stage = phone();
        talks(&mut stage, expires, ALL);
        stage.passes((after - 1) * SECOND).says_nothing().passes(SECOND).says("BYE");
        ends(&stage, EndedBy::Network, EndCause::Timeout);
    }
}

#[test]
fn whatever_refreshes_the_dialog_begins_the_interval_anew() {
    let mut stage = phone();
    let mut call = talks(&mut stage, "90;refresher=uas", ALL);
    for method in [Method::Update, Method::Invite, Method::Update] {
        stage.passes(50 * SECOND).says_nothing();
        let mut refresh = call.far.build(method.clone());
        refresh.headers.push("Session-Expires", "90;refresher=uac").push("Supported", "timer");
        if method == Method::Invite {
            refresh.headers.push("Content-Type", "application/sdp");
            refresh.body = FAR_SDP.into();
        }
        stage.hears(print(&refresh)).says("200");
        assert_eq!(stage.last.header("Session-Expires"), "90;refresher=uac");
        assert_eq!(stage.last.header("Require"), "timer");
        if method == Method::Invite {
            stage.hears(call.far.request(Method::Ack));
        }
    }
    stage.passes(59 * SECOND).says_nothing().passes(SECOND).says("BYE");
}

#[test]
fn what_does_not_refresh_does_not_count() {
    let mut stage = phone();
    let mut call = talks(&mut stage, "90;refresher=uas", ALL);
    stage.passes(50 * SECOND).hears(call.far.request(Method::Options)).says("200");
    stage.passes(10 * SECOND).says("BYE");
}

#[test]
fn a_422_to_our_invite_is_followed_by_a_longer_wish() {
    let mut stage = phone();
    calls_bob(&mut stage);
    let first = stage.last.clone();
    let mut refusal = first.response(422);
    refusal.headers.push("Min-SE", "600");
    stage.hears(Wire::of(&refusal)).says("ACK").says("INVITE");
    assert_eq!(stage.last.header("Session-Expires"), "600");
    assert_eq!(stage.last.header("Min-SE"), "600");
    assert_eq!(stage.last.header("Call-ID"), first.header("Call-ID"));
    let number = |wire: &Wire| wire.message().cseq().unwrap().number;
    assert_eq!(number(&stage.last), number(&first) + 1);
    let answer = with_sdp(timed(&stage.last, "600;refresher=uac", ALL));
    stage.hears(answer).says("ACK").passes(300 * SECOND).says("UPDATE");
    // The dialog keeps what the far side takes at least (RFC 4028 §7.4).
    assert_eq!(stage.last.header("Min-SE"), "600");
}

#[test]
fn a_422_without_end_is_not_followed_for_ever() {
    let mut stage = phone();
    calls_bob(&mut stage);
    for least in ["100", "200", "300"] {
        let mut refusal = stage.last.response(422);
        refusal.headers.push("Min-SE", least);
        stage.hears(Wire::of(&refusal)).says("ACK").says("INVITE");
    }
    let mut refusal = stage.last.response(422);
    refusal.headers.push("Min-SE", "400");
    stage.hears(Wire::of(&refusal)).says("ACK").says_nothing();
    ends(&stage, EndedBy::Remote, EndCause::ServerError);
}

#[test]
fn a_422_that_asks_for_nothing_sane_is_a_refusal() {
    for least in [None, Some("90"), Some("60"), Some("86400"), Some("4294967295")] {
        let mut stage = phone();
        calls_bob(&mut stage);
        let mut refusal = stage.last.response(422);
        if let Some(least) = least {
            refusal.headers.push("Min-SE", least);
        }
        stage.hears(Wire::of(&refusal)).says("ACK").says_nothing();
        ends(&stage, EndedBy::Remote, EndCause::ServerError);
    }
}

#[test]
fn a_422_to_a_refresh_is_followed_by_a_longer_one() {
    for (allow, method) in [(ALL, "UPDATE"), ("INVITE", "INVITE")] {
        let mut stage = phone();
        talks(&mut stage, "90;refresher=uac", allow);
        stage.passes(45 * SECOND).says(method);
        let mut refusal = stage.last.response(422);
        refusal.headers.push("Min-SE", "300");
        stage.hears(Wire::of(&refusal));
        if method == "INVITE" {
            stage.says("ACK").passes(Duration::ZERO);
        }
        stage.says(method);
        assert_eq!(stage.last.header("Session-Expires"), "300;refresher=uac");
    }
}

#[test]
fn who_refreshes_follows_the_table() {
    for (supported, asked, answered, ours) in [
        (true, Some("600;refresher=uac"), Some("600;refresher=uac"), false),
        (true, Some("600;refresher=uas"), Some("600;refresher=uas"), true),
        (true, Some("600"), Some("600;refresher=uac"), false),
        (true, None, Some("90;refresher=uac"), false),
        // A proxy asks; the caller would not understand.
        (false, Some("600"), Some("600;refresher=uas"), true),
        (false, None, None, false),
    ] {
        let mut stage = phone();
        let mut headers = vec![("Allow", ALL)];
        if supported {
            headers.push(("Supported", "100rel, timer"));
        }
        headers.extend(asked.map(|asked| ("Session-Expires", asked)));
        let call = bob_asks(&mut stage, &headers);
        let ok = &call.invite;
        assert_eq!(ok.find("Session-Expires").as_deref(), answered, "{headers:?}");
        let required = (supported && answered.is_some()).then_some("timer");
        assert_eq!(ok.find("Require").as_deref(), required, "{headers:?}");
        stage.passes(300 * SECOND);
        let refreshed = stage.said.iter().any(|wire| wire.what("") == "UPDATE");
        assert_eq!(refreshed, ours, "{headers:?}");
    }
}

#[test]
fn our_wish_as_a_callee_is_no_less_than_the_caller_takes() {
    let mut stage = phone();
    let call = bob_asks(&mut stage, &[("Supported", "timer"), ("Min-SE", "400")]);
    assert_eq!(call.invite.header("Session-Expires"), "400;refresher=uac");
}

#[test]
fn the_compact_form_is_read() {
    let mut stage = phone();
    let call = bob_asks(&mut stage, &[("k", "timer"), ("x", "700 ; refresher=uac")]);
    assert_eq!(call.invite.header("Session-Expires"), "700;refresher=uac");
}

#[test]
fn an_interval_that_is_too_short_is_refused_if_the_caller_understands() {
    for (supported, says) in [("timer", "422"), ("outbound", "180")] {
        let mut stage = phone();
        let mut far = stage.far();
        let mut invite = far.build(Method::Invite);
        invite.headers.push("Session-Expires", "30").push("Supported", supported);
        invite.headers.push("Content-Type", "application/sdp");
        invite.body = FAR_SDP.into();
        stage.hears(print(&invite)).says(says);
        if says == "422" {
            assert_eq!(stage.last.header("Min-SE"), "90");
            stage.tells_nothing();
        }
    }
}

#[test]
fn an_update_with_too_short_an_interval_is_refused_and_the_call_goes_on() {
    let mut stage = phone();
    let mut call = talks_to_bob(&mut stage);
    let mut update = call.far.build(Method::Update);
    update.headers.push("Session-Expires", "30").push("Supported", "timer");
    stage.hears(print(&update)).says("422").tells_nothing();
    stage.hears(call.far.request(Method::Update)).says("200");
}

#[test]
fn a_caller_may_require_session_timers() {
    let mut stage = phone();
    let headers = [("Supported", "timer"), ("Require", "timer"), ("Session-Expires", "90")];
    bob_asks(&mut stage, &headers);
}

#[test]
fn roles_stay_where_a_refresh_names_none() {
    let mut stage = phone();
    let mut call = talks(&mut stage, "90;refresher=uac", ALL);
    let mut update = call.far.build(Method::Update);
    update.headers.push("Supported", "timer").push("Allow", ALL);
    stage.hears(print(&update)).says("200");
    assert_eq!(stage.last.header("Session-Expires"), "90;refresher=uas");
    stage.passes(45 * SECOND).says("UPDATE");
}

#[test]
fn a_refresh_of_a_far_side_that_wants_no_timer_any_more_stops_it() {
    let mut stage = phone();
    let mut call = talks(&mut stage, "90;refresher=uas", ALL);
    stage.hears(call.far.request(Method::Update)).says("200");
    assert_eq!(stage.last.find("Session-Expires"), None);
    stage.passes(400 * SECOND).says_nothing();
}

#[test]
fn a_page_that_slept_asks_before_it_gives_the_call_up() {
    for expires in ["90;refresher=uac", "90;refresher=uas"] {
        let mut stage = phone();
        talks(&mut stage, expires, ALL);
        sleeps(&mut stage, 300 * SECOND).says("UPDATE").tells_nothing();
        let answer = Wire::of(&timed(&stage.last, "90;refresher=uac", ALL));
        stage.hears(answer).passes(44 * SECOND).says_nothing().passes(SECOND).says("UPDATE");
    }
}

#[test]
fn a_page_that_slept_gives_the_call_up_where_nobody_is_left() {
    let mut stage = phone();
    talks(&mut stage, "90;refresher=uas", ALL);
    sleeps(&mut stage, 300 * SECOND).says("UPDATE").passes(29 * SECOND).says_nothing();
    stage.passes(SECOND).says("BYE");
    ends(&stage, EndedBy::Network, EndCause::Timeout);
}

#[test]
fn what_was_answered_while_the_page_slept_is_heard_before_anything_is_given_up() {
    for is_answered in [true, false] {
        let mut stage = phone();
        talks(&mut stage, "400;refresher=uac", ALL);
        stage.passes(200 * SECOND).says("UPDATE");
        stage.now = stage.now + 150 * SECOND;
        stage.gives(Input::Timeout).says_nothing().tells_nothing();
        if is_answered {
            let answer = Wire::of(&timed(&stage.last, "400;refresher=uac", ALL));
            stage.hears(answer).passes(SECOND).says_nothing().tells_nothing();
        } else {
            stage.passes(SECOND);
            ends(&stage, EndedBy::Network, EndCause::Timeout);
        }
    }
}

#[test]
fn a_refresh_that_is_late_by_a_throttled_timer_still_leaves() {
    let mut stage = phone();
    talks(&mut stage, "90;refresher=uac", ALL);
    sleeps(&mut stage, 61 * SECOND).says("UPDATE").tells_nothing();
}

#[test]
fn the_end_of_the_interval_waits_for_the_link() {
    let mut stage = phone();
    talks(&mut stage, "90;refresher=uas", ALL);
    stage.passes(58 * SECOND).loses_link().passes(5 * SECOND);
    stage.opens().says("REGISTER").hears_answer(200).says_nothing();
    stage.passes(10 * SECOND).says("UPDATE");
    let answer = Wire::of(&timed(&stage.last, "90;refresher=uac", ALL));
    stage.hears(answer).passes(44 * SECOND).says_nothing();
}

#[test]
fn a_tiny_interval_of_a_far_side_is_no_flood() {
    let mut stage = phone();
    talks(&mut stage, "0;refresher=uac", ALL);
    stage.passes(9 * SECOND).says_nothing().passes(SECOND).says("UPDATE");
}

#[test]
fn a_refresh_by_reinvite_waits_for_what_is_under_way() {
    let mut stage = phone();
    let mut call = talks(&mut stage, "90;refresher=uac", "INVITE");
    stage.passes(44 * SECOND + SECOND / 2).hears(call.far.invite(FAR_SDP)).says("200");
    // Theirs, which asks for no timer, ends ours.
    stage.hears(call.far.request(Method::Ack)).passes(400 * SECOND).says_nothing();
}

#[test]
fn a_refresh_that_crosses_theirs_goes_again_after_a_while() {
    let mut stage = phone();
    let mut call = talks(&mut stage, "90;refresher=uac", "INVITE, ACK, BYE");
    stage.passes(45 * SECOND).says("INVITE");
    let ours = stage.last.clone();
    stage.hears(call.far.invite(FAR_SDP)).says("491").hears(call.far.ack_of_refusal());
    stage.hears(ours.answer(491)).says("ACK").passes(4 * SECOND).says("INVITE");
    let answer = with_sdp(timed(&stage.last, "90;refresher=uac", "INVITE, ACK, BYE"));
    stage.hears(answer).says("ACK").passes(41 * SECOND).says_nothing().tells_nothing();
}

#[test]
fn an_update_refreshes_while_an_offer_of_theirs_is_being_answered() {
    let mut stage = phone();
    let mut call = talks(&mut stage, "90;refresher=uac", ALL);
    stage.media_by_hand().passes(44 * SECOND).hears(call.far.invite(FAR_SDP));
    stage.passes(SECOND).says("100").says("UPDATE");
    let answer = Wire::of(&timed(&stage.last, "90;refresher=uac", ALL));
    stage.hears(answer).says_nothing().tells_nothing();
}

#[test]
fn the_2xx_to_our_refresh_says_where_the_far_side_is_now() {
    let mut stage = phone();
    let call = talks(&mut stage, "90;refresher=uac", ALL);
    stage.passes(45 * SECOND).says("UPDATE");
    let mut answer = timed(&stage.last, "90;refresher=uac", ALL);
    answer.headers.push("Contact", "<sip:bob@192.0.2.99:5099>");
    stage.hears(Wire::of(&answer)).does(Command::Hangup(call.id)).says("BYE");
    assert_eq!(stage.last.message().request_uri(), Some("sip:bob@192.0.2.99:5099"));
}

#[test]
fn a_challenged_refresh_is_said_again_with_credentials() {
    let mut stage = phone();
    talks(&mut stage, "90;refresher=uac", ALL);
    stage.passes(45 * SECOND).says("UPDATE");
    let mut challenge = stage.last.response(407);
    let value = "Digest realm=\"example.com\", nonce=\"n\", qop=\"auth\"";
    challenge.headers.push("Proxy-Authenticate", value);
    stage.hears(Wire::of(&challenge)).says("UPDATE");
    assert!(stage.last.header("Proxy-Authorization").starts_with("Digest "));
    assert_eq!(stage.last.header("Session-Expires"), "90;refresher=uac");
    let answer = Wire::of(&timed(&stage.last, "90;refresher=uac", ALL));
    stage.hears(answer).passes(44 * SECOND).says_nothing();
}

#[test]
fn no_timer_outlives_its_call() {
    for expires in ["90;refresher=uac", "90;refresher=uas"] {
        let mut stage = phone();
        let mut call = talks(&mut stage, expires, ALL);
        stage.hears(call.far.request(Method::Bye)).says("200").forgets();
        stage.passes(200 * SECOND).says_nothing().tells_nothing();
    }
}

#[test]
fn the_longest_interval_that_is_followed_is_two_hours() {
    for (least, is_followed) in [("7200", true), ("7201", false)] {
        let mut stage = phone();
        calls_bob(&mut stage);
        let mut refusal = stage.last.response(422);
        refusal.headers.push("Min-SE", least);
        stage.hears(Wire::of(&refusal)).says("ACK");
        assert_eq!(stage.said.iter().any(|wire| wire.what("") == "INVITE"), is_followed);
    }
}
