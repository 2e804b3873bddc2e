//! Frames of any content, in any order, do a registered phone no harm. Frames are parted by a
//! zero byte; an empty one lets the next deadline fall.

#![no_main]

use std::time::Duration;

use cc_sdk::account::Account;
use cc_sdk::api::{AccountId, Command, Credential};
use cc_sdk::{FlowId, Input, LinkEvent, LinkRequest, Output, Time, UserAgent};
use libfuzzer_sys::fuzz_target;

const ALICE: AccountId = AccountId(1);

fuzz_target!(|data: &[u8]| {
    let mut agent = UserAgent::new([7; 32]);
    let mut now = Time::from_epoch(Duration::from_secs(1_800_000_000));
    let account = Account {
        uri: "sip:alice@example.com".into(),
        servers: vec!["wss://edge.example.com/sip".into()],
        ..Account::default()
    };
    let register = Command::Register(Credential::Account(Box::new(account)));
    agent.handle(now, Input::Command(ALICE, register)).expect("the account is good");
    let mut flow = drain(&mut agent, FlowId(0));
    let _ = agent.handle(now, Input::Link(flow, LinkEvent::Opened));
    for frame in data.split(|byte| *byte == 0) {
        if frame.is_empty() {
            now = agent.next_timeout().unwrap_or(now).max(now);
            let _ = agent.handle(now, Input::Timeout);
        } else {
            let _ = agent.handle(now, Input::Frame(flow, frame));
        }
        flow = drain(&mut agent, flow);
    }
    let _ = agent.handle(now, Input::Command(ALICE, Command::Shutdown));
    drain(&mut agent, flow);
});

/// Does what the phone asks, as far as it matters; the connection that it uses.
fn drain(agent: &mut UserAgent, mut flow: FlowId) -> FlowId {
    while let Some(output) = agent.poll_output() {
        if let Output::Link(opened, LinkRequest::Open { .. }) = output {
            flow = opened;
        }
    }
    flow
}
