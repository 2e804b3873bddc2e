//! What a request must be before anybody looks at it. Any web page can reach localhost, so
//! `Host` is checked against rebound names and `Origin` against pages of others.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::address::Address;
use super::{Failure, Shared, Site};

/// `Host` names this gateway.
pub(super) async fn host(State(site): State<Shared>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    let ours = host.is_some_and(|host| site.hosts.iter().any(|own| own.eq_ignore_ascii_case(host)));
    if !ours {
        let message = "this gateway does not go by the name in `Host`";
        return Failure::new(StatusCode::MISDIRECTED_REQUEST, "wrong-host", message)
            .into_response();
    }
    next.run(request).await
}

/// `Origin`, where a browser sends one, is ours or allowed.
pub(super) async fn origin(State(site): State<Shared>, request: Request, next: Next) -> Response {
    if site.takes_origin(request.headers()) {
        return next.run(request).await;
    }
    let message = "pages of this origin may not use this gateway: see --allow-origin";
    Failure::new(StatusCode::FORBIDDEN, "foreign-origin", message).into_response()
}

/// Not more requests than one client may make.
pub(super) async fn rate(
    State(site): State<Shared>,
    Address(address): Address,
    request: Request,
    next: Next,
) -> Response {
    match site.door.request(address) {
        Ok(()) => next.run(request).await,
        Err(seconds) => Failure::too_many("requests", seconds).into_response(),
    }
}

impl Site {
    /// The request's origin is ours or an allowed one, or there is none: then no page sent it.
    fn takes_origin(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else { return true };
        let Ok(origin) = origin.to_str() else { return false };
        self.is_own_origin(origin) || self.settings.allowed_origins.iter().any(|own| own == origin)
    }

    /// Our own pages.
    fn is_own_origin(&self, origin: &str) -> bool {
        let plain = origin.strip_prefix("http://");
        origin == self.origin || plain.is_some_and(|host| self.hosts.iter().any(|own| own == host))
    }
}

/// Tells browsers that pages of these origins may read the answers.
pub(super) fn cross_origin(origins: &[String]) -> CorsLayer {
    let origins = origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .expose_headers([header::RETRY_AFTER, header::WWW_AUTHENTICATE])
}
