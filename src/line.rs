//! All of one account but its calls: credential, link and registration, joined.
//!
//! A line works through its *seat*. A `register` that names another place is tried beside it and
//! takes its place when it is in; until then, and if it fails, the seat goes on as it was.

mod binding;
mod flows;
mod news;
mod register;
mod withdraw;

use crate::account::Account;
use crate::agent::{CredentialReply, FlowId, LinkEvent};
use crate::api::{AccountId, Config, FailureReason, ProviderId, RegistrationState, UaEvent};
use crate::auth::Authorizer;
use crate::context::Owner;
use crate::credential::{Found, Source};
use crate::identity::Identity;
use crate::ids::Ids;
use crate::link::Retry;
use crate::media::Ticket;
use crate::outbox::Outbox;
use crate::registration::Failure;
use crate::sip::Message;
use crate::time::{Time, soonest};
use crate::transaction::Transactions;
use binding::Binding;

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
    /// The link is up, and a REGISTER goes out on it: calls with a credential of their own may leave.
    Linked,
    /// The registration failed with this code: calls that wait leave if there is a flow.
    Failed(&'static str),
    /// This flow, which was up, is gone: `Transactions::on_flow_lost` is the agent's to call. Calls
    /// are concerned if the identity has no flow now; else it was a flow beside the seat's.
    FlowLost(FlowId),
}

/// The line of one account.
pub(crate) struct Line {
    wish: Wish,
    /// What the page hears of `register`.
    outcome: Outcome,
    seat: Binding,
    /// Where the seat's account came from.
    source: Option<Source>,
    candidate: Option<Candidate>,
    /// Flows that are registered beside the seat's.
    further: Vec<Binding>,
    /// Seats that were replaced while calls were up on their flows, which are all still up.
    formers: Vec<Binding>,
    calls: Calls,
    news: Vec<LineNews>,
}

/// What the page wants of the line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// It has not said yet.
    Unsaid,
    /// To be registered, or connected.
    Service,
    /// To be registered, but the page's token gave no account, for this reason.
    Unprovided(&'static str),
    /// To be registered, but this token provider gave no account. A call may ask it again.
    Unanswered(ProviderId),
    /// Not to be registered. The page is told of each step once.
    Withdrawn(Withdrawal),
    /// The line is to go.
    Leaving,
    /// The registrar has forgotten us; the link stays for the last words of calls, until then.
    Lingering(Time),
    /// It went.
    Gone,
}

/// How far a withdrawal is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Withdrawal {
    /// The registrar is asked to forget us.
    Asked,
    /// It has; calls may hold the link open.
    Done,
}

/// Whether a `register` waits for its first outcome.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Owed,
    Told,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Calls {
    Up,
    None,
}

/// A credential that is not yet accepted, while the seat works with another one or none.
enum Candidate {
    /// Its account is being fetched.
    Fetching(Source),
    /// Its account is for the seat's own place, which uses it; and what the seat had before.
    Here { source: Option<Source>, account: Box<Account>, auth: Box<Authorizer> },
    /// Its account is for another place.
    Elsewhere { source: Source, binding: Box<Binding> },
}

/// Whose news it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Seat,
    Candidate,
    /// By their index.
    Further(usize),
    Former(usize),
}

impl Line {
    /// A line without an account.
    pub(crate) fn new(ids: &mut Ids) -> Self {
        Self {
            wish: Wish::Unsaid,
            outcome: Outcome::Told,
            seat: Binding::new(Identity::blank(ids), 1, ids),
            source: None,
            candidate: None,
            further: Vec::new(),
            formers: Vec::new(),
            calls: Calls::None,
            news: Vec::new(),
        }
    }

    /// News of a flow of this line.
    pub(crate) fn on_link(&mut self, step: &mut Step<'_>, flow: FlowId, event: LinkEvent) {
        let Some(place) = self.place_of(|binding| binding.link.owns(flow)) else { return };
        let news = self.at(place).and_then(|binding| binding.link.on_event(step, event));
        self.on_link_news(step, place, news);
    }

    /// A frame of whatever kind came in on a flow of this line, also an empty one or CR LF.
    pub(crate) fn on_frame(&mut self, now: Time, flow: FlowId) {
        let place = self.place_of(|binding| binding.link.owns(flow));
        if let Some(binding) = place.and_then(|place| self.at(place)) {
            binding.link.on_frame(now);
        }
    }

    /// A response to [`Owner::Registration`] or [`Owner::Ping`].
    pub(crate) fn on_response(
        &mut self,
        step: &mut Step<'_>,
        owner: Owner,
        response: &Message<'_>,
    ) {
        // The answer to a ping was heard as a frame; what it says does not matter.
        if !matches!(owner, Owner::Registration(_)) {
            return;
        }
        let Some(place) = self.place_of(|binding| binding.registration.owns(response)) else {
            return;
        };
        let Some(binding) = self.at(place) else { return };
        let verdict = binding.registration.on_response(step, &mut binding.identity, response);
        self.on_verdict(step, place, verdict);
    }

    /// The answer to a credential request of this line.
    pub(crate) fn on_credential(
        &mut self,
        step: &mut Step<'_>,
        ticket: Ticket,
        reply: CredentialReply,
    ) {
        if let Some(Candidate::Fetching(source)) = &mut self.candidate {
            // Only one of the two waits for this ticket, and the candidate is the newer one.
            if let Some(found) = source.on_reply(step, ticket, reply.clone()) {
                return self.on_fetched(step, found);
            }
        }
        if let Some(found) =
            self.source.as_mut().and_then(|source| source.on_reply(step, ticket, reply))
        {
            self.on_renewed(step, found);
        }
    }

    /// There is a network again.
    pub(crate) fn on_online(&mut self, step: &mut Step<'_>) {
        for place in [Place::Seat, Place::Candidate] {
            if let Some(binding) = self.at(place) {
                binding.link.wake(step);
            }
        }
        for further in &mut self.further {
            further.link.wake(step);
        }
    }

    /// Tells whether calls are up: keep-alive is quicker then, and no flow is closed under them.
    pub(crate) fn set_in_call(&mut self, now: Time, in_call: bool) {
        let calls = if in_call { Calls::Up } else { Calls::None };
        if self.calls == calls {
            return;
        }
        self.calls = calls;
        self.seat.link.set_in_call(now, in_call);
        for further in &mut self.further {
            further.link.set_in_call(now, in_call);
        }
    }

    /// The moment of [`next_timeout`](Self::next_timeout) has come.
    pub(crate) fn on_timeout(&mut self, step: &mut Step<'_>) {
        // From behind, for one that is lost goes.
        for at in (0..self.formers.len()).rev() {
            self.on_timeout_of(step, Place::Former(at));
        }
        for at in (0..self.further.len()).rev() {
            self.on_timeout_of(step, Place::Further(at));
        }
        for place in [Place::Seat, Place::Candidate] {
            self.on_timeout_of(step, place);
        }
        let fetching = match &mut self.candidate {
            Some(Candidate::Fetching(source)) => source.on_timeout(step),
            _ => None,
        };
        if let Some(failure) = fetching {
            self.on_fetched(step, Found::Nothing(failure));
        }
        if let Some(failure) = self.source.as_mut().and_then(|source| source.on_timeout(step)) {
            self.on_renewed(step, Found::Nothing(failure));
        }
    }

    fn on_timeout_of(&mut self, step: &mut Step<'_>, place: Place) {
        let news = self.at(place).and_then(|binding| binding.link.on_timeout(step));
        self.on_link_news(step, place, news);
        let verdict = self
            .at(place)
            .and_then(|binding| binding.registration.on_timeout(step, &mut binding.identity));
        self.on_verdict(step, place, verdict);
    }

    /// When [`on_timeout`](Self::on_timeout) is next due.
    pub(crate) fn next_timeout(&self) -> Option<Time> {
        let source = self.source.as_ref().and_then(Source::next_timeout);
        let candidate = match &self.candidate {
            Some(Candidate::Fetching(source)) => source.next_timeout(),
            Some(Candidate::Elsewhere { binding, .. }) => binding.next_timeout(),
            Some(Candidate::Here { .. }) | None => None,
        };
        let last = if let Wish::Lingering(until) = self.wish { Some(until) } else { None };
        let other = soonest(soonest(source, candidate), soonest(last, self.seat.next_timeout()));
        let others = self.formers.iter().chain(&self.further);
        others.fold(other, |soon, other| soonest(soon, other.next_timeout()))
    }

    /// A REGISTER is in force.
    pub(crate) fn registered(&self) -> bool {
        self.wish == Wish::Service && self.seat.registration.is_bound()
    }

    /// Whether a call may leave.
    pub(crate) fn ready_to_call(&self) -> Ready {
        match self.wish {
            Wish::Unprovided(code) => Ready::Never(code),
            Wish::Withdrawn(_) | Wish::Leaving | Wish::Lingering(_) | Wish::Gone => {
                Ready::Never("not-registered")
            }
            Wish::Service if self.seat.is_ready() => Ready::Now,
            Wish::Unsaid | Wish::Unanswered(_) | Wish::Service => Ready::Wait,
        }
    }

    /// Whether one-time tokens may bring an account of their own: there is no other, or one that is
    /// not to be registered.
    pub(crate) fn takes_accounts(&self) -> bool {
        let registers = self.seat.identity.account.register && !self.seat.link.is_off();
        !registers && self.candidate.is_none()
    }

    /// What has to be passed on to the calls; to be asked after each of the above until `None`.
    pub(crate) fn poll_news(&mut self) -> Option<LineNews> {
        (!self.news.is_empty()).then(|| self.news.remove(0))
    }

    /// The seat's account is in force.
    fn succeed(&mut self, step: &mut Step<'_>, expires_in: Option<u32>) {
        self.seat.on_bound(step);
        self.accept_here(step.now);
        self.open_further(step);
        self.outcome = Outcome::Told;
        tell(step, RegistrationState::Registered, expires_in, None);
        self.tell_calls();
    }

    /// Tells a failure, and then again what goes on all the same.
    fn fail(&mut self, step: &mut Step<'_>, failure: &Failure) {
        let owed = std::mem::replace(&mut self.outcome, Outcome::Told) == Outcome::Owed;
        let goes_on = self.registered();
        if owed || !goes_on {
            tell(step, RegistrationState::Failed, None, Some(failure.reason()));
        }
        if !goes_on {
            self.seat.forget_told();
            self.news.push(LineNews::Failed(failure.code));
        } else if owed {
            tell(step, RegistrationState::Registered, self.seat.registration.left(step.now), None);
        }
    }

    /// Calls hear once of each flow and of each registration that begins.
    fn tell_calls(&mut self) {
        if self.seat.tell_ready() {
            self.news.push(LineNews::Ready);
        }
    }

    fn place_of(&self, is: impl Fn(&Binding) -> bool) -> Option<Place> {
        if is(&self.seat) {
            return Some(Place::Seat);
        }
        match &self.candidate {
            Some(Candidate::Elsewhere { binding, .. }) if is(binding) => Some(Place::Candidate),
            _ => {
                let further = self.further.iter().position(&is).map(Place::Further);
                further.or_else(|| self.formers.iter().position(is).map(Place::Former))
            }
        }
    }

    fn at(&mut self, place: Place) -> Option<&mut Binding> {
        match (place, &mut self.candidate) {
            (Place::Seat, _) => Some(&mut self.seat),
            (Place::Candidate, Some(Candidate::Elsewhere { binding, .. })) => Some(binding),
            (Place::Candidate, _) => None,
            (Place::Further(at), _) => self.further.get_mut(at),
            (Place::Former(at), _) => self.formers.get_mut(at),
        }
    }
}

fn tell(
    step: &mut Step<'_>,
    state: RegistrationState,
    expires_in: Option<u32>,
    reason: Option<FailureReason>,
) {
    step.out.event(step.account, UaEvent::Registration { state, expires_in, reason });
}

fn tell_reconnecting(step: &mut Step<'_>, Retry { wait, attempt }: Retry) {
    let retry_in_ms = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX);
    step.out.event(step.account, UaEvent::Reconnecting { retry_in_ms, attempt });
}
