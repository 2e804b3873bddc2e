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

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENTS: [(&str, &str); 3] = [
        (summary::TYPE, "Messages-Waiting: yes\r\nVoice-Message: 2/8 (0/2)\r\n"),
        (
            presence::TYPE,
            "<?xml version='1.0'?><p:presence entity=\"sip:\u{fc}@b\"><tuple><status><basic>open\
             </basic></status></tuple><!-- x --><note><![CDATA[&]]>&#x41;</note></p:presence>",
        ),
        (
            dialogs::TYPE,
            "<dialog-info version=\"1\" state=\"partial\" entity='a'><dialog id=\"a\"><state>early\
             </state><remote><identity display=\"B &amp; C\">sip:b</identity></remote></dialog>\
             </dialog-info>",
        ),
    ];

    #[test]
    fn what_was_cut_or_garbled_on_its_way_harms_nobody() {
        for (kind, document) in DOCUMENTS {
            assert!(parse(kind, document).is_some(), "{document}");
            for at in 0..document.len() {
                let bytes = document.as_bytes();
                let cut = String::from_utf8_lossy(&bytes[..at]).into_owned();
                let without = [&bytes[..at], &bytes[at + 1..]].concat();
                parse(kind, &cut);
                parse(kind, &String::from_utf8_lossy(&without));
                for odd in [b'<', b'>', b'&', b'"', b'/', 0xc3] {
                    let mut garbled = bytes.to_vec();
                    garbled[at] = odd;
                    parse(kind, &String::from_utf8_lossy(&garbled));
                }
            }
        }
    }

    #[test]
    fn a_document_of_another_kind_is_left_to_the_page() {
        for kind in ["", "text/plain", "application/pidf-diff+xml", "multipart/related"] {
            assert_eq!(parse(kind, DOCUMENTS[1].1), None, "{kind}");
        }
    }
}
