//! Hold and resume: the person's last wish counts, whatever is under way (RFC 3264 §8.4).
//!
//! A call is held by wanting no sound of the far side: our descriptions say `sendonly`, and the
//! microphone is silent from the first moment on. They say what this side wants, and nothing of
//! what the far side wants (RFC 6337 §5.3): whether that holds too is in its own.

use crate::api::UaEvent;
use crate::context::Context;
use crate::error::ApiMisuse;
use crate::media::MediaRequest;
use crate::sdp::{self, Listens};

use super::{Call, State};

impl Call {
    /// `Hold`.
    pub(super) fn hold(&mut self, ctx: &mut Context<'_>, held: bool) -> Result<(), ApiMisuse> {
        if !matches!(self.state, State::Up(_)) {
            return Err(ApiMisuse::NotConnected(self.id));
        }
        if self.sound.held != held {
            self.sound.held = held;
            self.hush(ctx);
            if self.told.held.0 != held {
                self.want_offer(ctx, false);
            }
        }
        Ok(())
    }

    /// The microphone is heard unless it is muted or the call is held.
    pub(super) fn hush(&self, ctx: &mut Context<'_>) {
        self.ask(ctx, MediaRequest::Mute(self.sound.muted || self.sound.held));
    }

    /// Before a description: what it is to say of the sound.
    pub(super) fn direct(&mut self, ctx: &mut Context<'_>) {
        let held = self.sound.held;
        if let Some(peer) = self.peer.as_mut().filter(|peer| peer.is_held != held) {
            peer.is_held = held;
            ctx.out.media(peer.id, MediaRequest::Direction { receive: !held });
        }
    }

    /// Our last description says what the person wishes.
    pub(super) fn is_directed(&self) -> bool {
        self.peer.as_ref().is_some_and(|peer| peer.is_held == self.sound.held)
    }

    /// Both sides have agreed: what was asked for last is in force.
    pub(super) fn tell_local_hold(&mut self, ctx: &mut Context<'_>) {
        let is_held = self.peer.as_ref().is_some_and(|peer| peer.is_held);
        self.tell_held(ctx, (is_held, self.told.held.1));
    }

    /// What a description of the far side says of its hold. `sendonly` is no answer to `sendonly`:
    /// who gives it repeats our words and says nothing of itself.
    pub(super) fn hear_hold(
        &mut self,
        ctx: &mut Context<'_>,
        audio: &sdp::Audio<'_>,
        answers: bool,
    ) {
        let (local, remote) = self.told.held;
        let is_held = self.peer.as_ref().is_some_and(|peer| peer.is_held);
        let is_echo = answers && is_held && audio.listens == Listens::SendOnly;
        self.tell_held(ctx, (local, if is_echo { remote } else { audio.is_held() }));
    }

    fn tell_held(&mut self, ctx: &mut Context<'_>, held: (bool, bool)) {
        if self.told.held != held {
            self.told.held = held;
            let (local, remote) = held;
            ctx.tell(UaEvent::CallHeld { call: self.id.0, local, remote });
        }
    }

    /// The far side does not agree: the call is what it was.
    pub(super) fn give_hold_up(&mut self, ctx: &mut Context<'_>) -> bool {
        let is_given_up = self.sound.held != self.told.held.0;
        if is_given_up {
            self.sound.held = self.told.held.0;
            self.hush(ctx);
        }
        is_given_up
    }
}
