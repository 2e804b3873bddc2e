//! Headers as types, read when asked for. Errors name the header and the byte in the frame.

use std::borrow::Cow;

use super::error::{ParseError, ParseErrorKind};
use super::header::{CSeq, Item, RAck, Replaces, SessionExpires};
use super::message::{Line, Message};
use super::name_addr::{Bare, NameAddr};
use super::scan;
use super::via::Via;

/// Each accessor of this block fails with a [`ParseError`] if the header does not follow its
/// grammar; those without an `Option` or a `Vec` also if it is missing.
#[allow(clippy::missing_errors_doc, reason = "said once, for all, in the block's comment")]
impl<'a> Message<'a> {
    /// The topmost Via.
    pub fn via(&self) -> Result<Via<'a>, ParseError> {
        const NAME: &str = "Via";
        let line = self.lines(NAME).next().ok_or_else(|| self.missing(NAME))?;
        let text = line.text();
        let first = scan::elements(&text).next().unwrap_or_default();
        let start = first.start;
        Via::parse(scan::slice(&text, first)).map_err(|at| malformed(line, NAME, start + at))
    }

    /// Every Via, topmost first.
    pub fn vias(&self) -> Result<Vec<Via<'a>>, ParseError> {
        self.list("Via", Via::parse)
    }

    /// Who sent the request.
    pub fn from(&self) -> Result<NameAddr<'a>, ParseError> {
        self.address("From")?.ok_or_else(|| self.missing("From"))
    }

    /// Whom the request was meant for.
    pub fn to(&self) -> Result<NameAddr<'a>, ParseError> {
        self.address("To")?.ok_or_else(|| self.missing("To"))
    }

    /// The Call-ID.
    pub fn call_id(&self) -> Result<Cow<'a, str>, ParseError> {
        const NAME: &str = "Call-ID";
        let line = self.lines(NAME).next().ok_or_else(|| self.missing(NAME))?;
        let text = line.text();
        match scan::find(&text, b" \t\0") {
            Some(at) => Err(malformed(line, NAME, at)),
            None if text.is_empty() => Err(malformed(line, NAME, 0)),
            None => Ok(text),
        }
    }

    /// The CSeq.
    pub fn cseq(&self) -> Result<CSeq, ParseError> {
        self.one("CSeq", |text| CSeq::parse(&text))?.ok_or_else(|| self.missing("CSeq"))
    }

    /// Every Contact. A `*` stands alone (RFC 3261 §10.2.2).
    pub fn contacts(&self) -> Result<Vec<NameAddr<'a>>, ParseError> {
        const NAME: &str = "Contact";
        let contacts = self.addresses(NAME)?;
        match self.lines(NAME).next() {
            Some(line) if contacts.len() > 1 && contacts.iter().any(NameAddr::is_star) => {
                Err(malformed(line, NAME, 0))
            }
            _ => Ok(contacts),
        }
    }

    /// The Record-Route set, in the order of the message.
    pub fn record_routes(&self) -> Result<Vec<NameAddr<'a>>, ParseError> {
        self.address_list("Record-Route", Bare::Uri)
    }

    /// The Route set.
    pub fn routes(&self) -> Result<Vec<NameAddr<'a>>, ParseError> {
        self.address_list("Route", Bare::Uri)
    }

    /// The Service-Route of a registration (RFC 3608).
    pub fn service_routes(&self) -> Result<Vec<NameAddr<'a>>, ParseError> {
        self.address_list("Service-Route", Bare::Uri)
    }

    /// The hops that are left.
    pub fn max_forwards(&self) -> Result<Option<u32>, ParseError> {
        self.number("Max-Forwards")
    }

    /// A lifetime in seconds.
    pub fn expires(&self) -> Result<Option<u32>, ParseError> {
        self.number("Expires")
    }

    /// The shortest lifetime that the registrar takes, in seconds (RFC 3261 §20.23).
    pub fn min_expires(&self) -> Result<Option<u32>, ParseError> {
        self.number("Min-Expires")
    }

    /// When to try again, in seconds (RFC 3261 §20.33).
    pub fn retry_after(&self) -> Result<Option<u32>, ParseError> {
        self.number("Retry-After")
    }

    /// The shortest session timer, in seconds (RFC 4028 §5).
    pub fn min_se(&self) -> Result<Option<u32>, ParseError> {
        self.number("Min-SE")
    }

    /// The number of a reliable provisional response (RFC 3262 §7.1).
    pub fn rseq(&self) -> Result<Option<u32>, ParseError> {
        self.number("RSeq")
    }

    /// What a PRACK acknowledges.
    pub fn rack(&self) -> Result<Option<RAck>, ParseError> {
        self.one("RAck", |text| RAck::parse(&text))
    }

    /// The session timer.
    pub fn session_expires(&self) -> Result<Option<SessionExpires>, ParseError> {
        self.one("Session-Expires", |text| SessionExpires::parse(&Item::parse(text)?))
    }

    /// The dialog that this INVITE is to replace.
    pub fn replaces(&self) -> Result<Option<Replaces>, ParseError> {
        self.one("Replaces", |text| Replaces::parse(&text).ok_or(0))
    }

    /// Whom to call (RFC 3515 §2.1).
    pub fn refer_to(&self) -> Result<Option<NameAddr<'a>>, ParseError> {
        Ok(self.address_list("Refer-To", Bare::Uri)?.into_iter().next())
    }

    /// The event package (RFC 6665 §8.2.1).
    pub fn event(&self) -> Result<Option<Item<'a>>, ParseError> {
        self.one("Event", Item::parse)
    }

    /// The state of a subscription (RFC 6665 §8.2.3).
    pub fn subscription_state(&self) -> Result<Option<Item<'a>>, ParseError> {
        self.one("Subscription-State", Item::parse)
    }

    /// Why a request was sent: protocol, `cause` and `text` (RFC 3326).
    pub fn reasons(&self) -> Result<Vec<Item<'a>>, ParseError> {
        self.list("Reason", Item::parse)
    }

    /// The sender's date as written, which is in GMT (RFC 3261 §20.17).
    pub fn date(&self) -> Result<Option<Cow<'a, str>>, ParseError> {
        self.one("Date", |text| if is_date(&text) { Ok(text) } else { Err(0) })
    }

    /// The type of the body, with its parameters.
    pub fn content_type(&self) -> Option<Cow<'a, str>> {
        self.header("Content-Type")
    }

    /// Whether a comma-separated header, such as Supported, Require or Allow, has this token.
    pub fn lists(&self, name: &str, token: &str) -> bool {
        self.tokens(name).any(|given| given.eq_ignore_ascii_case(token))
    }

    /// The elements of a comma-separated header.
    pub fn tokens<'m>(&'m self, name: &'m str) -> impl Iterator<Item = String> + 'm {
        self.headers(name).flat_map(|text| {
            let elements = scan::elements(&text);
            elements.map(|range| scan::part(&text, range).to_owned()).collect::<Vec<_>>()
        })
    }

    /// Every address of another header, such as P-Asserted-Identity or Referred-By.
    pub fn addresses(&self, name: &'static str) -> Result<Vec<NameAddr<'a>>, ParseError> {
        self.address_list(name, Bare::Header)
    }

    /// The one address of From or To.
    fn address(&self, name: &'static str) -> Result<Option<NameAddr<'a>>, ParseError> {
        let Some(line) = self.lines(name).next() else { return Ok(None) };
        NameAddr::parse(line.text(), Bare::Header, name, line.offset)
            .map(Some)
            .map_err(|at| malformed(line, name, at))
    }

    fn address_list(
        &self,
        name: &'static str,
        bare: Bare,
    ) -> Result<Vec<NameAddr<'a>>, ParseError> {
        let mut addresses = Vec::new();
        for line in self.lines(name) {
            let text = line.text();
            let mut ranges = scan::elements(&text).peekable();
            while let Some(range) = ranges.next() {
                let element = scan::part(&text, range.clone());
                // No address, but the piece before a comma in a display name without quotes.
                if ranges.peek().is_some() && scan::find(element, b":*").is_none() {
                    continue;
                }
                let start = range.start;
                let address =
                    NameAddr::parse(scan::slice(&text, range), bare, name, line.offset + start);
                addresses.push(address.map_err(|at| malformed(line, name, start + at))?);
            }
        }
        Ok(addresses)
    }

    fn number(&self, name: &'static str) -> Result<Option<u32>, ParseError> {
        self.one(name, |text| scan::number(&text).ok_or(0))
    }

    /// The first line of this name as one value.
    fn one<T>(
        &self,
        name: &'static str,
        parse: fn(Cow<'a, str>) -> Result<T, usize>,
    ) -> Result<Option<T>, ParseError> {
        let Some(line) = self.lines(name).next() else { return Ok(None) };
        parse(line.text()).map(Some).map_err(|at| malformed(line, name, at))
    }

    /// The elements of all lines of this name.
    fn list<T>(
        &self,
        name: &'static str,
        parse: fn(Cow<'a, str>) -> Result<T, usize>,
    ) -> Result<Vec<T>, ParseError> {
        let mut values = Vec::new();
        for line in self.lines(name) {
            let text = line.text();
            for range in scan::elements(&text) {
                let start = range.start;
                let value = parse(scan::slice(&text, range));
                values.push(value.map_err(|at| malformed(line, name, start + at))?);
            }
        }
        Ok(values)
    }

    pub(super) const fn missing(&self, name: &'static str) -> ParseError {
        ParseError::of(ParseErrorKind::Missing, name, self.head_end)
    }
}

pub(super) fn malformed(line: &Line<'_>, name: &'static str, at: usize) -> ParseError {
    ParseError::of(ParseErrorKind::Malformed, name, line.offset_of(at))
}

/// `Sat, 13 Nov 2010 23:29:00 GMT`
fn is_date(text: &str) -> bool {
    const SHAPE: &str = "Aaa, 00 Aaa 0000 00:00:00 GMT";
    text.len() == SHAPE.len()
        && text.bytes().zip(SHAPE.bytes()).enumerate().all(|(at, (given, shape))| match shape {
            b'0' => given.is_ascii_digit(),
            b'A' | b'a' if at < 11 => given.is_ascii_alphabetic(),
            _ => given == shape,
        })
}
