//! All of one account but its calls: credential, link and registration.

use crate::agent::{CredentialReply, FlowId, LinkEvent};
use crate::api::{AccountId, Config, Credential};
use crate::context::Owner;
use crate::error::ApiMisuse;
use crate::identity::Identity;
use crate::ids::Ids;
use crate::media::Ticket;
use crate::outbox::Outbox;
use crate::sip::Message;
use crate::time::Time;
use crate::transaction::{LostWhy, Transactions};

/// What a line is lent for one step.
pub(crate) struct Step<'a> {
    pub(crate) now: Time,
    pub(crate) account: AccountId,
    pub(crate) ids: &'a mut Ids,
    pub(crate) out: &'a mut Outbox,
    pub(crate) transactions: &'a mut Transactions<Owner>,
    pub(crate) config: &'a Config,
}

/// Whether a call may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ready {
    /// At once.
    Now,
    /// The link or the registration is on its way.
    Wait,
    /// Not before a new `register`; the code that a page compares.
    Never(&'static str),
}

/// What the agent has to pass on to the calls of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LineNews {
    /// A REGISTER was accepted, or a link without registration came up: calls that wait may leave.
    Ready,
    /// The registration failed with this code: calls that wait leave if there is a flow.
    Failed(&'static str),
    /// This flow is gone: `Transactions::on_flow_lost` is the agent's to call.
    FlowLost(FlowId),
}

/// The line of one account.
pub(crate) struct Line {
    identity: Identity,
}

impl Line {
    /// A line without an account.
    pub(crate) fn new(ids: &mut Ids) -> Self {
        Self { identity: Identity::blank(ids) }
    }
    /// What the calls of this line have in common.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }
    /// See [`identity`](Self::identity).
    pub(crate) fn identity_mut(&mut self) -> &mut Identity {
        &mut self.identity
    }
    /// Registers, or replaces the credential.
    ///
    /// # Errors
    ///
    /// What can be told at once of a token or an account.
    pub(crate) fn register(
        &mut self,
        step: &mut Step<'_>,
        credential: Credential,
    ) -> Result<(), ApiMisuse> {
        Ok(())
    }
    /// Takes the registration back.
    pub(crate) fn unregister(&mut self, step: &mut Step<'_>) -> Result<(), ApiMisuse> {
        Ok(())
    }
    /// Takes the registration back and closes the link, once the calls have ended.
    pub(crate) fn shutdown(&mut self, step: &mut Step<'_>) {}
    /// After [`shutdown`](Self::shutdown): nothing is left to do and the line can be dropped.
    pub(crate) fn is_gone(&self) -> bool {
        false
    }
    /// Whether this flow is, or was lately, the line's.
    pub(crate) fn owns_flow(&self, flow: FlowId) -> bool {
        self.identity.flow == Some(flow)
    }
    /// News of a flow of this line.
    pub(crate) fn on_link(&mut self, step: &mut Step<'_>, flow: FlowId, event: LinkEvent) {}
    /// A frame of whatever kind came in on a flow of this line, also an empty one or CR LF.
    pub(crate) fn on_frame(&mut self, step: &mut Step<'_>, flow: FlowId) {}
    /// A response to [`Owner::Registration`] or [`Owner::Ping`].
    pub(crate) fn on_response(
        &mut self,
        step: &mut Step<'_>,
        owner: Owner,
        response: &Message<'_>,
    ) {
    }
    /// No response to one of these.
    pub(crate) fn on_lost(&mut self, step: &mut Step<'_>, owner: Owner, why: LostWhy) {}
    /// The answer to a credential request of this line.
    pub(crate) fn on_credential(
        &mut self,
        step: &mut Step<'_>,
        ticket: Ticket,
        reply: CredentialReply,
    ) {
    }
    /// There is a network again.
    pub(crate) fn on_online(&mut self, step: &mut Step<'_>) {}
    /// Tells whether calls are up: keep-alive is quicker then, and no flow is closed under them.
    pub(crate) fn set_in_call(&mut self, step: &mut Step<'_>, in_call: bool) {}
    /// The moment of [`next_timeout`](Self::next_timeout) has come.
    pub(crate) fn on_timeout(&mut self, step: &mut Step<'_>) {}
    /// When [`on_timeout`](Self::on_timeout) is next due.
    pub(crate) fn next_timeout(&self) -> Option<Time> {
        None
    }
    /// A REGISTER is in force.
    pub(crate) fn registered(&self) -> bool {
        false
    }
    /// Whether a call may leave.
    pub(crate) fn ready_to_call(&self) -> Ready {
        Ready::Wait
    }
    /// What has to be passed on to the calls; to be asked after each of the above until `None`.
    pub(crate) fn poll_news(&mut self) -> Option<LineNews> {
        None
    }
}
