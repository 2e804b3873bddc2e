//! The INVITE that begins a call, and what a page may put into it.

use crate::api::Dial;
use crate::context::Context;
use crate::error::ApiMisuse;
use crate::identity::Identity;
use crate::owned::may_be_set;
use crate::sip::{Method, Request, printable, target_uri};
use crate::text::find_any;

use super::{Call, info};

/// Checks what can be checked before anything has begun.
pub(super) fn check(dial: &Dial) -> Result<(), ApiMisuse> {
    if !dial.pickup && target_uri(&dial.target, "example.invalid").is_none() {
        return Err(ApiMisuse::BadTarget(dial.target.clone()));
    }
    check_headers(&dial.headers, None)?;
    let is_name = dial.display_name.as_ref().is_none_or(|name| printable(name));
    if is_name && dial.from.as_ref().is_none_or(|user| user_uri(user, "example.invalid").is_some())
    {
        Ok(())
    } else {
        Err(ApiMisuse::BadHeader("From".to_owned()))
    }
}

/// Checks headers of a page. `free` is one of the stack's that is left to it.
pub(super) fn check_headers(
    headers: &[(String, String)],
    free: Option<&str>,
) -> Result<(), ApiMisuse> {
    let may = |name: &str, value: &str| {
        may_be_set(name, value)
            || free.is_some_and(|free| name.eq_ignore_ascii_case(free)) && printable(value)
    };
    match headers.iter().find(|(name, value)| !may(name, value)) {
        Some((name, _)) => Err(ApiMisuse::BadHeader(name.clone())),
        None => Ok(()),
    }
}

/// A number or a user name as an address at this domain; none of an address that has its own.
fn user_uri(user: &str, domain: &str) -> Option<String> {
    find_any(user, b"@:").is_none().then(|| target_uri(user, domain))?
}

/// The target as a URI, or as typed while the account's domain is not known.
pub(super) fn uri(dial: &Dial, identity: &Identity) -> String {
    let domain = Some(identity.domain.as_str()).filter(|domain| !domain.is_empty());
    domain
        .and_then(|domain| match target_uri(&dial.target, domain) {
            // The token says which call it is.
            None if dial.pickup => Some(["sip:pickup@", domain].concat()),
            uri => uri,
        })
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
            let from = dial.from.as_ref().and_then(|user| user_uri(user, &identity.domain));
            identity.address_of_caller(
                from.as_deref(),
                dial.display_name.as_deref(),
                &self.local_tag,
            )
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
