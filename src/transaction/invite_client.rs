//! The INVITE client transaction, RFC 3261 §17.1.1 with the Accepted state of RFC 6026 §7.2,
//! and the CANCEL that waits for a provisional answer (RFC 3261 §9.1).
//!
//! Over a reliable transport timers A and D are zero, so neither appears, and a refusal ends
//! the transaction as soon as it is acknowledged.

use super::PATIENCE;
use crate::time::Time;

/// Where an INVITE that was sent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InviteClient {
    /// Nothing heard yet; gives up at timer B.
    Calling { timer_b: Time },
    /// Nothing heard yet and no longer wanted: the first provisional answer lets the CANCEL go.
    Unwanted { timer_b: Time },
    /// A 1xx arrived. No deadline: the callee may let it ring.
    Proceeding,
    /// The CANCEL left. A far side that never answers the INVITE is given up.
    Cancelling { give_up: Time },
    /// A 2xx arrived; repetitions of it and those of forks go up until timer M.
    Accepted { timer_m: Time },
    /// Over.
    Terminated,
}

/// What a step asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing.
    None,
    /// The owner hears of it.
    Deliver,
    /// An ACK leaves, and the owner hears of it.
    Acknowledge,
    /// A CANCEL leaves; the owner hears of the response that allowed it.
    Cancel,
    /// The owner hears that no answer came.
    GiveUp,
}

impl InviteClient {
    pub(super) fn new(now: Time) -> Self {
        Self::Calling { timer_b: now + PATIENCE }
    }

    #[must_use]
    pub(super) fn on_response(self, status: u16, now: Time) -> (Self, Effect) {
        match (self, status) {
            (Self::Accepted { .. }, 200..=299)
            | (Self::Proceeding | Self::Cancelling { .. }, ..=199) => (self, Effect::Deliver),
            // Repetitions over a transport that repeats nothing, or a far side that changed its mind.
            (Self::Accepted { .. } | Self::Terminated, _) => (self, Effect::None),
            (Self::Calling { .. }, ..=199) => (Self::Proceeding, Effect::Deliver),
            (Self::Unwanted { .. }, ..=199) => {
                (Self::Cancelling { give_up: now + PATIENCE }, Effect::Cancel)
            }
            (_, 200..=299) => (Self::Accepted { timer_m: now + PATIENCE }, Effect::Deliver),
            (_, 300..) => (Self::Terminated, Effect::Acknowledge),
        }
    }

    #[must_use]
    pub(super) fn on_cancel(self, now: Time) -> (Self, Effect) {
        match self {
            Self::Calling { timer_b } => (Self::Unwanted { timer_b }, Effect::None),
            Self::Proceeding => (Self::Cancelling { give_up: now + PATIENCE }, Effect::Cancel),
            // Cancelled already, or answered: there is nothing left to cancel.
            state => (state, Effect::None),
        }
    }

    #[must_use]
    pub(super) fn on_timeout(self, now: Time) -> (Self, Effect) {
        match self {
            Self::Calling { timer_b: due }
            | Self::Unwanted { timer_b: due }
            | Self::Cancelling { give_up: due }
                if due <= now =>
            {
                (Self::Terminated, Effect::GiveUp)
            }
            Self::Accepted { timer_m } if timer_m <= now => (Self::Terminated, Effect::None),
            state => (state, Effect::None),
        }
    }

    /// When [`on_timeout`](Self::on_timeout) is next due, if ever.
    pub(super) fn deadline(self) -> Option<Time> {
        match self {
            Self::Calling { timer_b: due }
            | Self::Unwanted { timer_b: due }
            | Self::Cancelling { give_up: due }
            | Self::Accepted { timer_m: due } => Some(due),
            Self::Proceeding | Self::Terminated => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const START: Time = Time::from_epoch(Duration::from_secs(1000));

    #[test]
    fn silence_for_32_seconds_gives_up() {
        let calling = InviteClient::new(START);
        assert_eq!(calling.deadline(), Some(START + PATIENCE));
        assert_eq!(calling.on_timeout(START + Duration::from_secs(31)), (calling, Effect::None));
        assert_eq!(
            calling.on_timeout(START + PATIENCE),
            (InviteClient::Terminated, Effect::GiveUp)
        );
    }

    #[test]
    fn a_ringing_callee_has_no_deadline() {
        let (ringing, effect) = InviteClient::new(START).on_response(180, START);
        assert_eq!((ringing, effect), (InviteClient::Proceeding, Effect::Deliver));
        assert_eq!(ringing.deadline(), None);
    }

    #[test]
    fn a_cancel_waits_for_the_first_provisional_answer() {
        let (unwanted, effect) = InviteClient::new(START).on_cancel(START);
        assert_eq!(effect, Effect::None);
        let (cancelling, effect) = unwanted.on_response(100, START);
        assert_eq!(effect, Effect::Cancel);
        assert_eq!(cancelling.on_cancel(START), (cancelling, Effect::None));
        assert_eq!(cancelling.on_timeout(START + PATIENCE).1, Effect::GiveUp);
    }

    #[test]
    fn a_cancel_after_the_answer_changes_nothing() {
        let (accepted, _) = InviteClient::new(START).on_response(200, START);
        assert_eq!(accepted.on_cancel(START), (accepted, Effect::None));
    }

    #[test]
    fn a_2xx_crossing_the_cancel_is_delivered() {
        let (cancelling, _) = InviteClient::Proceeding.on_cancel(START);
        let (accepted, effect) = cancelling.on_response(200, START);
        assert_eq!(effect, Effect::Deliver);
        assert!(matches!(accepted, InviteClient::Accepted { .. }));
    }

    #[test]
    fn busy_is_acknowledged_and_over() {
        let (state, effect) = InviteClient::new(START).on_response(486, START);
        assert_eq!((state, effect), (InviteClient::Terminated, Effect::Acknowledge));
        assert_eq!(state.on_response(486, START), (state, Effect::None));
    }

    #[test]
    fn a_repeated_2xx_reaches_the_owner_until_timer_m() {
        let (accepted, _) = InviteClient::new(START).on_response(200, START);
        assert_eq!(accepted.on_response(200, START), (accepted, Effect::Deliver));
        assert_eq!(accepted.on_response(486, START), (accepted, Effect::None));
        let (state, effect) = accepted.on_timeout(START + PATIENCE);
        assert_eq!((state, effect), (InviteClient::Terminated, Effect::None));
        assert_eq!(state.on_response(200, START).1, Effect::None);
    }
}
