//! Which headers are the stack's own.
//!
//! What decides how a message is routed, matched, authorised, answered or read is never the
//! page's, nor that of a redirection's Contact. Free are headers for people and servers behind
//! them: Subject, Priority, Alert-Info, Call-Info, Answer-Mode, Priv-Answer-Mode, Reason,
//! Retry-After, Date, Diversion, History-Info, P-Asserted-Identity and P-Preferred-Identity (a
//! server that trusts nobody takes them off), Identity, and whatever has no standard.

/// In lower case. The page is told of none of these in an INVITE either, but of User-to-User.
const OWNED: &[&str] = &[
    "accept",
    "accept-encoding",
    "allow",
    "allow-events",
    "authentication-info",
    "authorization",
    // Of a URI: it means the body (RFC 3261 §19.1.1).
    "body",
    "call-id",
    "contact",
    "content-disposition",
    "content-encoding",
    "content-length",
    "content-type",
    "cseq",
    "event",
    "expires",
    "flow-timer",
    "from",
    "join",
    "max-forwards",
    "mime-version",
    "min-expires",
    "min-se",
    "path",
    "privacy",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-require",
    "rack",
    "record-route",
    "refer-sub",
    "refer-to",
    "referred-by",
    "replaces",
    "require",
    "route",
    "rseq",
    "security-client",
    "security-server",
    "security-verify",
    "service-route",
    "session-expires",
    "sip-etag",
    "sip-if-match",
    "subscription-state",
    "supported",
    "target-dialog",
    "timestamp",
    "to",
    "unsupported",
    "user-agent",
    "user-to-user",
    "via",
    "www-authenticate",
    "x-cc-info",
];

/// Whether a header is the stack's, in whatever case and also in compact form.
pub(crate) fn is_owned(name: &str) -> bool {
    // Every one-letter name is, or may become, the compact form of another.
    name.len() < 2 || OWNED.iter().any(|owned| owned.eq_ignore_ascii_case(name))
}

/// Whether others than the stack may put this header into a message: a token for a name, one that
/// is not owned, and a value of one line.
pub(crate) fn may_be_set(name: &str, value: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte);
    name.bytes().all(token) && crate::sip::printable(value) && !is_owned(name)
}
