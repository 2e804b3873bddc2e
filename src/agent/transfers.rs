//! Transfers, as far as they concern more than one call (RFC 3515, RFC 3891).

use super::refusal::Refusal;
use super::{Core, phone::Phone};
use crate::api::{AcceptTransfers, CallId, Dial, TransferTo};
use crate::call::{Continues, Destination, How, Word};
use crate::error::ApiMisuse;
use crate::sip::{Message, target_uri};

impl Phone {
    /// Passes a call on.
    pub(super) fn transfer(
        &mut self,
        core: &mut Core,
        id: CallId,
        to: TransferTo,
        headers: &[(String, String)],
        progress: bool,
    ) -> Result<(), ApiMisuse> {
        let index = self.calls.of_id(id).ok_or(ApiMisuse::CallGone(id))?;
        let to = match to {
            TransferTo::Target(target) => {
                let domain = &self.line.identity(None).domain;
                let Some(uri) = target_uri(&target, domain) else {
                    return Err(ApiMisuse::BadTarget(target));
                };
                Destination { target, refer_to: ["<", &uri, ">"].concat(), other: None }
            }
            TransferTo::Call(other) if other == id => return Err(ApiMisuse::NotConnected(other)),
            TransferTo::Call(other) => {
                let other_index = self.calls.of_id(other).ok_or(ApiMisuse::CallGone(other))?;
                self.calls.step(other_index).call.hand_over()?
            }
        };
        let other = to.other;
        let (call, mut ctx) = self.call(core, index);
        let begun = call.transfer(&mut ctx, to, headers, progress);
        if let (Err(_), Some(other)) = (&begun, other) {
            self.words.push((other, Word::Kept));
        }
        begun
    }

    /// Makes the call that the far side of another asks for.
    pub(super) fn accept_transfer(&mut self, core: &mut Core, id: CallId) -> Result<(), ApiMisuse> {
        let index = self.calls.of_id(id).ok_or(ApiMisuse::CallGone(id))?;
        let asker = &self.calls.at(index).call;
        let (referral, continues) = (asker.referral()?, asker.continued(How::Referred));
        let new = core.reserve_call();
        let dial = Dial { target: referral.uri, ..Dial::default() };
        let dialled = self.dial(core, new, dial, Some((continues, referral.headers)));
        let (call, mut ctx) = self.call(core, index);
        match &dialled {
            Ok(()) => call.accept_transfer(&mut ctx, new),
            Err(_) => call.refuse_transfer(&mut ctx, 480)?,
        }
        dialled
    }

    /// Tells calls what others have for them.
    pub(super) fn pass_words(&mut self, core: &mut Core) {
        while !self.words.is_empty() {
            let (id, word) = self.words.remove(0);
            if word == Word::Dial {
                // Where nothing can be dialled the far side has been told.
                let _ = self.accept_transfer(core, id);
            } else if let Some(index) = self.calls.of_id(id) {
                let (call, mut ctx) = self.call(core, index);
                call.on_word(&mut ctx, word);
            }
        }
    }

    /// The call in whose place an INVITE is to come, if it is to.
    pub(super) fn replaced(&self, message: &Message<'_>) -> Result<Option<Continues>, Refusal> {
        let joins = message.header("Join").is_some();
        let count = message.headers("Replaces").count();
        match (count, joins) {
            (0, false) => return Ok(None),
            // Nothing here can be joined (RFC 3911 §4).
            (0, true) => return Err(Refusal::plain(481)),
            (1, false) if self.config.accept_transfers == AcceptTransfers::Never => {
                return Err(Refusal::plain(403));
            }
            (1, false) => {}
            _ => return Err(Refusal::plain(400)),
        }
        let replaces = message.replaces().ok().flatten().ok_or(Refusal::plain(400))?;
        let old = self.calls.of_dialog(&replaces.call_id, &replaces.to_tag, &replaces.from_tag);
        let old = self.calls.at(old.ok_or(Refusal::plain(481))?);
        if let Some(status) = old.call.why_not_replaced(&replaces) {
            return Err(Refusal::plain(status));
        }
        // One at a time, or calls could be made to grow without end.
        let mut places = self.calls.places().into_iter();
        if self.is_leaving() || places.any(|at| self.calls.at(at).call.replaces(old.id)) {
            return Err(Refusal::plain(486));
        }
        Ok(Some(old.call.continued(How::Replaced)))
    }
}
