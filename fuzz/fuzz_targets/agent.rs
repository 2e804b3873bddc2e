//! Any bytes drive a phone through any order of commands, frames, media, links and timers.

#![no_main]

#[path = "../../tests/support/driven/mod.rs"]
mod driven;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| driven::drive(bytes));
