//! What a user agent finds wrong with a request before any call is asked (RFC 3261 §8.2).

use std::borrow::Cow;

use crate::call::{LEAST, is_too_short};
use crate::errand::MOST_BODY;
use crate::identity::{ALLOW, Identity, SUPPORTED};
use crate::sip::{Message, Method, Reply, Response, Uri};
use crate::text::{before, pieces};

/// An answer that needs no call.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: u16,
    headers: Vec<(&'static str, String)>,
}

impl Refusal {
    /// An answer that its status explains.
    pub(crate) const fn plain(status: u16) -> Self {
        Self { status, headers: Vec::new() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
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
            | Method::Notify
            | Method::Update
            | Method::Prack
            | Method::Refer),
        ) => Ok(method),
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
        Some(Method::Invite | Method::Options | Method::Message | Method::Notify) => {}
        // Nobody but the far side of a call may make this one dial.
        Some(Method::Refer) => return Err(Refusal::plain(405).with("Allow", ALLOW)),
        _ => return Err(Refusal::plain(481)),
    }
    if merged {
        return Err(Refusal::plain(482));
    }
    let uri = message.request_uri().and_then(|text| Uri::parse(text).ok());
    match uri {
        Some(uri) if uri.is_sip() && is_ours(&uri, identity) => Ok(()),
        // What goes round and round is not ours to end otherwise: a user agent forwards nothing.
        Some(uri) if uri.is_sip() && message.max_forwards().is_ok_and(|left| left == Some(0)) => {
            Err(Refusal::plain(483))
        }
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
    if message.body().len() > MOST_BODY {
        return Err(Refusal::plain(413));
    }
    let session = matches!(message.method(), Some(Method::Invite | Method::Update | Method::Prack));
    if session && !message.body().is_empty() && !is_session(message) && !is_optional(message) {
        return Err(Refusal::plain(415).with("Accept", SESSION));
    }
    if session && is_too_short(message) {
        return Err(Refusal::plain(422).with("Min-SE", LEAST.to_string()));
    }
    Ok(())
}

/// The answer to OPTIONS (RFC 3261 §11.2).
pub(crate) fn capabilities() -> Refusal {
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

/// A description, and meant for the session rather than for another purpose (RFC 3261 §20.11).
fn is_session(message: &Message<'_>) -> bool {
    let is = |header: Option<Cow<'_, str>>, value: &str| {
        header.map(|text| before(&text, b";").trim_ascii().eq_ignore_ascii_case(value))
    };
    is(message.content_type(), SESSION) == Some(true)
        && is(message.header("Content-Disposition"), "session") != Some(false)
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
const EXTENSIONS: [&str; 9] = [
    "100rel",
    "199",
    "answermode",
    "histinfo",
    "norefersub",
    "outbound",
    "replaces",
    "timer",
    "uui",
];
