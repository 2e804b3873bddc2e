//! What is wrong with a message, and where.

use std::fmt;

/// A message, or a header of it, that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// What is wrong.
    pub kind: ParseErrorKind,
    /// The header that is wrong, by its long name; nothing for the frame and the start line.
    pub header: Option<&'static str>,
    /// Where in the frame, in bytes. The end of the headers for a header that is missing.
    pub offset: usize,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// Nothing but line ends: a keep-alive (RFC 5626 §3.5.1), no message.
    KeepAlive,
    /// More bytes or header lines than are read.
    TooLarge,
    /// Neither a request line nor a status line.
    StartLine,
    /// A request line whose URI cannot be used.
    RequestUri,
    /// Another version of SIP.
    Version,
    /// No empty line after the headers, or a body shorter than its Content-Length.
    Truncated,
    /// A carriage return that ends no line.
    LineEnd,
    /// A header that must be there and is not.
    Missing,
    /// A header that may be there once and is there again.
    Repeated,
    /// A header that does not follow its grammar.
    Malformed,
    /// CSeq names another method than the request line.
    MethodMismatch,
}

impl ParseError {
    pub(super) const fn new(kind: ParseErrorKind, offset: usize) -> Self {
        Self { kind, header: None, offset }
    }

    pub(super) const fn of(kind: ParseErrorKind, header: &'static str, offset: usize) -> Self {
        Self { kind, header: Some(header), offset }
    }

    /// The status to answer a request with (RFC 3261 §21.4, §21.5).
    pub const fn status(&self) -> u16 {
        match self.kind {
            ParseErrorKind::Version => 505,
            ParseErrorKind::TooLarge => 513,
            _ => 400,
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ParseErrorKind::KeepAlive => "a keep-alive, not a message",
            ParseErrorKind::TooLarge => "larger than is read",
            ParseErrorKind::StartLine => "neither a request line nor a status line",
            ParseErrorKind::RequestUri => "the Request-URI cannot be used",
            ParseErrorKind::Version => "another version of SIP",
            ParseErrorKind::Truncated => "the message is cut short",
            ParseErrorKind::LineEnd => "a carriage return that ends no line",
            ParseErrorKind::Missing => "a header is missing",
            ParseErrorKind::Repeated => "a header is there more than once",
            ParseErrorKind::Malformed => "a header cannot be read",
            ParseErrorKind::MethodMismatch => "CSeq names another method",
        })?;
        if let Some(header) = self.header {
            f.write_str(": ")?;
            f.write_str(header)?;
        }
        // Not by `write!`: it would bring all of its machinery into the wasm.
        f.write_str(", at byte ")?;
        f.write_str(&self.offset.to_string())
    }
}

impl std::error::Error for ParseError {}
