//! The boundary: what a driver tells the core, and what the core asks of a driver.

use crate::api::{AccountId, Command, ProviderId, UaEvent};
use crate::media::{MediaEvent, MediaReply, MediaRequest, PeerId, Ticket};

/// A connection to a server, chosen anew for every attempt, so that news of an old one is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowId(pub u32);

/// What a driver tells the core.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// A page asks.
    Command(AccountId, Command),
    /// News of a connection.
    Link(FlowId, LinkEvent),
    /// One WebSocket message, text or binary.
    Frame(FlowId, &'a [u8]),
    /// The answer to one [`Output::Media`].
    Media(PeerId, Ticket, MediaReply),
    /// News of a peer.
    MediaEvent(PeerId, MediaEvent),
    /// The answer to one [`Output::Credential`].
    Credential(AccountId, Ticket, CredentialReply),
    /// The browser says that there is a network again, or the page became visible.
    Online,
    /// The moment that [`next_timeout`](crate::UserAgent::next_timeout) named has come.
    Timeout,
}

/// What the core asks of a driver.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Opens or closes a connection.
    Link(FlowId, LinkRequest),
    /// Sends one WebSocket message.
    Transmit(FlowId, Vec<u8>),
    /// Asks a peer.
    Media(PeerId, Ticket, MediaRequest),
    /// Asks for a credential.
    Credential(AccountId, Ticket, CredentialRequest),
    /// Tells the page.
    Event(AccountId, UaEvent),
}

/// News of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkEvent {
    /// It is up, with sub-protocol `sip`.
    Opened,
    /// It is gone, or never came to be.
    Closed {
        /// The WebSocket close code; 1006 where the browser tells nothing.
        code: u16,
        /// The server's words, where there were some.
        reason: String,
    },
}

/// What the core asks of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkRequest {
    /// Opens it.
    Open {
        /// `wss:`, or `ws:` to this machine.
        url: String,
    },
    /// Closes it; [`LinkEvent::Closed`] need not follow.
    Close,
}

/// What the core asks about credentials.
#[derive(Clone, PartialEq, Eq)]
pub enum CredentialRequest {
    /// This token provider of the page is asked.
    AskProvider(ProviderId),
    /// `POST <service>/v1/account` with the token as Bearer.
    Exchange {
        /// The service's origin, without a path.
        service: String,
        /// The opaque token, without `Bearer `.
        token: String,
    },
}

/// Without the token.
impl std::fmt::Debug for CredentialRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AskProvider(provider) => f.debug_tuple("AskProvider").field(provider).finish(),
            Self::Exchange { service, .. } => f.debug_tuple("Exchange").field(service).finish(),
        }
    }
}

/// The answer to a [`CredentialRequest`].
#[derive(Clone, PartialEq, Eq)]
pub enum CredentialReply {
    /// The provider's token.
    Token(String),
    /// The service's answer: what stood in `account`, and its time to live in seconds.
    Account(Box<crate::account::Account>, Option<u32>),
    /// The service answered with this HTTP status and no account.
    Refused(u16),
    /// The provider failed, the service could not be reached or made no sense.
    Failed(String),
}

/// Without the token.
impl std::fmt::Debug for CredentialReply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Token(_) => f.write_str("Token"),
            Self::Account(account, _) => account.fmt(f),
            Self::Refused(status) => f.debug_tuple("Refused").field(status).finish(),
            Self::Failed(text) => f.debug_tuple("Failed").field(text).finish(),
        }
    }
}
