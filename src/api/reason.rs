//! Why something failed or ended, from closed lists.

#[cfg(target_arch = "wasm32")]
use {serde::Serialize, tsify::Tsify};

/// Why something failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", derive(Serialize, Tsify))]
#[cfg_attr(target_arch = "wasm32", serde(rename_all = "camelCase"))]
pub struct FailureReason {
    /// A stable code of `CcSdkErrorCode`: of a registration `token-rejected`, `token-expired`,
    /// `auth`, `network`, `service-unreachable`, `server-error`, `timeout`; of an errand also
    /// `not-found`, `busy`, `declined`, `no-answer`, `redirected`, `not-supported`, `too-large`,
    /// `not-registered`.
    pub code: String,
    /// The server's final answer, where there was one.
    pub sip_status: Option<u16>,
    /// The server's words, where there were some.
    pub text: Option<String>,
}

/// Why a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", derive(Serialize, Tsify))]
#[cfg_attr(target_arch = "wasm32", serde(rename_all = "camelCase"))]
pub struct EndReason {
    /// Whose doing it was.
    pub by: EndedBy,
    /// Why, from a closed list.
    pub cause: EndCause,
    /// The status that said so, where there was one.
    pub sip_status: Option<u16>,
    /// The far side's words, from the Reason header or the status line.
    pub text: Option<String>,
    /// A `CcSdkErrorCode` where the call never left: `microphone-denied`, `not-registered` …
    pub code: Option<String>,
}

/// See [`EndReason::by`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", derive(Serialize, Tsify))]
#[cfg_attr(target_arch = "wasm32", serde(rename_all = "camelCase"))]
pub enum EndedBy {
    /// The person here.
    Local,
    /// The far side.
    Remote,
    /// The path between.
    Network,
    /// The phone itself, or the page.
    System,
}

/// See [`EndReason::cause`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", derive(Serialize, Tsify))]
#[cfg_attr(target_arch = "wasm32", serde(rename_all = "kebab-case"))]
pub enum EndCause {
    /// Hung up after talking.
    Hangup,
    /// 486 or 600.
    Busy,
    /// 603, or 480 with words; the far side refused.
    Declined,
    /// 408, 480, or nobody took it in time.
    NoAnswer,
    /// Cancelled before it was taken.
    Cancelled,
    /// 404, 410, 484, 604: there is no such number.
    NotFound,
    /// 3xx that could not be followed.
    Redirected,
    /// 401, 403 or 407 to the end.
    Auth,
    /// The link or the media path was lost.
    Network,
    /// No sound arrived.
    NoMedia,
    /// The far side changed the media in a way that could not be followed.
    MediaChanged,
    /// 488, no microphone, or no path for the media.
    MediaFailed,
    /// Refused on this side.
    RejectedHere,
    /// Taken further by another call: transferred (RFC 3515), or replaced (RFC 3891).
    Replaced,
    /// 5xx, or another status that says nothing better.
    ServerError,
    /// The server never answered.
    Timeout,
    /// A fault of the SDK.
    Internal,
}
