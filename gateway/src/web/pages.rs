//! The demo site and the bundles, with the headers that a careful site sends.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::services::{ServeDir, ServeFile};

use super::Shared;

/// `/` is the demo site; `/dist/` and `/sip-sdk.js` are what pages of any origin may load.
pub(super) fn router(site: &Shared) -> Router<Shared> {
    let mut router = Router::new();
    if let Some(dist) = &site.settings.dist {
        let bundles = Router::new()
            .nest_service("/dist", ServeDir::new(dist))
            .route_service("/sip-sdk.js", ServeFile::new(dist.join("sip-sdk.js")))
            .layer(from_fn(open_to_all));
        router = router.merge(bundles);
    }
    let router = match &site.settings.www {
        // Browsers ask for it wherever a page names no icon.
        Some(www) => router
            .route_service("/favicon.ico", ServeFile::new(www.join("icon.svg")))
            .fallback_service(ServeDir::new(www)),
        None => router.fallback(nothing_to_serve),
    };
    router.layer(from_fn_with_state(site.clone(), careful))
}

async fn nothing_to_serve() -> Response {
    let text = "There is no demo site: www/ was not found. Start the gateway in the repository, \
                or name the directory with --www.\n";
    (StatusCode::NOT_FOUND, text).into_response()
}

/// Bundles are loaded by pages on other hosts.
async fn open_to_all(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    response
}

async fn careful(State(site): State<Shared>, request: Request, next: Next) -> Response {
    let policy = content_security_policy(request.uri().path(), &site.socket_origins());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.entry(name.clone()).or_insert(HeaderValue::from_static(value));
    }
    set(headers, &header::CONTENT_SECURITY_POLICY, &policy);
    response
}

impl super::Site {
    /// Where our pages open their WebSocket: not every browser counts it to `'self'`. A policy
    /// cannot name an IPv6 address.
    fn socket_origins(&self) -> String {
        if self.settings.public_url.is_some() {
            return self.origin.replacen("http", "ws", 1);
        }
        let hosts = self.hosts.iter().filter(|host| !host.starts_with('['));
        hosts.map(|host| format!("ws://{host}")).collect::<Vec<_>>().join(" ")
    }
}

fn set(headers: &mut HeaderMap, name: &HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name.clone(), value);
    }
}

fn content_security_policy(path: &str, sockets: &str) -> String {
    // The page of the CC SDK document runs as it was printed, inline module and import map.
    let inline = if path == DOCUMENT_PAGE { " 'unsafe-inline'" } else { "" };
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{inline}; style-src 'self'; \
         img-src 'self' data:; media-src 'self' blob:; font-src 'self'; \
         connect-src 'self' {sockets}; worker-src 'self' blob:; frame-src 'self'; \
         manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    )
}

const DOCUMENT_PAGE: &str = "/cc-sdk-document.html";
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const ALWAYS: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-cache"),
    (RESOURCE_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "microphone=(self), camera=(self), geolocation=()",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_document_page_may_have_inline_scripts() {
        assert!(!content_security_policy("/", "").contains("unsafe-inline"));
        assert!(!content_security_policy("/agent.html", "").contains("unsafe-inline"));
        assert!(content_security_policy(DOCUMENT_PAGE, "").contains("'unsafe-inline'"));
    }
}
