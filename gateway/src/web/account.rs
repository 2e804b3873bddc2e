//! `POST /v1/account`: an opaque token for the account it stands for.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Failure, Shared, Site};
use crate::clock;
use crate::settings::IceServer;
use crate::tokens::Profile;

/// An account as the phone reads it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Account {
    uri: String,
    servers: Vec<String>,
    /// Told only where it is not.
    #[serde(skip_serializing_if = "is_true")]
    pub(super) register: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ice_servers: Vec<IceServer>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Exchange {
    account: Account,
    expires_in: u64,
}

impl Account {
    /// The account of a seat, at the server that the page itself reached us by.
    pub(super) fn of(site: &Site, profile: &Profile, headers: &HeaderMap) -> Self {
        let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
        let origin = match (&site.settings.public_url, host) {
            (None, Some(host)) => format!("http://{host}"),
            _ => site.origin.clone(),
        };
        Self {
            uri: format!("sip:{}@{}", profile.name, site.authority.domain),
            servers: vec![format!("{}/sip", origin.replacen("http", "ws", 1))],
            register: true,
            display_name: profile.display_name.clone(),
            ice_servers: site.settings.ice_servers.clone(),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_true(value: &bool) -> bool {
    *value
}

pub(super) async fn exchange(
    State(site): State<Shared>,
    headers: HeaderMap,
) -> Result<([(HeaderName, HeaderValue); 1], Json<Exchange>), Failure> {
    let refused = || {
        let message = "the token is not ours, was replaced by a newer one, or has expired";
        Failure::new(StatusCode::UNAUTHORIZED, "invalid-token", message)
    };
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = authorization.and_then(bearer).ok_or_else(refused)?;
    let now = clock::unix_millis();
    let opened = site.authority.opaque.open(token, now).ok_or_else(refused)?;
    let profile = site.authority.seats.find(&opened.seat).ok_or_else(refused)?;
    let account = Account::of(&site, &profile, &headers);
    let expires_in = opened.expires_at.saturating_sub(now / 1000);
    let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(([no_store], Json(Exchange { account, expires_in })))
}

/// What follows the scheme `Bearer`, whose case does not matter.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
}

/// Says that tokens may be exchanged here; asked before a credential is posted.
pub(super) async fn well_known(State(site): State<Shared>) -> Json<Value> {
    Json(
        json!({ "name": "cc-gateway", "version": 1, "service": site.origin, "account": "/v1/account" }),
    )
}
