//! What arrives on a phone's flow: read, found a place for, passed on.

use super::phone::Phone;
use super::refusal::{self, Refusal};
use super::{Core, FlowId};
use crate::api::{AccountId, CallId};
use crate::call::{self, Call};
use crate::context::{Owner, Usage};
use crate::sip::{Message, Method, ParseError, Reply, Response};
use crate::transaction::{Arrived, Heard, TransactionId, Wire};

impl Phone {
    /// Takes a frame that is more than a keep-alive.
    pub(super) fn on_message(&mut self, core: &mut Core, flow: FlowId, frame: &[u8]) {
        let message = match Message::parse(frame) {
            Ok(message) => message,
            Err(error) => {
                let salvaged = Message::salvage(frame);
                return on_unreadable(core, self.account, flow, salvaged.as_ref(), &error);
            }
        };
        match message.check() {
            Err(error) => {
                let request = message.is_request().then_some(&message);
                on_unreadable(core, self.account, flow, request, &error);
            }
            Ok(()) if message.is_request() => self.on_request(core, flow, &message),
            Ok(()) => self.on_response(core, flow, &message),
        }
    }

    fn on_response(&mut self, core: &mut Core, flow: FlowId, message: &Message<'_>) {
        // A stray one answers what nobody waits for any more, so nobody is told.
        let Heard::Deliver { id, owner } =
            core.transactions.on_response(core.now, flow, message, &mut core.out)
        else {
            return;
        };
        match owner {
            Owner::Registration(_) | Owner::Ping(_) => {
                let (line, mut step) = self.line(core);
                line.on_response(&mut step, owner, message);
            }
            Owner::Call(call, usage) => {
                if let (Some(200..=299), Ok(cseq)) = (message.status(), message.cseq()) {
                    self.line.identity_mut(Some(flow)).auth.on_accepted(&cseq.method, message);
                }
                if let Some(index) = self.calls.of_id(call) {
                    let (call, mut ctx) = self.call(core, index);
                    call.on_response(&mut ctx, id, usage, message);
                }
            }
            Owner::Errand(errand) => {
                let (errands, mut ctx) = self.errands(core);
                errands.on_response(&mut ctx, errand, id, message);
            }
        }
    }

    fn on_request(&mut self, core: &mut Core, flow: FlowId, message: &Message<'_>) {
        match core.transactions.on_request(core.now, flow, message, &mut core.out) {
            Arrived::New(server) => {
                if let Err(refusal) = self.on_new_request(core, flow, server, message) {
                    answer(core, server, message, refusal);
                }
            }
            Arrived::Ack => {
                // The ACK of a dialog that is over has done its work.
                if let Some(index) = self.dialog_of(message) {
                    let (call, mut ctx) = self.call(core, index);
                    call.on_ack(&mut ctx, message);
                }
            }
            Arrived::Cancel { cancel, invite, owner } => {
                let status = if invite.is_some() { 200 } else { 481 };
                answer(core, cancel, message, Refusal::plain(status));
                if let (Some(invite), Some(Owner::Call(id, _))) = (invite, owner) {
                    self.on_cancel(core, invite, id, message);
                }
            }
            Arrived::Absorbed => {}
        }
    }

    /// A CANCEL that comes after the final answer has no effect (RFC 3261 §9.2).
    fn on_cancel(
        &mut self,
        core: &mut Core,
        invite: TransactionId,
        id: CallId,
        message: &Message<'_>,
    ) {
        if core.transactions.is_pending(invite)
            && let Some(index) = self.calls.of_id(id)
        {
            let (call, mut ctx) = self.call(core, index);
            call.on_cancel(&mut ctx, invite, message);
        }
    }

    fn on_new_request(
        &mut self,
        core: &mut Core,
        flow: FlowId,
        server: TransactionId,
        message: &Message<'_>,
    ) -> Result<(), Refusal> {
        let method = refusal::check_method(message)?;
        if message.to().is_ok_and(|to| to.tag().is_some()) {
            return self.on_tagged_request(core, server, message);
        }
        let merged = core.transactions.is_merged(server, |flow| self.owns_flow(flow));
        refusal::check_place(message, self.identity(flow), merged)?;
        refusal::check_contents(message)?;
        match method {
            Method::Options => Err(refusal::capabilities()),
            Method::Message | Method::Notify => {
                if self.identity(flow).account.outbound_only {
                    return Err(Refusal::plain(403));
                }
                if self.is_leaving() {
                    return Err(Refusal::plain(480));
                }
                let (errands, mut ctx) = self.errands(core);
                errands.on_request(&mut ctx, server, message)
            }
            _ => self.on_invite(core, flow, server, message),
        }
    }

    /// A request inside a dialog: a call's, else a subscription's.
    fn on_tagged_request(
        &mut self,
        core: &mut Core,
        server: TransactionId,
        message: &Message<'_>,
    ) -> Result<(), Refusal> {
        if let Some(index) = self.dialog_of(message) {
            refusal::check_contents(message)?;
            self.on_dialog_request(core, server, index, message);
            return Ok(());
        }
        let (errands, mut ctx) = self.errands(core);
        let subscription = errands.dialog_of(message).ok_or(Refusal::plain(481))?;
        refusal::check_contents(message)?;
        errands.on_dialog_request(&mut ctx, server, subscription, message)
    }

    fn on_invite(
        &mut self,
        core: &mut Core,
        flow: FlowId,
        server: TransactionId,
        message: &Message<'_>,
    ) -> Result<(), Refusal> {
        let continues = self.replaced(message)?;
        if continues.is_none() {
            self.check_policy(flow)?;
        }
        let by_itself = match continues {
            None => call::auto_answer(self.config.auto_answer, self.calls.up() > 0, message)
                .map_err(Refusal::plain)?,
            Some(_) => None,
        };
        let id = core.reserve_call();
        core.transactions.adopt(server, Owner::Call(id, Usage::Incoming));
        let mut ctx = self.context(core, Some(flow));
        let call = Call::incoming(&mut ctx, id, server, message, by_itself, continues);
        self.push_call(id, call, Some(flow));
        Ok(())
    }

    fn on_dialog_request(
        &mut self,
        core: &mut Core,
        server: TransactionId,
        index: usize,
        message: &Message<'_>,
    ) {
        let owner = Owner::Call(self.calls.at(index).id, Usage::Incoming);
        core.transactions.adopt(server, owner);
        let (call, mut ctx) = self.call(core, index);
        call.on_request(&mut ctx, server, message);
    }

    /// Whether the phone takes a call now, however it came.
    fn check_policy(&self, flow: FlowId) -> Result<(), Refusal> {
        if self.identity(flow).account.outbound_only {
            return Err(Refusal::plain(403));
        }
        if self.seat.is_paused() {
            return Err(Refusal::plain(self.config.paused_status));
        }
        if self.is_leaving() || self.calls.up() >= self.config.calls_at_once as usize {
            return Err(Refusal::plain(486));
        }
        Ok(())
    }

    fn dialog_of(&self, message: &Message<'_>) -> Option<usize> {
        let (to, from) = (message.to().ok()?, message.from().ok()?);
        let local = to.tag()?;
        // A far side of RFC 2543 has no tag.
        let remote = from.tag().unwrap_or_default();
        self.calls.of_dialog(&message.call_id().ok()?, &local, &remote)
    }
}

/// Answers a request with what is found wrong with it, or right.
fn answer(core: &mut Core, server: TransactionId, message: &Message<'_>, refusal: Refusal) {
    let response = refusal.response(message, &core.ids.token());
    // Everything in it was either read from one line or is ours, so it can be printed.
    let _ = core.transactions.respond(core.now, server, &response, &mut core.out);
}

/// Tells of what could not be read, and answers it where it is a request that can be answered.
fn on_unreadable(
    core: &mut Core,
    account: AccountId,
    flow: FlowId,
    request: Option<&Message<'_>>,
    error: &ParseError,
) {
    if let Some(request) = request
        && request.method() != Some(Method::Ack)
        && request.header("Via").is_some()
        && let Ok(bytes) = bad_request(request, error, &core.ids.token()).to_bytes()
    {
        core.out.transmit(flow, bytes);
    }
    core.out.unreadable(account, error, None);
}

/// Outside any transaction, since what names the transaction may be what cannot be read.
fn bad_request(request: &Message<'_>, error: &ParseError, tag: &str) -> Response {
    let mut response = Reply::of(request).tag(tag).response(error.status());
    if let Some(header) = error.header {
        response.reason = ["Bad ", header].concat();
    }
    response
}
