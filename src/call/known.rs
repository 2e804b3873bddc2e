//! What a call is known by, and how far it is, for the agent that looks for it.

use super::{Call, State};
use crate::media::PeerId;

impl Call {
    /// Whether a request inside a dialog, by its Call-ID and tags, is for this call.
    pub(crate) fn owns_dialog(&self, call_id: &str, local_tag: &str, remote_tag: &str) -> bool {
        match &self.state {
            // Any of its early dialogs.
            State::Calling(_) => self.sip_call_id == call_id && self.local_tag == local_tag,
            State::Incoming(incoming) => incoming.dialog.is(call_id, local_tag, remote_tag),
            State::Up(up) => up.dialog.is(call_id, local_tag, remote_tag),
            State::Leaving(leaving) => {
                leaving.dialog().is_some_and(|it| it.is(call_id, local_tag, remote_tag))
            }
            State::Preparing { .. } | State::Gone => false,
        }
    }

    /// What its dialogs and its peers are known by, to find the call quickly. Whether it is the
    /// one, [`owns_dialog`](Self::owns_dialog) and [`owns_peer`](Self::owns_peer) say.
    pub(crate) fn known_by(&self) -> (&str, [Option<PeerId>; 2]) {
        (&self.sip_call_id, [self.peer.as_ref().map(|it| it.id), self.old_peer])
    }

    /// Whether the peer is, or was just now, this call's.
    pub(crate) fn owns_peer(&self, peer: PeerId) -> bool {
        self.peer.as_ref().is_some_and(|it| it.id == peer) || self.old_peer == Some(peer)
    }

    /// It is on the wire, or was.
    pub(crate) fn has_left(&self) -> bool {
        !matches!(self.state, State::Preparing { .. })
    }

    /// The page was told that it ended. What the wire still needs, such as the answer to our BYE,
    /// goes on until [`is_gone`](Self::is_gone).
    pub(crate) fn is_ended(&self) -> bool {
        matches!(self.state, State::Leaving(_) | State::Gone)
    }

    /// Nothing is left to do; the agent may drop it.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self.state, State::Gone)
    }

    /// It was connected at some time, so that its end begins the time after a call.
    pub(crate) fn was_talking(&self) -> bool {
        matches!(self.told.status, 3 | 4)
    }
}
