//! Several phones on one page: one agent, and each its own account, flow, calls and end.

use cc_sdk::account::Account;
use cc_sdk::api::{AccountId, CallId, CallState, Command, RegistrationState, UaEvent};
use cc_sdk::{FlowId, LinkRequest};

use crate::far::Wire;
use crate::registration::SECOND;
use crate::stage::{ALICE, FAR_SDP, Stage, account};

const BOB: AccountId = AccountId(2);

/// A page with Alice and Bob, both registered, and the flow of each.
fn page() -> (Stage, FlowId, FlowId) {
    let mut page = Stage::registered();
    let alice = page.flow;
    page.about(BOB).registers_as(Account { uri: "sip:bob@example.com".into(), ..account() });
    let bob = page.flow;
    (page, alice, bob)
}

/// What was said last, as a proxy between the two passes it on to this flow.
#[track_caller]
fn passes_on(page: &mut Stage, to: FlowId) {
    let message = page.last.message();
    let bytes = if let Some(mut request) = message.to_request() {
        let branch = message.cseq().expect("a request has a number").number;
        let via =
            format!("SIP/2.0/WSS proxy.example.com;branch=z9hG4bKp{}{branch}", request.method);
        request.headers.push_front("Via", via);
        request.to_bytes()
    } else {
        let mut response = message.to_response().expect("what is no request answers one");
        response.headers.remove_first("Via");
        response.to_bytes()
    };
    page.flow = to;
    page.hears(bytes.expect("what was read can be printed"));
}

/// The states of calls that each account was told, in order.
fn states(page: &Stage, of: AccountId) -> Vec<CallState> {
    let told = page.told.iter().filter(|(account, _)| *account == of);
    told.filter_map(|(_, event)| match event {
        UaEvent::CallState { state, .. } => Some(*state),
        _ => None,
    })
    .collect()
}

#[test]
fn two_phones_of_one_page_call_each_other_and_each_call_ends_once() {
    let (mut page, alice, bob) = page();
    let call = page.about(ALICE).dials("bob");
    page.says_on(alice, "INVITE");
    passes_on(&mut page, bob);
    page.says_on(bob, "180");
    let told = page.told.iter().find_map(|(account, event)| match event {
        UaEvent::Call { call, .. } if *account == BOB => Some(CallId(*call)),
        _ => None,
    });
    let incoming = told.expect("Bob's phone rings");
    assert_ne!(call, incoming);
    passes_on(&mut page, alice);
    page.about(BOB).does(Command::Answer(incoming)).says_on(bob, "200");
    passes_on(&mut page, alice);
    page.says_on(alice, "ACK");
    passes_on(&mut page, bob);
    page.about(ALICE).does(Command::Hangup(call)).says_on(alice, "BYE");
    passes_on(&mut page, bob);
    page.says_on(bob, "200");
    passes_on(&mut page, alice);
    for (who, expected) in [
        (ALICE, [CallState::Calling, CallState::Ringing, CallState::Connected, CallState::Ended]),
        (BOB, [CallState::Incoming, CallState::Answering, CallState::Connected, CallState::Ended]),
    ] {
        assert_eq!(states(&page, who), expected, "{who:?}");
    }
    page.says_nothing();
}

#[test]
fn each_phone_has_its_own_call_limit_seat_and_instance() {
    let (mut page, alice, bob) = page();
    page.about(ALICE).dials("9196");
    page.says_on(alice, "INVITE");
    page.about(BOB).dials("9196");
    page.says_on(bob, "INVITE");
    let answer = page.last.answer_with_sdp(200, FAR_SDP);
    page.hears(answer).says_on(bob, "ACK");
    assert!(!states(&page, ALICE).contains(&CallState::Connected));
    assert!(states(&page, BOB).contains(&CallState::Connected));
}

#[test]
fn one_phone_goes_and_the_other_stays() {
    let (mut page, alice, bob) = page();
    page.about(ALICE).does(Command::Shutdown).says_on(alice, "REGISTER");
    page.flow = alice;
    let taken_back: Wire = page.last.answer(200);
    page.hears(taken_back);
    assert!(page.linked.contains(&(alice, LinkRequest::Close)));
    assert!(!page.linked.contains(&(bob, LinkRequest::Close)));
    let bobs = page.told.iter().filter(|(account, _)| *account == BOB);
    assert!(bobs.filter(|(_, event)| is_registration(event)).count() == 0);
    page.passes(SECOND).about(BOB).dials("9196");
    page.says_on(bob, "INVITE");
}

fn is_registration(event: &UaEvent) -> bool {
    matches!(event, UaEvent::Registration { state, .. } if *state != RegistrationState::Registered)
}
