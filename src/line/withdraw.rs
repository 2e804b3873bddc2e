//! The ways out: `unregister`, `shutdown`, and places that were left.

use std::time::Duration;

use super::binding::Binding;
use super::{Calls, Line, LineNews, Outcome, Step, Wish, Withdrawal, tell};
use crate::agent::FlowId;
use crate::api::{RegistrationState, UaEvent};

impl Line {
    /// Takes the registration back. The link is closed when no call needs it. Where there is
    /// nothing to take back, the page is told so.
    pub(crate) fn unregister(&mut self, step: &mut Step<'_>) {
        self.withdraw(step, Wish::Withdrawn(Withdrawal::Asked));
    }

    /// Takes the registration back and closes the link, once the calls have ended.
    pub(crate) fn shutdown(&mut self, step: &mut Step<'_>) {
        self.withdraw(step, Wish::Leaving);
    }

    /// After [`shutdown`](Self::shutdown): nothing is left to do and the line can be dropped.
    pub(crate) fn is_gone(&self) -> bool {
        self.wish == Wish::Gone
    }

    /// The registrar has forgotten us, or could not be told.
    pub(super) fn on_unbound(&mut self, step: &mut Step<'_>) {
        match self.wish {
            Wish::Withdrawn(Withdrawal::Asked) => {
                self.wish = Wish::Withdrawn(Withdrawal::Done);
                tell(step, RegistrationState::None, None, None);
                if self.seat.identity.flow.is_none() && self.calls == Calls::None {
                    self.close_withdrawn(step);
                }
            }
            Wish::Leaving => self.wish = Wish::Lingering(step.now + LINGER),
            // A `register` came in between.
            _ => {}
        }
    }

    /// Closes the link of a line that is not registered any more and that no call needs.
    pub(super) fn close_withdrawn(&mut self, step: &mut Step<'_>) {
        let done = self.wish == Wish::Withdrawn(Withdrawal::Done);
        if done && !self.seat.link.is_off() {
            self.close_seat(step);
            step.out.event(step.account, UaEvent::Stopped);
        }
    }

    /// Puts another place into the seat. The former one stays while calls are up on its flow.
    pub(super) fn replace_seat(&mut self, step: &mut Step<'_>, binding: Binding) {
        self.leave_further(step);
        let mut former = std::mem::replace(&mut self.seat, binding);
        if former.identity.flow.is_some() {
            self.formers.push(former);
        } else {
            former.link.close(step);
        }
        for former in &mut self.formers {
            // The same instance at the same address was replaced by the new registration (RFC 5626
            // §6): to refresh it would push the new one out, to take it back would take both back.
            let flows = self.seat.identity.account.flows.unwrap_or(1);
            if former.identity.aor == self.seat.identity.aor
                && former.registration.reg_id() <= flows
            {
                former.registration.retire(&mut former.identity);
            }
        }
    }

    /// Leaves the former seats whose flows are not among those that calls still use.
    pub(crate) fn release(&mut self, step: &mut Step<'_>, used: &[(FlowId, usize)]) {
        for at in (0..self.formers.len()).rev() {
            let flow = self.formers[at].identity.flow;
            if !used.iter().any(|it| Some(it.0) == flow) {
                self.drop_former(step, at);
            }
        }
        if let Wish::Lingering(until) = self.wish
            && (used.is_empty() || until <= step.now)
        {
            self.wish = Wish::Gone;
            tell(step, RegistrationState::None, None, None);
            self.release(step, &[]);
            self.close_seat(step);
            step.out.event(step.account, UaEvent::Stopped);
        }
        let flow = self.seat.identity.flow;
        if !used.iter().any(|it| Some(it.0) == flow) {
            self.close_withdrawn(step);
        }
    }

    pub(super) fn drop_former(&mut self, step: &mut Step<'_>, at: usize) {
        let mut former = self.formers.remove(at);
        if former.registration.is_bound() {
            former.unregister(step);
        }
        if let Some(flow) = former.link.close(step) {
            self.news.push(LineNews::FlowLost(flow));
        }
    }

    fn withdraw(&mut self, step: &mut Step<'_>, wish: Wish) {
        self.drop_candidate(step);
        self.leave_further(step);
        self.source = None;
        self.outcome = Outcome::Told;
        self.wish = wish;
        let register = self.seat.identity.account.register;
        if !register || self.seat.identity.flow.is_none() || !self.seat.registration.may_be_known()
        {
            self.on_unbound(step);
        } else if !self.seat.registration.is_unbinding() {
            self.seat.unregister(step);
        }
    }

    fn close_seat(&mut self, step: &mut Step<'_>) {
        if let Some(flow) = self.seat.link.close(step) {
            self.news.push(LineNews::FlowLost(flow));
        }
        self.seat.disconnect(step.now);
        self.seat.forget();
    }
}

/// How long a line that is to go waits for the answers to its calls' last words.
const LINGER: Duration = Duration::from_secs(2);
