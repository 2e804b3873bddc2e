//! Any session description: nothing panics, and what is made fit to be sent stays fit.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| cc_sdk::fuzzing::sdp(text));
