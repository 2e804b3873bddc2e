//! The registrar and location service (RFC 3261 §10).

use std::time::Duration;

use super::{Leg, Net, Proxy, bare, is_authorised};
use crate::sip::{Message, Method, Reply};
use crate::time::Time;

/// Where somebody can be reached.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    pub(super) aor: String,
    pub(super) contact: String,
    pub(super) leg: Leg,
    until: Time,
}

impl Proxy {
    pub(super) fn on_register(&mut self, net: &mut Net<'_>, from: Leg, message: &Message<'_>) {
        if net.chance.happens(net.faults.refuse) {
            net.counts.refused += 1;
            let status = net.chance.pick(&[403, 408, 500, 503]).copied().unwrap_or(500);
            return self.refuse(net, from, message, status);
        }
        if self.habits.asks_for_credentials && !is_authorised(message) {
            return self.challenge(net, from, message, 401);
        }
        let aor = message.to().map(|to| bare(to.uri_text()).to_owned()).unwrap_or_default();
        let expires = message.expires().ok().flatten().unwrap_or(600);
        let contacts = message.contacts().unwrap_or_default();
        for contact in &contacts {
            let uri = contact.uri_text();
            self.bindings.retain(|it| it.aor != aor || it.contact != uri && !contact.is_star());
            let expires = contact.expires().unwrap_or(expires);
            if expires > 0 && !contact.is_star() {
                let until = net.now + Duration::from_secs(expires.into());
                let (aor, contact) = (aor.clone(), uri.to_owned());
                self.bindings.push(Binding { aor, contact, leg: from, until });
            }
        }
        self.last += 1;
        let mut response = Reply::of(message).tag(&format!("proxy{}", self.last)).response(200);
        for binding in self.bindings.iter().filter(|binding| binding.aor == aor) {
            let left = binding.until.since(net.now).as_secs();
            response.headers.push("Contact", format!("<{}>;expires={left}", binding.contact));
        }
        net.respond(from, &response);
    }

    /// Where a request is to go: to every phone of an address, or to the one of a Contact.
    pub(super) fn targets(
        &mut self,
        net: &Net<'_>,
        uri: &str,
        method: &Method,
        from: Leg,
    ) -> Vec<Binding> {
        let now = net.now;
        self.bindings.retain(|binding| binding.until > now);
        let aor = bare(uri);
        let up = |binding: &&Binding| net.up.contains(&binding.leg);
        let mut found: Vec<Binding> = self
            .bindings
            .iter()
            .filter(up)
            .filter(|binding| binding.aor == aor && binding.leg.0 != from.0)
            .cloned()
            .collect();
        if found.is_empty() {
            let known =
                self.heard_on.iter().find(|heard| heard.0 == aor && net.up.contains(&heard.1));
            let binding = |heard: &(String, Leg)| Binding {
                aor: String::new(),
                contact: uri.to_owned(),
                leg: heard.1,
                until: now,
            };
            found.extend(known.map(binding));
        } else if *method != Method::Invite {
            found.drain(..found.len() - 1);
        }
        found
    }
}
