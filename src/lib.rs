//! A SIP phone that runs in a browser, in a plain test, in a fuzzer and in a simulator.

pub mod account;
mod agent;
pub mod api;
mod error;
mod ids;
mod media;
mod outbox;
pub mod sip;
mod time;
pub mod transaction;

pub use agent::{CredentialReply, CredentialRequest, FlowId, Input, LinkEvent, LinkRequest, Output};
pub use error::ApiMisuse;
pub use ids::Ids;
pub use media::{IceServer, MediaEvent, MediaFailure, MediaReply, MediaRequest, PeerId, Ticket};
pub use time::Time;
