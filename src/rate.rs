//! How often something may happen: a hostile server is not to keep the page busy.

use std::time::Duration;

use crate::time::Time;

/// Counts within a window that begins with the first.
#[derive(Debug, Default)]
pub(crate) struct Rate {
    since: Time,
    count: u32,
}

impl Rate {
    /// Whether one more is within `most` in any [`WINDOW`].
    pub(crate) fn takes(&mut self, now: Time, most: u32) -> bool {
        if now.since(self.since) >= WINDOW {
            *self = Self { since: now, count: 0 };
        }
        self.count = self.count.saturating_add(1);
        self.count <= most
    }
}

/// Also what who comes too often is told to wait, in whole seconds.
pub(crate) const WINDOW: Duration = Duration::from_secs(5);
