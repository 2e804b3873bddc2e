//! The end of a call: the page hears of it at once, the wire when it can (RFC 3261 §9.1, §15).

use crate::api::{CallState, EndCause, EndReason, EndedBy, Words};
use crate::context::{Context, Owner, Usage};
use crate::dialog::Dialog;
use crate::sip::Method;
use crate::time::Time;
use crate::transaction::{LostWhy, PATIENCE, TransactionId};

use super::unacked::Unacked;
use super::{Call, State};

/// What the wire still needs.
#[derive(Debug)]
pub(super) struct Leaving {
    last: Last,
    /// Then it is over, whatever is missing.
    until: Time,
}

#[derive(Debug)]
enum Last {
    /// A CANCEL is on its way. A 2xx that crosses it is acknowledged and hung up.
    Cancel { invite: TransactionId },
    /// The far side has not acknowledged our 2xx, and BYE must wait for that (RFC 3261 §15).
    Unacked { dialog: Dialog, unacked: Unacked },
    /// BYE is on its way.
    Bye { dialog: Dialog, bye: TransactionId },
    /// There is no flow; the BYE leaves with the next.
    Unlinked { dialog: Dialog },
}

impl Leaving {
    pub(super) fn deadline(&self) -> Time {
        match &self.last {
            Last::Unacked { unacked, .. } => unacked.deadline().min(self.until),
            Last::Cancel { .. } | Last::Bye { .. } | Last::Unlinked { .. } => self.until,
        }
    }

    pub(super) const fn dialog(&self) -> Option<&Dialog> {
        match &self.last {
            Last::Cancel { .. } => None,
            Last::Unacked { dialog, .. } | Last::Bye { dialog, .. } | Last::Unlinked { dialog } => {
                Some(dialog)
            }
        }
    }

    pub(super) const fn dialog_mut(&mut self) -> Option<&mut Dialog> {
        match &mut self.last {
            Last::Cancel { .. } => None,
            Last::Unacked { dialog, .. } | Last::Bye { dialog, .. } | Last::Unlinked { dialog } => {
                Some(dialog)
            }
        }
    }

    pub(super) const fn transaction_mut(&mut self) -> Option<&mut TransactionId> {
        match &mut self.last {
            Last::Bye { bye, .. } => Some(bye),
            Last::Cancel { .. } | Last::Unacked { .. } | Last::Unlinked { .. } => None,
        }
    }

    pub(super) fn is_cancelling(&self, id: TransactionId) -> bool {
        matches!(&self.last, Last::Cancel { invite } if *invite == id)
    }

    pub(super) fn awaits_ack(&self, number: u32) -> bool {
        matches!(&self.last, Last::Unacked { unacked, .. } if unacked.is_for(number))
    }

    pub(super) const fn has_said_bye(&self) -> bool {
        matches!(self.last, Last::Bye { .. })
    }

    fn is_saying_bye(&self, id: TransactionId) -> bool {
        matches!(&self.last, Last::Bye { bye, .. } if *bye == id)
    }
}

impl Call {
    /// The person ends the call, in whatever state.
    pub(super) fn hang_up(&mut self, ctx: &mut Context<'_>, words: Words) {
        self.words = words;
        let cause = match &self.state {
            State::Incoming(_) => EndCause::RejectedHere,
            State::Preparing { .. } | State::Calling(_) => EndCause::Cancelled,
            State::Up(_) | State::Leaving(_) | State::Gone => EndCause::Hangup,
        };
        self.end(ctx, EndReason::new(EndedBy::Local, cause), 603);
    }

    /// Ends the call from here: says so to the far side in the way of the state, with `refusal`
    /// as the answer to an INVITE, and to the page.
    pub(super) fn end(&mut self, ctx: &mut Context<'_>, reason: EndReason, refusal: u16) {
        match std::mem::replace(&mut self.state, State::Gone) {
            State::Preparing { .. } | State::Gone => {}
            State::Calling(calling) => {
                if calling.is_waiting() {
                    let invite = calling.invite;
                    let reason = self.words.reason_header();
                    let reason = reason.as_deref().map(|reason| ("Reason", reason));
                    ctx.transactions.cancel(ctx.now, invite, reason.as_slice(), ctx.out);
                    self.leave_with(ctx, Last::Cancel { invite });
                }
            }
            State::Incoming(incoming) => incoming.refuse(ctx, refusal, &self.words),
            State::Up(up) => match up.unacked {
                Some(unacked) => {
                    self.leave_with(ctx, Last::Unacked { dialog: up.dialog, unacked });
                }
                None => self.say_bye(ctx, up.dialog),
            },
            leaving @ State::Leaving(_) => self.state = leaving,
        }
        self.tell_end(ctx, reason);
    }

    /// The far side, or the network, ended the call: nothing is left to be said.
    pub(super) fn over(&mut self, ctx: &mut Context<'_>, reason: EndReason) {
        self.state = State::Gone;
        self.tell_end(ctx, reason);
    }

    fn tell_end(&mut self, ctx: &mut Context<'_>, reason: EndReason) {
        let reason = self.end_transfer(ctx, reason);
        let goes_on = self.end_asked(ctx);
        if let Some(asked) = self.negotiation.take_asked() {
            // RFC 3261 §15.1.2: what is pending gets 487.
            ctx.respond(asked.server, &asked.reply.response(487));
        }
        self.close_peers(ctx);
        self.origin.forget();
        self.digits.clear();
        if matches!(self.told.state, None | Some(CallState::Ended)) {
            return;
        }
        self.tell_state(ctx, CallState::Ended, Some(reason));
        match self.told.status {
            0 => {}
            // For a page that counts steps it is the same call still.
            _ if goes_on => {}
            3 => self.tell_status(ctx, 4),
            _ => self.tell_status(ctx, 5),
        }
    }

    /// Sends BYE, or keeps it until there is a flow.
    pub(super) fn say_bye(&mut self, ctx: &mut Context<'_>, mut dialog: Dialog) {
        let mut request = dialog.request(ctx.identity, Method::Bye);
        if let Some(reason) = self.words.reason_header() {
            request.headers.push("Reason", reason);
        }
        self.words.push_to(&mut request.headers);
        let last = match ctx.send(request, Owner::Call(self.id, Usage::Bye)) {
            Some(bye) => Last::Bye { dialog, bye },
            None => Last::Unlinked { dialog },
        };
        self.leave_with(ctx, last);
    }

    fn leave_with(&mut self, ctx: &Context<'_>, last: Last) {
        self.state = State::Leaving(Box::new(Leaving { last, until: ctx.now + PATIENCE }));
    }

    /// The ACK came, or will not come any more, or cannot be waited for: now the BYE.
    pub(crate) fn say_bye_at_last(&mut self, ctx: &mut Context<'_>) {
        match std::mem::replace(&mut self.state, State::Gone) {
            State::Leaving(leaving) => match leaving.last {
                Last::Unacked { dialog, .. } | Last::Unlinked { dialog } => {
                    self.say_bye(ctx, dialog);
                }
                Last::Cancel { .. } | Last::Bye { .. } => self.state = State::Leaving(leaving),
            },
            other => self.state = other,
        }
    }

    pub(super) fn say_bye_on_new_flow(&mut self, ctx: &mut Context<'_>) {
        if matches!(&self.state, State::Leaving(it) if matches!(it.last, Last::Unlinked { .. })) {
            self.say_bye_at_last(ctx);
        }
    }

    pub(super) fn on_bye_answered(&mut self, id: TransactionId) {
        if matches!(&self.state, State::Leaving(leaving) if leaving.is_saying_bye(id)) {
            self.state = State::Gone;
        }
    }

    pub(super) fn on_bye_lost(&mut self, id: TransactionId, why: LostWhy) {
        match &mut self.state {
            State::Leaving(leaving) if leaving.is_saying_bye(id) => {
                match (why, leaving.dialog().cloned()) {
                    (LostWhy::Transport, Some(dialog)) => leaving.last = Last::Unlinked { dialog },
                    _ => self.state = State::Gone,
                }
            }
            _ => {} // That of a fork that came too late.
        }
    }

    pub(super) fn on_leaving_timeout(&mut self, ctx: &mut Context<'_>) {
        let State::Leaving(leaving) = &mut self.state else { return };
        let is_waiting = match &mut leaving.last {
            Last::Unacked { unacked, .. } => unacked.repeat(ctx),
            Last::Cancel { .. } | Last::Bye { .. } | Last::Unlinked { .. } => true,
        };
        if !is_waiting {
            self.say_bye_at_last(ctx);
        } else if leaving.until <= ctx.now {
            self.state = State::Gone;
        }
    }
}
