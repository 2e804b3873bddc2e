//! An INVITE that goes out again: to another place, or with all candidates (RFC 3261 §8.1.3.4).

use std::time::Duration;

use crate::api::{EndCause, EndReason, EndedBy};
use crate::context::{Context, Usage};
use crate::sip::{Message, Request, Uri};
use crate::text::{before, cut};
use crate::transaction::TransactionId;

use super::outgoing::{Calling, Hears, Offer};
use super::{Call, State};

/// How many places a call is sent to after the first.
const REDIRECTIONS: usize = 5;
/// How long the whole list of candidates is waited for after an incomplete one was refused.
const WHOLE_LIST: Duration = Duration::from_secs(3);

impl Calling {
    /// Takes the places of a redirection up, before what was left of an earlier one.
    pub(super) fn may_go_to(&mut self, places: Vec<String>) {
        self.further.retain(|it| !places.contains(it));
        let earlier = std::mem::replace(&mut self.further, places);
        self.further.extend(earlier);
    }

    /// A fork's description is in use: no other offer can be made in this INVITE's place.
    const fn is_early(&self) -> bool {
        matches!(self.hears, Hears::Early { .. } | Hears::Bereft)
    }
}

impl Call {
    /// Sends the call to the next place, without what was proven to the last one.
    pub(super) fn redirect(&mut self, ctx: &mut Context<'_>, id: TransactionId) -> bool {
        let State::Calling(calling) = &mut self.state else { return false };
        // A fork that was heard has had the offer's answer; the next could not give another.
        if self.once || calling.tried.len() > REDIRECTIONS || calling.is_early() {
            return false;
        }
        let tried = &calling.tried;
        let Some(at) = calling.further.iter().position(|it| !tried.contains(it)) else {
            return false;
        };
        let place = calling.further.remove(at);
        let Some(mut request) = ctx.transactions.sent(id).cloned() else { return false };
        calling.tried.push(place.clone());
        request.uri = place;
        self.call_again(ctx, request)
    }

    /// After a 488 to an incomplete list of candidates: once more with the full list.
    pub(super) fn offer_whole_list(&mut self, ctx: &mut Context<'_>) -> bool {
        let State::Calling(calling) = &mut self.state else { return false };
        let is_early = calling.is_early();
        let Offer::Partial { sdp } = &mut calling.offer else { return false };
        if is_early || self.once {
            return false;
        }
        let Some(request) = ctx.transactions.sent(calling.invite).cloned() else { return false };
        let (sdp, request) = (std::mem::take(sdp), Box::new(request));
        calling.offer = Offer::Refused { sdp, request, until: ctx.now + WHOLE_LIST };
        if self.peer.as_ref().is_some_and(super::Peer::has_gathered_all) {
            self.call_with_whole_list(ctx);
        }
        true
    }

    /// The whole list is there, or was waited for long enough.
    pub(super) fn call_with_whole_list(&mut self, ctx: &mut Context<'_>) {
        let (State::Calling(calling), Some(peer)) = (&mut self.state, &self.peer) else { return };
        let before = std::mem::replace(&mut calling.offer, Offer::Whole);
        let Offer::Refused { sdp, mut request, .. } = before else { return };
        request.body = peer.complete(&sdp, &mut self.origin).into_bytes();
        self.call_again(ctx, *request);
    }

    /// `true` also if there was no way for it, so that the call is over.
    pub(super) fn call_again(&mut self, ctx: &mut Context<'_>, request: Request) -> bool {
        // Who rang for the former INVITE does so no more.
        self.forks.clear();
        let again = self.send_again(ctx, request, Usage::Invite);
        if let (State::Calling(calling), Some(again)) = (&mut self.state, again) {
            calling.invite = again;
        } else {
            self.over(ctx, EndReason::new(EndedBy::Network, EndCause::Network));
        }
        true
    }
}

/// The places of a redirection, best first (RFC 3261 §8.1.3.4).
pub(crate) fn places(response: &Message<'_>) -> Vec<String> {
    let contacts = response.contacts().unwrap_or_default();
    let mut places: Vec<(u32, String)> = Vec::new();
    for contact in contacts.iter().filter(|contact| !contact.is_star()) {
        let uri = contact.uri_text();
        let scheme = Uri::parse(uri).map(|uri| uri.scheme().to_ascii_lowercase());
        if matches!(scheme.as_deref(), Ok("sip" | "sips" | "tel")) {
            // Headers of the URI are another's wishes for our request.
            let uri = before(uri, b"?");
            let q = thousandths(contact.param("q").as_deref());
            // Sorted as they come: `sort` costs 4 KB.
            let at = places.iter().position(|(other, _)| *other < q).unwrap_or(places.len());
            places.insert(at, (q, uri.to_owned()));
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
