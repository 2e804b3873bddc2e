//! Who calls and how the call came: RFC 3323, RFC 3325, RFC 5806, RFC 7044, RFC 7433; calls that
//! the phone takes by itself: RFC 5373 and its forerunners.

use std::time::Duration;

use cc_sdk::api::{
    AutoAnswer, CallId, CallInfo, CallState, Caller, Command, EndCause, EndedBy, Party, UaEvent,
    Verified,
};
use cc_sdk::sip::Method;
use cc_sdk::{MediaFailure, MediaReply, MediaRequest};

use crate::call_play::*;
use crate::far::Far;
use crate::stage::{FAR_SDP, Stage};

const SECOND: Duration = Duration::from_secs(1);

/// Bob's INVITE with these headers arrives.
fn hears_invite(stage: &mut Stage, headers: &[(&str, &str)]) -> Far {
    let mut far = stage.far();
    let mut invite = far.build(Method::Invite);
    for (name, value) in headers {
        match *name {
            "From" => invite.headers.set(name, *value),
            _ => invite.headers.push(name, *value),
        };
    }
    invite.headers.push("Content-Type", "application/sdp");
    invite.body = FAR_SDP.into();
    stage.hears(crate::far::print(&invite));
    far
}

/// What the page is told of a call with these headers.
fn told(headers: &[(&str, &str)]) -> Caller {
    let mut stage = phone();
    hears_invite(&mut stage, headers);
    stage.says("180");
    match stage.tells_of(|it| matches!(it, UaEvent::Call { .. })) {
        UaEvent::Call { caller, .. } => *caller,
        _ => unreachable!("it fitted"),
    }
}

fn party(uri: &str, number: &str, name: Option<&str>, reason: Option<&str>) -> Party {
    let own = |text: Option<&str>| text.map(str::to_owned);
    let (display_name, reason) = (own(name), own(reason));
    Party { uri: uri.into(), number: number.into(), display_name, reason }
}

#[test]
fn a_call_that_says_nothing_more_has_no_facts() {
    assert_eq!(told(&[]), Caller::default());
}

#[test]
fn the_server_says_who_it_is() {
    let caller = told(&[(
        "P-Asserted-Identity",
        "\"Bob B.\" <sip:+12125550123@example.com;user=phone>, <tel:+12125550123>",
    )]);
    let uri = "sip:+12125550123@example.com;user=phone";
    assert_eq!(caller.asserted, Some(party(uri, "+12125550123", Some("Bob B."), None)));
    assert_eq!(told(&[("P-Asserted-Identity", "nonsense<")]).asserted, None);
}

#[test]
fn what_the_server_found_out_about_the_signature_is_told() {
    use Verified::{Failed, None as Unsigned, Passed};
    for (header, value, verified) in [
        ("P-Asserted-Identity", "<sip:+1201;verstat=TN-Validation-Passed@example.com>", Passed),
        ("P-Asserted-Identity", "<tel:+1201;verstat=TN-Validation-Passed-A>", Passed),
        ("P-Asserted-Identity", "<sip:1@example.com;verstat=TN-Validation-Failed>", Failed),
        ("From", "<sip:1;verstat=No-TN-Validation@example.com>;tag=bob", Unsigned),
        ("From", "<sip:1@example.com>;tag=bob;verstat=TN-Validation-Failed", Failed),
    ] {
        assert_eq!(told(&[(header, value)]).verified, Some(verified), "{value}");
    }
    // The server's word counts for more than what came with From.
    let both = [
        ("From", "<sip:1@example.com>;tag=bob;verstat=TN-Validation-Passed"),
        ("P-Asserted-Identity", "<sip:1;verstat=TN-Validation-Failed@example.com>"),
    ];
    assert_eq!(told(&both).verified, Some(Failed));
}

#[test]
fn a_caller_that_hides_is_told_of() {
    for (header, value) in [
        ("Privacy", "id"),
        ("Privacy", "session; ID"),
        ("Privacy", "user;critical"),
        ("From", "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=bob"),
    ] {
        assert!(told(&[(header, value)]).private, "{value}");
    }
    assert!(!told(&[("Privacy", "none")]).private);
}

#[test]
fn diversions_are_told_the_last_one_first() {
    let diverted = "\"Desk\" <sip:20@example.com>;reason=No-Answer;counter=1, \
                    <tel:+12125550100>;reason=unconditional";
    assert_eq!(
        told(&[("Diversion", diverted), ("History-Info", "<sip:x@example.com>;index=1")]).diversion,
        [
            party("sip:20@example.com", "20", Some("Desk"), Some("no-answer")),
            party("tel:+12125550100", "+12125550100", None, Some("unconditional")),
        ]
    );
    let history = [
        ("History-Info", "<sip:sales@example.com?Reason=SIP%3Bcause%3D302>;index=1"),
        (
            "History-Info",
            "<sip:20@example.com?Reason=SIP%3Bcause%3D486%3Btext%3D%22Busy%22>;index=1.1",
        ),
        ("History-Info", "<sip:alice@example.com>;index=1.1.1"),
    ];
    assert_eq!(
        told(&history).diversion,
        [
            party("sip:20@example.com", "20", None, Some("user-busy")),
            party("sip:sales@example.com", "sales", None, Some("unconditional")),
        ]
    );
    let endless = ["<sip:1@example.com>"; 100].join(", ");
    assert_eq!(told(&[("Diversion", &endless)]).diversion.len(), 10);
}

#[test]
fn call_info_is_told_and_alert_info_subject_and_priority_are_headers() {
    let mut stage = phone();
    let given = [
        ("Call-Info", "<https://example.com/bob.png>;purpose=icon, <https://example.com/bob>"),
        ("Alert-Info", "<urn:alert:source:external>"),
        ("Priority", "urgent"),
        ("s", "rent"),
    ];
    hears_invite(&mut stage, &given);
    let told = stage.tells_of(|it| matches!(it, UaEvent::Call { .. }));
    let UaEvent::Call { caller, headers, .. } = told else { unreachable!() };
    let info = |uri: &str, purpose: Option<&str>| CallInfo {
        uri: uri.into(),
        purpose: purpose.map(str::to_owned),
    };
    assert_eq!(
        caller.call_info,
        [info("https://example.com/bob.png", Some("icon")), info("https://example.com/bob", None)]
    );
    for (name, value) in [&given[1..3], &[("Subject", "rent")]].concat() {
        assert!(headers.contains(&(name.to_owned(), value.to_owned())), "{name}");
    }
}

#[test]
fn of_several_user_to_user_the_first_that_can_be_read_is_the_info() {
    let mut stage = phone();
    hears_invite(&mut stage, &[("User-to-User", "zz;encoding=ascii, 4a6f;purpose=x;encoding=hex")]);
    let told = stage.tells_of(|it| matches!(it, UaEvent::Call { .. }));
    assert!(matches!(told, UaEvent::Call { info: Some(info), .. } if info == "Jo"));
}

/// A phone that takes calls by itself in this way.
fn phone_that(wish: AutoAnswer) -> Stage {
    let mut stage = phone();
    stage.configures(|config| config.auto_answer = wish);
    stage
}

#[test]
fn it_takes_calls_by_itself_that_ask_for_it_if_that_is_allowed() {
    for (header, value, seconds) in [
        ("Answer-Mode", "Auto", 0),
        ("Answer-Mode", "auto;require", 0),
        ("Priv-Answer-Mode", "Auto", 0),
        ("Call-Info", "<sip:example.com>;answer-after=3", 3),
        ("Call-Info", "<sip:example.com>\\;answer-after=0", 0),
        ("Alert-Info", "<http://www.notused.com>;info=alert-autoanswer;delay=2", 2),
        ("Alert-Info", ";info=alert-autoanswer", 0),
    ] {
        let mut stage = phone_that(AutoAnswer::Asked);
        let mut far = hears_invite(&mut stage, &[(header, value)]);
        stage.says("180");
        far.learns(&stage.last);
        let told = stage.tells_of(|it| matches!(it, UaEvent::Call { .. }));
        let UaEvent::Call { caller, .. } = told else { unreachable!() };
        assert_eq!(caller.auto_answer, Some(seconds), "{value}");
        tells_state(&mut stage, CallState::Incoming);
        if seconds > 0 {
            stage.passes(SECOND / 10 * (10 * seconds - 1)).says_nothing();
        }
        stage.passes(SECOND / 10).says("200");
        assert_eq!(stage.last.header("Answer-Mode"), "Auto");
        tells_state(&mut stage, CallState::Answering);
        stage.hears(far.request(Method::Ack));
        tells_state(&mut stage, CallState::Connected);
        stage.passes(300 * SECOND);
        assert!(!stage.said.iter().any(|it| it.what("") == "200"));
    }
}

#[test]
fn no_call_is_taken_by_itself_unless_that_is_allowed() {
    for (header, value) in [
        ("Answer-Mode", "Auto"),
        ("Priv-Answer-Mode", "Auto"),
        ("Call-Info", "<sip:example.com>;answer-after=0"),
        ("Alert-Info", "<x:y>;info=alert-autoanswer"),
    ] {
        let mut stage = phone();
        hears_invite(&mut stage, &[(header, value)]);
        stage.says("180").passes(50 * SECOND).says_nothing();
    }
}

#[test]
fn a_caller_that_insists_where_it_is_not_allowed_is_refused() {
    for header in ["Answer-Mode", "Priv-Answer-Mode"] {
        let mut stage = phone();
        hears_invite(&mut stage, &[(header, "Auto;require")]);
        stage.says("403").tells_nothing();
    }
    let mut stage = phone();
    hears_invite(&mut stage, &[("Answer-Mode", "Manual;require")]);
    stage.says("180");
}

#[test]
fn every_call_may_be_taken_by_itself_but_not_one_that_asks_for_a_person() {
    let mut stage = phone_that(AutoAnswer::After(2));
    hears_invite(&mut stage, &[]);
    stage.says("180").passes(SECOND).says_nothing().passes(SECOND).says("200");
    let mut stage = phone_that(AutoAnswer::After(0));
    hears_invite(&mut stage, &[("Answer-Mode", "Manual")]);
    stage.says("180").passes(SECOND).says_nothing();
    let mut stage = phone_that(AutoAnswer::Asked);
    hears_invite(&mut stage, &[]);
    stage.says("180").passes(SECOND).says_nothing();
}

#[test]
fn nobody_is_let_in_while_another_call_is_up() {
    let mut stage = phone();
    stage.configures(|config| {
        config.auto_answer = AutoAnswer::After(0);
        config.calls_at_once = 2;
    });
    talks_to_bob(&mut stage);
    let mut carol = Far::carol("sip:alice@example.com");
    stage.hears(carol.invite(FAR_SDP)).says("180").passes(SECOND).says_nothing();
}

#[test]
fn a_person_may_be_quicker_and_a_caller_may_cancel() {
    let mut stage = phone_that(AutoAnswer::After(5));
    hears_invite(&mut stage, &[]);
    let id = ringing(&mut stage);
    stage.does(Command::Answer(id)).says("180").says("200");
    assert_eq!(stage.last.find("Answer-Mode"), None);
    let mut stage = phone_that(AutoAnswer::After(5));
    let (_, mut far) = bob_calls_to_be_cancelled(&mut stage);
    stage.hears(far.request(Method::Cancel)).says("200 CANCEL").says("487");
    ends(&stage, EndedBy::Remote, EndCause::Cancelled);
    stage.hears(far.ack_of_refusal()).passes(40 * SECOND).says_nothing();
}

#[test]
fn a_call_taken_by_itself_rings_on_without_a_microphone() {
    let mut stage = phone_that(AutoAnswer::After(1));
    stage.media_by_hand();
    hears_invite(&mut stage, &[]);
    let id: CallId = ringing(&mut stage);
    stage.says("180").passes(SECOND);
    let open = stage.asks(|it| matches!(it, MediaRequest::Open { .. }));
    stage.replies(open, MediaReply::Failed(MediaFailure::MicrophoneDenied));
    stage.forgets().passes(30 * SECOND).says_nothing();
    assert!(stage.asked.is_empty(), "it asks once only");
    stage.does(Command::Answer(id));
    stage.asks(|it| matches!(it, MediaRequest::Open { .. }));
}
