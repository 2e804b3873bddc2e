//! The non-INVITE server transaction, RFC 3261 §17.2.2.
//!
//! Over a reliable transport timer J is zero, so a final answer ends the transaction.

use super::PATIENCE;
use crate::time::Time;

/// Where a request other than INVITE that arrived stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Server {
    /// Nothing answered yet. Whoever asked stops waiting at their timer F, and a 408 would come
    /// too late (RFC 4320 §4.2), so it is forgotten then.
    Trying { forget: Time },
    /// A provisional answer left.
    Proceeding { forget: Time },
    /// Over.
    Terminated,
}

impl Server {
    pub(super) fn new(now: Time) -> Self {
        Self::Trying { forget: now + PATIENCE }
    }

    /// The next state, and whether the answer leaves.
    #[must_use]
    pub(super) fn on_respond(self, status: u16) -> (Self, bool) {
        match (self, status) {
            (Self::Terminated, _) => (self, false),
            (Self::Trying { forget } | Self::Proceeding { forget }, ..=199) => {
                (Self::Proceeding { forget }, true)
            }
            (_, 200..) => (Self::Terminated, true),
        }
    }

    #[must_use]
    pub(super) fn on_timeout(self, now: Time) -> Self {
        match self.deadline() {
            Some(forget) if forget <= now => Self::Terminated,
            _ => self,
        }
    }

    /// When [`on_timeout`](Self::on_timeout) is next due, if ever.
    pub(super) fn deadline(self) -> Option<Time> {
        match self {
            Self::Trying { forget } | Self::Proceeding { forget } => Some(forget),
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
    fn one_final_answer_leaves() {
        let (state, leaves) = Server::new(START).on_respond(200);
        assert!(leaves);
        assert_eq!(state.on_respond(500), (Server::Terminated, false));
    }

    #[test]
    fn a_request_that_nobody_answers_is_forgotten() {
        let (state, _) = Server::new(START).on_respond(100);
        assert_eq!(state.on_timeout(START + PATIENCE), Server::Terminated);
    }
}
