//! One timer for the next deadline of the core.

use std::cell::RefCell;
use std::rc::Weak;

use gloo_timers::callback::Timeout;

use super::driver::Driver;
use crate::time::Time;

/// `setTimeout` takes no more than 2^31 - 1 milliseconds; waking early does no harm.
const LONGEST: u128 = 1 << 30;

/// Armed for one moment, or for none.
#[derive(Default)]
pub(super) struct Timer {
    armed: RefCell<Option<(Time, Timeout)>>,
}

impl Timer {
    /// Wakes the driver at `deadline`, or earlier if it was armed for an earlier moment: to wake for
    /// nothing once costs less than to arm anew for each message.
    pub(super) fn arm(&self, now: Time, deadline: Option<Time>, driver: &Weak<Driver>) {
        let mut armed = self.armed.borrow_mut();
        if let Some((at, _)) = *armed
            && deadline.is_none_or(|due| at <= due)
        {
            return;
        }
        *armed = deadline.map(|at| {
            let driver = Weak::clone(driver);
            // Rounded up: a timer that fires before the deadline would only be armed again.
            let wait = at.since(now).as_micros().div_ceil(1000).min(LONGEST);
            let timeout = Timeout::new(u32::try_from(wait).unwrap_or(u32::MAX), move || {
                if let Some(driver) = driver.upgrade() {
                    driver.timer.fired();
                    driver.on_timeout();
                }
            });
            (at, timeout)
        });
    }

    /// Forgets what fired, so that the same deadline can be armed again.
    fn fired(&self) {
        // It is running just now and goes when it is through. To forget it would leave its closure in
        // the table of what JavaScript holds, one for each timer that ever fired.
        drop(self.armed.take());
    }
}
