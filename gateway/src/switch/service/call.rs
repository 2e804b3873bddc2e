//! One call to a service number: the callee's side of RFC 3261 §13.3.

use std::time::Duration;

use cc_sdk::sip::{Message, Method, Reply, Request, Response};
use cc_sdk::transaction::{T1, T2, TransactionId, Wire};
use cc_sdk::{FlowId, Time};

use super::ServiceId;
use super::number::{Answer, Number};
use crate::media::{MediaId, MediaRequest};
use crate::switch::Owner;
use crate::switch::calls::{DialogId, Presence};
use crate::switch::signalling::{Signalling, contact_uri};

#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: ServiceId,
    pub(super) number: Number,
    /// Who calls.
    pub(super) seat: String,
    /// The call that it was joined with.
    pub(super) joined: Option<ServiceId>,
    /// As requests of the caller name it: our tag is the `to_tag`.
    pub(super) dialog: DialogId,
    pub(super) presence: Presence,
    pub(super) state: State,
    /// When the call ends by itself, once it is up.
    pub(super) ends_at: Option<Time>,
    /// How long it may last, from its answer.
    pub(super) seconds: Option<Duration>,
    /// The caller's Contact.
    pub(super) contact: String,
    /// The caller's address, and the one it called.
    pub(super) addresses: (String, String),
    /// The last `CSeq` of either side.
    pub(super) their_cseq: u32,
    pub(super) our_cseq: u32,
}

/// An INVITE that waits for its answer.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) server: TransactionId,
    pub(super) reply: Reply,
}

#[derive(Debug)]
pub(super) enum State {
    /// Rings and is never answered.
    RingsInVain { pending: Pending, until: Time },
    /// Rings until it is picked up; its offer is kept for then.
    Waits { pending: Pending, sdp: String, until: Time },
    /// The media was asked for its answer.
    Preparing(Pending, Answer),
    /// Rings; the answer is ready.
    Ringing { pending: Pending, answer: Answer, sdp: String, until: Time },
    /// The 200 is said until its ACK is there.
    Answered { ok: Vec<u8>, again: Time, interval: Duration, give_up: Time },
    /// Both talk.
    Up,
    /// The caller made a new offer; the media was asked.
    Reoffered(Pending),
}

impl Call {
    pub(super) const fn media(&self) -> MediaId {
        MediaId(self.id.0)
    }

    /// Rings, with the answer to the offer where there is early media.
    pub(super) fn ring(
        &mut self,
        signalling: &mut Signalling,
        pending: Pending,
        answer: Answer,
        sdp: String,
    ) {
        let response = if answer.early_media {
            self.with_sdp(signalling, &pending.reply, 183, &sdp)
        } else {
            self.with_contact(signalling, &pending.reply, 180)
        };
        signalling.respond(pending.server, &response);
        let until = signalling.now + answer.ring;
        self.state = State::Ringing { pending, answer, sdp, until };
        if answer.ring.is_zero() {
            self.answer(signalling);
        }
    }

    /// Takes the call, if it rings.
    pub(super) fn answer(&mut self, signalling: &mut Signalling) {
        match std::mem::replace(&mut self.state, State::Up) {
            State::Ringing { pending, answer, sdp, .. } => {
                let longest = [answer.hang_up, self.seconds].into_iter().flatten().min();
                self.ends_at = longest.map(|longest| signalling.now + longest);
                tracing::info!(
                    call_id = self.dialog.call_id,
                    from = self.seat,
                    to = self.number.text,
                    "call up"
                );
                self.say_ok(signalling, &pending, &sdp);
            }
            other => self.state = other,
        }
    }

    /// Answers an offer with 200, which is said until its ACK is there (RFC 3261 §13.3.1.4).
    pub(super) fn say_ok(&mut self, signalling: &mut Signalling, pending: &Pending, sdp: &str) {
        let response = self.with_sdp(signalling, &pending.reply, 200, sdp);
        signalling.respond(pending.server, &response);
        let Ok(ok) = response.to_bytes() else { return };
        let (again, give_up) = (signalling.now + T1, signalling.now + 64 * T1);
        self.state = State::Answered { ok, again, interval: T1, give_up };
    }

    /// Says the 200 again, if it is time. False: it was never acknowledged.
    pub(super) fn repeat(&mut self, signalling: &mut Signalling) -> bool {
        let State::Answered { ok, again, interval, give_up } = &mut self.state else { return true };
        if *give_up <= signalling.now {
            return false;
        }
        if let (Presence::Here(flow), true) = (self.presence, *again <= signalling.now) {
            signalling.out.transmit(flow, ok.clone());
        }
        if *again <= signalling.now {
            *interval = (*interval * 2).min(T2);
            *again = signalling.now + *interval;
        }
        true
    }

    /// Ends the call from our side, whatever its state, and its media.
    pub(super) fn end(self, signalling: &mut Signalling, status: u16) {
        signalling.out.media(self.media(), MediaRequest::Close);
        match &self.state {
            State::RingsInVain { pending, .. }
            | State::Waits { pending, .. }
            | State::Preparing(pending, _)
            | State::Ringing { pending, .. } => {
                signalling.respond(pending.server, &pending.reply.response(status));
            }
            State::Reoffered(pending) => {
                signalling.respond(pending.server, &pending.reply.response(status));
                self.hang_up(signalling);
            }
            State::Answered { .. } | State::Up => self.hang_up(signalling),
        }
    }

    fn hang_up(mut self, signalling: &mut Signalling) {
        let bye = self.request(Method::Bye);
        if let Presence::Here(flow) = self.presence {
            signalling.send(flow, bye, Owner::Nobody);
        }
        tracing::info!(call_id = self.dialog.call_id, "call hung up by the service");
    }

    /// Sends text within the call.
    pub(super) fn send_text(&mut self, signalling: &mut Signalling, text: &[u8]) {
        let mut request = self.request(Method::Message);
        request.headers.push("Content-Type", "text/plain;charset=utf-8");
        request.body = text.to_vec();
        if let Presence::Here(flow) = self.presence {
            signalling.send(flow, request, Owner::Service(self.id));
        }
    }

    /// A request of ours within the dialog.
    fn request(&mut self, method: Method) -> Request {
        self.our_cseq += 1;
        let (caller, callee) = &self.addresses;
        let mut request = Request::new(method, self.contact.as_str());
        let cseq = format!("{} {}", self.our_cseq, request.method.as_str());
        request
            .headers
            .push("Max-Forwards", "70")
            .push("From", format!("<{callee}>;tag={}", self.dialog.to_tag))
            .push("To", format!("<{caller}>;tag={}", self.dialog.from_tag))
            .push("Call-ID", self.dialog.call_id.as_str())
            .push("CSeq", cseq);
        request
    }

    fn with_contact(&self, signalling: &Signalling, reply: &Reply, status: u16) -> Response {
        let mut response = reply.response(status);
        let contact = format!("<{}>", signalling.own_contact(self.number.text));
        response.headers.push("Contact", contact).push("Allow", ALLOWED);
        response
    }

    fn with_sdp(&self, signalling: &Signalling, reply: &Reply, status: u16, sdp: &str) -> Response {
        let mut response = self.with_contact(signalling, reply, status);
        response.headers.push("Content-Type", "application/sdp");
        response.body = sdp.as_bytes().to_vec();
        response
    }

    /// When something is to be done about it.
    pub(super) fn due(&self) -> Option<Time> {
        let state = match self.state {
            State::RingsInVain { until, .. }
            | State::Waits { until, .. }
            | State::Ringing { until, .. } => Some(until),
            State::Answered { again, give_up, .. } => Some(again.min(give_up)),
            State::Preparing(..) | State::Up | State::Reoffered(_) => None,
        };
        let gone = match self.presence {
            Presence::Gone(until) => Some(until),
            Presence::Here(_) => None,
        };
        [state, gone, self.ends_at].into_iter().flatten().min()
    }

    /// Keeps what a request of the caller tells: where it is, how it is reached, how far it
    /// counted. False for one that comes too late.
    pub(super) fn note_request(&mut self, flow: FlowId, message: &Message<'_>) -> bool {
        let Ok(cseq) = message.cseq() else { return false };
        if cseq.number < self.their_cseq {
            return false;
        }
        self.their_cseq = cseq.number;
        self.presence = Presence::Here(flow);
        if matches!(cseq.method, Method::Invite | Method::Update)
            && let Some(contact) = contact_uri(message)
        {
            self.contact = contact;
        }
        true
    }
}

const ALLOWED: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, MESSAGE, UPDATE, PRACK";
