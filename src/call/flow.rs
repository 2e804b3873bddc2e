//! What the account's registration and its flow do to a call.

use super::{Call, State};
use crate::context::Context;

impl Call {
    /// The registration is in, or the link is up where none is needed.
    pub(crate) fn on_registered(&mut self, ctx: &mut Context<'_>) {
        self.depart(ctx);
    }

    /// The link is up, the registration may still be on its way: enough for a call that brings its
    /// own credential.
    pub(crate) fn on_linked(&mut self, ctx: &mut Context<'_>) {
        if matches!(&self.state, State::Preparing { dial, .. } if dial.token.is_some()) {
            self.depart(ctx);
        }
    }

    /// The registration failed with this error code. With a flow the call leaves all the same.
    pub(crate) fn on_register_failed(&mut self, ctx: &mut Context<'_>, code: &'static str) {
        let has_flow = ctx.identity.flow.is_some() && !ctx.identity.domain.is_empty();
        match self.state {
            State::Preparing { until: Some(_), .. } if has_flow => self.depart(ctx),
            State::Preparing { until: Some(_), .. } => self.end_unsent(ctx, code),
            _ if has_flow => self.on_flow_ready(ctx),
            _ => {}
        }
    }

    /// The account's flow is gone. Comes after [`on_lost`](Self::on_lost) of what was on it.
    pub(crate) fn on_flow_lost(&mut self, ctx: &mut Context<'_>) {
        if let State::Up(up) = &mut self.state {
            up.lose_link();
            self.show(ctx);
        }
    }

    /// The account has a flow again that requests may use: `identity.flow`.
    pub(crate) fn on_flow_ready(&mut self, ctx: &mut Context<'_>) {
        match &mut self.state {
            State::Up(up) => {
                up.regain_link();
                self.show(ctx);
                self.resume(ctx);
            }
            State::Leaving(_) => self.say_bye_on_new_flow(ctx),
            State::Preparing { .. } | State::Calling(_) | State::Incoming(_) | State::Gone => {}
        }
    }
}
