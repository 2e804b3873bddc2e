//! The registrar, RFC 3261 §10.3 with the outbound bindings of RFC 5626 §6.

use std::collections::HashMap;
use std::fmt::Write;
use std::time::Duration;

use cc_sdk::sip::{Message, NameAddr};
use cc_sdk::{FlowId, Time};

use super::Switch;
use super::gate::Role;
use super::signalling::Arrival;
use crate::tokens::{By, Grant};

/// Where seats can be reached.
#[derive(Debug)]
pub(super) struct Registrar {
    bindings: HashMap<String, Vec<Binding>>,
    most: usize,
}

/// A contact of a seat, and the flow that leads to it.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    /// The Contact's URI.
    pub(super) uri: String,
    pub(super) flow: FlowId,
    /// What it was registered with.
    pub(super) grant: Grant,
    /// `+sip.instance` and `reg-id`, where both were given.
    outbound: Option<(String, String)>,
    /// The Contact's parameters but `expires`, for the answer.
    params: String,
    call_id: String,
    cseq: u32,
    expires_at: Time,
}

/// Why a REGISTER is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// A Contact that cannot be read, or `*` with something beside it.
    BadContact,
    /// An earlier `CSeq` than one that was taken.
    OutOfOrder,
    /// A lifetime that is too short.
    TooBrief,
}

impl Registrar {
    /// At most `most` contacts a seat.
    pub(super) fn new(most: usize) -> Self {
        Self { bindings: HashMap::new(), most: most.max(1) }
    }

    /// Where a seat can be reached.
    pub(super) fn bindings(&self, seat: &str) -> &[Binding] {
        self.bindings.get(seat).map_or(&[], Vec::as_slice)
    }

    /// The flow that now leads to this contact.
    pub(super) fn flow_of(&self, seat: &str, contact: &str) -> Option<FlowId> {
        self.bindings(seat).iter().find(|binding| binding.uri == contact).map(|found| found.flow)
    }

    /// The seat that has this contact, and the flow that leads to it.
    pub(super) fn owner_of(&self, contact: &str) -> Option<(&str, FlowId)> {
        self.bindings.iter().find_map(|(seat, bindings)| {
            let binding = bindings.iter().find(|binding| binding.uri == contact)?;
            Some((seat.as_str(), binding.flow))
        })
    }

    /// A page that is gone is not rung.
    pub(super) fn flow_lost(&mut self, flow: FlowId) {
        self.retain(|binding| binding.flow != flow);
    }

    pub(super) fn expire(&mut self, now: Time) {
        self.retain(|binding| binding.expires_at > now);
    }

    pub(super) fn next_timeout(&self) -> Option<Time> {
        self.bindings.values().flatten().map(|binding| binding.expires_at).min()
    }

    fn retain(&mut self, keep: impl Fn(&Binding) -> bool) {
        for bindings in self.bindings.values_mut() {
            bindings.retain(&keep);
        }
        self.bindings.retain(|_, bindings| !bindings.is_empty());
    }

    /// Takes the contacts of a REGISTER that was let in: all or none.
    fn update(
        &mut self,
        now: Time,
        flow: FlowId,
        grant: &Grant,
        message: &Message<'_>,
    ) -> Result<(), Refusal> {
        let contacts = message.contacts().map_err(|_| Refusal::BadContact)?;
        let expires = message.expires().ok().flatten();
        let call_id = message.call_id().map_err(|_| Refusal::BadContact)?.into_owned();
        let cseq = message.cseq().map_err(|_| Refusal::BadContact)?.number;
        let mut bindings = self.bindings(&grant.seat).to_vec();
        if contacts.iter().any(NameAddr::is_star) {
            if contacts.len() > 1 || expires != Some(0) {
                return Err(Refusal::BadContact);
            }
            bindings.clear();
        }
        for contact in contacts.iter().filter(|contact| !contact.is_star()) {
            let seconds = contact.expires().or(expires).unwrap_or(DEFAULT_SECONDS);
            if (1..MIN_SECONDS).contains(&seconds) {
                return Err(Refusal::TooBrief);
            }
            let seconds = u64::from(seconds.min(MAX_SECONDS));
            let left = grant.expires_at.map(|end| end.saturating_sub(now.since_epoch().as_secs()));
            let expires_at = now + Duration::from_secs(seconds.min(left.unwrap_or(seconds)));
            let new = Binding {
                uri: contact.uri_text().to_owned(),
                flow,
                grant: grant.clone(),
                outbound: outbound(contact),
                params: params(contact),
                call_id: call_id.clone(),
                cseq,
                expires_at,
            };
            let same = bindings.iter().position(|old| old.is_same(&new));
            let old = same.map(|at| bindings.swap_remove(at));
            if old.is_some_and(|old| old.call_id == call_id && old.cseq >= cseq) {
                return Err(Refusal::OutOfOrder);
            }
            if seconds > 0 {
                bindings.push(new);
            }
        }
        // A new token kicks what its predecessors registered.
        bindings.retain(|binding| !binding.grant.is_replaced_by(grant));
        // The page that was opened first makes room.
        let surplus = bindings.len().saturating_sub(self.most);
        bindings.drain(..surplus);
        self.bindings.insert(grant.seat.clone(), bindings);
        self.expire(now);
        Ok(())
    }
}

impl Binding {
    /// The same instance and flow number (RFC 5626 §6), or the same URI.
    fn is_same(&self, other: &Self) -> bool {
        match (&self.outbound, &other.outbound) {
            (Some(own), Some(others)) => own == others,
            _ => self.uri == other.uri,
        }
    }

    /// Another flow of the same phone: a request goes to one of them (RFC 5626 §5.1).
    pub(super) fn is_same_phone(&self, other: &Self) -> bool {
        match (&self.outbound, &other.outbound) {
            (Some((own, _)), Some((others, _))) => own == others,
            _ => false,
        }
    }

    /// The Contact as the answer lists it.
    fn listed(&self, now: Time) -> String {
        let left = self.expires_at.since(now).as_secs();
        format!("<{}>{};expires={left}", self.uri, self.params)
    }
}

impl Grant {
    /// Both are opaque tokens of one seat, and the other is newer.
    fn is_replaced_by(&self, other: &Self) -> bool {
        matches!((self.by, other.by),
            (By::Opaque { issued: old }, By::Opaque { issued: new }) if old < new)
    }
}

impl Switch {
    /// Answers a REGISTER.
    pub(super) fn on_register(&mut self, arrival: Arrival<'_>) {
        let Arrival { flow, server, message } = arrival;
        let now = self.signalling.unix_seconds();
        let grant = match self.gate.check(now, message, Role::Registrar) {
            Ok(grant) => grant,
            Err(why) => return self.challenge(arrival, Role::Registrar, why),
        };
        if grant.once.is_some() || !self.may_register(&grant, message) {
            tracing::warn!(seat = grant.seat, "REGISTER for somebody else");
            return self.signalling.refuse(arrival, 403);
        }
        let update = self.registrar.update(self.signalling.now, flow, &grant, message);
        let mut response = self.signalling.reply(message).response(match update {
            Ok(()) => 200,
            Err(Refusal::BadContact) => 400,
            Err(Refusal::OutOfOrder) => 500,
            Err(Refusal::TooBrief) => 423,
        });
        if update == Err(Refusal::TooBrief) {
            response.headers.push("Min-Expires", MIN_SECONDS.to_string());
        }
        if update.is_ok() {
            let bindings = self.registrar.bindings(&grant.seat);
            for binding in bindings {
                response.headers.push("Contact", binding.listed(self.signalling.now));
            }
            if bindings.iter().any(|binding| binding.flow == flow && binding.outbound.is_some()) {
                response.headers.push("Require", "outbound");
            }
            response.headers.push("Supported", "outbound");
            tracing::info!(
                seat = grant.seat,
                flow = flow.0,
                contacts = bindings.len(),
                "registered"
            );
            self.flows.registered(flow, grant);
        }
        self.signalling.respond(server, &response);
    }

    /// Only oneself, and with a token only under one's own name.
    fn may_register(&self, grant: &Grant, message: &Message<'_>) -> bool {
        let own = |address: &NameAddr<'_>| self.gate.is_seat(address, &grant.seat);
        let named = |contact: &NameAddr<'_>| {
            contact.is_star() || contact.uri().is_ok_and(|uri| uri.user() == Some(&grant.seat))
        };
        message.from().is_ok_and(|from| own(&from))
            && message.to().is_ok_and(|to| own(&to))
            && (grant.by == By::Digest
                || message.contacts().is_ok_and(|contacts| contacts.iter().all(named)))
    }
}

/// `+sip.instance` and `reg-id`, where both are given.
fn outbound(contact: &NameAddr<'_>) -> Option<(String, String)> {
    let instance = contact.param("+sip.instance")?.into_owned();
    Some((instance, contact.param("reg-id")?.into_owned()))
}

/// Everything behind the URI but `expires`, as it is listed in the answer.
fn params(contact: &NameAddr<'_>) -> String {
    let mut text = String::new();
    for name in ["+sip.instance", "reg-id", "q"] {
        if let Some(value) = contact.param(name) {
            let quote = if name == "+sip.instance" { "\"" } else { "" };
            // Writing to a String cannot fail.
            let _ = write!(text, ";{name}={quote}{value}{quote}");
        }
    }
    text
}

const DEFAULT_SECONDS: u32 = 600;
const MIN_SECONDS: u32 = 60;
const MAX_SECONDS: u32 = 3600;
