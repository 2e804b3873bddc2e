//! One call, from the first wish to its end (RFC 3261 §13 to §15, RFC 3264).

use crate::api::{CallId, Command, Dial};
use crate::context::{Context, Usage};
use crate::error::ApiMisuse;
use crate::media::{MediaEvent, MediaReply, PeerId, Ticket};
use crate::sip::Message;
use crate::time::Time;
use crate::transaction::{LostWhy, TransactionId};

/// When the INVITE of an outgoing call may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Departure {
    /// As soon as its offer is ready.
    Now,
    /// After the registration, of which `on_registered` or `on_register_failed` will tell;
    /// at the latest `early_call_ms` from now.
    AfterRegistration,
}

/// A call of either direction.
#[derive(Debug)]
pub(crate) struct Call {
    id: CallId,
}

impl Call {
    /// Begins an outgoing call: checks what the page asks, tells `Call`, asks for media.
    pub(crate) fn dial(
        ctx: &mut Context<'_>,
        id: CallId,
        dial: Dial,
        departure: Departure,
    ) -> Result<Self, ApiMisuse> {
        let _ = (ctx, id, dial, departure);
        Ok(Self { id })
    }

    /// Takes up an INVITE that the agent did not refuse. It may be over at once (488): ask
    /// [`is_gone`](Self::is_gone).
    pub(crate) fn incoming(
        ctx: &mut Context<'_>,
        id: CallId,
        server: TransactionId,
        request: &Message<'_>,
    ) -> Self {
        let _ = (ctx, id, server, request);
        Self { id }
    }

    /// `Answer`, `Reject`, `Hangup`, `Mute`, `SendDigits`, `SendCallMessage` for this call.
    pub(crate) fn on_command(
        &mut self,
        ctx: &mut Context<'_>,
        command: Command,
    ) -> Result<(), ApiMisuse> {
        let _ = (ctx, command);
        Ok(())
    }
    /// `id`'s response, provisional or final; a 2xx to INVITE comes once per repetition and fork.
    pub(crate) fn on_response(
        &mut self,
        ctx: &mut Context<'_>,
        id: TransactionId,
        usage: Usage,
        response: &Message<'_>,
    ) {
        let _ = (ctx, id, usage, response);
    }
    /// A transaction of this call, client or server, ended without its answer.
    pub(crate) fn on_lost(
        &mut self,
        ctx: &mut Context<'_>,
        id: TransactionId,
        usage: Usage,
        why: LostWhy,
    ) {
        let _ = (ctx, id, usage, why);
    }
    /// A request inside the dialog, but ACK and CANCEL.
    pub(crate) fn on_request(
        &mut self,
        ctx: &mut Context<'_>,
        server: TransactionId,
        request: &Message<'_>,
    ) {
        let _ = (ctx, server, request);
    }
    /// The ACK of a 2xx.
    pub(crate) fn on_ack(&mut self, ctx: &mut Context<'_>, request: &Message<'_>) {
        let _ = (ctx, request);
    }
    /// The far side cancels; the agent answers the CANCEL itself, the call answers the INVITE 487.
    pub(crate) fn on_cancel(
        &mut self,
        ctx: &mut Context<'_>,
        invite: TransactionId,
        request: &Message<'_>,
    ) {
        let _ = (ctx, invite, request);
    }
    pub(crate) fn on_media(
        &mut self,
        ctx: &mut Context<'_>,
        peer: PeerId,
        ticket: Ticket,
        reply: MediaReply,
    ) {
        let _ = (ctx, peer, ticket, reply);
    }
    pub(crate) fn on_media_event(
        &mut self,
        ctx: &mut Context<'_>,
        peer: PeerId,
        event: MediaEvent,
    ) {
        let _ = (ctx, peer, event);
    }
    /// The registration is in.
    pub(crate) fn on_registered(&mut self, ctx: &mut Context<'_>) {
        let _ = (ctx,);
    }
    /// The registration failed with this error code; a flow may be up all the same.
    pub(crate) fn on_register_failed(&mut self, ctx: &mut Context<'_>, code: &'static str) {
        let _ = (ctx, code);
    }
    /// The account's flow is gone (`identity.flow` is `None` or another now). Comes after `on_lost`.
    pub(crate) fn on_flow_lost(&mut self, ctx: &mut Context<'_>) {
        let _ = (ctx,);
    }
    /// The account has a flow again (`identity.flow`) that requests may use.
    pub(crate) fn on_flow_ready(&mut self, ctx: &mut Context<'_>) {
        let _ = (ctx,);
    }
    pub(crate) fn on_timeout(&mut self, ctx: &mut Context<'_>) {
        let _ = (ctx,);
    }
    pub(crate) fn next_timeout(&self) -> Option<Time> {
        None
    }
    /// Whether an in-dialog request with these is for this call.
    pub(crate) fn owns_dialog(&self, call_id: &str, local_tag: &str, remote_tag: &str) -> bool {
        let _ = (call_id, local_tag, remote_tag);
        false
    }
    pub(crate) fn owns_peer(&self, peer: PeerId) -> bool {
        let _ = (peer,);
        false
    }
    /// The page was told that it ended. What the wire still needs (a BYE on its way, a CANCEL
    /// that may cross with a 2xx) goes on until [`is_gone`](Self::is_gone).
    pub(crate) fn is_ended(&self) -> bool {
        false
    }
    /// Nothing is left to do; the agent may drop it.
    pub(crate) fn is_gone(&self) -> bool {
        false
    }
    /// It was connected at some time, so that seat status 4 follows its end.
    pub(crate) fn was_talking(&self) -> bool {
        false
    }
}
