//! Misuse of the phone by its page.

use std::fmt;

use crate::api::CallId;

/// A command that does not fit the state it meets, or carries what cannot be used.
///
/// Nothing has changed when it is returned.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApiMisuse {
    /// There is no such call, or it is over.
    CallGone(CallId),
    /// The call is not ringing here.
    NotIncoming(CallId),
    /// The call is not up.
    NotConnected(CallId),
    /// Another call is up and the phone takes one at a time.
    CallInProgress,
    /// Too many calls were begun in a short time.
    RateLimited {
        /// Until the next may begin, in milliseconds.
        retry_after_ms: u32,
    },
    /// No target, or one that is neither a number, a user name nor a SIP or tel URI.
    BadTarget(String),
    /// Not one of `0-9 * # A-D ,`.
    BadDigit(char),
    /// A status that cannot refuse a call.
    BadStatus(u16),
    /// A header that the stack owns, or text with a line break.
    BadHeader(String),
    /// A token that is neither a JWS with an account nor an opaque one.
    BadToken(&'static str),
    /// The token's time is over.
    TokenExpired,
    /// An account that lacks a field or has a wrong one; the field's name.
    BadAccount(&'static str),
    /// `ws:` or `http:` to another machine.
    InsecureServer(String),
    /// An opaque token and no service to exchange it at.
    NoService,
    /// Nothing is registered, so there is nothing to do it with.
    NotRegistered,
    /// The seat's status cannot be set to this, or not now.
    BadSeatStatus,
    /// The call is being transferred already.
    TransferInProgress(CallId),
    /// The far side of the call asks for no transfer, or does so no more.
    NoTransferRequest(CallId),
    /// There is no such subscription, or it is over.
    SubscriptionGone,
    /// Too many messages, subscriptions and publications at once.
    TooMany,
    /// A body of more than 64 KB.
    TooLarge,
}

impl ApiMisuse {
    /// The stable code that a page compares.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::CallGone(_) => "call-gone",
            Self::NotIncoming(_) => "not-incoming",
            Self::NotConnected(_) => "not-connected",
            Self::CallInProgress => "call-in-progress",
            Self::RateLimited { .. } => "rate-limited",
            Self::BadTarget(_) => "bad-target",
            Self::BadDigit(_) => "bad-digit",
            Self::BadStatus(_) => "bad-status",
            Self::BadHeader(_) => "bad-header",
            Self::BadToken(_) => "bad-token",
            Self::TokenExpired => "token-expired",
            Self::BadAccount(_) => "bad-account",
            Self::InsecureServer(_) => "insecure-server",
            Self::NoService => "no-service",
            Self::NotRegistered => "not-registered",
            Self::BadSeatStatus => "bad-seat-status",
            Self::TransferInProgress(_) => "transfer-in-progress",
            Self::NoTransferRequest(_) => "no-transfer-request",
            Self::SubscriptionGone => "subscription-gone",
            Self::TooMany => "too-many",
            Self::TooLarge => "too-large",
        }
    }
}

impl fmt::Display for ApiMisuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CallGone(_) => f.write_str("the call is over"),
            Self::NotIncoming(_) => f.write_str("the call is not ringing here"),
            Self::NotConnected(_) => f.write_str("the call is not connected"),
            Self::CallInProgress => f.write_str("another call is in progress"),
            Self::RateLimited { .. } => f.write_str("too many calls in a short time"),
            Self::BadTarget(target) => {
                say(f, "neither a number, a user name nor a SIP or tel URI: ", target)
            }
            Self::BadDigit(digit) => say(f, "not a digit: ", digit.encode_utf8(&mut [0; 4])),
            Self::BadStatus(_) => f.write_str("a call is refused with a status from 300 to 699"),
            Self::BadHeader(name) => say(f, "this header cannot be set: ", name),
            Self::BadToken(why) => say(f, "the token cannot be used: ", why),
            Self::TokenExpired => f.write_str("the token has expired"),
            Self::BadAccount(field) => say(f, "missing or wrong in the account: ", field),
            Self::InsecureServer(url) => {
                say(f, "only wss: and https: are used beyond this machine: ", url)
            }
            Self::NoService => f.write_str("an opaque token needs the option `service`"),
            Self::NotRegistered => f.write_str("register first"),
            Self::BadSeatStatus => f.write_str("the seat can be set to 2 or 5 while registered"),
            Self::TransferInProgress(_) => f.write_str("the call is being transferred already"),
            Self::NoTransferRequest(_) => f.write_str("no transfer of the call is asked for"),
            Self::SubscriptionGone => f.write_str("the subscription is over"),
            Self::TooMany => f.write_str("too many messages, subscriptions and publications"),
            Self::TooLarge => f.write_str("a body has at most 64 KB"),
        }
    }
}

/// In place of `write!`, which would be the wasm's only use of the machinery of formats (3 KB).
fn say(f: &mut fmt::Formatter<'_>, what: &str, which: &str) -> fmt::Result {
    f.write_str(what)?;
    f.write_str(which)
}

impl std::error::Error for ApiMisuse {}
