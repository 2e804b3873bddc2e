//! The one ordered way out: what is decided in `handle` waits here for `poll_output`.

use std::collections::VecDeque;

use crate::agent::{FlowId, LinkRequest, Output};
use crate::api::{AccountId, UaEvent};
use crate::media::{MediaRequest, PeerId, Ticket};
use crate::transaction::Wire;

/// Consequences, in the order in which they were decided.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    queue: VecDeque<Output>,
    tickets: u32,
}

impl Outbox {
    pub(crate) fn event(&mut self, account: AccountId, event: UaEvent) {
        self.queue.push_back(Output::Event(account, event));
    }

    /// Asks the peer; its reply will carry the ticket.
    pub(crate) fn media(&mut self, peer: PeerId, request: MediaRequest) -> Ticket {
        let ticket = self.ticket();
        self.queue.push_back(Output::Media(peer, ticket, request));
        ticket
    }

    pub(crate) fn link(&mut self, flow: FlowId, request: LinkRequest) {
        self.queue.push_back(Output::Link(flow, request));
    }

    pub(crate) fn push(&mut self, output: Output) {
        self.queue.push_back(output);
    }

    /// A ticket that was never given out before.
    pub(crate) fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    /// A peer that never was before.
    pub(crate) fn peer(&mut self) -> PeerId {
        PeerId(self.ticket().0)
    }

    /// How many wait.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(crate) fn pop(&mut self) -> Option<Output> {
        self.queue.pop_front()
    }
}

impl Wire for Outbox {
    fn transmit(&mut self, flow: FlowId, bytes: Vec<u8>) {
        self.queue.push_back(Output::Transmit(flow, bytes));
    }
}
