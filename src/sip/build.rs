//! Messages that are written: owned, edited, and never with a line break where none belongs.

use std::fmt;

use super::message::{Line, Message, StartLine, same_name};
use super::method::Method;
use super::scan::{self, is_token};
use crate::text::find_byte;

/// The headers of a message in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<Field>);

#[derive(Clone, PartialEq, Eq)]
struct Field {
    name: String,
    value: String,
    /// What came, where it is no UTF-8 or has a NUL (RFC 3261 allows `\` NUL in quotes): it
    /// goes out as it came.
    raw: Option<Vec<u8>>,
}

/// Without credentials, which end in a log too easily.
impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret = ["Authorization", "Proxy-Authorization"];
        let secret = secret.iter().any(|name| same_name(&self.name, name));
        write!(f, "{}: {}", self.name, if secret { "\u{2026}" } else { &self.value })
    }
}

impl Field {
    fn new(name: &str, value: String) -> Self {
        Self { name: name.to_owned(), value, raw: None }
    }

    fn of(line: &Line<'_>) -> Self {
        let bytes = line.bytes();
        let text = std::str::from_utf8(&bytes);
        let raw = text.map_or(true, |text| !printable(text)).then(|| bytes.to_vec());
        Self { name: line.name.to_owned(), value: line.text().into_owned(), raw }
    }

    /// The value for the wire, if it stays one line there.
    fn bytes(&self) -> Option<&[u8]> {
        let (bytes, refused): (&[u8], &[u8]) = match &self.raw {
            Some(raw) => (raw, b"\r\n"),
            None => (self.value.as_bytes(), b"\r\n\0"),
        };
        find_byte(bytes, refused).is_none().then_some(bytes)
    }
}

impl Headers {
    /// Adds a header at the end.
    pub fn push(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.0.push(Field::new(name, value.into()));
        self
    }

    /// Adds a header before all others.
    pub fn push_front(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.0.insert(0, Field::new(name, value.into()));
        self
    }

    /// Puts one header in the place of all of this name, or at the end.
    pub fn set(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        let Some(first) = self.position(name) else { return self.push(name, value) };
        self.0[first] = Field::new(name, value.into());
        let rest = self.0.split_off(first + 1);
        self.0.extend(rest.into_iter().filter(|field| !same_name(&field.name, name)));
        self
    }

    /// The first value of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.position(name).map(|at| self.0[at].value.as_str())
    }

    /// Every value of this name.
    pub fn get_all<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h str> + 'h {
        self.iter().filter(move |(given, _)| same_name(given, name)).map(|(_, value)| value)
    }

    /// Takes the first line of this name away.
    pub fn remove_first(&mut self, name: &str) -> Option<String> {
        self.position(name).map(|at| self.0.remove(at).value)
    }

    /// Takes every line of this name away.
    pub fn remove_all(&mut self, name: &str) {
        self.0.retain(|field| !same_name(&field.name, name));
    }

    /// Takes every line away that has none of these names, and the room that it took.
    pub(crate) fn keep(&mut self, names: &[&str]) {
        self.0.retain(|field| names.iter().any(|name| same_name(&field.name, name)));
        self.0.shrink_to_fit();
    }

    /// Names, as written, and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|field| (field.name.as_str(), field.value.as_str()))
    }

    /// Copies every line of this name from a message, byte for byte but for its folds.
    pub fn copy(&mut self, message: &Message<'_>, name: &str) -> &mut Self {
        self.0.extend(message.lines(name).map(Field::of));
        self
    }

    /// Copies every line of others.
    pub(super) fn extend(&mut self, others: &Self) {
        self.0.extend_from_slice(&others.0);
    }

    /// Adds text to the first value of this name.
    pub(super) fn append(&mut self, name: &str, text: &str) {
        if let Some(at) = self.position(name) {
            let field = &mut self.0[at];
            field.value.push_str(text);
            if let Some(raw) = &mut field.raw {
                raw.extend_from_slice(text.as_bytes());
            }
        }
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|field| same_name(&field.name, name))
    }

    fn all_of(message: &Message<'_>) -> Self {
        Self(message.headers.iter().map(Field::of).collect())
    }

    /// Writes all lines and the body. Content-Length is right, whatever was set, and stands
    /// where it was set, or at the end.
    fn write(&self, mut out: Vec<u8>, body: &[u8]) -> Result<Vec<u8>, Unprintable> {
        const LENGTH: &str = "Content-Length";
        out.extend_from_slice(b"\r\n");
        let length = body.len().to_string();
        let mut counted = false;
        for field in &self.0 {
            let own = same_name(&field.name, LENGTH);
            if own && std::mem::replace(&mut counted, true) {
                continue;
            }
            let value = if own { Some(length.as_bytes()) } else { field.bytes() };
            match value {
                Some(value) if is_token(&field.name) => write_line(&mut out, &field.name, value),
                _ => return Err(Unprintable { header: field.name.clone() }),
            }
        }
        if !counted {
            write_line(&mut out, LENGTH, length.as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(body);
        Ok(out)
    }
}

fn write_line(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(if value.is_empty() { b":" } else { b": " });
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// A request to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub method: Method,
    /// The Request-URI.
    pub uri: String,
    /// All headers; Content-Length may be left out.
    pub headers: Headers,
    /// Anything.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: Method, uri: impl Into<String>) -> Self {
        Self { method, uri: uri.into(), headers: Headers::default(), body: Vec::new() }
    }

    /// The text for the wire.
    ///
    /// # Errors
    ///
    /// [`Unprintable`] if anything but the body has a line break or NUL, or if method, URI or
    /// a header name is none.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Unprintable> {
        let odd = |byte: u8| byte <= b' ' || byte == 0x7f;
        if !is_token(self.method.as_str()) || self.uri.is_empty() || self.uri.bytes().any(odd) {
            return Err(Unprintable { header: String::new() });
        }
        let mut out = Vec::with_capacity(1024 + self.body.len());
        for part in [self.method.as_str(), " ", &self.uri, " SIP/2.0"] {
            out.extend_from_slice(part.as_bytes());
        }
        self.headers.write(out, &self.body)
    }
}

/// A response to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// 100 to 699.
    pub status: u16,
    /// For people.
    pub reason: String,
    /// All headers; Content-Length may be left out.
    pub headers: Headers,
    /// Anything.
    pub body: Vec<u8>,
}

impl Response {
    /// A response with the standard reason, without headers and body.
    pub fn new(status: u16) -> Self {
        let reason = standard_reason(status).to_owned();
        Self { status, reason, headers: Headers::default(), body: Vec::new() }
    }

    /// The text for the wire.
    ///
    /// # Errors
    ///
    /// [`Unprintable`] if anything but the body has a line break or NUL, if a header name is
    /// none, or if the status has not three digits.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Unprintable> {
        if !printable(&self.reason) || !(100..=699).contains(&self.status) {
            return Err(Unprintable { header: String::new() });
        }
        let mut out = Vec::with_capacity(1024 + self.body.len());
        for part in ["SIP/2.0 ", &self.status.to_string(), " ", &self.reason] {
            out.extend_from_slice(part.as_bytes());
        }
        self.headers.write(out, &self.body)
    }
}

impl Message<'_> {
    /// An owned copy of a request, every header in its place, to be edited and sent on.
    pub fn to_request(&self) -> Option<Request> {
        let StartLine::Request { uri, .. } = self.start else { return None };
        let (method, uri) = (self.method()?, uri.to_owned());
        Some(Request { method, uri, headers: Headers::all_of(self), body: self.body.to_vec() })
    }

    /// An owned copy of a response, every header in its place, to be edited and sent on.
    pub fn to_response(&self) -> Option<Response> {
        let status = self.status()?;
        let reason = self.reason().into_owned();
        Some(Response { status, reason, headers: Headers::all_of(self), body: self.body.to_vec() })
    }
}

/// A message that cannot be written, since it would be read as another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unprintable {
    /// The name of the header; empty for the start line.
    pub header: String,
}

impl fmt::Display for Unprintable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.header.is_empty() { "the start line" } else { &self.header };
        write!(f, "cannot be written: {}", place.escape_debug())
    }
}

impl std::error::Error for Unprintable {}

/// Whether a text can stand in a header: no CR, LF or NUL.
pub fn printable(text: &str) -> bool {
    scan::find(text, b"\r\n\0").is_none()
}

/// The reason phrase of a status (RFC 3261 §21 and what came after); empty where there is none.
pub const fn standard_reason(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        181 => "Call Is Being Forwarded",
        182 => "Queued",
        183 => "Session Progress",
        200 => "OK",
        202 => "Accepted",
        301 => "Moved Permanently",
        302 => "Moved Temporarily",
        305 => "Use Proxy",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 | 606 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        410 => "Gone",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        422 => "Session Interval Too Small",
        423 => "Interval Too Brief",
        439 => "First Hop Lacks Outbound Support",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        483 => "Too Many Hops",
        484 => "Address Incomplete",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        489 => "Bad Event",
        491 => "Request Pending",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        600 => "Busy Everywhere",
        603 => "Decline",
        604 => "Does Not Exist Anywhere",
        607 => "Unwanted",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(request: &Request) -> String {
        String::from_utf8(request.to_bytes().unwrap()).unwrap()
    }

    #[test]
    fn headers_are_edited_by_either_name_and_keep_their_order() {
        let mut request = Request::new(Method::Bye, "sip:a@b.invalid");
        request.headers.push("v", "2").push("m", "old").push("X", "1").push("Contact", "older");
        request.headers.push_front("Via", "1").set("Contact", "new").set("Route", "r");
        assert_eq!(
            text(&request),
            "BYE sip:a@b.invalid SIP/2.0\r\nVia: 1\r\nv: 2\r\nContact: new\r\nX: 1\r\nRoute: r\r\n\
            Content-Length: 0\r\n\r\n"
        );
        assert_eq!(request.headers.get("via"), Some("1"));
        assert_eq!(request.headers.get_all("VIA").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(request.headers.remove_first("Via").as_deref(), Some("1"));
        request.headers.remove_all("x");
        assert_eq!(request.headers.iter().count(), 3);
    }

    #[test]
    fn content_length_is_right_whatever_was_set() {
        let mut request = Request::new(Method::Info, "sip:a@b.invalid");
        request.headers.push("l", "99").push("Content-Length", "5").push("X", "");
        request.body = b"abc".to_vec();
        assert_eq!(text(&request), "INFO sip:a@b.invalid SIP/2.0\r\nl: 3\r\nX:\r\n\r\nabc");
    }

    #[test]
    fn what_would_be_read_as_another_message_is_not_written() {
        let bad = |method: &str, uri: &str, name: &str| {
            let method = Method::Other(method.into());
            let mut request = Request::new(method, uri);
            request.headers.push(name, "x");
            request.to_bytes().is_err()
        };
        assert!(!bad("NEW", "sip:a@b", "X"));
        assert!(bad("NEW METHOD", "sip:a@b", "X"));
        assert!(bad("", "sip:a@b", "X"));
        assert!(bad("NEW", "sip:a b", "X"));
        assert!(bad("NEW", "", "X"));
        assert!(bad("NEW", "sip:a@b", "X:"));
        assert!(bad("NEW", "sip:a@b", ""));
        assert!(Response::new(99).to_bytes().is_err());
        assert!(Response::new(700).to_bytes().is_err());
    }
}
