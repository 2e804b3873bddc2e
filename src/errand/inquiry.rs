//! A request that one answer ends: MESSAGE out of dialogs (RFC 3428 §4), OPTIONS (RFC 3261 §11.1).
//!
//! It is sent once: of one whose connection is lost nobody knows whether it arrived.

use super::{Heard, Wish, failed, refused};
use crate::api::{AskMethod, ErrandId, UaEvent};
use crate::context::Context;
use crate::sip::{Message, Method};
use crate::time::Time;
use crate::transaction::TransactionId;

/// How far a request is that one answer ends.
pub(super) enum Inquiry {
    /// It waits for the line.
    Waiting { until: Time },
    /// It left.
    Sent,
}

/// Each function that gives a `bool` says whether the errand is over.
impl Inquiry {
    pub(super) const fn deadline(&self) -> Option<Time> {
        match self {
            Self::Waiting { until } => Some(*until),
            Self::Sent => None,
        }
    }

    pub(super) fn on_ready(&mut self, wish: &mut Wish, ctx: &mut Context<'_>) -> bool {
        matches!(std::mem::replace(self, Self::Sent), Self::Waiting { .. }) && send(wish, ctx)
    }

    /// The registration failed, and there is no flow.
    pub(super) fn on_register_failed(
        &self,
        wish: &Wish,
        ctx: &mut Context<'_>,
        code: &str,
    ) -> bool {
        let waits = matches!(self, Self::Waiting { .. });
        if waits {
            tell_failed(ctx, wish.id, code);
        }
        waits
    }
}

/// Whether the errand is over.
pub(super) fn on_answered(
    wish: &mut Wish,
    ctx: &mut Context<'_>,
    id: TransactionId,
    response: &Message<'_>,
) -> bool {
    match wish.hear(ctx, id, response) {
        Heard::Nothing => false,
        Heard::Again => send(wish, ctx),
        Heard::Final(_) => {
            tell_answered(ctx, wish.id, response);
            true
        }
    }
}

fn send(wish: &mut Wish, ctx: &mut Context<'_>) -> bool {
    let is_message = wish.ask.method == AskMethod::Message;
    let method = if is_message { Method::Message } else { Method::Options };
    let mut request = wish.draft(ctx, method);
    if is_message {
        wish.fill(&mut request);
    } else {
        request.headers.push("Accept", "application/sdp");
    }
    let left = wish.send(ctx, request);
    if !left {
        tell_failed(ctx, wish.id, "network");
    }
    !left
}

/// Tells the final answer to a request that one answer ends.
pub(crate) fn tell_answered(ctx: &mut Context<'_>, id: ErrandId, response: &Message<'_>) {
    let status = response.status();
    let is_ours = |name: &str| {
        ROUTING.iter().any(|routing| routing.eq_ignore_ascii_case(name)) || name.len() < 2
    };
    let headers = response.all_headers().filter(|(name, _)| !is_ours(name));
    let is_taken = status.is_some_and(|status| status < 300);
    ctx.tell(UaEvent::Answered {
        id: id.0,
        status,
        reason: (!is_taken).then(|| refused(response)),
        headers: headers.map(|(name, value)| (name.to_owned(), value.into_owned())).collect(),
        content_type: response.content_type().unwrap_or_default().into_owned(),
        body: String::from_utf8_lossy(response.body()).into_owned(),
    });
}

/// Tells that there is no answer.
pub(crate) fn tell_failed(ctx: &mut Context<'_>, id: ErrandId, code: &str) {
    ctx.tell(UaEvent::Answered {
        id: id.0,
        status: None,
        reason: Some(failed(code)),
        headers: Vec::new(),
        content_type: String::new(),
        body: String::new(),
    });
}

/// Headers of an answer that are no page's business.
const ROUTING: &[&str] = &[
    "via",
    "from",
    "to",
    "call-id",
    "cseq",
    "record-route",
    "content-length",
    "www-authenticate",
    "proxy-authenticate",
    "authentication-info",
];
