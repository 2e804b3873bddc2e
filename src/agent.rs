//! The user agent: one way in, one way out, one pure question.

mod boundary;
mod calls;
#[cfg(not(target_arch = "wasm32"))]
mod census;
mod inbound;
mod phone;
mod refusal;
#[cfg(test)]
mod scale;
mod settle;
mod transfers;

use std::time::Duration;

pub use boundary::{
    CredentialReply, CredentialRequest, FlowId, Input, LinkEvent, LinkRequest, Output,
};
pub(crate) use refusal::{Refusal, capabilities};

use crate::api::{AccountId, CallId, Command, ProviderId};
use crate::context::Owner;
use crate::error::ApiMisuse;
use crate::ids::Ids;
use crate::media::{MediaEvent, MediaReply, PeerId, Ticket};
use crate::outbox::Outbox;
use crate::sip;
use crate::time::{Time, soonest};
use crate::transaction::{Lost, Transactions, Wire};
use phone::Phone;

/// Any number of phones, each an account with its line, calls and seat.
pub struct UserAgent {
    core: Core,
    phones: Vec<Phone>,
    /// After a sleep: until then deadlines wait for what was said in the meantime.
    listening: Option<Time>,
}

/// What all phones share.
pub(crate) struct Core {
    now: Time,
    ids: Ids,
    out: Outbox,
    transactions: Transactions<Owner>,
    last_call: u32,
}

impl UserAgent {
    /// No phone yet. The driver draws `seed` once from a secure source; every tag, branch,
    /// Call-ID and cnonce follows from it.
    pub fn new(seed: [u8; 32]) -> Self {
        Self {
            core: Core {
                now: Time::default(),
                ids: Ids::new(seed),
                out: Outbox::default(),
                transactions: Transactions::capped(REQUESTS_AT_ONCE),
                last_call: 0,
            },
            phones: Vec::new(),
            listening: None,
        }
    }

    /// Takes one input and queues its consequences.
    ///
    /// Inputs may follow each other without polling in between. `now` may repeat but not go back.
    ///
    /// # Errors
    ///
    /// [`ApiMisuse`] if a [`Command`] does not fit the state it meets; nothing has changed then.
    /// What the far end does wrong is never an error here: it is answered on the wire.
    pub fn handle(&mut self, now: Time, input: Input<'_>) -> Result<(), ApiMisuse> {
        self.core.now = now.max(self.core.now);
        self.core.out.turn(self.core.now);
        let result = match input {
            Input::Command(account, command) => self.on_command(account, command),
            input => {
                self.on_news(input);
                Ok(())
            }
        };
        self.settle();
        result
    }

    /// What is to be done next, in the order in which it was decided.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.core.out.pop()
    }

    /// When [`Input::Timeout`] is next due.
    pub fn next_timeout(&self) -> Option<Time> {
        self.listening.or_else(|| self.deadline())
    }

    fn deadline(&self) -> Option<Time> {
        self.phones.iter().fold(self.core.transactions.next_timeout(), |soon, phone| {
            soonest(soon, phone.next_timeout())
        })
    }

    /// An id for [`Command::Dial`] or for an errand, never given out before.
    pub fn reserve_call(&mut self) -> CallId {
        self.core.reserve_call()
    }

    /// Whether [`CredentialRequest::AskProvider`] may still name this provider.
    #[must_use]
    pub fn may_ask(&self, account: AccountId, provider: ProviderId) -> bool {
        self.phones.iter().any(|phone| phone.account == account && phone.may_ask(provider))
    }

    fn on_command(&mut self, account: AccountId, command: Command) -> Result<(), ApiMisuse> {
        if let Some(phone) = self.phones.iter_mut().find(|phone| phone.account == account) {
            if !phone.is_leaving() {
                return phone.on_command(&mut self.core, command);
            }
            if !matches!(command, Command::Configure(_) | Command::Register(_)) {
                return phone::without_account(&command);
            }
            phone.cut(&mut self.core);
            self.phones.retain(|phone| phone.account != account);
        }
        if !phone::begins(&command) {
            return phone::without_account(&command);
        }
        let mut phone = Phone::new(account, &mut self.core.ids);
        phone.on_command(&mut self.core, command)?;
        self.phones.push(phone);
        Ok(())
    }

    fn on_news(&mut self, input: Input<'_>) {
        let core = &mut self.core;
        match input {
            // Told apart in `handle`.
            Input::Command(..) => {}
            Input::Link(flow, event) => {
                if let Some(phone) = phone_of_flow(&mut self.phones, flow) {
                    phone.on_link(core, flow, event);
                }
            }
            Input::Frame(flow, frame) => self.on_frame(flow, frame),
            Input::Media(peer, ticket, reply) => self.on_media(peer, ticket, reply),
            Input::MediaEvent(peer, event) => self.on_media_event(peer, event),
            Input::Credential(account, ticket, reply) => {
                for phone in self.phones.iter_mut().filter(|phone| phone.account == account) {
                    let (line, mut step) = phone.line(core);
                    line.on_credential(&mut step, ticket, reply.clone());
                }
            }
            Input::Online => {
                for phone in &mut self.phones {
                    let (line, mut step) = phone.line(core);
                    line.on_online(&mut step);
                }
            }
            Input::Timeout => self.on_timeout(),
        }
    }

    fn on_frame(&mut self, flow: FlowId, frame: &[u8]) {
        let core = &mut self.core;
        // A frame of a connection that was given up is nobody's.
        let Some(phone) = phone_of_flow(&mut self.phones, flow) else { return };
        let (line, step) = phone.line(core);
        line.on_frame(step.now, flow);
        if sip::is_keep_alive(frame) {
            if frame.starts_with(b"\r\n\r\n") {
                core.out.transmit(flow, b"\r\n".to_vec());
            }
        } else {
            phone.on_message(core, flow, frame);
        }
    }

    /// A reply to a peer that no call has any more is dropped: the call is over.
    fn on_media(&mut self, peer: PeerId, ticket: Ticket, reply: MediaReply) {
        for phone in &mut self.phones {
            if let Some(index) = phone.calls.of_peer(peer) {
                let (call, mut ctx) = phone.call(&mut self.core, index);
                return call.on_media(&mut ctx, peer, ticket, reply);
            }
        }
    }

    fn on_media_event(&mut self, peer: PeerId, event: MediaEvent) {
        for phone in &mut self.phones {
            if let Some(index) = phone.calls.of_peer(peer) {
                let (call, mut ctx) = phone.call(&mut self.core, index);
                return call.on_media_event(&mut ctx, peer, event);
            }
        }
    }

    fn on_timeout(&mut self) {
        if self.has_slept() {
            return;
        }
        let core = &mut self.core;
        let lost = core.transactions.on_timeout(core.now, &mut core.out);
        for lost in lost {
            self.on_lost(lost);
        }
        for phone in &mut self.phones {
            phone.on_timeout(&mut self.core);
        }
    }

    /// Whether the page slept through a deadline, and answers to what it asked before may still lie
    /// in the browser: no silence of the far side is proven yet.
    fn has_slept(&mut self) -> bool {
        let now = self.core.now;
        match (self.listening, self.deadline()) {
            (Some(until), _) if now < until => return true,
            (None, Some(due)) if now.since(due) > SLEEP => self.listening = Some(now + LISTEN),
            _ => self.listening = None,
        }
        self.listening.is_some()
    }

    fn on_lost(&mut self, lost: Lost<Owner>) {
        for phone in &mut self.phones {
            if phone.on_lost(&mut self.core, lost) {
                return;
            }
        }
    }

    /// Carries what lines and calls have for each other, until all is quiet.
    fn settle(&mut self) {
        for phone in &mut self.phones {
            phone.settle(&mut self.core);
        }
        self.phones.retain(|phone| !phone.is_gone());
    }
}

impl Core {
    fn reserve_call(&mut self) -> CallId {
        self.last_call += 1;
        CallId(self.last_call)
    }
}

fn phone_of_flow(phones: &mut [Phone], flow: FlowId) -> Option<&mut Phone> {
    phones.iter_mut().find(|phone| phone.owns_flow(flow))
}

/// A deadline that falls so late was slept through: a hidden page's timers come within a minute.
const SLEEP: Duration = Duration::from_secs(70);
/// How long the browser then has to hand over what arrived meanwhile.
const LISTEN: Duration = Duration::from_millis(250);
/// Requests of one flow that wait for an answer at once; a phone never needs so many.
const REQUESTS_AT_ONCE: usize = 64;
