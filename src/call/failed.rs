//! Descriptions that come to nothing, and what is left of the call (RFC 3261 §14.1, RFC 6141).

use crate::api::{EndCause, EndReason, EndedBy};
use crate::context::Context;
use crate::media::MediaFailure;
use crate::transaction::TransactionId;

use super::negotiation::{Negotiation, Purpose};
use super::{Call, State};

impl Call {
    /// A request of the far side needs no description any more: it was cancelled, or the link went
    /// under it. What the browser has settled by then, a new offer settles with the far side.
    pub(super) fn drop_asked(&mut self, ctx: &mut Context<'_>, server: TransactionId) {
        if self.negotiation.asked().is_some_and(|asked| asked.server == server) {
            if let Some(asked) = self.negotiation.take_asked() {
                ctx.respond(asked.server, &asked.reply.response(487));
            }
            self.want_offer(ctx, false);
        }
    }

    pub(super) fn on_no_candidates(&mut self, ctx: &mut Context<'_>) {
        let is_reinvite = self.negotiation.is_for_reinvite();
        if is_reinvite && self.is_talking() {
            // The path that is there may still do; if not, its end is the call's.
            self.take_offer_back(ctx);
            self.give_offer_up(ctx, "no-candidates");
            return;
        }
        let reason = EndReason::new(EndedBy::System, EndCause::MediaFailed);
        self.end(ctx, reason.with_code("no-candidates"), 480);
    }

    /// No microphone, or no WebRTC. An incoming call goes on ringing: the person may mend it.
    pub(super) fn on_open_failed(&mut self, ctx: &mut Context<'_>, failure: &MediaFailure) {
        if matches!(self.state, State::Incoming(_)) {
            self.ring_again(ctx, failure);
        } else {
            self.on_describe_failed(ctx, failure);
        }
    }

    pub(super) fn on_describe_failed(&mut self, ctx: &mut Context<'_>, failure: &MediaFailure) {
        let is_fresh = self.peer.as_ref().is_some_and(|peer| peer.agreed.fingerprint.is_none());
        match &self.negotiation {
            Negotiation::Describing { purpose: Purpose::Reply(_), .. } if !is_fresh => {
                // The session stays as it was (RFC 3261 §14.1).
                if let Some(asked) = self.negotiation.take_asked() {
                    ctx.respond(asked.server, &asked.reply.response(488));
                }
                self.on_settled(ctx);
            }
            Negotiation::Describing { purpose: Purpose::Reply(_), .. } => {
                if let Some(asked) = self.negotiation.take_asked() {
                    ctx.respond(asked.server, &asked.reply.response(488));
                }
                let reason = EndReason::new(EndedBy::System, EndCause::MediaChanged);
                self.end(ctx, reason, 488);
            }
            Negotiation::Describing { purpose: Purpose::Reinvite, .. }
                if self.is_talking() || matches!(self.state, State::Calling(_)) =>
            {
                self.negotiation = Negotiation::Stable;
                self.give_offer_up(ctx, failure.code());
            }
            _ => self.end(ctx, EndReason::of_media(failure), 488),
        }
    }

    /// The driver answered what nobody asked.
    pub(super) fn on_fault(&mut self, ctx: &mut Context<'_>) {
        self.end(ctx, EndReason::new(EndedBy::System, EndCause::Internal), 500);
    }
}
