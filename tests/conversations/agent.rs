//! What the user agent answers before any call is asked (RFC 3261 §8.2, §11, RFC 5626 §3.5.1).

use std::time::Duration;

use cc_sdk::account::Account;
use cc_sdk::api::{AccountId, CallId, Command, Credential, Dial, SeatStatus, UaEvent};
use cc_sdk::sip::Method;
use cc_sdk::{ApiMisuse, FlowId, Input};

use crate::far::{Far, Wire, print};
use crate::stage::{ALICE, SDP, Stage, account};

#[test]
fn a_double_crlf_is_answered_by_a_single_one() {
    let mut alice = Stage::registered();
    alice.hears("\r\n\r\n");
    assert_eq!(alice.said.pop_front().unwrap().0, b"\r\n");
    alice.hears("\r\n").hears("").says_nothing().tells_nothing();
}

#[test]
fn a_request_that_cannot_be_read_is_answered_400_and_told() {
    let mut alice = Stage::registered();
    let mut invite = alice.far().build(Method::Invite);
    invite.headers.set("CSeq", "lots INVITE");
    let invite = print(&invite);
    let offset = invite.to_string().find("lots").unwrap();
    alice.hears(&invite).says("400");
    assert_eq!(alice.last.header("Call-ID"), "bobs-call@192.0.2.7");
    assert!(alice.last.header("To").contains(";tag="));
    let warning = alice.tells_of(|event| matches!(event, UaEvent::Warning { .. }));
    let UaEvent::Warning { code, header, offset: told, .. } = warning else { unreachable!() };
    assert_eq!((code.as_str(), header.as_deref()), ("message-unreadable", Some("CSeq")));
    assert_eq!(told, u32::try_from(offset).ok());
    alice.says_nothing();
}

#[test]
fn a_request_without_a_header_that_must_be_there_is_answered_400() {
    let mut alice = Stage::registered();
    let mut options = alice.far().build(Method::Options);
    options.headers.remove_all("Call-ID");
    alice.hears(print(&options)).says("400");
}

#[test]
fn a_request_of_another_version_is_answered_505() {
    let mut alice = Stage::registered();
    let options = alice.far().request(Method::Options).to_string();
    alice.hears(options.replacen("SIP/2.0\r\n", "SIP/3.0\r\n", 1)).says("505");
}

#[test]
fn what_is_no_sip_at_all_is_told_and_not_answered() {
    let mut alice = Stage::registered();
    for frame in ["<html><body>502</body></html>", "SIP/2.0 two hundred\r\n\r\n", "\0\u{1}\u{2}"] {
        alice.hears(frame).says_nothing();
        alice.tells_of(
            |event| matches!(event, UaEvent::Warning { code, .. } if code == "message-unreadable"),
        );
    }
}

#[test]
fn an_unreadable_ack_is_told_and_not_answered() {
    let mut alice = Stage::registered();
    let mut ack = alice.far().build(Method::Ack);
    ack.headers.set("CSeq", "x ACK");
    alice.hears(print(&ack)).says_nothing();
    alice.tells_of(|event| matches!(event, UaEvent::Warning { .. }));
}

#[test]
fn a_method_that_the_phone_does_not_take_is_answered_405_with_allow() {
    let mut alice = Stage::registered();
    for method in [Method::Subscribe, Method::Other("FROBNICATE".into())] {
        let request = alice.far().request(method);
        alice.hears(request).says("405");
        assert!(alice.last.header("Allow").contains("INVITE"));
    }
}

#[test]
fn an_extension_that_must_be_understood_and_is_not_is_answered_420() {
    let mut alice = Stage::registered();
    let mut invite = alice.far().build(Method::Invite);
    invite.headers.push("Require", "nothingSupportsThis, norThis");
    alice.hears(print(&invite)).says("420");
    assert_eq!(alice.last.header("Unsupported"), "nothingSupportsThis, norThis");
    alice.tells_nothing();
}

#[test]
fn the_same_invite_by_another_way_is_answered_482() {
    let mut alice = Stage::registered();
    let first = alice.far().build(Method::Invite);
    let mut second = first.clone();
    second.headers.set("Via", "SIP/2.0/WSS other.example.com;branch=z9hG4bKother");
    alice.hears(print(&first)).says("180");
    alice.hears(print(&second)).says("482");
}

#[test]
fn a_request_of_a_dialog_that_is_unknown_is_answered_481() {
    let mut alice = Stage::registered();
    for method in [Method::Bye, Method::Info, Method::Invite, Method::Options, Method::Update] {
        let mut bob = alice.far();
        bob.remote.push_str(";tag=nobodys");
        alice.hears(bob.request(method)).says("481");
    }
    alice.tells_nothing();
}

#[test]
fn a_bye_outside_dialogs_is_answered_481() {
    let mut alice = Stage::registered();
    let bye = alice.far().request(Method::Bye);
    alice.hears(bye).says("481");
    let mut stranger = alice.far();
    stranger.remote.push_str(";tag=nobodys");
    alice.hears(stranger.request(Method::Notify)).says("481");
}

#[test]
fn a_stray_ack_cancel_and_answer_do_no_harm() {
    let mut alice = Stage::registered();
    let mut bob = alice.far();
    alice.hears(bob.request(Method::Ack)).says_nothing();
    alice.hears(bob.request(Method::Cancel)).says("481");
    alice.hears(bob.request(Method::Bye).answer(200)).says_nothing();
    alice.tells_nothing();
}

#[test]
fn options_outside_dialogs_are_answered_with_what_the_phone_can_do() {
    let mut alice = Stage::registered();
    let options = alice.far().request(Method::Options);
    alice.hears(options).says("200 OPTIONS");
    for (header, part) in [("Allow", "INVITE"), ("Accept", "application/sdp"), ("Supported", "")] {
        assert!(alice.last.header(header).contains(part));
    }
}

#[test]
fn a_request_for_somebody_else_is_answered_404() {
    let mut alice = Stage::registered();
    let invite = Far::calling("sip:dave@example.com").invite(SDP);
    alice.hears(invite).says("404").tells_nothing();
    let phoned = Far::carol("tel:+15550100").invite(SDP);
    alice.hears(phoned).says("416").tells_nothing();
}

#[test]
fn a_body_that_is_no_session_is_answered_415() {
    let mut alice = Stage::registered();
    let invite = alice.far().request_with(Method::Invite, "application/isup", "01");
    alice.hears(invite).says("415");
    assert_eq!(alice.last.header("Accept"), "application/sdp");
    let mut encoded = alice.far().build(Method::Invite);
    encoded.headers.push("Content-Type", "application/sdp").push("Content-Encoding", "gzip");
    encoded.body = b"1234".to_vec();
    alice.hears(print(&encoded)).says("415");
}

#[test]
fn a_description_for_another_purpose_is_no_session() {
    for (disposition, status) in [
        ("session;handling=required", "180"),
        ("early-session", "415"),
        ("render", "415"),
        ("render; handling=optional", "180"),
    ] {
        let mut alice = Stage::registered();
        let mut invite = alice.far().build(Method::Invite);
        invite.headers.push("Content-Type", "application/sdp");
        invite.headers.push("Content-Disposition", disposition);
        invite.body = SDP.into();
        alice.hears(print(&invite)).says(status);
    }
}

#[test]
fn a_body_beyond_all_measure_is_answered_413() {
    let mut alice = Stage::registered();
    let offer = [SDP, &"a=x\r\n".repeat(20_000)].concat();
    let invite = alice.far().invite(&offer);
    alice.hears(invite).says("413").tells_nothing();
}

#[test]
fn what_every_request_is_checked_for_holds_for_messages_too() {
    let mut alice = Stage::registered();
    let build = |change: &dyn Fn(&mut cc_sdk::sip::Request)| {
        let mut request = Far::calling("sip:alice@example.com").build(Method::Message);
        change(&mut request);
        print(&request)
    };
    let required = build(&|request| {
        request.headers.push("Require", "magic");
    });
    alice.hears(required).says("420");
    assert_eq!(alice.last.header("Unsupported"), "magic");
    let packed = build(&|request| {
        request.headers.push("Content-Encoding", "gzip");
    });
    alice.hears(packed).says("415");
    assert_eq!(alice.last.header("Accept-Encoding"), "identity");
    alice.hears(build(&|request| request.uri = "tel:+15550100".into())).says("416");
    alice.hears(build(&|request| request.uri = "sip:dave@example.com".into())).says("404");
    alice.tells_nothing();
}

#[test]
fn max_forwards_of_zero_ends_what_is_for_somebody_else() {
    let mut alice = Stage::registered();
    let mut options = alice.far().build(Method::Options);
    options.headers.set("Max-Forwards", "0");
    // It has arrived (RFC 3261 §11.2).
    alice.hears(print(&options)).says("200 OPTIONS");
    options.uri = "sip:dave@example.com".into();
    options.headers.set("Via", "SIP/2.0/WSS proxy.example.com;branch=z9hG4bKround");
    alice.hears(print(&options)).says("483");
}

#[test]
fn a_phone_for_outgoing_calls_only_refuses_with_403() {
    let mut alice = Stage::registered_as(Account { outbound_only: true, ..account() });
    let invite = alice.far().invite(SDP);
    alice.hears(invite).says("403").tells_nothing();
}

#[test]
fn a_paused_seat_refuses_with_the_configured_status() {
    let mut alice = Stage::registered();
    alice.does(Command::SetSeatStatus(SeatStatus::Paused));
    alice.tells(UaEvent::SeatStatus { status: 5 });
    let mut bob = alice.far();
    alice.hears(bob.invite(SDP)).says("480").hears(bob.ack_of_refusal());
    alice.configures(|config| config.paused_status = 486);
    alice.hears(bob.invite(SDP)).says("486").hears(bob.ack_of_refusal());
    alice.does(Command::SetSeatStatus(SeatStatus::Idle));
    alice.tells(UaEvent::SeatStatus { status: 2 });
    alice.hears(bob.invite(SDP)).says("180");
}

#[test]
fn a_second_incoming_call_is_refused_busy_unless_two_are_allowed() {
    let mut alice = Stage::registered();
    let (mut bob, mut carol) = (alice.far(), Far::carol("sip:alice@example.com"));
    alice.hears(bob.invite(SDP)).says("180").forgets();
    alice.hears(carol.invite(SDP)).says("486").tells_nothing();
    alice.hears(carol.ack_of_refusal());
    alice.configures(|config| config.calls_at_once = 2);
    alice.hears(carol.invite(SDP)).says("180");
    alice.tells_of(|event| matches!(event, UaEvent::Call { number, .. } if number == "carol"));
}

#[test]
fn a_second_outgoing_call_is_misuse() {
    let mut alice = Stage::registered();
    alice.dials("9196");
    let second = alice.agent.reserve_call();
    let dial = Dial { target: "9197".into(), ..Dial::default() };
    alice.refuses(Command::Dial(second, dial), ApiMisuse::CallInProgress);
}

#[test]
fn calls_beyond_the_rate_are_refused_with_the_time_to_wait() {
    let mut alice = Stage::registered();
    alice.configures(|config| (config.rate_calls, config.rate_seconds) = (2, 60));
    for _ in 0..2 {
        let call = alice.dials("9196");
        alice.passes(Duration::from_secs(10)).does(Command::Hangup(call));
        alice.passes(Duration::from_secs(0));
        let last = alice.said.iter().rposition(|said| said.what("INVITE") == "INVITE");
        let invite = alice.said[last.expect("an INVITE left")].clone();
        alice.hears(invite.answer(100)).hears(invite.answer(487)).forgets();
    }
    let third = alice.agent.reserve_call();
    let dial = || Dial { target: "9196".into(), ..Dial::default() };
    let misuse = ApiMisuse::RateLimited { retry_after_ms: 40_000 };
    alice.refuses(Command::Dial(third, dial()), misuse);
    alice.passes(Duration::from_secs(40)).does(Command::Dial(third, dial()));
}

#[test]
fn commands_for_calls_and_phones_that_are_not_there_are_misuse() {
    let mut alice = Stage::new();
    let call = CallId(5);
    for command in [Command::Answer(call), Command::Hangup(call), Command::Mute(call, true)] {
        alice.refuses(command, ApiMisuse::CallGone(call));
    }
    alice.refuses(Command::SetSeatStatus(SeatStatus::Paused), ApiMisuse::BadSeatStatus);
    alice.does(Command::Unregister).does(Command::Shutdown).does(Command::FinishWrapUp);
    let mut alice = Stage::registered();
    alice.refuses(Command::Answer(call), ApiMisuse::CallGone(call));
    // An id that was never reserved.
    let dial = Dial { target: "9196".into(), ..Dial::default() };
    alice.refuses(Command::Dial(CallId(77), dial), ApiMisuse::CallGone(CallId(77)));
}

#[test]
fn frames_and_news_of_flows_and_peers_that_are_gone_are_dropped() {
    let mut alice = Stage::registered();
    let invite = alice.far().invite(SDP);
    alice.gives(Input::Frame(FlowId(999), invite.as_ref())).says_nothing().tells_nothing();
}

#[test]
fn two_accounts_in_one_agent_know_nothing_of_each_other() {
    let mut stage = Stage::registered();
    let first = stage.flow;
    stage
        .about(AccountId(2))
        .registers_as(Account { uri: "sip:bob@example.org".into(), ..account() });
    let second = stage.flow;
    assert_ne!(first, second);
    let mut carol = Far::carol("sip:bob@example.org");
    stage.hears(carol.invite(SDP)).says("180");
    let told = stage.told.clone();
    assert!(told.iter().all(|(account, _)| *account == AccountId(2)), "{told:?}");
    // The first one is idle, and so is called all the same.
    stage.forgets().flow = first;
    stage.hears(Far::calling("sip:alice@example.com").invite(SDP)).says("180");
    assert!(stage.told.iter().all(|(account, _)| *account == ALICE));
}

#[test]
fn shutdown_ends_every_call_and_frees_the_account() {
    let mut alice = Stage::registered();
    let mut bob = alice.far();
    alice.hears(bob.invite(SDP)).says("180").forgets();
    alice.does(Command::Shutdown).says("480").hears(bob.ack_of_refusal());
    let answers: Vec<Wire> = alice.said.iter().map(|said| said.answer(200)).collect();
    for answer in answers {
        alice.hears(answer);
    }
    alice.tells_of(|event| matches!(event, UaEvent::CallState { .. }));
    alice.passes(Duration::from_secs(64));
    assert_eq!(alice.agent.next_timeout(), None);
    alice.forgets();
    // The same account may begin again.
    alice.registers_as(account());
}

#[test]
fn one_invite_forked_to_two_phones_of_a_page_rings_at_both() {
    let mut page = Stage::registered();
    let first = page.flow;
    let bob = Account { uri: "sip:bob@example.org".into(), ..account() };
    page.about(AccountId(2)).registers_as(bob);
    let second = page.flow;
    let mut to_alice = Far::carol("sip:alice@example.com").build(Method::Invite);
    let mut to_bob = to_alice.clone();
    to_alice.headers.set("Via", "SIP/2.0/WSS fork.example.com;branch=z9hG4bKfork1");
    to_bob.headers.set("Via", "SIP/2.0/WSS fork.example.com;branch=z9hG4bKfork2");
    to_bob.uri = "sip:bob@example.org".into();
    page.flow = first;
    page.hears(print(&to_alice)).says_on(first, "180");
    page.flow = second;
    page.hears(print(&to_bob)).says_on(second, "180").says_nothing();
    // The same phone by another way is told so all the same.
    to_bob.headers.set("Via", "SIP/2.0/WSS fork.example.com;branch=z9hG4bKfork3");
    page.hears(print(&to_bob)).says_on(second, "482");
}

#[test]
fn shutdown_before_the_ack_of_our_200_says_bye_before_the_link_closes() {
    for register in [true, false] {
        let mut alice = Stage::new();
        alice.does(Command::Register(Credential::Account(Box::new(Account {
            register,
            ..account()
        }))));
        alice.opens();
        if register {
            alice.says("REGISTER").hears_answer(200);
        }
        let mut bob = alice.far();
        alice.hears(bob.invite(SDP)).says("180").does(Command::Answer(CallId(1)));
        alice.says("200 INVITE").forgets();
        alice.does(Command::Shutdown).says("BYE");
        assert_eq!(alice.last.header("Call-ID"), bob.call_id);
        let bye = alice.last.clone();
        if register {
            alice.says("REGISTER").hears_answer(200);
        }
        assert!(alice.linked.is_empty(), "the BYE may be challenged yet");
        alice.hears(bye.answer(200)).closes().says_nothing();
    }
}

#[test]
fn shutdown_after_a_hangup_that_waits_for_the_ack_says_its_bye() {
    let mut alice = Stage::registered();
    let mut bob = alice.far();
    alice.hears(bob.invite(SDP)).says("180").does(Command::Answer(CallId(1)));
    alice.says("200 INVITE").does(Command::Hangup(CallId(1))).says_nothing();
    alice.does(Command::Shutdown).says("BYE").says("REGISTER").says_nothing();
}
