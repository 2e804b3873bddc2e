//! A client transaction: the request as it was sent, and its machine.

use super::client::Client;
use super::invite_client::{Effect, InviteClient};
use super::{Lost, LostWhy, TransactionId, Wire};
use crate::agent::FlowId;
use crate::sip::{CSeq, Message, Method, Request};
use crate::time::Time;

/// A client transaction.
#[derive(Debug)]
pub(super) struct Sent<O> {
    pub(super) id: TransactionId,
    pub(super) flow: FlowId,
    pub(super) branch: String,
    /// Our Via, which CANCEL and ACK repeat.
    via: String,
    pub(super) request: Request,
    pub(super) owner: O,
    machine: Machine,
    /// What the CANCEL will carry, should it have to wait.
    cancel: Vec<(String, String)>,
}

#[derive(Debug)]
enum Machine {
    Invite(InviteClient),
    Other(Client),
}

impl<O: Clone> Sent<O> {
    pub(super) fn new(
        now: Time,
        id: TransactionId,
        flow: FlowId,
        branch: String,
        via: String,
        request: Request,
        owner: O,
    ) -> Self {
        let machine = if request.method == Method::Invite {
            Machine::Invite(InviteClient::new(now))
        } else {
            Machine::Other(Client::new(now))
        };
        Self { id, flow, branch, via, request, owner, machine, cancel: Vec::new() }
    }

    /// `headers` go into the CANCEL, now or when it may leave.
    pub(super) fn on_cancel(&mut self, now: Time, headers: &[(&str, &str)], wire: &mut impl Wire) {
        let Machine::Invite(machine) = self.machine else { return };
        let (machine, effect) = machine.on_cancel(now);
        if self.cancel.is_empty() {
            self.cancel =
                headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        }
        self.machine = Machine::Invite(machine);
        if effect == Effect::Cancel {
            self.send_cancel(wire);
        }
    }

    /// Nobody waits for the answer any more: an INVITE's comes soon or never.
    pub(super) fn abandon(&mut self, now: Time) {
        if let Machine::Invite(machine @ InviteClient::Proceeding) = &mut self.machine {
            *machine = machine.on_cancel(now).0;
        }
    }

    /// Whether the owner hears of it.
    pub(super) fn on_response(
        &mut self,
        now: Time,
        status: u16,
        message: &Message<'_>,
        wire: &mut impl Wire,
    ) -> bool {
        match self.machine {
            Machine::Other(machine) => {
                let (machine, heard) = machine.on_response(status);
                self.machine = Machine::Other(machine);
                heard
            }
            Machine::Invite(machine) => {
                let (machine, effect) = machine.on_response(status, now);
                self.machine = Machine::Invite(machine);
                if self.is_answered() {
                    self.forget_details();
                }
                match effect {
                    Effect::Acknowledge => self.send_ack(message, wire),
                    Effect::Cancel => self.send_cancel(wire),
                    Effect::None | Effect::Deliver | Effect::GiveUp => {}
                }
                effect != Effect::None
            }
        }
    }

    /// Whether the owner hears that no answer came.
    pub(super) fn on_timeout(&mut self, now: Time) -> bool {
        match self.machine {
            Machine::Other(machine) => {
                let (machine, lost) = machine.on_timeout(now);
                self.machine = Machine::Other(machine);
                lost
            }
            Machine::Invite(machine) => {
                let (machine, effect) = machine.on_timeout(now);
                self.machine = Machine::Invite(machine);
                effect == Effect::GiveUp
            }
        }
    }

    /// The ACK of a refusal (RFC 3261 §17.1.1.3).
    fn send_ack(&self, refusal: &Message<'_>, wire: &mut impl Wire) {
        let mut ack = self.follow_up(Method::Ack);
        if let Some(to) = refusal.header("To") {
            ack.headers.set("To", to);
        }
        self.print(&ack, wire);
    }

    /// The CANCEL (RFC 3261 §9.1).
    fn send_cancel(&self, wire: &mut impl Wire) {
        let mut cancel = self.follow_up(Method::Cancel);
        for (name, value) in &self.cancel {
            cancel.headers.push(name, value.as_str());
        }
        self.print(&cancel, wire);
    }

    /// What ACK and CANCEL have in common: all that routes them the way of the INVITE.
    fn follow_up(&self, method: Method) -> Request {
        let mut follow_up = Request::new(method, self.request.uri.as_str());
        follow_up.headers.push("Via", self.via.as_str());
        for name in ["From", "To", "Call-ID", "Route"] {
            for value in self.request.headers.get_all(name) {
                follow_up.headers.push(name, value);
            }
        }
        let cseq = [self.number(), " ", follow_up.method.as_str()].concat();
        follow_up.headers.push("Max-Forwards", "70").push("CSeq", cseq);
        follow_up
    }

    /// The number in our CSeq, as it stands there.
    fn number(&self) -> &str {
        let cseq = self.request.headers.get("CSeq").unwrap_or_default();
        cseq.split_whitespace().next().unwrap_or_default()
    }

    /// Whether a CSeq is that of our request. One with our branch and another number was made up
    /// on the way, and must not number what follows in the dialog.
    pub(super) fn is_numbered(&self, cseq: &CSeq) -> bool {
        self.request.method == cseq.method && self.number().parse() == Ok(cseq.number)
    }

    /// What is made of a request that could be printed can be printed, but for odd `To` and headers.
    fn print(&self, request: &Request, wire: &mut impl Wire) {
        if let Ok(bytes) = request.to_bytes() {
            wire.transmit(self.flow, bytes);
        }
    }

    /// Of an INVITE that was taken only the ACK is left to be said, once for every fork.
    fn forget_details(&mut self) {
        let of_ack = ["From", "CSeq", "Authorization", "Proxy-Authorization"];
        self.request.headers.keep(&of_ack);
        self.request.body = Vec::new();
        self.via = String::new();
        self.cancel = Vec::new();
    }

    pub(super) fn lost(&self, why: LostWhy) -> Lost<O> {
        Lost { id: self.id, owner: Some(self.owner.clone()), why }
    }

    pub(super) fn is_answered(&self) -> bool {
        matches!(self.machine, Machine::Invite(InviteClient::Accepted { .. }))
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(
            self.machine,
            Machine::Invite(InviteClient::Terminated) | Machine::Other(Client::Terminated)
        )
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        match self.machine {
            Machine::Invite(machine) => machine.deadline(),
            Machine::Other(machine) => machine.deadline(),
        }
    }
}
