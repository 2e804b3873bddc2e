//! What is known of each WebSocket.

use std::collections::HashMap;

use cc_sdk::FlowId;

use crate::tokens::Grant;

/// The WebSockets that are open.
#[derive(Debug)]
pub(super) struct Flows {
    flows: HashMap<FlowId, Flow>,
    tolerance: u32,
}

#[derive(Debug, Default)]
struct Flow {
    /// What could not be used so far.
    garbage: u32,
    /// Whose REGISTER it brought last.
    grant: Option<Grant>,
}

impl Flows {
    /// Each may bring `tolerance` messages that cannot be used.
    pub(super) fn new(tolerance: u32) -> Self {
        Self { flows: HashMap::new(), tolerance }
    }

    pub(super) fn open(&mut self, flow: FlowId) {
        self.flows.insert(flow, Flow::default());
    }

    pub(super) fn close(&mut self, flow: FlowId) {
        self.flows.remove(&flow);
    }

    pub(super) fn is_open(&self, flow: FlowId) -> bool {
        self.flows.contains_key(&flow)
    }

    /// Counts one more message that cannot be used. True once: when it was one too many.
    pub(super) fn garbage(&mut self, flow: FlowId) -> bool {
        let Some(flow) = self.flows.get_mut(&flow) else { return false };
        flow.garbage += 1;
        flow.garbage == self.tolerance + 1
    }

    /// A seat registered on this flow.
    pub(super) fn registered(&mut self, flow: FlowId, grant: Grant) {
        if let Some(flow) = self.flows.get_mut(&flow) {
            flow.grant = Some(grant);
        }
    }

    /// The seat that registered on this flow.
    pub(super) fn seat(&self, flow: FlowId) -> Option<&str> {
        self.flows.get(&flow)?.grant.as_ref().map(|grant| grant.seat.as_str())
    }
}
