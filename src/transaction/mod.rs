//! Transactions over reliable transport, RFC 3261 §17 with the corrections of RFC 6026.

use crate::agent::FlowId;

/// Takes what a transaction sends.
pub trait Wire {
    /// Sends one message on a flow.
    fn transmit(&mut self, flow: FlowId, bytes: Vec<u8>);
}
