//! The early dialogs of an INVITE of ours, one for each far side that rings (RFC 3261 §12.1.2):
//! PRACK for what they say reliably (RFC 3262 §4), UPDATE (RFC 3311), their end by 199 (RFC 6228).
//!
//! No PRACK of ours has an offer: it could not be refused without ending the call (RFC 6337 §2.2).

use crate::context::{Context, Owner, Usage};
use crate::dialog::{Dialog, contact};
use crate::sip::{Message, Method, Reply};
use crate::transaction::TransactionId;

use super::outgoing::{Calling, Hears, description};
use super::{Call, State};

/// A far side that rings, or did.
#[derive(Debug)]
pub(super) struct Fork {
    pub(super) dialog: Dialog,
    /// RSeq of its last reliable answer.
    pub(super) rseq: Option<u32>,
    pub(super) may_update: bool,
}

/// So many of them are told apart; what others say reliably is not acknowledged.
pub(super) const FORKS: usize = 16;
/// So many PRACK leave in a window of time.
const PRACKS: u32 = 32;

impl Calling {
    /// The far side whose description was taken, while it rings.
    pub(super) fn heard(&self) -> Option<&str> {
        match &self.hears {
            Hears::Early { remote_tag, .. } => Some(remote_tag),
            Hears::Nothing | Hears::Ringing | Hears::Bereft => None,
        }
    }
}

impl Call {
    /// The early dialog with this far side.
    pub(super) fn fork_mut(&mut self, remote_tag: &str) -> Option<&mut Dialog> {
        let dialogs = self.forks.iter_mut().map(|fork| &mut fork.dialog);
        dialogs.into_iter().find(|dialog| dialog.has_remote_tag(remote_tag))
    }

    /// Notes the early dialog that a provisional answer makes, and acknowledges what is reliable.
    /// `false` for a repetition and for what came too early: neither says anything.
    pub(super) fn attend(
        &mut self,
        ctx: &mut Context<'_>,
        id: TransactionId,
        remote_tag: &str,
        response: &Message<'_>,
    ) -> bool {
        let known = self.forks.iter().position(|fork| fork.dialog.has_remote_tag(remote_tag));
        let at = known.unwrap_or(self.forks.len());
        if known.is_none() {
            let Some(dialog) = self.dialog_of(ctx, id, response) else { return true };
            if at == FORKS {
                return true;
            }
            self.forks.push(Fork { dialog, rseq: None, may_update: false });
        }
        let fork = &mut self.forks[at];
        fork.may_update |= response.lists("Allow", "UPDATE");
        let (Ok(Some(rseq)), true) = (response.rseq(), response.lists("Require", "100rel")) else {
            return true;
        };
        if fork.rseq.is_some_and(|last| last.checked_add(1) != Some(rseq)) {
            return false;
        }
        if !self.flood.takes(ctx.now, PRACKS) {
            // It is said again until its PRACK comes.
            return false;
        }
        fork.rseq = Some(rseq);
        let number = response.cseq().map(|cseq| cseq.number).unwrap_or_default();
        let rack = [&rseq.to_string(), " ", &number.to_string(), " INVITE"].concat();
        let mut prack = fork.dialog.request(ctx.identity, Method::Prack);
        prack.headers.push("RAck", rack);
        ctx.send(prack, Owner::Call(self.id, Usage::Prack));
        true
    }

    /// 199: this far side takes the call no more, though the INVITE is not answered yet.
    pub(super) fn on_fork_over(&mut self, ctx: &mut Context<'_>, remote_tag: &str) {
        self.forks.retain(|fork| !fork.dialog.has_remote_tag(remote_tag));
        if let State::Calling(calling) = &mut self.state
            && calling.heard() == Some(remote_tag)
        {
            calling.hears = Hears::Bereft;
            self.show(ctx);
        }
    }

    /// An UPDATE of a far side whose sound is not heard. Our offer is still open there. `false`
    /// if it is another request, or that of the far side that is heard.
    pub(super) fn on_update_of_fork(
        &mut self,
        ctx: &mut Context<'_>,
        server: TransactionId,
        reply: &Reply,
        remote_tag: &str,
        request: &Message<'_>,
    ) -> bool {
        let State::Calling(calling) = &self.state else { return false };
        if request.method() != Some(Method::Update) || calling.heard() == Some(remote_tag) {
            return false;
        }
        let response = match self.fork_mut(remote_tag) {
            None => reply.response(481),
            Some(_) if description(request).is_some() => reply.response(491),
            Some(dialog) => {
                dialog.refresh_target(contact(request));
                self.accepting(ctx, reply, String::new())
            }
        };
        ctx.respond(server, &response);
        true
    }
}
