//! What an incoming INVITE says of who calls and how the call came here.

#[cfg(target_arch = "wasm32")]
use {serde::Serialize, tsify::Tsify};

/// What is known of the caller of an incoming call, beside the address; empty for an outgoing one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", derive(Serialize, Tsify))]
#[cfg_attr(target_arch = "wasm32", serde(rename_all = "camelCase"))]
pub struct Caller {
    /// Who the server says it is: P-Asserted-Identity (RFC 3325). Worth as much as the server is.
    pub asserted: Option<Party>,
    /// What the server found out about the caller's number, if it told (3GPP TS 24.229 `verstat`).
    pub verified: Option<Verified>,
    /// The caller asked not to be shown (RFC 3323).
    pub private: bool,
    /// Whom the call was meant for before it came here, the last one first (RFC 5806, RFC 7044).
    pub diversion: Vec<Party>,
    /// Where there is more about the caller (RFC 3261 §20.9). Nothing is ever fetched from there.
    pub call_info: Vec<CallInfo>,
    /// The phone takes the call by itself after so many seconds.
    pub auto_answer: Option<u32>,
}

/// Somebody whom a header names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", derive(Serialize, Tsify))]
#[cfg_attr(target_arch = "wasm32", serde(rename_all = "camelCase"))]
pub struct Party {
    /// The address.
    pub uri: String,
    /// The number or user name.
    pub number: String,
    /// The name, if one was given.
    pub display_name: Option<String>,
    /// Of a diversion: `unconditional`, `user-busy`, `no-answer`, `deflection` … (RFC 5806 §4).
    pub reason: Option<String>,
}

/// One Call-Info.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", derive(Serialize, Tsify))]
#[cfg_attr(target_arch = "wasm32", serde(rename_all = "camelCase"))]
pub struct CallInfo {
    /// Where it is.
    pub uri: String,
    /// `icon`, `info`, `card` …
    pub purpose: Option<String>,
}

/// What the server says of the signature of the caller's number (RFC 8224, STIR/SHAKEN).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", derive(Serialize, Tsify))]
#[cfg_attr(target_arch = "wasm32", serde(rename_all = "camelCase"))]
pub enum Verified {
    /// It is right.
    Passed,
    /// It is wrong.
    Failed,
    /// There is none.
    None,
}
