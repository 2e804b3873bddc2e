//! The whole phone: from the page's wish to the wire, and back.

use std::time::Duration;

use cc_sdk::account::Account;
use cc_sdk::api::{
    CallId, CallState, Command, Config, Credential, Dial, DigitTransport, Direction, EndCause,
    EndReason, EndedBy, RegistrationState, UaEvent,
};
use cc_sdk::sip::Method;
use cc_sdk::{ApiMisuse, CredentialReply, CredentialRequest, MediaEvent, MediaRequest};

use crate::far::{Far, Wire};
use crate::stage::{FAR_SDP, SDP, Stage, account};

/// The page is told that the call is in this state next, whatever else it is told before.
#[track_caller]
fn becomes(stage: &mut Stage, call: CallId, wanted: CallState) -> Option<EndReason> {
    let event = stage.tells_of(|event| {
        matches!(event, UaEvent::CallState { call: of, state, .. } if *of == call.0 && *state == wanted)
    });
    let UaEvent::CallState { end_reason, .. } = event else { unreachable!() };
    end_reason
}

#[track_caller]
fn ends(stage: &mut Stage, call: CallId, by: EndedBy, cause: EndCause) -> EndReason {
    let reason = becomes(stage, call, CallState::Ended).expect("an end has a reason");
    assert_eq!((reason.by, reason.cause), (by, cause));
    reason
}

#[track_caller]
fn steps(stage: &Stage, call: CallId) -> Vec<u8> {
    stage
        .told
        .iter()
        .filter_map(|(_, event)| match event {
            UaEvent::CallStatus { call: of, status, .. } if *of == call.0 => Some(*status),
            _ => None,
        })
        .collect()
}

#[track_caller]
fn seat(stage: &Stage) -> Vec<u8> {
    stage
        .told
        .iter()
        .filter_map(|(_, event)| match event {
            UaEvent::SeatStatus { status } => Some(*status),
            _ => None,
        })
        .collect()
}

/// Alice in a call with Bob, whom she called; nothing is left to name.
#[track_caller]
fn talking() -> (Stage, CallId, Far) {
    let mut alice = Stage::registered();
    let call = alice.dials("9196");
    alice.says("INVITE");
    let invite = alice.last.clone();
    alice.hears(invite.answer_with_sdp(200, FAR_SDP)).says("ACK");
    let peer = alice.asked[0].0;
    alice.peer_tells(peer, MediaEvent::Connected).forgets();
    (alice, call, Far::called(&invite))
}

/// The id of the call that the page was told of last.
#[track_caller]
fn incoming(stage: &mut Stage) -> CallId {
    let event = stage.tells_of(|event| matches!(event, UaEvent::Call { .. }));
    let UaEvent::Call { call, direction, .. } = event else { unreachable!() };
    assert_eq!(direction, Direction::Incoming);
    CallId(call)
}

#[test]
fn an_account_registers_and_is_idle() {
    let mut alice = Stage::new();
    alice.does(Command::Register(Credential::Account(Box::new(account()))));
    alice.opens_to("wss://edge1.example.com/sip").says("REGISTER");
    assert_eq!(alice.last.message().request_uri(), Some("sip:example.com"));
    alice.hears_answer(200);
    let registered = alice.tells_of(|event| {
        matches!(event, UaEvent::Registration { state: RegistrationState::Registered, .. })
    });
    let UaEvent::Registration { expires_in, reason, .. } = registered else { unreachable!() };
    assert_eq!((expires_in, reason), (Some(600), None));
    alice.tells_of(|event| *event == UaEvent::SeatStatus { status: 2 });
    alice.says_nothing();
}

#[test]
fn an_opaque_token_is_exchanged_and_registers() {
    let mut alice = Stage::new();
    alice.configures(|config| config.service = Some("https://cc.example.com".into()));
    alice.does(Command::Register(Credential::Token("Bearer demo:alice:0e1f".into())));
    let asked = CredentialRequest::Exchange {
        service: "https://cc.example.com".into(),
        token: "demo:alice:0e1f".into(),
    };
    alice.provides(&asked, CredentialReply::Account(Box::new(account()), Some(600)));
    alice.opens().says("REGISTER").hears_answer(200);
    alice.tells_of(|event| *event == UaEvent::SeatStatus { status: 2 });
}

#[test]
fn a_call_goes_out_and_is_hung_up() {
    let mut alice = Stage::registered();
    let call = alice.dials("9196");
    alice.says("INVITE");
    let invite = alice.last.clone();
    assert_eq!(invite.message().request_uri(), Some("sip:9196@example.com"));
    assert!(invite.body().contains("a=candidate:"), "{invite}");
    alice.hears(invite.answer(100)).hears(invite.answer(180));
    becomes(&mut alice, call, CallState::Ringing);
    alice.hears(invite.answer_with_sdp(200, FAR_SDP)).says("ACK");
    becomes(&mut alice, call, CallState::Connected);
    alice.does(Command::Hangup(call)).says("BYE").hears_answer(200);
    ends(&mut alice, call, EndedBy::Local, EndCause::Hangup);
    assert!(alice.asked.iter().any(|asked| asked.2 == MediaRequest::Close));
    alice.says_nothing();
}

#[test]
fn a_call_is_told_in_the_numbers_of_the_cc_sdk() {
    let mut alice = Stage::registered();
    let call = alice.dials("9196");
    alice.says("INVITE");
    let invite = alice.last.clone();
    alice.hears(invite.answer(180)).hears(invite.answer(183));
    alice.hears(invite.answer_with_sdp(200, FAR_SDP));
    alice.does(Command::Hangup(call));
    assert_eq!(steps(&alice, call), [1, 2, 3, 4]);
    assert_eq!(seat(&alice), [3, 4]);
    alice.forgets().does(Command::FinishWrapUp);
    assert_eq!(seat(&alice), [2]);
}

#[test]
fn without_a_workbench_the_seat_is_idle_right_after_a_call() {
    let mut alice = Stage::registered();
    alice.configures(|config| config.wrap_up = false);
    let call = alice.dials("9196");
    alice.says("INVITE");
    let answer = alice.last.answer_with_sdp(200, FAR_SDP);
    alice.hears(answer).does(Command::Hangup(call));
    assert_eq!(seat(&alice), [3, 2]);
}

#[test]
fn the_time_after_a_call_is_over_by_itself() {
    let mut alice = Stage::registered();
    alice.alive();
    alice.configures(|config| config.wrap_up_seconds = Some(30));
    let call = alice.dials("9196");
    alice.says("INVITE");
    let answer = alice.last.answer_with_sdp(200, FAR_SDP);
    alice.hears(answer).does(Command::Hangup(call)).forgets();
    alice.passes(Duration::from_secs(29));
    assert_eq!(seat(&alice), []);
    alice.passes(Duration::from_secs(1));
    assert_eq!(seat(&alice), [2]);
}

#[test]
fn a_busy_callee_ends_the_call() {
    let mut alice = Stage::registered();
    let call = alice.dials("dave");
    alice.says("INVITE").hears_answer(486).says("ACK");
    assert_eq!(steps(&alice, call), [1, 5]);
    let reason = ends(&mut alice, call, EndedBy::Remote, EndCause::Busy);
    assert_eq!(reason.sip_status, Some(486));
    // The phone can be used again at once.
    alice.dials("9196");
    alice.says("INVITE");
}

#[test]
fn a_call_is_cancelled_while_it_rings() {
    let mut alice = Stage::registered();
    alice.alive();
    let call = alice.dials("9196");
    alice.says("INVITE");
    let invite = alice.last.clone();
    alice.hears(invite.answer(180)).does(Command::Hangup(call));
    ends(&mut alice, call, EndedBy::Local, EndCause::Cancelled);
    alice.says("CANCEL").hears_answer(200).hears(invite.answer(487)).says("ACK");
    alice.forgets().passes(Duration::from_secs(64)).tells_nothing_of_calls();
}

#[test]
fn an_answer_that_crosses_the_cancel_is_hung_up() {
    let mut alice = Stage::registered();
    let call = alice.dials("9196");
    alice.says("INVITE");
    let invite = alice.last.clone();
    alice.hears(invite.answer(180)).does(Command::Hangup(call)).says("CANCEL");
    alice.hears(invite.answer_with_sdp(200, FAR_SDP)).says("ACK").says("BYE").hears_answer(200);
    ends(&mut alice, call, EndedBy::Local, EndCause::Cancelled);
}

#[test]
fn a_fork_that_answers_too_late_is_hung_up_and_the_call_goes_on() {
    let mut alice = Stage::registered();
    let call = alice.dials("9196");
    alice.says("INVITE");
    let invite = alice.last.clone();
    alice.hears(invite.answer_with_sdp(200, FAR_SDP)).says("ACK").forgets();
    let other = invite.answer_with_sdp(200, FAR_SDP).to_string().replace("tag=far", "tag=fork");
    alice.hears(&other).says("ACK").says("BYE");
    assert!(alice.last.header("To").contains("tag=fork"));
    alice.hears_answer(200).says_nothing();
    alice.does(Command::Mute(call, true));
}

#[test]
fn a_fork_that_answers_after_the_hang_up_is_hung_up_too() {
    let mut alice = Stage::registered();
    let call = alice.dials("9196");
    alice.says("INVITE");
    let invite = alice.last.clone();
    alice.hears(invite.answer_with_sdp(200, FAR_SDP)).says("ACK");
    alice.does(Command::Hangup(call)).says("BYE").hears_answer(200);
    let other = invite.answer_with_sdp(200, FAR_SDP).to_string().replace("tag=far", "tag=fork");
    alice.hears(&other).says("ACK").says("BYE").hears_answer(200).says_nothing();
}

#[test]
fn an_incoming_call_rings_is_answered_and_hung_up_by_the_caller() {
    let mut alice = Stage::registered();
    alice.alive();
    let mut bob = alice.far();
    alice.hears(bob.invite(SDP)).says("180");
    let call = incoming(&mut alice);
    becomes(&mut alice, call, CallState::Incoming);
    alice.does(Command::Answer(call)).says("200 INVITE");
    bob.learns(&alice.last);
    alice.hears(bob.request(Method::Ack));
    becomes(&mut alice, call, CallState::Connected);
    alice.hears(bob.request(Method::Bye)).says("200 BYE");
    ends(&mut alice, call, EndedBy::Remote, EndCause::Hangup);
    alice.says_nothing().forgets().passes(Duration::from_secs(64)).tells_nothing_of_calls();
}

#[test]
fn an_incoming_call_is_rejected() {
    let mut alice = Stage::registered();
    let mut bob = alice.far();
    alice.hears(bob.invite(SDP)).says("180");
    let call = incoming(&mut alice);
    alice.does(Command::Reject(call, 603)).says("603").hears(bob.ack_of_refusal());
    ends(&mut alice, call, EndedBy::Local, EndCause::RejectedHere);
    alice.refuses(Command::Answer(call), ApiMisuse::CallGone(call));
}

#[test]
fn a_caller_cancels_while_it_rings_here() {
    let mut alice = Stage::registered();
    let mut bob = alice.far();
    alice.hears(bob.invite(SDP)).says("180");
    let call = incoming(&mut alice);
    alice.hears(bob.request(Method::Cancel)).says("200 CANCEL").says("487 INVITE");
    alice.hears(bob.ack_of_refusal());
    ends(&mut alice, call, EndedBy::Remote, EndCause::Cancelled);
}

#[test]
fn a_cancel_that_crosses_the_answer_changes_nothing() {
    let mut alice = Stage::registered();
    let mut bob = alice.far();
    alice.hears(bob.invite(SDP)).says("180");
    let call = incoming(&mut alice);
    alice.does(Command::Answer(call)).says("200 INVITE");
    let taken = alice.last.clone();
    alice.hears(bob.request(Method::Cancel)).says("200 CANCEL").says_nothing();
    alice.hears(bob.learns(&taken).request(Method::Ack));
    becomes(&mut alice, call, CallState::Connected);
}

#[test]
fn digits_leave_by_rfc_4733_where_it_was_agreed() {
    let (mut alice, call, _) = talking();
    alice.does(Command::SendDigits(call, "12".into(), DigitTransport::Auto));
    let digits = |event: &UaEvent| matches!(event, UaEvent::CallDigitSent { .. });
    assert_eq!(alice.tells_of(digits), UaEvent::CallDigitSent { call: call.0, digit: "1".into() });
    assert_eq!(alice.tells_of(digits), UaEvent::CallDigitSent { call: call.0, digit: "2".into() });
    alice.says_nothing();
}

#[test]
fn digits_leave_by_info_where_nothing_else_was_agreed() {
    let mut alice = Stage::registered();
    let call = alice.dials("9198");
    alice.says("INVITE");
    let plain =
        FAR_SDP.replace(" 126\r\n", "\r\n").replace("a=rtpmap:126 telephone-event/8000\r\n", "");
    let answer = alice.last.answer_with_sdp(200, &plain);
    alice.hears(answer).says("ACK");
    alice.does(Command::SendDigits(call, "5".into(), DigitTransport::Auto)).says("INFO");
    assert_eq!(alice.last.header("Content-Type"), "application/dtmf-relay");
    assert!(alice.last.body().contains("Signal=5"), "{}", alice.last);
    alice.hears_answer(200);
    alice.tells_of(|event| matches!(event, UaEvent::CallDigitSent { digit, .. } if digit == "5"));
}

#[test]
fn a_digit_by_info_and_a_message_are_told() {
    let (mut alice, call, mut bob) = talking();
    let relay = "Signal=7\r\nDuration=160\r\n";
    alice.hears(bob.request_with(Method::Info, "application/dtmf-relay", relay)).says("200 INFO");
    alice.tells_of(|event| *event == UaEvent::CallDigit { call: call.0, digit: "7".into() });
    alice.hears(bob.request_with(Method::Message, "text/plain", "hello")).says("200 MESSAGE");
    alice.tells_of(|event| matches!(event, UaEvent::CallMessage { body, .. } if body == "hello"));
}

#[test]
fn options_inside_a_call_are_answered() {
    let (mut alice, _, mut bob) = talking();
    alice.hears(bob.request(Method::Options)).says("200 OPTIONS");
}

#[test]
fn an_early_call_waits_for_the_registration() {
    let mut alice = Stage::new();
    alice.does(Command::Register(Credential::Account(Box::new(account()))));
    let call = alice.dials("9196");
    alice.opens().says("REGISTER").says_nothing();
    alice.hears_answer(200).says("INVITE");
    assert_eq!(steps(&alice, call), [1]);
}

#[test]
fn an_early_call_without_registration_ends_after_its_wait() {
    let mut alice = Stage::new();
    alice.alive();
    alice.configures(|config| config.early_call_ms = 5_000);
    alice.does(Command::Register(Credential::Account(Box::new(account()))));
    let call = alice.dials("9196");
    alice.opens().says("REGISTER").passes(Duration::from_secs(5));
    let reason = becomes(&mut alice, call, CallState::Ended).unwrap();
    assert_eq!(reason.code.as_deref(), Some("not-registered"));
    alice.says_nothing();
}

#[test]
fn a_call_is_wished_for_before_the_account() {
    let mut alice = Stage::new();
    let call = alice.dials("9196");
    alice.does(Command::Register(Credential::Account(Box::new(account()))));
    alice.opens().says("REGISTER").hears_answer(200).says("INVITE");
    assert_eq!(alice.last.message().request_uri(), Some("sip:9196@example.com"));
    assert_eq!(steps(&alice, call), [1]);
}

#[test]
fn an_account_without_registration_calls_at_once() {
    let mut alice = Stage::new();
    let free = Account { register: false, ..account() };
    alice.does(Command::Register(Credential::Account(Box::new(free)))).opens().says_nothing();
    assert_eq!(seat(&alice), [2]);
    alice.dials("9196");
    alice.says("INVITE");
}

#[test]
fn a_challenged_invite_is_sent_again_with_credentials() {
    let mut alice = Stage::registered();
    let call = alice.dials("9196");
    alice.says("INVITE");
    let invite = alice.last.clone();
    let mut challenge = invite.response(407);
    challenge
        .headers
        .push("Proxy-Authenticate", "Digest realm=\"example.com\", nonce=\"n1\", qop=\"auth\"");
    alice.hears(Wire::of(&challenge)).says("ACK").says("INVITE");
    assert!(alice.last.header("Proxy-Authorization").contains("nonce=\"n1\""));
    assert_eq!(alice.last.header("Call-ID"), invite.header("Call-ID"));
    let answer = alice.last.answer_with_sdp(200, FAR_SDP);
    alice.hears(answer).says("ACK");
    assert_eq!(steps(&alice, call), [1, 3]);
}

#[test]
fn hanging_up_without_an_answer_to_the_bye_leaves_nothing_behind() {
    let (mut alice, call, _) = talking();
    alice.does(Command::Hangup(call)).says("BYE").passes(Duration::from_secs(33));
    ends(&mut alice, call, EndedBy::Local, EndCause::Hangup);
    alice.refuses(Command::Hangup(call), ApiMisuse::CallGone(call));
}

#[test]
fn a_server_that_never_answers_an_invite_ends_the_call() {
    let mut alice = Stage::registered();
    alice.alive();
    let call = alice.dials("9196");
    alice.says("INVITE").passes(Duration::from_secs(33));
    ends(&mut alice, call, EndedBy::Network, EndCause::Timeout);
}

#[test]
fn a_call_that_nobody_takes_is_cancelled() {
    let mut alice = Stage::registered();
    alice.alive();
    alice.does(Command::Configure(Config { ring_seconds: 20, ..Config::default() }));
    let call = alice.dials("9196");
    alice.says("INVITE");
    let ringing = alice.last.answer(180);
    alice.hears(ringing).passes(Duration::from_secs(20)).says("CANCEL");
    let reason = becomes(&mut alice, call, CallState::Ended).unwrap();
    assert_eq!(reason.cause, EndCause::NoAnswer);
}

#[test]
fn calls_survive_a_new_credential() {
    let (mut alice, call, mut bob) = talking();
    let renewed = Account { password: Some("renewed".into()), ..account() };
    let flow = alice.flow;
    alice.does(Command::Register(Credential::Account(Box::new(renewed))));
    alice.says("REGISTER").hears_answer(200).passes(Duration::from_secs(120));
    alice.says_nothing().tells_nothing_of_calls();
    assert!(alice.asked.is_empty(), "the media is not touched: {:?}", alice.asked);
    assert!(alice.linked.is_empty(), "the connection stays: {:?}", alice.linked);
    alice.hears(bob.request(Method::Options)).says_on(flow, "200 OPTIONS");
    alice.tells_nothing_of_calls().does(Command::Hangup(call)).says_on(flow, "BYE");
}

#[test]
fn calls_survive_a_new_credential_that_is_refused() {
    let (mut alice, call, mut bob) = talking();
    let wrong = Account { password: Some("wrong".into()), ..account() };
    alice.does(Command::Register(Credential::Account(Box::new(wrong))));
    alice.says("REGISTER").hears_answer(403).says_nothing().tells_nothing_of_calls();
    assert!(alice.asked.is_empty() && alice.linked.is_empty());
    alice.hears(bob.request(Method::Options)).says("200 OPTIONS");
    alice.does(Command::Hangup(call)).says("BYE");
}

#[test]
fn a_call_with_headers_and_info_carries_them() {
    let mut alice = Stage::registered();
    let call = alice.agent.reserve_call();
    let dial = Dial {
        target: "+1 (212) 555-0123".into(),
        headers: vec![("X-Order".into(), "42".into())],
        ..Dial::default()
    };
    alice.does(Command::Dial(call, dial)).says("INVITE");
    assert_eq!(alice.last.message().request_uri(), Some("sip:+12125550123@example.com"));
    assert_eq!(alice.last.header("X-Order"), "42");
}

impl Stage {
    /// The page is told no more of any call.
    #[track_caller]
    fn tells_nothing_of_calls(&mut self) -> &mut Self {
        let of_call = self.told.iter().find(|(_, event)| {
            matches!(
                event,
                UaEvent::CallState { .. } | UaEvent::CallStatus { .. } | UaEvent::Call { .. }
            )
        });
        assert_eq!(of_call, None);
        self
    }
}
