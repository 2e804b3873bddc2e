//! What seats say of themselves: publications of presence, RFC 3903 §6.

use std::time::Duration;

use cc_sdk::Time;

use super::Events;
use super::documents::Package;
use crate::switch::signalling::{Arrival, Signalling};

/// The last document of a seat; another one of the same seat takes its place.
#[derive(Debug)]
pub(super) struct Published {
    pub(super) seat: String,
    etag: String,
    pub(super) body: String,
    pub(super) expires_at: Time,
}

impl Events {
    /// Takes a document of a seat, refreshes it, or takes it back.
    pub(super) fn publish(
        &mut self,
        signalling: &mut Signalling,
        arrival: Arrival<'_>,
        seat: &str,
        expires: u32,
    ) {
        let Arrival { server, message, .. } = arrival;
        let known = self.published.iter().position(|published| published.seat == seat);
        let named = message.header("SIP-If-Match");
        let is_named = |at: &usize| named.as_deref() == Some(&self.published[*at].etag);
        if named.is_some() && !known.as_ref().is_some_and(is_named) {
            return signalling.refuse(arrival, 412);
        }
        let old = known.map(|at| self.published.swap_remove(at));
        let etag = signalling.ids.token();
        if expires > 0 {
            let body = match (message.body(), old) {
                ([], Some(old)) => old.body,
                ([], None) => return signalling.refuse(arrival, 400),
                (body, _) => {
                    let kind = message.content_type().unwrap_or_default();
                    let kind = kind.split(';').next().unwrap_or_default().trim();
                    let expected = Package::Presence.content_type();
                    if !kind.eq_ignore_ascii_case(expected) {
                        let mut response = signalling.reply(message).response(415);
                        response.headers.push("Accept", expected);
                        return signalling.respond(server, &response);
                    }
                    String::from_utf8_lossy(body).into_owned()
                }
            };
            let expires_at = signalling.now + Duration::from_secs(expires.into());
            let (seat, etag) = (seat.to_owned(), etag.clone());
            self.published.push(Published { seat, etag, body, expires_at });
        }
        let mut response = signalling.reply(message).response(200);
        response.headers.push("SIP-ETag", etag).push("Expires", expires.to_string());
        signalling.respond(server, &response);
    }
}
