//! What every message must have, RFC 3261 §8.1.1 and §8.2.

use super::error::{ParseError, ParseErrorKind};
use super::message::{Message, StartLine};
use super::uri::Uri;

impl Message<'_> {
    /// Whether a transaction and a dialog can work with the message: the version, the mandatory
    /// headers, single ones once, and the method in CSeq.
    ///
    /// # Errors
    ///
    /// [`ParseError`] for the first thing that is wrong.
    pub fn check(&self) -> Result<(), ParseError> {
        if self.version() != "2.0" {
            return Err(ParseError::new(ParseErrorKind::Version, 0));
        }
        self.vias()?;
        if self.lines("Via").next().is_none() {
            return Err(self.missing("Via"));
        }
        self.from()?;
        self.to()?;
        self.call_id()?;
        let cseq = self.cseq()?;
        self.max_forwards()?;
        for name in ["From", "To", "Call-ID", "CSeq", "Max-Forwards"] {
            if let Some(second) = self.lines(name).nth(1) {
                return Err(ParseError::of(ParseErrorKind::Repeated, name, second.offset));
            }
        }
        let StartLine::Request { method, uri, .. } = self.start else { return Ok(()) };
        if cseq.method.as_str() != method {
            let at = self.lines("CSeq").next().map_or(0, |line| line.offset);
            return Err(ParseError::of(ParseErrorKind::MethodMismatch, "CSeq", at));
        }
        // RFC 3261 §19.1.1 allows headers in a URI anywhere but here.
        if Uri::parse(uri).is_ok_and(|uri| !uri.headers().is_empty()) {
            return Err(ParseError::new(ParseErrorKind::RequestUri, 0));
        }
        Ok(())
    }
}
