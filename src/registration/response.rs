//! What a registrar answers, and what follows from it.

use std::time::Duration;

use super::retry::retry_after;
use super::{Failure, LONGEST, Outbound, Purpose, Registration, State, Verdict, registrar};
use crate::account::Account;
use crate::auth::{Attempts, Challenged, Refusal};
use crate::call::places;
use crate::identity::Identity;
use crate::line::Step;
use crate::link::back_off;
use crate::sip::{Message, Method, NameAddr, Uri, printable};
use crate::text::{before, has};
use crate::time::Time;

impl Registration {
    /// Takes the answer to the REGISTER that is out.
    pub(crate) fn on_response(
        &mut self,
        step: &mut Step<'_>,
        identity: &mut Identity,
        response: &Message<'_>,
    ) -> Option<Verdict> {
        let State::Sent { id, purpose, attempts, then, .. } = &self.state else { return None };
        let (id, purpose, mut attempts, then) = (*id, *purpose, *attempts, *then);
        let status = response.status().filter(|status| *status >= 200)?;
        if !response.cseq().is_ok_and(|cseq| cseq.number == self.cseq) {
            return None;
        }
        let accepted = matches!(status, 200..=299);
        if let Some(next) = then {
            if accepted && purpose == Purpose::Bind {
                self.accept(step, identity, response);
            }
            self.send(step, identity, next, Attempts::default());
            return None;
        }
        match (purpose, status) {
            (_, 401 | 407) => {
                let sent = id.and_then(|id| step.transactions.sent(id));
                let challenged = sent.map_or(Challenged::GiveUp(Refusal::NoChallenge), |sent| {
                    identity.auth.on_challenge(sent, response, &mut attempts)
                });
                match challenged {
                    Challenged::Retry => {
                        self.send(step, identity, purpose, attempts);
                        None
                    }
                    Challenged::GiveUp(_) if purpose == Purpose::Unbind => {
                        Some(self.unbound(identity))
                    }
                    Challenged::GiveUp(refusal) => {
                        Some(self.give_up(step.now, &identity.account, refusal, status))
                    }
                }
            }
            (Purpose::Unbind, _) => Some(self.unbound(identity)),
            (Purpose::Bind, 200..=299) => {
                Some(Verdict::Bound(self.accept(step, identity, response)))
            }
            (Purpose::Bind, _) => self.on_refusal(step, identity, response, attempts),
        }
    }

    fn on_refusal(
        &mut self,
        step: &mut Step<'_>,
        identity: &mut Identity,
        response: &Message<'_>,
        mut attempts: Attempts,
    ) -> Option<Verdict> {
        let min_expires = response.min_expires().ok().flatten().unwrap_or_default();
        let wished = self.wished(identity);
        match response.status().unwrap_or_default() {
            423 if (wished + 1..=LONGEST).contains(&min_expires) && attempts.once_more() => {
                self.min_expires = min_expires;
                self.send(step, identity, Purpose::Bind, attempts);
                None
            }
            300..=399 if self.move_on(identity, response) && attempts.once_more() => {
                self.send(step, identity, Purpose::Bind, attempts);
                None
            }
            439 if self.outbound == Outbound::Offered => {
                self.outbound = Outbound::Unsupported;
                self.send(step, identity, Purpose::Bind, attempts);
                None
            }
            408 | 429 | 480 | 500..=599 => {
                let told = retry_after(response, step.now, LONGEST).unwrap_or_default();
                self.failures = self.failures.saturating_add(1);
                let wait = back_off(step.ids, self.failures);
                let jitter = Duration::from_millis(step.ids.below(1 + told * 250).into());
                let wait = wait.max(Duration::from_secs(told.into()) + jitter);
                self.state = State::Resting { until: step.now + wait };
                Some(Verdict::Busy(Failure::of("server-error", response)))
            }
            403 | 404 | 410 | 604 => {
                self.state = State::Refused;
                let code =
                    expired_or(step.now, &identity.account, credential_code(&identity.account));
                Some(Verdict::Refused(Failure::of(code, response)))
            }
            _ => {
                self.state = State::Refused;
                Some(Verdict::Refused(Failure::of("server-error", response)))
            }
        }
    }

    fn give_up(&mut self, now: Time, account: &Account, refusal: Refusal, status: u16) -> Verdict {
        self.state = State::Refused;
        let code = expired_or(now, account, refusal.code());
        Verdict::Refused(Failure { status: Some(status), ..Failure::new(code, refusal.text()) })
    }

    /// Takes a 2xx in; gives the lifetime that it grants.
    fn accept(
        &mut self,
        step: &mut Step<'_>,
        identity: &mut Identity,
        response: &Message<'_>,
    ) -> u32 {
        let granted = self
            .granted(identity, response)
            .unwrap_or_else(|| self.wished(identity))
            .clamp(SHORTEST, LONGEST);
        let lifetime = Duration::from_secs(granted.into());
        // Between 70 and 85 %, so that many phones do not come at the same moment.
        let part = 70 + step.ids.below(16);
        self.failures = 0;
        self.bound_until = Some(step.now + lifetime);
        self.state = State::Bound { refresh_at: step.now + lifetime * part / 100 };
        self.flow_timer = response.header("Flow-Timer").and_then(|seconds| seconds.parse().ok());
        let routes = response.service_routes().unwrap_or_default();
        let routes = routes.iter().filter(|it| it.as_str().len() <= LONGEST_URI).take(MOST_ROUTES);
        identity.service_route = routes.map(|route| route.as_str().to_owned()).collect();
        identity.auth.on_accepted(&Method::Register, response);
        granted
    }

    /// Reads what a 2xx says of our own Contact: its addresses for others (RFC 5627 §4.2) are
    /// kept, its lifetime is given, else the message's (RFC 3261 §10.2.4).
    fn granted(&self, identity: &mut Identity, response: &Message<'_>) -> Option<u32> {
        let contacts = response.contacts().unwrap_or_default();
        let instance = |contact: &&NameAddr<'_>| {
            let own = contact.param("+sip.instance").is_some_and(|it| has(&it, &identity.instance));
            let reg_id = contact.param("reg-id").and_then(|id| id.parse().ok());
            own && reg_id.is_none_or(|id: u32| id == self.reg_id)
        };
        let address = |contact: &&NameAddr<'_>| has(contact.uri_text(), &identity.host);
        let own = contacts.iter().find(address).or_else(|| contacts.iter().find(instance));
        let gruu = |name| {
            let text = own?.param(name)?;
            let uri = Uri::parse(&text).ok()?;
            let odd = |byte: u8| byte <= b' ' || matches!(byte, b'<' | b'>' | b'"' | b',');
            let is_fit = uri.is_sip()
                && text.len() <= LONGEST_URI
                && printable(&text)
                && !text.bytes().any(odd);
            is_fit.then(|| text.as_ref().to_owned())
        };
        (identity.gruu, identity.temporary_gruu) = (gruu("pub-gruu"), gruu("temp-gruu"));
        own.and_then(NameAddr::expires).or_else(|| response.expires().ok().flatten())
    }

    /// Finds where a 3xx sends us, if that is a place where we were not yet (RFC 3261 §8.1.3.4).
    /// It is asked on the same flow, and its challenges get no answer if it is foreign.
    fn move_on(&mut self, identity: &Identity, response: &Message<'_>) -> bool {
        let asked = self.moved_to.take().unwrap_or_else(|| registrar(&identity.aor));
        self.tried.push(asked);
        let is_new = |place: &String| {
            Uri::parse(place).is_ok_and(|uri| uri.is_sip()) && !self.tried.contains(place)
        };
        let mut places = places(response).into_iter().map(|it| before(&it, b"?").to_owned());
        self.moved_to = places.find(is_new);
        self.moved_to.is_some()
    }
}

fn credential_code(account: &Account) -> &'static str {
    if account.bearer.is_some() { "token-rejected" } else { "auth" }
}

/// A refusal after the token's end needs no other explanation.
fn expired_or(now: Time, account: &Account, code: &'static str) -> &'static str {
    let over = account.expires_at.is_some_and(|end| end <= now.since_epoch().as_secs());
    if over { "token-expired" } else { code }
}

/// What a registrar grants is taken for no less, in seconds.
const SHORTEST: u32 = 10;
/// An address that goes into every request is no longer, in bytes.
const LONGEST_URI: usize = 512;
/// No path to a phone is longer.
const MOST_ROUTES: usize = 8;
