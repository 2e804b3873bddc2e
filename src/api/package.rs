//! The event packages that the phone reads for its page.

#[cfg(target_arch = "wasm32")]
use {serde::Serialize, tsify::Tsify};

/// The state that a NOTIFY told, read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", derive(Serialize, Tsify))]
#[cfg_attr(
    target_arch = "wasm32",
    serde(tag = "package", rename_all = "kebab-case", rename_all_fields = "camelCase")
)]
pub enum Parsed {
    /// RFC 3842
    MessageSummary {
        /// Whether there is any message that was not heard.
        waiting: bool,
        /// Whom to call to hear them.
        account: Option<String>,
        /// Of each kind that was told.
        messages: Vec<MessageCount>,
    },
    /// RFC 4235
    DialogInfo {
        /// Whose dialogs they are.
        entity: String,
        /// What they come to.
        status: LineStatus,
        /// All that are known; one that is terminated is told once.
        dialogs: Vec<WatchedDialog>,
    },
    /// RFC 3863, with notes and activities of RFC 4479 and RFC 4480.
    Presence {
        /// Whose presence it is.
        entity: String,
        /// Whether somebody can be reached.
        open: bool,
        /// The first note for people.
        note: Option<String>,
        /// `on-the-phone`, `away` …
        activities: Vec<String>,
    },
}

/// Messages of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", derive(Serialize, Tsify))]
#[cfg_attr(target_arch = "wasm32", serde(rename_all = "camelCase"))]
pub struct MessageCount {
    /// `voice`, `fax`, `pager`, `multimedia`, `text` …, in lower case.
    pub kind: String,
    /// Not heard yet.
    pub new: u32,
    /// Heard.
    pub old: u32,
    /// Of the new ones, the urgent.
    pub urgent_new: u32,
    /// Of the old ones, the urgent.
    pub urgent_old: u32,
}

/// What a lamp shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", derive(Serialize, Tsify))]
#[cfg_attr(target_arch = "wasm32", serde(rename_all = "camelCase"))]
pub enum LineStatus {
    /// No dialog.
    Idle,
    /// One that is not confirmed, and none that is.
    Ringing,
    /// One is confirmed.
    Busy,
}

/// A dialog that is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", derive(Serialize, Tsify))]
#[cfg_attr(target_arch = "wasm32", serde(rename_all = "camelCase"))]
pub struct WatchedDialog {
    /// Its name in the documents.
    pub id: String,
    /// `trying`, `proceeding`, `early`, `confirmed` or `terminated`.
    pub state: String,
    /// `initiator` or `recipient`.
    pub direction: Option<String>,
    /// Its Call-ID, where it may be known.
    pub call_id: Option<String>,
    /// The watched side's tag.
    pub local_tag: Option<String>,
    /// The other side's tag.
    pub remote_tag: Option<String>,
    /// The watched side.
    pub local: Side,
    /// The other side.
    pub remote: Side,
}

/// One side of a dialog that is watched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", derive(Serialize, Tsify))]
#[cfg_attr(target_arch = "wasm32", serde(rename_all = "camelCase"))]
pub struct Side {
    /// Its address, where it is told.
    pub uri: Option<String>,
    /// Its name, where it is told.
    pub display_name: Option<String>,
}
