//! Calls that are passed on from here: RFC 3515, RFC 3892, RFC 4488, RFC 7647; attended: RFC 3891,
//! RFC 5589. «Transfer interop» of docs: servers that answer 200, say too little, or nothing.

use std::time::Duration;

use cc_sdk::ApiMisuse;
use cc_sdk::api::{CallId, Command, EndCause, EndedBy, TransferState, TransferTo, UaEvent};
use cc_sdk::sip::Method;

use crate::call_play::*;
use crate::far::{Far, Wire, print};
use crate::stage::{FAR_SDP, Stage};

const SECOND: Duration = Duration::from_secs(1);

fn to_carol(call: CallId) -> Command {
    to(call, TransferTo::Target("carol".into()))
}

fn to(call: CallId, to: TransferTo) -> Command {
    Command::Transfer { call, to, headers: Vec::new(), progress: true }
}

/// A NOTIFY of the REFER that was said last.
fn notify(far: &mut Far, event: &str, state: &str, body: &str) -> Wire {
    let mut notify = far.build(Method::Notify);
    notify.headers.push("Event", event).push("Content-Type", "message/sipfrag;version=2.0");
    if !state.is_empty() {
        notify.headers.push("Subscription-State", state);
    }
    notify.body = body.into();
    print(&notify)
}

fn refer_id(stage: &Stage) -> String {
    format!("refer;id={}", stage.last.message().cseq().expect("a CSeq").number)
}

/// What the page is told of the transfer next.
#[track_caller]
fn tells(
    phone: &mut Stage,
    call: CallId,
    state: TransferState,
    sip_status: Option<u16>,
    cause: Option<EndCause>,
) {
    let (call, target, other) = (call.0, "carol".into(), None);
    phone.tells(UaEvent::CallTransfer { call, state, target, other, sip_status, cause });
}

/// A call to bob that is being passed on to carol; bob agreed with this status.
#[track_caller]
fn agreed(stage: &mut Stage, status: u16) -> (Played, String) {
    let call = talks_to_bob(stage);
    stage.does(to_carol(call.id)).says("REFER");
    let id = refer_id(stage);
    tells(stage, call.id, TransferState::Requested, None, None);
    stage.hears_answer(status);
    tells(stage, call.id, TransferState::Trying, None, None);
    (call, id)
}

#[test]
fn a_blind_transfer_is_asked_for_and_ends_the_call_when_it_was_taken_there() {
    for status in [202, 200] {
        let mut stage = phone();
        let (mut call, id) = agreed(&mut stage, status);
        let refer = stage.last.clone();
        assert_eq!(refer.header("Refer-To"), "<sip:carol@example.com>");
        assert_eq!(refer.header("Referred-By"), "<sip:alice@example.com>");
        assert_eq!((refer.find("Refer-Sub"), refer.find("Contact").is_some()), (None, true));
        let trying = "SIP/2.0 100 Trying\r\n";
        stage.hears(notify(&mut call.far, &id, "active;expires=60", trying)).says("200 NOTIFY");
        stage.tells_nothing();
        let ringing = "SIP/2.0 180 Ringing";
        stage.hears(notify(&mut call.far, &id, "active;expires=60", ringing)).says("200 NOTIFY");
        tells(&mut stage, call.id, TransferState::Ringing, Some(180), None);
        let ok = "SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n";
        let over = "terminated;reason=noresource";
        stage.hears(notify(&mut call.far, &id, over, ok)).says("200 NOTIFY").says("BYE");
        tells(&mut stage, call.id, TransferState::Accepted, Some(200), None);
        assert_eq!(statuses(&stage), [4]);
        ends(&stage, EndedBy::Local, EndCause::Replaced);
        stage.hears_answer(200).passes(300 * SECOND).says_nothing();
    }
}

#[test]
fn news_may_come_before_the_answer() {
    let mut stage = phone();
    let mut call = talks_to_bob(&mut stage);
    stage.does(to_carol(call.id)).says("REFER").forgets();
    let (id, refer) = (refer_id(&stage), stage.last.clone());
    stage.hears(notify(&mut call.far, &id, "active", "SIP/2.0 180 Ringing")).says("200 NOTIFY");
    tells(&mut stage, call.id, TransferState::Ringing, Some(180), None);
    stage.hears(refer.answer(202)).tells_nothing();
    stage.hears(notify(&mut call.far, &id, "terminated", "SIP/2.0 200 OK")).says("200 NOTIFY");
    stage.says("BYE");
    tells(&mut stage, call.id, TransferState::Accepted, Some(200), None);
}

#[test]
fn the_last_news_may_come_before_the_answer() {
    let mut stage = phone();
    let mut call = talks_to_bob(&mut stage);
    stage.does(to_carol(call.id)).says("REFER").forgets();
    let (id, refer) = (refer_id(&stage), stage.last.clone());
    stage.hears(notify(&mut call.far, &id, "terminated", "SIP/2.0 200 OK")).says("200 NOTIFY");
    stage.says("BYE").hears(refer.answer(202)).hears_answer(200);
    tells(&mut stage, call.id, TransferState::Accepted, Some(200), None);
    stage.passes(300 * SECOND).says_nothing();
}

#[test]
fn sloppy_news_is_understood() {
    for (event, state, body) in [
        ("refer", "terminated;reason=noresource", "SIP/2.0 200 OK"),
        ("refer", "", "\r\nSIP/2.0 200\r\n"),
        ("Refer", "active;expires=oops", "SIP/2.0  200 Fine\nTo: <sip:x@y>\n"),
        ("refer;id=4711", "terminated", "SIP/2.0 200 OK\r\n\r\n"),
    ] {
        let mut stage = phone();
        let (mut call, _) = agreed(&mut stage, 202);
        stage.hears(notify(&mut call.far, event, state, body)).says("200 NOTIFY").says("BYE");
        tells(&mut stage, call.id, TransferState::Accepted, Some(200), None);
    }
}

#[test]
fn a_refused_transfer_leaves_the_call_up() {
    let mut stage = phone();
    let call = talks_to_bob(&mut stage);
    stage.does(to_carol(call.id)).says("REFER").forgets().hears_answer(603);
    tells(&mut stage, call.id, TransferState::Failed, Some(603), Some(EndCause::Declined));
    stage.tells_nothing().says_nothing();
    stage.does(to_carol(call.id)).says("REFER");
}

#[test]
fn a_transfer_to_somebody_busy_leaves_the_call_up() {
    let mut stage = phone();
    let (mut call, id) = agreed(&mut stage, 202);
    let busy = notify(&mut call.far, &id, "terminated;reason=noresource", "SIP/2.0 486 Busy Here");
    stage.hears(busy).says("200 NOTIFY");
    tells(&mut stage, call.id, TransferState::Failed, Some(486), Some(EndCause::Busy));
    stage.passes(300 * SECOND).says_nothing().tells_nothing();
}

#[test]
fn a_server_that_never_sends_news_is_waited_for_32_seconds() {
    let mut stage = phone();
    let (mut call, id) = agreed(&mut stage, 202);
    stage.passes(31 * SECOND).tells_nothing().passes(SECOND);
    tells(&mut stage, call.id, TransferState::Failed, None, Some(EndCause::Timeout));
    stage.says_nothing().tells_nothing();
    // What comes later is told of no transfer.
    stage.hears(notify(&mut call.far, &id, "active", "SIP/2.0 180 Ringing")).says("481");
    stage.does(to_carol(call.id)).says("REFER");
    stage.hears(notify(&mut call.far, &id, "terminated", "SIP/2.0 200 OK")).says("481");
}

#[test]
fn a_server_that_stops_telling_is_waited_for_as_long_as_it_said() {
    for (state, seconds) in [("active;expires=90", 90), ("active", 180), ("active;expires=0", 32)] {
        let mut stage = phone();
        let (mut call, id) = agreed(&mut stage, 202);
        stage.hears(notify(&mut call.far, &id, state, "SIP/2.0 100 Trying")).says("200 NOTIFY");
        stage.passes((seconds - 1) * SECOND).tells_nothing().passes(SECOND);
        tells(&mut stage, call.id, TransferState::Failed, None, Some(EndCause::Timeout));
    }
}

#[test]
fn a_server_that_says_it_is_over_without_an_outcome_may_still_hang_up() {
    let mut stage = phone();
    let (mut call, id) = agreed(&mut stage, 202);
    let over = notify(&mut call.far, &id, "terminated;reason=noresource", "SIP/2.0 100 Trying");
    stage.hears(over).says("200 NOTIFY").tells_nothing();
    stage.hears(call.far.request(Method::Bye)).says("200 BYE");
    tells(&mut stage, call.id, TransferState::Accepted, None, None);
    ends(&stage, EndedBy::Remote, EndCause::Replaced);
}

#[test]
fn a_far_side_that_agrees_and_hangs_up_has_done_it() {
    let mut stage = phone();
    let (mut call, _) = agreed(&mut stage, 202);
    stage.hears(call.far.request(Method::Bye)).says("200 BYE").says_nothing();
    tells(&mut stage, call.id, TransferState::Accepted, None, None);
    ends(&stage, EndedBy::Remote, EndCause::Replaced);
}

#[test]
fn a_far_side_that_hangs_up_without_agreeing_has_not() {
    let mut stage = phone();
    let mut call = talks_to_bob(&mut stage);
    stage.does(to_carol(call.id)).says("REFER").forgets();
    stage.hears(call.far.request(Method::Bye)).says("200 BYE");
    tells(&mut stage, call.id, TransferState::Failed, None, Some(EndCause::Hangup));
}

#[test]
fn who_hangs_up_after_the_far_side_agreed_leaves_the_rest_to_it() {
    let mut stage = phone();
    let (call, _) = agreed(&mut stage, 202);
    stage.does(Command::Hangup(call.id)).says("BYE");
    tells(&mut stage, call.id, TransferState::Accepted, None, None);
    ends(&stage, EndedBy::Local, EndCause::Hangup);
}

#[test]
fn a_far_side_that_will_tell_nothing_has_the_last_word_in_its_answer() {
    for progress in [true, false] {
        let mut stage = phone();
        let call = talks_to_bob(&mut stage);
        let target = TransferTo::Target("carol".into());
        let headers = vec![("X-Queue".into(), "sales".into())];
        stage.does(Command::Transfer { call: call.id, to: target, headers, progress });
        stage.says("REFER").forgets();
        let asked = stage.last.find("Refer-Sub");
        assert_eq!(asked.as_deref(), (!progress).then_some("false"));
        assert_eq!(stage.last.header("X-Queue"), "sales");
        let mut response = stage.last.response(200);
        if progress {
            response.headers.push("Refer-Sub", "false");
        }
        stage.hears(Wire::of(&response)).says("BYE");
        tells(&mut stage, call.id, TransferState::Accepted, None, None);
    }
}

#[test]
fn a_challenged_refer_is_said_again_and_told_of_by_its_new_number() {
    let mut stage = phone();
    let mut call = talks_to_bob(&mut stage);
    stage.does(to_carol(call.id)).says("REFER").forgets();
    let mut challenge = stage.last.response(407);
    challenge
        .headers
        .push("Proxy-Authenticate", "Digest realm=\"example.com\", nonce=\"n\", qop=\"auth\"");
    stage.hears(Wire::of(&challenge)).says("REFER");
    assert!(stage.last.header("Proxy-Authorization").starts_with("Digest "));
    let id = refer_id(&stage);
    stage.hears_answer(202);
    tells(&mut stage, call.id, TransferState::Trying, None, None);
    stage.hears(notify(&mut call.far, &id, "terminated", "SIP/2.0 200 OK")).says("200 NOTIFY");
    stage.says("BYE");
}

#[test]
fn a_server_that_does_not_answer_refer_keeps_the_call() {
    let mut stage = phone();
    let call = talks_to_bob(&mut stage);
    stage.does(to_carol(call.id)).says("REFER").forgets().passes(40 * SECOND);
    tells(&mut stage, call.id, TransferState::Failed, None, Some(EndCause::Timeout));
    stage.says_nothing().tells_nothing();
}

#[test]
fn a_far_side_that_knows_nothing_of_the_call_ends_it() {
    let mut stage = phone();
    let call = talks_to_bob(&mut stage);
    stage.does(to_carol(call.id)).says("REFER").forgets().hears_answer(481);
    tells(&mut stage, call.id, TransferState::Failed, Some(481), Some(EndCause::Hangup));
    assert_eq!(ends(&stage, EndedBy::Remote, EndCause::Hangup).sip_status, Some(481));
}

#[test]
fn what_cannot_be_passed_on_is_refused() {
    let mut stage = phone();
    let ringing = calls_bob(&mut stage);
    stage.refuses(to_carol(ringing), ApiMisuse::NotConnected(ringing));
    let mut stage = phone();
    let call = talks_to_bob(&mut stage).id;
    let nobody = TransferTo::Target("<>".into());
    stage.refuses(to(call, nobody), ApiMisuse::BadTarget("<>".into()));
    stage.refuses(to(call, TransferTo::Call(call)), ApiMisuse::NotConnected(call));
    stage.refuses(to(call, TransferTo::Call(CallId(99))), ApiMisuse::CallGone(CallId(99)));
    stage.refuses(to_carol(CallId(99)), ApiMisuse::CallGone(CallId(99)));
    let headers = vec![("Refer-To".into(), "<sip:x@y>".into())];
    let target = TransferTo::Target("carol".into());
    stage.refuses(
        Command::Transfer { call, to: target, headers, progress: true },
        ApiMisuse::BadHeader("Refer-To".into()),
    );
    stage.says_nothing().tells_nothing();
    stage.does(to_carol(call)).says("REFER");
    stage.refuses(to_carol(call), ApiMisuse::TransferInProgress(call));
}

#[test]
fn an_anonymous_caller_is_not_named_to_whom_the_call_is_passed_on() {
    let mut stage = phone();
    let id = stage.agent.reserve_call();
    let dial = cc_sdk::api::Dial { target: "bob".into(), anonymous: true, ..Default::default() };
    stage.does(Command::Dial(id, dial)).says("INVITE");
    stage.hears(stage.last.answer_with_sdp(200, FAR_SDP)).says("ACK");
    stage.does(to_carol(id)).says("REFER");
    assert_eq!(stage.last.find("Referred-By"), None);
    assert!(!stage.last.to_string().contains("alice"), "{}", stage.last);
}

/// Alice talks to bob, who called, and to carol, whom she called.
fn two_calls(stage: &mut Stage) -> (Played, CallId, Far) {
    stage.configures(|config| config.calls_at_once = 2);
    let bob = bob_talks(stage);
    let carol = stage.dials("carol");
    stage.says("INVITE");
    let invite = stage.last.clone();
    stage.hears(invite.answer_with_sdp(200, FAR_SDP)).says("ACK").forgets();
    let far = Far::called(&invite);
    (bob, carol, far)
}

#[test]
fn an_attended_transfer_names_the_other_call_and_ends_both() {
    let mut stage = phone();
    let (mut bob, carol, far) = two_calls(&mut stage);
    stage.does(to(bob.id, TransferTo::Call(carol))).says("REFER").forgets();
    let id = refer_id(&stage);
    let ours = far.remote.split("tag=").nth(1).expect("our tag");
    let expected = format!(
        "<sip:carol@example.com?Replaces={}%3Bto-tag%3Dfar%3Bfrom-tag%3D{ours}>",
        far.call_id
    );
    assert_eq!(stage.last.header("Refer-To"), expected);
    stage.hears_answer(202).forgets();
    stage.hears(notify(&mut bob.far, &id, "terminated", "SIP/2.0 200 OK")).says("200 NOTIFY");
    let (call, target, other) = (bob.id.0, "carol".into(), Some(carol.0));
    let (sip_status, cause) = (Some(200), None);
    let accepted = TransferState::Accepted;
    stage.tells(UaEvent::CallTransfer { call, state: accepted, target, other, sip_status, cause });
    stage.says("BYE");
    assert_eq!(stage.last.header("Call-ID"), bob.far.call_id);
    stage.says("BYE");
    assert_eq!(stage.last.header("Call-ID"), far.call_id);
    for call in [bob.id, carol] {
        assert_eq!(end_of(&mut stage, call), (EndedBy::Local, EndCause::Replaced));
    }
}

#[test]
fn the_other_call_may_be_taken_over_before_the_news_of_it() {
    let mut stage = phone();
    let (mut bob, carol, mut far) = two_calls(&mut stage);
    stage.does(to(bob.id, TransferTo::Call(carol))).says("REFER").hears_answer(202).forgets();
    let id = refer_id(&stage);
    stage.hears(far.request(Method::Bye)).says("200 BYE");
    assert_eq!(end_of(&mut stage, carol), (EndedBy::Remote, EndCause::Replaced));
    stage.hears(notify(&mut bob.far, &id, "terminated", "SIP/2.0 200 OK")).says("200 NOTIFY");
    stage.says("BYE").says_nothing();
    assert_eq!(end_of(&mut stage, bob.id), (EndedBy::Local, EndCause::Replaced));
}

#[test]
fn an_attended_transfer_that_fails_leaves_both_calls_up() {
    let mut stage = phone();
    let (bob, carol, mut far) = two_calls(&mut stage);
    stage.does(to(bob.id, TransferTo::Call(carol))).says("REFER").hears_answer(488);
    stage.tells_of(|it| matches!(it, UaEvent::CallTransfer { state: TransferState::Failed, .. }));
    stage.says_nothing().tells_nothing();
    stage.hears(far.request(Method::Bye)).says("200 BYE");
    assert_eq!(end_of(&mut stage, carol), (EndedBy::Remote, EndCause::Hangup));
}

#[test]
fn a_lost_link_fails_a_transfer_that_was_not_agreed_to() {
    let mut stage = phone();
    let call = talks_to_bob(&mut stage);
    stage.does(to_carol(call.id)).says("REFER").forgets().loses_link();
    let failed = stage.tells_of(|event| matches!(event, UaEvent::CallTransfer { .. }));
    let UaEvent::CallTransfer { state, cause, .. } = failed else { unreachable!() };
    assert_eq!((state, cause), (TransferState::Failed, Some(EndCause::Network)));
}

#[test]
fn news_of_another_package_within_a_call_is_answered_489() {
    let mut stage = phone();
    let (mut call, _) = agreed(&mut stage, 202);
    stage.hears(notify(&mut call.far, "presence", "active", "")).says("489");
    assert_eq!(stage.last.header("Allow-Events"), "refer");
    let mut stage = phone();
    let mut call = talks_to_bob(&mut stage);
    stage.hears(notify(&mut call.far, "refer", "active", "SIP/2.0 180 x")).says("481");
    stage.tells_nothing();
}
