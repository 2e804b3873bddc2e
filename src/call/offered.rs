//! Offers of the far side inside the dialog, and their ACKs (RFC 3261 §14.2, RFC 3311, RFC 6337).

use crate::api::{EndCause, EndReason, EndedBy};
use crate::context::Context;
use crate::dialog::contact;
use crate::media::MediaRequest;
use crate::sdp::{self, Listens};
use crate::sip::{Message, Method, Reply};
use crate::transaction::TransactionId;

use super::negotiation::{Asked, AskedBy, Negotiation, Purpose};
use super::outgoing::description;
use super::session_timer::Proposal;
use super::{Call, State};

impl Call {
    /// A re-INVITE or an UPDATE.
    pub(super) fn on_offer(
        &mut self,
        ctx: &mut Context<'_>,
        server: TransactionId,
        reply: Reply,
        number: u32,
        request: &Message<'_>,
    ) {
        let offer = description(request);
        let is_update = request.method() == Some(Method::Update);
        if is_update && offer.is_none() {
            self.refresh_target(contact(request));
            let mut response = self.accepting(ctx, &reply, String::new());
            self.timer.answer(ctx, Proposal::of(request), &mut response.headers);
            ctx.respond(server, &response);
            return;
        }
        if let Some(status) = self.why_not_now(is_update, offer.as_deref()) {
            let mut response = reply.response(status);
            if status == 500 {
                // RFC 3261 §14.2: a random number of seconds up to ten.
                response.headers.push("Retry-After", ctx.ids.below(10).to_string());
            }
            ctx.respond(server, &response);
            return;
        }
        let kind = if is_update { AskedBy::Update } else { AskedBy::Invite };
        let (contact, timer) = (contact(request), Proposal::of(request));
        self.describe_for(ctx, Asked { server, reply, number, kind, offer, contact, timer });
    }

    /// Not before the 2xx: what is refused leaves the dialog as it was (RFC 3261 §12.2.2).
    fn refresh_target(&mut self, contact: Option<String>) {
        if let Some(dialog) = self.dialog_mut() {
            dialog.refresh_target(contact);
        }
    }

    /// The status for an offer that cannot be taken up (RFC 3261 §14.2, RFC 3311 §5.2).
    fn why_not_now(&self, is_update: bool, offer: Option<&str>) -> Option<u16> {
        let unacked = match &self.state {
            State::Up(up) => up.unacked.as_ref(),
            State::Calling(_) if is_update => None,
            State::Calling(_) => return Some(491),
            _ => return Some(500),
        };
        match (unacked, &self.negotiation) {
            (None, Negotiation::Stable) => {
                offer.is_some_and(|sdp| sdp::audio(sdp).is_none()).then_some(488)
            }
            (_, negotiation) if negotiation.is_ours() => Some(491),
            (Some(_), _) => Some(491),
            (None, _) => Some(500),
        }
    }

    /// Asks for our side of what the far side began. A changed certificate means another browser
    /// behind it, which needs a new peer (design.md §8).
    fn describe_for(&mut self, ctx: &mut Context<'_>, asked: Asked) {
        let Some(sdp) = asked.offer.clone() else {
            let offer = MediaRequest::Offer { ice_restart: false };
            self.describe(ctx, Purpose::Reply(asked), offer);
            return;
        };
        if self.answered == Some(sdp::hash(&sdp)) && self.is_directed() {
            // It refreshes the session and changes nothing (RFC 3264 §8).
            let body = self.origin.last().to_owned();
            self.send_reply(ctx, asked, body);
            return;
        }
        let known = self.peer.as_ref().and_then(|peer| peer.agreed.fingerprint.as_deref());
        let offered = sdp::audio(&sdp).and_then(|audio| audio.fingerprint);
        let is_another = matches!(
            (known, offered),
            (Some(known), Some(offered)) if !sdp::same_fingerprint(known, offered)
        );
        let listens = sdp::audio(&sdp).map(|audio| audio.listens);
        // Browsers know nothing of the hold of RFC 2543, and would go on sending.
        let sdp = match listens {
            Some(Listens::Nowhere) => sdp::limited(&sdp, true, false),
            _ => sdp,
        };
        let request = MediaRequest::Answer { sdp };
        if is_another {
            self.describe_anew(ctx, Purpose::Reply(asked), request);
        } else {
            self.describe(ctx, Purpose::Reply(asked), request);
        }
    }

    /// Our side of a re-INVITE or UPDATE is ready.
    pub(super) fn send_reply(&mut self, ctx: &mut Context<'_>, asked: Asked, body: String) {
        self.refresh_target(asked.contact);
        self.negotiation = match &asked.offer {
            Some(sdp) => {
                self.agree(&body);
                self.hear(ctx, sdp, false);
                Negotiation::Stable
            }
            None => Negotiation::Offered,
        };
        self.answered = asked.offer.as_deref().map(sdp::hash);
        if asked.kind == AskedBy::Update {
            let mut response = self.accepting(ctx, &asked.reply, body);
            self.timer.answer(ctx, asked.timer, &mut response.headers);
            ctx.respond(asked.server, &response);
            self.on_settled(ctx);
        } else {
            self.accept(ctx, asked.server, &asked.reply, asked.number, asked.timer, body);
        }
        self.show(ctx);
    }

    /// The ACK of a 2xx of ours.
    pub(crate) fn on_ack(&mut self, ctx: &mut Context<'_>, request: &Message<'_>) {
        let number = request.cseq().map(|cseq| cseq.number).unwrap_or_default();
        match &mut self.state {
            State::Up(up) if up.unacked.as_ref().is_some_and(|it| it.is_for(number)) => {
                up.unacked = None;
                let answer = description(request);
                if !matches!(self.negotiation, Negotiation::Offered) {
                    self.on_settled(ctx);
                } else if answer.is_none() && self.is_talking() {
                    // Nothing was agreed, so that nothing has changed (RFC 6141 §3).
                    self.take_offer_back(ctx);
                    self.give_offer_up(ctx, "the ACK has no answer");
                } else {
                    self.apply_or_end(ctx, request, EndCause::MediaFailed);
                }
            }
            State::Leaving(leaving) if leaving.awaits_ack(number) => {
                self.say_bye_at_last(ctx);
            }
            _ => {} // A repetition.
        }
    }

    /// Takes the answer in a message, without which the call cannot go on.
    pub(super) fn apply_or_end(
        &mut self,
        ctx: &mut Context<'_>,
        message: &Message<'_>,
        cause: EndCause,
    ) {
        if let Some(sdp) = description(message).filter(|sdp| sdp::audio(sdp).is_some()) {
            self.apply(ctx, &sdp);
        } else {
            self.end(ctx, EndReason::new(EndedBy::Remote, cause), 488);
        }
    }
}
