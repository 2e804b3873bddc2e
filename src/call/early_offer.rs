//! Our own UPDATE before the answer (RFC 3311 §5.1): early sound that does not pass for want of
//! candidates gets the whole list of them.
//!
//! Only where the first offer has its answer for certain, in a reliable provisional one (RFC 6337
//! §3.1.2), and the far side takes UPDATE. What it refuses leaves the session as it was.

use std::time::Duration;

use crate::context::{Context, Owner, Usage};
use crate::dialog::contact;
use crate::media::MediaRequest;
use crate::sip::{Message, Method};
use crate::transaction::TransactionId;

use super::negotiation::{Negotiation, Purpose};
use super::outgoing::{Offer, description};
use super::peer::Path;
use super::{Call, State};

/// How long early sound may take to pass before the far side gets the whole list of candidates.
const CHECK: Duration = Duration::from_secs(2);

impl Call {
    /// Early sound is agreed upon.
    pub(super) fn watch_early_sound(&mut self, ctx: &Context<'_>) {
        if let State::Calling(calling) = &mut self.state
            && matches!(calling.offer, Offer::Partial { .. })
            && !calling.has_checked
        {
            calling.has_checked = true;
            calling.check_at = Some(ctx.now + CHECK);
        }
    }

    /// Time to see whether the early sound passes.
    pub(super) fn check_early_sound(&mut self, ctx: &mut Context<'_>) {
        let State::Calling(calling) = &mut self.state else { return };
        calling.check_at = None;
        let heard = calling.heard();
        let fork =
            self.forks.iter().find(|it| heard.is_some_and(|tag| it.dialog.has_remote_tag(tag)));
        let may_update = fork.is_some_and(|fork| fork.may_update && fork.rseq.is_some());
        let Some(peer) = self.peer.as_ref().filter(|peer| peer.is_still_silent()) else { return };
        if may_update && self.negotiation.is_stable() {
            let ice_restart = matches!(peer.path, Path::Failed { .. });
            self.describe(ctx, Purpose::Reinvite, MediaRequest::Offer { ice_restart });
        }
    }

    /// The offer is ready.
    pub(super) fn send_early_offer(&mut self, ctx: &mut Context<'_>, body: String) {
        let contact = self.contact(ctx);
        self.negotiation = Negotiation::Offered;
        let sent = self.dialog_mut().map(|dialog| {
            let mut request = dialog.request(ctx.identity, Method::Update);
            request.headers.set("Contact", contact).push("Content-Type", "application/sdp");
            request.body = body.into_bytes();
            request
        });
        self.early_offer =
            sent.and_then(|update| ctx.send(update, Owner::Call(self.id, Usage::EarlyOffer)));
        if self.early_offer.is_none() {
            self.take_offer_back(ctx);
        }
    }

    /// The final answer to it, or none. The call may be up by now.
    pub(super) fn on_early_offer_answered(
        &mut self,
        ctx: &mut Context<'_>,
        id: TransactionId,
        response: Option<&Message<'_>>,
    ) {
        if self.early_offer != Some(id) || self.is_ended() {
            return;
        }
        self.early_offer = None;
        let taken = response.filter(|it| it.status().is_some_and(|status| status < 300));
        if let Some(dialog) = self.dialog_mut() {
            dialog.refresh_target(taken.and_then(contact));
        }
        if let Some(sdp) = taken.and_then(description) {
            self.apply(ctx, &sdp);
        } else {
            self.take_offer_back(ctx);
            self.on_settled(ctx);
        }
    }

    /// Whether an offer of ours for a session that is agreed upon is out or being made.
    pub(super) fn offers_early(&self) -> bool {
        self.early_offer.is_some() || self.negotiation.is_for_reinvite()
    }
}
