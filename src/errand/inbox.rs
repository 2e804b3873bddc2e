//! What comes unasked: MESSAGE out of dialogs (RFC 3428 §7), and NOTIFY that no subscription
//! asked for, as many voice mail servers send it.

use std::borrow::Cow;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::package_of;
use crate::agent::Refusal;
use crate::api::UaEvent;
use crate::context::Context;
use crate::owned::is_owned;
use crate::package::parse;
use crate::sip::{Message, Method, Reply, number_of};
use crate::time::Time;
use crate::transaction::{PATIENCE, TransactionId};

/// What came lately, so that nothing is told twice and nobody floods the page.
#[derive(Default)]
pub(super) struct Inbox {
    seen: Vec<Seen>,
}

struct Seen {
    at: Time,
    /// From tag, Call-ID and `CSeq`: the same on every way that a request may come.
    request: Digest,
    branch: Digest,
}

/// In place of text, however long the far side's is.
type Digest = [u8; 32];

/// Requests within [`PATIENCE`]; what comes faster is a flood.
const MOST: usize = 100;

impl Inbox {
    /// Takes a request in and answers it, or says how it is to be refused.
    pub(super) fn on_request(
        &mut self,
        ctx: &mut Context<'_>,
        server: TransactionId,
        request: &Message<'_>,
    ) -> Result<(), Refusal> {
        let is_notify = request.method() == Some(Method::Notify);
        if is_notify && request.event().ok().flatten().is_none() {
            return Err(Refusal::plain(489));
        }
        if self.is_new(ctx.now, request)? {
            ctx.tell(if is_notify { notified(request) } else { message(request) });
        }
        let mut reply = Reply::of(request);
        reply.tag(&ctx.ids.token());
        ctx.respond(server, &reply.response(200));
        Ok(())
    }

    /// Whether it never came before. The same by another way is 482 (RFC 3261 §8.2.2.2); by the
    /// same way it is a repetition, and is answered as before.
    fn is_new(&mut self, now: Time, request: &Message<'_>) -> Result<bool, Refusal> {
        self.seen.retain(|seen| now.since(seen.at) < PATIENCE);
        let Some(new) = Seen::of(now, request) else { return Err(Refusal::plain(400)) };
        if let Some(seen) = self.seen.iter().find(|seen| seen.request == new.request) {
            let is_repeated = seen.branch == new.branch;
            return if is_repeated { Ok(false) } else { Err(Refusal::plain(482)) };
        }
        if self.seen.len() >= MOST {
            let oldest = self.seen.first().map_or(Duration::ZERO, |seen| now.since(seen.at));
            let wait = PATIENCE.saturating_sub(oldest).as_secs() + 1;
            return Err(Refusal::plain(480).with("Retry-After", wait.to_string()));
        }
        self.seen.push(new);
        Ok(true)
    }
}

impl Seen {
    fn of(at: Time, request: &Message<'_>) -> Option<Self> {
        let (from, cseq, via) = (request.from().ok()?, request.cseq().ok()?, request.via().ok()?);
        let (tag, call_id) = (from.tag().unwrap_or_default(), request.call_id().ok()?);
        let number = cseq.number.to_string();
        let branch = via.branch().unwrap_or_default();
        Some(Self {
            at,
            request: digest(&[&tag, "\n", &call_id, "\n", &number]),
            branch: digest(&[&branch]),
        })
    }
}

fn digest(parts: &[&str]) -> Digest {
    Sha256::digest(parts.concat()).into()
}

fn message(request: &Message<'_>) -> UaEvent {
    let from = request.from().ok();
    let uri = from.as_ref().map_or("", |from| from.uri_text()).to_owned();
    let headers = request.all_headers().filter(|(name, _)| !is_owned(name));
    UaEvent::Message {
        number: number_of(&uri),
        display_name: from.and_then(|from| from.display_name()),
        uri,
        to: request.to().map(|to| to.uri_text().to_owned()).unwrap_or_default(),
        content_type: request.content_type().unwrap_or(Cow::Borrowed("text/plain")).into_owned(),
        body: String::from_utf8_lossy(request.body()).into_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.into_owned())).collect(),
    }
}

fn notified(request: &Message<'_>) -> UaEvent {
    let body = String::from_utf8_lossy(request.body()).into_owned();
    let content_type = request.content_type().unwrap_or_default().into_owned();
    let event = request.event().ok().flatten();
    UaEvent::Notified {
        id: None,
        event: event.map(|event| package_of(event.as_str()).to_owned()).unwrap_or_default(),
        uri: request.from().map(|from| from.uri_text().to_owned()).unwrap_or_default(),
        parsed: parse(&content_type, &body),
        content_type,
        body,
    }
}
