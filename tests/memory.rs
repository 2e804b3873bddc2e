//! What an agent holds of calls that are up, and of those that ended a moment ago, in bytes.
//!
//! Of its own, since nothing else may ask for memory meanwhile.

#![cfg(not(target_arch = "wasm32"))]

use std::alloc::System;
use std::time::Duration;

use cc_sdk::account::Account;
use cc_sdk::api::{AccountId, CallId, CallState, Command, Config, Credential, Dial, UaEvent};
use cc_sdk::sip::{Message, Reply};
use cc_sdk::{
    FlowId, Input, LinkEvent, LinkRequest, MediaEvent, MediaReply, MediaRequest, Output, Time,
    UserAgent,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[path = "../benches/core/scene.rs"]
mod scene;

use scene::Scene;

#[global_allocator]
static MEMORY: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// A power of two, so that every table is as full as it can be.
const CALLS: u32 = 1024;

fn held() -> usize {
    let stats = MEMORY.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

/// Bytes that each of many calls leaves at once, and when every timer of it is over.
fn left(call: impl Fn(&mut Scene, u32)) -> (usize, usize) {
    let mut scene = Scene::new();
    let before = held();
    for number in 0..CALLS {
        call(&mut scene, number);
    }
    let at_once = held() - before;
    scene.passes(Duration::from_secs(40));
    let at_last = held() - before;
    (at_once / CALLS as usize, at_last / CALLS as usize)
}

/// What may stay is room for as many rows, which the next calls use.
#[test]
fn a_call_that_ended_leaves_little_until_its_transactions_are_over_and_then_nothing() {
    let (taken, taken_at_last) = left(Scene::is_called);
    assert!(taken < 1000, "{taken} bytes of a call that was taken");
    assert!(taken_at_last < 700, "{taken_at_last} bytes of a call that was taken, for good");
    let (made, made_at_last) = left(|scene, _| scene.calls());
    assert!(made < 4800, "{made} bytes of a call that was made");
    assert!(made_at_last < 2000, "{made_at_last} bytes of a call that was made, for good");
    let (up, _) = left(Scene::takes_call);
    assert!(up < 4500, "{up} bytes of a call that is up");
}
