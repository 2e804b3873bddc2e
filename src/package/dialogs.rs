//! Dialogs of somebody else: `application/dialog-info+xml`, RFC 4235; what a busy lamp shows.

use super::xml::Element;
use super::{Notice, Package};
use crate::api::{LineStatus, Parsed, Side, WatchedDialog};

pub(super) const TYPE: &str = "application/dialog-info+xml";

/// Dialogs that are kept; who has more of them is no person.
const MOST: usize = 64;
/// What is kept of a dialog is no longer than that, each part in bytes.
const LONGEST: usize = 256;

impl Package {
    /// Takes a document in: a full one replaces what is known, a partial one adds to it (§4.3).
    pub(super) fn merge(&mut self, root: &Element) -> Option<Notice> {
        if root.name != "dialog-info" {
            return None;
        }
        let version = root.attribute("version").and_then(|text| text.parse::<u32>().ok());
        let is_partial = root.attribute("state") == Some("partial");
        let next = self.version.map(|last| last.saturating_add(1));
        if is_partial && next.is_some() && version < next {
            // An old one; what it says is known.
            return Some(Notice::default());
        }
        // The order of full ones is that of the NOTIFYs, whatever their numbers: some notifiers
        // count in a strange way.
        let is_gap = is_partial && (next.is_none() || version > next);
        self.version = version;
        if !is_partial {
            self.dialogs.clear();
        }
        for told in root.children.iter().filter(|child| child.name == "dialog") {
            self.put(watched(told));
        }
        let parsed = Parsed::DialogInfo {
            entity: root.attribute("entity").unwrap_or_default().to_owned(),
            status: status(&self.dialogs),
            dialogs: self.dialogs.clone(),
        };
        self.dialogs.retain(|dialog| dialog.state != TERMINATED);
        Some(Notice { parsed: Some(parsed), is_gap })
    }

    fn put(&mut self, dialog: WatchedDialog) {
        match self.dialogs.iter().position(|known| known.id == dialog.id) {
            Some(known) => self.dialogs[known] = dialog,
            None if self.dialogs.len() < MOST => self.dialogs.push(dialog),
            None => {}
        }
    }
}

fn watched(dialog: &Element) -> WatchedDialog {
    let attribute = |name: &str| dialog.attribute(name).and_then(kept);
    WatchedDialog {
        id: attribute("id").unwrap_or_default(),
        state: dialog.text_of("state").and_then(kept).unwrap_or_else(|| TERMINATED.to_owned()),
        direction: attribute("direction"),
        call_id: attribute("call-id"),
        local_tag: attribute("local-tag"),
        remote_tag: attribute("remote-tag"),
        local: party(dialog.child("local")),
        remote: party(dialog.child("remote")),
    }
}

fn party(side: Option<&Element>) -> Side {
    let identity = side.and_then(|side| side.child("identity"));
    let target = side.and_then(|side| side.child("target"));
    let uri = identity.map(|identity| identity.text.as_str());
    let uri = uri.or_else(|| target.and_then(|target| target.attribute("uri")));
    let name = identity.and_then(|identity| identity.attribute("display"));
    Side { uri: uri.and_then(kept), display_name: name.and_then(kept) }
}

/// What is too long to be meant is not known.
fn kept(text: &str) -> Option<String> {
    (text.len() <= LONGEST).then(|| text.to_owned())
}

fn status(dialogs: &[WatchedDialog]) -> LineStatus {
    if dialogs.iter().any(|dialog| dialog.state == "confirmed") {
        LineStatus::Busy
    } else if dialogs.iter().any(|dialog| dialog.state != TERMINATED) {
        LineStatus::Ringing
    } else {
        LineStatus::Idle
    }
}

const TERMINATED: &str = "terminated";

#[cfg(test)]
mod tests {
    use super::*;

    fn document(version: u32, state: &str, dialogs: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?><dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" \
             version=\"{version}\" state=\"{state}\" entity=\"sip:bob@example.com\">{dialogs}\
             </dialog-info>"
        )
    }

    fn dialog(id: &str, state: &str) -> String {
        format!("<dialog id=\"{id}\"><state>{state}</state></dialog>")
    }

    /// The status, the ids with their states, and whether something is missing.
    fn read(package: &mut Package, body: &str) -> Option<(LineStatus, String, bool)> {
        let notice = package.read(TYPE, body);
        let Some(Parsed::DialogInfo { status, dialogs, .. }) = notice.parsed else { return None };
        let dialogs: Vec<_> = dialogs.iter().map(|it| format!("{} {}", it.id, it.state)).collect();
        Some((status, dialogs.join(", "), notice.is_gap))
    }

    #[test]
    fn both_sides_of_a_dialog_are_read() {
        let body = document(
            0,
            "full",
            "<dialog id=\"as7d\" call-id=\"a84b\" local-tag=\"1928\" remote-tag=\"4567\" \
             direction=\"recipient\"><state event=\"local-bye\">confirmed</state>\
             <local><identity display=\"Bob &amp; Co\">sip:bob@example.com</identity>\
             <target uri=\"sip:bob@192.0.2.4\"/></local>\
             <remote><target uri=\"sip:carol@192.0.2.5\"/></remote></dialog>",
        );
        let Some(Parsed::DialogInfo { entity, dialogs, .. }) =
            Package::default().read(TYPE, &body).parsed
        else {
            panic!("no dialogs")
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(entity, "sip:bob@example.com");
        let expected = WatchedDialog {
            id: "as7d".to_owned(),
            state: "confirmed".to_owned(),
            direction: some("recipient"),
            call_id: some("a84b"),
            local_tag: some("1928"),
            remote_tag: some("4567"),
            local: Side { uri: some("sip:bob@example.com"), display_name: some("Bob & Co") },
            remote: Side { uri: some("sip:carol@192.0.2.5"), display_name: None },
        };
        assert_eq!(dialogs, [expected]);
    }

    #[test]
    fn partial_documents_add_to_what_is_known() {
        let mut bob = Package::default();
        let told = read(&mut bob, &document(0, "full", &dialog("a", "confirmed")));
        assert_eq!(told, Some((LineStatus::Busy, "a confirmed".to_owned(), false)));
        let told = read(&mut bob, &document(1, "partial", &dialog("b", "early")));
        assert_eq!(told, Some((LineStatus::Busy, "a confirmed, b early".to_owned(), false)));
        let told = read(&mut bob, &document(2, "partial", &dialog("a", "terminated")));
        assert_eq!(told, Some((LineStatus::Ringing, "a terminated, b early".to_owned(), false)));
        let told = read(&mut bob, &document(3, "partial", ""));
        assert_eq!(told, Some((LineStatus::Ringing, "b early".to_owned(), false)));
        let told = read(&mut bob, &document(4, "full", ""));
        assert_eq!(told, Some((LineStatus::Idle, String::new(), false)));
    }

    #[test]
    fn an_old_partial_document_says_nothing_and_a_gap_is_noticed() {
        let mut bob = Package::default();
        read(&mut bob, &document(5, "full", &dialog("a", "confirmed")));
        assert_eq!(read(&mut bob, &document(5, "partial", &dialog("a", "early"))), None);
        let told = read(&mut bob, &document(7, "partial", &dialog("b", "trying")));
        assert_eq!(told, Some((LineStatus::Busy, "a confirmed, b trying".to_owned(), true)));
        // What begins with a part lacks the rest.
        let mut carol = Package::default();
        let told = read(&mut carol, &document(3, "partial", &dialog("b", "trying")));
        assert_eq!(told, Some((LineStatus::Ringing, "b trying".to_owned(), true)));
    }

    #[test]
    fn what_is_too_long_is_not_kept() {
        let long = "x".repeat(LONGEST + 1);
        let body = document(
            0,
            "full",
            &format!(
                "<dialog id=\"a\" call-id=\"{long}\"><state>early</state><remote>\
                 <identity display=\"{long}\">sip:{long}</identity></remote></dialog>"
            ),
        );
        let mut bob = Package::default();
        assert_eq!(read(&mut bob, &body), Some((LineStatus::Ringing, "a early".to_owned(), false)));
        assert_eq!((&bob.dialogs[0].call_id, &bob.dialogs[0].remote), (&None, &Side::default()));
    }

    #[test]
    fn the_number_of_dialogs_is_bounded() {
        let mut bob = Package::default();
        for version in 0..3 {
            let state = if version == 0 { "full" } else { "partial" };
            let all: String =
                (0..40).map(|n| dialog(&format!("{version}-{n}"), "confirmed")).collect();
            read(&mut bob, &document(version, state, &all));
        }
        assert_eq!(bob.dialogs.len(), MOST);
    }
}
