//! Conversations of the phone with a server, on a virtual clock (RFC 3261 and its kin).
//!
//! One binary for all of them. `stage.rs` has the stage and its verbs, `far.rs` the far side.

mod far;
mod stage;

//mod agent;
//mod anything;
//mod phone;
mod transactions;
