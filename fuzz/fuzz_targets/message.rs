//! Any frame: nothing panics, and what was read survives printing.
//!
//! `cargo +nightly fuzz run message fuzz/corpus/message tests/sip-corpus/corner`

#![no_main]

#[path = "../../tests/support/reading.rs"]
mod reading;

libfuzzer_sys::fuzz_target!(|frame: &[u8]| {
    reading::read_all(frame);
    reading::survives_printing(frame);
});
