//! Methods, RFC 3261 §7.1: case-sensitive, and any token may be one.

use std::fmt;

use super::scan::is_token;

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// RFC 3261 §13
    Invite,
    /// RFC 3261 §13.2.2.4
    Ack,
    /// RFC 3261 §15
    Bye,
    /// RFC 3261 §9
    Cancel,
    /// RFC 3261 §10
    Register,
    /// RFC 3261 §11
    Options,
    /// RFC 6086
    Info,
    /// RFC 3428
    Message,
    /// RFC 3262
    Prack,
    /// RFC 3311
    Update,
    /// RFC 3515
    Refer,
    /// RFC 6665
    Subscribe,
    /// RFC 6665
    Notify,
    /// RFC 3903
    Publish,
    /// Any other token.
    Other(Box<str>),
}

const KNOWN: [Method; 14] = [
    Method::Invite,
    Method::Ack,
    Method::Bye,
    Method::Cancel,
    Method::Register,
    Method::Options,
    Method::Info,
    Method::Message,
    Method::Prack,
    Method::Update,
    Method::Refer,
    Method::Subscribe,
    Method::Notify,
    Method::Publish,
];

impl Method {
    /// The method of this name, unless it is no token. `invite` is not INVITE.
    pub fn parse(text: &str) -> Option<Self> {
        let known = KNOWN.iter().find(|method| method.as_str() == text);
        known.cloned().or_else(|| is_token(text).then(|| Self::Other(text.into())))
    }

    /// The name, as on the wire.
    pub const fn as_str(&self) -> &str {
        match self {
            Self::Invite => "INVITE",
            Self::Ack => "ACK",
            Self::Bye => "BYE",
            Self::Cancel => "CANCEL",
            Self::Register => "REGISTER",
            Self::Options => "OPTIONS",
            Self::Info => "INFO",
            Self::Message => "MESSAGE",
            Self::Prack => "PRACK",
            Self::Update => "UPDATE",
            Self::Refer => "REFER",
            Self::Subscribe => "SUBSCRIBE",
            Self::Notify => "NOTIFY",
            Self::Publish => "PUBLISH",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
