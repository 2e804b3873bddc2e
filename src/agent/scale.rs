//! What a message costs is counted here in rows of tables looked at, so that no clock is needed.
//!
//! Calls and transactions live in tables alone, so a walk over all of them cannot stay unseen.

use std::time::Duration;

use crate::account::Account;
use crate::api::{AccountId, CallId, CallState, Command, Config, Credential, Dial, UaEvent};
use crate::sip::{Message, Reply};
use crate::table::looked_at;
use crate::{
    FlowId, Input, LinkEvent, LinkRequest, MediaEvent, MediaReply, MediaRequest, Output, Time,
    UserAgent,
};

#[path = "../../benches/core/scene.rs"]
mod scene;

use scene::Scene;

fn work(scene: &mut Scene, act: impl FnOnce(&mut Scene)) -> usize {
    let before = looked_at();
    act(scene);
    looked_at() - before
}

/// Work with ten calls up, and with so many that a walk over them would show.
fn compare(act: impl Fn(&mut Scene)) {
    const FEW: u32 = 10;
    const MANY: u32 = 300;
    let few = work(&mut Scene::with_calls(FEW), &act);
    let many = work(&mut Scene::with_calls(MANY), &act);
    // Trees are deeper and chains a little longer, by the logarithm at most.
    assert!(many < 4 * few + 40, "{few} rows with {FEW} calls up, {many} with {MANY}");
}

#[test]
fn a_request_within_a_call_costs_the_same_however_many_are_up() {
    compare(|scene| scene.asks_within(7));
}

#[test]
fn a_call_from_beginning_to_end_costs_the_same_however_many_are_up() {
    compare(|scene| scene.is_called(1_000_000));
    compare(Scene::calls);
}

#[test]
fn an_idle_second_costs_the_same_however_many_are_up() {
    let settled = |scene: &mut Scene| scene.passes(Duration::from_secs(40));
    let few = {
        let mut scene = Scene::with_calls(10);
        settled(&mut scene);
        work(&mut scene, |scene| scene.passes(Duration::from_secs(1)))
    };
    let many = {
        let mut scene = Scene::with_calls(300);
        settled(&mut scene);
        work(&mut scene, |scene| scene.passes(Duration::from_secs(1)))
    };
    assert!(many < 4 * few + 40, "{few} rows with 10 calls up, {many} with 300");
}
