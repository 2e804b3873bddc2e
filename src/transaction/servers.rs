//! The server side of the table.

use super::invite_server::{Due, InviteServer};
use super::server::Server;
use super::{Arrived, Lost, LostWhy, TransactionId, Wire};
use crate::agent::FlowId;
use crate::sip::{Message, Method, Reply, Response, Unprintable};
use crate::table::{Table, hash};
use crate::time::Time;

/// The server transactions.
#[derive(Debug)]
pub(super) struct Servers<O> {
    /// How much may weigh on one flow.
    cap: usize,
    entries: Table<Entry<O>>,
    /// What weighs on each flow, of those that are in use.
    loads: Vec<(FlowId, usize)>,
}

impl<O: Clone> Servers<O> {
    pub(super) const fn new(cap: usize) -> Self {
        Self { cap: cap * WAITING, entries: Table::new(1), loads: Vec::new() }
    }

    pub(super) fn allow(&mut self, cap: usize) {
        self.cap = self.cap.max(cap * WAITING);
    }

    pub(super) fn on_request(
        &mut self,
        now: Time,
        flow: FlowId,
        number: u32,
        message: &Message<'_>,
        wire: &mut impl Wire,
    ) -> Arrived<O> {
        let (Some(method), Some(key)) = (message.method(), Key::of(message)) else {
            return Arrived::Absorbed;
        };
        if method == Method::Ack {
            return self.on_ack(&key);
        }
        if let Some(entry) = self.place_of(&method, &key).and_then(|it| self.entries.get(it)) {
            if !entry.said.is_empty() {
                wire.transmit(entry.flow, entry.said.clone());
            }
            return Arrived::Absorbed;
        }
        if self.load(flow).is_some_and(|load| *load >= self.cap) {
            refuse(flow, message, wire);
            return Arrived::Absorbed;
        }
        let cancelled = (method == Method::Cancel).then(|| self.invite(&key));
        let id = TransactionId { number, place: self.entries.vacancy() };
        let hash = key.hash();
        self.entries.insert(Entry::new(now, flow, id, method, key, message));
        self.entries.set_key(id.place, 0, hash);
        self.see_to(id.place);
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
        let Some(entry) = self.entry(id) else { return Ok(()) };
        let bytes = response.to_bytes()?;
        if entry.on_respond(response.status, now) {
            entry.said.clone_from(&bytes);
            wire.transmit(entry.flow, bytes);
        }
        self.see_to(id.place);
        Ok(())
    }

    pub(super) fn adopt(&mut self, id: TransactionId, owner: O) {
        if let Some(entry) = self.entry(id) {
            entry.owner = Some(owner);
        }
    }

    pub(super) fn is_pending(&self, id: TransactionId) -> bool {
        self.entries.get(id.place).is_some_and(|entry| entry.id == id && entry.is_pending())
    }

    pub(super) fn is_merged(&self, id: TransactionId, is_ours: impl Fn(FlowId) -> bool) -> bool {
        let Some(entry) = self.entries.get(id.place) else { return false };
        let merged = self.entries.find(entry.key.hash(), |other| {
            other.id != id
                && is_ours(other.flow)
                && other.method == entry.method
                && other.key.request == entry.key.request
        });
        merged.is_some()
    }

    pub(super) fn on_timeout(&mut self, now: Time, lost: &mut Vec<Lost<O>>, wire: &mut impl Wire) {
        while let Some(place) = self.entries.take_due(now) {
            let Some(entry) = self.entries.get_mut(place) else { continue };
            match entry.on_timeout(now) {
                Due::Nothing => {}
                Due::Trying => entry.send_trying(wire),
                Due::NoAck => lost.push(entry.lost(LostWhy::NoAck)),
            }
            self.see_to(place);
        }
    }

    pub(super) fn on_flow_lost(&mut self, flow: FlowId, lost: &mut Vec<Lost<O>>) {
        for place in self.entries.places() {
            let Some(entry) = self.entries.get(place).filter(|entry| entry.flow == flow) else {
                continue;
            };
            if entry.method == Method::Invite && entry.is_pending() {
                lost.push(entry.lost(LostWhy::Transport));
            }
            self.entries.remove(place);
        }
        self.loads.retain(|load| load.0 != flow);
    }

    pub(super) fn next_timeout(&self) -> Option<Time> {
        self.entries.next_timeout()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    fn on_ack(&mut self, key: &Key) -> Arrived<O> {
        let Some(place) = self.place_of(&Method::Invite, key) else {
            self.on_ack_of_2xx(key);
            return Arrived::Ack;
        };
        let Some(entry) = self.entries.get_mut(place) else { return Arrived::Ack };
        let Machine::Invite(machine) = entry.machine else { return Arrived::Absorbed };
        let (machine, for_dialog) = machine.on_ack();
        entry.machine = Machine::Invite(machine);
        self.see_to(place);
        if for_dialog { Arrived::Ack } else { Arrived::Absorbed }
    }

    /// What was acknowledged need not be said again, nor kept; a repeated INVITE is swallowed.
    fn on_ack_of_2xx(&mut self, key: &Key) {
        let acknowledged = self
            .entries
            .find(key.hash(), |entry| entry.key.request == key.request && entry.is_accepted());
        if let Some(entry) = acknowledged.and_then(|place| self.entries.get_mut(place)) {
            (entry.said, entry.reply) = (Vec::new(), None);
        }
    }

    fn invite(&self, key: &Key) -> Option<(TransactionId, Option<O>)> {
        let entry = self.entries.get(self.place_of(&Method::Invite, key)?)?;
        Some((entry.id, entry.owner.clone()))
    }

    fn place_of(&self, method: &Method, key: &Key) -> Option<usize> {
        self.entries.find(key.hash(), |entry| entry.method == *method && entry.key.same(key))
    }

    fn entry(&mut self, id: TransactionId) -> Option<&mut Entry<O>> {
        self.entries.get_mut(id.place).filter(|entry| entry.id == id)
    }

    fn load(&self, flow: FlowId) -> Option<&usize> {
        self.loads.iter().find(|load| load.0 == flow).map(|load| &load.1)
    }

    /// After each step of a transaction: it goes if it is over, and is weighed anew if not.
    fn see_to(&mut self, place: usize) {
        let Some(entry) = self.entries.get_mut(place) else { return };
        let (flow, deadline, weight) = (entry.flow, entry.deadline(), entry.weight());
        let before = std::mem::replace(&mut entry.weighed, weight);
        if before != weight {
            self.weigh(flow, before, weight);
        }
        if weight == 0 {
            self.entries.remove(place);
        } else {
            self.entries.set_deadline(place, deadline);
        }
    }

    fn weigh(&mut self, flow: FlowId, before: usize, weight: usize) {
        let Some(at) = self.loads.iter().position(|load| load.0 == flow) else {
            return self.loads.push((flow, weight));
        };
        let load = &mut self.loads[at].1;
        *load = *load + weight - before;
        if *load == 0 {
            self.loads.swap_remove(at);
        }
    }
}

/// How many accepted INVITEs weigh as much as one request that waits.
const WAITING: usize = 16;

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
    /// What it was last weighed at.
    weighed: usize,
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
        let said = Vec::new();
        Self { id, flow, method, key, owner: None, machine, said, reply, weighed: 0 }
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

    fn weight(&self) -> usize {
        match (self.is_over(), self.is_accepted()) {
            (true, _) => 0,
            (_, true) => 1,
            _ => WAITING,
        }
    }

    fn is_accepted(&self) -> bool {
        matches!(self.machine, Machine::Invite(InviteServer::Accepted { .. }))
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

    /// By the request alone, which repetitions, their ACK and CANCEL and merged ones have in common.
    fn hash(&self) -> u32 {
        hash(&[self.request.as_bytes()])
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
