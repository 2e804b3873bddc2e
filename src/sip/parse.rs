//! Framing: start line, header lines and body of one frame (RFC 3261 §7, RFC 7118 §5).
//!
//! Tolerated, because it is met: line ends before the start line, LF for CRLF, a status line
//! without reason, lines that are no header (passed over), bytes after the body.

use super::error::{ParseError, ParseErrorKind};
use super::message::{Line, Message, StartLine, same_name};
use super::scan::{self, is_blank, is_token};
use super::uri::Uri;
use super::{MAX_HEAD, MAX_HEADERS, MAX_MESSAGE};
use crate::text::find_byte;

/// Whether the frame is a keep-alive: nothing but line ends (RFC 5626 §3.5.1, RFC 7118 §6).
pub fn is_keep_alive(frame: &[u8]) -> bool {
    frame.iter().all(|byte| matches!(byte, b'\r' | b'\n'))
}

/// How much must be right.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Care {
    All,
    /// Only what is needed to answer.
    Salvage,
}

impl<'a> Message<'a> {
    /// Reads start line, header lines and body. Headers are looked at when asked for.
    ///
    /// Whether the mandatory headers are there is a question for [`check`](Self::check).
    ///
    /// # Errors
    ///
    /// [`ParseError`] if the frame is empty, too large or cut short, if the start line or the
    /// Request-URI cannot be read, or if Content-Length makes no sense.
    pub fn parse(frame: &'a [u8]) -> Result<Self, ParseError> {
        read(frame, Care::All)
    }

    /// What can be read of a request that [`parse`](Self::parse) refused, for its answer.
    ///
    /// Nothing if it is no request.
    pub fn salvage(frame: &'a [u8]) -> Option<Self> {
        read(frame, Care::Salvage).ok().filter(Self::is_request)
    }
}

fn read(frame: &[u8], care: Care) -> Result<Message<'_>, ParseError> {
    let start = frame.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    if start == frame.len() {
        return Err(ParseError::new(ParseErrorKind::KeepAlive, 0));
    }
    if frame.len() > MAX_MESSAGE && care == Care::All {
        return Err(ParseError::new(ParseErrorKind::TooLarge, MAX_MESSAGE));
    }
    let mut lines = Lines { frame, at: start };
    let (first, _) = lines.next_line().ok_or_else(|| cut_short(frame, start))?;
    let start_line = match start_line(first, start) {
        Err(_) if care == Care::Salvage => salvaged_start_line(first, start)?,
        read => read?,
    };
    let headers = header_lines(&mut lines, care)?;
    let mut message = Message { start: start_line, headers, body: &[], head_end: lines.at };
    let rest = &frame[lines.at.min(frame.len())..];
    message.body = match content_length(&message.headers, rest.len()) {
        Ok(length) => &rest[..length],
        Err(_) if care == Care::Salvage => &[],
        Err(error) => return Err(error),
    };
    Ok(message)
}

const fn cut_short(frame: &[u8], start: usize) -> ParseError {
    let long = frame.len() - start > MAX_HEAD;
    let kind = if long { ParseErrorKind::TooLarge } else { ParseErrorKind::Truncated };
    ParseError::new(kind, frame.len())
}

/// Reads header lines up to the empty one.
fn header_lines<'a>(lines: &mut Lines<'a>, care: Care) -> Result<Vec<Line<'a>>, ParseError> {
    let mut headers = Vec::with_capacity(16);
    loop {
        let at = lines.at;
        if at > MAX_HEAD || headers.len() > MAX_HEADERS {
            let refused = ParseError::new(ParseErrorKind::TooLarge, at);
            return if care == Care::Salvage { Ok(headers) } else { Err(refused) };
        }
        let Some((line, _)) = lines.next_folded() else {
            if care == Care::Salvage {
                return Ok(headers);
            }
            return Err(cut_short(lines.frame, 0));
        };
        if line.is_empty() {
            return Ok(headers);
        }
        match bare_cr(line) {
            None => headers.extend(header_line(line, at)),
            Some(_) if care == Care::Salvage => {}
            Some(bare) => return Err(ParseError::new(ParseErrorKind::LineEnd, at + bare)),
        }
    }
}

/// A carriage return that no line feed follows: some take it for a line end, so it is refused.
fn bare_cr(line: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + find_byte(&line[from..], b"\r")?;
        if line.get(at + 1) != Some(&b'\n') {
            return Some(at);
        }
        from = at + 1;
    }
}

/// Splits `name: value`. A line that is no header has no effect.
fn header_line(line: &[u8], at: usize) -> Option<Line<'_>> {
    let colon = find_byte(line, b":")?;
    let name = line[..colon].trim_ascii_end();
    let name = std::str::from_utf8(name).ok().filter(|name| is_token(name))?;
    let space = |byte: &u8| is_blank(*byte) || matches!(byte, b'\r' | b'\n');
    let rest = &line[colon + 1..];
    let before = rest.iter().take_while(|byte| space(byte)).count();
    let after = rest[before..].iter().rev().take_while(|byte| space(byte)).count();
    let value = &rest[before..rest.len() - after];
    Some(Line { name, value, offset: at + colon + 1 + before })
}

/// The lines of a frame.
struct Lines<'a> {
    frame: &'a [u8],
    at: usize,
}

impl<'a> Lines<'a> {
    /// The next line without its end, and where it began. Nothing if it has no end.
    fn next_line(&mut self) -> Option<(&'a [u8], usize)> {
        let start = self.at;
        let rest = self.frame.get(start..)?;
        let length = find_byte(&rest[..rest.len().min(MAX_HEAD)], b"\n")?;
        self.at = start + length + 1;
        let line = &rest[..length];
        Some((line.strip_suffix(b"\r").unwrap_or(line), start))
    }

    /// The next line with those that continue it (RFC 3261 §7.3.1).
    fn next_folded(&mut self) -> Option<(&'a [u8], usize)> {
        let (mut line, start) = self.next_line()?;
        while !line.is_empty() && self.frame.get(self.at).is_some_and(|&byte| is_blank(byte)) {
            self.next_line()?;
            line = &self.frame[start..self.at - 1];
        }
        line = line.strip_suffix(b"\r").unwrap_or(line);
        Some((line, start))
    }
}

fn start_line(line: &[u8], at: usize) -> Result<StartLine<'_>, ParseError> {
    let refused = ParseError::new(ParseErrorKind::StartLine, at);
    if let Some((b"SIP/" | b"sip/", rest)) = line.split_at_checked(4) {
        return status_line(rest).ok_or(refused);
    }
    let line = std::str::from_utf8(line).map_err(|_| refused)?;
    let mut words = scan::pieces(line, b' ');
    let (Some(method), Some(uri), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(refused);
    };
    let version = version.strip_prefix("SIP/").filter(|version| is_version(version));
    let (Some(version), true) = (version, is_token(method)) else { return Err(refused) };
    Uri::parse(uri)
        .map_err(|bad| ParseError::new(ParseErrorKind::RequestUri, at + method.len() + 1 + bad))?;
    Ok(StartLine::Request { method, uri, version })
}

/// `2.0 180 Ringing`, behind `SIP/`.
fn status_line(rest: &[u8]) -> Option<StartLine<'_>> {
    let space = rest.iter().position(|&byte| byte == b' ')?;
    let version = std::str::from_utf8(&rest[..space]).ok().filter(|text| is_version(text))?;
    let rest = &rest[space + 1..];
    let (code, reason) = rest.split_at_checked(3)?;
    let digits = code.iter().all(u8::is_ascii_digit);
    let one_line = !reason.iter().any(|byte| matches!(byte, b'\r' | 0));
    let reason = match reason {
        [] => reason,
        [b' ', reason @ ..] => reason,
        _ => return None,
    };
    let status =
        code.iter().fold(0, |status, byte| status * 10 + u16::from(byte.wrapping_sub(b'0')));
    (digits && one_line && (100..=699).contains(&status)).then_some(StartLine::Status {
        version,
        status,
        reason,
    })
}

/// The first word of a line that is no request line, if it can be a method.
fn salvaged_start_line(line: &[u8], at: usize) -> Result<StartLine<'_>, ParseError> {
    let method = line.split(|&byte| byte == b' ').next().unwrap_or_default();
    match std::str::from_utf8(method) {
        Ok(method) if is_token(method) => {
            Ok(StartLine::Request { method, uri: "", version: "2.0" })
        }
        _ => Err(ParseError::new(ParseErrorKind::StartLine, at)),
    }
}

/// `1*DIGIT "." 1*DIGIT`
fn is_version(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    scan::cut(text, b'.').is_some_and(|(major, minor)| digits(major) && digits(minor))
}

/// How much of the rest is body (RFC 3261 §18.3): what Content-Length says, or all of it.
fn content_length(headers: &[Line<'_>], rest: usize) -> Result<usize, ParseError> {
    const NAME: &str = "Content-Length";
    let mut agreed = None;
    for line in headers.iter().filter(|line| same_name(line.name, NAME)) {
        let refused = |kind| ParseError::of(kind, NAME, line.offset);
        if line.value.is_empty() || !line.value.iter().all(u8::is_ascii_digit) {
            return Err(refused(ParseErrorKind::Malformed));
        }
        let length = line.value.iter().fold(0_usize, |length, byte| {
            length.saturating_mul(10).saturating_add(usize::from(byte - b'0'))
        });
        if agreed.is_some_and(|agreed| agreed != length) {
            return Err(refused(ParseErrorKind::Repeated));
        }
        if length > rest {
            return Err(refused(ParseErrorKind::Truncated));
        }
        agreed = Some(length);
    }
    Ok(agreed.unwrap_or(rest))
}
