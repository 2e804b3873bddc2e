//! Opaque tokens, `<app>:<seat>:<uuid>`, the CC SDK's form.
//!
//! The uuid (version 8) carries when the token was made, how long it lasts and 66 bits of an
//! HMAC over both, the app and the seat: so a restarted gateway knows its tokens again, and
//! registered phones come back by themselves. In memory stands only which token of a seat is
//! the newest, since a new one replaces the old.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Makes and knows opaque tokens.
pub struct OpaqueTokens {
    app: String,
    key: Hmac<Sha256>,
    /// When the newest token of each seat was made, in milliseconds of the Unix epoch.
    newest: Mutex<HashMap<String, u64>>,
}

/// What a good token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Whose it is.
    pub seat: String,
    /// When it was made, in milliseconds of the Unix epoch; larger is newer.
    pub issued: u64,
    /// When it ends, in seconds of the Unix epoch.
    pub expires_at: u64,
}

impl OpaqueTokens {
    /// Tokens of one app under one secret.
    pub fn new(app: &str, secret: &str) -> Self {
        // HMAC takes keys of any length, so the other arm is never reached.
        let key =
            Hmac::new_from_slice(secret.as_bytes()).unwrap_or_else(|_| Hmac::new(&[0; 64].into()));
        Self { app: app.to_owned(), key, newest: Mutex::default() }
    }

    /// Makes a token for a seat, which ends the older ones. `now` in milliseconds of the Unix
    /// epoch, `lifetime` in seconds, at most 32,767.
    pub fn issue(&self, seat: &str, lifetime: u16, now: u64) -> String {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let last = newest.get(seat).copied().unwrap_or_default();
        let issued = now.max(last + 1);
        newest.insert(seat.to_owned(), issued);
        format!("{}:{seat}:{}", self.app, self.uuid(seat, issued, lifetime))
    }

    /// Reads a token, with or without `Bearer `; `now` in milliseconds of the Unix epoch.
    ///
    /// `None` for one that is not ours, was replaced, or is over.
    pub fn open(&self, token: &str, now: u64) -> Option<Opened> {
        let token = token.strip_prefix("Bearer ").unwrap_or(token);
        let (app, rest) = token.split_once(':')?;
        let (seat, uuid) = rest.split_once(':')?;
        let (issued, lifetime) = times(uuid)?;
        let expected = self.uuid(seat, issued, lifetime);
        if app != self.app || !bool::from(expected.as_bytes().ct_eq(uuid.as_bytes())) {
            return None;
        }
        let expires_at = issued / 1000 + u64::from(lifetime);
        if now / 1000 >= expires_at {
            return None;
        }
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let last = newest.entry(seat.to_owned()).or_default();
        if issued < *last {
            return None;
        }
        *last = issued;
        Some(Opened { seat: seat.to_owned(), issued, expires_at })
    }

    fn uuid(&self, seat: &str, issued: u64, lifetime: u16) -> String {
        let payload = u128::from(issued) << 15 | u128::from(lifetime & 0x7fff);
        let mut mac = self.key.clone();
        mac.update(self.app.as_bytes());
        mac.update(b":");
        mac.update(seat.as_bytes());
        mac.update(&payload.to_be_bytes());
        let bytes = mac.finalize().into_bytes();
        let mut head = [0; 16];
        head.copy_from_slice(&bytes[..16]);
        let tag = u128::from_be_bytes(head) & MAC_MASK;
        to_uuid((payload & PAYLOAD_MASK) << MAC_BITS | tag)
    }
}

impl std::fmt::Debug for OpaqueTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpaqueTokens").field("app", &self.app).finish_non_exhaustive()
    }
}

const MAC_BITS: u32 = 66;
const MAC_MASK: u128 = (1 << MAC_BITS) - 1;
/// 41 bits of milliseconds (to the year 2039) and 15 bits of seconds.
const PAYLOAD_MASK: u128 = (1 << 56) - 1;

/// 122 bits as a UUID of version 8 (RFC 9562 §5.8).
fn to_uuid(bits: u128) -> String {
    let (high, mid, low) = (bits >> 74, bits >> 62 & 0xfff, bits & ((1 << 62) - 1));
    let text = format!("{:032x}", high << 80 | 8 << 76 | mid << 64 | 2 << 62 | low);
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

/// When the token was made and how long it lasts, as its uuid says; not yet to be believed.
fn times(uuid: &str) -> Option<(u64, u16)> {
    if uuid.len() != 36 || !uuid.is_ascii() {
        return None;
    }
    let bits = u128::from_str_radix(&uuid.replace('-', ""), 16).ok()?;
    let bits = bits >> 80 << 74 | (bits >> 64 & 0xfff) << 62 | bits & ((1 << 62) - 1);
    let payload = bits >> MAC_BITS;
    Some((u64::try_from(payload >> 15).ok()?, u16::try_from(payload & 0x7fff).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_000_000_123;

    #[test]
    fn a_token_opens_until_its_end() {
        let tokens = OpaqueTokens::new("demo", "secret");
        let token = tokens.issue("alice", 60, NOW);
        assert!(token.starts_with("demo:alice:") && token.len() == "demo:alice:".len() + 36);
        let opened = tokens.open(&format!("Bearer {token}"), NOW).unwrap();
        assert_eq!((opened.seat.as_str(), opened.expires_at), ("alice", NOW / 1000 + 60));
        assert_eq!(tokens.open(&token, NOW + 60_000), None);
    }

    #[test]
    fn a_new_token_replaces_the_old_and_that_of_another_seat_does_not() {
        let tokens = OpaqueTokens::new("demo", "secret");
        let (old, bob) = (tokens.issue("alice", 60, NOW), tokens.issue("bob", 60, NOW));
        let new = tokens.issue("alice", 60, NOW);
        assert_eq!(tokens.open(&old, NOW), None);
        assert!(tokens.open(&new, NOW).is_some() && tokens.open(&bob, NOW).is_some());
    }

    #[test]
    fn a_restarted_gateway_knows_its_tokens_and_the_newest_seen_replaces_the_others() {
        let (first, second) = (OpaqueTokens::new("demo", "s"), OpaqueTokens::new("demo", "s"));
        let (old, new) = (first.issue("alice", 60, NOW), first.issue("alice", 60, NOW));
        assert!(second.open(&new, NOW).is_some());
        assert_eq!(second.open(&old, NOW), None);
    }

    #[test]
    fn nothing_in_a_token_can_be_changed() {
        let tokens = OpaqueTokens::new("demo", "secret");
        let token = tokens.issue("alice", 60, NOW);
        let forged = OpaqueTokens::new("demo", "other").issue("alice", 60, NOW);
        assert_eq!(tokens.open(&forged, NOW), None);
        assert_eq!(tokens.open(&token.replace("alice", "bob"), NOW), None);
        assert_eq!(tokens.open(&token.replace("demo", "other"), NOW), None);
        for at in 11..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(tokens.open(&changed, NOW), None, "{changed}");
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let tokens = OpaqueTokens::new("demo", "secret");
        for text in ["", "Bearer ", "demo", "demo:alice", "demo:alice:", "a:b:c:d", "demo:alice:é"]
        {
            assert_eq!(tokens.open(text, NOW), None, "{text}");
        }
    }
}
