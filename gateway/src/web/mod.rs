//! The HTTP side: demo site, token service, and the door to SIP.

mod account;
mod address;
mod create_auth;
mod door;
mod failure;
mod guard;
mod listener;
mod pages;
mod platform;
mod socket;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::settings::Settings;
use crate::switchboard::Switchboard;
use crate::tokens::Authority;

pub(crate) use door::Door;
pub(crate) use failure::Failure;
pub(crate) use listener::serve;

/// What every request may look at.
pub(crate) struct Site {
    pub(crate) settings: Settings,
    pub(crate) authority: Arc<Authority>,
    pub(crate) switchboard: Switchboard,
    /// The origin that browsers see.
    pub(crate) origin: String,
    /// Values of `Host` that are ours.
    pub(crate) hosts: Vec<String>,
    pub(crate) door: Door,
    platform: platform::Platform,
    visitors: create_auth::Visitors,
}

pub(crate) type Shared = Arc<Site>;

impl Site {
    /// A site that listens on `address`.
    pub(crate) fn new(
        settings: Settings,
        authority: Arc<Authority>,
        switchboard: Switchboard,
        address: SocketAddr,
    ) -> Self {
        let port = address.port();
        let origin = settings.origin(port);
        let loopback = ["localhost", "127.0.0.1", "[::1]"];
        let mut hosts: Vec<_> = loopback.iter().map(|name| format!("{name}:{port}")).collect();
        hosts.push(address.to_string());
        hosts.extend(origin.split_once("://").map(|(_, host)| host.to_owned()));
        if port == 80 {
            hosts.extend(loopback.map(str::to_owned));
        }
        hosts.sort();
        hosts.dedup();
        Self {
            door: Door::new(&settings.limits),
            platform: platform::Platform::new(settings.platform.clone(), &settings.limits),
            visitors: create_auth::Visitors::default(),
            settings,
            authority,
            switchboard,
            origin,
            hosts,
        }
    }
}

/// Every address that the gateway answers.
pub(crate) fn router(site: &Shared) -> Router {
    let guarded = Router::new()
        .route("/v1/account", post(account::exchange))
        .route("/.well-known/cc-sdk", get(account::well_known))
        .route("/createAuth", post(create_auth::create))
        .layer(guard::cross_origin(&site.settings.allowed_origins))
        .route("/v3/cc/seat/createSdkAuthentication", post(platform::create))
        .route("/sip", get(socket::upgrade))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(from_fn_with_state(site.clone(), guard::origin))
        .layer(from_fn_with_state(site.clone(), guard::rate));
    guarded
        .merge(pages::router(site))
        .layer(from_fn_with_state(site.clone(), guard::host))
        .with_state(site.clone())
}

/// No request of ours needs more.
const BODY_BYTES: usize = 16 * 1024;
