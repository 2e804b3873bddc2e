//! The INVITE that begins a call, and what a page may put into it.

use crate::api::Dial;
use crate::context::Context;
use crate::error::ApiMisuse;
use crate::identity::Identity;
use crate::sip::{Method, Request, printable, target_uri};

use super::{Call, info};

/// Headers that the stack owns: nobody else sets them, and a page is not told of them.
const OWNED: &[&str] = &[
    "accept",
    "allow",
    "authorization",
    "call-id",
    "contact",
    "content-encoding",
    "content-length",
    "content-type",
    "cseq",
    "event",
    "expires",
    "from",
    "max-forwards",
    "mime-version",
    "min-se",
    "path",
    "privacy",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-require",
    "rack",
    "record-route",
    "refer-to",
    "replaces",
    "require",
    "route",
    "rseq",
    "service-route",
    "session-expires",
    "supported",
    "to",
    "user-agent",
    "user-to-user",
    "via",
    "www-authenticate",
    "x-cc-info",
];

/// Whether a header is the stack's, in whatever case and also in compact form.
pub(super) fn is_owned(name: &str) -> bool {
    // Every one-letter name is, or may become, the compact form of another.
    name.len() < 2 || OWNED.iter().any(|owned| owned.eq_ignore_ascii_case(name))
}

/// Checks what can be checked before anything has begun.
pub(super) fn check(dial: &Dial) -> Result<(), ApiMisuse> {
    let bad_target = || ApiMisuse::BadTarget(dial.target.clone());
    target_uri(&dial.target, "example.invalid").ok_or_else(bad_target)?;
    for (name, value) in &dial.headers {
        let mut probe = Request::new(Method::Invite, "sip:probe.invalid");
        probe.headers.push(name, value);
        if is_owned(name) || probe.to_bytes().is_err() {
            return Err(ApiMisuse::BadHeader(name.clone()));
        }
    }
    match &dial.display_name {
        Some(name) if !printable(name) => Err(ApiMisuse::BadHeader("From".to_owned())),
        _ => Ok(()),
    }
}

/// The target as a URI, or as typed while the account's domain is not known.
pub(super) fn uri(dial: &Dial, identity: &Identity) -> String {
    let domain = Some(identity.domain.as_str()).filter(|domain| !domain.is_empty());
    domain
        .and_then(|domain| target_uri(&dial.target, domain))
        .unwrap_or_else(|| dial.target.clone())
}

impl Call {
    /// The INVITE without credentials.
    pub(super) fn draft(&self, ctx: &Context<'_>, dial: &Dial, sdp: String) -> Request {
        let identity = &*ctx.identity;
        let uri = uri(dial, identity);
        let from = if dial.anonymous {
            // RFC 3323 §4.1.
            ["\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=", &self.local_tag].concat()
        } else {
            identity.from(dial.display_name.as_deref(), &self.local_tag)
        };
        let to = ["<", &uri, ">"].concat();
        let mut request = identity.request(Method::Invite, &uri, &from, &to, &self.sip_call_id, 1);
        let headers = &mut request.headers;
        if dial.anonymous {
            headers.push("Privacy", "id").set("Contact", self.contact(ctx));
        }
        info::write(dial.info.as_deref().unwrap_or_default(), headers);
        for (name, value) in &dial.headers {
            headers.push(name, value);
        }
        self.timer.ask(ctx.config, headers);
        headers.push("Content-Type", "application/sdp");
        request.body = sdp.into_bytes();
        request
    }
}
