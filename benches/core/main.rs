//! Guards the native core: `cargo bench -p cc-sdk`.
//!
//! Ratios between two runs on one quiet machine mean something, absolute times do not. How
//! cc-sdk fares beside other stacks is `npm run bench`.

#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use std::hint::black_box;

use cc_sdk::account::Account;
use cc_sdk::api::{AccountId, CallId, CallState, Command, Config, Credential, Dial, UaEvent};
use cc_sdk::sip::{Message, Reply};
use cc_sdk::{
    FlowId, Input, LinkEvent, LinkRequest, MediaEvent, MediaReply, MediaRequest, Output, Time,
    UserAgent,
};
use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};

mod scene;

use scene::{SDP, Scene, request};

/// What an endpoint reads of every message: that it is well formed, and whose it is.
fn read(frame: &[u8]) -> usize {
    let message = Message::parse(frame).expect("it can be read");
    message.check().expect("it is well formed");
    let tags = [message.from(), message.to()]
        .map(|it| it.ok().and_then(|it| it.tag().map(|tag| tag.len())).unwrap_or_default());
    tags[0] + tags[1] + message.call_id().map_or(0, |it| it.len()) + message.body().len()
}

fn parse(bench: &mut Criterion) {
    let invite = request("INVITE", 1, 1, "", SDP);
    let head = b"SIP/2.0 200 OK\r\n".to_vec();
    let end = invite.windows(2).position(|it| it == b"\r\n").map_or(0, |at| at + 2);
    let ok = [&head, &invite[end..]].concat();
    bench.bench_function("parse INVITE", |it| it.iter(|| read(black_box(&invite))));
    bench.bench_function("parse 200", |it| it.iter(|| read(black_box(&ok))));
}

fn call(bench: &mut Criterion) {
    let once = BatchSize::NumIterations(1_000);
    bench.bench_function("whole call, as caller", |it| {
        it.iter_batched_ref(Scene::new, Scene::calls, once);
    });
    let mut number = 0;
    bench.bench_function("whole call, as callee", |it| {
        it.iter_batched_ref(
            Scene::new,
            |scene| {
                number += 1;
                scene.is_called(number);
            },
            once,
        );
    });
}

fn message(bench: &mut Criterion) {
    let mut group = bench.benchmark_group("request within a call");
    for calls in [1_u32, 10, 100, 1_000, 10_000] {
        let mut scene = Scene::with_calls(calls);
        let mut number = 0;
        group.bench_function(BenchmarkId::from_parameter(calls), |it| {
            it.iter(|| {
                // A prime, so that the calls are asked in no order.
                number = (number + 7_919) % calls;
                scene.asks_within(number);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, parse, call, message);
criterion_main!(benches);
