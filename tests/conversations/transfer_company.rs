//! Three phones and a proxy: calls are passed on from one to another (RFC 5589).

use std::time::Duration;

use cc_sdk::api::{
    AcceptTransfers, CallId, CallState, Command, EndCause, EndedBy, TransferState as Step,
    TransferTo, UaEvent,
};

use proptest::prelude::*;

use crate::company::Company;

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;

fn company() -> Company {
    let mut company = Company::of(&["alice", "bob", "carol"]);
    for phone in &mut company.phones {
        phone.configures(|config| {
            config.calls_at_once = 2;
            config.accept_transfers = AcceptTransfers::Always;
        });
    }
    company
}

fn transfer(call: CallId, to: TransferTo) -> Command {
    Command::Transfer { call, to, headers: Vec::new(), progress: true }
}

fn to_carol(call: CallId) -> Command {
    transfer(call, TransferTo::Target("carol".into()))
}

/// The steps of the transfer that the page of one was told of.
fn steps(company: &Company, who: usize) -> Vec<Step> {
    let told = company.phones[who].told.iter();
    told.filter_map(|(_, event)| match event {
        UaEvent::CallTransfer { state, .. } => Some(*state),
        _ => None,
    })
    .collect()
}

const REPLACED: (EndedBy, EndCause) = (EndedBy::Local, EndCause::Replaced);

#[test]
fn alice_passes_bob_on_to_carol() {
    let mut company = company();
    let [alices, bobs] = company.connect(ALICE, BOB);
    company.does(ALICE, to_carol(alices));
    let (bobs_new, continued) = company.begun(BOB);
    assert_eq!(continued, Some(bobs));
    let (carols, continued) = company.begun(CAROL);
    assert_eq!(continued, None);
    company.does(CAROL, Command::Answer(carols));
    company.is(CAROL, carols, CallState::Connected);
    assert_eq!(
        steps(&company, ALICE),
        [Step::Requested, Step::Trying, Step::Ringing, Step::Accepted]
    );
    assert_eq!(company.end(ALICE, alices), REPLACED);
    company.is(BOB, bobs_new, CallState::Connected);
    assert_eq!(company.end(BOB, bobs), (EndedBy::Remote, EndCause::Replaced));
    company.does(CAROL, Command::Hangup(carols));
    assert_eq!(company.end(BOB, bobs_new), (EndedBy::Remote, EndCause::Hangup));
}

#[test]
fn alice_keeps_bob_where_carol_refuses() {
    let mut company = company();
    let [alices, bobs] = company.connect(ALICE, BOB);
    company.does(ALICE, to_carol(alices));
    let (bobs_new, _) = company.begun(BOB);
    let (carols, _) = company.begun(CAROL);
    company.does(CAROL, Command::Reject(carols, 486));
    assert_eq!(steps(&company, ALICE).last(), Some(&Step::Failed));
    assert_eq!(company.end(BOB, bobs_new), (EndedBy::Remote, EndCause::Busy));
    for (who, call) in [(ALICE, alices), (BOB, bobs)] {
        company.phones[who].tells_nothing_of_an_end();
        company.phones[who].tries(Command::Mute(call, true)).expect("the call is up");
    }
    company.does(ALICE, Command::Hangup(alices));
    assert_eq!(company.end(BOB, bobs), (EndedBy::Remote, EndCause::Hangup));
}

#[test]
fn alice_keeps_bob_where_nobody_is_called_so() {
    let mut company = company();
    let [alices, _] = company.connect(ALICE, BOB);
    company.does(ALICE, transfer(alices, TransferTo::Target("dave".into())));
    let failed = company.phones[ALICE]
        .tells_of(|event| matches!(event, UaEvent::CallTransfer { state: Step::Failed, .. }));
    let UaEvent::CallTransfer { sip_status, cause, .. } = failed else { unreachable!() };
    assert_eq!((sip_status, cause), (Some(404), Some(EndCause::NotFound)));
    company.phones[ALICE].tells_nothing_of_an_end();
}

/// Alice asks carol first; then bob and carol are connected, whichever of them is asked to call.
#[test]
fn alice_brings_bob_and_carol_together() {
    for is_bob_asked in [true, false] {
        let mut company = company();
        let [to_bob, bobs] = company.connect(ALICE, BOB);
        let [to_carol, carols] = company.connect(ALICE, CAROL);
        let (asked, other) = if is_bob_asked { (to_bob, to_carol) } else { (to_carol, to_bob) };
        let mut sides = [(BOB, bobs), (CAROL, carols)];
        if !is_bob_asked {
            sides.reverse();
        }
        let [(from, from_call), (to, to_call)] = sides;
        company.does(ALICE, transfer(asked, TransferTo::Call(other)));
        let (new, continued) = company.begun(from);
        assert_eq!(continued, Some(from_call));
        let (taken, continued) = company.begun(to);
        assert_eq!(continued, Some(to_call));
        company.is(to, taken, CallState::Connected);
        assert_eq!(company.end(to, to_call).1, EndCause::Replaced);
        company.is(from, new, CallState::Connected);
        assert_eq!(company.end(from, from_call).1, EndCause::Replaced);
        for call in [to_bob, to_carol] {
            let mut told = company.phones[ALICE].told.clone();
            assert_eq!(company.end(ALICE, call).1, EndCause::Replaced);
            std::mem::swap(&mut company.phones[ALICE].told, &mut told);
        }
        company.does(from, Command::Hangup(new));
        assert_eq!(company.end(to, taken), (EndedBy::Remote, EndCause::Hangup));
    }
}

#[test]
fn whoever_is_asked_may_refuse() {
    let mut company = company();
    company.phones[BOB].configures(|config| config.accept_transfers = AcceptTransfers::Ask);
    let [alices, bobs] = company.connect(ALICE, BOB);
    company.does(ALICE, to_carol(alices));
    let asked =
        company.phones[BOB].tells_of(|it| matches!(it, UaEvent::CallTransferRequest { .. }));
    let UaEvent::CallTransferRequest { number, uri, referred_by, .. } = asked else {
        unreachable!()
    };
    assert_eq!((number.as_str(), uri.as_str()), ("carol", "sip:carol@example.com"));
    assert_eq!(referred_by.as_deref(), Some("sip:alice@example.com"));
    company.does(BOB, Command::RefuseTransfer(bobs, 603));
    assert_eq!(steps(&company, ALICE).last(), Some(&Step::Failed));
    company.phones[ALICE].tells_nothing_of_an_end();
    assert!(company.phones[CAROL].told.is_empty());
}

/// What may happen between the three; calls are named by their place among those of a phone.
#[derive(Clone, Debug)]
enum Happening {
    Dials(usize, usize),
    Answers(usize, usize),
    Passes(usize, usize, usize),
    BringsTogether(usize, usize, usize),
    HangsUp(usize, usize),
    Carries(usize),
    CarriesAll,
    Waits(u64),
}

fn happening() -> impl Strategy<Value = Happening> {
    let (who, which) = (0..3_usize, 0..4_usize);
    let of = || (who.clone(), which.clone());
    prop_oneof![
        3 => (who.clone(), who.clone()).prop_map(|(from, to)| Happening::Dials(from, to)),
        4 => of().prop_map(|(who, which)| Happening::Answers(who, which)),
        3 => (of(), who.clone()).prop_map(|((who, which), to)| Happening::Passes(who, which, to)),
        3 => (of(), which.clone())
            .prop_map(|((who, which), other)| Happening::BringsTogether(who, which, other)),
        1 => of().prop_map(|(who, which)| Happening::HangsUp(who, which)),
        6 => (1..8_usize).prop_map(Happening::Carries),
        6 => Just(Happening::CarriesAll),
        2 => prop::sample::select(vec![10, 2_500, 25_000, 40_000]).prop_map(Happening::Waits),
    ]
}

/// The last calls of a phone, newest first.
fn calls(company: &Company, who: usize) -> Vec<CallId> {
    let begun = company.phones[who].told.iter().rev();
    begun
        .filter_map(|(_, event)| match event {
            UaEvent::Call { call, .. } => Some(CallId(*call)),
            _ => None,
        })
        .collect()
}

fn ended(company: &Company, who: usize) -> Vec<CallId> {
    let told = company.phones[who].told.iter();
    told.filter_map(|(_, event)| match event {
        UaEvent::CallState { call, state: CallState::Ended, .. } => Some(CallId(*call)),
        _ => None,
    })
    .collect()
}

fn happens(company: &mut Company, happening: &Happening) {
    let call = |company: &Company, who: usize, which: usize| {
        calls(company, who).get(which).copied().unwrap_or(CallId(0))
    };
    match *happening {
        Happening::Dials(from, to) => company.dials(from, to),
        Happening::Answers(who, which) => {
            let command = Command::Answer(call(company, who, which));
            company.tries(who, command);
        }
        Happening::Passes(who, which, to) => {
            let to = TransferTo::Target(["alice", "bob", "carol"][to].into());
            let command = transfer(call(company, who, which), to);
            company.tries(who, command);
        }
        Happening::BringsTogether(who, which, other) => {
            let to = TransferTo::Call(call(company, who, other));
            let command = transfer(call(company, who, which), to);
            company.tries(who, command);
        }
        Happening::HangsUp(who, which) => {
            let command = Command::Hangup(call(company, who, which));
            company.tries(who, command);
        }
        Happening::Carries(many) => (0..many).for_each(|_| company.carries_one()),
        Happening::CarriesAll => drop(company.talks()),
        Happening::Waits(ms) => {
            // Nothing is under way for longer than a transaction lives.
            if ms > 2_500 {
                company.talks();
            }
            for phone in &mut company.phones {
                phone.passes(Duration::from_millis(ms));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn however_calls_are_passed_around_each_ends_once_and_nothing_is_left(
        happenings in prop::collection::vec(happening(), 0..60)
    ) {
        let mut company = company();
        // Alice talks to both.
        let talks = [BOB, CAROL].into_iter().flat_map(|to| {
            use Happening::{Answers, CarriesAll, Dials};
            [Dials(ALICE, to), CarriesAll, Answers(to, 0), CarriesAll]
        });
        for happening in talks.chain(happenings) {
            happens(&mut company, &happening);
        }
        company.talks();
        for who in [ALICE, BOB, CAROL] {
            for call in calls(&company, who) {
                company.tries(who, Command::Hangup(call));
            }
            company.talks();
        }
        for _ in 0..8 {
            for phone in &mut company.phones {
                phone.passes(Duration::from_secs(40));
            }
            company.talks();
        }
        for who in [ALICE, BOB, CAROL] {
            let (mut begun, mut over) = (calls(&company, who), ended(&company, who));
            begun.sort_unstable();
            over.sort_unstable();
            prop_assert_eq!(begun, over);
        }
    }
}
