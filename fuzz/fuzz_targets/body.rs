//! Any body of an event package, any JSON: nothing panics.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| cc_sdk::fuzzing::body(text));
