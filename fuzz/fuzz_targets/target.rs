//! Anything that is typed: nothing, or a Request-URI that can be sent and read.

#![no_main]

use cc_sdk::sip::{Message, Method, Request, Uri, number_of, target_uri};

libfuzzer_sys::fuzz_target!(|typed: &str| {
    let _ = number_of(typed);
    let Some(target) = target_uri(typed, "example.com") else { return };
    assert!(Uri::parse(&target).is_ok(), "{target}");
    let request = Request::new(Method::Invite, target.clone()).to_bytes().unwrap();
    assert_eq!(Message::parse(&request).unwrap().request_uri(), Some(target.as_str()));
});
