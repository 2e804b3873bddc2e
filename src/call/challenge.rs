//! Requests of a call that are sent once more: credentials, or another offer (RFC 3261 §22.2).

use crate::auth::Challenged;
use crate::context::{Context, Owner, Usage};
use crate::sip::{Message, Request};
use crate::text::before;
use crate::transaction::{LostWhy, TransactionId};

use super::{Call, State};

impl Call {
    /// 401 or 407.
    pub(super) fn on_challenge(
        &mut self,
        ctx: &mut Context<'_>,
        id: TransactionId,
        usage: Usage,
        response: &Message<'_>,
    ) {
        let before = self.challenged.iter().position(|(it, _)| *it == id);
        let mut attempts = before.map(|at| self.challenged.swap_remove(at).1).unwrap_or_default();
        let status = response.status().unwrap_or_default();
        let is_last = usage == Usage::Invite && (self.is_ended() || self.once);
        let sent = ctx.transactions.sent(id).filter(|_| !is_last);
        let is_elsewhere = sent.is_some_and(|sent| self.is_elsewhere(ctx, sent));
        let can_answer = |request: &&Request| {
            if is_elsewhere && !ctx.identity.auth.knows_all(response) {
                return false;
            }
            ctx.identity.auth.on_challenge(request, response, &mut attempts) == Challenged::Retry
        };
        let Some(request) = sent.filter(can_answer).cloned() else {
            self.on_final(ctx, id, usage, status, response);
            return;
        };
        match self.send_again(ctx, request, usage) {
            Some(again) => {
                // Those that were answered stay; a long call must not keep them all.
                if self.challenged.len() == REMEMBERED {
                    self.challenged.remove(0);
                }
                self.challenged.push((again, attempts));
                self.rename(id, again);
            }
            None => self.on_lost(ctx, id, usage, LostWhy::Transport),
        }
    }

    /// Sends a request anew: the next CSeq, and credentials as they are now (RFC 3261 §22.2).
    pub(super) fn send_again(
        &mut self,
        ctx: &mut Context<'_>,
        mut request: Request,
        usage: Usage,
    ) -> Option<TransactionId> {
        self.renumber(&mut request);
        ctx.send(request, Owner::Call(self.id, usage))
    }

    /// The next CSeq of its dialog, or of its kind.
    pub(super) fn renumber(&mut self, request: &mut Request) {
        let used = request.headers.get("CSeq").unwrap_or_default();
        let used = before(used, b" ").parse().unwrap_or(0);
        let fork = self.forks.iter_mut().map(|fork| &mut fork.dialog).find(|it| it.sends(request));
        let dialog = match (&mut self.state, fork) {
            (State::Calling(_), fork) => fork,
            _ => self.dialog_mut(),
        };
        let number = match dialog {
            Some(dialog) if dialog.sends(request) => dialog.next_cseq(),
            _ => u32::saturating_add(used, 1),
        };
        let cseq = [&number.to_string(), " ", request.method.as_str()].concat();
        request.headers.set("CSeq", cseq);
    }

    fn rename(&mut self, old: TransactionId, new: TransactionId) {
        let refer = self.transfer.as_mut().and_then(|it| it.transaction_mut());
        let known = match &mut self.state {
            State::Calling(calling) => Some(&mut calling.invite),
            State::Up(up) => up.reinvite.transaction_mut(),
            State::Leaving(leaving) => leaving.transaction_mut(),
            State::Preparing { .. } | State::Incoming(_) | State::Gone => None,
        };
        for known in [known, refer, self.early_offer.as_mut()].into_iter().flatten() {
            if *known == old {
                *known = new;
            }
        }
    }
}

/// Requests of one call that were sent again.
const REMEMBERED: usize = 32;
