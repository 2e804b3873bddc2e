//! The 2xx to our INVITEs: ACK, forks, repetitions (RFC 3261 §13.2.2.4).

use crate::api::{EndCause, EndReason, EndedBy};
use crate::context::{Context, Owner, Usage};
use crate::dialog::Dialog;
use crate::media::MediaRequest;
use crate::sdp;
use crate::sip::{Message, Method, ParseError};
use crate::transaction::TransactionId;

use super::early::FORKS;
use super::in_dialog::Up;
use super::negotiation::Purpose;
use super::outgoing::{Hears, Offer, description};
use super::{Acked, Call, State};

/// Of these many 2xx the ACK can be repeated.
const ACKS: usize = 8;

impl Call {
    /// A 2xx to an INVITE of ours, the first, a repetition, or that of another fork.
    pub(super) fn on_invite_accepted(
        &mut self,
        ctx: &mut Context<'_>,
        id: TransactionId,
        usage: Usage,
        response: &Message<'_>,
    ) {
        if self.acknowledge_again(ctx, response) {
            return;
        }
        match &mut self.state {
            State::Calling(calling) if calling.invite == id => self.on_taken(ctx, id, response),
            State::Up(up) if usage == Usage::Reinvite && up.reinvite.is(id) => {
                self.on_reinvite_accepted(ctx, id, response);
            }
            State::Leaving(leaving) if usage == Usage::Reinvite => {
                // The BYE is on its way already.
                if let Some(dialog) = leaving.dialog().cloned() {
                    self.acknowledge(ctx, id, &dialog, response);
                }
            }
            State::Leaving(leaving) if leaving.is_cancelling(id) => {
                if let Some(dialog) = self.dialog_of(ctx, id, response) {
                    self.acknowledge(ctx, id, &dialog, response);
                    self.say_bye(ctx, dialog);
                } else {
                    self.state = State::Gone;
                }
            }
            // Also when the call is over: a fork that took it too late must not be left alone.
            _ => self.drop_fork(ctx, id, response),
        }
    }

    /// The far side took the call.
    fn on_taken(&mut self, ctx: &mut Context<'_>, id: TransactionId, response: &Message<'_>) {
        let Some(dialog) = self.dialog_of(ctx, id, response) else { return };
        self.acknowledge(ctx, id, &dialog, response);
        let State::Calling(calling) = std::mem::replace(&mut self.state, State::Gone) else {
            return;
        };
        if let Err(error) = response.record_routes() {
            self.drop_unroutable(ctx, dialog, &error);
            return;
        }
        let answer = description(response).filter(|sdp| sdp::audio(sdp).is_some());
        let is_early = match &calling.hears {
            Hears::Early { remote_tag, ice_user } => Some(
                dialog.has_remote_tag(remote_tag)
                    && answer.as_ref().is_none_or(|sdp| self.is_heard(sdp, ice_user)),
            ),
            Hears::Bereft => Some(false),
            Hears::Nothing | Hears::Ringing => None,
        };
        self.timer.hear(ctx.now, response);
        let is_partial = matches!(calling.offer, Offer::Partial { .. });
        self.state = State::Up(Box::new(Up::new(dialog, is_partial)));
        if let Some(peer) = &mut self.peer {
            peer.renew_patience(ctx.now);
        }
        match (is_early, answer) {
            (Some(true), _) if self.negotiation.is_stable() => self.on_settled(ctx),
            (Some(true), _) if self.offers_early() => {
                // What was agreed upon before holds until the far side has decided.
                if let State::Up(up) = &mut self.state {
                    up.settle(ctx.now, false);
                }
                self.show(ctx);
            }
            (Some(true), _) => {} // The peer is still at it.
            (Some(false), _) => self.offer_from_new_peer(ctx),
            (None, Some(sdp)) => self.apply(ctx, &sdp),
            (None, None) => {
                let reason = EndReason::new(EndedBy::Remote, EndCause::MediaFailed);
                self.end(ctx, reason.with_status(200), 488);
            }
        }
    }

    /// The 2xx does not say by which way requests go (RFC 3261 §12.1.2).
    fn drop_unroutable(&mut self, ctx: &mut Context<'_>, dialog: Dialog, error: &ParseError) {
        ctx.out.unreadable(ctx.account, error, Some(self.id));
        self.state = State::Up(Box::new(Up::new(dialog, false)));
        let reason = EndReason::new(EndedBy::Remote, EndCause::ServerError).with_status(200);
        self.end(ctx, reason, 500);
    }

    /// Whether the answer in a 2xx comes from where the early sound came from (RFC 6337 §3.1.1
    /// wants it so, but many an announcement is another's than the person who takes the call).
    fn is_heard(&self, sdp: &str, ice_user: &str) -> bool {
        let known = self.peer.as_ref().and_then(|peer| peer.agreed.fingerprint.as_deref());
        let told = sdp::audio(sdp).and_then(|audio| audio.fingerprint);
        let is_same = |(known, told)| sdp::same_fingerprint(known, told);
        known.zip(told).is_none_or(is_same) && sdp::ice_user(sdp).unwrap_or_default() == ice_user
    }

    /// Another one took the call than whose sound was heard: no browser takes a second answer, so
    /// that it gets a new offer.
    fn offer_from_new_peer(&mut self, ctx: &mut Context<'_>) {
        if let Some(asked) = self.negotiation.take_asked() {
            // An UPDATE of the fork that is over now.
            ctx.respond(asked.server, &asked.reply.response(481));
        }
        self.early_offer = None;
        let offer = MediaRequest::Offer { ice_restart: false };
        self.describe_anew(ctx, Purpose::Reinvite, offer);
    }

    /// Another fork took the call too late. Of very many nobody answered an INVITE: theirs are
    /// not heard, and they give up by themselves.
    fn drop_fork(&mut self, ctx: &mut Context<'_>, id: TransactionId, response: &Message<'_>) {
        if usize::from(self.dropped) == FORKS {
            return;
        }
        if let Some(mut dialog) = self.dialog_of(ctx, id, response) {
            self.dropped += 1;
            self.acknowledge(ctx, id, &dialog, response);
            let bye = dialog.request(ctx.identity, Method::Bye);
            ctx.send(bye, Owner::Call(self.id, Usage::Bye));
        }
    }

    pub(super) fn dialog_of(
        &self,
        ctx: &Context<'_>,
        id: TransactionId,
        response: &Message<'_>,
    ) -> Option<Dialog> {
        let dialog = Dialog::of_response(ctx.transactions.sent(id)?, &self.local_tag, response);
        let mut dialog = dialog.ok()?;
        // What was said while it was early had numbers too.
        let early = self.forks.iter().map(|fork| &fork.dialog);
        if let Some(early) = early.into_iter().find(|early| early.is_early_form_of(&dialog)) {
            dialog.count_on_from(early);
        }
        Some(dialog)
    }

    /// Sends the ACK of a 2xx, and keeps it for repetitions.
    pub(super) fn acknowledge(
        &mut self,
        ctx: &mut Context<'_>,
        id: TransactionId,
        dialog: &Dialog,
        response: &Message<'_>,
    ) {
        let Ok(cseq) = response.cseq() else { return };
        let ack = dialog.ack(ctx.identity, ctx.transactions.sent(id), cseq.number);
        let Some(bytes) = ctx.send_ack(ack) else { return };
        if self.acks.len() == ACKS {
            self.acks.remove(0);
        }
        let remote_tag = tag_of(response);
        self.acks.push(Acked { remote_tag, number: cseq.number, bytes });
    }

    fn acknowledge_again(&self, ctx: &mut Context<'_>, response: &Message<'_>) -> bool {
        let number = response.cseq().map(|cseq| cseq.number).unwrap_or_default();
        let tag = tag_of(response);
        let known = self.acks.iter().find(|it| it.number == number && it.remote_tag == tag);
        if let (Some(ack), Some(flow)) = (known, ctx.identity.flow) {
            ctx.transmit(flow, ack.bytes.clone());
        }
        known.is_some()
    }
}

fn tag_of(response: &Message<'_>) -> String {
    response.to().ok().and_then(|to| Some(to.tag()?.into_owned())).unwrap_or_default()
}
