//! The switch: registrar, forking proxy, service numbers, and what seats are told of each other.
//!
//! It has no clock, socket or task of its own. Like the phone it is driven by [`Switch::handle`] and drained by
//! [`Switch::poll_output`], so that its tests run on a virtual clock.
//!
//! Every client is a WebSocket, a *flow*; contacts are names within `.invalid`, and what is sent
//! to one goes to the flow that it was registered on (RFC 5626, RFC 7118).

mod best;
mod calls;
mod digest;
mod events;
mod flows;
mod gate;
mod in_dialog;
mod passage;
mod proxy;
mod registrar;
mod service;
mod signalling;

use std::sync::Arc;

use cc_sdk::sip::{Message, Reply, is_keep_alive};
use cc_sdk::transaction::{Arrived, Heard, Lost, Wire};
use cc_sdk::{FlowId, Time};

use crate::media::{MediaId, MediaReply, MediaRequest};
use crate::settings::Limits;
use crate::tokens::Authority;

use self::calls::Calls;
use self::events::{Events, WatchId};
use self::flows::Flows;
use self::gate::Gate;
use self::passage::{PassageId, Passages};
use self::registrar::Registrar;
use self::service::{ServiceId, Services};
use self::signalling::{Arrival, Signalling};

/// What the driver tells the switch.
#[derive(Debug)]
pub enum Input<'a> {
    /// A WebSocket is open.
    Opened(FlowId),
    /// One message of it.
    Frame(FlowId, &'a [u8]),
    /// It is gone.
    Closed(FlowId),
    /// News of a service call's media.
    Media(MediaId, MediaReply),
    /// The moment that [`Switch::next_timeout`] named has come.
    Timeout,
    /// The gateway is about to stop: service calls end, since their media does.
    Stop,
}

/// What the switch asks of its driver.
#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    /// Sends one message.
    Transmit(FlowId, Vec<u8>),
    /// Closes a WebSocket that did what it must not; with the words for it.
    Close(FlowId, &'static str),
    /// Asks a service call's media.
    Media(MediaId, MediaRequest),
}

/// Who waits for a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// A request that passes through.
    Passage(PassageId),
    /// A call to a service number.
    Service(ServiceId),
    /// A NOTIFY of ours.
    Watch(WatchId),
    /// Nobody: our own BYE.
    Nobody,
}

/// Registrar, proxy and service numbers.
pub struct Switch {
    signalling: Signalling,
    flows: Flows,
    gate: Gate,
    registrar: Registrar,
    passages: Passages,
    calls: Calls,
    services: Services,
    events: Events,
}

impl Switch {
    /// A switch for the seats of `authority`. `sent_by` is the host and port that Via and
    /// Record-Route name; `seed` is 32 bytes that nobody can guess.
    pub fn new(authority: Arc<Authority>, limits: &Limits, sent_by: &str, seed: [u8; 32]) -> Self {
        Self {
            signalling: Signalling::new(sent_by, seed),
            flows: Flows::new(limits.garbage),
            registrar: Registrar::new(limits.contacts),
            passages: Passages::default(),
            calls: Calls::default(),
            services: Services::new(limits.service_calls, limits.service_calls_per_caller),
            events: Events::default(),
            gate: Gate::new(authority, seed),
        }
    }

    /// Takes one input and queues its consequences.
    pub fn handle(&mut self, now: Time, input: Input<'_>) {
        self.signalling.now = now;
        match input {
            Input::Opened(flow) => self.flows.open(flow),
            Input::Frame(flow, frame) => self.on_frame(flow, frame),
            Input::Closed(flow) => self.on_closed(flow),
            Input::Media(id, reply) => {
                self.services.on_media(&mut self.signalling, id, reply);
            }
            Input::Timeout => self.on_timeout(),
            Input::Stop => self.services.stop(&mut self.signalling),
        }
        self.services.end_joined(&mut self.signalling);
        self.tell_watchers();
    }

    /// The next consequence.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.signalling.out.pop()
    }

    /// When [`Input::Timeout`] is next due.
    pub fn next_timeout(&self) -> Option<Time> {
        let due = [
            self.signalling.transactions.next_timeout(),
            self.registrar.next_timeout(),
            self.passages.next_timeout(),
            self.calls.next_timeout(),
            self.services.next_timeout(),
            self.events.next_timeout(),
        ];
        due.into_iter().flatten().min()
    }

    fn on_frame(&mut self, flow: FlowId, frame: &[u8]) {
        if is_keep_alive(frame) {
            // A double CRLF asks, a single one answers (RFC 5626 §3.5.1).
            if frame.len() >= 4 {
                self.signalling.out.transmit(flow, b"\r\n".to_vec());
            }
            return;
        }
        let message = Message::parse(frame).and_then(|message| message.check().map(|()| message));
        match message {
            Ok(message) if message.is_request() => self.on_request(flow, &message),
            Ok(message) => self.on_response(flow, &message),
            Err(error) => {
                tracing::debug!(flow = flow.0, %error, "unreadable message");
                if let Some(request) = Message::salvage(frame) {
                    self.signalling.answer_statelessly(flow, &request, error.status());
                }
                self.punish(flow);
            }
        }
    }

    fn on_request(&mut self, flow: FlowId, message: &Message<'_>) {
        let signalling = &mut self.signalling;
        let arrived =
            signalling.transactions.on_request(signalling.now, flow, message, &mut signalling.out);
        match arrived {
            Arrived::Absorbed => {}
            Arrived::New(server) => {
                self.on_new_request(Arrival { flow, server, message });
            }
            Arrived::Ack => self.on_ack(flow, message),
            Arrived::Cancel { cancel, invite, owner } => {
                let status = if invite.is_some() { 200 } else { 481 };
                signalling.respond(cancel, &Reply::of(message).response(status));
                match (invite, owner) {
                    (Some(_), Some(Owner::Passage(id))) => {
                        let reason = message.header("Reason");
                        self.passages.cancel(signalling, id, reason.as_deref());
                    }
                    (Some(_), Some(Owner::Service(id))) => {
                        self.services.on_cancel(signalling, id);
                    }
                    _ => {}
                }
            }
        }
    }

    fn on_response(&mut self, flow: FlowId, message: &Message<'_>) {
        let signalling = &mut self.signalling;
        let heard =
            signalling.transactions.on_response(signalling.now, flow, message, &mut signalling.out);
        match heard {
            Heard::Deliver { id, owner: Owner::Passage(passage) } => {
                self.on_passage_response(flow, passage, id, message);
            }
            Heard::Deliver { owner: Owner::Service(service), .. } => {
                self.services.on_response(&mut self.signalling, service, message);
            }
            Heard::Deliver { owner: Owner::Watch(watch), .. } => {
                self.events.on_response(watch, message);
            }
            Heard::Deliver { owner: Owner::Nobody, .. } | Heard::Absorbed => {}
            Heard::Stray => self.pass_late_2xx(message),
        }
    }

    fn on_closed(&mut self, flow: FlowId) {
        self.flows.close(flow);
        self.registrar.flow_lost(flow);
        self.calls.flow_lost(flow, self.signalling.now);
        self.services.flow_lost(flow, self.signalling.now);
        self.events.flow_lost(flow);
        let lost = self.signalling.transactions.on_flow_lost(flow);
        self.on_lost(lost);
    }

    fn on_timeout(&mut self) {
        let signalling = &mut self.signalling;
        let lost = signalling.transactions.on_timeout(signalling.now, &mut signalling.out);
        self.on_lost(lost);
        self.registrar.expire(self.signalling.now);
        self.passages.on_timeout(&mut self.signalling);
        self.calls.on_timeout(&mut self.signalling);
        self.services.on_timeout(&mut self.signalling);
        self.events.on_timeout(&mut self.signalling);
    }

    fn on_lost(&mut self, lost: Vec<Lost<Owner>>) {
        for lost in lost {
            match lost.owner {
                Some(Owner::Passage(passage)) => self.on_passage_lost(passage, lost.id, lost.why),
                Some(Owner::Service(service)) => {
                    self.services.on_lost(&mut self.signalling, service, lost.id);
                }
                Some(Owner::Watch(watch)) => self.events.on_lost(watch, lost.why),
                Some(Owner::Nobody) | None => {}
            }
        }
    }

    /// Counts what nobody could use; past the limit the flow is closed.
    fn punish(&mut self, flow: FlowId) {
        if self.flows.garbage(flow) {
            tracing::warn!(flow = flow.0, "too much that cannot be used");
            self.signalling.out.close(flow, "too many messages that cannot be used");
        }
    }
}

impl std::fmt::Debug for Switch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Switch").finish_non_exhaustive()
    }
}
