//! What is said again until the far side acknowledges it: a 2xx (RFC 3261 §13.3.1.4), and what is
//! said reliably before it (RFC 3262 §3).

use std::time::Duration;

use crate::context::Context;
use crate::sip::Response;
use crate::time::Time;
use crate::transaction::{PATIENCE, T1};

/// A 2xx of ours that is repeated until its ACK (RFC 3261 §13.3.1.4), or what is said reliably
/// before it until its PRACK; also over a reliable transport, since that comes from the other end
/// and not from the next hop.
#[derive(Debug)]
pub(super) struct Unacked {
    number: u32,
    bytes: Vec<u8>,
    again: Time,
    interval: Duration,
    longest: Duration,
    until: Time,
}

impl Unacked {
    /// Of what was just sent; `longest` is the longest time between two repetitions.
    pub(super) fn new(
        now: Time,
        number: u32,
        response: &Response,
        longest: Duration,
    ) -> Option<Self> {
        let bytes = response.to_bytes().ok()?;
        Some(Self { number, bytes, again: now + T1, interval: T1, longest, until: now + PATIENCE })
    }

    pub(super) fn is_for(&self, number: u32) -> bool {
        self.number == number
    }

    pub(super) fn deadline(&self) -> Time {
        self.again.min(self.until)
    }

    /// Repeats the 2xx if it is time. `false` when no ACK will come any more.
    pub(super) fn repeat(&mut self, ctx: &mut Context<'_>) -> bool {
        if self.until <= ctx.now {
            return false;
        }
        if self.again <= ctx.now {
            self.interval = (self.interval * 2).min(self.longest);
            self.again = ctx.now + self.interval;
            if let Some(flow) = ctx.identity.flow {
                ctx.transmit(flow, self.bytes.clone());
            }
        }
        true
    }
}
