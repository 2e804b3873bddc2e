//! A message as it lies in its frame.

use std::borrow::Cow;

use super::method::Method;
use super::scan::is_blank;
use crate::text::looked_at;

/// A message that borrows its frame. Headers are read when asked for.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    pub(super) start: StartLine<'a>,
    pub(super) headers: Vec<Line<'a>>,
    pub(super) body: &'a [u8],
    /// Where the body begins.
    pub(super) head_end: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum StartLine<'a> {
    Request { method: &'a str, uri: &'a str, version: &'a str },
    Status { version: &'a str, status: u16, reason: &'a [u8] },
}

/// A header line: the name as written, the value with its folds but without space around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a [u8],
    /// Where in the frame the value begins.
    pub(super) offset: usize,
}

impl<'a> Message<'a> {
    /// Whether this is a request.
    pub const fn is_request(&self) -> bool {
        matches!(self.start, StartLine::Request { .. })
    }

    /// The method of a request. What a response answers is in its CSeq.
    pub fn method(&self) -> Option<Method> {
        match self.start {
            StartLine::Request { method, .. } => Method::parse(method),
            StartLine::Status { .. } => None,
        }
    }

    /// The Request-URI, as written.
    pub const fn request_uri(&self) -> Option<&'a str> {
        match self.start {
            StartLine::Request { uri, .. } => Some(uri),
            StartLine::Status { .. } => None,
        }
    }

    /// The version behind `SIP/`.
    pub const fn version(&self) -> &'a str {
        match self.start {
            StartLine::Request { version, .. } | StartLine::Status { version, .. } => version,
        }
    }

    /// The status code of a response, 100 to 699.
    pub const fn status(&self) -> Option<u16> {
        match self.start {
            StartLine::Request { .. } => None,
            StartLine::Status { status, .. } => Some(status),
        }
    }

    /// The reason phrase of a response as it came; empty for a request.
    pub fn reason(&self) -> Cow<'a, str> {
        match self.start {
            StartLine::Request { .. } => Cow::Borrowed(""),
            StartLine::Status { reason, .. } => String::from_utf8_lossy(reason),
        }
    }

    /// The first header of this name: unfolded, without space around it, U+FFFD for what is no
    /// UTF-8. Compact and long form, upper and lower case mean the same.
    pub fn header(&self, name: &str) -> Option<Cow<'a, str>> {
        self.lines(name).next().map(Line::text)
    }

    /// Every header line of this name.
    pub fn headers<'m>(&'m self, name: &'m str) -> impl Iterator<Item = Cow<'a, str>> + 'm {
        self.lines(name).map(Line::text)
    }

    /// Every header line in order, with its name as written.
    pub fn all_headers(&self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> + '_ {
        self.headers.iter().map(|line| (line.name, line.text()))
    }

    /// The body, without what lies behind its Content-Length.
    pub const fn body(&self) -> &'a [u8] {
        self.body
    }

    pub(super) fn lines<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'m Line<'a>> + 'm {
        self.headers.iter().filter(move |line| same_name(line.name, name))
    }
}

impl<'a> Line<'a> {
    pub(super) fn text(&self) -> Cow<'a, str> {
        match self.bytes() {
            // What is UTF-8, as nearly all is, is seen to be so in one go.
            Cow::Borrowed(bytes) => std::str::from_utf8(bytes)
                .map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// The value with one space for each fold.
    pub(super) fn bytes(&self) -> Cow<'a, [u8]> {
        if !self.value.contains(&b'\n') {
            return Cow::Borrowed(self.value);
        }
        let mut unfolded = Vec::with_capacity(self.value.len());
        self.unfold(|_, byte| {
            unfolded.push(byte);
            true
        });
        Cow::Owned(unfolded)
    }

    /// Where in the frame the byte of the unfolded value stands.
    pub(super) fn offset_of(&self, unfolded: usize) -> usize {
        let (mut seen, mut found) = (0, self.value.len());
        self.unfold(|at, _| {
            if seen == unfolded {
                found = at;
                return false;
            }
            seen += 1;
            true
        });
        self.offset + found
    }

    /// Hands out the bytes of the unfolded value and where each came from, until told to stop.
    fn unfold(&self, mut take: impl FnMut(usize, u8) -> bool) {
        let space = |byte: u8| is_blank(byte) || matches!(byte, b'\r' | b'\n');
        let mut at = 0;
        while at < self.value.len() {
            let run = self.value[at..].iter().take_while(|&&byte| space(byte)).count();
            looked_at(run);
            // Each run is looked at once: a long one would take quadratic time else.
            let end = at + run.max(1);
            let fold = self.value[at..end].contains(&b'\n');
            for here in at..if fold { at + 1 } else { end } {
                if !take(here, if fold { b' ' } else { self.value[here] }) {
                    return;
                }
            }
            at = end;
        }
    }
}

/// Whether two header names mean the same header (RFC 3261 §7.3.3, §20).
pub(super) fn same_name(a: &str, b: &str) -> bool {
    // Two long names of another length are told apart without a look at their letters.
    (a.len() == b.len() || a.len() == 1 || b.len() == 1)
        && long_name(a).eq_ignore_ascii_case(long_name(b))
}

/// The long form of a compact header name; any other name as it is.
pub(crate) fn long_name(name: &str) -> &str {
    let [letter] = name.as_bytes() else { return name };
    match letter.to_ascii_lowercase() {
        b'a' => "Accept-Contact",
        b'b' => "Referred-By",
        b'c' => "Content-Type",
        b'd' => "Request-Disposition",
        b'e' => "Content-Encoding",
        b'f' => "From",
        b'i' => "Call-ID",
        b'j' => "Reject-Contact",
        b'k' => "Supported",
        b'l' => "Content-Length",
        b'm' => "Contact",
        b'o' => "Event",
        b'r' => "Refer-To",
        b's' => "Subject",
        b't' => "To",
        b'u' => "Allow-Events",
        b'v' => "Via",
        b'x' => "Session-Expires",
        b'y' => "Identity",
        _ => name,
    }
}
