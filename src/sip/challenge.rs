//! Challenges, RFC 3261 §20.27 and §20.44, RFC 7235 §2.1.

use std::borrow::Cow;
use std::ops::Range;

use super::message::Message;
use super::scan;

/// A challenge of WWW-Authenticate or Proxy-Authenticate.
#[derive(Clone, Debug)]
pub struct Challenge<'a> {
    proxy: bool,
    text: Cow<'a, str>,
    scheme: usize,
}

impl<'a> Message<'a> {
    /// Every challenge of every line, in order, also where a line holds several.
    pub fn challenges(&self) -> Vec<Challenge<'a>> {
        let mut challenges = Vec::new();
        for (proxy, name) in [(false, "WWW-Authenticate"), (true, "Proxy-Authenticate")] {
            for value in self.headers(name) {
                for range in challenges_of(&value) {
                    let text = scan::slice(&value, range);
                    let scheme = scan::end_at(&text, 0, b" \t");
                    challenges.push(Challenge { proxy, text, scheme });
                }
            }
        }
        challenges
    }

    /// Authentication-Info or Proxy-Authentication-Info (RFC 7615), which has parameters and no
    /// scheme.
    pub fn authentication_info(&self, name: &str) -> Option<Challenge<'a>> {
        Some(Challenge { proxy: false, text: self.header(name)?, scheme: 0 })
    }
}

impl Challenge<'_> {
    /// Whether a proxy asks, to be answered in Proxy-Authorization.
    pub const fn proxy(&self) -> bool {
        self.proxy
    }

    /// The scheme as written; compare without case.
    pub fn scheme(&self) -> &str {
        scan::part(&self.text, 0..self.scheme)
    }

    /// What a parameter says, without quotes and escapes.
    pub fn param(&self, name: &str) -> Option<Cow<'_, str>> {
        let rest = scan::from(&self.text, self.scheme);
        scan::elements(rest).find_map(|range| {
            let (given, value) = scan::cut(scan::part(rest, range), b'=')?;
            scan::trim(given).eq_ignore_ascii_case(name).then(|| scan::unquote(scan::trim(value)))
        })
    }
}

/// Where the challenges of a line lie. One begins at each element that opens with a scheme.
fn challenges_of(value: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for element in scan::elements(value) {
        match found.last_mut() {
            Some(last) if !opens(scan::part(value, element.clone())) => last.end = element.end,
            _ => found.push(element),
        }
    }
    found
}

/// Whether the element opens with a scheme: a token that no `=` follows.
fn opens(element: &str) -> bool {
    let token = element.bytes().take_while(|&byte| scan::is_token_byte(byte)).count();
    let next = scan::skip_blanks(element, token);
    token > 0 && element.as_bytes().get(next) != Some(&b'=')
}
