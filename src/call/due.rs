//! The deadlines of a call: all are fields of what they belong to.

use super::reliable::Reliable;
use super::{Call, State};
use crate::context::Context;
use crate::time::{Time, soonest};

impl Call {
    /// The moment of [`next_timeout`](Self::next_timeout) has come, or an earlier one.
    pub(crate) fn on_timeout(&mut self, ctx: &mut Context<'_>) {
        self.try_to_leave(ctx);
        match &self.state {
            State::Preparing { until: Some(until), .. } if *until <= ctx.now => {
                self.end_unsent(ctx, "not-registered");
            }
            State::Calling(_) => self.on_calling_timeout(ctx),
            State::Incoming(_) => self.on_incoming_timeout(ctx),
            State::Up(_) => self.on_up_timeout(ctx),
            State::Leaving(_) => self.on_leaving_timeout(ctx),
            State::Preparing { .. } | State::Gone => {}
        }
        self.on_transfer_timeout(ctx);
        self.on_asked_timeout(ctx);
        self.on_digit_timeout(ctx);
    }

    /// When [`on_timeout`](Self::on_timeout) is next due.
    pub(crate) fn next_timeout(&self) -> Option<Time> {
        let own = match &self.state {
            State::Preparing { until, .. } => *until,
            State::Calling(calling) => Some(calling.deadline()),
            State::Up(up) => soonest(
                soonest(up.deadline(), self.timer.deadline()),
                self.path_deadline().map(|it| it.0),
            ),
            State::Leaving(leaving) => Some(leaving.deadline()),
            State::Incoming(incoming) => {
                let repetition = self.reliable.as_ref().and_then(Reliable::deadline);
                soonest(Some(incoming.deadline()), repetition)
            }
            State::Gone => None,
        };
        let transfer = self.transfer.as_ref().and_then(|it| it.deadline());
        let asked = self.asked.as_ref().and_then(|it| it.deadline());
        let own = soonest(own, soonest(transfer, asked));
        soonest(soonest(own, self.negotiation.deadline()), self.digits.deadline())
    }
}
