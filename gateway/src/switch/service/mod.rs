//! The service numbers: the gateway as the callee.

mod call;
mod in_dialog;
pub(super) mod number;
mod pickup;

use std::time::Duration;

use cc_sdk::sip::{Message, Method};
use cc_sdk::transaction::TransactionId;
use cc_sdk::{FlowId, Time};

use super::calls::{DialogId, Presence};
use super::events::{Sight, sight};
use super::signalling::{Arrival, Signalling, contact_uri};
use crate::media::{MediaId, MediaReply, MediaRequest, Sound};
use crate::tokens::Grant;

use self::call::{Call, Pending, State};
use self::number::{Answer, Number, Plan};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ServiceId(u32);

/// The calls to service numbers.
#[derive(Debug)]
pub(super) struct Services {
    calls: Vec<Call>,
    last: u32,
    most: usize,
    most_per_caller: usize,
}

impl Services {
    /// At most `most` calls at once, and `most_per_caller` of one seat and on one flow.
    pub(super) const fn new(most: usize, most_per_caller: usize) -> Self {
        Self { calls: Vec::new(), last: 0, most, most_per_caller }
    }

    /// Whether a request within a dialog is for us.
    pub(super) fn owns(&self, id: &DialogId) -> bool {
        self.calls.iter().any(|call| call.dialog == *id)
    }

    /// The caller of one of our calls, and where it is.
    pub(super) fn caller(&self, id: &DialogId) -> Option<(&str, Presence)> {
        let call = self.calls.iter().find(|call| call.dialog == *id)?;
        Some((&call.seat, call.presence))
    }

    /// Calls of a seat to service numbers.
    pub(super) fn count(&self, seat: &str) -> usize {
        self.calls.iter().filter(|call| call.seat == seat).count()
    }

    /// The calls of a seat to service numbers, as a watcher sees them.
    pub(super) fn of_seat(&self, seat: &str) -> impl Iterator<Item = Sight> {
        self.calls.iter().filter(move |call| call.seat == seat).map(|call| {
            let is_up =
                matches!(call.state, State::Answered { .. } | State::Up | State::Reoffered(_));
            sight(&call.dialog.call_id, true, is_up, &call.addresses.1)
        })
    }

    /// One caller leaves room for the others. Flows count beside seats: one page may have the
    /// credentials of many.
    fn has_room(&self, seat: &str, flow: FlowId) -> bool {
        let here = Presence::Here(flow);
        let on_flow = self.calls.iter().filter(|call| call.presence == here).count();
        self.calls.len() < self.most && self.count(seat).max(on_flow) < self.most_per_caller
    }

    /// A request to a service number, outside of calls.
    pub(super) fn on_request(
        &mut self,
        signalling: &mut Signalling,
        arrival: Arrival<'_>,
        number: Number,
        grant: &Grant,
    ) {
        let Arrival { server, message, .. } = arrival;
        if let Some(extension) = message.header("Require") {
            let mut response = signalling.reply(message).response(420);
            response.headers.push("Unsupported", extension);
            return signalling.respond(server, &response);
        }
        match (message.method(), number.plan) {
            (Some(Method::Options | Method::Message), _) => signalling.refuse(arrival, 200),
            (Some(Method::Invite), Plan::Refuse(status)) => {
                signalling.refuse(arrival, status);
            }
            (Some(Method::Invite), Plan::Redirect) => {
                let mut response = signalling.reply(message).response(302);
                response.headers.push("Contact", format!("<{}>", signalling.own_contact("9196")));
                signalling.respond(server, &response);
            }
            (Some(Method::Invite), _) if !self.has_room(&grant.seat, arrival.flow) => {
                tracing::warn!(seat = grant.seat, "too many calls to service numbers");
                signalling.refuse(arrival, 486);
            }
            (Some(Method::Invite), Plan::Ring) => {
                self.begin_in_vain(signalling, arrival, number, grant);
            }
            (Some(Method::Invite), Plan::Wait) => {
                self.begin_waiting(signalling, arrival, number, grant);
            }
            (Some(Method::Invite), Plan::Answer(answer)) if offer(message).is_some() => {
                self.begin_with(signalling, arrival, number, grant, answer);
            }
            (Some(Method::Invite), Plan::Answer(_)) => signalling.refuse(arrival, 488),
            _ => signalling.refuse(arrival, 405),
        }
    }

    fn begin_in_vain(
        &mut self,
        signalling: &mut Signalling,
        arrival: Arrival<'_>,
        number: Number,
        grant: &Grant,
    ) {
        let until = signalling.now + LONGEST_RING;
        let Some((_, pending)) = self.begin(signalling, arrival, number, grant) else { return };
        signalling.respond(pending.server, &pending.reply.response(180));
        if let Some(call) = self.calls.last_mut() {
            call.state = State::RingsInVain { pending, until };
        }
    }

    fn begin_with(
        &mut self,
        signalling: &mut Signalling,
        arrival: Arrival<'_>,
        number: Number,
        grant: &Grant,
        answer: Answer,
    ) {
        let Some((id, pending)) = self.begin(signalling, arrival, number, grant) else { return };
        if let (Some(call), Some(sdp)) = (self.calls.last_mut(), offer(arrival.message)) {
            call.state = State::Preparing(pending, answer);
            signalling.out.media(MediaId(id.0), MediaRequest::Offer { sdp, sound: answer.sound });
        }
    }

    /// Takes a call up, as the last of all; what becomes of it is the caller's to say.
    fn begin(
        &mut self,
        signalling: &mut Signalling,
        arrival: Arrival<'_>,
        number: Number,
        grant: &Grant,
    ) -> Option<(ServiceId, Pending)> {
        let Arrival { flow, message, .. } = arrival;
        let tag = signalling.ids.token();
        let contact = contact_uri(message);
        let (Ok(from), Ok(to), Ok(cseq), Ok(call_id), Some(contact)) =
            (message.from(), message.to(), message.cseq(), message.call_id(), contact)
        else {
            signalling.refuse(arrival, 400);
            return None;
        };
        self.last = self.last.wrapping_add(1);
        let id = ServiceId(self.last);
        let pending = pickup::adopt(signalling, arrival, id, &tag);
        self.calls.push(Call {
            id,
            number,
            seat: grant.seat.clone(),
            dialog: DialogId {
                call_id: call_id.into_owned(),
                from_tag: from.tag().unwrap_or_default().into_owned(),
                to_tag: tag,
            },
            presence: Presence::Here(flow),
            state: State::Up,
            joined: None,
            ends_at: None,
            seconds: grant.seconds().map(|seconds| Duration::from_secs(seconds.into())),
            contact,
            addresses: (from.uri_text().to_owned(), to.uri_text().to_owned()),
            their_cseq: cseq.number,
            our_cseq: 0,
        });
        Some((id, pending))
    }

    /// The media answered, or tells something.
    pub(super) fn on_media(&mut self, signalling: &mut Signalling, id: MediaId, reply: MediaReply) {
        let Some(at) = self.calls.iter().position(|call| call.media() == id) else { return };
        let call = &mut self.calls[at];
        match (reply, std::mem::replace(&mut call.state, State::Up)) {
            (MediaReply::Answer(sdp), State::Preparing(pending, answer)) => {
                call.ring(signalling, pending, answer, sdp);
            }
            (MediaReply::Answer(sdp), State::Reoffered(pending)) => {
                call.say_ok(signalling, &pending, &sdp);
            }
            (MediaReply::Refused, State::Preparing(pending, answer)) => {
                call.state = State::Preparing(pending, answer);
                self.calls.swap_remove(at).end(signalling, 488);
            }
            (MediaReply::Refused, State::Reoffered(pending)) => {
                // The call goes on as it was (RFC 3261 §14.2).
                signalling.respond(pending.server, &pending.reply.response(488));
            }
            (MediaReply::Digit(digit), state) => {
                call.state = state;
                call.hear(signalling, digit);
            }
            (MediaReply::Lost, state) => {
                call.state = state;
                self.calls.swap_remove(at).end(signalling, 500);
            }
            (_, state) => call.state = state,
        }
    }

    /// The caller gave up.
    pub(super) fn on_cancel(&mut self, signalling: &mut Signalling, id: ServiceId) {
        self.end(signalling, id, 487);
    }

    /// The caller is gone while it rang, or does not answer our request.
    pub(super) fn on_lost(&mut self, signalling: &mut Signalling, id: ServiceId, _: TransactionId) {
        self.end(signalling, id, 487);
    }

    /// An answer to a MESSAGE of ours.
    pub(super) fn on_response(
        &mut self,
        signalling: &mut Signalling,
        id: ServiceId,
        message: &Message<'_>,
    ) {
        if matches!(message.status(), Some(408 | 481)) {
            self.end(signalling, id, 481);
        }
    }

    pub(super) fn flow_lost(&mut self, flow: FlowId, now: Time) {
        for call in self.calls.iter_mut().filter(|call| call.presence == Presence::Here(flow)) {
            call.presence = Presence::gone(now);
        }
    }

    /// The gateway stops.
    pub(super) fn stop(&mut self, signalling: &mut Signalling) {
        for call in self.calls.drain(..) {
            call.end(signalling, 503);
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Time> {
        self.calls.iter().filter_map(Call::due).min()
    }

    pub(super) fn on_timeout(&mut self, signalling: &mut Signalling) {
        let now = signalling.now;
        for call in std::mem::take(&mut self.calls) {
            self.calls.extend(call.on_time(signalling, now));
        }
    }

    fn end(&mut self, signalling: &mut Signalling, id: ServiceId, status: u16) {
        if let Some(at) = self.calls.iter().position(|call| call.id == id) {
            self.calls.swap_remove(at).end(signalling, status);
        }
    }
}

impl Call {
    /// Does what is due; `None` if that ended the call.
    fn on_time(mut self, signalling: &mut Signalling, now: Time) -> Option<Self> {
        let gone = matches!(self.presence, Presence::Gone(until) if until <= now);
        let over = self.ends_at.is_some_and(|end| end <= now);
        let in_vain = matches!(self.state,
            State::RingsInVain { until, .. } | State::Waits { until, .. } if until <= now);
        if gone || over || in_vain || !self.repeat(signalling) {
            self.end(signalling, 480);
            return None;
        }
        if matches!(self.state, State::Ringing { until, .. } if until <= now) {
            self.answer(signalling);
        }
        Some(self)
    }

    /// A digit was heard: the one that speaks digits says it as text, too.
    fn hear(&mut self, signalling: &mut Signalling, digit: char) {
        let speaks = matches!(self.number.plan, Plan::Answer(Answer { sound: Sound::Digits, .. }));
        if speaks && matches!(self.state, State::Answered { .. } | State::Up) {
            self.send_text(signalling, digit.to_string().as_bytes());
        }
    }
}

/// The offer in a request.
fn offer(message: &Message<'_>) -> Option<String> {
    let kind = message.content_type()?;
    let kind = kind.split(';').next()?.trim();
    let is_sdp = kind.eq_ignore_ascii_case("application/sdp") && !message.body().is_empty();
    is_sdp.then(|| String::from_utf8_lossy(message.body()).into_owned())
}

/// How long a number rings that is never answered; proxies wait longer (RFC 3261 §16.6, Timer C).
const LONGEST_RING: Duration = Duration::from_secs(180);
