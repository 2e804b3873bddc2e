//! New requests: whom they are for, whether they may, and on to every contact.

use cc_sdk::sip::{Message, Method, Request, Uri, unescape};

use super::Switch;
use super::gate::{Denied, Role};
use super::service::number::Number;
use super::signalling::{Arrival, Signalling};
use crate::tokens::{Grant, Profile};

/// Whom a Request-URI names.
enum Target {
    /// A service number.
    Service(Number),
    /// Somebody, whether or not they can be reached now.
    Seat(Profile),
    /// Nobody here.
    Nobody,
}

impl Switch {
    pub(super) fn on_new_request(&mut self, arrival: Arrival<'_>) {
        let Arrival { server, message, .. } = arrival;
        let (Some(method), Some(uri)) = (message.method(), message.request_uri()) else { return };
        if let Some(unsupported) = message.header("Proxy-Require") {
            let mut response = self.signalling.reply(message).response(420);
            response.headers.push("Unsupported", unsupported);
            return self.signalling.respond(server, &response);
        }
        if message.max_forwards() == Ok(Some(0)) {
            return self.signalling.refuse(arrival, 483);
        }
        if message.to().is_ok_and(|to| to.tag().is_some()) {
            return self.on_in_dialog(arrival);
        }
        match (method, Uri::parse(uri)) {
            (Method::Register, _) => self.on_register(arrival),
            (Method::Bye | Method::Update | Method::Prack | Method::Info, _) => {
                self.signalling.refuse(arrival, 481);
            }
            (_, Err(_)) => self.signalling.refuse(arrival, 416),
            (method, Ok(uri)) if uri.user().is_none() => {
                self.answer_for_ourselves(arrival, &method);
            }
            (method, Ok(uri)) => self.let_through(arrival, &method, &uri),
        }
    }

    /// What is asked of the gateway itself: OPTIONS, as a sign of life.
    fn answer_for_ourselves(&mut self, arrival: Arrival<'_>, method: &Method) {
        let Arrival { server, message, .. } = arrival;
        let is_options = *method == Method::Options;
        let status = if is_options { 200 } else { 405 };
        let mut response = self.signalling.reply(message).response(status);
        let allow = if is_options { ALLOWED } else { "OPTIONS, REGISTER" };
        response.headers.push("Allow", allow).push("Supported", "outbound");
        self.signalling.respond(server, &response);
    }

    /// Checks who asks and for whom, and sends the request on its way.
    fn let_through(&mut self, arrival: Arrival<'_>, method: &Method, uri: &Uri<'_>) {
        let Arrival { server, message, .. } = arrival;
        let now = self.signalling.unix_seconds();
        let grant = match self.gate.check(now, message, Role::Proxy) {
            Ok(grant) => grant,
            Err(why) => return self.challenge(arrival, Role::Proxy, why),
        };
        if !self.gate.spend(now, &grant, method) {
            tracing::warn!(seat = grant.seat, "a one-time token that was used, or not for a call");
            return self.signalling.refuse(arrival, 403);
        }
        if !self.is_from(message, &grant) {
            tracing::warn!(seat = grant.seat, "a request in somebody else's name");
            return self.signalling.refuse(arrival, 403);
        }
        let target = self.target(uri);
        let number = uri.user().map(unescape).unwrap_or_default();
        let names = match &target {
            Target::Seat(seat) => vec![&*number, &seat.name, seat.number.as_deref().unwrap_or("")],
            Target::Service(_) | Target::Nobody => vec![&*number],
        };
        if !grant.calls_to(&names) {
            tracing::warn!(seat = grant.seat, "not allowed to call there");
            return self.signalling.refuse(arrival, 403);
        }
        if *method == Method::Invite && !self.has_room(&grant) {
            tracing::warn!(seat = grant.seat, "too many calls at once");
            let mut response = self.signalling.reply(message).response(503);
            response.headers.push("Retry-After", "30");
            return self.signalling.respond(server, &response);
        }
        if let Some(waiting) = grant.once.as_ref().and_then(|once| once.pickup.as_deref()) {
            return self.services.pick_up(&mut self.signalling, arrival, waiting, &grant);
        }
        match target {
            Target::Nobody => self.signalling.refuse(arrival, 404),
            Target::Service(number) => {
                self.services.on_request(&mut self.signalling, arrival, number, &grant);
            }
            Target::Seat(seat) if matches!(method, Method::Subscribe | Method::Publish) => {
                self.on_event_request(arrival, &seat.name, &grant);
            }
            Target::Seat(callee) => self.fork(arrival, &callee, &grant),
        }
    }

    /// Sends a request to every contact of a seat.
    fn fork(&mut self, arrival: Arrival<'_>, callee: &Profile, grant: &Grant) {
        let Arrival { flow, message, .. } = arrival;
        let is_invite = message.method() == Some(Method::Invite);
        let all = self.registrar.bindings(&callee.name);
        let bindings = all.iter().enumerate().filter(|(at, binding)| {
            let has_newer = all[at + 1..].iter().any(|newer| newer.is_same_phone(binding));
            !has_newer && binding.flow != flow && (!is_invite || binding.grant.takes_calls())
        });
        let requests = bindings.filter_map(|(_, binding)| {
            let mut request = forwarded(&self.signalling, message)?;
            request.uri.clone_from(&binding.uri);
            if message.header("Privacy").is_none() {
                let asserted = format!("<sip:{}@{}>", grant.seat, self.gate.authority.domain);
                request.headers.push("P-Asserted-Identity", asserted);
            }
            Some((binding.flow, request))
        });
        let requests: Vec<_> = requests.collect();
        if requests.is_empty() {
            return self.signalling.refuse(arrival, 480);
        }
        tracing::info!(
            from = grant.seat,
            to = callee.name,
            contacts = requests.len(),
            method = message.method().as_ref().map(Method::as_str),
            "request passes"
        );
        self.passages.begin(&mut self.signalling, arrival, grant, &callee.name, requests);
    }

    /// Asks for a credential; one that was wrong counts as garbage, against guessing.
    pub(super) fn challenge(&mut self, arrival: Arrival<'_>, role: Role, why: Denied) {
        let Arrival { flow, server, message } = arrival;
        let now = self.signalling.unix_seconds();
        let mut response = self.signalling.reply(message).response(role.status());
        self.gate.challenge(now, &mut response, role, why);
        self.signalling.respond(server, &response);
        if why == Denied::Wrong {
            tracing::warn!(flow = flow.0, "a wrong credential");
            self.punish(flow);
        }
    }

    /// From is the seat's own, or says nothing (RFC 3323 §4.1.1.3).
    fn is_from(&self, message: &Message<'_>, grant: &Grant) -> bool {
        message.from().is_ok_and(|from| {
            let anonymous = from.uri().is_ok_and(|uri| {
                uri.user() == Some("anonymous") && uri.host() == "anonymous.invalid"
            });
            anonymous || self.gate.is_seat(&from, &grant.seat)
        })
    }

    fn target(&self, uri: &Uri<'_>) -> Target {
        let ours = !uri.is_sip() || uri.host().eq_ignore_ascii_case(&self.gate.authority.domain);
        let is_tel = uri.scheme().eq_ignore_ascii_case("tel");
        let Some(user) = uri.user().filter(|_| ours && (uri.is_sip() || is_tel)) else {
            return Target::Nobody;
        };
        let user = unescape(user);
        if let Some(number) = Number::dialled(&user) {
            return Target::Service(number);
        }
        self.gate.authority.seats.dialled(&user).map_or(Target::Nobody, Target::Seat)
    }

    /// The seat has fewer calls than its credential allows at once.
    fn has_room(&self, grant: &Grant) -> bool {
        let Some(most) = grant.calls() else { return true };
        let calls = self.calls.count(&grant.seat)
            + self.passages.count(&grant.seat)
            + self.services.count(&grant.seat);
        calls < usize::try_from(most).unwrap_or(usize::MAX)
    }
}

/// A request as it travels on: one hop fewer to go, our route in it, and nothing that is for us
/// alone, credentials above all.
pub(super) fn forwarded(signalling: &Signalling, message: &Message<'_>) -> Option<Request> {
    let mut request = message.to_request()?;
    for name in [
        "Authorization",
        "Proxy-Authorization",
        "Route",
        "P-Asserted-Identity",
        "P-Preferred-Identity",
    ] {
        request.headers.remove_all(name);
    }
    let hops = message.max_forwards().ok().flatten().unwrap_or(71).saturating_sub(1);
    request.headers.set("Max-Forwards", hops.min(70).to_string());
    if message.to().is_ok_and(|to| to.tag().is_none()) {
        request.headers.push_front("Record-Route", signalling.record_route());
    }
    Some(request)
}

const ALLOWED: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, INFO, MESSAGE, UPDATE, PRACK, \
                       REFER, SUBSCRIBE, NOTIFY, PUBLISH";
