//! Via, RFC 3261 §20.42.

use std::borrow::Cow;
use std::ops::Range;

use super::scan::{self, Params};
use super::uri::split_host;

/// One hop that a request took.
#[derive(Clone, Debug)]
pub struct Via<'a> {
    text: Cow<'a, str>,
    transport: Range<usize>,
    host: Range<usize>,
    port: Option<u16>,
    params: usize,
}

impl<'a> Via<'a> {
    /// Reads one element: `SIP / 2.0 / WSS host : port ;parameters`.
    pub(super) fn parse(text: Cow<'a, str>) -> Result<Self, usize> {
        let mut at = 0;
        for _ in 0..2 {
            let slash = scan::end_at(&text, at, b"/");
            if !scan::is_token(scan::trim(scan::part(&text, at..slash))) {
                return Err(at);
            }
            at = text.len().min(slash + 1);
        }
        let start = scan::skip_blanks(&text, at);
        let transport = start..scan::end_at(&text, start, b" \t");
        if !scan::is_token(scan::part(&text, transport.clone())) {
            return Err(start);
        }
        let params = scan::end_at(&text, transport.end, b";");
        let sent_by = scan::trimmed(&text, transport.end..params);
        let (host, port) =
            split_host(scan::part(&text, sent_by.clone()), true).ok_or(sent_by.start)?;
        let host = sent_by.start..sent_by.start + host.len();
        Params::new(&text, params).check()?;
        Ok(Self { text, transport, host, port, params })
    }

    /// The transport as written: `WSS`.
    pub fn transport(&self) -> &str {
        scan::part(&self.text, self.transport.clone())
    }

    /// The host of sent-by, an IPv6 address with its brackets.
    pub fn host(&self) -> &str {
        scan::part(&self.text, self.host.clone())
    }

    /// The port of sent-by, if one is given.
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// The branch, which names the transaction.
    pub fn branch(&self) -> Option<Cow<'_, str>> {
        self.param("branch")
    }

    /// Where the request came from, as the next hop saw it.
    pub fn received(&self) -> Option<Cow<'_, str>> {
        self.param("received")
    }

    /// The port that it came from; empty if it is only asked for (RFC 3581).
    pub fn rport(&self) -> Option<Cow<'_, str>> {
        self.param("rport")
    }

    /// What a parameter says; empty where it has no value.
    pub fn param(&self, name: &str) -> Option<Cow<'_, str>> {
        Params::new(&self.text, self.params).get(name)
    }

    /// The whole element as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}
