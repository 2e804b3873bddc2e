//! REGISTER: binding, refresh, challenge, redirection, expiry (RFC 3261 §10, RFC 5626 §4.2).
//!
//! One REGISTER is out at a time. When and where to connect is the line's.

mod response;
mod retry;

use std::time::Duration;

use crate::api::FailureReason;
use crate::auth::Attempts;
use crate::context::Owner;
use crate::identity::Identity;
use crate::ids::Ids;
use crate::line::Step;
use crate::link::back_off;
use crate::sip::{Message, Method};
use crate::text::{cut, cut_last};
use crate::time::{Time, soonest};
use crate::transaction::TransactionId;

/// The registration of one identity.
pub(crate) struct Registration {
    call_id: String,
    tag: String,
    cseq: u32,
    /// What the registrar's 423 asked for.
    min_expires: u32,
    outbound: Outbound,
    /// Which of the phone's flows it is for, from 1.
    reg_id: u32,
    /// Where the registrar sent us, and where we were since a REGISTER was last wished for.
    moved_to: Option<String>,
    tried: Vec<String>,
    /// Seconds of silence after which the server gives the flow up (RFC 5626 §5.3).
    flow_timer: Option<u32>,
    /// Until when the registrar knows us.
    bound_until: Option<Time>,
    /// Temporary refusals in a row.
    failures: u32,
    state: State,
}

/// Whether instance and reg-id are told (RFC 5626); a 439 ends it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outbound {
    Offered,
    Unsupported,
}

enum State {
    /// Nothing is out and nothing due.
    Idle,
    /// A REGISTER is out.
    Sent {
        id: Option<TransactionId>,
        purpose: Purpose,
        attempts: Attempts,
        until: Time,
        then: Option<Purpose>,
    },
    /// In force.
    Bound { refresh_at: Time },
    /// Refused for a while.
    Resting { until: Time },
    /// Refused for good.
    Refused,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Bind,
    Unbind,
}

/// What a REGISTER led to.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// In force, for so many seconds.
    Bound(u32),
    /// Taken back, as far as the registrar could be told.
    Unbound,
    /// Refused for good.
    Refused(Failure),
    /// Refused for a while; it is tried again unless told otherwise.
    Busy(Failure),
    /// No answer.
    Silent,
    /// No longer in force.
    Lapsed,
    /// It ends in so many seconds; its refresh left.
    Expiring(u32),
}

/// Why it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: &'static str,
    pub(crate) status: Option<u16>,
    pub(crate) text: Option<String>,
}

impl Failure {
    pub(crate) fn new(code: &'static str, text: impl Into<String>) -> Self {
        Self { code, status: None, text: Some(text.into()) }
    }

    fn of(code: &'static str, response: &Message<'_>) -> Self {
        let text = Some(response.reason().into_owned()).filter(|text| !text.is_empty());
        Self { code, status: response.status(), text }
    }

    pub(crate) fn reason(&self) -> FailureReason {
        FailureReason {
            code: self.code.to_owned(),
            sip_status: self.status,
            text: self.text.clone(),
        }
    }
}

impl Registration {
    pub(crate) fn new(reg_id: u32, ids: &mut Ids) -> Self {
        Self {
            call_id: ids.token(),
            tag: ids.token(),
            cseq: 0,
            min_expires: 0,
            outbound: Outbound::Offered,
            reg_id,
            moved_to: None,
            tried: Vec::new(),
            flow_timer: None,
            bound_until: None,
            failures: 0,
            state: State::Idle,
        }
    }

    /// Registers now, or as soon as the REGISTER that is out is answered.
    pub(crate) fn register(&mut self, step: &mut Step<'_>, identity: &mut Identity) {
        self.want(step, identity, Purpose::Bind);
    }

    /// Takes the binding back; [`Verdict::Unbound`] follows.
    pub(crate) fn unregister(&mut self, step: &mut Step<'_>, identity: &mut Identity) {
        self.want(step, identity, Purpose::Unbind);
    }

    /// In force, as far as we know.
    pub(crate) const fn is_bound(&self) -> bool {
        self.bound_until.is_some()
    }

    /// Refused for good.
    pub(crate) const fn is_refused(&self) -> bool {
        matches!(self.state, State::Refused)
    }

    /// Nothing is on its way: it was refused, for good or for a while.
    pub(crate) const fn is_at_rest(&self) -> bool {
        matches!(self.state, State::Refused | State::Resting { .. })
    }

    /// A REGISTER is out that takes the binding back, and none is to follow that makes another.
    pub(crate) const fn is_unbinding(&self) -> bool {
        matches!(self.state, State::Sent { purpose: Purpose::Unbind, then: None, .. })
    }

    /// The server knows, or may know, of a binding.
    pub(crate) const fn may_be_known(&self) -> bool {
        self.is_bound() || matches!(self.state, State::Sent { .. })
    }

    /// Whether this is the REGISTER's Call-ID.
    pub(crate) fn owns(&self, response: &Message<'_>) -> bool {
        response.call_id().is_ok_and(|call_id| call_id == self.call_id)
    }

    /// Which of the phone's flows it is for, from 1.
    pub(crate) const fn reg_id(&self) -> u32 {
        self.reg_id
    }

    /// See [`Link::set_flow_timer`](crate::link::Link::set_flow_timer).
    pub(crate) const fn flow_timer(&self) -> Option<u32> {
        self.flow_timer
    }

    /// The flow is gone: what was out will not be answered. The registration counts for a little
    /// while, in which a new flow may come.
    pub(crate) fn on_flow_lost(&mut self, now: Time) {
        if !matches!(self.state, State::Refused) {
            self.state = State::Idle;
        }
        self.moved_to = None;
        self.bound_until = self.bound_until.map(|until| until.min(now + GRACE));
    }

    /// No binding is counted on any more.
    pub(crate) fn forget(&mut self, identity: &mut Identity) {
        self.bound_until = None;
        self.moved_to = None;
        identity.forget_registration();
    }

    /// Another one took its place: no REGISTER leaves any more.
    pub(crate) fn retire(&mut self, identity: &mut Identity) {
        self.unbound(identity);
    }

    /// After the refusal of a credential that is taken back: goes on with the former one.
    pub(crate) fn resume(&mut self, now: Time) {
        if let Some(until) = self.bound_until {
            self.state = State::Bound { refresh_at: now + until.since(now) / 2 };
        }
    }

    /// Tries again later, each time later still.
    pub(crate) fn rest(&mut self, step: &mut Step<'_>) {
        self.failures = self.failures.saturating_add(1);
        self.state = State::Resting { until: step.now + back_off(step.ids, self.failures) };
    }

    /// With another credential a refusal counts no longer.
    pub(crate) fn pardon(&mut self) {
        if self.is_at_rest() {
            self.state = State::Idle;
        }
    }

    /// How long the registrar will still know us, in seconds.
    pub(crate) fn left(&self, now: Time) -> Option<u32> {
        self.bound_until.and_then(|until| u32::try_from(until.since(now).as_secs()).ok())
    }

    pub(crate) fn next_timeout(&self) -> Option<Time> {
        let due = match self.state {
            State::Idle | State::Refused => None,
            State::Sent { until, .. } | State::Resting { until } => Some(until),
            State::Bound { refresh_at } => Some(refresh_at),
        };
        soonest(due, self.bound_until)
    }

    pub(crate) fn on_timeout(
        &mut self,
        step: &mut Step<'_>,
        identity: &mut Identity,
    ) -> Option<Verdict> {
        let now = step.now;
        if self.bound_until.is_some_and(|until| until <= now) {
            self.forget(identity);
            return Some(Verdict::Lapsed);
        }
        match self.state {
            State::Sent { purpose, until, .. } if until <= now => {
                self.state = State::Idle;
                Some(if purpose == Purpose::Bind {
                    Verdict::Silent
                } else {
                    self.unbound(identity)
                })
            }
            State::Resting { until: due } | State::Bound { refresh_at: due } if due <= now => {
                self.want(step, identity, Purpose::Bind);
                self.left(now).map(Verdict::Expiring)
            }
            _ => None,
        }
    }

    fn unbound(&mut self, identity: &mut Identity) -> Verdict {
        self.forget(identity);
        self.state = State::Idle;
        Verdict::Unbound
    }

    fn want(&mut self, step: &mut Step<'_>, identity: &mut Identity, purpose: Purpose) {
        if let State::Sent { then, .. } = &mut self.state {
            *then = Some(purpose);
        } else {
            self.tried.clear();
            self.send(step, identity, purpose, Attempts::default());
        }
    }

    fn send(
        &mut self,
        step: &mut Step<'_>,
        identity: &mut Identity,
        purpose: Purpose,
        attempts: Attempts,
    ) {
        let Some(flow) = identity.flow else {
            self.state = State::Idle;
            return;
        };
        self.cseq = self.cseq.saturating_add(1);
        let expires = if purpose == Purpose::Bind { self.wished(identity) } else { 0 }.to_string();
        let registrar = self.moved_to.clone().unwrap_or_else(|| registrar(&identity.aor));
        let from = identity.from(None, &self.tag);
        let to = ["<", &identity.aor, ">"].concat();
        let mut request =
            identity.request(Method::Register, &registrar, &from, &to, &self.call_id, self.cseq);
        let contact = self.contact(identity, &expires);
        request.headers.push("Contact", contact).push("Expires", expires);
        identity.auth.authorize(&mut request, step.ids);
        let id = step
            .transactions
            .request(
                step.now,
                flow,
                request,
                &identity.via_host,
                Owner::Registration(step.account),
                step.ids,
                step.out,
            )
            .ok();
        let wait = if purpose == Purpose::Bind { REGISTER_WAIT } else { UNREGISTER_WAIT };
        self.state = State::Sent { id, purpose, attempts, until: step.now + wait, then: None };
    }

    fn contact(&self, identity: &Identity, expires: &str) -> String {
        let mut contact = ["<", &identity.contact, ">"].concat();
        if self.outbound == Outbound::Offered {
            for part in [
                ";reg-id=",
                &self.reg_id.to_string(),
                ";+sip.instance=\"<",
                &identity.instance,
                ">\"",
            ] {
                contact.push_str(part);
            }
        }
        contact.push_str(";expires=");
        contact.push_str(expires);
        contact
    }

    fn wished(&self, identity: &Identity) -> u32 {
        let wished = identity.account.register_expires.unwrap_or(USUAL);
        wished.max(self.min_expires).min(LONGEST)
    }
}

/// `sip:example.com` of `sip:alice@example.com`.
fn registrar(aor: &str) -> String {
    let scheme = cut(aor, b':').map_or("sip", |(scheme, _)| scheme);
    let domain = cut_last(aor, b'@').map_or("", |(_, domain)| domain);
    [scheme, ":", domain].concat()
}

/// Asked for unless told, in seconds.
const USUAL: u32 = 600;
/// What a registrar grants or asks for is taken for no more, in seconds.
const LONGEST: u32 = 24 * 3600;
/// For the answer to a REGISTER: long before the transaction's own patience is over.
const REGISTER_WAIT: Duration = Duration::from_secs(10);
const UNREGISTER_WAIT: Duration = Duration::from_secs(4);
/// How long a registration counts whose flow is gone.
const GRACE: Duration = Duration::from_secs(10);
