//! Our own provisional answers where they must arrive: RSeq, repeated until PRACK (RFC 3262 §3).
//!
//! One is outstanding at a time. Only one of them can have a description: the offer that answers
//! an INVITE without one, once the person has taken the call; the PRACK has the answer then, and
//! the 2xx waits for it. Such an INVITE that requires 100rel does not ring here before: a reliable
//! 180 would have to hold an offer, and so the microphone, before anybody said yes.

use std::time::Duration;

use crate::api::{EndCause, EndReason, EndedBy};
use crate::context::Context;
use crate::sip::{Message, Method, Reply, Response};
use crate::time::Time;
use crate::transaction::TransactionId;

use super::Call;
use super::outgoing::description;
use super::unacked::Unacked;

/// What is said reliably to one INVITE.
#[derive(Debug)]
pub(super) struct Reliable {
    rseq: u32,
    /// The one that is not acknowledged.
    pending: Option<Unacked>,
}

impl Reliable {
    /// For an INVITE that requires it, or for one that lets us choose, if we would.
    pub(super) fn of(ctx: &mut Context<'_>, request: &Message<'_>) -> Option<Self> {
        const REL: &str = "100rel";
        let is_wished = ctx.config.reliable_ringing
            && request.lists("Supported", REL)
            && !request.body().is_empty();
        // RFC 3262 §3: from 1 to 2^31 - 1, so that it never wraps.
        (is_wished || request.lists("Require", REL))
            .then(|| Self { rseq: ctx.ids.below(1 << 30), pending: None })
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        self.pending.as_ref().map(Unacked::deadline)
    }
}

impl Call {
    /// Sends a provisional answer to the INVITE of this number, reliably if that was asked for.
    pub(super) fn say_provisional(
        &mut self,
        ctx: &mut Context<'_>,
        server: TransactionId,
        number: u32,
        mut response: Response,
    ) {
        if let Some(reliable) = &mut self.reliable {
            if reliable.pending.is_some() {
                return;
            }
            reliable.rseq += 1;
            let rseq = reliable.rseq.to_string();
            response.headers.push("Require", "100rel").push("RSeq", rseq);
            reliable.pending = Unacked::new(ctx.now, number, &response, Duration::MAX);
        }
        ctx.respond(server, &response);
    }

    /// Says again what is not acknowledged, if it is time. `false` if the call is over for it.
    pub(super) fn repeat_provisional(&mut self, ctx: &mut Context<'_>) -> bool {
        let pending = self.reliable.as_mut().and_then(|reliable| reliable.pending.as_mut());
        let is_heard = pending.is_none_or(|pending| pending.repeat(ctx));
        if !is_heard {
            self.end(ctx, EndReason::new(EndedBy::Network, EndCause::Timeout), 504);
        }
        is_heard
    }

    /// What a provisional answer of ours waits for, also when the final one is out.
    pub(super) fn on_prack(
        &mut self,
        ctx: &mut Context<'_>,
        server: TransactionId,
        reply: &Reply,
        request: &Message<'_>,
    ) {
        let rack = request.rack().ok().flatten();
        let reliable = self.reliable.as_mut().filter(|reliable| {
            rack.is_some_and(|rack| {
                let is_pending = |it: &Unacked| it.is_for(rack.cseq.number);
                reliable.rseq == rack.rseq
                    && rack.cseq.method == Method::Invite
                    && reliable.pending.as_ref().is_some_and(is_pending)
            })
        });
        let Some(reliable) = reliable else {
            ctx.respond(server, &reply.response(481));
            return;
        };
        reliable.pending = None;
        let offer = description(request).is_some();
        if self.awaits_answer() {
            ctx.respond(server, &reply.response(200));
            self.apply_or_end(ctx, request, EndCause::MediaFailed);
        } else {
            // The offer of the INVITE has no answer yet: another one is out of place.
            ctx.respond(server, &reply.response(if offer { 491 } else { 200 }));
        }
    }
}
