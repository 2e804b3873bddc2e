//! A call that is sent elsewhere: 3xx (RFC 3261 §8.1.3.4, §21.3).
//!
//! Each place is tried once, the best first, and no more of them than the settings say. 305 (use a
//! proxy) is not followed, since a browser's only proxy is the server that it is connected to; nor
//! is 380, whose alternatives are not calls. Where the call was sent before goes along as
//! History-Info (RFC 7044 §9), unless the caller hides.

use crate::context::{Context, Owner, Usage};
use crate::owned::may_be_set;
use crate::sip::{Message, Method, Request, Uri, target_uri, unescape};
use crate::text::{before, cut, cut_last, pieces};
use crate::transaction::TransactionId;

use super::outgoing::Calling;
use super::{Call, Privacy, State};

/// No more Contacts of one answer are looked at.
const CONTACTS: usize = 20;
/// Nor more headers of one Contact.
const HEADERS: usize = 8;

impl Calling {
    /// Takes the places of a redirection up, before what was left of an earlier one.
    pub(super) fn may_go_to(&mut self, places: Vec<String>) {
        self.further.retain(|it| !places.contains(it));
        let earlier = std::mem::replace(&mut self.further, places);
        self.further.extend(earlier);
        self.further.truncate(CONTACTS);
    }
}

impl Call {
    /// The next place after this answer. `false` if there is none.
    pub(super) fn redirect(
        &mut self,
        ctx: &mut Context<'_>,
        id: TransactionId,
        status: u16,
        response: &Message<'_>,
    ) -> bool {
        let State::Calling(calling) = &mut self.state else { return false };
        if matches!(status, 300..=399) && !matches!(status, 305 | 380) {
            calling.may_go_to(places(response));
        }
        let is_enough = calling.tried.len() > ctx.config.redirections as usize;
        // A fork that was heard has had the offer's answer; the next could not give another.
        if is_enough || calling.is_early() {
            return false;
        }
        let Some(mut request) = ctx.transactions.sent(id).cloned() else { return false };
        let tried = &mut calling.tried;
        let is_safe = request.uri.starts_with("sips:");
        let is_new = |place: &String| {
            !tried.contains(&essence(place)) && (!is_safe || place.starts_with("sips:"))
        };
        let Some(at) = calling.further.iter().position(is_new) else { return false };
        let place = calling.further.remove(at);
        tried.push(essence(&place));
        let (uri, headers) = cut(&place, b'?').unwrap_or((&place, ""));
        let number = uri.starts_with("tel:").then(|| target_uri(uri, &ctx.identity.domain));
        let uri = number.flatten().unwrap_or_else(|| uri.to_owned());
        if self.privacy == Privacy::None {
            remember(&mut request, status, &uri);
        }
        take_wishes(&mut request, headers);
        request.uri = uri;
        self.call_again(ctx, request)
    }
}

impl Call {
    /// Whether a redirection has sent this INVITE to another host than the account's: there
    /// nothing is proven but to who was known before, such as the proxy on the way.
    pub(super) fn is_elsewhere(&self, ctx: &Context<'_>, request: &Request) -> bool {
        matches!(&self.state, State::Calling(calling) if calling.tried.len() > 1)
            && request.method == Method::Invite
            && !ctx.identity.auth.is_own(request)
    }

    /// Sends an INVITE anew, without credentials.
    pub(super) fn send_bare(
        &mut self,
        ctx: &mut Context<'_>,
        mut request: Request,
    ) -> Option<TransactionId> {
        self.renumber(&mut request);
        for name in ["Authorization", "Proxy-Authorization"] {
            request.headers.remove_all(name);
        }
        ctx.send_as_it_is(request, Owner::Call(self.id, Usage::Invite))
    }
}

/// What two ways to write a place have in common: the user, and what follows in lower case.
pub(super) fn essence(place: &str) -> String {
    let place = before(place, b"?");
    let (user, host) = cut_last(place, b'@').unwrap_or(("", place));
    [user, "@", &host.to_ascii_lowercase()].concat()
}

/// A page may say such things, but nobody else for us: who calls, and what is to happen there.
const OURS: [&str; 6] = ["p-", "priv-", "answer-mode", "identity", "diversion", "history-info"];

/// Headers of a Contact's URI are its wishes for the request (RFC 3261 §19.1.5): those are granted
/// that are neither the stack's nor the page's.
fn take_wishes(request: &mut Request, headers: &str) {
    for wish in pieces(headers, b'&').take(HEADERS) {
        let Some((name, value)) = cut(wish, b'=') else { continue };
        let (name, value) = (unescape(name), unescape(value));
        let lower = name.to_ascii_lowercase();
        let is_ours = OURS.iter().any(|ours| lower.starts_with(ours));
        if may_be_set(&name, &value) && !is_ours && request.headers.get(&name).is_none() {
            request.headers.push(&name, value);
        }
    }
}

/// Notes in History-Info where the call was sent so far, and why it goes on from there.
fn remember(request: &mut Request, status: u16, next: &str) {
    const NAME: &str = "History-Info";
    let mut entries: Vec<String> = request.headers.get_all(NAME).map(str::to_owned).collect();
    if entries.is_empty() {
        entries.push(["<", &request.uri, ">;index=1"].concat());
    }
    let count = entries.len().to_string();
    if let Some(last) = entries.pop() {
        let (uri, rest) = cut(&last, b'>').unwrap_or((&last, ""));
        let reason = ["?Reason=SIP%3Bcause%3D", &status.to_string(), ">"].concat();
        entries.push([uri, &reason, rest].concat());
    }
    entries.push(["<", next, ">;index=1.", &count, ";mp=1"].concat());
    request.headers.remove_all(NAME);
    for entry in entries {
        request.headers.push(NAME, entry);
    }
}

/// The places of a redirection with the headers of their URIs, best first.
pub(crate) fn places(response: &Message<'_>) -> Vec<String> {
    let contacts = response.contacts().unwrap_or_default();
    let mut places: Vec<(u32, String)> = Vec::new();
    for contact in contacts.iter().take(CONTACTS).filter(|contact| !contact.is_star()) {
        let uri = contact.uri_text();
        let scheme = Uri::parse(uri).map(|uri| uri.scheme().to_ascii_lowercase());
        if let Ok(known @ ("sip" | "sips" | "tel")) = scheme.as_deref() {
            let q = thousandths(contact.param("q").as_deref());
            // Sorted as they come: `sort` costs 4 KB.
            let at = places.iter().position(|(other, _)| *other < q).unwrap_or(places.len());
            places.insert(at, (q, [known, crate::text::from(uri, known.len())].concat()));
        }
    }
    places.into_iter().map(|(_, uri)| uri).collect()
}

/// A `q` value, without floating point: `0.75` is 750.
fn thousandths(q: Option<&str>) -> u32 {
    let Some((whole, fraction)) = q.and_then(|q| cut(q, b'.')) else {
        return if q == Some("0") { 0 } else { 1000 };
    };
    let digits = fraction.bytes().chain(*b"000").take(3);
    let fraction = digits.fold(0, |sum, digit| sum * 10 + u32::from(digit.wrapping_sub(b'0') % 10));
    if whole == "0" { fraction } else { 1000 }
}
