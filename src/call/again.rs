//! An INVITE that goes out again, with all candidates.

use std::time::Duration;

use crate::api::{EndCause, EndReason, EndedBy};
use crate::context::{Context, Usage};
use crate::sip::Request;

use super::outgoing::{Calling, Hears, Offer};
use super::{Call, State};

/// How long the whole list of candidates is waited for after an incomplete one was refused.
const WHOLE_LIST: Duration = Duration::from_secs(3);

impl Calling {
    /// A fork's description is in use: no other offer can be made in this INVITE's place.
    pub(super) const fn is_early(&self) -> bool {
        matches!(self.hears, Hears::Early { .. } | Hears::Bereft)
    }
}

impl Call {
    /// After a 488 to an incomplete list of candidates: once more with the full list.
    pub(super) fn offer_whole_list(&mut self, ctx: &mut Context<'_>) -> bool {
        let State::Calling(calling) = &mut self.state else { return false };
        let is_early = calling.is_early();
        let Offer::Partial { sdp } = &mut calling.offer else { return false };
        if is_early || self.once {
            return false;
        }
        let Some(request) = ctx.transactions.sent(calling.invite).cloned() else { return false };
        let (sdp, request) = (std::mem::take(sdp), Box::new(request));
        calling.offer = Offer::Refused { sdp, request, until: ctx.now + WHOLE_LIST };
        if self.peer.as_ref().is_some_and(super::Peer::has_gathered_all) {
            self.call_with_whole_list(ctx);
        }
        true
    }

    /// The whole list is there, or was waited for long enough.
    pub(super) fn call_with_whole_list(&mut self, ctx: &mut Context<'_>) {
        let (State::Calling(calling), Some(peer)) = (&mut self.state, &self.peer) else { return };
        let before = std::mem::replace(&mut calling.offer, Offer::Whole);
        let Offer::Refused { sdp, mut request, .. } = before else { return };
        request.body = peer.complete(&sdp, &mut self.origin).into_bytes();
        self.call_again(ctx, *request);
    }

    /// `true` also if there was no way for it, so that the call is over. `false` where a token that
    /// is good once went with it.
    pub(super) fn call_again(&mut self, ctx: &mut Context<'_>, request: Request) -> bool {
        if self.once {
            return false;
        }
        // Who rang for the former INVITE does so no more.
        self.forks.clear();
        let again = if self.is_elsewhere(ctx, &request) {
            self.send_bare(ctx, request)
        } else {
            self.send_again(ctx, request, Usage::Invite)
        };
        if let (State::Calling(calling), Some(again)) = (&mut self.state, again) {
            calling.invite = again;
        } else {
            self.over(ctx, EndReason::new(EndedBy::Network, EndCause::Network));
        }
        true
    }
}
