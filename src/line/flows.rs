//! The flows of a line: the seat's, those that are registered beside it (RFC 5626 §4.2), and those
//! of former seats.
//!
//! Calls leave by the seat's flow and come in by any. Each further flow is registered by itself,
//! under a number of its own, and begins at another server where there are several. Where the
//! seat's flow is lost while a further one is registered, the two change places: the page and the
//! calls that begin notice nothing, and calls on the lost flow move over.

use super::binding::Binding;
use super::{Calls, Candidate, Line, LineNews, Place, Step, Wish};
use crate::agent::FlowId;
use crate::api::UaEvent;
use crate::identity::Identity;
use crate::registration::Verdict;

impl Line {
    /// What the calls on this flow have in common: the identity of the binding that has it, else
    /// the seat's.
    pub(crate) fn identity(&self, flow: Option<FlowId>) -> &Identity {
        let mut others = self.formers.iter().chain(&self.further);
        let other = others.find(|other| flow.is_some() && other.identity.flow == flow);
        &other.unwrap_or(&self.seat).identity
    }

    /// See [`identity`](Self::identity).
    pub(crate) fn identity_mut(&mut self, flow: Option<FlowId>) -> &mut Identity {
        let mut others = self.formers.iter_mut().chain(&mut self.further);
        let other = others.find(|other| flow.is_some() && other.identity.flow == flow);
        &mut other.unwrap_or(&mut self.seat).identity
    }

    /// The flows that are up and that calls may use.
    pub(crate) fn flows(&self) -> impl Iterator<Item = FlowId> {
        let others = self.formers.iter().chain(&self.further);
        others.filter_map(|other| other.identity.flow).chain(self.seat.identity.flow)
    }

    /// Every connection that is up or on its way.
    pub(crate) fn connections(&self) -> impl Iterator<Item = FlowId> {
        let candidate = match &self.candidate {
            Some(Candidate::Elsewhere { binding, .. }) => Some(&**binding),
            _ => None,
        };
        let others = self.formers.iter().chain(&self.further).chain(candidate);
        others.chain([&self.seat]).filter_map(|binding| binding.link.any_flow())
    }

    /// Whether this flow is, or was lately, the line's.
    pub(crate) fn owns_flow(&self, flow: FlowId) -> bool {
        self.place_of(|binding| binding.link.owns(flow)).is_some()
    }

    /// The seat is registered: so are, or will be, as many flows as its account wants, and with
    /// its credential.
    pub(super) fn open_further(&mut self, step: &mut Step<'_>) {
        let account = &self.seat.identity.account;
        for further in &mut self.further {
            if further.identity.account != *account {
                further.identity.replace(account.clone());
                further.registration.pardon();
                further.link.open(step);
                further.register(step);
            }
        }
        let wanted = if account.register { account.flows.unwrap_or(1) } else { 1 };
        let (account, instance) = (account.clone(), self.seat.identity.instance.clone());
        for reg_id in 1..=wanted {
            let mut known = std::iter::once(&self.seat).chain(&self.further);
            if !known.any(|binding| binding.registration.reg_id() == reg_id) {
                let identity = Identity::new(account.clone(), instance.clone(), step.ids);
                let mut binding = Binding::new(identity, reg_id, step.ids);
                binding.link.open(step);
                self.further.push(binding);
            }
        }
    }

    /// A further flow is up.
    pub(super) fn on_further_up(&mut self, step: &mut Step<'_>, at: usize) {
        let in_call = self.calls == Calls::Up;
        if let Some(binding) = self.further.get_mut(at) {
            binding.connect(step.now, in_call);
            binding.register(step);
        }
    }

    /// The registrar answered on a further flow, or did not.
    pub(super) fn on_further_verdict(&mut self, step: &mut Step<'_>, at: usize, verdict: &Verdict) {
        let Some(binding) = self.further.get_mut(at) else { return };
        match verdict {
            Verdict::Bound(expires_in) => {
                binding.on_bound(step);
                let seat_is_up = self.seat.identity.flow.is_some() && self.registered();
                if !seat_is_up && self.promote() {
                    step.out.event(step.account, UaEvent::Reconnected);
                    self.succeed(step, Some(*expires_in));
                }
            }
            // The seat's refresh will hear the same, and tells it.
            Verdict::Refused(_) => {
                if let Some(flow) = binding.link.close(step) {
                    self.news.push(LineNews::FlowLost(flow));
                }
                binding.disconnect(step.now);
                binding.forget();
            }
            Verdict::Silent if binding.registration.is_bound() => {
                binding.registration.rest(step);
                binding.link.wake(step);
            }
            Verdict::Silent => {
                let news = binding.link.give_up(step, "the server does not answer");
                self.on_link_news(step, Place::Further(at), news);
            }
            Verdict::Busy(_) if !binding.registration.is_bound() && binding.link.has_untried() => {
                let news = binding.link.give_up(step, "the server is busy");
                self.on_link_news(step, Place::Further(at), news);
            }
            Verdict::Busy(_) | Verdict::Unbound | Verdict::Lapsed | Verdict::Expiring(_) => {}
        }
    }

    /// Puts a further flow that is registered into the seat, if there is one. Not while a new
    /// credential is tried at the seat: its outcome is owed to the page.
    pub(super) fn promote(&mut self) -> bool {
        let is_live = |it: &Binding| it.identity.flow.is_some() && it.registration.is_bound();
        let live = self.further.iter_mut().find(|it| is_live(it));
        let trying = matches!(self.candidate, Some(Candidate::Here { .. }));
        match live.filter(|_| self.wish == Wish::Service && !trying) {
            Some(live) => {
                live.take_standing(&mut self.seat);
                std::mem::swap(live, &mut self.seat);
                true
            }
            None => false,
        }
    }

    /// The seat is left, or not to be registered any more: so are its further flows, which stay
    /// only while calls are up on them.
    pub(super) fn leave_further(&mut self, step: &mut Step<'_>) {
        for mut further in std::mem::take(&mut self.further) {
            if further.identity.flow.is_some() {
                self.formers.push(further);
            } else {
                further.link.close(step);
            }
        }
    }
}
