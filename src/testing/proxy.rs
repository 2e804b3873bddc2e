//! A registrar and proxy: forks, asks for credentials, and forgets everything when restarted.

mod fork;
mod registrar;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::agent::FlowId;
use crate::sip::{Message, Method, Reply, Request, Response};
use crate::time::Time;

use super::PhoneId;
use super::chance::Chance;
use super::faults::{FaultCounts, Faults};
use fork::{Branch, Context};
use registrar::Binding;

/// One phone's connection.
pub(super) type Leg = (PhoneId, FlowId);

/// The domain that the proxy is responsible for.
pub(super) const DOMAIN: &str = "example.com";

/// A proxy between browsers (RFC 3261 §16, RFC 7118).
#[derive(Debug, Default)]
pub(super) struct Proxy {
    pub(super) habits: Habits,
    bindings: Vec<Binding>,
    /// Which connection a Contact was last heard on: dialogs outlive registrations.
    heard_on: Vec<(String, Leg)>,
    contexts: BTreeMap<u64, Context>,
    /// Numbers contexts, branches and nonces.
    last: u64,
}

/// What servers do differently.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Habits {
    /// REGISTER and calls need credentials.
    pub(super) asks_for_credentials: bool,
    /// A double CRLF is not answered.
    pub(super) ignores_crlf: bool,
    /// Dialogs do not pass by the proxy: no Record-Route.
    pub(super) leaves_dialogs: bool,
}

/// What the proxy is lent for one step.
pub(super) struct Net<'a> {
    pub(super) now: Time,
    pub(super) chance: &'a mut Chance,
    pub(super) faults: &'a Faults,
    pub(super) counts: &'a mut FaultCounts,
    /// What it says.
    pub(super) out: &'a mut Vec<(Leg, Vec<u8>)>,
    /// Connections that are up.
    pub(super) up: &'a [Leg],
}

impl Net<'_> {
    fn request(&mut self, to: Leg, request: &Request) {
        if let Ok(bytes) = request.to_bytes() {
            self.out.push((to, bytes));
        }
    }

    fn respond(&mut self, to: Leg, response: &Response) {
        if let Ok(bytes) = response.to_bytes() {
            self.out.push((to, bytes));
        }
    }
}

impl Proxy {
    /// A frame that a phone sent.
    pub(super) fn hears(&mut self, net: &mut Net<'_>, from: Leg, frame: &[u8]) {
        if frame == b"\r\n\r\n" {
            if !self.habits.ignores_crlf {
                net.out.push((from, b"\r\n".to_vec()));
            }
            return;
        }
        let Ok(message) = Message::parse(frame) else { return };
        if message.check().is_err() {
            return;
        }
        self.note_contact(from, &message);
        match message.method() {
            None => self.on_response(net, from, &message),
            Some(Method::Register) => self.on_register(net, from, &message),
            Some(Method::Cancel) => self.on_cancel(net, from, &message),
            Some(Method::Ack) => self.on_ack(net, from, &message),
            Some(method) => self.on_request(net, from, &message, &method),
        }
    }

    /// A connection is gone: what it had registered stays until it expires, as with most servers,
    /// or goes with it; INVITEs that rang there have no answer.
    pub(super) fn on_closed(&mut self, net: &mut Net<'_>, leg: Leg) {
        self.heard_on.retain(|heard| heard.1 != leg);
        if net.chance.happens(500) {
            self.bindings.retain(|binding| binding.leg != leg);
        }
        let waiting: Vec<u64> = self.contexts.keys().copied().collect();
        for id in waiting {
            self.lose_branches(net, id, |branch| branch.leg == leg);
        }
    }

    /// Everything is forgotten.
    pub(super) fn restart(&mut self) {
        self.bindings.clear();
        self.heard_on.clear();
        self.contexts.clear();
    }

    /// When [`on_timeout`](Self::on_timeout) is due.
    pub(super) fn next_timeout(&self) -> Option<Time> {
        self.contexts.values().map(Context::deadline).min()
    }

    /// INVITEs that rang too long (Timer C) are given up, what is over is forgotten.
    pub(super) fn on_timeout(&mut self, net: &mut Net<'_>) {
        let due: Vec<u64> = self
            .contexts
            .iter()
            .filter(|(_, context)| context.deadline() <= net.now)
            .map(|(id, _)| *id)
            .collect();
        for id in due {
            self.lose_branches(net, id, |_| true);
            self.contexts.remove(&id);
        }
    }

    fn note_contact(&mut self, from: Leg, message: &Message<'_>) {
        let contacts = message.contacts().unwrap_or_default();
        let Some(contact) = contacts.first().filter(|contact| !contact.is_star()) else { return };
        let contact = bare(contact.uri_text());
        match self.heard_on.iter_mut().find(|heard| heard.0 == contact) {
            Some(heard) => heard.1 = from,
            None => self.heard_on.push((contact.to_owned(), from)),
        }
    }

    fn on_request(&mut self, net: &mut Net<'_>, from: Leg, message: &Message<'_>, method: &Method) {
        if self.is_repeated(from, message) {
            return;
        }
        let hops = message.max_forwards().ok().flatten().unwrap_or(70);
        let is_fresh = message.to().is_ok_and(|to| to.tag().is_none());
        let uri = message.request_uri().unwrap_or_default();
        if hops == 0 {
            return self.refuse(net, from, message, 483);
        }
        if net.chance.happens(net.faults.refuse) {
            net.counts.refused += 1;
            let status = net.chance.pick(REFUSALS).copied().unwrap_or(500);
            return self.refuse(net, from, message, status);
        }
        if *method == Method::Options && user_of(uri).is_empty() {
            return self.refuse(net, from, message, 200);
        }
        if is_fresh && self.habits.asks_for_credentials && !is_authorised(message) {
            return self.challenge(net, from, message, 407);
        }
        if let (true, Ok(status)) = (is_fresh, user_of(uri).parse::<u16>()) {
            return self.play_number(net, from, message, status);
        }
        if *method == Method::Invite {
            net.respond(from, &Reply::of(message).response(100));
        }
        let targets = self.targets(net, uri, method, from);
        if targets.is_empty() {
            let status = if is_fresh { 404 } else { 430 };
            return self.refuse(net, from, message, status);
        }
        net.counts.forked += u64::from(targets.len() > 1);
        self.forward(net, from, message, &targets);
    }

    /// A number that is a status answers with it; 100 never answers, 302 points to bob.
    fn play_number(&mut self, net: &mut Net<'_>, from: Leg, message: &Message<'_>, status: u16) {
        let mut reply = Reply::of(message);
        self.last += 1;
        let mut response = reply.tag(&format!("proxy{}", self.last)).response(status);
        match status {
            300..=399 => {
                response.headers.push("Contact", format!("<sip:bob@{DOMAIN}>"));
            }
            401 | 407 => return self.challenge(net, from, message, status),
            200..=299 | 700.. => response = reply.response(404),
            _ => {}
        }
        net.respond(from, &response);
    }

    fn forward(&mut self, net: &mut Net<'_>, from: Leg, message: &Message<'_>, to: &[Binding]) {
        let Some(mut request) = message.to_request() else { return };
        request.headers.remove_all("Authorization");
        request.headers.remove_all("Proxy-Authorization");
        while request.headers.get("Route").is_some_and(is_ours) {
            request.headers.remove_first("Route");
        }
        let hops = message.max_forwards().ok().flatten().unwrap_or(70).saturating_sub(1);
        request.headers.set("Max-Forwards", hops.to_string());
        if makes_dialog(&request.method) && !self.habits.leaves_dialogs {
            request.headers.push_front("Record-Route", RECORD_ROUTE);
        }
        let mut branches = Vec::new();
        for binding in to {
            self.last += 1;
            let mut copy = request.clone();
            copy.uri.clone_from(&binding.contact);
            let via = format!("SIP/2.0/WSS proxy.{DOMAIN};branch=z9hG4bKsim{}", self.last);
            copy.headers.push_front("Via", via);
            net.request(binding.leg, &copy);
            branches.push(Branch::new(self.last, binding.leg, copy));
        }
        if request.method != Method::Ack {
            self.last += 1;
            let context = Context::new(net.now, from, branch_of(message), request, branches);
            self.contexts.insert(self.last, context);
        }
    }

    fn refuse(&mut self, net: &mut Net<'_>, from: Leg, message: &Message<'_>, status: u16) {
        self.last += 1;
        let response = Reply::of(message).tag(&format!("proxy{}", self.last)).response(status);
        net.respond(from, &response);
    }

    fn challenge(&mut self, net: &mut Net<'_>, from: Leg, message: &Message<'_>, status: u16) {
        self.last += 1;
        let mut response = Reply::of(message).tag(&format!("proxy{}", self.last)).response(status);
        let name = if status == 401 { "WWW-Authenticate" } else { "Proxy-Authenticate" };
        let challenge =
            format!("Digest realm=\"{DOMAIN}\", nonce=\"n{}\", qop=\"auth\"", self.last);
        response.headers.push(name, challenge);
        net.respond(from, &response);
    }
}

/// The branch of the Via on top.
fn branch_of(message: &Message<'_>) -> String {
    let via = message.via().ok();
    via.and_then(|via| via.branch().map(std::borrow::Cow::into_owned)).unwrap_or_default()
}

/// `bob` of `sip:bob@example.com;x=y`.
fn user_of(uri: &str) -> &str {
    let address = uri.split_once(':').map_or(uri, |(_, address)| address);
    address.split_once('@').map_or("", |(user, _)| user)
}

/// `sip:bob@example.com` of the same with parameters.
fn bare(uri: &str) -> &str {
    uri.split([';', '?']).next().unwrap_or_default()
}

fn is_ours(route: &str) -> bool {
    route.contains("proxy.example.com")
}

fn is_authorised(message: &Message<'_>) -> bool {
    message.header("Authorization").is_some() || message.header("Proxy-Authorization").is_some()
}

const fn makes_dialog(method: &Method) -> bool {
    matches!(method, Method::Invite | Method::Subscribe | Method::Refer)
}

const RECORD_ROUTE: &str = "<sip:proxy.example.com;transport=ws;lr>";
/// What a server in trouble says.
const REFUSALS: &[u16] = &[403, 404, 408, 480, 481, 486, 491, 500, 503, 504, 600, 603];
/// How long an INVITE may ring (RFC 3261 §16.6, Timer C).
const TIMER_C: Duration = Duration::from_secs(181);
