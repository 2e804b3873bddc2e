//! URIs, RFC 3261 §19.1 and RFC 3966. Schemes other than sip, sips and tel stay opaque.

use std::borrow::Cow;
use std::fmt;

use super::scan::{self, Params, trim};

/// A URI that borrows its text.
///
/// Parts come out as written, escapes and all; [`unescape`] reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uri<'a> {
    text: &'a str,
    scheme: &'a str,
    user: Option<&'a str>,
    host: &'a str,
    port: Option<u16>,
    /// From the first `;` on.
    params: &'a str,
    /// Behind the `?`.
    headers: &'a str,
}

impl<'a> Uri<'a> {
    /// Reads a URI.
    ///
    /// # Errors
    ///
    /// Where in the text it stops being one.
    pub fn parse(text: &'a str) -> Result<Self, usize> {
        Self::read(text, false)
    }

    /// Reads a URI that stands within `<>`, where some write IPv6 addresses without brackets.
    pub(super) fn parse_delimited(text: &'a str) -> Result<Self, usize> {
        Self::read(text, true)
    }

    fn read(text: &'a str, delimited: bool) -> Result<Self, usize> {
        let colon = scan::find(text, b":").ok_or(0_usize)?;
        let scheme = scan::part(text, 0..colon);
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let first = scheme.as_bytes().first();
        if !first.is_some_and(u8::is_ascii_alphabetic) || !scheme.bytes().all(letters) {
            return Err(0);
        }
        let odd = |byte: u8| byte < b' ' || matches!(byte, b'<' | b'>' | b'"' | 0x7f);
        if let Some(at) = text.bytes().position(odd) {
            return Err(at);
        }
        let rest = scan::from(text, colon + 1);
        let whole =
            Self { text, scheme, user: None, host: "", port: None, params: "", headers: "" };
        if scheme.eq_ignore_ascii_case("tel") {
            let end = scan::end_at(rest, 0, b";");
            let number = scan::part(rest, 0..end);
            let params = scan::from(rest, end);
            return (!number.is_empty())
                .then_some(Self { user: Some(number), params, ..whole })
                .ok_or(colon + 1);
        }
        if !whole.is_sip() {
            let opaque = !rest.is_empty() && scan::find(rest, b" ").is_none();
            return opaque.then_some(whole).ok_or(colon + 1);
        }
        let at = scan::find(rest, b"@");
        let user = at.map(|at| scan::part(rest, 0..at));
        let start = colon + 1 + at.map_or(0, |at| at + 1);
        whole.with_host(user, start, delimited)
    }

    /// Reads host, port, parameters and headers, which begin at `start`.
    fn with_host(
        self,
        user: Option<&'a str>,
        start: usize,
        delimited: bool,
    ) -> Result<Self, usize> {
        let rest = scan::from(self.text, start);
        let end = scan::end_at(rest, 0, b";?");
        let (host, port) = split_host(scan::part(rest, 0..end), delimited).ok_or(start)?;
        let tail = scan::from(rest, end);
        let (params, headers) = scan::cut(tail, b'?').unwrap_or((tail, ""));
        if let Some(space) = scan::find(tail, b" ") {
            return Err(start + end + space);
        }
        Ok(Self { user, host, port, params, headers, ..self })
    }

    /// The whole URI as written.
    pub const fn as_str(&self) -> &'a str {
        self.text
    }

    /// The scheme as written, without the colon.
    pub const fn scheme(&self) -> &'a str {
        self.scheme
    }

    /// Whether this is a SIP or SIPS URI.
    pub fn is_sip(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("sip") || self.scheme.eq_ignore_ascii_case("sips")
    }

    /// The user without password; of a tel URI the number.
    pub fn user(&self) -> Option<&'a str> {
        self.user.map(|user| scan::cut(user, b':').map_or(user, |(user, _)| user))
    }

    /// The password, which nobody should put there (RFC 3261 §19.1.1).
    pub fn password(&self) -> Option<&'a str> {
        self.user.and_then(|user| scan::cut(user, b':')).map(|(_, password)| password)
    }

    /// The host, an IPv6 address with its brackets; empty for other schemes than sip and sips.
    pub const fn host(&self) -> &'a str {
        self.host
    }

    /// The port, if one is given.
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// The value of a parameter as written; empty where it has none.
    pub fn param(&self, name: &str) -> Option<&'a str> {
        Params::new(self.params, 0).raw(name)
    }

    /// All parameters, from the first `;` on.
    pub const fn params(&self) -> &'a str {
        self.params
    }

    /// All headers as written, without the `?`.
    pub const fn headers(&self) -> &'a str {
        self.headers
    }

    /// What a header of this name in the URI says, unescaped.
    pub fn header(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut pairs = scan::pieces(self.headers, b'&').filter_map(|pair| scan::cut(pair, b'='));
        pairs.find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| unescape(value))
    }
}

impl fmt::Display for Uri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

/// Splits `host[:port]`, also for Via. White space may stand around the colon there.
pub(super) fn split_host(text: &str, bare_ipv6: bool) -> Option<(&str, Option<u16>)> {
    let ipv6 = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    if bare_ipv6 && text.bytes().filter(|&byte| byte == b':').count() > 1 && text.bytes().all(ipv6)
    {
        return Some((text, None));
    }
    let (host, rest) = if text.starts_with('[') {
        let close = scan::find(text, b"]")?;
        let zone = scan::find(scan::part(text, 1..close), b"%").map_or(close, |zone| zone + 1);
        if close == 1 || !scan::part(text, 1..zone).bytes().all(ipv6) {
            return None;
        }
        (scan::part(text, 0..close + 1), scan::from(text, close + 1))
    } else {
        let colon = scan::end_at(text, 0, b":");
        (trim(scan::part(text, 0..colon)), scan::from(text, colon))
    };
    let letter = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_') || !byte.is_ascii()
    };
    if host.is_empty() || (!host.starts_with('[') && !host.bytes().all(letter)) {
        return None;
    }
    if rest.is_empty() {
        return Some((host, None));
    }
    let port = trim(trim(rest).strip_prefix(':')?);
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| port.parse().ok()).flatten().map(|port| (host, Some(port)))
}

/// The text with `%41` read as `A`. What is no escape, or no UTF-8 after all, stays as it stands.
pub fn unescape(text: &str) -> Cow<'_, str> {
    if scan::find(text, b"%").is_none() {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if let [b'%', high, low, ..] = bytes[at..]
            && let (Some(high), Some(low)) = (hex_digit(high), hex_digit(low))
        {
            plain.push(high << 4 | low);
            at += 3;
        } else {
            plain.push(byte);
            at += 1;
        }
    }
    String::from_utf8(plain).map_or(Cow::Borrowed(text), Cow::Owned)
}

const fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}
