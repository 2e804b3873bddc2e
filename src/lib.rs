//! A SIP phone that runs in a browser, in a plain test, in a fuzzer and in a simulator.
//!
//! The core does no I/O: no clock, no random source, no socket, no `async`. Whoever drives it
//! owns those, tells it what happened, and does what it asks. Messages and commands go down by
//! plain calls; consequences come up through one queue, in the order in which they were decided.
//!
//! # The loop
//!
//! 1. Wait for whatever comes first: a command of the page, news of a connection, a frame, an
//!    answer of a peer connection, or the moment that [`UserAgent::next_timeout`] names.
//! 2. Tell it with [`UserAgent::handle`], once for each. Only a command can be refused.
//! 3. Take the consequences from [`UserAgent::poll_output`] until there is none.
//! 4. Do what each says: open or close a connection, send a frame, ask a peer connection, fetch
//!    a credential, tell the page. What comes of it is an input of its own, later or at once.
//! 5. Set one timer to [`UserAgent::next_timeout`].
//! 6. Start again at 1.
//!
//! ```
//! use std::time::Duration;
//!
//! use cc_sdk::account::Account;
//! use cc_sdk::api::{AccountId, Command, Credential, UaEvent};
//! use cc_sdk::{Input, LinkEvent, LinkRequest, Output, Time, UserAgent};
//!
//! # fn main() -> Result<(), cc_sdk::ApiMisuse> {
//! let alice = AccountId(1);
//! let account = Account {
//!     uri: "sip:alice@example.com".into(),
//!     servers: vec!["wss://edge.example.com/sip".into()],
//!     password: Some("secret".into()),
//!     register: true,
//!     ..Account::default()
//! };
//! let mut now = Time::from_epoch(Duration::from_secs(1_800_000_000));
//! let mut agent = UserAgent::new([7; 32]); // from a secure source
//!
//! // 2: the page asks.
//! agent.handle(now, Input::Command(alice, Command::Register(Credential::Account(Box::new(account)))))?;
//!
//! let mut sent = Vec::new();
//! for _ in 0..3 {
//!     // 3 and 4: here every connection opens, and what is sent is kept.
//!     while let Some(output) = agent.poll_output() {
//!         match output {
//!             Output::Link(flow, LinkRequest::Open { url }) => {
//!                 assert_eq!(url, "wss://edge.example.com/sip");
//!                 agent.handle(now, Input::Link(flow, LinkEvent::Opened))?;
//!             }
//!             Output::Transmit(_, frame) => sent.push(frame),
//!             Output::Event(_, UaEvent::Registration { state, .. }) => println!("{state:?}"),
//!             _ => {}
//!         }
//!     }
//!     // 5 and 1: here nothing comes before the timer.
//!     let Some(due) = agent.next_timeout() else { break };
//!     now = due.max(now);
//!     agent.handle(now, Input::Timeout)?;
//! }
//! assert!(sent[0].starts_with(b"REGISTER sip:example.com SIP/2.0\r\n"));
//! # Ok(())
//! # }
//! ```
//!
//! # The layers
//!
//! | layer | what it knows |
//! |---|---|
//! | [`UserAgent`] | accounts and calls; whose a message is |
//! | line: credential, link, registration | how to be reachable (RFC 3261 §10, RFC 5626, RFC 7118) |
//! | call: dialog, offer and answer, digits | how to talk (RFC 3261 §12 to §15, RFC 3264) |
//! | errand: messages, subscriptions, publications | how to ask and tell beyond calls (RFC 3428, RFC 6665, RFC 3903) |
//! | [`transaction`] | what was asked and not yet answered (RFC 3261 §17, RFC 6026) |
//! | [`sip`] | the language, without state or time |
//!
//! In the browser `web` drives the core with a WebSocket, an `RTCPeerConnection` and one timer;
//! it knows no SIP. Everything else here runs natively as well.

// So that tests within can share what those without use.
#[cfg(test)]
extern crate self as cc_sdk;

pub mod account;
mod agent;
pub mod api;
mod auth;
mod call;
mod context;
mod credential;
mod dialog;
mod errand;
mod error;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod identity;
mod ids;
mod json;
mod line;
mod link;
mod media;
mod outbox;
mod owned;
mod package;
mod rate;
mod registration;
mod sdp;
mod seat;
pub mod sip;
mod table;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod text;
mod time;
mod token;
pub mod transaction;
#[cfg(target_arch = "wasm32")]
mod web;

pub use agent::{
    CredentialReply, CredentialRequest, FlowId, Input, LinkEvent, LinkRequest, Output, UserAgent,
};
pub use error::ApiMisuse;
pub use ids::Ids;
pub use media::{IceServer, MediaEvent, MediaFailure, MediaReply, MediaRequest, PeerId, Ticket};
pub use time::Time;
#[cfg(target_arch = "wasm32")]
pub use web::Core;
