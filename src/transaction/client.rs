//! The non-INVITE client transaction, RFC 3261 §17.1.2.
//!
//! Over a reliable transport timers E and K are zero, so neither appears, and a final answer
//! ends the transaction.

use super::PATIENCE;
use crate::time::Time;

/// Where a request other than INVITE that was sent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Client {
    /// Nothing heard yet; gives up at timer F.
    Trying { timer_f: Time },
    /// A 1xx arrived; timer F still holds.
    Proceeding { timer_f: Time },
    /// Over.
    Terminated,
}

impl Client {
    pub(super) fn new(now: Time) -> Self {
        Self::Trying { timer_f: now + PATIENCE }
    }

    /// The next state, and whether the owner hears of the response.
    #[must_use]
    pub(super) fn on_response(self, status: u16) -> (Self, bool) {
        match (self, status) {
            (Self::Terminated, _) => (self, false),
            (Self::Trying { timer_f } | Self::Proceeding { timer_f }, ..=199) => {
                (Self::Proceeding { timer_f }, true)
            }
            (_, 200..) => (Self::Terminated, true),
        }
    }

    /// The next state, and whether the owner hears that no answer came.
    #[must_use]
    pub(super) fn on_timeout(self, now: Time) -> (Self, bool) {
        match self.deadline() {
            Some(timer_f) if timer_f <= now => (Self::Terminated, true),
            _ => (self, false),
        }
    }

    /// When [`on_timeout`](Self::on_timeout) is next due, if ever.
    pub(super) fn deadline(self) -> Option<Time> {
        match self {
            Self::Trying { timer_f } | Self::Proceeding { timer_f } => Some(timer_f),
            Self::Terminated => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const START: Time = Time::from_epoch(Duration::from_secs(1000));

    #[test]
    fn a_provisional_answer_does_not_move_timer_f() {
        let (state, heard) = Client::new(START).on_response(100);
        assert!(heard);
        assert_eq!(state.deadline(), Some(START + PATIENCE));
        assert_eq!(state.on_timeout(START + PATIENCE), (Client::Terminated, true));
    }

    #[test]
    fn the_final_answer_is_heard_once() {
        let (state, heard) = Client::new(START).on_response(200);
        assert!(heard);
        assert_eq!(state.on_response(200), (Client::Terminated, false));
        assert_eq!(state.deadline(), None);
    }
}
