//! Calls that are up between two clients: which flow is whose, and when a call is nobody's.
//!
//! Requests within a call are led by its dialog, not by Record-Route alone: so a page that comes
//! back on a new flow is found there, and one that does not is taken out of the call.

use std::collections::HashMap;
use std::time::Duration;

use cc_sdk::sip::{Message, Method, Request};
use cc_sdk::{FlowId, Time};

use super::Owner;
use super::events::{Sight, sight};
use super::signalling::Signalling;

/// The calls, by Call-ID; a forked INVITE may make several of one.
#[derive(Debug, Default)]
pub(super) struct Calls {
    calls: HashMap<String, Vec<Call>>,
}

/// A dialog between two clients.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) caller: Party,
    pub(super) callee: Party,
    state: State,
}

/// One side of a call.
#[derive(Clone, Debug)]
pub(super) struct Party {
    /// Whose it is.
    pub(super) seat: String,
    pub(super) tag: String,
    /// The address in From or To.
    pub(super) address: String,
    /// Where its requests are sent: the Contact's URI.
    pub(super) contact: String,
    pub(super) presence: Presence,
    /// The highest `CSeq` that it used.
    pub(super) cseq: u32,
}

/// Whether a party can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// On this flow.
    Here(FlowId),
    /// Its flow is gone; it is waited for until then.
    Gone(Time),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Ringing, with a tag from the callee.
    Early,
    /// Answered; ends by itself at the given moment, if that is limited.
    Up(Option<Time>),
    /// Somebody hung up; what is left is an ACK or two on their way.
    Over(Time),
}

impl Presence {
    /// Gone since now.
    pub(super) fn gone(now: Time) -> Self {
        Self::Gone(now + PATIENCE)
    }
}

/// Which side of a call a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Caller,
    Callee,
}

/// What names a dialog, as a message has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DialogId {
    pub(super) call_id: String,
    pub(super) from_tag: String,
    pub(super) to_tag: String,
}

impl DialogId {
    /// Of a message within a dialog, or a response that makes one.
    pub(super) fn of(message: &Message<'_>) -> Option<Self> {
        Some(Self {
            call_id: message.call_id().ok()?.into_owned(),
            from_tag: message.from().ok()?.tag()?.into_owned(),
            to_tag: message.to().ok()?.tag()?.into_owned(),
        })
    }
}

impl Call {
    /// A call that rings.
    pub(super) const fn early(caller: Party, callee: Party) -> Self {
        Self { caller, callee, state: State::Early }
    }

    /// The callee took it; it may last `seconds`, if that is limited.
    pub(super) fn answer(&mut self, now: Time, seconds: Option<u32>) {
        if self.state == State::Early {
            let limit = seconds.map(|seconds| now + Duration::from_secs(seconds.into()));
            self.state = State::Up(limit);
        }
    }

    /// Somebody hung up.
    pub(super) fn hang_up(&mut self, now: Time) {
        self.state = State::Over(now + LINGER);
    }

    pub(super) const fn is_over(&self) -> bool {
        matches!(self.state, State::Over(_))
    }

    pub(super) const fn party(&mut self, side: Side) -> &mut Party {
        match side {
            Side::Caller => &mut self.caller,
            Side::Callee => &mut self.callee,
        }
    }

    fn parties(&self) -> [&Party; 2] {
        [&self.caller, &self.callee]
    }

    /// When something is to be done about it.
    fn due(&self) -> Option<Time> {
        match self.state {
            State::Over(until) => Some(until),
            State::Early => None,
            State::Up(limit) => {
                let gone = self.parties().into_iter().filter_map(|party| match party.presence {
                    Presence::Gone(until) => Some(until),
                    Presence::Here(_) => None,
                });
                gone.chain(limit).min()
            }
        }
    }

    /// Hangs up for both: whoever is there gets a BYE, as if the other had sent it.
    fn farewell(&self, signalling: &mut Signalling, call_id: &str, reason: &str) {
        for (to, from) in [(&self.caller, &self.callee), (&self.callee, &self.caller)] {
            let Presence::Here(flow) = to.presence else { continue };
            let mut bye = Request::new(Method::Bye, to.contact.as_str());
            bye.headers
                .push("Max-Forwards", "70")
                .push("From", format!("<{}>;tag={}", from.address, from.tag))
                .push("To", format!("<{}>;tag={}", to.address, to.tag))
                .push("Call-ID", call_id)
                .push("CSeq", format!("{} BYE", from.cseq.saturating_add(1)))
                .push("Reason", reason);
            signalling.send(flow, bye, Owner::Nobody);
        }
    }
}

impl Side {
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Caller => Self::Callee,
            Self::Callee => Self::Caller,
        }
    }
}

impl Calls {
    /// Adds a call, unless its dialog is known.
    pub(super) fn add(&mut self, call_id: &str, call: Call) -> &mut Call {
        let calls = self.calls.entry(call_id.to_owned()).or_default();
        let known = calls.iter().position(|known| {
            known.caller.tag == call.caller.tag && known.callee.tag == call.callee.tag
        });
        let at = known.unwrap_or_else(|| {
            calls.push(call);
            calls.len() - 1
        });
        &mut calls[at]
    }

    /// The call that a message belongs to, and the side that sent it.
    pub(super) fn find(&mut self, id: &DialogId) -> Option<(&mut Call, Side)> {
        self.calls.get_mut(&id.call_id)?.iter_mut().find_map(|call| {
            let (from, to) = (&id.from_tag, &id.to_tag);
            if call.caller.tag == *from && call.callee.tag == *to {
                Some((call, Side::Caller))
            } else if call.callee.tag == *from && call.caller.tag == *to {
                Some((call, Side::Callee))
            } else {
                None
            }
        })
    }

    /// The INVITE came to nothing: what rang is over.
    pub(super) fn drop_early(&mut self, call_id: &str, caller_tag: &str) {
        if let Some(calls) = self.calls.get_mut(call_id) {
            calls.retain(|call| call.state != State::Early || call.caller.tag != caller_tag);
        }
        self.calls.retain(|_, calls| !calls.is_empty());
    }

    /// Calls that a seat made and that are up.
    pub(super) fn count(&self, seat: &str) -> usize {
        let calls = self.calls.values().flatten();
        calls.filter(|call| matches!(call.state, State::Up(_)) && call.caller.seat == seat).count()
    }

    /// The calls of a seat that ring or are up, as a watcher sees them.
    pub(super) fn of_seat(&self, seat: &str) -> impl Iterator<Item = Sight> {
        self.calls.iter().flat_map(move |(id, calls)| {
            let live = calls.iter().filter(|call| !call.is_over());
            live.flat_map(move |call| {
                let is_up = matches!(call.state, State::Up(_));
                let sides =
                    [(&call.caller, &call.callee, true), (&call.callee, &call.caller, false)];
                sides
                    .into_iter()
                    .filter(move |(own, ..)| own.seat == seat)
                    .map(move |(_, other, is_caller)| sight(id, is_caller, is_up, &other.address))
            })
        })
    }

    pub(super) fn flow_lost(&mut self, flow: FlowId, now: Time) {
        for call in self.calls.values_mut().flatten() {
            for party in [&mut call.caller, &mut call.callee] {
                if party.presence == Presence::Here(flow) {
                    party.presence = Presence::gone(now);
                }
            }
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Time> {
        self.calls.values().flatten().filter_map(Call::due).min()
    }

    pub(super) fn on_timeout(&mut self, signalling: &mut Signalling) {
        let now = signalling.now;
        for (call_id, calls) in &mut self.calls {
            calls.retain_mut(|call| {
                if call.due().is_none_or(|due| due > now) {
                    return true;
                }
                if let State::Up(limit) = call.state {
                    let reason = if limit.is_some_and(|limit| limit <= now) {
                        "SIP;cause=403;text=\"The allowed time is over\""
                    } else {
                        "SIP;cause=480;text=\"The other side is gone\""
                    };
                    tracing::info!(call_id, reason, "call ended by the gateway");
                    call.farewell(signalling, call_id, reason);
                    call.hang_up(now);
                    return true;
                }
                false
            });
        }
        self.calls.retain(|_, calls| !calls.is_empty());
    }
}

/// How long a call waits for a party whose flow is gone.
const PATIENCE: Duration = Duration::from_secs(25);
/// How long a call is known after its BYE.
const LINGER: Duration = Duration::from_secs(32);
