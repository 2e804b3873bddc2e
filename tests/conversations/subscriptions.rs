//! Subscriptions: SUBSCRIBE and NOTIFY of RFC 6665, and the packages of RFC 3842, RFC 4235 and
//! RFC 3863 that are read.

use std::time::Duration;

use cc_sdk::ApiMisuse;
use cc_sdk::api::{
    Ask, AskMethod, Command, ErrandId, LineStatus, Parsed, SubscriptionState, UaEvent,
};
use cc_sdk::sip::{Method, Request};

use crate::far::{Far, Wire, contact_uri, print};
use crate::stage::Stage;

const SECOND: Duration = Duration::from_secs(1);

fn subscribe(event: &str) -> Ask {
    Ask {
        method: AskMethod::Subscribe,
        target: "bob".into(),
        event: event.into(),
        ..Ask::default()
    }
}

/// The page subscribes, and the SUBSCRIBE leaves.
#[track_caller]
fn begins(stage: &mut Stage, ask: Ask) -> (ErrandId, Notifier) {
    let id = ErrandId(stage.agent.reserve_call().0);
    stage.does(Command::Ask(id, Box::new(ask)));
    stage.says("SUBSCRIBE");
    (id, Notifier::of(&stage.last))
}

/// As [`begins`]; the notifier grants ten minutes and tells its state.
#[track_caller]
fn runs(stage: &mut Stage, ask: Ask) -> (ErrandId, Notifier) {
    let (id, mut bob) = begins(stage, ask);
    stage.hears(bob.grants(&stage.last.clone(), 600));
    let notify = bob.notify("active;expires=600", "");
    stage.hears(notify).says("200 NOTIFY").forgets();
    (id, bob)
}

/// Who was asked by a SUBSCRIBE.
struct Notifier {
    far: Far,
    event: String,
}

impl Notifier {
    #[track_caller]
    fn of(subscribe: &Wire) -> Self {
        let mut far = Far::calling("sip:alice@example.com");
        far.call_id = subscribe.header("Call-ID");
        far.local = format!("{};tag=notifier", subscribe.header("To"));
        far.remote = subscribe.header("From");
        far.target = contact_uri(subscribe);
        Self { far, event: subscribe.header("Event") }
    }

    fn grants(&self, subscribe: &Wire, seconds: u32) -> Wire {
        let mut response = subscribe.response(200);
        let to = self.far.local.as_str();
        response.headers.set("To", to).push("Expires", seconds.to_string());
        response.headers.push("Contact", "<sip:bob@192.0.2.7:5060>");
        Wire::of(&response)
    }

    fn build(&mut self, state: &str) -> Request {
        let mut request = self.far.build(Method::Notify);
        request.headers.push("Event", self.event.as_str());
        request.headers.push("Subscription-State", state);
        request.headers.push("Contact", "<sip:bob@192.0.2.7:5060>");
        request
    }

    fn notify(&mut self, state: &str, body: &str) -> Wire {
        let mut request = self.build(state);
        if !body.is_empty() {
            request.headers.push("Content-Type", "text/plain");
            request.body = body.into();
        }
        print(&request)
    }

    fn tells(&mut self, content_type: &str, body: &str) -> Wire {
        let mut request = self.build("active");
        request.headers.push("Content-Type", content_type);
        request.body = body.into();
        print(&request)
    }
}

/// The next state that the page is told of, and the code of its reason.
#[track_caller]
fn becomes(stage: &mut Stage, id: ErrandId) -> (SubscriptionState, Option<String>) {
    let told = stage.tells_of(|it| matches!(it, UaEvent::Subscription { .. }));
    let UaEvent::Subscription { id: told, state, reason, .. } = told else { unreachable!() };
    assert_eq!(told, id.0);
    (state, reason.map(|reason| reason.code))
}

fn terminated(code: &str) -> (SubscriptionState, Option<String>) {
    (SubscriptionState::Terminated, Some(code.to_owned()))
}

fn pending(code: &str) -> (SubscriptionState, Option<String>) {
    (SubscriptionState::Pending, Some(code.to_owned()))
}

const ACTIVE: (SubscriptionState, Option<String>) = (SubscriptionState::Active, None);
const ENDED: (SubscriptionState, Option<String>) = (SubscriptionState::Terminated, None);

#[track_caller]
fn notified(stage: &mut Stage) -> (Option<u32>, String, Option<Parsed>) {
    let told = stage.tells_of(|it| matches!(it, UaEvent::Notified { .. }));
    let UaEvent::Notified { id, body, parsed, .. } = told else { unreachable!() };
    (id, body, parsed)
}

#[test]
fn a_subscription_is_asked_for_and_told() {
    let mut alice = Stage::registered();
    let ask = Ask {
        accept: Some("application/x-lamp".into()),
        expires: Some(900),
        headers: vec![("X-Floor".into(), "3".into())],
        ..subscribe("lamp;id=7")
    };
    let (id, mut bob) = begins(&mut alice, ask);
    for (header, value) in [
        ("Event", "lamp;id=7"),
        ("Expires", "900"),
        ("Accept", "application/x-lamp"),
        ("X-Floor", "3"),
    ] {
        assert_eq!(alice.last.header(header), value);
    }
    assert!(alice.last.find("Contact").is_some());
    assert_eq!(becomes(&mut alice, id), (SubscriptionState::Pending, None));
    let subscribe = alice.last.clone();
    alice.hears(bob.grants(&subscribe, 600)).tells_nothing();
    let notify = bob.tells("application/x-lamp", "on");
    alice.hears(notify).says("200 NOTIFY");
    assert_eq!(becomes(&mut alice, id), ACTIVE);
    assert_eq!(notified(&mut alice), (Some(id.0), "on".into(), None));
}

#[test]
fn a_notify_before_the_200_makes_the_dialog() {
    let mut alice = Stage::registered();
    let (id, mut bob) = begins(&mut alice, subscribe("lamp"));
    let subscribe = alice.last.clone();
    alice.hears(bob.notify("active;expires=100", "on")).says("200 NOTIFY");
    becomes(&mut alice, id);
    assert_eq!(becomes(&mut alice, id), ACTIVE);
    alice.hears(bob.grants(&subscribe, 100)).tells_of(|it| matches!(it, UaEvent::Notified { .. }));
    // The refresh goes inside that dialog.
    alice.passes_registered(86).says("SUBSCRIBE");
    assert!(alice.last.header("To").ends_with(";tag=notifier"));
    assert_eq!(alice.last.header("CSeq"), "2 SUBSCRIBE");
    assert_eq!(alice.last.message().request_uri(), Some("sip:bob@192.0.2.7:5060"));
}

#[test]
fn the_first_notifier_makes_the_dialog_and_others_are_answered_481() {
    let mut alice = Stage::registered();
    let (_, mut bob) = begins(&mut alice, subscribe("lamp"));
    let mut fork = Notifier::of(&alice.last);
    fork.far.local = fork.far.local.replace("notifier", "fork");
    alice.hears(bob.notify("active", "on")).says("200 NOTIFY").forgets();
    let mut request = fork.build("active");
    request.headers.set("Via", "SIP/2.0/WSS fork.example.com;branch=z9hG4bKfork");
    alice.hears(print(&request)).says("481").tells_nothing();
}

#[test]
fn a_subscription_is_refreshed_before_its_time_is_over() {
    let mut alice = Stage::registered();
    let (id, mut bob) = runs(&mut alice, subscribe("lamp"));
    alice.passes_registered(419).says_nothing().passes_registered(92).says("SUBSCRIBE");
    let refresh = alice.last.clone();
    alice.hears(bob.grants(&refresh, 600)).hears(bob.notify("active;expires=600", "on"));
    alice.says("200 NOTIFY");
    assert_eq!(notified(&mut alice).0, Some(id.0));
    alice.tells_nothing().passes_registered(512).says("SUBSCRIBE");
}

#[test]
fn a_shorter_time_in_a_notify_counts() {
    let mut alice = Stage::registered();
    let (_, mut bob) = runs(&mut alice, subscribe("lamp"));
    alice.hears(bob.notify("active;expires=60", "")).says("200 NOTIFY");
    alice.passes(52 * SECOND).says("SUBSCRIBE");
}

#[test]
fn a_lifetime_that_is_too_short_is_asked_for_longer() {
    let mut alice = Stage::registered();
    let (_, mut bob) = begins(&mut alice, Ask { expires: Some(30), ..subscribe("lamp") });
    let mut brief = alice.last.response(423);
    brief.headers.push("Min-Expires", "120");
    alice.hears(Wire::of(&brief)).says("SUBSCRIBE");
    assert_eq!(alice.last.header("Expires"), "120");
    let subscribe = alice.last.clone();
    alice.hears(bob.grants(&subscribe, 120)).hears(bob.notify("active", "")).says("200 NOTIFY");
}

#[test]
fn a_notifier_that_always_wants_longer_is_given_up() {
    let mut alice = Stage::registered();
    let (id, _) = begins(&mut alice, subscribe("lamp"));
    for least in 1..10 {
        let mut brief = alice.last.response(423);
        brief.headers.push("Min-Expires", (4000 + least).to_string());
        alice.hears(Wire::of(&brief));
        if alice.said.is_empty() {
            break;
        }
        alice.says("SUBSCRIBE");
    }
    becomes(&mut alice, id);
    assert_eq!(becomes(&mut alice, id), terminated("server-error"));
}

#[test]
fn an_event_that_is_not_known_ends_it() {
    for (status, code) in
        [(489, "not-supported"), (404, "not-found"), (403, "auth"), (603, "declined")]
    {
        let mut alice = Stage::registered();
        let (id, _) = begins(&mut alice, subscribe("lamp"));
        alice.hears_answer(status);
        becomes(&mut alice, id);
        assert_eq!(becomes(&mut alice, id), terminated(code));
        alice.passes_registered(4000);
        assert!(alice.said.iter().all(|said| said.what("SUBSCRIBE") != "SUBSCRIBE"));
        alice.refuses(Command::Refresh(id), ApiMisuse::SubscriptionGone);
        alice.does(Command::Withdraw(id)).tells_nothing();
    }
}

#[test]
fn a_notifier_that_is_busy_is_asked_again_when_it_says() {
    let mut alice = Stage::registered();
    let (id, _) = begins(&mut alice, subscribe("lamp"));
    let mut busy = alice.last.response(503);
    busy.headers.push("Retry-After", "20");
    let first = alice.last.header("Call-ID");
    alice.hears(Wire::of(&busy));
    becomes(&mut alice, id);
    assert_eq!(becomes(&mut alice, id), pending("server-error"));
    alice.passes(19 * SECOND).says_nothing().passes(2 * SECOND).says("SUBSCRIBE");
    assert_ne!(alice.last.header("Call-ID"), first);
}

#[test]
fn a_challenged_subscribe_goes_again_with_credentials() {
    let mut alice = Stage::registered();
    let (id, _) = begins(&mut alice, subscribe("lamp"));
    let mut challenge = alice.last.response(401);
    challenge.headers.push("WWW-Authenticate", "Digest realm=\"presence\", nonce=\"n1\"");
    alice.hears(Wire::of(&challenge)).says("SUBSCRIBE");
    assert!(alice.last.header("Authorization").contains("nonce=\"n1\""));
    assert_eq!(alice.last.header("CSeq"), "2 SUBSCRIBE");
    let mut bob = Notifier::of(&alice.last);
    let subscribe = alice.last.clone();
    alice.hears(bob.grants(&subscribe, 600)).hears(bob.notify("active", "")).says("200 NOTIFY");
    becomes(&mut alice, id);
    assert_eq!(becomes(&mut alice, id), ACTIVE);
}

#[test]
fn a_subscription_without_any_notify_has_failed() {
    let mut alice = Stage::registered();
    let (id, bob) = begins(&mut alice, subscribe("lamp"));
    let subscribe = alice.last.clone();
    alice.hears(bob.grants(&subscribe, 600)).passes(33 * SECOND);
    becomes(&mut alice, id);
    assert_eq!(becomes(&mut alice, id), terminated("timeout"));
}

#[test]
fn a_subscribe_that_nobody_answers_is_tried_again() {
    let mut alice = Stage::registered();
    let (id, _) = begins(&mut alice, subscribe("lamp"));
    alice.passes(33 * SECOND);
    becomes(&mut alice, id);
    assert_eq!(becomes(&mut alice, id), pending("timeout"));
    alice.passes(2 * SECOND).says("SUBSCRIBE");
}

#[test]
fn a_notifier_that_forgot_the_dialog_is_asked_anew() {
    let mut alice = Stage::registered();
    let (id, bob) = runs(&mut alice, subscribe("lamp"));
    alice.passes_registered(512).says("SUBSCRIBE").hears_answer(481).says("SUBSCRIBE");
    assert_ne!(alice.last.header("Call-ID"), bob.far.call_id);
    assert!(!alice.last.header("To").contains("tag="));
    becomes(&mut alice, id);
    let mut bob = Notifier::of(&alice.last);
    alice.hears(bob.notify("active", "on")).says("200 NOTIFY");
    assert_eq!(becomes(&mut alice, id), ACTIVE);
}

#[test]
fn a_refresh_that_fails_for_a_while_leaves_what_was_granted() {
    let mut alice = Stage::registered();
    let (id, mut bob) = runs(&mut alice, subscribe("lamp"));
    alice.passes_registered(512).says("SUBSCRIBE").hears_answer(500).tells_nothing();
    alice.hears(bob.notify("active", "still here")).says("200 NOTIFY");
    assert_eq!(notified(&mut alice).1, "still here");
    alice.passes(3 * SECOND).says("SUBSCRIBE");
    let refresh = alice.last.clone();
    alice.hears(bob.grants(&refresh, 600)).tells_nothing();
    // One that is never answered ends with its time, and is asked for anew.
    alice.passes_registered(512).says("SUBSCRIBE");
    alice.passes_registered(100);
    assert_eq!(becomes(&mut alice, id), pending("timeout"));
}

#[test]
fn the_reason_of_the_end_says_what_follows() {
    for (reason, state) in [
        ("rejected", terminated("declined")),
        ("noresource", terminated("not-found")),
        ("invariant", ENDED),
    ] {
        let mut alice = Stage::registered();
        let (id, mut bob) = runs(&mut alice, subscribe("lamp"));
        alice.hears(bob.notify(&format!("terminated;reason={reason}"), "last"));
        alice.says("200 NOTIFY").says_nothing();
        assert_eq!(notified(&mut alice).1, "last");
        assert_eq!(becomes(&mut alice, id), state, "{reason}");
        alice.passes_registered(4000);
        assert!(alice.said.iter().all(|said| said.what("SUBSCRIBE") != "SUBSCRIBE"));
    }
    for reason in ["deactivated", "timeout"] {
        let mut alice = Stage::registered();
        let (_, mut bob) = runs(&mut alice, subscribe("lamp"));
        alice.hears(bob.notify(&format!("terminated;reason={reason}"), "")).says("200 NOTIFY");
        alice.says("SUBSCRIBE");
        assert_ne!(alice.last.header("Call-ID"), bob.far.call_id);
    }
    for state in
        ["terminated;reason=probation;retry-after=30", "terminated;reason=giveup;retry-after=30"]
    {
        let mut alice = Stage::registered();
        let (id, mut bob) = runs(&mut alice, subscribe("lamp"));
        alice.hears(bob.notify(state, "")).says("200 NOTIFY").passes(29 * SECOND).says_nothing();
        assert_eq!(becomes(&mut alice, id), pending("server-error"));
        alice.passes(2 * SECOND).says("SUBSCRIBE");
    }
}

#[test]
fn a_notifier_that_ends_it_again_and_again_is_asked_ever_more_seldom() {
    let mut alice = Stage::registered();
    let (_, mut bob) = runs(&mut alice, subscribe("lamp"));
    let mut asked = 0;
    let end = alice.now + 120 * SECOND;
    while alice.now < end {
        if alice.said.iter().any(|said| said.what("SUBSCRIBE") == "SUBSCRIBE") {
            asked += 1;
            let at = alice.said.iter().position(|said| said.what("SUBSCRIBE") == "SUBSCRIBE");
            bob = Notifier::of(&alice.said[at.unwrap()]);
            alice.forgets();
            alice.hears(bob.notify("active", ""));
        }
        alice.hears(bob.notify("terminated;reason=deactivated", "")).passes(SECOND);
    }
    assert!((3..=8).contains(&asked), "asked {asked} times in two minutes");
}

#[test]
fn unsubscribing_waits_for_the_last_notify() {
    let mut alice = Stage::registered();
    let (id, mut bob) = runs(&mut alice, subscribe("lamp"));
    alice.does(Command::Withdraw(id)).says("SUBSCRIBE");
    assert_eq!(alice.last.header("Expires"), "0");
    assert!(alice.last.header("To").ends_with(";tag=notifier"));
    let last = alice.last.clone();
    alice.hears(bob.grants(&last, 0)).tells_nothing();
    alice.hears(bob.notify("terminated;reason=timeout", "off")).says("200 NOTIFY");
    assert_eq!(notified(&mut alice).1, "off");
    assert_eq!(becomes(&mut alice, id), ENDED);
    alice.says_nothing();
}

#[test]
fn unsubscribing_ends_even_if_the_notifier_says_nothing() {
    for status in [200, 481, 500] {
        let mut alice = Stage::registered();
        let (id, _) = runs(&mut alice, subscribe("lamp"));
        alice.does(Command::Withdraw(id)).says("SUBSCRIBE").hears_answer(status);
        alice.passes(33 * SECOND);
        assert_eq!(becomes(&mut alice, id), ENDED);
    }
}

#[test]
fn unsubscribing_before_the_first_notify_answers_it_481() {
    let mut alice = Stage::registered();
    let (id, mut bob) = begins(&mut alice, subscribe("lamp"));
    becomes(&mut alice, id);
    let subscribe = alice.last.clone();
    alice.does(Command::Withdraw(id)).says_nothing();
    assert_eq!(becomes(&mut alice, id), ENDED);
    alice.hears(bob.grants(&subscribe, 600)).hears(bob.notify("active", "on")).says("481");
    alice.tells_nothing();
}

#[test]
fn a_state_is_asked_for_once_with_a_lifetime_of_zero() {
    let mut alice = Stage::registered();
    let (id, mut bob) = begins(&mut alice, Ask { expires: Some(0), ..subscribe("lamp") });
    assert_eq!(alice.last.header("Expires"), "0");
    let subscribe = alice.last.clone();
    alice.hears(bob.grants(&subscribe, 0));
    alice.hears(bob.notify("terminated;reason=timeout", "on")).says("200 NOTIFY");
    assert_eq!(notified(&mut alice).1, "on");
    assert_eq!(becomes(&mut alice, id), ENDED);
    alice.says_nothing();
}

#[test]
fn the_page_may_ask_for_the_whole_state_again() {
    let mut alice = Stage::registered();
    let (id, bob) = runs(&mut alice, subscribe("lamp"));
    alice.does(Command::Refresh(id)).says("SUBSCRIBE");
    let refresh = alice.last.clone();
    // One is enough.
    alice.does(Command::Refresh(id)).says_nothing();
    alice.hears(bob.grants(&refresh, 600)).does(Command::Refresh(id)).says("SUBSCRIBE");
    alice.refuses(Command::Refresh(ErrandId(77)), ApiMisuse::SubscriptionGone);
}

#[test]
fn a_subscription_whose_connection_is_lost_is_asked_for_anew_after_the_registration() {
    let mut alice = Stage::registered();
    let (id, mut bob) = runs(&mut alice, subscribe("lamp"));
    alice.loses_link();
    assert_eq!(becomes(&mut alice, id), pending("network"));
    alice.passes(5 * SECOND).opens().says("REGISTER").says_nothing();
    alice.hears_answer(200).says("SUBSCRIBE");
    assert_ne!(alice.last.header("Call-ID"), bob.far.call_id);
    // What the notifier still says in the old dialog is nobody's.
    let mut anew = Notifier::of(&alice.last);
    alice.hears(bob.notify("active", "old")).says("481");
    alice.hears(anew.notify("active", "new")).says("200 NOTIFY");
    assert_eq!(notified(&mut alice).1, "new");
}

#[test]
fn a_wish_before_the_registration_waits_for_it() {
    let mut alice = Stage::new();
    let id = ErrandId(alice.agent.reserve_call().0);
    alice.does(Command::Ask(id, Box::new(subscribe("lamp")))).says_nothing();
    alice.passes(60 * SECOND);
    let account = cc_sdk::api::Credential::Account(Box::new(crate::stage::account()));
    alice.does(Command::Register(account)).opens().says("REGISTER").hears_answer(200);
    alice.says("SUBSCRIBE");
    assert_eq!(alice.last.message().request_uri(), Some("sip:bob@example.com"));
}

#[test]
fn shutdown_takes_leave_of_the_notifier() {
    let mut alice = Stage::registered();
    let (id, _) = runs(&mut alice, subscribe("lamp"));
    alice.does(Command::Shutdown).says("SUBSCRIBE");
    assert_eq!(alice.last.header("Expires"), "0");
    assert_eq!(becomes(&mut alice, id), ENDED);
}

#[test]
fn several_events_of_one_target_are_told_apart() {
    let mut alice = Stage::registered();
    let (dialogs, mut bob) = runs(&mut alice, subscribe("dialog"));
    let (presence, mut other) = runs(&mut alice, subscribe("presence"));
    alice.hears(bob.notify("active", "a")).says("200 NOTIFY");
    assert_eq!(notified(&mut alice).0, Some(dialogs.0));
    other.far.cseq += 50;
    alice.hears(other.notify("active", "b")).says("200 NOTIFY");
    assert_eq!(notified(&mut alice).0, Some(presence.0));
}

#[test]
fn a_notify_of_another_event_is_answered_489() {
    let mut alice = Stage::registered();
    let (_, mut bob) = runs(&mut alice, subscribe("lamp"));
    let mut request = bob.build("active");
    request.headers.set("Event", "door");
    alice.hears(print(&request)).says("489");
    assert_eq!(alice.last.header("Allow-Events"), "lamp");
    let mut request = bob.build("active");
    request.headers.remove_all("Event");
    alice.hears(print(&request)).says("489").tells_nothing();
}

#[test]
fn a_notify_that_is_old_or_of_another_type_is_refused() {
    let mut alice = Stage::registered();
    let ask = Ask { accept: Some("text/plain, text/x-lamp;level=1".into()), ..subscribe("lamp") };
    let (_, mut bob) = runs(&mut alice, ask);
    alice.hears(bob.tells("text/X-Lamp", "on")).says("200 NOTIFY").forgets();
    let strange = bob.tells("application/x-door", "open");
    alice.hears(strange).says("415").tells_nothing();
    assert_eq!(alice.last.header("Accept"), "text/plain, text/x-lamp;level=1");
    bob.far.cseq = 50;
    alice.hears(bob.notify("active", "late")).says("500").tells_nothing();
}

#[test]
fn other_requests_in_the_dialog_of_a_subscription_are_answered() {
    let mut alice = Stage::registered();
    let (_, mut bob) = runs(&mut alice, subscribe("lamp"));
    alice.hears(bob.far.request(Method::Options)).says("200 OPTIONS");
    alice.hears(bob.far.request(Method::Bye)).says("405");
    let mut required = bob.build("active");
    required.headers.push("Require", "eventlist");
    alice.hears(print(&required)).says("420");
}

#[test]
fn waiting_messages_are_read() {
    let mut alice = Stage::registered();
    let ask = Ask { target: String::new(), ..subscribe("message-summary") };
    let (_, mut bob) = begins(&mut alice, ask);
    assert_eq!(alice.last.message().request_uri(), Some("sip:alice@example.com"));
    assert_eq!(alice.last.header("Accept"), "application/simple-message-summary");
    let body = "Messages-Waiting: yes\r\nVoice-Message: 3/1 (1/0)\r\n";
    alice.hears(bob.tells("application/simple-message-summary", body)).says("200 NOTIFY");
    let (_, told, parsed) = notified(&mut alice);
    assert_eq!(told, body);
    let Some(Parsed::MessageSummary { waiting, messages, .. }) = parsed else {
        panic!("not read: {parsed:?}")
    };
    assert!(waiting);
    assert_eq!((messages[0].new, messages[0].old, messages[0].urgent_new), (3, 1, 1));
}

fn dialogs(version: u32, state: &str, dialogs: &str) -> String {
    format!(
        "<dialog-info version=\"{version}\" state=\"{state}\" entity=\"sip:bob@example.com\">\
         {dialogs}</dialog-info>"
    )
}

#[test]
fn dialogs_are_read_merged_and_asked_for_again_where_one_is_missing() {
    let mut alice = Stage::registered();
    let (_, mut bob) = runs(&mut alice, subscribe("dialog"));
    let kind = "application/dialog-info+xml";
    let lamp = |alice: &mut Stage| match notified(alice).2 {
        Some(Parsed::DialogInfo { status, .. }) => status,
        other => panic!("not read: {other:?}"),
    };
    let early = "<dialog id=\"a\" direction=\"recipient\"><state>early</state></dialog>";
    alice.hears(bob.tells(kind, &dialogs(0, "full", early))).says("200 NOTIFY");
    assert_eq!(lamp(&mut alice), LineStatus::Ringing);
    let confirmed = "<dialog id=\"a\"><state>confirmed</state></dialog>";
    alice.hears(bob.tells(kind, &dialogs(1, "partial", confirmed))).says("200 NOTIFY");
    assert_eq!(lamp(&mut alice), LineStatus::Busy);
    let over = "<dialog id=\"a\"><state>terminated</state></dialog>";
    alice.hears(bob.tells(kind, &dialogs(3, "partial", over))).says("200 NOTIFY");
    assert_eq!(lamp(&mut alice), LineStatus::Idle);
    alice.says("SUBSCRIBE");
    // What makes no sense is handed over as it is.
    alice.hears(bob.tells(kind, "<dialog-info")).says("200 NOTIFY");
    assert_eq!(notified(&mut alice).2, None);
}

#[test]
fn a_notifier_that_counts_in_a_strange_way_is_not_asked_all_the_time() {
    let mut alice = Stage::registered();
    let (_, mut bob) = runs(&mut alice, subscribe("dialog"));
    let mut asked = 0;
    for version in 1..50 {
        let document = dialogs(version * 10, "partial", "");
        alice.hears(bob.tells("application/dialog-info+xml", &document)).says("200 NOTIFY");
        if !alice.said.is_empty() {
            asked += 1;
            alice.says("SUBSCRIBE");
            let refresh = alice.last.clone();
            alice.hears(bob.grants(&refresh, 600));
        }
        alice.passes(SECOND);
    }
    assert_eq!(asked, 2);
}

#[test]
fn presence_is_read() {
    let mut alice = Stage::registered();
    let (_, mut bob) = runs(&mut alice, subscribe("presence"));
    let body = "<presence entity=\"sip:bob@example.com\"><tuple id=\"1\"><status>\
        <basic>open</basic></status><note>here</note></tuple></presence>";
    alice.hears(bob.tells("application/pidf+xml", body)).says("200 NOTIFY");
    let Some(Parsed::Presence { open, note, .. }) = notified(&mut alice).2 else {
        panic!("not read")
    };
    assert_eq!((open, note.as_deref()), (true, Some("here")));
}

#[test]
fn a_notify_that_nobody_asked_for_is_told() {
    let mut alice = Stage::registered();
    let mut request = alice.far().build(Method::Notify);
    request.headers.push("Content-Type", "application/simple-message-summary");
    request.body = "Messages-Waiting: yes\r\n".into();
    alice.hears(print(&request)).says("489").tells_nothing();
    request.headers.push("Event", "message-summary");
    request.headers.set("Via", "SIP/2.0/WSS proxy.example.com;branch=z9hG4bKunasked");
    alice.hears(print(&request)).says("200 NOTIFY");
    let told = alice.tells_of(|it| matches!(it, UaEvent::Notified { .. }));
    let UaEvent::Notified { id, event, uri, parsed, .. } = told else { unreachable!() };
    assert_eq!(
        (id, event.as_str(), uri.as_str()),
        (None, "message-summary", "sip:bob@example.com")
    );
    assert!(matches!(parsed, Some(Parsed::MessageSummary { waiting: true, .. })));
}
