//! What a page adds to the messages of a call, and which headers are the stack's (RFC 3326).

use cc_sdk::ApiMisuse;
use cc_sdk::api::{CallId, Command, Dial, EndCause, EndedBy, Words};
use cc_sdk::sip::Method;

use crate::call_play::*;
use crate::stage::{FAR_SDP, Stage};

fn with(headers: &[(&str, &str)], reason: Option<&str>, command: Command) -> Command {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let headers = headers.iter().map(own).collect();
    Command::With(Words { headers, reason: reason.map(str::to_owned) }, Box::new(command))
}

#[test]
fn headers_of_the_page_are_in_the_200_and_in_no_other_answer() {
    let mut stage = phone();
    let (id, mut far) = bob_calls(&mut stage);
    stage.does(with(&[("X-Agent", "7")], None, Command::Answer(id))).says("200");
    assert_eq!(stage.last.header("X-Agent"), "7");
    stage.hears(far.request(Method::Ack));
    stage.hears(far.invite(FAR_SDP)).says("200");
    assert_eq!(stage.last.find("X-Agent"), None);
}

#[test]
fn a_refusal_has_the_reason_phrase_and_headers_of_the_page() {
    let mut stage = phone();
    let (id, _) = bob_calls(&mut stage);
    let headers = [("Retry-After", "30"), ("X-Why", "lunch")];
    stage.does(with(&headers, Some("At Lunch"), Command::Reject(id, 480))).says("480");
    assert_eq!(stage.last.message().reason(), "At Lunch");
    assert_eq!(stage.last.header("Retry-After"), "30");
    assert_eq!(stage.last.header("X-Why"), "lunch");
    ends(&stage, EndedBy::Local, EndCause::RejectedHere);
}

#[test]
fn a_refusal_may_send_the_call_elsewhere() {
    let mut stage = phone();
    let (id, _) = bob_calls(&mut stage);
    let contact = [("Contact", "<sip:carol@example.com>")];
    let misuse = ApiMisuse::BadHeader("Contact".into());
    stage.refuses(with(&contact, None, Command::Reject(id, 486)), misuse);
    stage.does(with(&contact, None, Command::Reject(id, 302))).says("302");
    assert_eq!(stage.last.header("Contact"), "<sip:carol@example.com>");
}

#[test]
fn a_bye_says_why_in_the_words_of_the_page() {
    let mut stage = phone();
    let id = talks_to_bob(&mut stage).id;
    let headers = [("X-Survey", "yes")];
    stage.does(with(&headers, Some("the \"end\""), Command::Hangup(id))).says("BYE");
    let reason = stage.last.header("Reason");
    assert_eq!(reason, "Q.850;cause=16;text=\"the \\\"end\\\"\"");
    assert_eq!(stage.last.header("X-Survey"), "yes");
}

#[test]
fn a_cancel_says_why_too() {
    let mut stage = phone();
    let id = calls_bob(&mut stage);
    stage.hears_answer(180).does(with(&[], Some("changed my mind"), Command::Hangup(id)));
    stage.says("CANCEL");
    assert_eq!(stage.last.header("Reason"), "Q.850;cause=16;text=\"changed my mind\"");
}

#[test]
fn what_the_stack_owns_nobody_else_says_and_nothing_has_changed() {
    let owned = [
        "Via",
        "CSeq",
        "Record-Route",
        "Authorization",
        "Content-Type",
        "RSeq",
        "RAck",
        "Require",
        "Session-Expires",
        "Min-SE",
        "Replaces",
        "Join",
        "Refer-To",
        "Event",
        "Subscription-State",
        "To",
        "k",
        "",
        "X Odd",
        "Contact",
    ];
    let mut stage = phone();
    let (id, _) = bob_calls(&mut stage);
    for name in owned {
        let bad = || ApiMisuse::BadHeader(name.into());
        for command in [Command::Answer(id), Command::Reject(id, 480), Command::Hangup(id)] {
            stage.refuses(with(&[(name, "x")], None, command), bad());
        }
    }
    let line = with(&[("X-A", "a\r\nVia: b")], None, Command::Answer(id));
    stage.refuses(line, ApiMisuse::BadHeader("X-A".into()));
    let line = with(&[], Some("a\r\nVia: b"), Command::Reject(id, 480));
    stage.refuses(line, ApiMisuse::BadHeader("Reason".into()));
    stage.says_nothing().does(Command::Answer(id)).says("200");
}

#[test]
fn words_are_for_commands_of_calls_that_are_there() {
    let mut stage = phone();
    let gone = CallId(77);
    stage.refuses(with(&[], None, Command::Hangup(gone)), ApiMisuse::CallGone(gone));
    stage.does(with(&[], None, Command::FinishWrapUp)).says_nothing();
}

#[test]
fn headers_for_people_and_for_servers_behind_them_are_free() {
    let mut stage = phone();
    let free = [
        ("Subject", "rent"),
        ("Priority", "urgent"),
        ("Alert-Info", "<urn:alert:source:internal>"),
        ("Answer-Mode", "Auto"),
        ("P-Preferred-Identity", "<sip:sales@example.com>"),
        ("P-Asserted-Identity", "<sip:sales@example.com>"),
        ("Diversion", "<sip:x@example.com>"),
    ];
    let headers = free.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    dials(&mut stage, Dial { headers, ..Dial::default() });
    for (name, value) in free {
        assert_eq!(stage.last.header(name), value);
    }
}

#[test]
fn a_call_may_show_another_number_of_the_same_domain() {
    for (from, uri) in
        [("+1 (212) 555-0199", "sip:+12125550199@example.com"), ("sales", "sip:sales@example.com")]
    {
        let mut stage = phone();
        let display_name = Some("Sales".into());
        dials(&mut stage, Dial { from: Some(from.into()), display_name, ..Dial::default() });
        let message = stage.last.message();
        let told = message.from().expect("From can be read");
        assert_eq!((told.uri_text(), told.display_name().as_deref()), (uri, Some("Sales")));
    }
    for from in ["", "sip:eve@evil.example", "eve@evil.example", "a\r\nb", "a b c"] {
        let mut stage = phone();
        let call = stage.agent.reserve_call();
        let dial = Dial { target: "bob".into(), from: Some(from.into()), ..Dial::default() };
        stage.refuses(Command::Dial(call, dial), ApiMisuse::BadHeader("From".into()));
    }
}

fn dials(stage: &mut Stage, dial: Dial) {
    let call = stage.agent.reserve_call();
    stage.does(Command::Dial(call, Dial { target: "bob".into(), ..dial })).says("INVITE");
}
