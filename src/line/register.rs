//! From `register` to its first outcome, and what becomes of a registration after it.

use super::binding::Binding;
use super::{Calls, Candidate, Line, Outcome, Place, Step, Wish, Withdrawal, tell};
use crate::account::Account;
use crate::api::{Credential, ProviderId, RegistrationState, UaEvent};
use crate::credential::{Found, Source, failure_of};
use crate::error::ApiMisuse;
use crate::identity::Identity;
use crate::registration::Failure;
use crate::text::before;
use crate::time::Time;

impl Line {
    /// Registers, or replaces the credential.
    ///
    /// # Errors
    ///
    /// What can be told at once of a token or an account.
    pub(crate) fn register(
        &mut self,
        step: &mut Step<'_>,
        credential: Credential,
    ) -> Result<(), ApiMisuse> {
        let (source, found) = Source::begin(step, credential)?;
        let account = match found {
            Found::Account(account) => Some(checked(step, *account)?),
            // A source that begins has nothing to fail with but misuse.
            Found::Asked | Found::Nothing(_) => None,
        };
        self.drop_candidate(step);
        if self.wish == Wish::Withdrawn(Withdrawal::Asked) {
            tell(step, RegistrationState::None, None, None);
        }
        self.wish = Wish::Service;
        self.outcome = Outcome::Owed;
        if !self.registered() {
            tell(step, RegistrationState::Registering, None, None);
        }
        match account {
            Some(account) => self.adopt(step, source, account),
            None => self.candidate = Some(Candidate::Fetching(source)),
        }
        Ok(())
    }

    /// A call is wished for: a provider that failed before may have a token by now.
    pub(crate) fn ask_again(&mut self, step: &mut Step<'_>) {
        if let Wish::Unanswered(provider) = self.wish {
            // Misuse is only found in tokens that the page gave itself.
            let _ = self.register(step, Credential::Provider(provider));
        }
    }

    /// Whether this provider is the line's, or would be if it gave an account.
    pub(crate) fn may_ask(&self, provider: ProviderId) -> bool {
        let candidate = match &self.candidate {
            Some(Candidate::Here { source, .. }) => source.as_ref(),
            Some(Candidate::Fetching(source) | Candidate::Elsewhere { source, .. }) => Some(source),
            None => None,
        };
        self.wish == Wish::Unanswered(provider)
            || [self.source.as_ref(), candidate]
                .iter()
                .any(|source| source.and_then(Source::provider) == Some(provider))
    }

    /// The account of a new `register` came, or did not.
    pub(super) fn on_fetched(&mut self, step: &mut Step<'_>, found: Found) {
        let Some(Candidate::Fetching(source)) = self.candidate.take() else { return };
        let account = match found {
            Found::Account(account) => {
                checked(step, *account).map_err(|misuse| failure_of(&misuse))
            }
            Found::Nothing(failure) => Err(failure),
            Found::Asked => {
                self.candidate = Some(Candidate::Fetching(source));
                return;
            }
        };
        match account {
            Ok(account) => self.adopt(step, source, account),
            Err(failure) => {
                if self.seat.link.is_off() {
                    self.wish =
                        source.provider().map_or(Wish::Unprovided(failure.code), Wish::Unanswered);
                }
                self.fail(step, &failure);
            }
        }
    }

    /// The seat's own source has the next account, or not yet.
    pub(super) fn on_renewed(&mut self, step: &mut Step<'_>, found: Found) {
        let account = match found {
            Found::Asked => return,
            Found::Account(account) => {
                checked(step, *account).map_err(|misuse| failure_of(&misuse))
            }
            Found::Nothing(failure) => Err(failure),
        };
        match account {
            Ok(account) if self.registered() && account.same_place(&self.seat.identity.account) => {
                self.replace_here(step, None, account);
            }
            Ok(account) => {
                if let Some(source) = self.source.take() {
                    self.adopt(step, source, account);
                }
            }
            Err(failure) => {
                self.rest_source(step);
                if !self.registered() {
                    self.fail(step, &failure);
                }
            }
        }
    }

    /// The registrar refused the seat for good.
    pub(super) fn on_refused(&mut self, step: &mut Step<'_>, failure: &Failure) {
        if self.restore_here(step) {
            self.seat.registration.resume(step.now);
        } else {
            self.seat.forget();
            self.leave_further(step);
            // What was accepted once and is not any more: the provider may have a better one.
            if let Some(source) = &mut self.source
                && let Some(provider) = source.can_renew()
            {
                source.ask(step, provider);
                return tell(step, RegistrationState::Registering, None, None);
            }
        }
        self.fail(step, failure);
    }

    /// Another server, if there is one and nothing is in force; else later, on the same link.
    pub(super) fn on_busy(&mut self, step: &mut Step<'_>, failure: &Failure) {
        if !self.registered() && self.seat.link.has_untried() {
            let news = self.seat.link.give_up(step, "the server is busy");
            self.on_link_news(step, Place::Seat, news);
        } else if self.outcome == Outcome::Owed {
            self.fail(step, failure);
        }
    }

    /// A REGISTER had no answer. Where nothing is in force the flow is worth nothing; else the link
    /// is put to the test, for calls may be up on it.
    pub(super) fn on_silent(&mut self, step: &mut Step<'_>, place: Place) {
        if place == Place::Seat && self.registered() {
            self.restore_here(step);
            self.seat.registration.rest(step);
            self.seat.link.wake(step);
            if self.outcome == Outcome::Owed {
                self.fail(step, &Failure::new("timeout", "the server does not answer"));
            }
        } else if let Some(binding) = self.at(place) {
            let news = binding.link.give_up(step, "the server does not answer");
            self.on_link_news(step, place, news);
        }
    }

    /// The registrar has forgotten us; the next REGISTER is on its way or will be.
    pub(super) fn on_lapsed(&mut self, step: &mut Step<'_>) {
        if self.promote() {
            return;
        }
        self.seat.forget_told();
        if self.wish == Wish::Service && !self.seat.registration.is_refused() {
            tell(step, RegistrationState::Registering, None, None);
        }
    }

    /// The other place is connected.
    pub(super) fn on_candidate_up(&mut self, step: &mut Step<'_>) {
        let in_call = self.calls == Calls::Up;
        let Some(binding) = self.at(Place::Candidate) else { return };
        binding.connect(step.now, in_call);
        if binding.identity.account.register {
            binding.register(step);
        } else {
            self.on_candidate_in(step, None);
        }
    }

    /// The other place takes over.
    pub(super) fn on_candidate_in(&mut self, step: &mut Step<'_>, expires_in: Option<u32>) {
        if let Some(Candidate::Elsewhere { source, binding }) = self.candidate.take() {
            self.source = Some(source);
            self.replace_seat(step, *binding);
            step.out.event(step.account, UaEvent::Started);
            self.succeed(step, expires_in);
        }
    }

    pub(super) fn on_candidate_busy(&mut self, step: &mut Step<'_>, failure: &Failure) {
        match self.at(Place::Candidate) {
            Some(binding) if binding.link.has_untried() => {
                let news = binding.link.give_up(step, "the server is busy");
                self.on_link_news(step, Place::Candidate, news);
            }
            _ => self.fail_candidate(step, failure),
        }
    }

    pub(super) fn fail_candidate(&mut self, step: &mut Step<'_>, failure: &Failure) {
        self.drop_candidate(step);
        self.fail(step, failure);
    }

    /// The account that the seat uses was accepted, and what it had before is not needed again.
    pub(super) fn accept_here(&mut self, now: Time) {
        if let Some(Candidate::Here { source: Some(source), .. }) = self.take_here() {
            self.source = Some(source);
        }
        if let Some(source) = &mut self.source {
            source.accepted(now, self.seat.identity.account.expires_at);
        }
    }

    /// Forgets what is not yet accepted; the seat has its own account again.
    pub(super) fn drop_candidate(&mut self, step: &mut Step<'_>) {
        match self.candidate.take() {
            Some(Candidate::Here { account, auth, .. }) => {
                self.seat.identity.account = *account;
                self.seat.identity.auth = *auth;
            }
            Some(Candidate::Elsewhere { source, mut binding }) => {
                if let Some(flow) = binding.link.close(step) {
                    self.news.push(super::LineNews::FlowLost(flow));
                }
                if self.source.is_none() {
                    self.source = Some(source);
                    self.rest_source(step);
                }
            }
            Some(Candidate::Fetching(_)) | None => {}
        }
    }

    /// Puts an account to use, beside what is in force.
    fn adopt(&mut self, step: &mut Step<'_>, mut source: Source, account: Account) {
        let seat = &mut self.seat;
        let here = account.same_place(&seat.identity.account) && !seat.link.is_off();
        let serving =
            self.registered() || !self.seat.identity.account.register && self.seat.is_ready();
        if here && serving {
            return self.replace_here(step, Some(source), account);
        }
        if !serving {
            source.hold(step.now, account.expires_at);
        }
        if here {
            self.source = Some(source);
            self.seat.identity.replace(account);
            self.seat.link.wake(step);
            return self.try_here(step);
        }
        let instance = self.seat.identity.instance.clone();
        let mut binding = Binding::new(Identity::new(account, instance, step.ids), 1, step.ids);
        binding.link.open(step);
        if serving {
            self.candidate = Some(Candidate::Elsewhere { source, binding: Box::new(binding) });
        } else {
            self.source = Some(source);
            self.replace_seat(step, binding);
        }
    }

    /// The same place with another credential: the flow stays, and the former credential is kept
    /// until the new one is accepted.
    fn replace_here(&mut self, step: &mut Step<'_>, source: Option<Source>, account: Account) {
        let (former, auth) = self.seat.identity.replace(account);
        self.candidate =
            Some(Candidate::Here { source, account: Box::new(former), auth: Box::new(auth) });
        self.try_here(step);
    }

    /// Sends REGISTER with the seat's new credential, where one is sent; else as soon as there is
    /// a flow.
    fn try_here(&mut self, step: &mut Step<'_>) {
        self.seat.registration.pardon();
        match self.seat.identity.flow {
            Some(_) if self.seat.identity.account.register => self.seat.register(step),
            Some(_) => self.succeed(step, None),
            None => {}
        }
    }

    /// Gives the seat back the credential that it had before the one that is tried; false if none
    /// is tried.
    fn restore_here(&mut self, step: &mut Step<'_>) -> bool {
        let Some(Candidate::Here { source, account, auth }) = self.take_here() else {
            return false;
        };
        self.seat.identity.account = *account;
        self.seat.identity.auth = *auth;
        if source.is_none() {
            self.rest_source(step);
        }
        true
    }

    fn take_here(&mut self) -> Option<Candidate> {
        self.candidate.take_if(|candidate| matches!(candidate, Candidate::Here { .. }))
    }

    fn rest_source(&mut self, step: &mut Step<'_>) {
        if let Some(source) = &mut self.source {
            source.rest(step);
        }
    }
}

/// Checks an account and warns of ports that no browser opens.
fn checked(step: &mut Step<'_>, mut account: Account) -> Result<Account, ApiMisuse> {
    for server in account.check()? {
        // A query may hold a secret.
        let server = before(&server, b"?");
        step.out.event(
            step.account,
            UaEvent::Warning {
                code: "port-refused".to_owned(),
                text: ["no browser opens this port, the default one is tried: ", server].concat(),
                call: None,
                header: None,
                offset: None,
            },
        );
    }
    Ok(account)
}
