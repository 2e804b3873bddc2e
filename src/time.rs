//! Time as an argument: the core never asks what time it is.

use std::ops::Add;
use std::time::Duration;

/// A moment, counted from an epoch the driver chooses.
///
/// The browser driver counts from the Unix epoch on a clock that never goes back, so that
/// moments in events can be shown as dates. To the core only differences mean anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(u64);

impl Time {
    /// The moment `since_epoch` after the driver's epoch.
    pub const fn from_epoch(since_epoch: Duration) -> Self {
        Self(micros(since_epoch))
    }

    /// How long after the driver's epoch this is.
    pub const fn since_epoch(self) -> Duration {
        Duration::from_micros(self.0)
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, rhs: Duration) -> Self {
        Self(self.0.saturating_add(micros(rhs)))
    }
}

/// Without the 128 bits of `Duration::as_micros`.
const fn micros(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1_000_000).saturating_add(duration.subsec_micros() as u64)
}

/// The earlier of two deadlines, where there are any.
pub(crate) fn soonest(a: Option<Time>, b: Option<Time>) -> Option<Time> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
