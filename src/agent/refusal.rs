//! What a user agent finds wrong with a request before any call is asked (RFC 3261 §8.2).

use crate::call::{LEAST, is_too_short};
use crate::identity::{ALLOW, Identity, SUPPORTED};
use crate::sip::{Message, Method, Reply, Response, Uri};
use crate::text::{before, pieces};

/// An answer that needs no call.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    headers: Vec<(&'static str, String)>,
}

impl Refusal {
    /// An answer that its status explains.
    pub(super) const fn plain(status: u16) -> Self {
        Self { status, headers: Vec::new() }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The response; `tag` goes into a To that has none.
    pub(super) fn response(self, request: &Message<'_>, tag: &str) -> Response {
        let mut response = Reply::of(request).tag(tag).response(self.status);
        for (name, value) in self.headers {
            response.headers.push(name, value);
        }
        response
    }
}

/// 405 for a method that the phone does not take (RFC 3261 §8.2.1).
pub(super) fn check_method(message: &Message<'_>) -> Result<Method, Refusal> {
    match message.method() {
        Some(
            method @ (Method::Invite
            | Method::Bye
            | Method::Options
            | Method::Info
            | Method::Message
            | Method::Update
            | Method::Prack),
        ) => Ok(method),
        // A subscription that nobody asked for; the notifier ends it (RFC 6665 §4.1.3).
        Some(Method::Notify) => Err(Refusal::plain(481)),
        _ => Err(Refusal::plain(405).with("Allow", ALLOW)),
    }
}

/// What a request outside dialogs is refused for (RFC 3261 §8.2.2).
pub(super) fn check_place(
    message: &Message<'_>,
    identity: &Identity,
    merged: bool,
) -> Result<(), Refusal> {
    match message.method() {
        Some(Method::Invite | Method::Options) => {}
        Some(Method::Message) => {
            return Err(Refusal::plain(405).with("Allow", "INVITE, ACK, CANCEL, OPTIONS"));
        }
        _ => return Err(Refusal::plain(481)),
    }
    if merged {
        return Err(Refusal::plain(482));
    }
    let uri = message.request_uri().and_then(|text| Uri::parse(text).ok());
    match uri {
        Some(uri) if uri.is_sip() && is_ours(&uri, identity) => Ok(()),
        Some(uri) if uri.is_sip() => Err(Refusal::plain(404)),
        _ => Err(Refusal::plain(416)),
    }
}

/// What a request is refused for wherever it is: an extension that must be understood and is
/// not (RFC 3261 §8.2.2.3), a body that cannot be read (§8.2.3).
pub(super) fn check_contents(message: &Message<'_>) -> Result<(), Refusal> {
    let mut unknown = String::new();
    for extension in message.tokens("Require") {
        if !EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)) {
            if !unknown.is_empty() {
                unknown.push_str(", ");
            }
            unknown.push_str(&extension);
        }
    }
    if !unknown.is_empty() {
        return Err(Refusal::plain(420).with("Unsupported", unknown));
    }
    let encoded = message.header("Content-Encoding");
    if encoded.is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
        return Err(Refusal::plain(415).with("Accept-Encoding", "identity"));
    }
    let session = matches!(message.method(), Some(Method::Invite | Method::Update));
    if session && !message.body().is_empty() && !is_session(message) && !is_optional(message) {
        return Err(Refusal::plain(415).with("Accept", SESSION));
    }
    if session && is_too_short(message) {
        return Err(Refusal::plain(422).with("Min-SE", LEAST.to_string()));
    }
    Ok(())
}

/// The answer to OPTIONS (RFC 3261 §11.2).
pub(super) fn capabilities() -> Refusal {
    Refusal::plain(200)
        .with("Allow", ALLOW)
        .with("Accept", SESSION)
        .with("Accept-Encoding", "identity")
        .with("Supported", SUPPORTED)
}

/// To our address of record, to our Contact, or to this very connection.
fn is_ours(uri: &Uri<'_>, identity: &Identity) -> bool {
    let temporary = identity.temporary_gruu.as_deref().and_then(|gruu| Uri::parse(gruu).ok());
    if temporary.is_some_and(|own| own.user() == uri.user() && own.host() == uri.host()) {
        return true;
    }
    let contact = Uri::parse(&identity.contact);
    let aor = Uri::parse(&identity.aor);
    if contact.as_ref().is_ok_and(|contact| contact.host().eq_ignore_ascii_case(uri.host())) {
        return true;
    }
    [contact, aor].iter().flatten().any(|own| own.user() == uri.user())
}

fn is_session(message: &Message<'_>) -> bool {
    let Some(kind) = message.content_type() else { return false };
    let kind = before(&kind, b";").trim_ascii();
    kind.eq_ignore_ascii_case(SESSION)
}

/// Content-Disposition says that the body may be left unread (RFC 3261 §20.11).
fn is_optional(message: &Message<'_>) -> bool {
    message.header("Content-Disposition").is_some_and(|disposition| {
        pieces(&disposition, b';')
            .any(|param| param.trim_ascii().eq_ignore_ascii_case("handling=optional"))
    })
}

const SESSION: &str = "application/sdp";

/// The extensions that a far side may require.
const EXTENSIONS: [&str; 3] = ["100rel", "outbound", "timer"];
