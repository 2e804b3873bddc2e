//! The server side of the table.

use super::invite_server::{Due, InviteServer};
use super::server::Server;
use super::{Arrived, Lost, LostWhy, TransactionId, Wire};
use crate::agent::FlowId;
use crate::sip::{Message, Method, Reply, Response, Unprintable};
use crate::time::{Time, soonest};

/// The server transactions.
#[derive(Debug)]
pub(super) struct Servers<O> {
    cap: usize,
    entries: Vec<Entry<O>>,
}

impl<O: Clone> Servers<O> {
    pub(super) const fn new(cap: usize) -> Self {
        Self { cap, entries: Vec::new() }
    }

    pub(super) fn on_request(
        &mut self,
        now: Time,
        flow: FlowId,
        id: TransactionId,
        message: &Message<'_>,
        wire: &mut impl Wire,
    ) -> Arrived<O> {
        let (Some(method), Some(key)) = (message.method(), Key::of(message)) else {
            return Arrived::Absorbed;
        };
        if method == Method::Ack {
            return self.on_ack(&key);
        }
        if let Some(entry) =
            self.entries.iter().find(|entry| entry.method == method && entry.key.same(&key))
        {
            if !entry.said.is_empty() {
                wire.transmit(entry.flow, entry.said.clone());
            }
            return Arrived::Absorbed;
        }
        if self.entries.iter().filter(|entry| entry.flow == flow).count() >= self.cap {
            refuse(flow, message, wire);
            return Arrived::Absorbed;
        }
        let cancelled = (method == Method::Cancel).then(|| self.invite(&key));
        self.entries.push(Entry::new(now, flow, id, method, key, message));
        match cancelled {
            None => Arrived::New(id),
            Some(invite) => {
                let (invite, owner) = invite.map_or((None, None), |(id, owner)| (Some(id), owner));
                Arrived::Cancel { cancel: id, invite, owner }
            }
        }
    }

    pub(super) fn respond(
        &mut self,
        now: Time,
        id: TransactionId,
        response: &Response,
        wire: &mut impl Wire,
    ) -> Result<(), Unprintable> {
        let Some(index) = self.entries.iter().position(|entry| entry.id == id) else {
            return Ok(());
        };
        let bytes = response.to_bytes()?;
        let entry = &mut self.entries[index];
        if entry.on_respond(response.status, now) {
            entry.said.clone_from(&bytes);
            wire.transmit(entry.flow, bytes);
        }
        if entry.is_over() {
            self.entries.swap_remove(index);
        }
        Ok(())
    }

    pub(super) fn adopt(&mut self, id: TransactionId, owner: O) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.id == id) {
            entry.owner = Some(owner);
        }
    }

    pub(super) fn is_pending(&self, id: TransactionId) -> bool {
        self.entries.iter().any(|entry| entry.id == id && entry.is_pending())
    }

    pub(super) fn is_merged(&self, id: TransactionId, is_ours: impl Fn(FlowId) -> bool) -> bool {
        self.entries.iter().find(|entry| entry.id == id).is_some_and(|entry| {
            self.entries.iter().any(|other| {
                other.id != id
                    && is_ours(other.flow)
                    && other.method == entry.method
                    && other.key.request == entry.key.request
            })
        })
    }

    pub(super) fn on_timeout(&mut self, now: Time, lost: &mut Vec<Lost<O>>, wire: &mut impl Wire) {
        for entry in &mut self.entries {
            match entry.on_timeout(now) {
                Due::Nothing => {}
                Due::Trying => entry.send_trying(wire),
                Due::NoAck => lost.push(entry.lost(LostWhy::NoAck)),
            }
        }
        self.entries.retain(|entry| !entry.is_over());
    }

    pub(super) fn on_flow_lost(&mut self, flow: FlowId, lost: &mut Vec<Lost<O>>) {
        for entry in &self.entries {
            if entry.flow == flow && entry.method == Method::Invite && entry.is_pending() {
                lost.push(entry.lost(LostWhy::Transport));
            }
        }
        self.entries.retain(|entry| entry.flow != flow);
    }

    pub(super) fn next_timeout(&self) -> Option<Time> {
        self.entries.iter().fold(None, |soon, entry| soonest(soon, entry.deadline()))
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    fn on_ack(&mut self, key: &Key) -> Arrived<O> {
        let Some(index) = self.invite_index(key) else { return Arrived::Ack };
        let entry = &mut self.entries[index];
        let Machine::Invite(machine) = entry.machine else { return Arrived::Absorbed };
        let (machine, for_dialog) = machine.on_ack();
        entry.machine = Machine::Invite(machine);
        if entry.is_over() {
            self.entries.swap_remove(index);
        }
        if for_dialog { Arrived::Ack } else { Arrived::Absorbed }
    }

    fn invite(&self, key: &Key) -> Option<(TransactionId, Option<O>)> {
        let entry = &self.entries[self.invite_index(key)?];
        Some((entry.id, entry.owner.clone()))
    }

    fn invite_index(&self, key: &Key) -> Option<usize> {
        self.entries.iter().position(|entry| entry.method == Method::Invite && entry.key.same(key))
    }
}

/// A server transaction.
#[derive(Debug)]
struct Entry<O> {
    id: TransactionId,
    flow: FlowId,
    method: Method,
    key: Key,
    owner: Option<O>,
    machine: Machine,
    /// The last answer, for a repetition that an unreliable hop brings (RFC 3261 §17.2).
    said: Vec<u8>,
    /// Of an INVITE, for the 100.
    reply: Option<Reply>,
}

#[derive(Debug)]
enum Machine {
    Invite(InviteServer),
    Other(Server),
}

impl<O: Clone> Entry<O> {
    fn new(
        now: Time,
        flow: FlowId,
        id: TransactionId,
        method: Method,
        key: Key,
        message: &Message<'_>,
    ) -> Self {
        let (machine, reply) = if method == Method::Invite {
            (Machine::Invite(InviteServer::new(now)), Some(Reply::of(message)))
        } else {
            (Machine::Other(Server::new(now)), None)
        };
        Self { id, flow, method, key, owner: None, machine, said: Vec::new(), reply }
    }

    /// Whether the answer leaves.
    fn on_respond(&mut self, status: u16, now: Time) -> bool {
        match self.machine {
            Machine::Invite(machine) => {
                let (machine, leaves) = machine.on_respond(status, now);
                self.machine = Machine::Invite(machine);
                leaves
            }
            Machine::Other(machine) => {
                let (machine, leaves) = machine.on_respond(status);
                self.machine = Machine::Other(machine);
                leaves
            }
        }
    }

    fn on_timeout(&mut self, now: Time) -> Due {
        match self.machine {
            Machine::Invite(machine) => {
                let (machine, due) = machine.on_timeout(now);
                self.machine = Machine::Invite(machine);
                due
            }
            Machine::Other(machine) => {
                self.machine = Machine::Other(machine.on_timeout(now));
                Due::Nothing
            }
        }
    }

    fn send_trying(&self, wire: &mut impl Wire) {
        let trying = self.reply.as_ref().map(|reply| reply.response(100).to_bytes());
        if let Some(Ok(bytes)) = trying {
            wire.transmit(self.flow, bytes);
        }
    }

    fn lost(&self, why: LostWhy) -> Lost<O> {
        Lost { id: self.id, owner: self.owner.clone(), why }
    }

    fn is_pending(&self) -> bool {
        match self.machine {
            Machine::Invite(machine) => machine.is_pending(),
            Machine::Other(machine) => machine != Server::Terminated,
        }
    }

    fn is_over(&self) -> bool {
        matches!(
            self.machine,
            Machine::Invite(InviteServer::Terminated) | Machine::Other(Server::Terminated)
        )
    }

    fn deadline(&self) -> Option<Time> {
        match self.machine {
            Machine::Invite(machine) => machine.deadline(),
            Machine::Other(machine) => machine.deadline(),
        }
    }
}

/// What a request is recognised by (RFC 3261 §17.2.3).
#[derive(Debug)]
struct Key {
    /// Branch and sent-by of the top Via; empty where the branch is none of RFC 3261.
    hop: String,
    /// From tag, Call-ID and `CSeq`: the same on every way that a request may come.
    request: String,
}

impl Key {
    fn of(message: &Message<'_>) -> Option<Self> {
        let via = message.via().ok()?;
        let cseq = message.cseq().ok()?;
        let call_id = message.call_id().ok()?;
        let from = message.from().ok()?;
        let hop = match via.branch() {
            Some(branch) if branch.starts_with("z9hG4bK") => {
                let port = via.port().map_or_else(String::new, |port| port.to_string());
                [&*branch, " ", via.host(), ":", &port].concat()
            }
            _ => String::new(),
        };
        let tag = from.tag().unwrap_or_default();
        let request = [&*tag, "\n", &*call_id, "\n", &cseq.number.to_string()].concat();
        Some(Self { hop, request })
    }

    fn same(&self, other: &Self) -> bool {
        // Without a branch of RFC 3261 the request itself is what there is to go by.
        self.hop == other.hop && (!self.hop.is_empty() || self.request == other.request)
    }
}

/// Says 503 without remembering anything.
fn refuse(flow: FlowId, message: &Message<'_>, wire: &mut impl Wire) {
    let mut response = Reply::of(message).response(503);
    response.headers.push("Retry-After", "5");
    if let Ok(bytes) = response.to_bytes() {
        wire.transmit(flow, bytes);
    }
}
