//! One machine's gateway for cc-sdk: demo site, token service, SIP registrar and forking proxy
//! over WebSocket, and service numbers with real media.
//!
//! ```text
//! web/           HTTP: pages, tokens, the door to /sip
//! switchboard    drives the switch; one task
//! switch/        SIP, without clock, socket or task: registrar, proxy, service numbers
//! media/         str0m, one task and its sockets a call
//! tokens/        credentials, and what they allow
//! settings/      command line and configuration file
//! ```

#![expect(clippy::similar_names, reason = "caller and callee are what the field calls them")]

mod clock;
mod gateway;
pub mod media;
mod random;
pub mod settings;
pub mod switch;
mod switchboard;
pub mod tokens;
mod web;

pub use gateway::Gateway;
