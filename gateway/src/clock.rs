//! The clock, in the forms that its users want.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cc_sdk::Time;
use tokio::time::Instant;

/// Milliseconds of the Unix epoch.
pub(crate) fn unix_millis() -> u64 {
    u64::try_from(since_epoch().as_millis()).unwrap_or(u64::MAX)
}

fn since_epoch() -> Duration {
    // A clock before 1970 is treated as one that stands at 1970.
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A clock that counts from the Unix epoch and never goes back, for the switch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    started: Instant,
    at: Duration,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { started: Instant::now(), at: since_epoch() }
    }

    pub(crate) fn now(&self) -> Time {
        Time::from_epoch(self.at + self.started.elapsed())
    }

    /// The moment that tokio waits for.
    pub(crate) fn instant(&self, time: Time) -> Instant {
        self.started + time.since(Time::from_epoch(self.at))
    }
}
