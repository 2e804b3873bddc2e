//! One page in the simulation: its phone, what it was told, and its connections.

use crate::account::Account;
use crate::agent::{FlowId, UserAgent};
use crate::api::{AccountId, UaEvent};
use crate::time::Time;

use super::ledger::Ledger;
use super::media::Studio;

pub(super) struct Phone {
    pub(super) name: String,
    pub(super) agent: UserAgent,
    pub(super) account: AccountId,
    /// What it registers with.
    pub(super) given: Account,
    pub(super) ledger: Ledger,
    /// The last number that the page gave to a message or request.
    pub(super) errands: u32,
    pub(super) studio: Studio,
    /// What the page was told since somebody last looked.
    pub(super) told: Vec<UaEvent>,
    pub(super) flows: Vec<Flow>,
    pub(super) alarm: Alarm,
}

/// One connection, as the page and as the network see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    pub(super) id: FlowId,
    pub(super) state: FlowState,
    /// The last arrival at the phone, which no later message overtakes.
    pub(super) last_in: Time,
    /// The last arrival at the proxy.
    pub(super) last_out: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FlowState {
    Opening,
    Up,
    /// Dead, and the phone does not know.
    Frozen,
    /// The phone closed it; what it said before still arrives.
    Closing,
}

/// The page's one timer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Alarm {
    /// What the phone wants.
    pub(super) wanted: Option<Time>,
    /// When the page's timer falls, which may be later.
    pub(super) falls: Option<Time>,
    /// The last that fell, and how often in that moment.
    pub(super) fell: (Time, u32),
}

impl Phone {
    pub(super) fn new(name: String, given: Account, seed: [u8; 32]) -> Self {
        Self {
            name,
            agent: UserAgent::new(seed),
            account: AccountId(1),
            given,
            ledger: Ledger::default(),
            errands: 0,
            studio: Studio::default(),
            told: Vec::new(),
            flows: Vec::new(),
            alarm: Alarm::default(),
        }
    }

    pub(super) fn flow(&mut self, id: FlowId) -> Option<&mut Flow> {
        self.flows.iter_mut().find(|flow| flow.id == id)
    }

    /// Whether what the phone said on this connection still arrives.
    pub(super) fn is_heard(&self, id: FlowId) -> bool {
        let heard = |state| matches!(state, FlowState::Up | FlowState::Closing);
        self.flows.iter().any(|flow| flow.id == id && heard(flow.state))
    }

    /// Whether a frame still passes to the phone on this connection.
    pub(super) fn is_up(&self, id: FlowId) -> bool {
        self.flows.iter().any(|flow| flow.id == id && flow.state == FlowState::Up)
    }
}
