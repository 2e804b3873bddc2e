//! Conversations of the phone with a server, on a virtual clock (RFC 3261 and its kin).
//!
//! One binary for all of them. `stage.rs` has the stage and its verbs, `far.rs` the far side.

mod company;
mod far;
#[path = "../support/hostile/phone.rs"]
mod hostile_phone;
mod stage;

mod agent;
mod anything;
mod call_caller;
mod call_digits;
mod call_hold;
mod call_in_dialog;
mod call_incoming;
mod call_media;
mod call_offers;
mod call_outgoing;
mod call_play;
mod call_reasons;
mod call_redirect;
mod call_reliable;
mod call_words;
mod details;
mod floods;
mod hostile;
mod messages;
mod moving;
mod one_page;
mod one_time;
mod pair;
mod phone;
mod publications;
mod referred;
mod registration;
mod registration_addresses;
mod registration_auth;
mod registration_digest;
mod registration_flows;
mod registration_link;
mod registration_retry;
mod registration_token;
mod replaces;
mod session_timer;
mod simulated;
mod subscriptions;
mod transactions;
mod transfer;
mod transfer_company;
