//! Why calls end: what each final answer to an INVITE means (RFC 3261 §21, RFC 3326).
//!
//! The other causes are in the conversations of what produces them: `hangup`, `cancelled`,
//! `rejected-here`, `timeout`, `network`, `media-failed`, `media-changed`, `internal`.
//! Nothing produces `replaced` yet: it comes with Replaces (RFC 3891).

use cc_sdk::api::{EndCause, EndReason, EndedBy};

use crate::call_play::*;
use crate::far::Wire;

#[test]
fn every_refusal_has_its_cause() {
    for (status, cause) in [
        (300, EndCause::Redirected),
        (305, EndCause::Redirected),
        (400, EndCause::ServerError),
        (403, EndCause::Auth),
        (404, EndCause::NotFound),
        (408, EndCause::NoAnswer),
        (410, EndCause::NotFound),
        (480, EndCause::NoAnswer),
        (484, EndCause::NotFound),
        (486, EndCause::Busy),
        (487, EndCause::Cancelled),
        (488, EndCause::MediaFailed),
        (500, EndCause::ServerError),
        (503, EndCause::ServerError),
        (600, EndCause::Busy),
        (603, EndCause::Declined),
        (604, EndCause::NotFound),
        (606, EndCause::MediaFailed),
        (699, EndCause::ServerError),
    ] {
        let reason = refused(status, "", "");
        assert_eq!((reason.cause, reason.sip_status), (cause, Some(status)));
        assert_eq!(reason.text, None, "{status}");
    }
}

#[test]
fn words_of_the_far_side_are_told() {
    assert_eq!(refused(486, "On the phone", "").text.as_deref(), Some("On the phone"));
    let reason = refused(503, "", "Q.850;cause=38;text=\"Network out of order\"");
    assert_eq!(reason.text.as_deref(), Some("Network out of order"));
}

#[test]
fn a_480_tells_by_its_words_what_happened() {
    for (phrase, header, cause) in [
        ("User declined", "", EndCause::Declined),
        ("", "SIP;cause=480;text=\"Call rejected\"", EndCause::Declined),
        ("", "Q.850;cause=21", EndCause::Declined),
        ("", "Q.850;cause=17;text=\"USER_BUSY\"", EndCause::Busy),
        ("", "Q.850;cause=1", EndCause::NotFound),
        ("", "Q.850;cause=19;text=\"NO_ANSWER\"", EndCause::NoAnswer),
        ("Temporarily not available", "", EndCause::NoAnswer),
    ] {
        assert_eq!(refused(480, phrase, header).cause, cause, "{phrase} {header}");
    }
}

/// How a call ends that is answered so.
#[track_caller]
fn refused(status: u16, phrase: &str, reason: &str) -> EndReason {
    let mut stage = phone();
    calls_bob(&mut stage);
    let mut response = stage.last.response(status);
    if !phrase.is_empty() {
        phrase.clone_into(&mut response.reason);
    }
    if !reason.is_empty() {
        response.headers.push("Reason", reason);
    }
    stage.hears(Wire::of(&response)).says("ACK").says_nothing();
    let ended = stage.told.iter().find_map(|(_, event)| match event {
        cc_sdk::api::UaEvent::CallState { end_reason: Some(reason), .. } => Some(reason.clone()),
        _ => None,
    });
    let cause = ended.expect("the call ended").cause;
    let reason = ends(&stage, EndedBy::Remote, cause);
    assert_eq!(statuses(&stage), [1, 5]);
    reason
}
