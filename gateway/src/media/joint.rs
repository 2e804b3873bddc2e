//! Two calls joined: what one hears the other sends, as it came.

use std::collections::HashMap;
use std::time::Instant;

use str0m::format::PayloadParams;
use str0m::media::{MediaData, MediaTime};
use tokio::sync::mpsc;

/// Sound on its way from one call to the other.
pub(super) struct Passed {
    pub(super) params: PayloadParams,
    pub(super) network_time: Instant,
    pub(super) time: MediaTime,
    pub(super) data: Vec<u8>,
}

/// One end of a joint.
pub(super) struct End {
    to: mpsc::Sender<Passed>,
    from: mpsc::Receiver<Passed>,
}

impl End {
    /// Passes on what was heard. What the other side cannot take in time is lost, as sound is.
    pub(super) fn pass(&self, data: &MediaData) {
        let _ = self.to.try_send(Passed {
            params: data.params,
            network_time: data.network_time,
            time: data.time,
            data: data.data.to_vec(),
        });
    }

    /// What the other side heard; never, if it is gone.
    pub(super) async fn next(end: &mut Option<Self>) -> Passed {
        if let Some(end) = end
            && let Some(passed) = end.from.recv().await
        {
            return passed;
        }
        std::future::pending().await
    }
}

/// The joints whose second call has not come yet.
#[derive(Default)]
pub(super) struct Joints(HashMap<u32, End>);

impl Joints {
    /// An end of this joint: the first comer leaves the other end for the second.
    pub(super) fn end(&mut self, joint: u32) -> End {
        if let Some(end) = self.0.remove(&joint) {
            return end;
        }
        let (to, others_from) = mpsc::channel(FRAMES);
        let (others_to, from) = mpsc::channel(FRAMES);
        self.0.insert(joint, End { to: others_to, from: others_from });
        End { to, from }
    }
}

/// Frames of 20 ms that may wait.
const FRAMES: usize = 25;
