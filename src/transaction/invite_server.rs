//! The INVITE server transaction, RFC 3261 §17.2.1 with the Accepted state of RFC 6026 §7.1.
//!
//! Over a reliable transport timers G and I are zero, so neither appears: a refusal is said
//! once, and its ACK ends the transaction.

use std::time::Duration;

use super::PATIENCE;
use crate::time::Time;

/// Where an INVITE that arrived stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InviteServer {
    /// Nothing answered yet; a 100 leaves by itself when it is due.
    Trying { due: Time },
    /// A provisional answer left. No deadline: a person may let it ring.
    Proceeding,
    /// Refused; the ACK is awaited until timer H.
    Completed { timer_h: Time },
    /// Taken. Repetitions of the INVITE are swallowed until timer L; the 2xx and its ACK are the owner's.
    Accepted { timer_l: Time },
    /// Over.
    Terminated,
}

/// What falls due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing that anybody hears of.
    Nothing,
    /// The 100 leaves.
    Trying,
    /// The owner hears that the refusal was never acknowledged.
    NoAck,
}

impl InviteServer {
    pub(super) fn new(now: Time) -> Self {
        Self::Trying { due: now + TRYING_AFTER }
    }

    /// The next state, and whether the answer leaves.
    #[must_use]
    pub(super) fn on_respond(self, status: u16, now: Time) -> (Self, bool) {
        match (self, status) {
            (Self::Trying { .. } | Self::Proceeding, ..=199) => (Self::Proceeding, true),
            (Self::Trying { .. } | Self::Proceeding, 200..=299) => {
                (Self::Accepted { timer_l: now + PATIENCE }, true)
            }
            (Self::Trying { .. } | Self::Proceeding, 300..) => {
                (Self::Completed { timer_h: now + PATIENCE }, true)
            }
            // The owner, or a proxy's forks, say the 2xx again (RFC 6026 §7.1).
            (Self::Accepted { .. }, 200..=299) => (self, true),
            // A second final answer would contradict the first.
            (state, _) => (state, false),
        }
    }

    /// The next state, and whether the ACK is for the dialog.
    #[must_use]
    pub(super) fn on_ack(self) -> (Self, bool) {
        match self {
            Self::Completed { .. } => (Self::Terminated, false),
            Self::Accepted { .. } => (self, true),
            // Nothing final was said yet, so there is nothing to acknowledge.
            state => (state, false),
        }
    }

    #[must_use]
    pub(super) fn on_timeout(self, now: Time) -> (Self, Due) {
        match self {
            Self::Trying { due } if due <= now => (Self::Proceeding, Due::Trying),
            Self::Completed { timer_h } if timer_h <= now => (Self::Terminated, Due::NoAck),
            Self::Accepted { timer_l } if timer_l <= now => (Self::Terminated, Due::Nothing),
            state => (state, Due::Nothing),
        }
    }

    /// No final answer was given yet.
    pub(super) fn is_pending(self) -> bool {
        matches!(self, Self::Trying { .. } | Self::Proceeding)
    }

    /// When [`on_timeout`](Self::on_timeout) is next due, if ever.
    pub(super) fn deadline(self) -> Option<Time> {
        match self {
            Self::Trying { due } => Some(due),
            Self::Completed { timer_h } => Some(timer_h),
            Self::Accepted { timer_l } => Some(timer_l),
            Self::Proceeding | Self::Terminated => None,
        }
    }
}

/// How long the owner may think before a 100 leaves (RFC 3261 §17.2.1).
const TRYING_AFTER: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;

    const START: Time = Time::from_epoch(Duration::from_secs(1000));

    #[test]
    fn an_owner_who_thinks_long_lets_a_100_leave() {
        let trying = InviteServer::new(START);
        assert_eq!(
            trying.on_timeout(START + TRYING_AFTER),
            (InviteServer::Proceeding, Due::Trying)
        );
    }

    #[test]
    fn a_ringing_phone_has_no_deadline() {
        let (ringing, leaves) = InviteServer::new(START).on_respond(180, START);
        assert!(leaves);
        assert_eq!(ringing.deadline(), None);
    }

    #[test]
    fn a_refusal_without_ack_is_told_at_timer_h() {
        let (refused, _) = InviteServer::Proceeding.on_respond(486, START);
        assert_eq!(refused.on_respond(200, START), (refused, false));
        assert_eq!(refused.on_timeout(START), (refused, Due::Nothing));
        assert_eq!(refused.on_timeout(START + PATIENCE), (InviteServer::Terminated, Due::NoAck));
        assert_eq!(refused.on_ack(), (InviteServer::Terminated, false));
    }

    #[test]
    fn the_ack_of_a_2xx_is_the_dialogs() {
        let (taken, _) = InviteServer::Proceeding.on_respond(200, START);
        assert_eq!(taken.on_ack(), (taken, true));
        assert_eq!(taken.on_respond(200, START), (taken, true));
        assert_eq!(taken.on_timeout(START), (taken, Due::Nothing));
        assert_eq!(taken.on_timeout(START + PATIENCE), (InviteServer::Terminated, Due::Nothing));
    }
}
