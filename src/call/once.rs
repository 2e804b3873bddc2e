//! A call that brings its own credential: one INVITE with a one-time token, no registration.
//!
//! The token leaves once, on the first INVITE, and is wiped with it: no challenge, redirection or
//! other refusal makes the INVITE go again, and nothing else of the call carries it. It goes to the
//! account's own domain only.

use crate::api::{Config, Dial, OneTimeToken};
use crate::context::{Context, Owner};
use crate::error::ApiMisuse;
use crate::owned::may_be_set;
use crate::sip::Request;
use crate::token::bare;
use crate::transaction::TransactionId;

/// Checks what a page gave for this one call.
pub(super) fn check(dial: &Dial, config: &Config) -> Result<(), ApiMisuse> {
    let Some(token) = &dial.token else {
        return if dial.pickup { Err(ApiMisuse::BadToken("a pick-up needs one")) } else { Ok(()) };
    };
    bare(&token.0)?;
    let name = header(config);
    if says_bearer(name) || may_be_set(name, "") {
        Ok(())
    } else {
        Err(ApiMisuse::BadHeader(name.to_owned()))
    }
}

/// Sends an INVITE with its token, which is gone then.
pub(super) fn send(
    ctx: &mut Context<'_>,
    mut request: Request,
    owner: Owner,
    token: &OneTimeToken,
) -> Option<TransactionId> {
    let name = header(ctx.config);
    let scheme = if says_bearer(name) { "Bearer " } else { "" };
    if scheme.is_empty() {
        // The account's own credentials have a header of their own.
        ctx.identity.auth.authorize(&mut request, ctx.ids);
    }
    request.headers.push(name, [scheme, bare(&token.0).ok()?].concat());
    let sent = ctx.send_as_it_is(request, owner)?;
    ctx.transactions.forget_header(sent, name);
    Some(sent)
}

fn header(config: &Config) -> &str {
    config.token_header.as_deref().unwrap_or("Proxy-Authorization")
}

fn says_bearer(header: &str) -> bool {
    ["Proxy-Authorization", "Authorization"].iter().any(|name| name.eq_ignore_ascii_case(header))
}
