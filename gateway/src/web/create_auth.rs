//! `POST /createAuth`: plays the customer's own back end of the CC SDK document, for demos.
//!
//! Page → customer's back end → platform: it makes the signed call and answers the bare token as
//! text, so that key and secret are in no file that a browser gets.

use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::Account;
use super::platform::Denied;
use super::{Failure, Shared, Site};
use crate::clock;
use crate::tokens::jws::{self, Claims};
use crate::tokens::{Allow, Profile, VISITORS, visitor_seat};

/// What a page may ask for. An empty body asks for the next visitor's opaque token.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wish {
    /// A demo seat, or a visitor's.
    seat: Option<String>,
    kind: Kind,
    /// Life of the token in seconds; one hour unless told.
    expires: Option<u16>,
    /// For a self-contained token: what it may be used for.
    allow: Option<Allow>,
    /// For a one-time token: the Call-ID of the waiting call that it takes.
    pickup: Option<String>,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// `Bearer <app>:<seat>:<uuid>`
    #[default]
    Opaque,
    /// Self-contained.
    Jws,
    /// Self-contained, and good for one call.
    Once,
}

/// Hands the visitors' seats out in turn, so that the one used longest ago is the next.
#[derive(Default)]
pub(super) struct Visitors(Mutex<u32>);

impl Visitors {
    fn next(&self) -> String {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = *last % VISITORS + 1;
        visitor_seat(*last)
    }
}

pub(super) async fn create(
    State(site): State<Shared>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    if !site.settings.demo {
        let message = "there are no demo accounts here: tokens come from your own back end";
        return Err(Failure::new(StatusCode::NOT_FOUND, "no-demo", message));
    }
    let wish: Wish = match body.trim_ascii() {
        b"" => Wish::default(),
        json => serde_json::from_slice(json).map_err(|why| bad_request(why.to_string()))?,
    };
    let seat = wish.seat.clone().unwrap_or_else(|| site.visitors.next());
    let Some(profile) = site.authority.seats.find(&seat) else {
        return Err(Failure::new(StatusCode::NOT_FOUND, "no-such-seat", "there is no such seat"));
    };
    if wish.pickup.is_some() && wish.kind != Kind::Once {
        return Err(bad_request("`pickup` needs `kind` to be `once`"));
    }
    let token = match wish.kind {
        Kind::Opaque => opaque(&site, &seat, &wish)?,
        Kind::Jws | Kind::Once => site.self_contained(&profile, &wish, &headers)?,
    };
    let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(([no_store], token).into_response())
}

fn opaque(site: &Site, seat: &str, wish: &Wish) -> Result<String, Failure> {
    if wish.allow.is_some() {
        return Err(bad_request("`allow` needs `kind` to be `jws`"));
    }
    let token = site.call_platform(seat, wish.expires.unwrap_or(HOUR));
    let token = token.map_err(|why| match why {
        Denied::TooOften(seconds) => Failure::too_many("tokens", seconds),
        why => bad_request(format!("the platform refused: {why:?}")),
    })?;
    Ok(format!("Bearer {token}"))
}

impl Site {
    fn self_contained(
        &self,
        profile: &Profile,
        wish: &Wish,
        headers: &HeaderMap,
    ) -> Result<String, Failure> {
        let now = clock::unix_millis() / 1000;
        let usual = if wish.kind == Kind::Once { FIVE_MINUTES } else { HOUR };
        let life = u64::from(wish.expires.unwrap_or(usual));
        if !(1..=jws::LONGEST).contains(&life) {
            return Err(bad_request("`expires` is from 1 to 28800 seconds"));
        }
        let once = wish.kind == Kind::Once;
        let mut account = Account::of(self, profile, headers);
        account.register = !once;
        let claims = Claims {
            once,
            pickup: wish.pickup.clone(),
            sub: profile.name.clone(),
            aud: json!(self.authority.domain),
            jti: crate::random::token(),
            iat: now,
            exp: now + life,
            allow: wish.allow.clone(),
            sip: serde_json::to_value(account).unwrap_or(Value::Null),
        };
        let unsigned =
            || Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "unsigned", "cannot sign");
        jws::sign_for_demo(&claims).ok_or_else(unsigned)
    }
}

fn bad_request(message: impl Into<String>) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, "bad-request", message)
}

const HOUR: u16 = 3600;
const FIVE_MINUTES: u16 = 300;
