//! A publication, RFC 3903 §4: PUBLISH, its refreshes, another body, and the end.
//!
//! One PUBLISH is out at a time. What the server holds is named by its entity tag; where that is
//! gone (412) all is published anew. It does not hang on a connection.

use std::borrow::Cow;

use super::{Heard, LONGEST, Wish, failed, is_passing, refresh_at, refused};
use crate::api::{Ask, FailureReason, PublicationState, UaEvent};
use crate::context::Context;
use crate::package::presence;
use crate::sip::{Message, Method, printable};
use crate::time::Time;
use crate::transaction::TransactionId;

/// The part of a publication's errand that is its own.
#[derive(Default)]
pub(super) struct Publication {
    stage: Stage,
    /// What the server calls it.
    etag: Option<String>,
    /// What is to be sent next.
    due: Due,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    /// Nothing was sent, or what was sent is lost. It goes when the line is ready.
    #[default]
    Idle,
    /// Refused for a while.
    Resting { until: Time },
    /// A PUBLISH is out, for this.
    Sent(Due),
    /// The server has it.
    Published { refresh_at: Time },
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Due {
    #[default]
    Body,
    /// What the server has stays, for longer.
    Refresh,
    /// The page takes it back.
    End,
}

/// Each function that gives a `bool` says whether the errand is over.
impl Publication {
    pub(super) const fn deadline(&self) -> Option<Time> {
        match self.stage {
            Stage::Idle | Stage::Sent(_) => None,
            Stage::Resting { until: due } | Stage::Published { refresh_at: due } => Some(due),
        }
    }

    pub(super) fn on_ready(&mut self, wish: &mut Wish, ctx: &mut Context<'_>) -> bool {
        self.stage == Stage::Idle && self.send(wish, ctx)
    }

    /// The page has another body.
    pub(super) fn replace(
        &mut self,
        wish: &mut Wish,
        ctx: &mut Context<'_>,
        ask: Box<Ask>,
    ) -> bool {
        wish.ask = ask;
        self.want(wish, ctx, Due::Body)
    }

    /// The page takes it back.
    pub(super) fn withdraw(&mut self, wish: &mut Wish, ctx: &mut Context<'_>) -> bool {
        self.want(wish, ctx, Due::End)
    }

    fn want(&mut self, wish: &mut Wish, ctx: &mut Context<'_>, due: Due) -> bool {
        self.due = due;
        match self.stage {
            // It follows the answer to what is out.
            Stage::Sent(_) => false,
            _ if due == Due::End && self.etag.is_none() => Self::tell_removed(wish, ctx),
            Stage::Idle if ctx.identity.flow.is_none() => false,
            Stage::Idle | Stage::Resting { .. } | Stage::Published { .. } => self.send(wish, ctx),
        }
    }

    fn send(&mut self, wish: &mut Wish, ctx: &mut Context<'_>) -> bool {
        let due = std::mem::replace(&mut self.due, Due::Refresh);
        let mut request = wish.draft(ctx, Method::Publish);
        wish.expire(&mut request, if due == Due::End { 0 } else { wish.wished() });
        if let Some(etag) = &self.etag {
            request.headers.push("SIP-If-Match", etag);
        }
        if due == Due::Body || due == Due::Refresh && self.etag.is_none() {
            match wish.ask.open {
                Some(open) => {
                    let document = presence::write(&ctx.identity.aor, open, &wish.ask.body);
                    request.headers.push("Content-Type", presence::TYPE);
                    request.body = document.into_bytes();
                }
                None => wish.fill(&mut request),
            }
        }
        self.stage = Stage::Sent(due);
        if !wish.send(ctx, request) {
            self.recall();
            self.stage = Stage::Idle;
            return due == Due::End && Self::tell_removed(wish, ctx);
        }
        false
    }

    /// What was out is to be sent again, unless there is something newer.
    fn recall(&mut self) {
        if let (Stage::Sent(sent), Due::Refresh) = (self.stage, self.due) {
            self.due = sent;
        }
    }

    pub(super) fn on_answered(
        &mut self,
        wish: &mut Wish,
        ctx: &mut Context<'_>,
        id: TransactionId,
        response: &Message<'_>,
    ) -> bool {
        let status = match wish.hear(ctx, id, response) {
            Heard::Nothing => return false,
            Heard::Again => {
                self.recall();
                return self.send(wish, ctx);
            }
            Heard::Final(status) => status,
        };
        if (200..300).contains(&status) {
            return self.on_accepted(wish, ctx, response);
        }
        self.recall();
        if status == 412 {
            self.etag = None;
        }
        if self.due == Due::End && !(is_passing(status) && self.etag.is_some()) {
            Self::tell_removed(wish, ctx)
        } else if status == 412 && wish.attempts.once_more() {
            // The server has forgotten it (§4.5).
            self.send(wish, ctx)
        } else if is_passing(status) {
            self.rest(wish, ctx, response.retry_after().ok().flatten(), refused(response))
        } else {
            Self::tell(wish, ctx, PublicationState::Failed, None, Some(refused(response)));
            true
        }
    }

    fn on_accepted(
        &mut self,
        wish: &mut Wish,
        ctx: &mut Context<'_>,
        response: &Message<'_>,
    ) -> bool {
        if self.stage == Stage::Sent(Due::End) {
            return Self::tell_removed(wish, ctx);
        }
        let etag = response.header("SIP-ETag").map(Cow::into_owned);
        self.etag = etag.filter(|etag| printable(etag) && !etag.is_empty());
        wish.failures = 0;
        if self.due == Due::End {
            return self.send(wish, ctx);
        }
        let granted = response.expires().ok().flatten().unwrap_or_else(|| wish.wished());
        let granted = granted.clamp(SHORTEST, LONGEST);
        self.stage = Stage::Published { refresh_at: refresh_at(ctx, granted) };
        Self::tell(wish, ctx, PublicationState::Published, Some(granted), None);
        self.due == Due::Body && self.send(wish, ctx)
    }

    pub(super) fn on_lost(&mut self, wish: &mut Wish, ctx: &mut Context<'_>, code: &str) -> bool {
        self.recall();
        if code == "network" {
            // It goes again with the next connection.
            self.stage = Stage::Idle;
            Self::tell(wish, ctx, PublicationState::Pending, None, Some(failed(code)));
            return false;
        }
        self.rest(wish, ctx, None, failed(code))
    }

    pub(super) fn on_timeout(&mut self, wish: &mut Wish, ctx: &mut Context<'_>) -> bool {
        self.send(wish, ctx)
    }

    /// It is tried again after a while, and not before `told` seconds.
    fn rest(
        &mut self,
        wish: &mut Wish,
        ctx: &mut Context<'_>,
        told: Option<u32>,
        reason: FailureReason,
    ) -> bool {
        self.stage = Stage::Resting { until: wish.next_try(ctx, told) };
        Self::tell(wish, ctx, PublicationState::Pending, None, Some(reason));
        false
    }

    /// Gives `true`, for it is over.
    pub(super) fn tell_removed(wish: &Wish, ctx: &mut Context<'_>) -> bool {
        Self::tell(wish, ctx, PublicationState::Removed, None, None);
        true
    }

    fn tell(
        wish: &Wish,
        ctx: &mut Context<'_>,
        state: PublicationState,
        expires_in: Option<u32>,
        reason: Option<FailureReason>,
    ) {
        ctx.tell(UaEvent::Publication { id: wish.id.0, state, expires_in, reason });
    }
}

/// What a server grants is taken for no less, in seconds.
const SHORTEST: u32 = 10;
