//! Values of the headers that are not addresses.

use std::borrow::Cow;

use super::method::Method;
use super::scan::{self, Params};

/// A value with parameters: Event, Subscription-State, Reason, Content-Type.
#[derive(Clone, Debug)]
pub struct Item<'a> {
    text: Cow<'a, str>,
    end: usize,
}

impl<'a> Item<'a> {
    pub(super) fn parse(text: Cow<'a, str>) -> Result<Self, usize> {
        let params = scan::find_outside(&text, 0, b';');
        Params::new(&text, params).check()?;
        let end = scan::trimmed(&text, 0..params).end;
        Ok(Self { text, end })
    }

    /// The value as written, without parameters.
    pub fn value(&self) -> &str {
        scan::part(&self.text, 0..self.end)
    }

    /// What a parameter says; empty where it has no value.
    pub fn param(&self, name: &str) -> Option<Cow<'_, str>> {
        Params::new(&self.text, self.end).get(name)
    }

    /// The whole value as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// CSeq, RFC 3261 §20.16.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CSeq {
    /// The sequence number.
    pub number: u32,
    /// The method, also of the request that a response answers.
    pub method: Method,
}

impl CSeq {
    pub(super) fn parse(text: &str) -> Result<Self, usize> {
        let (number, rest) = digits(text, 0)?;
        let method = Method::parse(scan::from(text, rest)).ok_or(rest)?;
        Ok(Self { number, method })
    }
}

/// RAck, RFC 3262 §7.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RAck {
    /// The RSeq of the acknowledged provisional response.
    pub rseq: u32,
    /// Its CSeq.
    pub cseq: CSeq,
}

impl RAck {
    pub(super) fn parse(text: &str) -> Result<Self, usize> {
        let (rseq, rest) = digits(text, 0)?;
        let cseq = CSeq::parse(scan::from(text, rest)).map_err(|at| rest + at)?;
        Ok(Self { rseq, cseq })
    }
}

/// A number of 32 bits at `at` with the white space behind it, and where the rest begins.
fn digits(text: &str, at: usize) -> Result<(u32, usize), usize> {
    let rest = scan::from(text, at);
    let end = rest.bytes().take_while(u8::is_ascii_digit).count();
    let number = scan::part(rest, 0..end).parse().map_err(|_| at)?;
    let next = scan::skip_blanks(text, at + end);
    if next == at + end { Err(next) } else { Ok((number, next)) }
}

/// Session-Expires, RFC 4028 §4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionExpires {
    /// The session's lifetime.
    pub seconds: u32,
    /// Who refreshes; nothing if it is left to the other side.
    pub refresher: Option<Refresher>,
}

/// Who refreshes a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresher {
    /// Who sent the request.
    Uac,
    /// Who answers it.
    Uas,
}

impl SessionExpires {
    pub(super) fn parse(item: &Item<'_>) -> Result<Self, usize> {
        let seconds = scan::number(item.value()).ok_or(0_usize)?;
        let refresher = item.param("refresher").and_then(|role| {
            if role.eq_ignore_ascii_case("uac") {
                Some(Refresher::Uac)
            } else {
                role.eq_ignore_ascii_case("uas").then_some(Refresher::Uas)
            }
        });
        Ok(Self { seconds, refresher })
    }
}

/// Replaces, RFC 3891 §6.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaces {
    /// The Call-ID of the dialog to be replaced.
    pub call_id: String,
    /// The tag of its own side there.
    pub to_tag: String,
    /// The tag of the other side.
    pub from_tag: String,
    /// Only while that dialog is early.
    pub early_only: bool,
}

impl Replaces {
    /// Reads a value, such as [`Uri::header`](super::Uri::header) finds in a Refer-To.
    pub fn parse(text: &str) -> Option<Self> {
        let item = Item::parse(Cow::Borrowed(scan::trim(text))).ok()?;
        Some(Self {
            call_id: Some(item.value()).filter(|call_id| !call_id.is_empty())?.to_owned(),
            to_tag: item.param("to-tag")?.into_owned(),
            from_tag: item.param("from-tag")?.into_owned(),
            early_only: item.param("early-only").is_some(),
        })
    }
}
