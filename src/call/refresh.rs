//! Our own re-INVITE: the whole list of candidates, or an offer to another fork (RFC 3261 §14.1).

use std::time::Duration;

use crate::api::{EndCause, EndReason, EndedBy};
use crate::context::{Context, Owner, Usage};
use crate::media::MediaRequest;
use crate::sdp;
use crate::sip::{Message, Method};
use crate::time::Time;
use crate::transaction::TransactionId;

use super::negotiation::{Negotiation, Purpose};
use super::outgoing::description;
use super::peer::{Path, Peer};
use super::{Call, State};

/// How long sound may take to pass before the far side gets the whole list of candidates.
const CHECK: Duration = Duration::from_secs(2);
/// How long a re-INVITE waits for another negotiation to end.
const BUSY: Duration = Duration::from_millis(500);

/// Our own re-INVITE.
#[derive(Debug)]
pub(super) enum Reinvite {
    None,
    /// If no sound passes by then, one is needed.
    Check {
        at: Time,
    },
    /// It is out.
    Sent {
        id: TransactionId,
    },
    /// It crossed with one of the far side, or was refused, and is tried again.
    Again {
        at: Time,
    },
    /// The link was lost under it.
    WhenLinked,
}

impl Reinvite {
    pub(super) fn check(now: Time) -> Self {
        Self::Check { at: now + CHECK }
    }

    pub(super) fn is(&self, id: TransactionId) -> bool {
        matches!(self, Self::Sent { id: sent } if *sent == id)
    }

    pub(super) fn transaction_mut(&mut self) -> Option<&mut TransactionId> {
        match self {
            Self::Sent { id } => Some(id),
            Self::None | Self::Check { .. } | Self::Again { .. } | Self::WhenLinked => None,
        }
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        match self {
            Self::Check { at } | Self::Again { at } => Some(*at),
            Self::None | Self::Sent { .. } | Self::WhenLinked => None,
        }
    }
}

impl Call {
    pub(super) fn on_reinvite_timeout(&mut self, ctx: &mut Context<'_>) {
        let State::Up(up) = &mut self.state else { return };
        if up.reinvite.deadline().is_none_or(|at| ctx.now < at) {
            return;
        }
        let is_open = self.peer.as_ref().is_some_and(|peer| peer.path == Path::New);
        match up.reinvite {
            Reinvite::Check { .. } if !is_open => up.reinvite = Reinvite::None,
            _ => self.offer_again(ctx),
        }
    }

    /// Makes an offer, or puts it off while another negotiation is under way.
    fn offer_again(&mut self, ctx: &mut Context<'_>) {
        let State::Up(up) = &mut self.state else { return };
        if self.negotiation.is_stable() && up.unacked.is_none() && up.is_linked() {
            up.reinvite = Reinvite::None;
            let offer = MediaRequest::Offer { ice_restart: false };
            self.describe(ctx, Purpose::Reinvite, offer);
        } else {
            up.reinvite = Reinvite::Again { at: ctx.now + BUSY };
        }
    }

    /// The offer of a re-INVITE is ready.
    pub(super) fn send_reinvite(&mut self, ctx: &mut Context<'_>, body: String) {
        let contact = self.contact(ctx);
        let State::Up(up) = &mut self.state else { return };
        let mut request = up.dialog.request(ctx.identity, Method::Invite);
        request.headers.set("Contact", contact).push("Content-Type", "application/sdp");
        request.body = body.into_bytes();
        self.negotiation = Negotiation::Offered;
        match ctx.send(request, Owner::Call(self.id, Usage::Reinvite)) {
            Some(id) => up.reinvite = Reinvite::Sent { id },
            None => self.put_off(ctx),
        }
    }

    pub(super) fn on_reinvite_accepted(
        &mut self,
        ctx: &mut Context<'_>,
        id: TransactionId,
        response: &Message<'_>,
    ) {
        let State::Up(up) = &mut self.state else { return };
        up.reinvite = Reinvite::None;
        up.dialog.refresh_target(response);
        let dialog = up.dialog.clone();
        self.acknowledge(ctx, id, &dialog, response);
        match description(response).filter(|sdp| sdp::audio(sdp).is_some()) {
            Some(sdp) => self.apply(ctx, &sdp),
            None => {
                let reason = EndReason::new(EndedBy::Remote, EndCause::MediaChanged);
                self.end(ctx, reason, 488);
            }
        }
    }

    pub(super) fn on_reinvite_refused(
        &mut self,
        ctx: &mut Context<'_>,
        id: TransactionId,
        status: u16,
        response: &Message<'_>,
    ) {
        let is_whole = self.peer.as_ref().is_some_and(Peer::has_gathered_all);
        let talks = self.is_talking();
        let State::Up(up) = &mut self.state else { return };
        if !up.reinvite.is(id) {
            return;
        }
        up.reinvite = match status {
            491 => Reinvite::Again { at: ctx.now + glare_wait(ctx) },
            488 if !is_whole => Reinvite::Again { at: ctx.now + CHECK },
            _ => Reinvite::None,
        };
        let is_over = !talks && up.reinvite.deadline().is_none();
        self.take_offer_back(ctx);
        if is_over {
            // The fork that took the call does not take the sound.
            self.end(ctx, EndReason::of_refusal(response).into_media_failure(), 488);
        }
    }

    pub(super) fn on_reinvite_lost(&mut self, ctx: &mut Context<'_>, id: TransactionId) {
        if matches!(&self.state, State::Up(up) if up.reinvite.is(id)) {
            self.put_off(ctx);
        }
    }

    fn put_off(&mut self, ctx: &mut Context<'_>) {
        if let State::Up(up) = &mut self.state {
            up.reinvite = Reinvite::WhenLinked;
        }
        self.take_offer_back(ctx);
    }

    fn take_offer_back(&mut self, ctx: &mut Context<'_>) {
        self.ask(ctx, MediaRequest::Rollback);
        self.negotiation = Negotiation::Stable;
    }

    /// Requests may leave again. (Whoever refreshes the dialog after a reconnect begins here.)
    pub(super) fn resume(&mut self, ctx: &mut Context<'_>) {
        if matches!(&self.state, State::Up(up) if matches!(up.reinvite, Reinvite::WhenLinked)) {
            self.offer_again(ctx);
        }
        self.play_digits(ctx);
    }

    /// All candidates are there: what was refused for want of them can be tried again.
    pub(super) fn on_gathered_all(&mut self, ctx: &mut Context<'_>) {
        if matches!(&self.state, State::Calling(calling) if !calling.is_waiting()) {
            self.call_with_whole_list(ctx);
        }
    }

    /// 408 or 481 inside the dialog ends it (RFC 3261 §12.2.1.2).
    pub(super) fn on_dialog_gone(
        &mut self,
        ctx: &mut Context<'_>,
        status: u16,
        response: &Message<'_>,
    ) {
        if self.is_ended() {
            return;
        }
        let reason = match status {
            481 => EndReason::new(EndedBy::Remote, EndCause::Hangup),
            _ => EndReason::new(EndedBy::Network, EndCause::Timeout),
        };
        self.end(ctx, reason.with_status(status).with_words_of(response), 408);
    }

    /// No answer inside the dialog counts as 408.
    pub(super) fn on_dialog_silent(&mut self, ctx: &mut Context<'_>) {
        if !self.is_ended() {
            self.end(ctx, EndReason::new(EndedBy::Network, EndCause::Timeout), 408);
        }
    }
}

/// How long to wait after a 491 (RFC 3261 §14.1): who began the call waits longer.
fn glare_wait(ctx: &mut Context<'_>) -> Duration {
    // Only an outgoing call makes re-INVITEs so far: 2.1 to 4 seconds in steps of 10 ms.
    Duration::from_millis(2100 + 10 * u64::from(ctx.ids.below(190)))
}
