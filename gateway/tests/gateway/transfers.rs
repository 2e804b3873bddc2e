//! Calls that are passed on through the gateway, from one phone of this repository to another
//! (RFC 3515, RFC 3891, RFC 5589).

use std::time::Duration;

use cc_sdk::api::{
    AcceptTransfers, CallId, CallState, Command, Config, Credential, EndCause, TransferState,
    TransferTo, UaEvent,
};

use crate::sdk::World;

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;
const MOMENT: Duration = Duration::from_millis(500);

fn world() -> World {
    let mut world = World::new(3);
    for (page, seat) in ["alice", "bob", "carol"].into_iter().enumerate() {
        let token = world.stage.token(seat);
        world.registers(page, Credential::Token(token));
        let config = Config {
            calls_at_once: 2,
            accept_transfers: AcceptTransfers::Always,
            ..Config::default()
        };
        world.does(page, Command::Configure(config));
    }
    world
}

/// A call that is up; the call of each.
#[track_caller]
fn connect(world: &mut World, from: usize, to: usize, name: &str) -> [CallId; 2] {
    let ours = world.dials(from, name);
    let theirs = world.incoming(to);
    world.does(to, Command::Answer(theirs));
    world.passes(MOMENT);
    for (page, call) in [(from, ours), (to, theirs)] {
        assert_eq!(world.state(page, call), Some(CallState::Connected));
    }
    [ours, theirs]
}

fn transfers(world: &mut World, call: CallId, to: TransferTo) {
    world.does(ALICE, Command::Transfer { call, to, headers: Vec::new(), progress: true });
    world.passes(MOMENT);
}

fn last_step(world: &World) -> Option<TransferState> {
    world.pages[ALICE].told.iter().rev().find_map(|event| match event {
        UaEvent::CallTransfer { state, .. } => Some(*state),
        _ => None,
    })
}

fn cause(world: &World, page: usize, call: CallId) -> Option<EndCause> {
    world.end(page, call).map(|end| end.0)
}

#[test]
fn a_blind_transfer_passes_between_seats() {
    let mut world = world();
    let [alices, bobs] = connect(&mut world, ALICE, BOB, "bob");
    transfers(&mut world, alices, TransferTo::Target("carol".into()));
    assert_eq!(last_step(&world), Some(TransferState::Ringing));
    let (bobs_new, carols) = (world.incoming(BOB), world.incoming(CAROL));
    assert_ne!(bobs, bobs_new);
    world.does(CAROL, Command::Answer(carols));
    world.passes(MOMENT);
    assert_eq!(last_step(&world), Some(TransferState::Accepted));
    assert_eq!(cause(&world, ALICE, alices), Some(EndCause::Replaced));
    assert_eq!(cause(&world, BOB, bobs), Some(EndCause::Replaced));
    for (page, call) in [(BOB, bobs_new), (CAROL, carols)] {
        assert_eq!(world.state(page, call), Some(CallState::Connected));
    }
    // The gateway takes neither for an orphan.
    world.passes(Duration::from_secs(120));
    assert_eq!(world.state(BOB, bobs_new), Some(CallState::Connected));
}

#[test]
fn an_attended_transfer_passes_between_seats_by_either_of_them() {
    for is_bob_asked in [true, false] {
        let mut world = world();
        let [to_bob, bobs] = connect(&mut world, ALICE, BOB, "bob");
        let [to_carol, carols] = connect(&mut world, ALICE, CAROL, "carol");
        let (asked, other) = if is_bob_asked { (to_bob, to_carol) } else { (to_carol, to_bob) };
        transfers(&mut world, asked, TransferTo::Call(other));
        world.passes(MOMENT);
        assert_eq!(last_step(&world), Some(TransferState::Accepted));
        for (page, call) in [(ALICE, to_bob), (ALICE, to_carol), (BOB, bobs), (CAROL, carols)] {
            assert_eq!(cause(&world, page, call), Some(EndCause::Replaced));
        }
        let (bobs_new, carols_new) = (world.incoming(BOB), world.incoming(CAROL));
        for (page, call) in [(BOB, bobs_new), (CAROL, carols_new)] {
            assert_eq!(world.state(page, call), Some(CallState::Connected));
        }
        world.does(BOB, Command::Hangup(bobs_new));
        assert_eq!(cause(&world, CAROL, carols_new), Some(EndCause::Hangup));
    }
}

#[test]
fn a_refused_transfer_leaves_the_call_up() {
    let mut world = world();
    let [alices, bobs] = connect(&mut world, ALICE, BOB, "bob");
    for target in ["nobody", "9190", "9191"] {
        transfers(&mut world, alices, TransferTo::Target(target.into()));
        assert_eq!(last_step(&world), Some(TransferState::Failed), "{target}");
    }
    let config = Config { accept_transfers: AcceptTransfers::Never, ..Config::default() };
    world.does(BOB, Command::Configure(config));
    transfers(&mut world, alices, TransferTo::Target("carol".into()));
    assert_eq!(last_step(&world), Some(TransferState::Failed));
    for (page, call) in [(ALICE, alices), (BOB, bobs)] {
        assert_eq!(world.state(page, call), Some(CallState::Connected));
    }
}

#[test]
fn a_call_is_passed_on_to_a_service_number_in_either_way() {
    for is_attended in [false, true] {
        let mut world = world();
        let [alices, bobs] = connect(&mut world, ALICE, BOB, "bob");
        let to = if is_attended {
            let echo = world.dials(ALICE, "9196");
            world.passes(MOMENT);
            assert_eq!(world.state(ALICE, echo), Some(CallState::Connected));
            TransferTo::Call(echo)
        } else {
            TransferTo::Target("9196".into())
        };
        transfers(&mut world, alices, to);
        world.passes(MOMENT);
        assert_eq!(last_step(&world), Some(TransferState::Accepted));
        assert_eq!(cause(&world, BOB, bobs), Some(EndCause::Replaced));
        assert_eq!(world.state(BOB, world.incoming(BOB)), Some(CallState::Connected));
    }
}

#[test]
fn a_service_number_transfers_nobody() {
    let mut world = world();
    let echo = world.dials(ALICE, "9196");
    world.passes(MOMENT);
    transfers(&mut world, echo, TransferTo::Target("bob".into()));
    assert_eq!(last_step(&world), Some(TransferState::Failed));
    assert_eq!(world.state(ALICE, echo), Some(CallState::Connected));
}
