//! A call that begins here: INVITE, its provisional answers, forks, redirections (RFC 3261 §13.2).

use std::time::Duration;

use crate::api::{CallId, CallState, Dial, Direction, EndCause, EndReason, EndedBy, UaEvent};
use crate::context::{Context, Owner, Usage};
use crate::dialog::Dialog;
use crate::error::ApiMisuse;
use crate::media::MediaRequest;
use crate::sdp;
use crate::sip::{Message, Method, Request, Uri, number_of};
use crate::time::Time;
use crate::transaction::{LostWhy, TransactionId};

use super::in_dialog::Up;
use super::negotiation::{Negotiation, Purpose};
use super::{Acked, Call, Departure, Privacy, State, draft, epoch_ms, info};

/// How many places a call is sent to after the first.
const REDIRECTIONS: usize = 5;
/// How long the whole list of candidates is waited for after an incomplete one was refused.
const WHOLE_LIST: Duration = Duration::from_secs(3);
/// Of these many 2xx the ACK can be repeated.
const ACKS: usize = 8;

/// The INVITE is out.
#[derive(Debug)]
pub(super) struct Calling {
    pub(super) invite: TransactionId,
    ring_until: Time,
    hears: Hears,
    offer: Offer,
    /// Where the call was sent, for it is sent nowhere twice.
    tried: Vec<String>,
    /// Where it may still be sent.
    further: Vec<String>,
}

/// What was heard of the far side.
#[derive(Debug)]
enum Hears {
    Nothing,
    /// 18x without a description.
    Ringing,
    /// The description of this fork was taken as the answer: its sound is heard.
    Early {
        remote_tag: String,
    },
}

/// How the offer went out.
#[derive(Debug)]
enum Offer {
    /// With the candidates of that moment; this is the browser's text.
    Partial {
        sdp: String,
    },
    /// A 488 came to a partial one: the whole list is waited for, to go with this INVITE again.
    Refused {
        sdp: String,
        request: Box<Request>,
        until: Time,
    },
    Whole,
}

impl Calling {
    pub(super) fn deadline(&self) -> Time {
        match &self.offer {
            Offer::Refused { until, .. } => self.ring_until.min(*until),
            Offer::Partial { .. } | Offer::Whole => self.ring_until,
        }
    }

    /// Whether an INVITE is out that a CANCEL could meet.
    pub(super) const fn is_waiting(&self) -> bool {
        !matches!(self.offer, Offer::Refused { .. })
    }

    pub(super) const fn shown(&self, negotiation: &Negotiation) -> Option<CallState> {
        match (&self.hears, negotiation) {
            (Hears::Nothing, _) => Some(CallState::Calling),
            (Hears::Ringing, _) => Some(CallState::Ringing),
            (Hears::Early { .. }, Negotiation::Stable) => Some(CallState::Early),
            (Hears::Early { .. }, _) => None,
        }
    }
}

impl Call {
    /// Begins an outgoing call: checks what the page asks, tells it of the call, asks for media.
    ///
    /// # Errors
    ///
    /// [`ApiMisuse::BadTarget`] and [`ApiMisuse::BadHeader`].
    pub(crate) fn dial(
        ctx: &mut Context<'_>,
        id: CallId,
        mut dial: Dial,
        departure: Departure,
    ) -> Result<Self, ApiMisuse> {
        draft::check(&dial)?;
        dial.info = dial.info.map(info::cut).filter(|info| !info.is_empty());
        let sip_call_id = ctx.ids.token();
        let mut call = Self::new(ctx, id, dial.target.trim().to_owned(), sip_call_id);
        if dial.anonymous {
            call.privacy = Privacy::Anonymous;
        }
        call.tell_begun(ctx, &dial);
        let patience = Duration::from_millis(ctx.config.early_call_ms.into());
        let until = (departure == Departure::AfterRegistration).then(|| ctx.now + patience);
        call.state = State::Preparing { dial: Box::new(dial), until };
        call.show(ctx);
        // Without an account nobody knows the ICE servers.
        if !ctx.identity.domain.is_empty() {
            call.prepare(ctx);
        }
        Ok(call)
    }

    fn tell_begun(&self, ctx: &mut Context<'_>, dial: &Dial) {
        let uri = draft::uri(dial, ctx.identity);
        let at = epoch_ms(ctx);
        ctx.tell(UaEvent::Call {
            call: self.id.0,
            direction: Direction::Outgoing,
            number: number_of(&uri),
            display_name: None,
            uri,
            info: dial.info.clone(),
            headers: Vec::new(),
            sip_call_id: self.sip_call_id.clone(),
            at,
        });
    }

    fn prepare(&mut self, ctx: &mut Context<'_>) {
        let offer = MediaRequest::Offer { ice_restart: false };
        self.describe_anew(ctx, Purpose::Invite, offer);
    }

    /// What was waited for is there: the INVITE leaves as soon as its offer is ready.
    pub(super) fn depart(&mut self, ctx: &mut Context<'_>) {
        if let State::Preparing { until, .. } = &mut self.state {
            *until = None;
            if self.peer.is_none() {
                self.prepare(ctx);
            }
            self.try_to_leave(ctx);
        }
    }

    /// Ends a call that never left.
    pub(super) fn end_unsent(&mut self, ctx: &mut Context<'_>, code: &str) {
        let cause = match code {
            "token-rejected" | "token-expired" | "auth" => EndCause::Auth,
            "server-error" => EndCause::ServerError,
            "not-registered" | "timeout" => EndCause::Timeout,
            _ => EndCause::Network,
        };
        self.end(ctx, EndReason::new(EndedBy::System, cause).with_code(code), 480);
    }

    /// The offer is ready: the INVITE leaves, for the first time or after a 488.
    pub(super) fn send_invite(&mut self, ctx: &mut Context<'_>, sdp: String, body: String) {
        let State::Preparing { dial, until } = &mut self.state else { return };
        if ctx.identity.flow.is_none() {
            // The link was lost meanwhile; it leaves with the next.
            *until = Some(ctx.now + Duration::from_millis(ctx.config.early_call_ms.into()));
            self.negotiation = Negotiation::Gathering { sdp, due: None, purpose: Purpose::Invite };
            return;
        }
        let dial = std::mem::take(&mut **dial);
        let request = self.draft(ctx, &dial, body);
        let tried = vec![request.uri.clone()];
        let Some(invite) = ctx.send(request, Owner::Call(self.id, Usage::Invite)) else {
            self.end(ctx, EndReason::new(EndedBy::System, EndCause::Internal), 500);
            return;
        };
        let is_whole = self.peer.as_ref().is_some_and(super::Peer::has_gathered_all);
        self.state = State::Calling(Box::new(Calling {
            invite,
            ring_until: ctx.now + Duration::from_secs(ctx.config.ring_seconds.into()),
            hears: Hears::Nothing,
            offer: if is_whole { Offer::Whole } else { Offer::Partial { sdp } },
            tried,
            further: Vec::new(),
        }));
        self.negotiation = Negotiation::Offered;
        self.tell_status(ctx, 1);
    }

    /// 101 to 199. The first description is the answer, whichever fork it comes from; that of
    /// another is for another peer (design.md §8).
    pub(super) fn on_provisional(
        &mut self,
        ctx: &mut Context<'_>,
        id: TransactionId,
        response: &Message<'_>,
    ) {
        let State::Calling(calling) = &mut self.state else { return };
        let status = response.status().unwrap_or_default();
        if calling.invite != id || status == 199 {
            return;
        }
        let tag = response.to().ok().and_then(|to| Some(to.tag()?.into_owned()));
        let answer = description(response).filter(|sdp| sdp::audio(sdp).is_some());
        match (&calling.hears, tag, answer) {
            (Hears::Nothing | Hears::Ringing, Some(remote_tag), Some(sdp)) => {
                calling.hears = Hears::Early { remote_tag };
                self.apply(ctx, &sdp);
                self.tell_status(ctx, 2);
            }
            (Hears::Nothing, _, _) if matches!(status, 180 | 183) => {
                calling.hears = Hears::Ringing;
                self.show(ctx);
            }
            // A further ring, or queued and forwarded (181, 182), which change nothing here.
            _ => {}
        }
    }

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
        let is_early = match &calling.hears {
            Hears::Early { remote_tag } => Some(dialog.has_remote_tag(remote_tag)),
            Hears::Nothing | Hears::Ringing => None,
        };
        let is_partial = matches!(calling.offer, Offer::Partial { .. });
        self.state = State::Up(Box::new(Up::new(dialog, is_partial)));
        match (is_early, description(response)) {
            (Some(true), _) if self.negotiation.is_stable() => self.on_settled(ctx),
            (Some(true), _) => {} // The peer is still at it.
            (Some(false), _) => self.offer_from_new_peer(ctx),
            (None, Some(sdp)) if sdp::audio(&sdp).is_some() => self.apply(ctx, &sdp),
            (None, _) => {
                let reason = EndReason::new(EndedBy::Remote, EndCause::MediaFailed);
                self.end(ctx, reason.with_status(200), 488);
            }
        }
    }

    /// Another fork took the call than the one whose sound was heard: no browser takes a second
    /// answer, so that it gets a new offer.
    fn offer_from_new_peer(&mut self, ctx: &mut Context<'_>) {
        let offer = MediaRequest::Offer { ice_restart: false };
        self.describe_anew(ctx, Purpose::Reinvite, offer);
    }

    /// Another fork took the call too late.
    fn drop_fork(&mut self, ctx: &mut Context<'_>, id: TransactionId, response: &Message<'_>) {
        if let Some(mut dialog) = self.dialog_of(ctx, id, response) {
            self.acknowledge(ctx, id, &dialog, response);
            let bye = dialog.request(ctx.identity, Method::Bye);
            ctx.send(bye, Owner::Call(self.id, Usage::Bye));
        }
    }

    fn dialog_of(
        &self,
        ctx: &Context<'_>,
        id: TransactionId,
        response: &Message<'_>,
    ) -> Option<Dialog> {
        Dialog::of_response(ctx.transactions.sent(id)?, &self.local_tag, response).ok()
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

    /// A final answer other than 2xx, already acknowledged.
    pub(super) fn on_refused(
        &mut self,
        ctx: &mut Context<'_>,
        id: TransactionId,
        response: &Message<'_>,
    ) {
        match &mut self.state {
            State::Leaving(leaving) if leaving.is_cancelling(id) => self.state = State::Gone,
            State::Calling(calling) if calling.invite == id => {
                let status = response.status().unwrap_or_default();
                if matches!(status, 300..=302) {
                    let places = places(response);
                    calling.further.retain(|it| !places.contains(it));
                    calling.further.splice(0..0, places);
                }
                if status == 488 && self.offer_whole_list(ctx) {
                    return;
                }
                if status < 600 && self.redirect(ctx, id) {
                    return;
                }
                self.over(ctx, EndReason::of_refusal(response));
            }
            _ => {}
        }
    }

    /// Sends the call to the next place, without what was proven to the last one.
    fn redirect(&mut self, ctx: &mut Context<'_>, id: TransactionId) -> bool {
        let State::Calling(calling) = &mut self.state else { return false };
        // A fork that was heard has had the offer's answer; the next could not give another.
        if calling.tried.len() > REDIRECTIONS || matches!(calling.hears, Hears::Early { .. }) {
            return false;
        }
        let tried = &calling.tried;
        let Some(at) = calling.further.iter().position(|it| !tried.contains(it)) else {
            return false;
        };
        let place = calling.further.remove(at);
        let Some(mut request) = ctx.transactions.sent(id).cloned() else { return false };
        calling.tried.push(place.clone());
        request.uri = place;
        self.call_again(ctx, request)
    }

    /// After a 488 to an incomplete list of candidates: once more with the full list.
    fn offer_whole_list(&mut self, ctx: &mut Context<'_>) -> bool {
        let State::Calling(calling) = &mut self.state else { return false };
        let Offer::Partial { sdp } = &mut calling.offer else { return false };
        if matches!(calling.hears, Hears::Early { .. }) {
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

    /// `true` also if there was no way for it, so that the call is over.
    fn call_again(&mut self, ctx: &mut Context<'_>, request: Request) -> bool {
        let again = self.send_again(ctx, request, Usage::Invite);
        match (&mut self.state, again) {
            (State::Calling(calling), Some(again)) => {
                calling.invite = again;
                true
            }
            _ => {
                self.over(ctx, EndReason::new(EndedBy::Network, EndCause::Network));
                true
            }
        }
    }

    pub(super) fn on_calling_timeout(&mut self, ctx: &mut Context<'_>) {
        let State::Calling(calling) = &self.state else { return };
        if calling.ring_until <= ctx.now {
            self.end(ctx, EndReason::new(EndedBy::System, EndCause::NoAnswer), 487);
        } else if calling.deadline() <= ctx.now {
            self.call_with_whole_list(ctx);
        }
    }

    /// No answer to the INVITE, or no way for one.
    pub(super) fn on_invite_lost(
        &mut self,
        ctx: &mut Context<'_>,
        id: TransactionId,
        why: LostWhy,
    ) {
        match &self.state {
            State::Leaving(leaving) if leaving.is_cancelling(id) => self.state = State::Gone,
            State::Calling(calling) if calling.invite == id => {
                let cause = match why {
                    LostWhy::Transport => EndCause::Network,
                    LostWhy::Timeout | LostWhy::NoAck => EndCause::Timeout,
                };
                self.over(ctx, EndReason::new(EndedBy::Network, cause));
            }
            _ => {}
        }
    }
}

/// The body of a message that is a session description.
pub(super) fn description(message: &Message<'_>) -> Option<String> {
    let kind = message.content_type()?;
    let kind = kind.split(';').next().unwrap_or_default().trim();
    (kind.eq_ignore_ascii_case("application/sdp") && !message.body().is_empty())
        .then(|| String::from_utf8_lossy(message.body()).into_owned())
}

fn tag_of(response: &Message<'_>) -> String {
    response.to().ok().and_then(|to| Some(to.tag()?.into_owned())).unwrap_or_default()
}

/// The places of a redirection, best first (RFC 3261 §8.1.3.4).
fn places(response: &Message<'_>) -> Vec<String> {
    let contacts = response.contacts().unwrap_or_default();
    let mut places: Vec<(u32, String)> = contacts
        .iter()
        .filter(|contact| !contact.is_star())
        .filter_map(|contact| {
            let uri = contact.uri_text();
            let scheme = Uri::parse(uri).ok()?.scheme().to_ascii_lowercase();
            // Headers of the URI are another's wishes for our request.
            let uri = uri.split('?').next().unwrap_or(uri);
            let is_callable = matches!(scheme.as_str(), "sip" | "sips" | "tel");
            is_callable.then(|| (thousandths(contact.param("q").as_deref()), uri.to_owned()))
        })
        .collect();
    places.sort_by_key(|(q, _)| std::cmp::Reverse(*q));
    places.into_iter().map(|(_, uri)| uri).collect()
}

/// A `q` value, without floating point: `0.75` is 750.
fn thousandths(q: Option<&str>) -> u32 {
    let Some((whole, fraction)) = q.and_then(|q| q.split_once('.')) else {
        return if q == Some("0") { 0 } else { 1000 };
    };
    let digits = fraction.bytes().chain(*b"000").take(3);
    let fraction = digits.fold(0, |sum, digit| sum * 10 + u32::from(digit.wrapping_sub(b'0') % 10));
    if whole == "0" { fraction } else { 1000 }
}
