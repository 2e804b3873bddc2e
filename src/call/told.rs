//! What the page is told of a call: changes only, and the end once.

use crate::api::{CallState, EndReason, UaEvent};
use crate::context::Context;

use super::peer::Path;
use super::{Call, State};

/// What the page knows, so that it is told of changes only.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) state: Option<CallState>,
    /// The last `callStatus`; zero before the first.
    pub(super) status: u8,
    /// By this side, by the far side.
    pub(super) held: (bool, bool),
}

impl Call {
    /// Tells the page what the call is now, if that is news.
    pub(super) fn show(&mut self, ctx: &mut Context<'_>) {
        let Some(state) = self.shown() else { return };
        if self.told.state == Some(state) {
            return;
        }
        self.tell_state(ctx, state, None);
        match state {
            CallState::Ringing | CallState::Early | CallState::Incoming => {
                self.tell_status(ctx, 2);
            }
            CallState::Connected => self.tell_status(ctx, 3),
            CallState::Calling
            | CallState::Answering
            | CallState::Reconnecting
            | CallState::Ended => {}
        }
    }

    /// `None` while a step is not complete: the page goes on seeing what it saw.
    fn shown(&self) -> Option<CallState> {
        match &self.state {
            State::Preparing { .. } => Some(CallState::Calling),
            State::Calling(calling) => calling.shown(&self.negotiation),
            State::Incoming(incoming) => Some(incoming.shown()),
            State::Up(up) => {
                let path = self.peer.as_ref().map_or(Path::New, |peer| peer.path);
                up.shown(path)
            }
            State::Leaving(_) | State::Gone => None,
        }
    }

    pub(super) fn tell_state(
        &mut self,
        ctx: &mut Context<'_>,
        state: CallState,
        why: Option<EndReason>,
    ) {
        self.told.state = Some(state);
        self.tell_others(ctx, state, why.as_ref());
        let at = epoch_ms(ctx);
        ctx.tell(UaEvent::CallState { call: self.id.0, state, end_reason: why, at });
    }

    pub(super) fn tell_status(&mut self, ctx: &mut Context<'_>, status: u8) {
        if self.told.status < status {
            self.told.status = status;
            let number = self.number.clone();
            ctx.tell(UaEvent::CallStatus { call: self.id.0, status, number });
        }
    }
}

/// Milliseconds of the driver's epoch, as pages count.
pub(super) fn epoch_ms(ctx: &Context<'_>) -> f64 {
    ctx.now.since_epoch().as_secs_f64() * 1000.0
}
