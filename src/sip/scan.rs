//! The small scanners that every header shares (RFC 3261 §25.1).
//!
//! Each goes forward only, so that no input takes more than linear time.

use std::borrow::Cow;
use std::ops::Range;

use crate::text::looked_at;
pub(super) use crate::text::{before, cut, find_any as find, from, part, pieces};

/// Whether the byte may stand in a token.
pub(super) const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~')
}

/// Whether the text is a token.
pub(super) fn is_token(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() && is_token_byte(bytes[at]) {
        at += 1;
    }
    at > 0 && at == bytes.len()
}

/// Whether the byte is white space within an unfolded value.
pub(super) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// The text without white space around it.
pub(super) fn trim(text: &str) -> &str {
    part(text, trimmed(text, 0..text.len()))
}

/// Where the first of some ASCII characters stands from `at` on, or the end.
pub(super) fn end_at(text: &str, at: usize, stops: &[u8]) -> usize {
    find(from(text, at), stops).map_or(text.len(), |length| at + length)
}

/// Where the white space from `at` on ends.
pub(super) fn skip_blanks(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let mut end = at;
    while end < bytes.len() && is_blank(bytes[end]) {
        end += 1;
    }
    looked_at(end - at);
    end
}

/// Where the quoted string that begins at `at` ends, or nothing if it does not.
pub(super) fn quoted_end(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut here = at + 1;
    loop {
        looked_at(1);
        match bytes.get(here)? {
            b'"' => return Some(here + 1),
            b'\\' => here += 2,
            _ => here += 1,
        }
    }
}

/// What a quoted string says, or a token as it stands.
pub(super) fn unquote(text: &str) -> Cow<'_, str> {
    let Some(inner) = text.strip_prefix('"') else { return Cow::Borrowed(text) };
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    if find(inner, b"\\").is_none() {
        return Cow::Borrowed(inner);
    }
    let mut said = String::with_capacity(inner.len());
    let mut escaped = false;
    for c in inner.chars() {
        if c == '\\' && !escaped {
            escaped = true;
        } else {
            said.push(c);
            escaped = false;
        }
    }
    Cow::Owned(said)
}

/// The next `stop` from `at` on that is neither quoted nor within `<>`, or the end.
///
/// What is opened and never closed reaches to the end; the header's own grammar refuses it then.
pub(super) fn find_outside(text: &str, at: usize, stop: u8) -> usize {
    let bytes = text.as_bytes();
    let mut here = at;
    while let Some(&byte) = bytes.get(here) {
        here = match byte {
            b'"' => quoted_end(text, here).unwrap_or(bytes.len()),
            b'<' => bytes.len().min(end_at(text, here, b">") + 1),
            byte if byte == stop => return here,
            _ => here + 1,
        };
    }
    bytes.len()
}

/// Where the elements of a comma-separated value lie, without the white space around them.
///
/// Empty ones are left out: the grammar forbids them and nothing is lost with them.
pub(super) fn elements(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < text.len() {
            let end = find_outside(text, at, b',');
            let element = trimmed(text, at..end);
            at = end + 1;
            if !element.is_empty() {
                return Some(element);
            }
        }
        None
    })
}

/// The range without the white space at both ends.
pub(super) fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let start = range.end.min(skip_blanks(text, range.start));
    let bytes = text.as_bytes();
    let mut end = range.end;
    while end > start && bytes.get(end - 1).is_some_and(|byte| is_blank(*byte)) {
        end -= 1;
    }
    looked_at(range.end - end);
    start..end
}

/// A part of a value, borrowed if the value is.
pub(super) fn slice<'a>(text: &Cow<'a, str>, range: Range<usize>) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(part(text, range)),
        Cow::Owned(text) => Cow::Owned(part(text, range).to_owned()),
    }
}

/// The parameters behind a value: `;name`, `;name=token`, `;name="quoted"`.
///
/// Yields names and values as written, or where the text stops making sense. Empty parameters,
/// as in a trailing `;`, are passed over.
#[derive(Clone)]
pub(super) struct Params<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Params<'a> {
    pub(super) const fn new(text: &'a str, at: usize) -> Self {
        Self { text, at }
    }

    /// The value of a parameter as written; empty where it has none.
    pub(super) fn raw(self, name: &str) -> Option<&'a str> {
        self.flatten().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// What the value of a parameter says; empty where it has none.
    pub(super) fn get(self, name: &str) -> Option<Cow<'a, str>> {
        self.raw(name).map(unquote)
    }

    /// Reads them all, for where they stop making sense.
    pub(super) fn check(mut self) -> Result<(), usize> {
        self.try_for_each(|param| param.map(|_| ()))
    }

    /// Steps over the semicolon to the next name; nothing at the end.
    fn open(&mut self) -> Result<Option<usize>, usize> {
        let bytes = self.text.as_bytes();
        loop {
            self.at = skip_blanks(self.text, self.at);
            match bytes.get(self.at) {
                None => return Ok(None),
                Some(b';') => self.at = skip_blanks(self.text, self.at + 1),
                Some(_) => return Err(self.at),
            }
            if !matches!(bytes.get(self.at), None | Some(b';')) {
                return Ok(Some(self.at));
            }
        }
    }

    fn read(&mut self) -> Result<Option<(&'a str, &'a str)>, usize> {
        let Some(start) = self.open()? else { return Ok(None) };
        let text = self.text;
        let end = end_at(text, start, b"=;\"");
        let name = trim(part(text, start..end));
        let stop = text.as_bytes().get(end);
        if name.is_empty() || stop == Some(&b'"') {
            return Err(end);
        }
        if stop != Some(&b'=') {
            self.at = end;
            return Ok(Some((name, "")));
        }
        let value = skip_blanks(text, end + 1);
        self.at = if text.as_bytes().get(value) == Some(&b'"') {
            quoted_end(text, value).ok_or(value)?
        } else {
            end_at(text, value, b";")
        };
        Ok(Some((name, trim(part(text, value..self.at)))))
    }
}

impl<'a> Iterator for Params<'a> {
    type Item = Result<(&'a str, &'a str), usize>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = self.read();
        if read.is_err() {
            self.at = self.text.len();
        }
        read.transpose()
    }
}

/// A whole number of seconds, hops or the like at the start of a value; too large a one is the
/// largest. White space, a comment or parameters may follow.
pub(super) fn number(text: &str) -> Option<u32> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text.as_bytes().get(digits);
    if digits == 0 || !matches!(rest, None | Some(b' ' | b'\t' | b';' | b'(')) {
        return None;
    }
    Some(part(text, 0..digits).parse().unwrap_or(u32::MAX))
}
