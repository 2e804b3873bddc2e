//! The documents of the event packages: RFC 3863, RFC 4235, RFC 3842.

use std::fmt::Write;

/// An event package that is told here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Package {
    Presence,
    Dialogs,
    Messages,
}

impl Package {
    pub(super) const ALL: &str = "presence, dialog, message-summary";

    /// Of an Event header.
    pub(super) fn named(event: &str) -> Option<Self> {
        let name = event.split(';').next().unwrap_or_default().trim();
        [Self::Presence, Self::Dialogs, Self::Messages].into_iter().find(|it| it.name() == name)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Presence => "presence",
            Self::Dialogs => "dialog",
            Self::Messages => "message-summary",
        }
    }

    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Presence => "application/pidf+xml",
            Self::Dialogs => "application/dialog-info+xml",
            Self::Messages => "application/simple-message-summary",
        }
    }
}

/// A call as a watcher sees it.
#[derive(Debug)]
pub(in crate::switch) struct Sight {
    pub(super) id: String,
    /// The watched seat made it.
    pub(super) is_caller: bool,
    pub(super) is_up: bool,
    /// The URI of the other side.
    pub(super) other: String,
}

/// Stands for the number of the document, which is no part of what it says.
pub(super) const VERSION: &str = "{version}";

pub(super) fn presence(entity: &str, is_open: bool) -> String {
    let basic = if is_open { "open" } else { "closed" };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"{0}\">\
         <tuple id=\"seat\"><status><basic>{basic}</basic></status><contact>{0}</contact></tuple>\
         </presence>\n",
        escape(entity)
    )
}

pub(super) fn dialogs(entity: &str, calls: impl Iterator<Item = Sight>) -> String {
    let mut document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"{VERSION}\" \
         state=\"full\" entity=\"{}\">",
        escape(entity)
    );
    let mut calls: Vec<_> = calls.collect();
    calls.sort_by(|a, b| a.id.cmp(&b.id));
    for Sight { id, is_caller, is_up, other } in calls {
        let direction = if is_caller { "initiator" } else { "recipient" };
        let state = if is_up { "confirmed" } else { "early" };
        // Writing to a String cannot fail.
        let _ = write!(
            document,
            "<dialog id=\"{}\" direction=\"{direction}\"><state>{state}</state>\
             <remote><identity>{}</identity></remote></dialog>",
            escape(&id),
            escape(&other)
        );
    }
    document.push_str("</dialog-info>\n");
    document
}

/// There is no voice mail here: always the same, so that a page can show its lamp.
pub(super) fn messages(account: &str) -> String {
    format!("Messages-Waiting: yes\r\nMessage-Account: {account}\r\nVoice-Message: 2/1 (1/0)\r\n")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
