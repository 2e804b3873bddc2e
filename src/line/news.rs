//! What link and registration have to tell, and who is to hear it.

use super::binding::Met;
use super::{Calls, Line, LineNews, Outcome, Place, Step, Wish, Withdrawal, tell_reconnecting};
use crate::agent::FlowId;
use crate::api::UaEvent;
use crate::link::{LinkNews, Retry};
use crate::registration::{Failure, Verdict};

impl Line {
    pub(super) fn on_link_news(
        &mut self,
        step: &mut Step<'_>,
        place: Place,
        news: Option<LinkNews>,
    ) {
        match news {
            None => {}
            Some(LinkNews::PingDue) => {
                if let Some(binding) = self.at(place) {
                    binding.ping(step);
                }
            }
            Some(LinkNews::Up) => match place {
                Place::Seat => self.on_up(step),
                Place::Candidate => self.on_candidate_up(step),
                Place::Further(at) => self.on_further_up(step, at),
                Place::Former(_) => {}
            },
            Some(LinkNews::Lost { flow, retry }) => {
                let is_replaced = self.on_down(step, place, flow);
                if place == Place::Seat && !is_replaced && !self.seat.link.is_off() {
                    tell_reconnecting(step, retry);
                }
            }
            Some(LinkNews::Failed { flow, failure, retry, round_over }) => {
                let is_replaced = self.on_down(step, place, flow);
                match place {
                    Place::Seat if is_replaced => {}
                    Place::Seat => self.on_attempt_failed(step, &failure, retry, round_over),
                    Place::Candidate if round_over => self.fail_candidate(step, &failure),
                    Place::Candidate | Place::Further(_) | Place::Former(_) => {}
                }
            }
        }
    }

    pub(super) fn on_up(&mut self, step: &mut Step<'_>) {
        let event = match self.seat.connect(step.now, self.calls == Calls::Up) {
            Met::First => UaEvent::Started,
            Met::Again => UaEvent::Reconnected,
        };
        step.out.event(step.account, event);
        if self.wish != Wish::Service || self.seat.registration.is_refused() {
            self.tell_calls();
        } else if self.seat.identity.account.register {
            self.seat.register(step);
            self.news.push(LineNews::Linked);
        } else {
            self.succeed(step, None);
        }
    }

    /// Whether another flow of the seat took the place of the lost one.
    pub(super) fn on_down(&mut self, step: &mut Step<'_>, place: Place, flow: FlowId) -> bool {
        if let Some(binding) = self.at(place)
            && binding.identity.flow == Some(flow)
        {
            binding.disconnect(step.now);
            self.news.push(LineNews::FlowLost(flow));
        }
        match (place, self.wish) {
            (Place::Former(at), _) => self.drop_former(step, at),
            (Place::Seat, Wish::Withdrawn(Withdrawal::Asked) | Wish::Leaving) => {
                self.on_unbound(step);
            }
            (Place::Seat, Wish::Service) => return self.promote(),
            _ => {}
        }
        false
    }

    pub(super) fn on_attempt_failed(
        &mut self,
        step: &mut Step<'_>,
        failure: &Failure,
        retry: Retry,
        round_over: bool,
    ) {
        let first_round = round_over && self.outcome == Outcome::Owed;
        if self.seat.link.is_off() {
            return;
        }
        if self.seat.was_up() {
            tell_reconnecting(step, retry);
        } else if first_round {
            let text = failure.text.clone().unwrap_or_default();
            step.out.event(step.account, UaEvent::StartFailed { text });
        }
        if first_round {
            self.fail(step, failure);
        }
    }

    pub(super) fn on_verdict(
        &mut self,
        step: &mut Step<'_>,
        place: Place,
        verdict: Option<Verdict>,
    ) {
        match (place, verdict) {
            (Place::Seat, Some(Verdict::Bound(expires))) => self.succeed(step, Some(expires)),
            (Place::Seat, Some(Verdict::Unbound)) => self.on_unbound(step),
            (Place::Seat, Some(Verdict::Refused(failure))) => self.on_refused(step, &failure),
            (Place::Seat, Some(Verdict::Busy(failure))) => self.on_busy(step, &failure),
            (Place::Seat, Some(Verdict::Lapsed)) => self.on_lapsed(step),
            (Place::Seat, Some(Verdict::Expiring(expires_in))) => {
                step.out.event(step.account, UaEvent::RegistrationExpiring { expires_in });
            }
            (Place::Candidate, Some(Verdict::Bound(expires))) => {
                self.on_candidate_in(step, Some(expires));
            }
            (Place::Candidate, Some(Verdict::Refused(failure))) => {
                self.fail_candidate(step, &failure);
            }
            (Place::Candidate, Some(Verdict::Busy(failure))) => {
                self.on_candidate_busy(step, &failure);
            }
            (Place::Seat | Place::Candidate, Some(Verdict::Silent)) => self.on_silent(step, place),
            (Place::Further(at), Some(verdict)) => self.on_further_verdict(step, at, &verdict),
            // What becomes of a place that was left matters to nobody.
            (Place::Former(_), Some(_))
            | (Place::Candidate, Some(Verdict::Unbound | Verdict::Lapsed | Verdict::Expiring(_)))
            | (_, None) => {}
        }
    }
}
