//! From what people type to a Request-URI, and from a URI to what people read.

use super::uri::{Uri, unescape};

/// The Request-URI for what a person typed: a number in any usual writing, a user name, or a
/// sip, sips or tel URI. Nothing if it is none of them.
pub fn target_uri(typed: &str, domain: &str) -> Option<String> {
    let typed = typed.trim();
    if typed.is_empty() {
        return None;
    }
    Some(["sip:", typed, "@", domain].concat())
}

/// What a person is shown for a URI: the user part, the number, else the URI itself.
pub fn number_of(uri: &str) -> String {
    let user = Uri::parse(uri).ok().and_then(|uri| uri.user());
    user.map_or_else(|| uri.to_owned(), |user| unescape(user).into_owned())
}
