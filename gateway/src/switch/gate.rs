//! Who may: digest (RFC 3261 §22) and Bearer (RFC 8898), and what a credential is good for.

use std::collections::HashMap;
use std::sync::Arc;

use cc_sdk::sip::{Message, Method, NameAddr, Response};

use super::digest::{Answer, Digests, Params};
use crate::tokens::{Authority, By, Grant, Refused};

/// Checks credentials and asks for them.
pub(super) struct Gate {
    pub(super) authority: Arc<Authority>,
    digests: Digests,
    /// The one-time tokens that were used, by name, until they would have ended anyway.
    spent: HashMap<String, u64>,
}

/// Why a request is not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    /// It had no credential that we could look at.
    NoCredential,
    /// A digest with an old nonce: to be answered anew.
    Stale,
    /// A password or token that is wrong.
    Wrong,
    /// A token whose time is over.
    Expired,
}

/// Which pair of headers a request uses: those of a registrar, or those of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// `Authorization` and 401.
    Registrar,
    /// `Proxy-Authorization` and 407.
    Proxy,
}

impl Gate {
    pub(super) fn new(authority: Arc<Authority>, seed: [u8; 32]) -> Self {
        let digests = Digests::new(&authority.domain, seed);
        Self { authority, digests, spent: HashMap::new() }
    }

    /// Looks at every credential of a request; `now` in seconds of the Unix epoch.
    pub(super) fn check(
        &mut self,
        now: u64,
        message: &Message<'_>,
        role: Role,
    ) -> Result<Grant, Denied> {
        let mut denied = Denied::NoCredential;
        for value in message.headers(role.credential()) {
            let Some((scheme, rest)) = value.split_once(' ') else { continue };
            let outcome = match scheme.to_ascii_lowercase().as_str() {
                "bearer" => self.check_token(now, rest.trim()),
                "digest" => self.check_digest(now, message, rest),
                _ => continue,
            };
            match outcome {
                Ok(grant) => return Ok(grant),
                Err(why) => denied = why,
            }
        }
        Err(denied)
    }

    /// Uses a credential up if it is good for one call. False: it was used before, or this is no
    /// call.
    pub(super) fn spend(&mut self, now: u64, grant: &Grant, method: &Method) -> bool {
        let Some(once) = &grant.once else { return true };
        self.spent.retain(|_, end| *end > now);
        let end = grant.expires_at.unwrap_or(now);
        *method == Method::Invite && self.spent.insert(once.jti.clone(), end).is_none()
    }

    /// The answer that asks for a credential: every way there is, in one response.
    pub(super) fn challenge(&mut self, now: u64, response: &mut Response, role: Role, why: Denied) {
        let error = match why {
            Denied::Wrong | Denied::Expired => ", error=\"invalid_token\"",
            Denied::NoCredential | Denied::Stale => "",
        };
        let bearer = format!("Bearer realm=\"{}\"{error}", self.authority.domain);
        let digests = self.digests.challenges(now, why == Denied::Stale);
        for challenge in std::iter::once(bearer).chain(digests) {
            response.headers.push(role.challenge(), challenge);
        }
    }

    fn check_token(&self, now: u64, token: &str) -> Result<Grant, Denied> {
        self.authority.open(token, now * 1000).map_err(|why| match why {
            Refused::Invalid => Denied::Wrong,
            Refused::Expired => Denied::Expired,
        })
    }

    fn check_digest(
        &mut self,
        now: u64,
        message: &Message<'_>,
        params: &str,
    ) -> Result<Grant, Denied> {
        let params = Params::parse(params);
        let (Some(method), Some(uri)) = (message.method(), message.request_uri()) else {
            return Err(Denied::Wrong);
        };
        let seat = params.get("username").unwrap_or_default();
        let seat = seat.split_once('@').map_or(seat, |(name, _)| name);
        let password = self.authority.seats.password(seat);
        match self.digests.check(now, method.as_str(), uri, password, &params) {
            Answer::Stale => Err(Denied::Stale),
            Answer::Wrong => Err(Denied::Wrong),
            Answer::Right => {
                let profile = self.authority.seats.find(seat).ok_or(Denied::Wrong)?;
                let allow = vec![profile.allow];
                Ok(Grant {
                    seat: profile.name,
                    allow,
                    expires_at: None,
                    by: By::Digest,
                    once: None,
                })
            }
        }
    }

    /// Whether an address is that of a seat, at our domain.
    pub(super) fn is_seat(&self, address: &NameAddr<'_>, seat: &str) -> bool {
        address.uri().is_ok_and(|uri| {
            uri.is_sip()
                && uri.user() == Some(seat)
                && uri.host().eq_ignore_ascii_case(&self.authority.domain)
        })
    }
}

impl Role {
    const fn credential(self) -> &'static str {
        match self {
            Self::Registrar => "Authorization",
            Self::Proxy => "Proxy-Authorization",
        }
    }

    const fn challenge(self) -> &'static str {
        match self {
            Self::Registrar => "WWW-Authenticate",
            Self::Proxy => "Proxy-Authenticate",
        }
    }

    /// The status of a response that asks for a credential.
    pub(super) const fn status(self) -> u16 {
        match self {
            Self::Registrar => 401,
            Self::Proxy => 407,
        }
    }
}
