//! Credentials: who somebody is, and what the credential lets them do.

mod allow;
pub mod jws;
mod opaque;
mod seats;

pub use allow::Allow;
pub use opaque::{OpaqueTokens, Opened};
pub use seats::{Profile, Seats, VISITORS, visitor_seat};

use crate::settings::{Settings, Unstartable};

/// What a good credential stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Whose it is.
    pub seat: String,
    /// What the seat and what the token may do; all of them hold.
    pub allow: Vec<Allow>,
    /// When it ends, in seconds of the Unix epoch; none for a password.
    pub expires_at: Option<u64>,
    /// Which kind of credential it is.
    pub by: By,
    /// It is good for one call only.
    pub once: Option<Once>,
}

/// What a one-time token is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// The token's own name.
    pub jti: String,
    /// The Call-ID of the waiting call that it takes.
    pub pickup: Option<String>,
}

/// Which kind of credential a [`Grant`] came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A password, by digest.
    Digest,
    /// An opaque token; a later `issued` replaces an earlier one.
    Opaque {
        /// When it was made, in milliseconds of the Unix epoch.
        issued: u64,
    },
    /// A self-contained token.
    Jws,
}

/// Why a credential is refused; the far side learns only whether it was its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not ours, changed, replaced, or for somebody else.
    Invalid,
    /// Its time is over.
    Expired,
}

impl Grant {
    /// Takes incoming calls.
    pub fn takes_calls(&self) -> bool {
        self.allow.iter().all(|allow| allow.incoming)
    }

    /// May call somebody who goes by these names.
    pub fn calls_to(&self, names: &[&str]) -> bool {
        self.allow.iter().all(|allow| allow.calls_to(names))
    }

    /// Outgoing calls at once, if that is limited.
    pub fn calls(&self) -> Option<u32> {
        self.allow.iter().filter_map(|allow| allow.calls).min()
    }

    /// Longest outgoing call in seconds, if that is limited.
    pub fn seconds(&self) -> Option<u32> {
        self.allow.iter().filter_map(|allow| allow.seconds).min()
    }

    /// Its time is over; `now` in seconds of the Unix epoch.
    pub fn is_over(&self, now: u64) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

/// Knows the seats and every credential of theirs but digests.
#[derive(Debug)]
pub struct Authority {
    /// The SIP domain, which is also the audience of self-contained tokens.
    pub domain: String,
    /// Who can be called.
    pub seats: Seats,
    /// The tokens that the token service mints.
    pub opaque: OpaqueTokens,
    keys: jws::Keys,
}

impl Authority {
    /// What the settings say.
    ///
    /// # Errors
    ///
    /// [`Unstartable`] if a key cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, Unstartable> {
        let mut keys = jws::Keys::new(&settings.domain, &settings.keys)?;
        if settings.demo {
            keys = keys.with_demo_key();
        }
        Ok(Self {
            domain: settings.domain.clone(),
            seats: Seats::new(&settings.seats, settings.demo),
            opaque: OpaqueTokens::new(&settings.platform.app, &settings.platform.api_secret),
            keys,
        })
    }

    /// Verifies a token of either kind; `now` in milliseconds of the Unix epoch.
    ///
    /// # Errors
    ///
    /// [`Refused`], with nothing about the reason but whether it was too late.
    pub fn open(&self, token: &str, now: u64) -> Result<Grant, Refused> {
        // Colons are in every opaque token and in no JWS.
        let mut once = None;
        let (seat, allow, expires_at, by) = if token.contains(':') {
            let opened = self.opaque.open(token, now).ok_or(Refused::Invalid)?;
            (opened.seat, None, opened.expires_at, By::Opaque { issued: opened.issued })
        } else {
            let claims = self.keys.open(token, now / 1000)?;
            if claims.once {
                once = Some(Once { jti: claims.jti, pickup: claims.pickup });
            }
            (self.seat_of(&claims.sub), claims.allow, claims.exp, By::Jws)
        };
        let profile = self.seats.find(&seat).ok_or(Refused::Invalid)?;
        let allow = std::iter::once(profile.allow).chain(allow).collect();
        Ok(Grant { seat, allow, expires_at: Some(expires_at), by, once })
    }

    /// `sub` may be the seat's name or its address.
    fn seat_of(&self, sub: &str) -> String {
        let name = sub.strip_prefix("sip:").and_then(|rest| rest.strip_suffix(&self.domain));
        name.and_then(|rest| rest.strip_suffix('@')).unwrap_or(sub).to_owned()
    }
}
