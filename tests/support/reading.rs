//! Everything that can be asked of a frame, for properties and fuzzing.

use cc_sdk::sip::{
    Message, Method, NameAddr, Reply, Uri, is_keep_alive, number_of, target_uri, unescape,
};

/// Calls everything there is to call.
pub(crate) fn read_all(frame: &[u8]) {
    let _ = is_keep_alive(frame);
    if let Some(salvaged) = Message::salvage(frame) {
        ask_all(&salvaged);
    }
    match Message::parse(frame) {
        Ok(message) => ask_all(&message),
        Err(error) => {
            assert!(error.offset <= frame.len(), "{error}");
            assert!((400..600).contains(&error.status()));
        }
    }
}

fn ask_all(message: &Message<'_>) {
    let _ = (message.check(), message.method(), message.reason(), message.content_type());
    let _ = (message.call_id(), message.cseq(), message.rack(), message.session_expires());
    let _ = (message.replaces(), message.event(), message.subscription_state(), message.date());
    let _ = (message.max_forwards(), message.expires(), message.min_expires(), message.rseq());
    let _ = (message.retry_after(), message.min_se(), message.lists("Supported", "timer"));
    if let Some(uri) = message.request_uri() {
        ask_uri(uri);
    }
    for via in message.vias().iter().flatten() {
        let _ = (via.transport(), via.host(), via.port(), via.branch(), via.received());
    }
    for item in message.reasons().iter().flatten() {
        let _ = (item.value(), item.param("cause"));
    }
    for challenge in message.challenges() {
        let _ = (challenge.scheme(), challenge.param("realm"), challenge.param("nonce"));
    }
    let single = [message.from(), message.to()].into_iter().flatten();
    let listed = [
        message.contacts(),
        message.record_routes(),
        message.routes(),
        message.service_routes(),
        message.addresses("P-Asserted-Identity"),
        message.refer_to().map(|address| address.into_iter().collect()),
    ];
    single.chain(listed.into_iter().flatten().flatten()).for_each(|address| ask_address(&address));
    let mut reply = Reply::of(message);
    reply.tag("ours");
    let _ = reply.response(180).to_bytes();
}

fn ask_address(address: &NameAddr<'_>) {
    let _ = (address.display_name(), address.tag(), address.is_star(), address.uri());
    let _ = (address.param("+sip.instance"), address.expires());
    ask_uri(address.uri_text());
}

fn ask_uri(text: &str) {
    let _ = (number_of(text), unescape(text), target_uri(text, "example.com"));
    if let Ok(uri) = Uri::parse(text) {
        assert_eq!(uri.as_str(), text);
        let _ = (uri.user(), uri.password(), uri.param("lr"), uri.header("Replaces"));
    }
}

/// What survives a proxy: start line, every header but Content-Length, body.
type Content<'a> =
    (Option<Method>, Option<&'a str>, Option<u16>, String, Vec<(String, String)>, &'a [u8]);

fn content<'a>(message: &Message<'a>) -> Content<'a> {
    let headers = message
        .all_headers()
        .filter(|(name, _)| !["content-length", "l"].contains(&name.to_ascii_lowercase().as_str()))
        .map(|(name, value)| (name.to_owned(), value.into_owned()))
        .collect();
    let (method, uri, status) = (message.method(), message.request_uri(), message.status());
    (method, uri, status, message.reason().into_owned(), headers, message.body())
}

/// A message of SIP/2.0 that was read, printed and read again is the same message.
pub(crate) fn survives_printing(frame: &[u8]) {
    let Ok(message) = Message::parse(frame) else { return };
    let printed = match message.to_request() {
        Some(request) => request.to_bytes().unwrap(),
        None => message.to_response().unwrap().to_bytes().unwrap(),
    };
    let again = Message::parse(&printed).unwrap();
    assert_eq!(content(&again), content(&message));
    assert_eq!(again.header("Content-Length").unwrap(), message.body().len().to_string());
}
