//! `name-addr` and `addr-spec`: From, To, Contact, routes, Refer-To (RFC 3261 §20.10).

use std::borrow::Cow;
use std::ops::Range;

use super::error::{ParseError, ParseErrorKind};
use super::scan::{self, Params};
use super::uri::Uri;

/// An address with its display name and header parameters.
#[derive(Clone, Debug)]
pub struct NameAddr<'a> {
    text: Cow<'a, str>,
    display: Range<usize>,
    uri: Range<usize>,
    params: usize,
    header: &'static str,
    offset: usize,
}

/// Whose the parameters are when the URI is not in `<>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bare {
    /// The header's, as RFC 3261 §20 says.
    Header,
    /// The URI's: so it is meant in Route, Record-Route and Refer-To, where `<>` must stand.
    Uri,
}

impl<'a> NameAddr<'a> {
    /// Reads one element of the header, which begins at `offset` in the frame.
    pub(super) fn parse(
        text: Cow<'a, str>,
        bare: Bare,
        header: &'static str,
        offset: usize,
    ) -> Result<Self, usize> {
        let (display, uri, params) = split(&text, bare)?;
        let scheme = scan::cut(scan::part(&text, uri.clone()), b':');
        let scheme = scheme.is_some_and(|(name, rest)| scan::is_token(name) && !rest.is_empty());
        if !scheme && &text != "*" {
            return Err(uri.start);
        }
        Params::new(&text, params).check()?;
        Ok(Self { text, display, uri, params, header, offset })
    }

    /// The display name as it is meant: without quotes and escapes. Nothing where it is empty.
    pub fn display_name(&self) -> Option<String> {
        let name = scan::unquote(scan::trim(scan::part(&self.text, self.display.clone())));
        let name = scan::trim(&name);
        (!name.is_empty()).then(|| name.to_owned())
    }

    /// The URI as written, without `<>`.
    pub fn uri_text(&self) -> &str {
        scan::part(&self.text, self.uri.clone())
    }

    /// The URI.
    ///
    /// # Errors
    ///
    /// [`ParseError`] if it cannot be read.
    pub fn uri(&self) -> Result<Uri<'_>, ParseError> {
        Uri::parse_delimited(self.uri_text()).map_err(|at| {
            let offset = self.offset + self.uri.start + at;
            ParseError::of(ParseErrorKind::Malformed, self.header, offset)
        })
    }

    /// What a header parameter says; empty where it has no value.
    pub fn param(&self, name: &str) -> Option<Cow<'_, str>> {
        Params::new(&self.text, self.params).get(name)
    }

    /// The tag, unless it is empty.
    pub fn tag(&self) -> Option<Cow<'_, str>> {
        self.param("tag").filter(|tag| !tag.is_empty())
    }

    /// The parameter `expires` of a Contact, in seconds.
    pub fn expires(&self) -> Option<u32> {
        self.param("expires").and_then(|value| scan::number(&value))
    }

    /// Whether this is the `*` of a Contact that removes every binding (RFC 3261 §10.2.2).
    pub fn is_star(&self) -> bool {
        self.text == "*"
    }

    /// The whole element as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Where display name, URI and parameters of the element lie.
fn split(text: &str, bare: Bare) -> Result<(Range<usize>, Range<usize>, usize), usize> {
    if text == "*" {
        return Ok((0..0, 0..1, 1));
    }
    let bytes = text.as_bytes();
    let display_end = if text.starts_with('"') {
        let end = scan::quoted_end(text, 0).ok_or(0_usize)?;
        let open = scan::skip_blanks(text, end);
        if bytes.get(open) != Some(&b'<') {
            return Err(open);
        }
        open
    } else if let Some(open) = scan::find(text, b"<") {
        if let Some(odd) = scan::find(scan::part(text, 0..open), b"\",;>") {
            return Err(odd);
        }
        open
    } else {
        return split_bare(text, bare);
    };
    let start = display_end + 1;
    let end = scan::end_at(text, start, b">");
    if end == text.len() {
        return Err(display_end);
    }
    let uri = start..end;
    if scan::trimmed(text, uri.clone()) != uri {
        return Err(start);
    }
    Ok((0..display_end, uri, end + 1))
}

/// An address that stands without `<>`.
fn split_bare(text: &str, bare: Bare) -> Result<(Range<usize>, Range<usize>, usize), usize> {
    let end = match bare {
        Bare::Uri => text.len(),
        Bare::Header => scan::end_at(text, 0, b"; \t"),
    };
    match scan::find(scan::part(text, 0..end), b"?\">") {
        Some(odd) if bare == Bare::Header => Err(odd),
        _ => Ok((0..0, 0..end, end)),
    }
}
