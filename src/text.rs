//! Looking for text in text, byte by byte.
//!
//! Each kind of pattern that `str` can search for is code of its own in the wasm, some with the
//! two-way search or tables of Unicode. Here every search is for bytes, and compiled once.

use std::ops::Range;

/// The first place of `needle`, which is not empty.
pub(crate) fn find(text: &str, needle: &str) -> Option<usize> {
    text.as_bytes().windows(needle.len()).position(|window| window == needle.as_bytes())
}

/// Whether `needle`, which is not empty, stands anywhere.
pub(crate) fn has(text: &str, needle: &str) -> bool {
    find(text, needle).is_some()
}

/// What stands before and after the first `needle`.
pub(crate) fn split_once<'a>(text: &'a str, needle: &str) -> Option<(&'a str, &'a str)> {
    let at = find(text, needle)?;
    Some((part(text, 0..at), from(text, at + needle.len())))
}

/// A part of the text; nothing where there is no such part.
///
/// Every other slice goes through here: what cannot panic needs no words for it in the wasm.
#[inline(never)]
pub(crate) fn part(text: &str, range: Range<usize>) -> &str {
    text.get(range).unwrap_or_default()
}

/// The text from `start` on.
pub(crate) fn from(text: &str, start: usize) -> &str {
    part(text, start..text.len())
}

/// Where the first of some ASCII characters stands.
pub(crate) fn find_any(text: &str, stops: &[u8]) -> Option<usize> {
    let found = find_byte(text.as_bytes(), stops);
    looked_at(found.unwrap_or(text.len()));
    found
}

/// Where the first of some bytes stands.
///
/// Plain loops, since this is where most of a message's time goes: what is built for size makes
/// a call for each byte of every adapter.
pub(crate) fn find_byte(bytes: &[u8], stops: &[u8]) -> Option<usize> {
    let mut at = 0;
    if let [only] = *stops {
        while at < bytes.len() && bytes[at] != only {
            at += 1;
        }
        return (at < bytes.len()).then_some(at);
    }
    while at < bytes.len() {
        let mut stop = 0;
        while stop < stops.len() {
            if bytes[at] == stops[stop] {
                return Some(at);
            }
            stop += 1;
        }
        at += 1;
    }
    None
}

/// Counts the bytes that a scanner looked at, where a test wants to know how much work input is.
#[cfg(test)]
pub(crate) fn looked_at(bytes: usize) {
    WORK.set(WORK.get() + bytes);
}

#[cfg(not(test))]
pub(crate) const fn looked_at(_: usize) {}

#[cfg(test)]
thread_local!(pub(crate) static WORK: std::cell::Cell<usize> = const { std::cell::Cell::new(0) });

/// What stands before the first of some ASCII characters; all of it where there is none.
pub(crate) fn before<'a>(text: &'a str, stops: &[u8]) -> &'a str {
    part(text, 0..find_any(text, stops).unwrap_or(text.len()))
}

/// What stands before and behind the first of an ASCII character.
pub(crate) fn cut(text: &str, stop: u8) -> Option<(&str, &str)> {
    Some(cut_at(text, find_any(text, &[stop])?))
}

/// What stands before and behind the last of an ASCII character.
pub(crate) fn cut_last(text: &str, stop: u8) -> Option<(&str, &str)> {
    Some(cut_at(text, text.bytes().rposition(|byte| byte == stop)?))
}

fn cut_at(text: &str, at: usize) -> (&str, &str) {
    (part(text, 0..at), from(text, at + 1))
}

/// What stands between each two of an ASCII character, and at both ends; as `str::split` gives it.
pub(crate) fn pieces(text: &str, stop: u8) -> Pieces<'_> {
    Pieces { rest: Some(text), stop }
}

/// See [`pieces`].
pub(crate) struct Pieces<'a> {
    rest: Option<&'a str>,
    stop: u8,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        let end = find_any(rest, &[self.stop]);
        self.rest = end.map(|end| from(rest, end + 1));
        Some(end.map_or(rest, |end| part(rest, 0..end)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_those_of_split() {
        for text in ["", ";", "a", "a;b", ";a;;b;"] {
            let split: Vec<&str> = text.split(';').collect();
            assert_eq!(pieces(text, b';').collect::<Vec<_>>(), split, "{text:?}");
        }
    }

    #[test]
    fn what_is_cut_is_cut_at_the_first_or_at_the_last() {
        assert_eq!(cut("a:b:c", b':'), Some(("a", "b:c")));
        assert_eq!(cut_last("a:b:c", b':'), Some(("a:b", "c")));
        assert_eq!(before("a?b;c", b";?"), "a");
        assert_eq!(before("abc", b";?"), "abc");
        assert_eq!((cut("abc", b':'), cut_last("", b':')), (None, None));
    }
}
