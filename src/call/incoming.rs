//! A call that comes in: 180, the answer, its repetition until the ACK (RFC 3261 §13.3).

use std::borrow::Cow;
use std::time::Duration;

use crate::api::{CallId, CallState, Direction, EndCause, EndReason, EndedBy, UaEvent, Words};
use crate::context::{Context, Owner, Usage};
use crate::dialog::Dialog;
use crate::error::ApiMisuse;
use crate::identity::{ALLOW, SUPPORTED};
use crate::media::{MediaFailure, MediaRequest};
use crate::owned::is_owned;
use crate::sdp;
use crate::sip::{Message, Reply, Response, long_name, number_of};
use crate::time::Time;
use crate::transaction::{LostWhy, T2, TransactionId};

use super::in_dialog::Up;
use super::negotiation::{Negotiation, Purpose};
use super::outgoing::description;
use super::reliable::Reliable;
use super::session_timer::Proposal;
use super::told::epoch_ms;
use super::unacked::Unacked;
use super::{Call, Continues, State, caller, info};

/// It rings here, or the answer is being made.
#[derive(Debug)]
pub(super) struct Incoming {
    server: TransactionId,
    reply: Reply,
    pub(super) dialog: Dialog,
    number: u32,
    /// None: the 200 has the offer, the ACK the answer.
    offer: Option<String>,
    timer: Proposal,
    stage: Stage,
    patience: Patience,
    /// When the phone takes the call by itself.
    by_itself_at: Option<Time>,
}

/// How long the far side waits (RFC 3261 §13.3.1).
#[derive(Debug)]
struct Patience {
    /// Then the 180 is due once more, lest a proxy on the way gives up (§13.3.1.1).
    again: Time,
    until: Time,
    /// What is answered then.
    late: u16,
}

/// After this time a 180 is said again.
const RING_AGAIN: Duration = Duration::from_secs(60);
/// How long it rings where the INVITE does not tell.
const RING: Duration = Duration::from_secs(180);
/// No Expires is taken for more, in seconds.
const LONGEST: u32 = 3600;

impl Patience {
    fn of(request: &Message<'_>, now: Time) -> Self {
        let (time, late) = match request.expires() {
            Ok(Some(seconds)) => (Duration::from_secs(seconds.min(LONGEST).into()), 487),
            Ok(None) | Err(_) => (RING, 480),
        };
        Self { again: now + RING_AGAIN, until: now + time, late }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Stage {
    Ringing,
    Answering,
}

impl Incoming {
    pub(super) fn shown(&self) -> CallState {
        match self.stage {
            Stage::Ringing => CallState::Incoming,
            Stage::Answering => CallState::Answering,
        }
    }

    pub(super) fn deadline(&self) -> Time {
        let soon = self.patience.again.min(self.patience.until);
        self.by_itself_at.map_or(soon, |at| soon.min(at))
    }
}

impl Call {
    /// Takes up an INVITE that the agent did not refuse. It may be over at once, refused for its
    /// media (488): ask [`is_gone`](Self::is_gone). The page knows nothing of it then.
    pub(crate) fn incoming(
        ctx: &mut Context<'_>,
        id: CallId,
        server: TransactionId,
        request: &Message<'_>,
        by_itself: Option<u32>,
        continues: Option<Continues>,
    ) -> Self {
        let uri = request.from().map(|from| from.uri_text().to_owned()).unwrap_or_default();
        let sip_call_id = request.call_id().map(Cow::into_owned).unwrap_or_default();
        let mut call = Self::new(ctx, id, Direction::Incoming, number_of(&uri), sip_call_id);
        let mut reply = Reply::of(request);
        reply.tag(&call.local_tag);
        let offer = description(request);
        let dialog = match Dialog::of_request(request, &call.local_tag) {
            Ok(dialog) => dialog,
            Err(error) => {
                ctx.respond(server, &reply.response(error.status()));
                ctx.out.unreadable(ctx.account, &error, None);
                return call;
            }
        };
        if offer.as_ref().is_some_and(|sdp| sdp::audio(sdp).is_none()) {
            ctx.respond(server, &reply.response(488));
            return call;
        }
        ctx.transactions.adopt(server, Owner::Call(id, Usage::Incoming));
        let number = request.cseq().map(|cseq| cseq.number).unwrap_or_default();
        let stage = Stage::Ringing;
        let timer = Proposal::of(request);
        let patience = Patience::of(request, ctx.now);
        let by_itself_at = by_itself.map(|after| ctx.now + Duration::from_secs(after.into()));
        let incoming =
            Incoming { server, reply, dialog, number, offer, timer, stage, patience, by_itself_at };
        call.state = State::Incoming(Box::new(incoming));
        call.reliable = Reliable::of(ctx, request);
        if continues.is_none() {
            call.ring(ctx);
        }
        call.continues = continues;
        call.tell_ringing(ctx, uri, request, by_itself);
        if continues.is_some() {
            // The person is in the call already.
            call.take_over(ctx);
            let _ = call.answer(ctx, Words::default());
        }
        call.show(ctx);
        call
    }

    /// Says that it rings; where that would have to hold an offer, it is left unsaid.
    fn ring(&mut self, ctx: &mut Context<'_>) {
        let State::Incoming(incoming) = &self.state else { return };
        if incoming.offer.is_some() || self.reliable.is_none() {
            let (server, number) = (incoming.server, incoming.number);
            let mut ringing = incoming.reply.response(180);
            ringing.headers.push("Contact", self.contact(ctx)).push("Allow", ALLOW);
            self.say_provisional(ctx, server, number, ringing);
        }
    }

    fn tell_ringing(
        &self,
        ctx: &mut Context<'_>,
        uri: String,
        request: &Message<'_>,
        by_itself: Option<u32>,
    ) {
        let headers = request
            .all_headers()
            .map(|(name, value)| (long_name(name), value))
            .filter(|(name, _)| !is_owned(name) || name.eq_ignore_ascii_case("User-to-User"))
            .map(|(name, value)| (name.to_owned(), value.into_owned()));
        let at = epoch_ms(ctx);
        ctx.tell(UaEvent::Call {
            call: self.id.0,
            direction: Direction::Incoming,
            number: self.number.clone(),
            display_name: request.from().ok().and_then(|from| from.display_name()),
            uri,
            info: info::read(request),
            headers: headers.collect(),
            caller: Box::new(caller::read(request, by_itself)),
            sip_call_id: self.sip_call_id.clone(),
            continues: self.continues.map(|it| it.call.0),
            at,
        });
    }

    pub(super) fn answer(&mut self, ctx: &mut Context<'_>, words: Words) -> Result<(), ApiMisuse> {
        let State::Incoming(incoming) = &mut self.state else {
            return Err(ApiMisuse::NotIncoming(self.id));
        };
        if incoming.stage == Stage::Answering {
            return Err(ApiMisuse::NotIncoming(self.id));
        }
        incoming.stage = Stage::Answering;
        incoming.by_itself_at = None;
        self.words = words;
        let request = match &incoming.offer {
            Some(sdp) => MediaRequest::Answer { sdp: sdp.clone() },
            None => MediaRequest::Offer { ice_restart: false },
        };
        self.describe_anew(ctx, Purpose::Accept, request);
        self.show(ctx);
        Ok(())
    }

    /// The microphone could not be had: it rings on, so that the person can mend that.
    pub(super) fn ring_again(&mut self, ctx: &mut Context<'_>, failure: &MediaFailure) {
        let State::Incoming(incoming) = &mut self.state else { return };
        incoming.stage = Stage::Ringing;
        self.negotiation = Negotiation::Stable;
        self.close_peers(ctx);
        ctx.warn(failure.code(), "the call could not be answered", Some(self.id));
        self.show(ctx);
    }

    pub(super) fn reject(
        &mut self,
        ctx: &mut Context<'_>,
        status: u16,
        words: Words,
    ) -> Result<(), ApiMisuse> {
        if !matches!(self.state, State::Incoming(_)) {
            return Err(ApiMisuse::NotIncoming(self.id));
        }
        if !(300..=699).contains(&status) {
            return Err(ApiMisuse::BadStatus(status));
        }
        self.words = words;
        let reason = EndReason::new(EndedBy::Local, EndCause::RejectedHere).with_status(status);
        self.end(ctx, reason, status);
        Ok(())
    }

    /// The answer, or for an INVITE without offer the offer, is ready.
    pub(super) fn send_accept(&mut self, ctx: &mut Context<'_>, body: String) {
        let State::Incoming(incoming) = &self.state else { return };
        if incoming.offer.is_some() || self.reliable.is_none() {
            self.take_up(ctx, body);
            return;
        }
        let (server, number) = (incoming.server, incoming.number);
        let mut offer = incoming.reply.response(183);
        offer.headers.push("Contact", self.contact(ctx)).push("Content-Type", "application/sdp");
        offer.body = body.into_bytes();
        self.negotiation = Negotiation::Offered;
        self.say_provisional(ctx, server, number, offer);
    }

    /// Our offer is out, and not in the 2xx.
    pub(super) fn awaits_answer(&self) -> bool {
        matches!((&self.state, &self.negotiation), (State::Incoming(_), Negotiation::Offered))
    }

    /// The 200, without a description if all is settled already.
    pub(super) fn take_up(&mut self, ctx: &mut Context<'_>, body: String) {
        let State::Incoming(incoming) = std::mem::replace(&mut self.state, State::Gone) else {
            return;
        };
        let Incoming { server, reply, dialog, number, offer, timer, .. } = *incoming;
        self.state = State::Up(Box::new(Up::new(dialog, false)));
        self.negotiation = match &offer {
            Some(sdp) => {
                self.agree(&body);
                self.hear(ctx, sdp, false);
                Negotiation::Stable
            }
            None if body.is_empty() => Negotiation::Stable,
            None => Negotiation::Offered,
        };
        self.answered = offer.as_deref().map(sdp::hash);
        self.accept(ctx, server, &reply, number, timer, body);
        self.words = Words::default();
    }

    /// Sends a 200 to an INVITE, and goes on sending it until the ACK.
    pub(super) fn accept(
        &mut self,
        ctx: &mut Context<'_>,
        server: TransactionId,
        reply: &Reply,
        number: u32,
        timer: Proposal,
        body: String,
    ) {
        let mut response = self.accepting(ctx, reply, body);
        self.timer.answer(ctx, timer, &mut response.headers);
        ctx.respond(server, &response);
        if let State::Up(up) = &mut self.state {
            up.unacked = Unacked::new(ctx.now, number, &response, T2);
        }
    }

    /// A 200 that makes or refreshes a dialog, with a description if there is one.
    pub(super) fn accepting(&self, ctx: &Context<'_>, reply: &Reply, body: String) -> Response {
        let mut response = reply.response(200);
        response.headers.push("Contact", self.contact(ctx)).push("Allow", ALLOW);
        response.headers.push("Supported", SUPPORTED);
        if !body.is_empty() {
            response.headers.push("Content-Type", "application/sdp");
            response.body = body.into_bytes();
        }
        self.words.push_to(&mut response.headers);
        response
    }

    /// Notes what our answer settled.
    pub(super) fn agree(&mut self, answer: &str) {
        if let Some(peer) = &mut self.peer {
            peer.agreed.telephone_event = sdp::audio(answer).is_some_and(|it| it.telephone_event);
        }
    }

    pub(super) fn on_incoming_timeout(&mut self, ctx: &mut Context<'_>) {
        if !self.repeat_provisional(ctx) {
            return;
        }
        let State::Incoming(incoming) = &mut self.state else { return };
        let Patience { again, until, late } = incoming.patience;
        if until <= ctx.now {
            self.end(ctx, EndReason::new(EndedBy::System, EndCause::NoAnswer), late);
        } else if again <= ctx.now {
            incoming.patience.again = ctx.now + RING_AGAIN;
            self.ring(ctx);
        } else if incoming.by_itself_at.is_some_and(|at| at <= ctx.now) {
            incoming.by_itself_at = None;
            let headers = vec![("Answer-Mode".to_owned(), "Auto".to_owned())];
            // Misuse only if a person was quicker.
            let _ = self.answer(ctx, Words { headers, reason: None });
        }
    }

    /// The far side cancels. The agent answers the CANCEL itself.
    pub(crate) fn on_cancel(
        &mut self,
        ctx: &mut Context<'_>,
        invite: TransactionId,
        request: &Message<'_>,
    ) {
        if matches!(&self.state, State::Incoming(incoming) if incoming.server == invite) {
            let reason = EndReason::new(EndedBy::Remote, EndCause::Cancelled);
            self.end(ctx, reason.with_words_of(request), 487);
        } else {
            self.drop_asked(ctx, invite);
        }
    }

    /// A transaction of the far side is gone before we answered it.
    pub(super) fn on_server_lost(
        &mut self,
        ctx: &mut Context<'_>,
        id: TransactionId,
        why: LostWhy,
    ) {
        let is_ours = matches!(&self.state, State::Incoming(incoming) if incoming.server == id);
        if is_ours && why != LostWhy::NoAck {
            self.over(ctx, EndReason::new(EndedBy::Network, EndCause::Network));
        } else {
            self.drop_asked(ctx, id);
        }
    }
}

impl Incoming {
    /// Refuses the INVITE.
    pub(super) fn refuse(&self, ctx: &mut Context<'_>, status: u16, words: &Words) {
        let mut response = self.reply.response(status);
        if let Some(reason) = &words.reason {
            response.reason.clone_from(reason);
        }
        words.push_to(&mut response.headers);
        ctx.respond(self.server, &response);
    }
}
