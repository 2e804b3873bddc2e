//! The calls of a phone: found by what a message, a peer or a command names them by, and seen to
//! only when they took a step, so that no message costs more because many calls are up.

use super::FlowId;
use crate::api::CallId;
use crate::call::Call;
use crate::media::PeerId;
use crate::table::{Table, hash};
use crate::time::Time;
use crate::transaction::TransactionId;

/// See the module.
pub(super) struct Calls {
    table: Table<Ongoing>,
    /// How many have not ended.
    up: usize,
    /// Places of those that took a step since the last time that all was settled.
    touched: Vec<usize>,
    /// The flows that calls are on, and how many of them.
    used: Vec<(FlowId, usize)>,
}

/// A call, and whether its end has been seen to.
pub(super) struct Ongoing {
    pub(super) id: CallId,
    pub(super) call: Call,
    /// What it is on while that is up; none before its INVITE left. It stays there when the line
    /// moves on.
    pub(super) flow: Option<FlowId>,
    ended: bool,
    touched: bool,
    /// Its client transactions that may still be open.
    pub(super) asked: Vec<TransactionId>,
}

/// The keys of a call in the table; the peers are two.
const ID: usize = 0;
const DIALOG: usize = 1;
const PEERS: usize = 2;
const KEYS: usize = 4;

impl Calls {
    pub(super) const fn new() -> Self {
        Self { table: Table::new(KEYS), up: 0, touched: Vec::new(), used: Vec::new() }
    }

    /// Takes a call up, with what it asked in its first step.
    pub(super) fn push(
        &mut self,
        id: CallId,
        call: Call,
        flow: Option<FlowId>,
        asked: Vec<TransactionId>,
    ) {
        let ongoing = Ongoing { id, call, flow: None, ended: false, touched: false, asked };
        let at = self.table.insert(ongoing);
        self.table.set_key(at, ID, hash_of_id(id));
        self.up += 1;
        self.set_flow(at, flow);
        self.touch(at);
    }

    pub(super) fn of_peer(&self, peer: PeerId) -> Option<usize> {
        self.table.find(hash_of_peer(peer), |ongoing| ongoing.call.owns_peer(peer))
    }

    pub(super) fn of_dialog(&self, call_id: &str, local: &str, remote: &str) -> Option<usize> {
        let owns = |ongoing: &Ongoing| ongoing.call.owns_dialog(call_id, local, remote);
        self.table.find(hash_of_dialog(call_id), owns)
    }

    pub(super) fn of_id(&self, id: CallId) -> Option<usize> {
        self.table.find(hash_of_id(id), |ongoing| ongoing.id == id)
    }

    /// Every call's place, for what concerns them all and is rare.
    pub(super) fn places(&self) -> Vec<usize> {
        self.table.places()
    }

    pub(super) fn at(&self, index: usize) -> &Ongoing {
        &self.table[index]
    }

    /// A call that is about to take a step.
    pub(super) fn step(&mut self, index: usize) -> &mut Ongoing {
        self.touch(index);
        &mut self.table[index]
    }

    /// Calls that the page was not yet told the end of.
    pub(super) const fn up(&self) -> usize {
        self.up
    }

    /// The flows that calls are on, and how many of them.
    pub(super) fn used(&self) -> &[(FlowId, usize)] {
        &self.used
    }

    pub(super) fn next_timeout(&self) -> Option<Time> {
        self.table.next_timeout()
    }

    /// A call whose deadline has come; it gets its next one once it was seen to.
    pub(super) fn take_due(&mut self, now: Time) -> Option<usize> {
        self.table.take_due(now)
    }

    pub(super) fn touch(&mut self, index: usize) {
        if !std::mem::replace(&mut self.table[index].touched, true) {
            self.touched.push(index);
        }
    }

    /// One that took a step and was not seen to since.
    pub(super) fn take_touched(&mut self) -> Option<usize> {
        let index = self.touched.pop()?;
        self.table[index].touched = false;
        Some(index)
    }

    /// Whether it has ended, asked for the first time since it has.
    pub(super) fn take_end(&mut self, index: usize) -> bool {
        let Ongoing { call, ended, .. } = &mut self.table[index];
        let is_news = call.is_ended() && !std::mem::replace(ended, true);
        self.up -= usize::from(is_news);
        is_news
    }

    /// Notes by what and when a call is found next.
    pub(super) fn file(&mut self, index: usize, flow: Option<FlowId>, deadline: Option<Time>) {
        let (call_id, peers) = self.table[index].call.known_by();
        let dialog = hash_of_dialog(call_id);
        self.table.set_key(index, DIALOG, dialog);
        for (at, peer) in peers.into_iter().enumerate() {
            self.table.set_key(index, PEERS + at, peer.map_or(0, hash_of_peer));
        }
        self.table.set_deadline(index, deadline);
        self.set_flow(index, flow);
    }

    pub(super) fn remove(&mut self, index: usize) {
        self.set_flow(index, None);
        self.table.remove(index);
    }

    fn set_flow(&mut self, index: usize, flow: Option<FlowId>) {
        let before = std::mem::replace(&mut self.table[index].flow, flow);
        if before == flow {
            return;
        }
        if let Some(at) = self.used.iter().position(|used| Some(used.0) == before) {
            self.used[at].1 -= 1;
            if self.used[at].1 == 0 {
                self.used.swap_remove(at);
            }
        }
        let Some(flow) = flow else { return };
        match self.used.iter_mut().find(|used| used.0 == flow) {
            Some(used) => used.1 += 1,
            None => self.used.push((flow, 1)),
        }
    }
}

fn hash_of_id(id: CallId) -> u32 {
    hash(&[b"id", &id.0.to_le_bytes()])
}

fn hash_of_dialog(call_id: &str) -> u32 {
    hash(&[b"dialog", call_id.as_bytes()])
}

fn hash_of_peer(peer: PeerId) -> u32 {
    hash(&[b"peer", &peer.0.to_le_bytes()])
}
