//! Random calls, as `examples/simulate` plays them by the hundred thousand; and that one call leaves
//! as much behind as ten thousand.

#![cfg(not(target_arch = "wasm32"))]

use cc_sdk::testing::{Chance, Fault, Faults, Plan, Simulation, play};

/// As many as a test may take. The seed is fixed: a new one is tried with the example.
const CALLS: u64 = 2_000;

#[test]
fn of_two_thousand_random_calls_nothing_is_left() {
    let mut chance = Chance::new(42);
    let mut calls = 0;
    while calls < CALLS {
        let happenings = 5 + u32::try_from(chance.below(40)).expect("it is small");
        let plan = Plan { seed: chance.bits(), happenings, trace: false, whole: false };
        let outcome = play(&plan);
        assert!(outcome.violations.is_empty(), "{plan:?}: {:#?}", outcome.violations);
        calls += outcome.calls;
    }
}

#[test]
fn the_same_seed_plays_the_same_run() {
    let ladder = |seed| {
        let plan = Plan { seed, happenings: 30, trace: true, whole: true };
        play(&plan).simulation.trace().to_string()
    };
    assert_eq!(ladder(7), ladder(7));
    assert_ne!(ladder(7), ladder(8));
}

#[test]
fn a_frozen_connection_is_found_out_and_the_phone_is_back() {
    let mut sim = Simulation::new(3);
    sim.keep_trace(false);
    let alice = sim.phone("alice");
    sim.passes(std::time::Duration::from_secs(1)).inject(Fault::Freeze(alice));
    sim.passes(std::time::Duration::from_secs(60));
    assert_eq!(sim.counts().frozen, 1);
    let bob = sim.phone("bob");
    sim.passes(std::time::Duration::from_secs(1));
    sim.dial(bob, "alice").expect("nothing forbids it");
    sim.passes(std::time::Duration::from_secs(1));
    assert_eq!(sim.calls(alice).len(), 1, "{}", sim.trace());
}

#[test]
fn faults_are_counted() {
    let mut sim = Simulation::new(5);
    sim.set_faults(Faults { drop: 1000, ..Faults::NONE });
    sim.phone("alice");
    sim.passes(std::time::Duration::from_secs(1));
    assert!(sim.counts().dropped > 0);
}
