//! The one ordered way out: what is decided in `handle` waits here for `poll_output`.

use std::collections::VecDeque;

use crate::agent::{FlowId, LinkRequest, Output};
use crate::api::{AccountId, CallId, UaEvent};
use crate::media::{MediaRequest, PeerId, Ticket};
use crate::rate::Rate;
use crate::sip::ParseError;
use crate::time::Time;
use crate::transaction::Wire;

/// Consequences, in the order in which they were decided.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    queue: VecDeque<Output>,
    tickets: u32,
    now: Time,
    /// Of warnings about what the far side says.
    warnings: Rate,
    /// Those that were not told.
    untold: u32,
}

impl Outbox {
    /// It is this late.
    pub(crate) fn turn(&mut self, now: Time) {
        self.now = now;
    }

    /// Tells the page of what could not be read; of a flood of it only how much it was.
    pub(crate) fn unreadable(
        &mut self,
        account: AccountId,
        error: &ParseError,
        call: Option<CallId>,
    ) {
        if !self.warnings.takes(self.now, WARNINGS) {
            self.untold = self.untold.saturating_add(1);
            return;
        }
        let mut text = error.to_string();
        if self.untold > 0 {
            text.push_str("; others since the last warning: ");
            text.push_str(&std::mem::take(&mut self.untold).to_string());
        }
        self.event(
            account,
            UaEvent::Warning {
                code: "message-unreadable".to_owned(),
                text,
                call: call.map(|id| id.0),
                header: error.header.map(str::to_owned),
                offset: u32::try_from(error.offset).ok(),
            },
        );
    }

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

/// Of what cannot be read, in a window of time.
const WARNINGS: u32 = 20;
