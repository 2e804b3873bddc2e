//! Where accounts come from: given, read from a token, exchanged at the service, asked of the
//! page's provider; and when the next one is due.

use std::time::Duration;

use crate::account::{Account, check_service};
use crate::agent::{CredentialReply, CredentialRequest, Output};
use crate::api::{Credential, ProviderId, UaEvent};
use crate::error::ApiMisuse;
use crate::line::Step;
use crate::link::back_off;
use crate::media::Ticket;
use crate::registration::Failure;
use crate::time::Time;
use crate::token::Token;

/// The source of one account, as one `register` named it.
pub(crate) struct Source {
    kind: Kind,
    failures: u32,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The page gave it, and must give the next one.
    Fixed,
    /// The page has a function for it.
    Provider(ProviderId),
}

enum State {
    /// The provider is asked.
    Asking { ticket: Ticket, until: Time },
    /// The service is asked. Where its account comes without a secret, the token is the credential.
    Exchanging { ticket: Ticket, until: Time, token: String },
    /// An account was given and is tried.
    Given,
    /// The account is in use. `renew_at` is when its end comes near.
    Held { expires: Option<Time>, renew_at: Option<Time>, standing: Standing },
    /// The provider is asked again then.
    Resting { until: Time },
}

/// Whether a server took the account.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Untested,
    Accepted,
}

/// What a source came up with.
pub(crate) enum Found {
    /// An account, not yet checked.
    Account(Box<Account>),
    /// Asked; the answer will come.
    Asked,
    /// Nothing, for this reason.
    Nothing(Failure),
}

impl Source {
    /// Begins with what the page gave.
    ///
    /// # Errors
    ///
    /// What can be told at once of a token, and [`ApiMisuse::NoService`].
    pub(crate) fn begin(
        step: &mut Step<'_>,
        credential: Credential,
    ) -> Result<(Self, Found), ApiMisuse> {
        let kind = match credential {
            Credential::Provider(id) => Kind::Provider(id),
            Credential::Token(_) | Credential::Account(_) => Kind::Fixed,
        };
        let mut source = Self { kind, failures: 0, state: State::Given };
        let found = match credential {
            Credential::Account(account) => Found::Account(account),
            Credential::Token(text) => source.on_token(step, &text)?,
            Credential::Provider(id) => {
                source.ask(step, id);
                Found::Asked
            }
        };
        Ok((source, found))
    }

    /// Whether there is a provider that may have a better account than one that was refused.
    /// That provider is given.
    pub(crate) fn can_renew(&self) -> Option<ProviderId> {
        let accepted = matches!(self.state, State::Held { standing: Standing::Accepted, .. });
        self.provider().filter(|_| accepted)
    }

    /// The page's function that gives tokens, if that is the source.
    pub(crate) const fn provider(&self) -> Option<ProviderId> {
        match self.kind {
            Kind::Provider(id) => Some(id),
            Kind::Fixed => None,
        }
    }

    /// Asks the provider.
    pub(crate) fn ask(&mut self, step: &mut Step<'_>, provider: ProviderId) {
        let ticket = request(step, CredentialRequest::AskProvider(provider));
        self.state = State::Asking { ticket, until: step.now + PROVIDER_WAIT };
    }

    /// A server took the account, which lasts until `expires_at` (seconds since the Unix epoch).
    pub(crate) fn accepted(&mut self, now: Time, expires_at: Option<u64>) {
        if matches!(self.state, State::Given) {
            self.hold(now, expires_at);
        }
        if let State::Held { standing, .. } = &mut self.state {
            *standing = Standing::Accepted;
            self.failures = 0;
        }
    }

    /// The account is used, whatever the server will say: its end is watched.
    pub(crate) fn hold(&mut self, now: Time, expires_at: Option<u64>) {
        let expires = expires_at.map(|end| Time::from_epoch(Duration::from_secs(end)));
        let renew_at = expires.map(|end| {
            let left = end.since(now).max(SHORTEST_LIFE);
            now + left.saturating_sub((left / 4).min(LEAD))
        });
        self.state = State::Held { expires, renew_at, standing: Standing::Untested };
    }

    /// What the provider gave cannot be used: it is asked again, later each time.
    pub(crate) fn rest(&mut self, step: &mut Step<'_>) {
        self.failures = self.failures.saturating_add(1);
        let until = step.now + back_off(step.ids, self.failures);
        self.state = match self.kind {
            Kind::Provider(_) => State::Resting { until },
            Kind::Fixed => {
                State::Held { expires: None, renew_at: None, standing: Standing::Untested }
            }
        };
    }

    /// `None` if nothing was asked under this ticket.
    pub(crate) fn on_reply(
        &mut self,
        step: &mut Step<'_>,
        ticket: Ticket,
        reply: CredentialReply,
    ) -> Option<Found> {
        let exchanged = match &self.state {
            State::Asking { ticket: asked, .. } if *asked == ticket => None,
            State::Exchanging { ticket: asked, token, .. } if *asked == ticket => {
                Some(token.clone())
            }
            _ => return None,
        };
        self.state = State::Given;
        Some(match reply {
            CredentialReply::Token(text) => self
                .on_token(step, &text)
                .unwrap_or_else(|misuse| Found::Nothing(failure_of(&misuse))),
            CredentialReply::Account(mut account, expires_in) => {
                let end = |seconds: u32| step.now.since_epoch().as_secs() + u64::from(seconds);
                account.expires_at = expires_in.map(end).or(account.expires_at);
                if account.password.is_none() && account.bearer.is_none() {
                    account.bearer = exchanged;
                }
                Found::Account(account)
            }
            CredentialReply::Refused(status) => {
                let code = if matches!(status, 401 | 403) {
                    "token-rejected"
                } else {
                    "service-unreachable"
                };
                Found::Nothing(Failure::new(
                    code,
                    ["the service answered ", &status.to_string()].concat(),
                ))
            }
            CredentialReply::Failed(text) => {
                Found::Nothing(Failure::new("service-unreachable", text))
            }
        })
    }

    pub(crate) const fn next_timeout(&self) -> Option<Time> {
        match &self.state {
            State::Asking { until, .. }
            | State::Exchanging { until, .. }
            | State::Resting { until } => Some(*until),
            State::Held { renew_at, .. } => *renew_at,
            State::Given => None,
        }
    }

    /// Asks again, tells that the page must, or gives up waiting for an answer.
    pub(crate) fn on_timeout(&mut self, step: &mut Step<'_>) -> Option<Failure> {
        if self.next_timeout().is_none_or(|due| due > step.now) {
            return None;
        }
        match (&self.state, self.kind) {
            (State::Asking { .. }, _) => {
                Some(Failure::new("service-unreachable", "the token provider does not answer"))
            }
            (State::Exchanging { .. }, _) => {
                Some(Failure::new("service-unreachable", "the service does not answer"))
            }
            (State::Held { expires, .. }, Kind::Fixed) => {
                let left = expires.map_or(Duration::ZERO, |end| end.since(step.now));
                let expires_in = u32::try_from(left.as_secs()).unwrap_or(u32::MAX);
                step.out.event(step.account, UaEvent::TokenWillExpire { expires_in });
                // Told again and again, since a page may not be able to do something at once.
                if let State::Held { renew_at, .. } = &mut self.state {
                    *renew_at = (left > LAST_CALL).then(|| step.now + left / 2);
                }
                None
            }
            (_, Kind::Provider(id)) => {
                self.ask(step, id);
                None
            }
            // Neither is ever due.
            (State::Given | State::Resting { .. }, Kind::Fixed) => None,
        }
    }

    fn on_token(&mut self, step: &mut Step<'_>, text: &str) -> Result<Found, ApiMisuse> {
        match Token::read(text, step.now)? {
            Token::SelfContained(account) => Ok(Found::Account(account)),
            Token::Opaque(token) => {
                let service = step.config.service.clone().ok_or(ApiMisuse::NoService)?;
                check_service(&service)?;
                let exchange = CredentialRequest::Exchange { service, token: token.clone() };
                let ticket = request(step, exchange);
                self.state = State::Exchanging { ticket, until: step.now + SERVICE_WAIT, token };
                Ok(Found::Asked)
            }
        }
    }
}

/// What the page would have been told, had it given the account itself.
pub(crate) fn failure_of(misuse: &ApiMisuse) -> Failure {
    Failure::new(misuse.code(), misuse.to_string())
}

fn request(step: &mut Step<'_>, request: CredentialRequest) -> Ticket {
    let ticket = step.out.ticket();
    step.out.push(Output::Credential(step.account, ticket, request));
    ticket
}

/// Before the end of an account, or a quarter of its life if that is less.
const LEAD: Duration = Duration::from_secs(60);
/// What is left when the page is told for the last time.
const LAST_CALL: Duration = Duration::from_secs(10);
/// A provider whose accounts last less is not asked more often.
const SHORTEST_LIFE: Duration = Duration::from_secs(20);
/// A provider may have to ask a person.
const PROVIDER_WAIT: Duration = Duration::from_secs(60);
const SERVICE_WAIT: Duration = Duration::from_secs(15);
