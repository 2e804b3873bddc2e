//! A hostile server can neither exhaust the page nor make it dial; what fuzzers found.

use cc_sdk::sip::Method;

use crate::far::{Far, Wire};
use crate::stage::{FAR_SDP, Stage};

/// RFC 3261 §19.1.1: no Request-URI has headers.
#[test]
fn headers_in_a_contact_are_not_taken_into_the_request_uri() {
    let mut stage = Stage::registered();
    stage.dials("9196");
    let mut answer = stage.says("INVITE").last.response(200);
    answer.headers.set("Contact", "<sips:bob@example.com;x=y?Subject=x&Priority=urgent>");
    answer.headers.push("Content-Type", "application/sdp");
    answer.body = FAR_SDP.into();
    let invite = stage.last.clone();
    stage.hears(Wire::of(&answer)).says("ACK");
    assert_eq!(stage.last.message().request_uri(), Some("sips:bob@example.com;x=y"));
    let bye = Far::called(&invite).request(Method::Bye);
    stage.hears(bye).says("200 BYE");
}
