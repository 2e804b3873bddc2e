//! What a page asks for beyond calls: MESSAGE (RFC 3428), OPTIONS (RFC 3261 §11), SUBSCRIBE
//! (RFC 6665) and PUBLISH (RFC 3903).
//!
//! An errand is one such wish. What all have in common is here: a request of its own Call-ID and
//! tag, drawn up anew for each sending, and its challenges. A MESSAGE or OPTIONS is over with its
//! answer; subscriptions and publications are standing wishes, which outlive the connection.

mod inbox;
mod inquiry;
mod list;
mod publication;
mod subscription;

use std::time::Duration;

use crate::api::{Ask, AskMethod, ErrandId, FailureReason};
use crate::auth::{Attempts, Challenged};
use crate::context::{Context, Owner};
use crate::error::ApiMisuse;
use crate::link::back_off;
use crate::owned::may_be_set;
use crate::sip::{Message, Method, Request, printable, target_uri};
use crate::time::Time;
use crate::transaction::{LostWhy, TransactionId};

use inquiry::Inquiry;
pub(crate) use inquiry::{tell_answered, tell_failed};
pub(crate) use list::Errands;
use publication::Publication;
use subscription::Subscription;

/// The longest body that is sent or taken in, in bytes.
pub(crate) const MOST_BODY: usize = 64 * 1024;
/// What a server grants or asks for is taken for no more, in seconds.
const LONGEST: u32 = 24 * 3600;

/// One wish of the page, and how far it is.
struct Errand {
    wish: Wish,
    kind: Kind,
}

/// What the requests of one errand have in common.
struct Wish {
    id: ErrandId,
    ask: Box<Ask>,
    call_id: String,
    tag: String,
    cseq: u32,
    /// The request that is out.
    out: Option<TransactionId>,
    attempts: Attempts,
    /// Refusals in a row that do not last.
    failures: u32,
    /// What a 423 asked for, in seconds.
    min_expires: u32,
}

enum Kind {
    Inquiry(Inquiry),
    Subscription(Box<Subscription>),
    Publication(Publication),
}

/// What a response is to an errand.
enum Heard {
    /// Nothing to act on.
    Nothing,
    /// The request has to be sent again, authorised anew.
    Again,
    /// The final answer, with its status.
    Final(u16),
}

impl Wish {
    fn new(ctx: &mut Context<'_>, id: ErrandId, ask: Box<Ask>) -> Self {
        Self {
            id,
            ask,
            call_id: ctx.ids.token(),
            tag: ctx.ids.token(),
            cseq: 0,
            out: None,
            attempts: Attempts::default(),
            failures: 0,
            min_expires: 0,
        }
    }

    /// The next request outside dialogs, with the page's headers.
    fn draft(&mut self, ctx: &Context<'_>, method: Method) -> Request {
        self.cseq = self.cseq.saturating_add(1);
        let identity = &*ctx.identity;
        let target = self.ask.target.as_str();
        // What cannot be completed was found out when the wish was checked.
        let uri = target_uri(target, &identity.domain).filter(|_| !target.is_empty());
        let uri = uri.as_ref().unwrap_or(&identity.aor);
        let to = ["<", uri, ">"].concat();
        let from = identity.from(None, &self.tag);
        let mut request = identity.request(method, uri, &from, &to, &self.call_id, self.cseq);
        for (name, value) in &self.ask.headers {
            request.headers.push(name, value);
        }
        request
    }

    /// With the page's body and its type.
    fn fill(&self, request: &mut Request) {
        if !self.ask.body.is_empty() || self.ask.method == AskMethod::Message {
            let kind = self.ask.content_type.as_deref().unwrap_or("text/plain");
            request.headers.push("Content-Type", kind);
            request.body = self.ask.body.clone().into_bytes();
        }
    }

    /// With the wished lifetime and the event.
    fn expire(&self, request: &mut Request, seconds: u32) {
        let event = self.ask.event.as_str();
        request.headers.push("Event", event).push("Expires", seconds.to_string());
    }

    /// The lifetime to ask for, in seconds.
    fn wished(&self) -> u32 {
        let wished = self.ask.expires.unwrap_or(3600);
        if wished == 0 { 0 } else { wished.max(self.min_expires).min(LONGEST) }
    }

    /// False if there is no connection, or if the request cannot be printed.
    fn send(&mut self, ctx: &mut Context<'_>, request: Request) -> bool {
        self.out = ctx.send(request, Owner::Errand(self.id));
        if self.out.is_some() {
            // Kept here, and so nowhere else.
            ctx.asked.pop();
        }
        self.out.is_some()
    }

    fn hear(&mut self, ctx: &mut Context<'_>, id: TransactionId, response: &Message<'_>) -> Heard {
        let status = response.status().unwrap_or_default();
        if self.out != Some(id) || status < 200 {
            return Heard::Nothing;
        }
        self.out = None;
        if let (401 | 407, Some(sent)) = (status, ctx.transactions.sent(id))
            && ctx.identity.auth.on_challenge(sent, response, &mut self.attempts)
                == Challenged::Retry
        {
            return Heard::Again;
        }
        if status == 423
            && let Ok(Some(least)) = response.min_expires()
            && (self.wished() + 1..=LONGEST).contains(&least)
            && self.attempts.once_more()
        {
            self.min_expires = least;
            return Heard::Again;
        }
        if status < 300 {
            self.attempts = Attempts::default();
        }
        Heard::Final(status)
    }

    /// When to try again, each time later, and not before `told` seconds.
    fn next_try(&mut self, ctx: &mut Context<'_>, told: Option<u32>) -> Time {
        self.failures = self.failures.saturating_add(1);
        self.attempts = Attempts::default();
        let told = Duration::from_secs(told.unwrap_or(0).min(LONGEST).into());
        ctx.now + told.max(back_off(ctx.ids, self.failures))
    }
}

/// Checks what can be checked before anything has begun.
fn check(ask: &Ask) -> Result<(), ApiMisuse> {
    let standing = matches!(ask.method, AskMethod::Subscribe | AskMethod::Publish);
    let own = standing && ask.target.is_empty();
    if !own && target_uri(&ask.target, "example.invalid").is_none() {
        return Err(ApiMisuse::BadTarget(ask.target.clone()));
    }
    if ask.body.len() > MOST_BODY {
        return Err(ApiMisuse::TooLarge);
    }
    if standing && package_of(&ask.event).is_empty() {
        return Err(ApiMisuse::BadHeader("Event".to_owned()));
    }
    let told = [
        ("Event", Some(&ask.event)),
        ("Accept", ask.accept.as_ref()),
        ("Content-Type", ask.content_type.as_ref()),
    ];
    for (name, value) in told {
        if !value.is_none_or(|value| printable(value)) {
            return Err(ApiMisuse::BadHeader(name.to_owned()));
        }
    }
    match ask.headers.iter().find(|(name, value)| !may_be_set(name, value)) {
        Some((name, _)) => Err(ApiMisuse::BadHeader(name.clone())),
        None => Ok(()),
    }
}

/// The package of an Event, without its parameters.
fn package_of(event: &str) -> &str {
    crate::text::before(event, b";").trim_ascii()
}

/// Until when the part of a lifetime is over at which it is refreshed: between 70 and 85 %, so
/// that many do not come at the same moment.
fn refresh_at(ctx: &mut Context<'_>, seconds: u32) -> Time {
    let part = 70 + ctx.ids.below(16);
    ctx.now + Duration::from_secs(seconds.into()) * part / 100
}

/// Whether a refusal may be over soon.
fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 429 | 480 | 500 | 502..=504)
}

/// Why a request failed, from its final answer.
fn refused(response: &Message<'_>) -> FailureReason {
    let status = response.status().unwrap_or_default();
    let text = Some(response.reason().into_owned()).filter(|text| !text.is_empty());
    FailureReason { code: code_of(status).to_owned(), sip_status: Some(status), text }
}

/// Why a request failed that has no answer.
fn failed(code: &str) -> FailureReason {
    FailureReason { code: code.to_owned(), sip_status: None, text: None }
}

const fn code_of(status: u16) -> &'static str {
    match status {
        300..=399 => "redirected",
        401 | 403 | 407 => "auth",
        404 | 410 | 484 | 604 => "not-found",
        405 | 406 | 415 | 416 | 420 | 488 | 489 | 501 | 606 => "not-supported",
        408 | 480 => "no-answer",
        413 | 513 => "too-large",
        486 | 600 => "busy",
        603 | 607 => "declined",
        _ => "server-error",
    }
}

/// Why a request failed whose transaction ended without an answer.
pub(crate) const fn code_of_lost(why: LostWhy) -> &'static str {
    if matches!(why, LostWhy::Timeout) { "timeout" } else { "network" }
}
