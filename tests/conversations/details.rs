//! Details that no other conversation missed when mutation testing took them away.

use std::time::Duration;

use cc_sdk::account::Account;
use cc_sdk::api::{
    AccountId, Ask, AskMethod, CallId, CallState, Command, Credential, Dial, DigitTransport,
    EndCause, EndedBy, ErrandId, OneTimeToken, UaEvent,
};
use cc_sdk::sip::Method;
use cc_sdk::{
    ApiMisuse, CredentialReply, IceServer, Ids, Input, MediaEvent, MediaFailure, MediaReply,
    MediaRequest, Ticket,
};

use crate::far::Wire;
use crate::stage::{ALICE, CANDIDATE, FAR_SDP, SDP, Stage, account};

/// RFC 9562 §5.4: version 4, and the variant of that RFC.
#[test]
fn an_instance_is_named_by_a_random_uuid() {
    let mut ids = Ids::new([9; 32]);
    for _ in 0..64 {
        let uuid = ids.uuid();
        let parts: Vec<_> = uuid.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12], "{uuid}");
        assert_eq!(uuid.as_bytes()[14], b'4', "{uuid}");
        assert!(b"89ab".contains(&uuid.as_bytes()[19]), "{uuid}");
    }
    // Not all of one call are the same.
    assert_ne!(ids.uuid(), ids.uuid());
}

/// Moments in events are those of the driver's clock, in milliseconds.
#[test]
fn the_page_is_told_when_things_happened() {
    let mut stage = Stage::registered();
    let now = stage.now.since_epoch().as_millis();
    stage.hears(stage.far().invite(SDP));
    let event = stage.tells_of(|event| matches!(event, UaEvent::CallState { .. }));
    let UaEvent::CallState { state: CallState::Incoming, at, .. } = event else {
        panic!("{event:?}")
    };
    // In whole milliseconds an f64 is exact.
    assert_eq!(format!("{at}"), now.to_string());
}

/// RFC 6665 §4.1.2: what is asked for is what is read.
#[test]
fn a_subscription_accepts_the_documents_of_its_package() {
    for (event, accepted) in [
        ("message-summary", Some("application/simple-message-summary")),
        ("dialog", Some("application/dialog-info+xml")),
        ("dialog;sla", Some("application/dialog-info+xml")),
        ("presence", Some("application/pidf+xml")),
        ("lamp", None),
    ] {
        let mut stage = Stage::registered();
        let ask = Ask {
            method: AskMethod::Subscribe,
            target: "bob".into(),
            event: event.into(),
            ..Ask::default()
        };
        let id = ErrandId(stage.agent.reserve_call().0);
        stage.does(Command::Ask(id, Box::new(ask))).says("SUBSCRIBE");
        assert_eq!(stage.last.find("Accept").as_deref(), accepted, "{event}");
    }
}

/// Only a pick-up has no target of its own.
#[test]
fn a_token_does_not_stand_for_a_target() {
    for (target, pickup, refused) in [("", false, true), ("", true, false), ("a b@", false, true)] {
        let mut stage = Stage::registered();
        let call = stage.agent.reserve_call();
        let token = Some(OneTimeToken("t-1".into()));
        let dial = Dial { target: target.into(), token, pickup, ..Dial::default() };
        let answer = stage.tries(Command::Dial(call, dial));
        assert_eq!(answer.is_err(), refused, "{target:?} {pickup}: {answer:?}");
    }
}

/// A command for an account that nobody registered changes nothing.
#[test]
fn a_command_without_an_account_begins_none() {
    let mut stage = Stage::new();
    stage.about(AccountId(7));
    stage.refuses(Command::Answer(CallId(1)), ApiMisuse::CallGone(CallId(1)));
    stage.refuses(Command::Mute(CallId(1), true), ApiMisuse::CallGone(CallId(1)));
    stage.does(Command::Unregister).does(Command::Shutdown).does(Command::FinishWrapUp);
    assert_eq!(stage.agent.census().phones, 0);
}

/// RFC 3261 §10.2: headers of an account go with its requests.
#[test]
fn headers_of_an_account_go_with_register_and_invite() {
    let mut stage = Stage::new();
    let headers = vec![("X-Tenant".to_owned(), "blue".to_owned())];
    let mine = Account { headers, ..account() };
    stage.does(Command::Register(Credential::Account(Box::new(mine))));
    stage.opens().says("REGISTER");
    assert_eq!(stage.last.find("X-Tenant").as_deref(), Some("blue"));
    stage.hears_answer(200);
    stage.dials("9196");
    stage.says("INVITE");
    assert_eq!(stage.last.find("X-Tenant").as_deref(), Some("blue"));
}

/// A registrar and a proxy may have one realm and two nonces (RFC 3261 §22.3).
#[test]
fn a_server_and_a_proxy_of_one_realm_are_told_apart() {
    let mut stage = Stage::registered();
    stage.dials("9196");
    let mut refused = stage.says("INVITE").last.response(401);
    refused.headers.push("WWW-Authenticate", "Digest realm=\"r\", nonce=\"server\"");
    refused.headers.push("Proxy-Authenticate", "Digest realm=\"r\", nonce=\"proxy\"");
    stage.hears(Wire::of(&refused)).says("ACK").says("INVITE");
    assert!(stage.last.header("Authorization").contains("nonce=\"server\""));
    assert!(stage.last.header("Proxy-Authorization").contains("nonce=\"proxy\""));
}

/// A challenge of another scheme, or with what cannot stand in a header, is none.
#[test]
fn only_a_digest_is_answered_with_a_digest() {
    let mut stage = Stage::registered();
    stage.dials("9196");
    let mut refused = stage.says("INVITE").last.response(407);
    refused.headers.push("Proxy-Authenticate", "Basic realm=\"r\", nonce=\"x\"");
    stage.hears(Wire::of(&refused)).says("ACK").says_nothing();
}

/// What is printed for logs names things, and shows no secret.
#[test]
fn no_secret_is_in_what_logs_show() {
    let secret = "s3cret".to_owned();
    let server = IceServer {
        urls: vec!["turn:turn.example.com".into()],
        username: Some("alice".into()),
        credential: Some(secret.clone()),
    };
    let mine = Account { password: Some(secret.clone()), ..account() };
    for (shown, part) in [
        (format!("{server:?}"), "turn:turn.example.com"),
        (format!("{mine:?}"), "sip:alice@example.com"),
        (format!("{:?}", Credential::Token(secret.clone())), "Token"),
        (format!("{:?}", Credential::Account(Box::new(mine))), "sip:alice@example.com"),
        (format!("{:?}", OneTimeToken(secret.clone())), "OneTimeToken"),
    ] {
        assert!(shown.contains(part), "{shown}");
        assert!(!shown.contains(&secret), "{shown}");
    }
}

/// RFC 3261 §15.1.2: the answer to another request does not stand for that to the BYE.
#[test]
fn a_call_is_held_until_its_bye_is_answered() {
    let mut stage = Stage::registered();
    let call = stage.dials("9196");
    let invite = stage.says("INVITE").last.clone();
    stage.hears(invite.answer_with_sdp(200, FAR_SDP)).says("ACK");
    let message = ErrandId(stage.agent.reserve_call().0);
    let body = "hello".to_owned();
    let content_type = "text/plain".to_owned();
    stage.does(Command::SendCallMessage { call, id: message, body, content_type }).says("MESSAGE");
    let message = stage.last.clone();
    stage.does(Command::Hangup(call)).says("BYE");
    let bye = stage.last.clone();
    assert_eq!(bye.message().method(), Some(Method::Bye));
    stage.hears(message.answer(500));
    assert_eq!(stage.agent.census().calls, 1);
    stage.hears(bye.answer(200)).says_nothing();
    // The INVITE's own transaction lasts until no 2xx can be repeated.
    stage.passes(Duration::from_secs(33));
    assert_eq!(stage.agent.census().calls, 0);
}

/// RFC 3261 §22.2, §12.2.1.1: what is said again has a number of its own, and so has what follows.
#[test]
fn no_number_is_used_twice_after_a_challenge_within_a_call() {
    let mut stage = Stage::registered();
    let call = stage.dials("9196");
    let invite = stage.says("INVITE").last.clone();
    stage.hears(invite.answer_with_sdp(200, FAR_SDP)).says("ACK");
    let id = ErrandId(stage.agent.reserve_call().0);
    let content_type = "text/plain".to_owned();
    stage.does(Command::SendCallMessage { call, id, body: "hello".to_owned(), content_type });
    let number = |wire: &Wire| wire.message().cseq().unwrap().number;
    let first = number(&stage.says("MESSAGE").last);
    let mut refused = stage.last.response(407);
    let challenge = "Digest realm=\"example.com\", nonce=\"n\"";
    refused.headers.push("Proxy-Authenticate", challenge);
    stage.hears(Wire::of(&refused)).says("MESSAGE");
    let second = number(&stage.last);
    assert_eq!(second, first + 1);
    stage.hears_answer(200).does(Command::Hangup(call)).says("BYE");
    assert_eq!(number(&stage.last), second + 1);
}

/// A call that waited for an account ends for the reason for which there is none.
#[test]
fn a_call_that_waited_says_why_there_is_no_account() {
    for (status, cause) in [(401, EndCause::Auth), (503, EndCause::Network)] {
        let mut stage = Stage::new();
        stage.configures(|config| config.service = Some("https://cc.example.com".into()));
        stage.does(Command::Register(Credential::Token("app:seat:uuid".into())));
        stage.dials("9196");
        let (_, ticket, _) = stage.credentials.pop_front().expect("the token is exchanged");
        let refused = CredentialReply::Refused(status);
        stage.gives(Input::Credential(ALICE, ticket, refused)).passes(Duration::from_secs(11));
        let event = stage
            .tells_of(|event| matches!(event, UaEvent::CallState { state: CallState::Ended, .. }));
        let UaEvent::CallState { end_reason: Some(reason), .. } = event else {
            panic!("{event:?}")
        };
        assert_eq!((reason.by, reason.cause), (EndedBy::System, cause), "{status}");
    }
}

/// RFC 3261 §21.1: a call that is forwarded or queued does not ring.
#[test]
fn only_180_and_183_ring() {
    let mut stage = Stage::registered();
    stage.dials("9196");
    stage.says("INVITE");
    let ringing =
        |event: &UaEvent| matches!(event, UaEvent::CallState { state: CallState::Ringing, .. });
    for status in [100, 181, 182] {
        stage.hears_answer(status);
        assert!(!stage.told.iter().any(|(_, event)| ringing(event)), "{status}");
    }
    stage.hears_answer(183).tells_of(ringing);
}

/// A reply that comes too late, or to nobody, changes nothing.
#[test]
fn replies_of_media_to_other_requests_are_dropped() {
    let mut stage = Stage::registered();
    stage.media_by_hand();
    let call = stage.dials("9196");
    let open = stage.asks(|it| matches!(it, MediaRequest::Open { .. }));
    let offer = stage.asks(|it| matches!(it, MediaRequest::Offer { .. }));
    let sdp = [SDP, "a=", CANDIDATE, "\r\na=end-of-candidates\r\n"].concat();
    let stranger = Ticket(offer.1.0 + 1000);
    for reply in [MediaReply::Sdp(sdp.clone()), MediaReply::Failed(MediaFailure::Insecure)] {
        stage.replies((open.0, stranger), reply).says_nothing();
    }
    stage.replies(open, MediaReply::Done).replies(offer, MediaReply::Sdp(sdp));
    stage.peer_tells(open.0, MediaEvent::GatheringDone).says("INVITE");
    stage.hears(stage.last.answer_with_sdp(200, FAR_SDP)).says("ACK").forgets();
    stage.replies((open.0, stranger), MediaReply::Done);
    stage.does(Command::SendDigits(call, "5".into(), DigitTransport::Info)).says_nothing();
}

/// What the constructor of a peer connection would throw on is told before.
#[test]
fn ice_servers_are_checked_with_the_account() {
    let server = |url: &str, username: Option<&str>, credential: Option<&str>| IceServer {
        urls: vec![url.into()],
        username: username.map(str::to_owned),
        credential: credential.map(str::to_owned),
    };
    for (server, fits) in [
        (server("stun:s.example.com", None, None), true),
        (server("STUNS:s.example.com", None, None), true),
        (server("turn:t.example.com", Some("a"), Some("b")), true),
        (server("turns:t.example.com", Some("a"), Some("b")), true),
        (server("turn:t.example.com", None, None), false),
        (server("turn:t.example.com", Some("a"), None), false),
        (server("turn:t.example.com", None, Some("b")), false),
        (server("https://t.example.com", Some("a"), Some("b")), false),
        (IceServer { urls: Vec::new(), username: None, credential: None }, false),
    ] {
        let mine = Account { ice_servers: vec![server.clone()], ..account() };
        let answer = Stage::new().tries(Command::Register(Credential::Account(Box::new(mine))));
        let expected = if fits { Ok(()) } else { Err(ApiMisuse::BadAccount("iceServers")) };
        assert_eq!(answer, expected, "{server:?}");
    }
}
