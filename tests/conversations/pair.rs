//! Two phones with a wire between them: what one says the other hears, in order.

use std::collections::VecDeque;
use std::time::Duration;

use cc_sdk::account::Account;
use cc_sdk::api::{
    AutoAnswer, CallId, CallState, Command, Dial, DigitTransport, EndCause, EndedBy, UaEvent,
};
use proptest::prelude::*;

use crate::far::Wire;
use crate::stage::{Stage, account};

/// Alice and Bob. The wire carries only when it is told to, so that messages may cross.
struct Pair {
    phones: [Stage; 2],
    /// To Alice, to Bob.
    wire: [VecDeque<Wire>; 2],
    calls: [Vec<CallId>; 2],
    ended: [Vec<u32>; 2],
    /// What each was told last of its call: held by itself, by the other.
    held: [(bool, bool); 2],
}

const ALICE: usize = 0;
const BOB: usize = 1;

impl Pair {
    fn new() -> Self {
        let bob = Account { uri: "sip:bob@example.com".into(), display_name: None, ..account() };
        // Another seed, since two phones that draw the same numbers do not exist.
        let mut other = Stage::seeded(8);
        other.registers_as(bob);
        // Bob rings reliably, Alice does not.
        other.configures(|config| config.reliable_ringing = true);
        Self {
            phones: [Stage::registered(), other],
            wire: Default::default(),
            calls: Default::default(),
            ended: Default::default(),
            held: Default::default(),
        }
    }

    fn dials(&mut self, who: usize) -> Option<CallId> {
        let target = ["sip:bob@example.com", "sip:alice@example.com"][who];
        let call = self.phones[who].agent.reserve_call();
        let dial =
            Dial { target: target.into(), info: Some("order 42 ☎".into()), ..Dial::default() };
        let taken = self.phones[who].tries(Command::Dial(call, dial)).is_ok();
        self.collect();
        taken.then_some(call)
    }

    fn does(&mut self, who: usize, command: Command) -> bool {
        let taken = self.phones[who].tries(command).is_ok();
        self.collect();
        taken
    }

    /// Takes what was said onto the wire, and what was told into the memory.
    fn collect(&mut self) {
        for who in [ALICE, BOB] {
            let phone = &mut self.phones[who];
            self.wire[1 - who].extend(phone.said.drain(..));
            for (_, event) in phone.told.drain(..) {
                match event {
                    UaEvent::Call { call, .. } => {
                        self.calls[who].push(CallId(call));
                        self.held[who] = (false, false);
                    }
                    UaEvent::CallHeld { local, remote, .. } => self.held[who] = (local, remote),
                    UaEvent::CallState { call, state: CallState::Ended, .. } => {
                        assert!(!self.ended[who].contains(&call), "call {call} ends twice");
                        self.ended[who].push(call);
                    }
                    _ => {}
                }
            }
        }
    }

    /// One message arrives, if one is under way.
    fn carries(&mut self, to: usize) -> bool {
        let Some(message) = self.wire[to].pop_front() else { return false };
        self.phones[to].hears(message);
        self.collect();
        true
    }

    /// All that is under way arrives, and what is said to it.
    fn carries_all(&mut self) {
        for _ in 0..1000 {
            if !(self.carries(ALICE) | self.carries(BOB)) {
                return;
            }
        }
        panic!("they never stop talking");
    }

    fn passes(&mut self, time: Duration) {
        for phone in &mut self.phones {
            phone.passes(time);
        }
        self.collect();
    }

    fn is_up(&self, who: usize, call: CallId) -> bool {
        self.calls[who].contains(&call) && !self.ended[who].contains(&call.0)
    }
}

/// What the page of one of them was told last about this call's end.
fn end_of(phone: &mut Stage, call: CallId) -> (EndedBy, EndCause) {
    let event = phone.tells_of(|event| {
        matches!(event, UaEvent::CallState { call: of, state: CallState::Ended, .. } if *of == call.0)
    });
    let UaEvent::CallState { end_reason: Some(reason), .. } = event else {
        panic!("an end has a reason")
    };
    (reason.by, reason.cause)
}

/// What each is told when everything is carried at once.
fn carry_between(alice: &mut Stage, bob: &mut Stage) {
    while !alice.said.is_empty() || !bob.said.is_empty() {
        while let Some(message) = alice.said.pop_front() {
            bob.hears(message);
        }
        while let Some(message) = bob.said.pop_front() {
            alice.hears(message);
        }
    }
}

fn incoming(phone: &mut Stage) -> (CallId, Option<String>, Option<String>) {
    let event = phone.tells_of(|event| matches!(event, UaEvent::Call { .. }));
    let UaEvent::Call { call, display_name, info, .. } = event else { unreachable!() };
    (CallId(call), display_name, info)
}

#[test]
fn bob_takes_by_himself_what_alice_asks_him_to_and_hears_who_she_is() {
    let [mut alice, mut bob] = Pair::new().phones;
    bob.configures(|config| config.auto_answer = AutoAnswer::Asked);
    let call = alice.agent.reserve_call();
    let headers = vec![("Answer-Mode".into(), "Auto".into()), ("Subject".into(), "rent".into())];
    let from = Some("sales".into());
    let dial = Dial { target: "bob".into(), headers, from, ..Dial::default() };
    alice.does(Command::Dial(call, dial));
    carry_between(&mut alice, &mut bob);
    let told = bob.tells_of(|event| matches!(event, UaEvent::Call { .. }));
    let UaEvent::Call { caller, headers, number, .. } = told else { unreachable!() };
    assert_eq!((caller.auto_answer, number.as_str()), (Some(0), "sales"));
    assert!(headers.contains(&("Subject".to_owned(), "rent".to_owned())));
    bob.passes(Duration::from_millis(1));
    carry_between(&mut alice, &mut bob);
    for phone in [&mut alice, &mut bob] {
        phone.tells_of(|event| {
            matches!(event, UaEvent::CallState { state: CallState::Connected, .. })
        });
    }
}

#[test]
fn alice_calls_bob_they_talk_and_bob_hangs_up() {
    let [mut alice, mut bob] = Pair::new().phones;
    let call = alice.agent.reserve_call();
    let dial = Dial { target: "bob".into(), info: Some("order 42 ☎".into()), ..Dial::default() };
    alice.does(Command::Dial(call, dial));
    carry_between(&mut alice, &mut bob);
    let (theirs, name, info) = incoming(&mut bob);
    assert_eq!((name.as_deref(), info.as_deref()), (Some("Alice"), Some("order 42 ☎")));
    bob.does(Command::Answer(theirs));
    carry_between(&mut alice, &mut bob);
    for (phone, call) in [(&mut alice, call), (&mut bob, theirs)] {
        phone.tells_of(|event| {
            matches!(event, UaEvent::CallState { call: of, state: CallState::Connected, .. } if *of == call.0)
        });
    }
    alice.does(Command::SendDigits(call, "7".into(), DigitTransport::Info));
    carry_between(&mut alice, &mut bob);
    bob.tells_of(|event| matches!(event, UaEvent::CallDigit { digit, .. } if digit == "7"));
    bob.does(Command::SendCallMessage {
        call: theirs,
        id: cc_sdk::api::ErrandId(99),
        body: "hello ☎".into(),
        content_type: "text/plain".into(),
    });
    carry_between(&mut alice, &mut bob);
    alice.tells_of(|event| matches!(event, UaEvent::CallMessage { body, .. } if body == "hello ☎"));
    bob.does(Command::Hangup(theirs));
    carry_between(&mut alice, &mut bob);
    assert_eq!(end_of(&mut alice, call), (EndedBy::Remote, EndCause::Hangup));
    assert_eq!(end_of(&mut bob, theirs), (EndedBy::Local, EndCause::Hangup));
}

#[test]
fn alice_cancels_before_bob_answers() {
    let [mut alice, mut bob] = Pair::new().phones;
    let call = alice.dials("bob");
    carry_between(&mut alice, &mut bob);
    let (theirs, ..) = incoming(&mut bob);
    alice.does(Command::Hangup(call));
    carry_between(&mut alice, &mut bob);
    assert_eq!(end_of(&mut alice, call), (EndedBy::Local, EndCause::Cancelled));
    assert_eq!(end_of(&mut bob, theirs), (EndedBy::Remote, EndCause::Cancelled));
}

#[test]
fn alice_cancels_while_bob_s_answer_is_under_way() {
    let mut pair = Pair::new();
    let call = pair.dials(ALICE).expect("nothing forbids it");
    pair.carries_all();
    let theirs = pair.calls[BOB][0];
    assert!(pair.does(BOB, Command::Answer(theirs)));
    assert!(pair.does(ALICE, Command::Hangup(call)));
    pair.carries_all();
    assert_eq!((&pair.ended[ALICE], &pair.ended[BOB]), (&vec![call.0], &vec![theirs.0]));
}

#[test]
fn two_who_call_each_other_at_once_are_both_busy() {
    let mut pair = Pair::new();
    let hers = pair.dials(ALICE).expect("nothing forbids it");
    let his = pair.dials(BOB).expect("nothing forbids it");
    pair.carries_all();
    assert_eq!((&pair.ended[ALICE], &pair.ended[BOB]), (&vec![hers.0], &vec![his.0]));
}

/// What may happen between the two.
#[derive(Clone, Debug)]
enum Happening {
    Dials(usize),
    Answers(usize),
    Rejects(usize),
    HangsUp(usize),
    Digits(usize),
    Carries(usize),
    CarriesAll,
    Passes(u32),
}

fn happening() -> impl Strategy<Value = Happening> {
    let who = 0..2_usize;
    prop_oneof![
        3 => who.clone().prop_map(Happening::Dials),
        4 => who.clone().prop_map(Happening::Answers),
        1 => who.clone().prop_map(Happening::Rejects),
        2 => who.clone().prop_map(Happening::HangsUp),
        1 => who.clone().prop_map(Happening::Digits),
        12 => who.prop_map(Happening::Carries),
        3 => Just(Happening::CarriesAll),
        3 => prop::sample::select(vec![10, 600, 2_500, 40_000]).prop_map(Happening::Passes),
    ]
}

/// Alice and Bob, who talk: the ids of their calls.
fn talking() -> (Pair, [CallId; 2]) {
    let mut pair = Pair::new();
    let hers = pair.dials(ALICE).expect("nothing forbids it");
    pair.carries_all();
    let his = pair.calls[BOB][0];
    assert!(pair.does(BOB, Command::Answer(his)));
    pair.carries_all();
    (pair, [hers, his])
}

/// Everything is carried at once until both have what they wish.
fn calm(pair: &mut Pair) {
    for _ in 0..40 {
        pair.carries_all();
        pair.passes(Duration::from_millis(500));
    }
    pair.carries_all();
}

#[test]
fn two_who_hold_at_once_both_hold() {
    let (mut pair, calls) = talking();
    for held in [true, false] {
        for who in [ALICE, BOB] {
            assert!(pair.does(who, Command::Hold(calls[who], held)));
        }
        calm(&mut pair);
        assert_eq!(pair.held, [(held, held); 2]);
    }
}

#[test]
fn a_call_between_two_lives_on_its_refreshes() {
    let (mut pair, calls) = talking();
    for _ in 0..50 {
        pair.passes(Duration::from_secs(10));
        pair.carries_all();
    }
    assert!(pair.is_up(ALICE, calls[ALICE]) && pair.is_up(BOB, calls[BOB]));
    // Who is gone without a word is noticed.
    for _ in 0..10 {
        pair.passes(Duration::from_secs(10));
        pair.wire = Default::default();
    }
    assert_eq!((&pair.ended[ALICE], &pair.ended[BOB]), (&vec![calls[0].0], &vec![calls[1].0]));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whoever_holds_whenever_both_see_the_same_in_the_end(
        steps in prop::collection::vec((0..2_usize, 0..6_u8), 0..30)
    ) {
        let (mut pair, calls) = talking();
        let mut wishes = [false; 2];
        for (who, step) in steps {
            match step {
                0 | 1 => {
                    wishes[who] = step == 0;
                    pair.does(who, Command::Hold(calls[who], wishes[who]));
                }
                2 => {
                    let call = calls[who];
                    pair.does(who, Command::Renegotiate { call, ice_restart: true });
                }
                3 => pair.passes(Duration::from_millis(700)),
                _ => drop(pair.carries(who)),
            }
        }
        calm(&mut pair);
        let [hers, his] = wishes;
        prop_assert_eq!(pair.held, [(hers, his), (his, hers)]);
    }

    #[test]
    fn when_all_is_carried_both_see_the_same_call_or_none(
        happenings in prop::collection::vec(happening(), 0..40)
    ) {
        let mut pair = Pair::new();
        for happening in happenings {
            let last = |who: usize| pair.calls[who].last().copied().unwrap_or(CallId(0));
            match happening {
                Happening::Dials(who) => drop(pair.dials(who)),
                Happening::Answers(who) => drop(pair.does(who, Command::Answer(last(who)))),
                Happening::Rejects(who) => drop(pair.does(who, Command::Reject(last(who), 486))),
                Happening::HangsUp(who) => drop(pair.does(who, Command::Hangup(last(who)))),
                Happening::Digits(who) => {
                    let digits = Command::SendDigits(last(who), "1".into(), DigitTransport::Info);
                    pair.does(who, digits);
                }
                Happening::Carries(to) => drop(pair.carries(to)),
                Happening::CarriesAll => pair.carries_all(),
                Happening::Passes(ms) => {
                    // Nothing is under way for longer than a transaction lives.
                    if ms > 600 {
                        pair.carries_all();
                    }
                    pair.passes(Duration::from_millis(ms.into()));
                }
            }
        }
        pair.carries_all();
        let up = [ALICE, BOB].map(|who| {
            pair.calls[who].iter().filter(|call| pair.is_up(who, **call)).count()
        });
        prop_assert_eq!(up[ALICE], up[BOB]);
        for who in [ALICE, BOB] {
            for call in pair.calls[who].clone() {
                pair.does(who, Command::Hangup(call));
            }
        }
        pair.carries_all();
        for who in [ALICE, BOB] {
            prop_assert_eq!(pair.calls[who].len(), pair.ended[who].len());
        }
    }
}
