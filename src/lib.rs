//! A SIP phone that runs in a browser, in a plain test, in a fuzzer and in a simulator.

pub mod account;
mod agent;
pub mod api;
mod auth;
mod call;
mod context;
mod dialog;
mod error;
mod identity;
mod ids;
mod json;
mod line;
mod media;
mod outbox;
mod sdp;
mod seat;
pub mod sip;
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
