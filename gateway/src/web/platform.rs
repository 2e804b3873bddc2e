//! `POST /v3/cc/seat/createSdkAuthentication`, as the CC SDK platform has it: signed requests of
//! a customer's back end, answered 200 with a status code in the body. What the scheme can and
//! cannot give is in docs/decisions/0005.

use std::collections::HashSet;
use std::fmt::Write;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use governor::{DefaultDirectRateLimiter, RateLimiter};
use md5::{Digest, Md5};
use serde::Deserialize;
use serde_json::json;
use subtle::ConstantTimeEq;

use super::address::Address;
use super::door::{quota, seconds_until};
use super::{Failure, Shared, Site};
use crate::clock;
use crate::settings;
use crate::tokens::Authority;

/// The token service: its credentials, and the calls that were answered.
pub(super) struct Platform {
    credentials: settings::Platform,
    used: Mutex<Used>,
    /// Tokens that the key may have made: a Sign that somebody saw is good for other seats.
    tokens: DefaultDirectRateLimiter,
}

/// Calls of the last minutes. A Sign depends on nothing but the second, in which several back
/// ends may well fetch many seats' tokens; for one seat it is good once, from wherever.
#[derive(Default)]
struct Used {
    calls: HashSet<(u64, String)>,
    /// The second in which the old ones were forgotten last.
    swept: u64,
}

/// Why no token is given; the platform's own status codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    /// No such key.
    Key,
    /// Signed wrongly, or a second time for this seat.
    Sign,
    /// Further than 300 s from our clock.
    Timestamp,
    /// A parameter is missing or wrong.
    Parameter,
    /// No such seat.
    Seat,
    /// The key made too many tokens; how long to wait, in seconds.
    TooOften(u64),
}

#[derive(Deserialize)]
struct Wish {
    account: String,
    expires: u16,
}

/// The headers of a signed call.
pub(super) struct Signed<'a> {
    pub(super) key: &'a str,
    pub(super) timestamp: &'a str,
    pub(super) sign: &'a str,
}

impl Platform {
    pub(super) fn new(credentials: settings::Platform, limits: &settings::Limits) -> Self {
        let tokens = RateLimiter::direct(quota(limits.tokens_per_second, limits.token_burst));
        Self { credentials, used: Mutex::default(), tokens }
    }

    /// Checks a call and mints the token; `now` in milliseconds of the Unix epoch.
    pub(super) fn mint(
        &self,
        authority: &Authority,
        signed: &Signed<'_>,
        body: &[u8],
        now: u64,
    ) -> Result<String, Denied> {
        let seconds = now / 1000;
        let timestamp = self.check(signed, seconds)?;
        let wish: Wish = serde_json::from_slice(body).map_err(|_| Denied::Parameter)?;
        if !(60..=28_800).contains(&wish.expires) {
            return Err(Denied::Parameter);
        }
        authority.seats.find(&wish.account).ok_or(Denied::Seat)?;
        self.take(timestamp, wish.account.clone(), seconds)?;
        Ok(authority.opaque.issue(&wish.account, wish.expires, now))
    }

    /// Takes the one token that this second is good for with this seat. What is refused for its
    /// rate stays good.
    fn take(&self, timestamp: u64, seat: String, now: u64) -> Result<(), Denied> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.sweep(now);
        let call = (timestamp, seat);
        if used.calls.contains(&call) {
            return Err(Denied::Sign);
        }
        self.tokens.check().map_err(|until| Denied::TooOften(seconds_until(&until)))?;
        used.calls.insert(call);
        Ok(())
    }

    /// Key, time and signature; gives the timestamp.
    fn check(&self, signed: &Signed<'_>, now: u64) -> Result<u64, Denied> {
        if !same(signed.key, &self.credentials.api_key) {
            return Err(Denied::Key);
        }
        let timestamp: u64 = signed.timestamp.parse().map_err(|_| Denied::Timestamp)?;
        if timestamp.abs_diff(now) > TOLERANCE {
            return Err(Denied::Timestamp);
        }
        let expected = self.sign(signed.timestamp);
        let sign = signed.sign.to_ascii_lowercase();
        same(&sign, &expected).then_some(timestamp).ok_or(Denied::Sign)
    }

    /// MD5 of key, secret and timestamp, in lower-case hexadecimal.
    fn sign(&self, timestamp: &str) -> String {
        let mut digest = Md5::new();
        for part in [&self.credentials.api_key, &self.credentials.api_secret, timestamp] {
            digest.update(part.as_bytes());
        }
        hex(&digest.finalize())
    }

    /// What a customer's back end does: takes a second that it has not used for this seat, signs
    /// it and calls.
    pub(super) fn call(
        &self,
        authority: &Authority,
        seat: &str,
        lifetime: u16,
        now: u64,
    ) -> Result<String, Denied> {
        let body = json!({ "account": seat, "expires": lifetime }).to_string();
        let mut outcome = Err(Denied::Sign);
        for ahead in 0..TOLERANCE {
            let timestamp = (now / 1000 + ahead).to_string();
            let sign = self.sign(&timestamp);
            let key = &self.credentials.api_key;
            let signed = Signed { key, timestamp: &timestamp, sign: &sign };
            outcome = self.mint(authority, &signed, body.as_bytes(), now);
            if outcome != Err(Denied::Sign) {
                break;
            }
        }
        outcome
    }
}

impl Used {
    fn sweep(&mut self, now: u64) {
        if self.swept != now {
            self.calls.retain(|(second, _)| second.abs_diff(now) <= TOLERANCE);
            self.swept = now;
        }
    }
}

/// Answers a customer's back end. Pages have no business here, ours neither: whatever carries
/// `Origin` comes out of a browser, where the secret must not be.
pub(super) async fn create(
    State(site): State<Shared>,
    Address(from): Address,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if headers.contains_key(header::ORIGIN) {
        let message = "tokens are for back ends, which send no `Origin`: pages ask theirs";
        return Failure::new(StatusCode::FORBIDDEN, "closed-to-pages", message).into_response();
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signed = Signed { key: text("api-key"), timestamp: text("timestamp"), sign: text("sign") };
    match site.mint(from, &signed, &body) {
        Ok(token) => Json(json!({
            "status": "0",
            "reason": "success",
            "data": { "authentication": format!("Bearer {token}") },
        }))
        .into_response(),
        Err(why) => refusal(why),
    }
}

impl Site {
    fn mint(&self, from: IpAddr, signed: &Signed<'_>, body: &[u8]) -> Result<String, Denied> {
        let outcome = self.platform.mint(&self.authority, signed, body, clock::unix_millis());
        if let Err(why) = outcome {
            tracing::warn!(%from, ?why, "token refused");
        }
        outcome
    }

    /// The customer's back end, which plays itself: makes the signed call.
    pub(super) fn call_platform(&self, seat: &str, lifetime: u16) -> Result<String, Denied> {
        self.platform.call(&self.authority, seat, lifetime, clock::unix_millis())
    }
}

fn refusal(why: Denied) -> Response {
    let (status, reason) = match why {
        Denied::Key => ("-1", "authentication failed: Api-Key"),
        Denied::Sign => ("-2", "authentication failed: Sign is wrong or was used for this seat"),
        Denied::Timestamp => ("-16", "timestamp expired"),
        Denied::Parameter => ("-22", "parameter error: account, expires (60 to 28800)"),
        Denied::Seat => ("-24", "data does not exist: account"),
        // The document has no code for it.
        Denied::TooOften(seconds) => return Failure::too_many("tokens", seconds).into_response(),
    };
    Json(json!({ "status": status, "reason": reason, "data": null })).into_response()
}

/// Compares in a time that tells nothing of where they differ.
fn same(given: &str, expected: &str) -> bool {
    given.as_bytes().ct_eq(expected.as_bytes()).into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// How far a timestamp may be from our clock, in seconds.
const TOLERANCE: u64 = 300;
