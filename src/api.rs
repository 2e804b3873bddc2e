//! All that crosses to JavaScript, and nothing else does: [`Command`] goes in, [`UaEvent`] comes out.
//!
//! The TypeScript of both is generated from here (tsify). Events are serialised by serde;
//! commands are read field by field in `web/commands.rs`, since any `Deserialize` costs 17 KB.
//! Durations are in the unit of the name, moments in milliseconds of the driver's epoch.

#[cfg(target_arch = "wasm32")]
use {serde::Serialize, tsify::Tsify};

use crate::sip::ParseError;

/// A phone on the page: one account, one registration, any number of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub u32);

/// A call, from the first wish to its end. Never reused within one [`UserAgent`](crate::UserAgent).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u32);

/// What a page asks of the phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Sets what [`Config`] holds; calls that are up keep what they began with.
    Configure(Config),
    /// Registers, or replaces the credential of a phone that is registered (design: nothing is cut).
    Register(Credential),
    /// Takes the registration back; calls go on.
    Unregister,
    /// Ends every call, unregisters and closes the link. The account is gone afterwards.
    Shutdown,
    /// Idle (2) or paused (5).
    SetSeatStatus(SeatStatus),
    /// Ends the time after a call (seat status 4).
    FinishWrapUp,
    /// Begins a call under an id from [`reserve_call`](crate::UserAgent::reserve_call).
    Dial(CallId, Dial),
    /// Takes an incoming call.
    Answer(CallId),
    /// Refuses an incoming call with a final status, 300 to 699.
    Reject(CallId, u16),
    /// Ends a call in whatever state: cancels, rejects or hangs up.
    Hangup(CallId),
    /// Stops (`true`) or resumes sending the microphone.
    Mute(CallId, bool),
    /// Plays digits: `0-9 * # A-D`, `,` for a pause of two seconds.
    SendDigits(CallId, String, DigitTransport),
    /// Sends a MESSAGE inside a call.
    SendCallMessage {
        /// The call that carries it.
        call: CallId,
        /// The body, UTF-8.
        body: String,
        /// A MIME type, `text/plain` unless told.
        content_type: String,
    },
}

/// Where an account comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// A token of either kind, with or without a leading `Bearer `.
    Token(String),
    /// The page has a function that gives tokens: the driver is asked by
    /// [`CredentialRequest::AskProvider`](crate::CredentialRequest::AskProvider).
    Provider,
    /// The account itself.
    Account(Box<crate::account::Account>),
}

/// Without the token.
impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Token(_) => f.write_str("Token"),
            Self::Provider => f.write_str("Provider"),
            Self::Account(account) => account.fmt(f),
        }
    }
}

/// What a page may set for one phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Origin of the service that exchanges opaque tokens, without a path.
    pub service: Option<String>,
    /// No time after calls (seat status 4) because there is no workbench, or no notes to write.
    pub wrap_up: bool,
    /// Longest time after a call, in seconds; none means until `finishWrapUp`.
    pub wrap_up_seconds: Option<u32>,
    /// How long a call waits for the registration, in milliseconds.
    pub early_call_ms: u32,
    /// Calls at once; a further outgoing one is misuse, a further incoming one is answered 486.
    pub calls_at_once: u32,
    /// At most so many outgoing calls begin within any `rate_seconds`.
    pub rate_calls: u32,
    /// See [`rate_calls`](Self::rate_calls).
    pub rate_seconds: u32,
    /// How long an outgoing call may ring before it is cancelled, in seconds.
    pub ring_seconds: u32,
    /// The status for an incoming call while paused.
    pub paused_status: u16,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            service: None,
            wrap_up: true,
            wrap_up_seconds: None,
            early_call_ms: 10_000,
            calls_at_once: 1,
            rate_calls: 10,
            rate_seconds: 60,
            ring_seconds: 180,
            paused_status: 480,
        }
    }
}

/// What a page says of a call that it begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dial {
    /// What people type, a user name, or a `sip:`, `sips:` or `tel:` URI.
    pub target: String,
    /// Business information for the far side; the core cuts it at 1000 UTF-16 units.
    pub info: Option<String>,
    /// Further headers of the INVITE; those that the stack owns are refused.
    pub headers: Vec<(String, String)>,
    /// The name shown to the far side, in place of the account's.
    pub display_name: Option<String>,
    /// Hides who calls (RFC 3323).
    pub anonymous: bool,
}

/// How digits travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DigitTransport {
    /// RFC 4733 where telephone-event was agreed, else INFO.
    #[default]
    Auto,
    /// RFC 4733 in the media.
    Rtp,
    /// INFO with `application/dtmf-relay`.
    Info,
}

/// Status of the seat, with the numbers of the CC SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum SeatStatus {
    /// Not registered.
    Offline = 1,
    /// Registered, no call.
    Idle = 2,
    /// In a call, from its start to its end.
    Busy = 3,
    /// After a call that was talking, until the wrap-up ends.
    PostCall = 4,
    /// Paused by the agent.
    Paused = 5,
}

/// A fact that a page is told.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(target_arch = "wasm32", derive(Serialize, Tsify))]
#[cfg_attr(
    target_arch = "wasm32",
    serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")
)]
pub enum UaEvent {
    /// The link to a server is up for the first time since `register`.
    Started,
    /// No server could be reached; it is tried again.
    StartFailed {
        /// What the browser told of the last attempt.
        text: String,
    },
    /// The link was closed for good.
    Stopped,
    /// The link was lost; it is being set up again.
    Reconnecting {
        /// Until the next attempt, in milliseconds.
        retry_in_ms: u32,
        /// Counts the attempts since the link was lost, from 1.
        attempt: u32,
    },
    /// The link is up again.
    Reconnected,
    /// The registration changed.
    Registration {
        /// What it is now.
        state: RegistrationState,
        /// Until the server forgets it, in seconds; with `registered` only.
        expires_in: Option<u32>,
        /// Why, with `failed` only.
        reason: Option<FailureReason>,
    },
    /// The credential is about to expire and cannot be renewed by the phone itself.
    TokenWillExpire {
        /// Until then, in seconds.
        expires_in: u32,
    },
    /// The seat's status changed (1 to 5, as in the CC SDK).
    SeatStatus {
        /// 1 offline, 2 idle, 3 busy, 4 post-call, 5 paused.
        status: u8,
    },
    /// A call began: an own one right after the wish, an incoming one when it rings.
    Call {
        /// The call.
        call: u32,
        /// Who began it.
        direction: Direction,
        /// The number or user name of the far side.
        number: String,
        /// The name that the far side gave, if any.
        display_name: Option<String>,
        /// The far side's URI.
        uri: String,
        /// Business information that came with an incoming call, or goes with an outgoing one.
        info: Option<String>,
        /// The incoming INVITE's headers that the stack does not own.
        headers: Vec<(String, String)>,
        /// The Call-ID on the wire, to find the call in a server's log.
        sip_call_id: String,
        /// When, in milliseconds of the driver's epoch.
        at: f64,
    },
    /// A call's state changed.
    CallState {
        /// The call.
        call: u32,
        /// What it is now.
        state: CallState,
        /// Why it ended, with `ended` only.
        end_reason: Option<EndReason>,
        /// When, in milliseconds of the driver's epoch.
        at: f64,
    },
    /// A step of the call in the numbers of the CC SDK: 1 calling (the INVITE left), 2 ringing,
    /// 3 talking, 4 ended, 5 ended before it was talking.
    CallStatus {
        /// The call.
        call: u32,
        /// 1 to 5.
        status: u8,
        /// The other party's number, as dialled.
        number: String,
    },
    /// Who of the two holds the call.
    CallHeld {
        /// The call.
        call: u32,
        /// Held by this side.
        local: bool,
        /// Held by the far side.
        remote: bool,
    },
    /// The microphone was muted or opened.
    CallMuted {
        /// The call.
        call: u32,
        /// Nothing is sent now.
        muted: bool,
    },
    /// The far side's sound or picture can be fetched with `remoteStream`.
    CallTrack {
        /// The call.
        call: u32,
    },
    /// A digit came by INFO.
    CallDigit {
        /// The call.
        call: u32,
        /// One of `0-9 * # A-D`.
        digit: String,
    },
    /// A digit left.
    CallDigitSent {
        /// The call.
        call: u32,
        /// One of `0-9 * # A-D`.
        digit: String,
    },
    /// A MESSAGE or INFO body came inside a call.
    CallMessage {
        /// The call.
        call: u32,
        /// Its MIME type.
        content_type: String,
        /// Its body; bytes that are no UTF-8 are replaced.
        body: String,
    },
    /// Something odd that was survived.
    Warning {
        /// A stable code, such as `message-unreadable` or `microphone-denied`.
        code: String,
        /// What happened, for people who read logs; never a secret.
        text: String,
        /// The call it concerns.
        call: Option<u32>,
        /// The header that could not be read.
        header: Option<String>,
        /// Where in the message, in bytes from its start.
        offset: Option<u32>,
    },
}

impl UaEvent {
    /// The warning of a message, or of a header in it, that could not be read.
    pub(crate) fn unreadable(error: &ParseError, call: Option<CallId>) -> Self {
        Self::Warning {
            code: "message-unreadable".to_owned(),
            text: error.to_string(),
            call: call.map(|id| id.0),
            header: error.header.map(str::to_owned),
            offset: u32::try_from(error.offset).ok(),
        }
    }
}

/// See [`UaEvent::Registration`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", derive(Serialize, Tsify))]
#[cfg_attr(target_arch = "wasm32", serde(rename_all = "camelCase"))]
pub enum RegistrationState {
    /// Never asked for, or taken back.
    None,
    /// Asked for, not yet answered.
    Registering,
    /// In force.
    Registered,
    /// Refused for good, or no longer in force.
    Failed,
}

/// Why a registration failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", derive(Serialize, Tsify))]
#[cfg_attr(target_arch = "wasm32", serde(rename_all = "camelCase"))]
pub struct FailureReason {
    /// A stable code of `CcSdkErrorCode`: `token-rejected`, `token-expired`, `auth`, `network`,
    /// `service-unreachable`, `server-error`, `timeout`.
    pub code: String,
    /// The server's final answer, where there was one.
    pub sip_status: Option<u16>,
    /// The server's words, where there were some.
    pub text: Option<String>,
}

/// Who began a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", derive(Serialize, Tsify))]
#[cfg_attr(target_arch = "wasm32", serde(rename_all = "camelCase"))]
pub enum Direction {
    /// This side.
    Outgoing,
    /// The far side.
    Incoming,
}

/// What a call is, as a page sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", derive(Serialize, Tsify))]
#[cfg_attr(target_arch = "wasm32", serde(rename_all = "camelCase"))]
pub enum CallState {
    /// Wished for; waiting for the registration, the microphone, or the far side.
    Calling,
    /// The far side rings.
    Ringing,
    /// The far side rings and its sound is heard.
    Early,
    /// An incoming call rings here.
    Incoming,
    /// Taken; waiting for the microphone or the far side's acknowledgement.
    Answering,
    /// Up.
    Connected,
    /// Up, but the media path or the link is being set up again.
    Reconnecting,
    /// Over.
    Ended,
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
    /// Taken over by another dialog.
    Replaced,
    /// 5xx, or another status that says nothing better.
    ServerError,
    /// The server never answered.
    Timeout,
    /// A fault of the SDK.
    Internal,
}
