//! All that crosses to JavaScript, and nothing else does: [`Command`] goes in, [`UaEvent`] comes out.
//!
//! Events are written by serde, and their TypeScript is generated from here (tsify). Commands are
//! read in `web/commands.rs`, where their TypeScript stands: any `Deserialize` costs 17 KB.
//! Durations are in the unit of the name, moments in milliseconds of the driver's epoch.

mod ask;
mod caller;
mod event;
mod package;
mod reason;
mod state;

pub use ask::{Ask, AskMethod};
pub use caller::{CallInfo, Caller, Party, Verified};
pub use event::{Direction, UaEvent};
pub use package::{LineStatus, MessageCount, Parsed, Side, WatchedDialog};
pub use reason::{EndCause, EndReason, EndedBy, FailureReason};
pub use state::{CallState, PublicationState, RegistrationState, SubscriptionState, TransferState};

/// A phone on the page: one account, one registration, any number of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub u32);

/// A call, from the first wish to its end. Never reused within one [`UserAgent`](crate::UserAgent).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u32);

/// Something that a page asked for beyond calls: a message and its delivery, a subscription, a
/// publication. Of the same numbers as [`CallId`], and like it never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrandId(pub u32);

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
    /// Puts a call that is up on hold (`true`) or takes it up again. The microphone is silent at
    /// once; [`UaEvent::CallHeld`] follows when the far side has agreed.
    Hold(CallId, bool),
    /// Describes the media of a call that is up anew, after this from other places of the network.
    Renegotiate {
        /// The call.
        call: CallId,
        /// With new ICE credentials, so that every path is tried again.
        ice_restart: bool,
    },
    /// Plays digits: `0-9 * # A-D`, `,` for a pause of two seconds.
    SendDigits(CallId, String, DigitTransport),
    /// Sends a MESSAGE inside a call.
    SendCallMessage {
        /// The call that carries it.
        call: CallId,
        /// [`UaEvent::Answered`] says under this id what became of it.
        id: ErrandId,
        /// The body, UTF-8.
        body: String,
        /// A MIME type, `text/plain` unless told.
        content_type: String,
    },
    /// Passes a call on (RFC 3515): the far side is asked to call somebody else.
    Transfer {
        /// The call that is passed on.
        call: CallId,
        /// To whom.
        to: TransferTo,
        /// Further headers of the REFER; those that the stack owns are refused.
        headers: Vec<(String, String)>,
        /// Whether the far side is to tell how it goes; without, its consent is the end of the
        /// matter (RFC 4488).
        progress: bool,
    },
    /// Does what the far side of a call asks for: the call is transferred.
    AcceptTransfer(CallId),
    /// Refuses what the far side of a call asks for, with a final status, 300 to 699.
    RefuseTransfer(CallId, u16),
    /// Begins an errand under an id from [`reserve_call`](crate::UserAgent::reserve_call), or gives
    /// a publication that is up another body.
    Ask(ErrandId, Box<Ask>),
    /// Asks the notifier of a subscription for its whole state again.
    Refresh(ErrandId),
    /// Ends a subscription or a publication; what is over already is over.
    Withdraw(ErrandId),
    /// [`Answer`](Self::Answer), [`Reject`](Self::Reject) or [`Hangup`](Self::Hangup), with words
    /// of the page in the message that says so.
    With(Words, Box<Self>),
}

/// Whom a call is passed on to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferTo {
    /// Somebody not yet spoken to: a number, a user name or a URI.
    Target(String),
    /// The far side of another call, whose place is taken (RFC 3891).
    Call(CallId),
}

/// What happens when the far side of a call asks to be called elsewhere, or when somebody comes
/// in its place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AcceptTransfers {
    /// The page decides about REFER; who replaces the far side is taken.
    #[default]
    Ask,
    /// All are done.
    Always,
    /// All are refused (403).
    Never,
}

impl Command {
    /// The call that it is about; none of a call that is yet to begin.
    #[must_use]
    pub fn call(&self) -> Option<CallId> {
        match self {
            Self::Answer(id)
            | Self::Reject(id, _)
            | Self::Hangup(id)
            | Self::Mute(id, _)
            | Self::Hold(id, _)
            | Self::Renegotiate { call: id, .. }
            | Self::SendDigits(id, ..)
            | Self::Transfer { call: id, .. }
            | Self::AcceptTransfer(id)
            | Self::RefuseTransfer(id, _)
            | Self::SendCallMessage { call: id, .. } => Some(*id),
            Self::With(_, command) => command.call(),
            Self::Configure(_)
            | Self::Register(_)
            | Self::Unregister
            | Self::Shutdown
            | Self::SetSeatStatus(_)
            | Self::FinishWrapUp
            | Self::Dial(..)
            | Self::Ask(..)
            | Self::Refresh(_)
            | Self::Withdraw(_) => None,
        }
    }
}

/// What a page adds to the message that answers or ends a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Further headers; those that the stack owns are refused.
    pub headers: Vec<(String, String)>,
    /// The reason phrase of a refusal; of a BYE or CANCEL the text of its Reason (RFC 3326).
    pub reason: Option<String>,
}

/// One function of a page that gives tokens. The driver numbers them, and keeps each while
/// [`UserAgent::may_ask`](crate::UserAgent::may_ask) says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProviderId(pub u32);

/// Where an account comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// A token of either kind, with or without a leading `Bearer `.
    Token(String),
    /// The page has a function that gives tokens: the driver is asked for it by
    /// [`CredentialRequest::AskProvider`](crate::CredentialRequest::AskProvider).
    Provider(ProviderId),
    /// The account itself.
    Account(Box<crate::account::Account>),
}

/// Without the token.
impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Token(_) => f.write_str("Token"),
            Self::Provider(id) => id.fmt(f),
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
    /// How long a call may go on without a sign of life from the far side, in seconds
    /// (RFC 4028). Less than 90 counts as 90; zero asks for no limit, and takes what the far side
    /// asks for.
    pub session_expires: u32,
    /// The header that carries the one-time token of a call. `Authorization` and
    /// `Proxy-Authorization`, which it is unless told, say `Bearer` before it; others hold the
    /// bare token.
    pub token_header: Option<String>,
    /// What is done with transfers that the far side asks for.
    pub accept_transfers: AcceptTransfers,
    /// To so many further places an outgoing call follows redirections (3xx); zero refuses them.
    pub redirections: u32,
    /// Rings reliably (RFC 3262) also where the caller only supports that and does not require it.
    pub reliable_ringing: bool,
    /// Which incoming calls are taken by the phone itself.
    pub auto_answer: AutoAnswer,
}

/// See [`Config::auto_answer`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AutoAnswer {
    /// None.
    #[default]
    Never,
    /// Those whose caller or server asks for it: Answer-Mode and Priv-Answer-Mode (RFC 5373),
    /// `answer-after` in Call-Info, `alert-autoanswer` in Alert-Info.
    Asked,
    /// All, after so many seconds.
    After(u32),
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
            session_expires: 90,
            token_header: None,
            accept_transfers: AcceptTransfers::Ask,
            redirections: 5,
            reliable_ringing: false,
            auto_answer: AutoAnswer::Never,
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
    /// Goes with this one INVITE and never again; no registration is waited for.
    pub token: Option<OneTimeToken>,
    /// Takes the call that the token names: any target will do, also none.
    pub pickup: bool,
    /// The number or user name shown to the far side, in place of the account's, at its domain.
    pub from: Option<String>,
}

/// A credential that is good for one call. It is wiped when it is dropped, and no log can hold it.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimeToken(pub String);

impl Drop for OneTimeToken {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.0).into_bytes();
        bytes.fill(0);
        std::hint::black_box(&bytes);
    }
}

/// Without the token.
impl std::fmt::Debug for OneTimeToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OneTimeToken")
    }
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
