//! Calls that begin here: RFC 3261 §8.1.3.4, §9.1, §13.2, §22; design.md §5 and §8.

use std::time::Duration;

use cc_sdk::ApiMisuse;
use cc_sdk::api::{CallState, Command, Dial, Direction, EndCause, EndedBy, UaEvent};
use cc_sdk::sip::Method;

use crate::call_play::*;
use crate::far::{Far, Wire};
use crate::stage::{FAR_SDP, Stage};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_call_rings_is_taken_and_is_hung_up_here() {
    let mut stage = phone();
    let id = calls_bob(&mut stage);
    let invite = stage.last.clone();
    stage.hears(invite.answer(100)).hears(invite.answer(180));
    stage.hears(invite.answer_with_sdp(200, FAR_SDP)).says("ACK");
    assert_eq!(statuses(&stage), [1, 2, 3]);
    stage.tells_of(|it| matches!(it, UaEvent::Call { direction: Direction::Outgoing, .. }));
    for state in [CallState::Calling, CallState::Ringing, CallState::Connected] {
        tells_state(&mut stage, state);
    }
    stage.does(Command::Hangup(id)).says("BYE");
    ends(&stage, EndedBy::Local, EndCause::Hangup);
    assert_eq!(statuses(&stage), [3, 4]);
    stage.hears_answer(200).passes(40 * SECOND).says_nothing();
}

#[test]
fn a_call_is_told_of_with_its_number_and_call_id() {
    let mut stage = phone();
    let call = stage.dials(" +1 (212) 555-0123 ");
    stage.says("INVITE");
    assert_eq!(stage.last.message().request_uri(), Some("sip:+12125550123@example.com"));
    let told = stage.tells_of(|it| matches!(it, UaEvent::Call { .. }));
    let UaEvent::Call { call: id, number, uri, sip_call_id, .. } = told else { unreachable!() };
    assert_eq!((id, number.as_str()), (call.0, "+12125550123"));
    assert_eq!(uri, "sip:+12125550123@example.com");
    assert_eq!(sip_call_id, stage.last.header("Call-ID"));
}

#[test]
fn the_status_has_the_number_as_dialled() {
    let mut stage = phone();
    calls_bob(&mut stage);
    let told = stage.tells_of(|it| matches!(it, UaEvent::CallStatus { .. }));
    let UaEvent::CallStatus { status, number, .. } = told else { unreachable!() };
    assert_eq!((status, number.as_str()), (1, "bob"));
}

#[test]
fn the_ack_of_a_2xx_has_the_number_of_the_invite_and_goes_to_the_contact() {
    let mut stage = phone();
    calls_bob(&mut stage);
    let invite = stage.last.clone();
    let mut taken = invite.response(200);
    taken.headers.push("Record-Route", "<sip:p2.example.com;lr>, <sip:p1.example.com;lr>");
    taken.headers.push("Content-Type", "application/sdp");
    taken.body = FAR_SDP.into();
    stage.hears(Wire::of(&taken)).says("ACK");
    let ack = stage.last.message();
    assert_eq!(ack.cseq().unwrap().number, invite.message().cseq().unwrap().number);
    assert_eq!(ack.request_uri(), Some("sip:bob@192.0.2.7:5060"));
    let routes: Vec<_> = ack.routes().unwrap().iter().map(|it| it.uri_text().to_owned()).collect();
    assert_eq!(routes, ["sip:p1.example.com;lr", "sip:p2.example.com;lr"]);
    assert!(stage.last.message().via().is_ok());
}

#[test]
fn a_strict_router_gets_its_uri_in_the_request_line() {
    let mut stage = phone();
    calls_bob(&mut stage);
    let mut taken = stage.last.response(200);
    taken.headers.push("Record-Route", "<sip:old.example.com>");
    taken.headers.push("Content-Type", "application/sdp");
    taken.body = FAR_SDP.into();
    stage.hears(Wire::of(&taken)).says("ACK");
    assert_eq!(stage.last.message().request_uri(), Some("sip:old.example.com"));
    assert_eq!(stage.last.header("Route"), "<sip:bob@192.0.2.7:5060>");
}

#[test]
fn a_2xx_whose_routes_cannot_be_read_is_acknowledged_hung_up_and_told() {
    let mut stage = phone();
    let id = calls_bob(&mut stage);
    let taken = unroutable(&stage.last);
    stage.hears(&taken).says("ACK").says("BYE").says_nothing();
    assert_eq!(stage.last.find("Route"), None);
    warns_of_record_route(&mut stage, &taken, Some(id.0));
    let reason = ends(&stage, EndedBy::Remote, EndCause::ServerError);
    assert_eq!(reason.sip_status, Some(200));
    stage.hears_answer(200).passes(200 * SECOND).says_nothing();
}

#[test]
fn a_2xx_whose_routes_cannot_be_read_after_the_cancel_is_hung_up_too() {
    let mut stage = phone();
    let id = calls_bob(&mut stage);
    let invite = stage.last.clone();
    stage.hears(invite.answer(180)).does(Command::Hangup(id)).says("CANCEL");
    stage.hears(unroutable(&invite)).says("ACK").says("BYE");
}

#[test]
fn an_answer_with_another_number_than_the_invite_is_nobodys() {
    let mut stage = phone();
    let id = calls_bob(&mut stage);
    let invite = stage.last.clone();
    let mut taken = invite.response(200);
    taken.headers.set("CSeq", "4294967295 INVITE").push("Content-Type", "application/sdp");
    taken.body = FAR_SDP.into();
    stage.hears(Wire::of(&taken)).says_nothing();
    stage.hears(invite.answer_with_sdp(200, FAR_SDP)).says("ACK");
    stage.does(Command::Hangup(id)).says("BYE");
    assert_eq!(number(&stage.last), number(&invite) + 1);
}

#[test]
fn a_repeated_2xx_is_acknowledged_again_and_tells_nothing() {
    let mut stage = phone();
    calls_bob(&mut stage);
    let taken = stage.last.answer_with_sdp(200, FAR_SDP);
    stage.hears(&taken).says("ACK");
    let ack = stage.last.to_string();
    stage.forgets().hears(&taken).says("ACK").tells_nothing();
    assert_eq!(stage.last.to_string(), ack);
}

#[test]
fn early_media_is_the_answer_and_the_2xx_changes_nothing() {
    let mut stage = phone();
    calls_bob(&mut stage);
    let invite = stage.last.clone();
    stage.forgets();
    stage.hears(invite.answer_with_sdp(183, FAR_SDP));
    assert_eq!(applied(&stage), 1);
    assert_eq!(statuses(&stage), [2]);
    tells_state(&mut stage, CallState::Early);
    stage.hears(invite.answer_with_sdp(200, FAR_SDP)).says("ACK");
    tells_state(&mut stage, CallState::Connected);
    assert_eq!(applied(&stage), 1);
}

#[test]
fn a_2xx_without_sdp_after_early_media_is_enough() {
    let mut stage = phone();
    calls_bob(&mut stage);
    let invite = stage.last.clone();
    stage.hears(invite.answer_with_sdp(183, FAR_SDP)).hears(invite.answer(200)).says("ACK");
    tells_state(&mut stage, CallState::Connected);
}

#[test]
fn a_second_ring_tells_no_second_status() {
    let mut stage = phone();
    calls_bob(&mut stage);
    let invite = stage.last.clone();
    stage.hears(invite.answer(180)).hears(invite.answer(183)).hears(fork(&invite, 180, "two", ""));
    assert_eq!(statuses(&stage), [1, 2]);
}

#[test]
fn the_description_of_a_second_fork_is_not_applied() {
    let mut stage = phone();
    calls_bob(&mut stage);
    let invite = stage.last.clone();
    stage.forgets();
    stage.hears(fork(&invite, 183, "one", FAR_SDP)).hears(fork(&invite, 183, "two", FAR_SDP));
    assert_eq!(applied(&stage), 1);
}

#[test]
fn another_fork_that_takes_the_call_gets_a_new_offer_from_a_new_peer() {
    let mut stage = phone();
    calls_bob(&mut stage);
    let invite = stage.last.clone();
    let first = opened(&stage);
    stage.hears(fork(&invite, 183, "one", FAR_SDP)).forgets();
    stage.hears(fork(&invite, 200, "two", FAR_SDP)).says("ACK").says("INVITE");
    let reinvite = stage.last.clone();
    assert!(reinvite.header("To").ends_with(";tag=two"));
    let open = &stage.asked[0].2;
    assert!(
        matches!(open, cc_sdk::MediaRequest::Open { take_over, .. } if *take_over == Some(first)),
        "{open:?}"
    );
    assert!(is_closed(&stage, first));
    stage.forgets();
    stage.hears(reinvite.answer_with_sdp(200, FAR_SDP)).says("ACK");
    tells_state(&mut stage, CallState::Connected);
    // The played peers describe themselves in the same words.
    assert_eq!(version(&reinvite), version(&invite));
    assert_eq!(session(&reinvite), session(&invite));
}

#[test]
fn a_fork_that_took_the_call_but_not_the_new_offer_ends_it() {
    let mut stage = phone();
    calls_bob(&mut stage);
    let invite = stage.last.clone();
    stage.hears(fork(&invite, 183, "one", FAR_SDP));
    stage.hears(fork(&invite, 200, "two", FAR_SDP)).says("ACK").says("INVITE");
    stage.hears_answer(488).says("ACK").says("BYE");
    ends(&stage, EndedBy::Remote, EndCause::MediaFailed);
}

#[test]
fn a_fork_that_takes_the_call_too_late_is_acknowledged_and_hung_up() {
    let mut stage = phone();
    calls_bob(&mut stage);
    let invite = stage.last.clone();
    stage.hears(fork(&invite, 200, "one", FAR_SDP)).says("ACK").forgets();
    let late = fork(&invite, 200, "two", FAR_SDP);
    stage.hears(&late).says("ACK").says("BYE");
    assert!(stage.last.header("To").ends_with(";tag=two"));
    stage.hears_answer(200).tells_nothing();
    stage.hears(&late).says("ACK").says_nothing();
}

#[test]
fn a_fork_that_takes_the_call_after_its_end_is_hung_up_too() {
    let mut stage = phone();
    let id = calls_bob(&mut stage);
    let invite = stage.last.clone();
    stage.hears(fork(&invite, 200, "one", FAR_SDP)).says("ACK");
    stage.does(Command::Hangup(id)).says("BYE").hears_answer(200).forgets();
    stage.hears(fork(&invite, 200, "two", FAR_SDP)).says("ACK").says("BYE");
    stage.hears_answer(200).tells_nothing();
}

#[test]
fn a_cancel_waits_for_a_provisional_answer() {
    let mut stage = phone();
    let id = calls_bob(&mut stage);
    let invite = stage.last.clone();
    stage.does(Command::Hangup(id)).says_nothing();
    ends(&stage, EndedBy::Local, EndCause::Cancelled);
    stage.hears(invite.answer(180)).says("CANCEL");
    stage.hears_answer(200).hears(invite.answer(487)).says("ACK");
    stage.passes(40 * SECOND).says_nothing();
}

#[test]
fn hanging_up_while_it_rings_cancels_at_once() {
    let mut stage = phone();
    let id = calls_bob(&mut stage);
    let invite = stage.last.clone();
    stage.hears(invite.answer(180)).does(Command::Hangup(id)).says("CANCEL");
    let reason = ends(&stage, EndedBy::Local, EndCause::Cancelled);
    assert_eq!(reason.sip_status, None);
    assert_eq!(statuses(&stage), [1, 2, 5]);
}

#[test]
fn a_2xx_that_crosses_the_cancel_is_acknowledged_and_hung_up() {
    let mut stage = phone();
    let id = calls_bob(&mut stage);
    let invite = stage.last.clone();
    stage.hears(invite.answer(180)).does(Command::Hangup(id)).says("CANCEL").forgets();
    stage.hears(invite.answer_with_sdp(200, FAR_SDP)).says("ACK").says("BYE");
    stage.hears_answer(200).tells_nothing();
}

#[test]
fn a_challenge_after_the_cancel_is_not_answered() {
    let mut stage = phone();
    let id = calls_bob(&mut stage);
    let invite = stage.last.clone();
    stage.hears(invite.answer(100)).does(Command::Hangup(id)).says("CANCEL");
    stage.hears(challenge(&invite, 407)).says("ACK").says_nothing();
}

#[test]
fn a_challenge_is_answered_inside_the_call() {
    for status in [401, 407] {
        let mut stage = phone();
        calls_bob(&mut stage);
        let invite = stage.last.clone();
        stage.hears(challenge(&invite, status)).says("ACK").says("INVITE");
        let again = stage.last.clone();
        assert_eq!(again.header("Call-ID"), invite.header("Call-ID"));
        assert_eq!(again.header("From"), invite.header("From"));
        assert_eq!(number(&again), number(&invite) + 1);
        assert_eq!(again.body(), invite.body());
        let header = if status == 401 { "Authorization" } else { "Proxy-Authorization" };
        assert!(again.header(header).starts_with("Digest "));
        assert_eq!(statuses(&stage), [1]);
        stage.hears(again.answer_with_sdp(200, FAR_SDP)).says("ACK");
        assert!(stage.last.header(header).starts_with("Digest "));
        assert_eq!(number(&stage.last), number(&again));
    }
}

#[test]
fn an_endless_challenge_ends_the_call() {
    let mut stage = phone();
    calls_bob(&mut stage);
    for _ in 0..10 {
        let invite = stage.last.clone();
        stage.hears(challenge(&invite, 407)).says("ACK");
        if stage.said.is_empty() {
            ends(&stage, EndedBy::Remote, EndCause::Auth);
            return;
        }
        stage.says("INVITE");
    }
    panic!("ten challenges were answered");
}

#[test]
fn a_401_without_a_challenge_ends_the_call() {
    let mut stage = phone();
    calls_bob(&mut stage);
    stage.hears_answer(401).says("ACK").says_nothing();
    let reason = ends(&stage, EndedBy::Remote, EndCause::Auth);
    assert_eq!(reason.sip_status, Some(401));
}

#[test]
fn a_redirection_is_followed_to_the_best_place() {
    let mut stage = phone();
    calls_bob(&mut stage);
    let invite = stage.last.clone();
    let contacts = "<mailto:bob@example.com>, <sip:worse@example.com>;q=0.3, \
                    <sip:better@example.com?Subject=x>;q=0.75";
    stage.hears(redirection(&invite, contacts)).says("ACK").says("INVITE");
    let again = stage.last.clone();
    assert_eq!(again.message().request_uri(), Some("sip:better@example.com"));
    assert_eq!(again.header("To"), invite.header("To"));
    assert_eq!(number(&again), number(&invite) + 1);
    assert_eq!(again.header("Subject"), "x");
    // The better one is not there, so the next is tried.
    stage.hears_answer(404).says("ACK").says("INVITE");
    assert_eq!(stage.last.message().request_uri(), Some("sip:worse@example.com"));
    stage.hears_answer(486).says("ACK");
    ends(&stage, EndedBy::Remote, EndCause::Busy);
}

#[test]
fn a_redirection_in_a_circle_ends_the_call() {
    let mut stage = phone();
    calls_bob(&mut stage);
    let invite = stage.last.clone();
    stage.hears(redirection(&invite, "<sip:carol@example.com>")).says("ACK").says("INVITE");
    let again = stage.last.clone();
    stage.hears(redirection(&again, "<sip:bob@example.com>")).says("ACK").says_nothing();
    let reason = ends(&stage, EndedBy::Remote, EndCause::Redirected);
    assert_eq!(reason.sip_status, Some(302));
}

#[test]
fn endless_redirection_ends_the_call() {
    let mut stage = phone();
    calls_bob(&mut stage);
    for step in 0..10 {
        let invite = stage.last.clone();
        let next = format!("<sip:bob{step}@example.com>");
        stage.hears(redirection(&invite, &next)).says("ACK");
        if stage.said.is_empty() {
            assert_eq!(step, 5);
            ends(&stage, EndedBy::Remote, EndCause::Redirected);
            return;
        }
        stage.says("INVITE");
    }
    panic!("ten redirections were followed");
}

#[test]
fn no_bearer_goes_to_another_host_after_a_redirection() {
    let mut account = crate::stage::account();
    account.password = None;
    account.bearer = Some("opaque.bearer.token".into());
    let mut stage = phone_as(account);
    calls_bob(&mut stage);
    let invite = stage.last.clone();
    assert_eq!(invite.header("Proxy-Authorization"), "Bearer opaque.bearer.token");
    stage.hears(redirection(&invite, "<sip:bob@elsewhere.example>")).says("ACK").says("INVITE");
    assert!(!stage.last.to_string().contains("opaque.bearer.token"), "{}", stage.last);
    stage.hears(stage.last.answer_with_sdp(200, FAR_SDP)).says("ACK");
    assert!(!stage.last.to_string().contains("opaque.bearer.token"), "{}", stage.last);
}

#[test]
fn a_2xx_without_a_contact_is_followed_where_the_invite_went() {
    let mut stage = phone();
    let id = calls_bob(&mut stage);
    let mut taken = stage.last.response(200);
    taken.headers.remove_all("Contact");
    taken.headers.push("Content-Type", "application/sdp");
    taken.body = FAR_SDP.into();
    stage.hears(Wire::of(&taken)).says("ACK");
    tells_state(&mut stage, CallState::Connected);
    stage.does(Command::Hangup(id)).says("BYE");
    assert_eq!(stage.last.message().request_uri(), Some("sip:bob@example.com"));
}

#[test]
fn a_2xx_without_a_description_ends_the_call() {
    let mut stage = phone();
    calls_bob(&mut stage);
    stage.hears_answer(200).says("ACK").says("BYE");
    ends(&stage, EndedBy::Remote, EndCause::MediaFailed);
    assert_eq!(statuses(&stage), [1, 5]);
}

#[test]
fn a_description_without_audio_ends_the_call() {
    for sdp in ["v=0\r\n", &FAR_SDP.replace("m=audio 40000", "m=audio 0"), "<html>"] {
        let mut stage = phone();
        calls_bob(&mut stage);
        stage.hears(stage.last.answer_with_sdp(200, sdp)).says("ACK").says("BYE");
        ends(&stage, EndedBy::Remote, EndCause::MediaFailed);
    }
}

#[test]
fn an_early_call_waits_for_the_registration() {
    let mut stage = Stage::new();
    stage.does(Command::Register(cc_sdk::api::Credential::Account(Box::new(
        crate::stage::account(),
    ))));
    stage.dials("bob");
    tells_state(&mut stage, CallState::Calling);
    stage.says_nothing().opens().says("REGISTER").passes(SECOND).says_nothing();
    stage.hears_answer(200).says("INVITE");
}

#[test]
fn a_call_before_any_account_waits_too_and_has_its_domain() {
    let mut stage = Stage::new();
    stage.dials("bob");
    assert!(stage.asked.is_empty(), "the ICE servers are not known yet");
    stage.does(Command::Register(cc_sdk::api::Credential::Account(Box::new(
        crate::stage::account(),
    ))));
    stage.opens().says("REGISTER").hears_answer(200).says("INVITE");
    assert_eq!(stage.last.message().request_uri(), Some("sip:bob@example.com"));
}

#[test]
fn an_early_call_gives_up_after_its_time() {
    let mut stage = Stage::new();
    stage.configures(|config| config.early_call_ms = 3_000).dials("bob");
    stage.passes(2 * SECOND);
    assert_eq!(statuses(&stage), []);
    stage.passes(SECOND);
    let reason = ends(&stage, EndedBy::System, EndCause::Timeout);
    assert_eq!(reason.code.as_deref(), Some("not-registered"));
    assert_eq!(statuses(&stage), []);
}

#[test]
fn an_early_call_can_be_taken_back() {
    let mut stage = Stage::new();
    let id = stage.dials("bob");
    stage.does(Command::Hangup(id));
    ends(&stage, EndedBy::Local, EndCause::Cancelled);
    stage.refuses(Command::Hangup(id), ApiMisuse::CallGone(id));
}

#[test]
fn a_call_that_rings_too_long_is_cancelled() {
    let mut stage = phone();
    stage.configures(|config| config.ring_seconds = 20);
    calls_bob(&mut stage);
    let invite = stage.last.clone();
    stage.hears(invite.answer(180)).passes(19 * SECOND).says_nothing();
    stage.passes(SECOND).says("CANCEL");
    ends(&stage, EndedBy::System, EndCause::NoAnswer);
    stage.hears_answer(200).hears(invite.answer(487)).says("ACK");
}

#[test]
fn silence_ends_the_call() {
    let mut stage = phone();
    calls_bob(&mut stage);
    stage.passes(32 * SECOND);
    ends(&stage, EndedBy::Network, EndCause::Timeout);
}

#[test]
fn a_link_lost_during_the_set_up_ends_the_call() {
    let mut stage = phone();
    calls_bob(&mut stage);
    stage.hears_answer(180).loses_link();
    ends(&stage, EndedBy::Network, EndCause::Network);
}

#[test]
fn an_incomplete_list_that_was_refused_goes_once_more_whole() {
    use cc_sdk::{MediaEvent, MediaReply, MediaRequest};
    let mut stage = phone();
    stage.media_by_hand();
    stage.dials("bob");
    let (peer, _) = stage.asks(|it| matches!(it, MediaRequest::Open { .. }));
    let offer = stage.asks(|it| matches!(it, MediaRequest::Offer { .. }));
    stage.replies(offer, MediaReply::Sdp(crate::stage::SDP.into()));
    let line = crate::stage::CANDIDATE.to_owned();
    stage.peer_tells(peer, MediaEvent::Candidate { mid: "0".into(), line });
    stage.passes(SECOND / 20).says("INVITE");
    assert!(!stage.last.body().contains("end-of-candidates"));
    stage.hears_answer(488).says("ACK").passes(SECOND).says_nothing();
    stage.peer_tells(peer, MediaEvent::GatheringDone).says("INVITE");
    assert!(stage.last.body().contains("end-of-candidates"));
    stage.hears_answer(488).says("ACK").says_nothing();
    ends(&stage, EndedBy::Remote, EndCause::MediaFailed);
}

#[test]
fn bad_targets_and_headers_are_misuse_and_begin_nothing() {
    let mut stage = phone();
    for target in ["", "   ", "mailto:bob@example.com", "http://example.com"] {
        let call = stage.agent.reserve_call();
        let dial = Dial { target: target.into(), ..Dial::default() };
        stage.refuses(Command::Dial(call, dial), ApiMisuse::BadTarget(target.into()));
    }
    for (name, value) in [
        ("From", "x"),
        ("route", "<sip:x>"),
        ("v", "x"),
        ("User-to-User", "00"),
        ("Proxy-Authorization", "Bearer x"),
        ("X-Odd", "a\r\nVia: b"),
        ("X Odd", "a"),
        ("", "a"),
    ] {
        let call = stage.agent.reserve_call();
        let headers = vec![(name.to_owned(), value.to_owned())];
        let dial = Dial { target: "bob".into(), headers, ..Dial::default() };
        stage.refuses(Command::Dial(call, dial), ApiMisuse::BadHeader(name.into()));
    }
    stage.says_nothing().tells_nothing();
}

#[test]
fn what_the_page_adds_is_in_the_invite() {
    let mut stage = phone();
    let call = stage.agent.reserve_call();
    stage.does(Command::Dial(
        call,
        Dial {
            target: "bob".into(),
            info: Some("order 12".into()),
            headers: vec![("X-Campaign".into(), "spring".into())],
            display_name: Some("Alice \"A\" Smith".into()),
            ..Dial::default()
        },
    ));
    stage.says("INVITE");
    assert_eq!(stage.last.header("X-Campaign"), "spring");
    assert_eq!(stage.last.header("User-to-User"), "6f72646572203132;encoding=hex");
    let name = stage.last.message().from().unwrap().display_name();
    assert_eq!(name.as_deref(), Some("Alice \"A\" Smith"));
    assert_eq!(stage.last.find("Privacy"), None);
}

#[test]
fn a_thousand_characters_of_any_script_arrive_identical() {
    for letter in ["a", "ß", "語", "😀", "%", "\n"] {
        let info = letter.repeat(1000);
        let mut stage = phone();
        let call = stage.agent.reserve_call();
        let dial = Dial { target: "bob".into(), info: Some(info.clone()), ..Dial::default() };
        stage.does(Command::Dial(call, dial)).says("INVITE");
        let sent = stage.last.header("X-CC-Info");
        let own = stage.tells_of(|it| matches!(it, UaEvent::Call { .. }));

        let mut other = phone();
        let mut invite = other.far().build(Method::Invite);
        invite.headers.push("X-CC-Info", sent).push("Content-Type", "application/sdp");
        invite.body = FAR_SDP.into();
        other.hears(crate::far::print(&invite)).says("180");
        let theirs = other.tells_of(|it| matches!(it, UaEvent::Call { .. }));
        let (UaEvent::Call { info: own, .. }, UaEvent::Call { info: theirs, .. }) = (own, theirs)
        else {
            unreachable!()
        };
        assert_eq!(own, theirs);
        let whole = theirs.unwrap();
        assert_eq!(whole.encode_utf16().count(), 1000, "{letter}");
        assert!(info.starts_with(&whole));
    }
}

#[test]
fn several_calls_at_once_do_not_mix() {
    let mut stage = phone();
    stage.configures(|config| config.calls_at_once = 2);
    let first = talks_to_bob(&mut stage);
    let second = talks_to_bob(&mut stage);
    assert_ne!(first.invite.header("Call-ID"), second.invite.header("Call-ID"));
    stage.does(Command::Hangup(first.id)).says("BYE");
    assert_eq!(stage.last.header("Call-ID"), first.invite.header("Call-ID"));
    stage.hears_answer(200).forgets();
    let mut far = second.far;
    stage.hears(far.request(Method::Bye)).says("200");
    ends(&stage, EndedBy::Remote, EndCause::Hangup);
}

#[test]
fn an_anonymous_call_says_nothing_of_who_calls() {
    let mut stage = phone();
    let call = stage.agent.reserve_call();
    let dial = Dial { target: "bob".into(), anonymous: true, ..Dial::default() };
    stage.does(Command::Dial(call, dial)).says("INVITE");
    assert_eq!(stage.last.header("Privacy"), "id");
    let from = stage.last.header("From");
    assert!(from.starts_with("\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag="), "{from}");
    for header in ["From", "Contact", "Call-ID", "Via"] {
        assert!(!stage.last.header(header).to_lowercase().contains("alice"), "{}", stage.last);
    }
    let mut far = Far::called(&stage.last);
    stage.hears(stage.last.answer_with_sdp(200, FAR_SDP)).says("ACK");
    assert_eq!(stage.last.header("From"), from);
    stage.hears(far.request(Method::Bye)).says("200 BYE");
}

fn applied(stage: &Stage) -> usize {
    stage.asked.iter().filter(|it| matches!(it.2, cc_sdk::MediaRequest::Apply { .. })).count()
}

fn number(message: &Wire) -> u32 {
    message.message().cseq().expect("CSeq can be read").number
}

fn origin(message: &Wire) -> Vec<String> {
    let body = message.body();
    let line = body.lines().find_map(|line| line.strip_prefix("o="));
    line.expect("there is an origin").split(' ').map(str::to_owned).collect()
}

fn session(message: &Wire) -> String {
    origin(message)[1].clone()
}

fn version(message: &Wire) -> u64 {
    origin(message)[2].parse().expect("the version is a number")
}

/// An answer of one of several far sides.
fn fork(invite: &Wire, status: u16, tag: &str, sdp: &str) -> Wire {
    let mut response = invite.response(status);
    let to = [&invite.header("To"), ";tag=", tag].concat();
    response.headers.set("To", to);
    if !sdp.is_empty() {
        response.headers.push("Content-Type", "application/sdp");
        response.body = sdp.into();
    }
    Wire::of(&response)
}

/// A 200 with a Record-Route that ends in the middle.
fn unroutable(invite: &Wire) -> Wire {
    let mut taken = invite.response(200);
    taken.headers.push("Record-Route", "<sip:p1.example.com;lr");
    taken.headers.push("Content-Type", "application/sdp");
    taken.body = FAR_SDP.into();
    Wire::of(&taken)
}

fn redirection(invite: &Wire, contacts: &str) -> Wire {
    let mut response = invite.response(302);
    response.headers.set("Contact", contacts);
    Wire::of(&response)
}

fn challenge(invite: &Wire, status: u16) -> Wire {
    let mut response = invite.response(status);
    let header = if status == 401 { "WWW-Authenticate" } else { "Proxy-Authenticate" };
    let value = "Digest realm=\"example.com\", nonce=\"n1\", algorithm=SHA-256, qop=\"auth\"";
    response.headers.push(header, value);
    Wire::of(&response)
}
