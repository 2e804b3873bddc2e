//! Event packages: what the documents that a NOTIFY brings say.
//!
//! They are read here and not by the page's parser of documents, so that partial ones are merged
//! where the other truths are, and every test and simulator has them (docs/decisions/0008).

mod dialogs;
pub(crate) mod presence;
mod summary;
mod xml;

use crate::api::{Parsed, WatchedDialog};
use crate::text::before;

/// What a subscription knows from the documents before.
#[derive(Default)]
pub(crate) struct Package {
    version: Option<u32>,
    dialogs: Vec<WatchedDialog>,
}

/// What a document came to.
#[derive(Default)]
pub(crate) struct Notice {
    pub(crate) parsed: Option<Parsed>,
    /// A document before this one is missing: the whole state has to be asked for.
    pub(crate) is_gap: bool,
}

impl Package {
    /// Reads a document. One of another kind, or one that makes no sense, is left to the page.
    pub(crate) fn read(&mut self, content_type: &str, body: &str) -> Notice {
        let kind = before(content_type, b";").trim_ascii();
        let is = |known: &str| kind.eq_ignore_ascii_case(known);
        let parsed = if is(summary::TYPE) {
            Some(summary::read(body))
        } else if is(presence::TYPE) {
            xml::parse(body).and_then(|root| presence::read(&root))
        } else if is(dialogs::TYPE) {
            return xml::parse(body).and_then(|root| self.merge(&root)).unwrap_or_default();
        } else {
            None
        };
        Notice { parsed, is_gap: false }
    }
}

/// Reads a document that stands alone.
pub(crate) fn parse(content_type: &str, body: &str) -> Option<Parsed> {
    Package::default().read(content_type, body).parsed
}

/// The MIME type of a package that is read here; nothing for others.
pub(crate) fn accepted(event: &str) -> &'static str {
    match before(event, b";").trim_ascii() {
        "message-summary" => summary::TYPE,
        "dialog" => dialogs::TYPE,
        "presence" => presence::TYPE,
        _ => "",
    }
}
