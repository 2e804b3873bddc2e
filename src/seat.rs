//! The status of the seat (design: 1 offline, 2 idle, 3 busy, 4 post-call, 5 paused).
//!
//! Status is a question answered from three facts, not a state of its own: whether the line is
//! registered, whether a call is up, and what the agent chose. Only the time after a call has a
//! deadline.

use std::time::Duration;

use crate::api::{Config, SeatStatus};
use crate::error::ApiMisuse;
use crate::time::Time;

/// A seat.
#[derive(Debug)]
pub(crate) struct Seat {
    paused: bool,
    after: AfterCall,
    told: SeatStatus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AfterCall {
    /// Ready for the next one.
    Ready,
    /// Writing up what was said; at most until then, if there is a limit.
    WrappingUp { until: Option<Time> },
}

/// What the seat's status depends on beside the agent's own choice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    /// Registered, or ready to call on a line that does not register.
    pub(crate) online: bool,
    /// A call is up, ringing or waiting to leave.
    pub(crate) in_call: bool,
}

impl Seat {
    /// A seat that nobody has told of yet: offline.
    pub(crate) const fn new() -> Self {
        Self { paused: false, after: AfterCall::Ready, told: SeatStatus::Offline }
    }

    /// The agent chooses. It holds from the end of the call, where there is one, and ends the
    /// time after a call.
    ///
    /// # Errors
    ///
    /// [`ApiMisuse::BadSeatStatus`] unless it is idle or paused, on a line that is online.
    pub(crate) fn choose(&mut self, status: SeatStatus, facts: Facts) -> Result<(), ApiMisuse> {
        let paused = match status {
            SeatStatus::Idle if facts.online => false,
            SeatStatus::Paused if facts.online => true,
            _ => return Err(ApiMisuse::BadSeatStatus),
        };
        self.paused = paused;
        self.after = AfterCall::Ready;
        Ok(())
    }

    /// Ends the time after a call; without one there is nothing to end.
    pub(crate) fn finish_wrap_up(&mut self) {
        self.after = AfterCall::Ready;
    }

    /// A call that was talking is over.
    pub(crate) fn on_talk_ended(&mut self, now: Time, config: &Config) {
        if config.wrap_up {
            let until =
                config.wrap_up_seconds.map(|seconds| now + Duration::from_secs(seconds.into()));
            self.after = AfterCall::WrappingUp { until };
        }
    }

    /// The moment of [`deadline`](Self::deadline) has come, or not yet.
    pub(crate) fn on_timeout(&mut self, now: Time) {
        if self.deadline().is_some_and(|until| until <= now) {
            self.after = AfterCall::Ready;
        }
    }

    /// When the time after a call is over by itself.
    pub(crate) fn deadline(&self) -> Option<Time> {
        match self.after {
            AfterCall::WrappingUp { until } => until,
            AfterCall::Ready => None,
        }
    }

    /// Incoming calls are refused.
    pub(crate) const fn is_paused(&self) -> bool {
        self.paused
    }

    /// The status, if it is another than was told before.
    pub(crate) fn news(&mut self, facts: Facts) -> Option<SeatStatus> {
        let status = self.status(facts);
        (status != self.told).then(|| {
            self.told = status;
            status
        })
    }

    fn status(&self, facts: Facts) -> SeatStatus {
        match (facts.in_call, facts.online, self.after) {
            (true, _, _) => SeatStatus::Busy,
            (false, false, _) => SeatStatus::Offline,
            (false, true, AfterCall::WrappingUp { .. }) => SeatStatus::PostCall,
            (false, true, AfterCall::Ready) if self.paused => SeatStatus::Paused,
            (false, true, AfterCall::Ready) => SeatStatus::Idle,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_epoch(Duration::from_secs(1000));
    const ONLINE: Facts = Facts { online: true, in_call: false };
    const TALKING: Facts = Facts { online: true, in_call: true };
    const OFFLINE: Facts = Facts { online: false, in_call: false };

    #[test]
    fn a_status_is_told_once() {
        let mut seat = Seat::new();
        assert_eq!(seat.news(OFFLINE), None);
        assert_eq!(seat.news(ONLINE), Some(SeatStatus::Idle));
        assert_eq!(seat.news(ONLINE), None);
    }

    #[test]
    fn wrap_up_lasts_until_it_is_finished() {
        let mut seat = Seat::new();
        assert_eq!(seat.news(TALKING), Some(SeatStatus::Busy));
        seat.on_talk_ended(NOW, &Config::default());
        assert_eq!(seat.deadline(), None);
        assert_eq!(seat.news(ONLINE), Some(SeatStatus::PostCall));
        seat.finish_wrap_up();
        assert_eq!(seat.news(ONLINE), Some(SeatStatus::Idle));
    }

    #[test]
    fn wrap_up_ends_by_itself_where_it_has_a_limit() {
        let mut seat = Seat::new();
        let config = Config { wrap_up_seconds: Some(30), ..Config::default() };
        seat.on_talk_ended(NOW, &config);
        let until = NOW + Duration::from_secs(30);
        assert_eq!(seat.deadline(), Some(until));
        seat.on_timeout(until);
        assert_eq!(seat.news(ONLINE), Some(SeatStatus::Idle));
    }

    #[test]
    fn without_a_workbench_there_is_no_wrap_up() {
        let mut seat = Seat::new();
        seat.on_talk_ended(NOW, &Config { wrap_up: false, ..Config::default() });
        assert_eq!(seat.news(ONLINE), Some(SeatStatus::Idle));
    }

    #[test]
    fn a_pause_chosen_in_a_call_begins_after_it() {
        let mut seat = Seat::new();
        assert_eq!(seat.news(TALKING), Some(SeatStatus::Busy));
        assert_eq!(seat.choose(SeatStatus::Paused, TALKING), Ok(()));
        assert_eq!(seat.news(TALKING), None);
        assert_eq!(seat.news(ONLINE), Some(SeatStatus::Paused));
    }

    #[test]
    fn only_idle_and_paused_can_be_chosen_and_only_online() {
        let mut seat = Seat::new();
        for status in [SeatStatus::Offline, SeatStatus::Busy, SeatStatus::PostCall] {
            assert_eq!(seat.choose(status, ONLINE), Err(ApiMisuse::BadSeatStatus));
        }
        assert_eq!(seat.choose(SeatStatus::Paused, OFFLINE), Err(ApiMisuse::BadSeatStatus));
    }
}
