//! An account at its place: who it is, its link and its registration.

use crate::agent::FlowId;
use crate::context::Owner;
use crate::identity::Identity;
use crate::ids::Ids;
use crate::line::Step;
use crate::link::Link;
use crate::registration::Registration;
use crate::sip::Method;
use crate::time::{Time, soonest};

pub(super) struct Binding {
    pub(super) identity: Identity,
    pub(super) link: Link,
    pub(super) registration: Registration,
    history: History,
    /// The flow that calls were told of.
    told: Option<FlowId>,
}

/// Whether a server was ever reached.
#[derive(Clone, Copy, PartialEq, Eq)]
enum History {
    NeverUp,
    WasUp,
}

/// Whether a link came up for the first time.
pub(super) enum Met {
    First,
    Again,
}

impl Binding {
    /// `reg_id` counts the phone's flows from 1.
    pub(super) fn new(identity: Identity, reg_id: u32, ids: &mut Ids) -> Self {
        Self {
            // Each flow begins at another server.
            link: Link::new(&identity.account.servers, reg_id as usize - 1),
            registration: Registration::new(reg_id, ids),
            identity,
            history: History::NeverUp,
            told: None,
        }
    }

    /// The link is up: requests may leave on it.
    pub(super) fn connect(&mut self, now: Time, in_call: bool) -> Met {
        self.link.set_in_call(now, in_call);
        self.identity.set_flow(self.link.flow(), self.link.url());
        match std::mem::replace(&mut self.history, History::WasUp) {
            History::NeverUp => Met::First,
            History::WasUp => Met::Again,
        }
    }

    /// The link is down.
    pub(super) fn disconnect(&mut self, now: Time) {
        self.identity.flow = None;
        self.registration.on_flow_lost(now);
    }

    pub(super) fn register(&mut self, step: &mut Step<'_>) {
        self.registration.register(step, &mut self.identity);
    }

    /// The registrar accepted: what it said of the flow holds.
    pub(super) fn on_bound(&mut self, step: &mut Step<'_>) {
        self.link.prove();
        self.link.set_flow_timer(step, self.registration.flow_timer());
    }

    /// No binding is counted on any more.
    pub(super) fn forget(&mut self) {
        self.registration.forget(&mut self.identity);
    }

    pub(super) fn unregister(&mut self, step: &mut Step<'_>) {
        self.registration.unregister(step, &mut self.identity);
    }

    /// Whether calls have still to be told that they may leave on this flow; they are, then.
    pub(super) fn tell_ready(&mut self) -> bool {
        let flow = self.identity.flow;
        std::mem::replace(&mut self.told, flow) != flow
    }

    /// Calls were told that they need not wait any longer for the registration.
    pub(super) fn forget_told(&mut self) {
        self.told = None;
    }

    /// Takes over what the page and the calls were told of another one in whose place it comes.
    pub(super) fn take_standing(&mut self, other: &mut Self) {
        self.history = History::WasUp;
        self.told = if other.told.is_some() { self.identity.flow } else { None };
        other.told = None;
    }

    pub(super) fn was_up(&self) -> bool {
        self.history == History::WasUp
    }

    /// A call may leave: the registration is in, or will not come, and there is a flow.
    pub(super) fn is_ready(&self) -> bool {
        let settled = !self.identity.account.register
            || self.registration.is_bound()
            || self.registration.is_at_rest();
        self.identity.flow.is_some() && settled
    }

    pub(super) fn next_timeout(&self) -> Option<Time> {
        soonest(self.link.next_timeout(), self.registration.next_timeout())
    }

    /// Sends OPTIONS to the own domain. Any answer will do.
    pub(super) fn ping(&self, step: &mut Step<'_>) {
        let Some(flow) = self.identity.flow else { return };
        let domain = ["sip:", &self.identity.domain].concat();
        let from = self.identity.from(None, &step.ids.token());
        let to = ["<", &domain, ">"].concat();
        let call_id = step.ids.token();
        let options = self.identity.request(Method::Options, &domain, &from, &to, &call_id, 1);
        let via = &self.identity.via_host;
        // What it is made of was checked with the account, so it can be printed.
        let _ = step.transactions.request(
            step.now,
            flow,
            options,
            via,
            Owner::Ping(step.account),
            step.ids,
            step.out,
        );
    }
}
