//! The two kinds of token: an account signed into a JWS, and an opaque one that is exchanged.
//!
//! The phone reads a JWS, the server verifies it: nothing here proves anything about a signature.

use crate::account::Account;
use crate::error::ApiMisuse;
use crate::json::Json;
use crate::text::{find_any, from, part, pieces};
use crate::time::Time;

/// What a page's token turned out to be. There is no `Debug`: both kinds are secrets.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// A JWS compact serialisation (RFC 7515 §7.1) with an account in it. The account carries the
    /// token as its bearer, and the token's end.
    SelfContained(Box<Account>),
    /// To be exchanged for an account at the service; without `Bearer `.
    Opaque(String),
}

impl Token {
    /// Reads a token of either kind, with or without a leading `Bearer `.
    ///
    /// # Errors
    ///
    /// [`ApiMisuse::BadToken`], [`ApiMisuse::TokenExpired`], and what its account lacks.
    pub(crate) fn read(text: &str, now: Time) -> Result<Self, ApiMisuse> {
        let token = bare(text)?;
        let mut parts = pieces(token, b'.');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(_), Some(payload), Some(_), None) if find_any(token, b":").is_none() => {
                self_contained(token, payload, now)
                    .map(|account| Self::SelfContained(Box::new(account)))
            }
            _ => Ok(Self::Opaque(token.to_owned())),
        }
    }
}

/// The token itself, as a header can carry it.
///
/// # Errors
///
/// [`ApiMisuse::BadToken`] if it is empty or has characters that no token has.
pub(crate) fn bare(text: &str) -> Result<&str, ApiMisuse> {
    let token = without_scheme(text);
    if token.is_empty() {
        return Err(ApiMisuse::BadToken("it is empty"));
    }
    // RFC 6750 §2.1, and `:` for `<app>:<seat>:<uuid>`.
    if !token.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\,<>".contains(&byte)) {
        return Err(ApiMisuse::BadToken("it has characters that no token has"));
    }
    Ok(token)
}

/// The account in a one-time token, for a phone that has none: nothing is registered, and the token
/// is no credential for anything but its call. An opaque token has none, nor has any other JWS.
///
/// # Errors
///
/// [`ApiMisuse::TokenExpired`], and what is wrong with the account.
pub(crate) fn account_of(text: &str, now: Time) -> Result<Option<Box<Account>>, ApiMisuse> {
    match Token::read(text, now) {
        Ok(Token::SelfContained(mut account)) => {
            account.register = false;
            (account.bearer, account.expires_at) = (None, None);
            account.check()?;
            Ok(Some(account))
        }
        Err(ApiMisuse::TokenExpired) => Err(ApiMisuse::TokenExpired),
        Ok(Token::Opaque(_)) | Err(_) => Ok(None),
    }
}

fn without_scheme(text: &str) -> &str {
    let text = text.trim();
    match find_any(text, b" \t").map(|at| (part(text, 0..at), from(text, at))) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => token.trim_start(),
        _ if text.eq_ignore_ascii_case("Bearer") => "",
        _ => text,
    }
}

fn self_contained(token: &str, payload: &str, now: Time) -> Result<Account, ApiMisuse> {
    let bytes = base64url(payload).ok_or(ApiMisuse::BadToken("its payload is not base64url"))?;
    let claims = String::from_utf8(bytes)
        .ok()
        .and_then(|text| Json::parse(&text))
        .ok_or(ApiMisuse::BadToken("its payload is not JSON"))?;
    let sip =
        claims.get("sip").ok_or(ApiMisuse::BadToken("its payload has no account (claim sip)"))?;
    let expires_at = expiry(&claims, now)?;
    let mut account = Account::from_json(sip)?;
    account.bearer = Some(token.to_owned());
    account.expires_at = Some(expires_at);
    Ok(account)
}

/// The claim `exp`, if the token lives no longer than it may and has not ended.
fn expiry(claims: &Json, now: Time) -> Result<u64, ApiMisuse> {
    let moment = |name| claims.get(name).and_then(Json::as_u64);
    let exp = moment("exp").ok_or(ApiMisuse::BadToken("its payload has no end (claim exp)"))?;
    let iat =
        moment("iat").ok_or(ApiMisuse::BadToken("its payload has no beginning (claim iat)"))?;
    if claims.get("sub").and_then(Json::as_text).is_none() {
        return Err(ApiMisuse::BadToken("its payload has no subject (claim sub)"));
    }
    if exp.saturating_sub(iat) > LONGEST_LIFE {
        return Err(ApiMisuse::BadToken("it lives longer than eight hours"));
    }
    if now.since_epoch().as_secs() >= exp.saturating_add(CLOCK_SKEW) {
        return Err(ApiMisuse::TokenExpired);
    }
    Ok(exp)
}

/// In seconds.
const LONGEST_LIFE: u64 = 8 * 3600;
/// How far a visitor's clock may be ahead, in seconds; the server's clock decides in the end.
const CLOCK_SKEW: u64 = 60;

/// Base64url without padding (RFC 7515 §2); padding and the plain alphabet are taken too.
fn base64url(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    if text.len() % 4 == 1 {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    for digits in text.as_bytes().chunks(4) {
        let mut bits = 0_u32;
        for digit in digits {
            bits = bits << 6 | u32::from(sextet(*digit)?);
        }
        bits <<= 6 * (4 - digits.len());
        bytes.extend_from_slice(&bits.to_be_bytes()[1..digits.len()]);
    }
    Some(bytes)
}

const fn sextet(digit: u8) -> Option<u8> {
    Some(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'-' | b'+' => 62,
        b'_' | b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    fn encoded(text: &str) -> String {
        let mut out = String::new();
        for chunk in text.as_bytes().chunks(3) {
            let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
            let bits = bits << (8 * (3 - chunk.len()));
            for digit in 0..=chunk.len() {
                out.push(char::from(ALPHABET[(bits >> (18 - 6 * digit) & 63) as usize]));
            }
        }
        out
    }

    fn token(claims: &str) -> String {
        ["eyJhbGciOiJFUzI1NiJ9", &encoded(claims), "c2ln"].join(".")
    }

    fn noon() -> Time {
        Time::from_epoch(Duration::from_secs(1_800_000_000))
    }

    fn misuse(text: &str) -> ApiMisuse {
        Token::read(text, noon()).err().unwrap()
    }

    const GOOD: &str = r#"{"sub":"alice","aud":"sip.example.com","jti":"1","iat":1799999900,"exp":1800003500,
        "sip":{"uri":"sip:alice@example.com","servers":["wss://edge.example.com/sip"],"displayName":"Älice \u263a",
        "iceServers":[{"urls":"turn:t.example.com","username":"u","credential":"c"}],"iceTransportPolicy":"relay"}}"#;

    #[test]
    fn a_self_contained_token_is_an_account_with_the_token_as_its_bearer() {
        let text = token(GOOD);
        for text in [text.clone(), ["Bearer ", &text].concat(), [" bearer  ", &text, "\n"].concat()]
        {
            let Token::SelfContained(account) = Token::read(&text, noon()).unwrap() else {
                panic!("not self-contained")
            };
            assert_eq!(account.uri, "sip:alice@example.com");
            assert_eq!(account.display_name.as_deref(), Some("Älice ☺"));
            assert_eq!(account.expires_at, Some(1_800_003_500));
            assert!(account.register && account.relay_only);
            assert_eq!(account.bearer.as_deref(), Some(without_scheme(&text)));
        }
    }

    #[test]
    fn anything_else_of_one_word_is_opaque() {
        for text in [
            "Bearer demo:alice:123e4567",
            "demo:alice:123e4567",
            "abc",
            "a.b",
            "a.b.c.d",
            "app:a.b.c:1",
        ] {
            let Token::Opaque(token) = Token::read(text, noon()).unwrap() else { panic!("{text}") };
            assert_eq!(token, without_scheme(text));
        }
    }

    #[test]
    fn a_token_that_cannot_be_used_says_why() {
        for (text, why) in [
            ("", "empty"),
            ("Bearer ", "empty"),
            ("two words", "characters"),
            ("line\r\nbreak", "characters"),
            ("a.!!.c", "base64url"),
            ("a.YQ.c", "not JSON"),
            (&token("{}"), "claim sip"),
            (&token(r#"{"sip":{},"iat":1,"sub":"a"}"#), "claim exp"),
            (&token(r#"{"sip":{},"exp":1900000000,"sub":"a"}"#), "claim iat"),
            (&token(r#"{"sip":{},"exp":1800000100,"iat":1799999900}"#), "claim sub"),
            (&token(r#"{"sip":{},"sub":"a","iat":1799999900,"exp":1800029901}"#), "eight hours"),
        ] {
            let ApiMisuse::BadToken(said) = misuse(text) else { panic!("{text}") };
            assert!(said.contains(why), "{text}: {said}");
        }
    }

    #[test]
    fn an_expired_token_is_refused_but_a_clock_a_little_ahead_is_not() {
        let at = |seconds| Time::from_epoch(Duration::from_secs(seconds));
        assert_eq!(
            Token::read(&token(GOOD), at(1_800_003_560)).err(),
            Some(ApiMisuse::TokenExpired)
        );
        assert!(Token::read(&token(GOOD), at(1_800_003_559)).is_ok());
    }

    #[test]
    fn the_account_inside_a_token_is_read_like_any_other() {
        let claims = |sip: &str| {
            [r#"{"sub":"a","iat":1799999900,"exp":1800000100,"sip":"#, sip, "}"].concat()
        };
        assert_eq!(misuse(&token(&claims("{}"))), ApiMisuse::BadAccount("uri"));
        assert_eq!(misuse(&token(&claims("7"))), ApiMisuse::BadAccount("uri"));
        assert_eq!(
            misuse(&token(&claims(r#"{"uri":"sip:a@b.example","servers":7}"#))),
            ApiMisuse::BadAccount("servers")
        );
    }

    #[test]
    fn base64url_is_read_with_and_without_padding() {
        assert_eq!(base64url("_-8").as_deref(), Some(&[0xff, 0xef][..]));
        assert_eq!(base64url("_-8=").as_deref(), Some(&[0xff, 0xef][..]));
        assert_eq!(base64url("").as_deref(), Some(&[][..]));
        assert!(base64url("a").is_none() && base64url("a*aa").is_none());
    }
}
