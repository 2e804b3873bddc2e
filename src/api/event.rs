//! What the phone tells its page.

#[cfg(target_arch = "wasm32")]
use {serde::Serialize, tsify::Tsify};

use super::{
    CallState, Caller, EndCause, EndReason, FailureReason, Parsed, PublicationState,
    RegistrationState, SubscriptionState, TransferState,
};

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
    /// The registration nears its end; its refresh leaves now.
    RegistrationExpiring {
        /// Until the server forgets it, in seconds.
        expires_in: u32,
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
        /// What else is known of an incoming call's caller.
        caller: Box<Caller>,
        /// The Call-ID on the wire, to find the call in a server's log.
        sip_call_id: String,
        /// The call that this one takes further: the far side transferred it, or somebody came in
        /// the far side's place.
        continues: Option<u32>,
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
    /// How a transfer that was asked for here goes (RFC 3515).
    CallTransfer {
        /// The call that is passed on.
        call: u32,
        /// How far it is.
        state: TransferState,
        /// To whom, as the page said it, or the other call's number.
        target: String,
        /// The other call, where the transfer is to one.
        other: Option<u32>,
        /// The status that said so, where there was one.
        sip_status: Option<u16>,
        /// Why, with `failed` only.
        cause: Option<EndCause>,
    },
    /// The far side of a call asks to be called elsewhere (RFC 3515): answered by `acceptTransfer`
    /// or `refuseTransfer`, else refused when its time is over.
    CallTransferRequest {
        /// The call.
        call: u32,
        /// The number or user name to be called.
        number: String,
        /// The name that goes with it, if any.
        display_name: Option<String>,
        /// The URI to be called.
        uri: String,
        /// Who asks, as Referred-By says (RFC 3892).
        referred_by: Option<String>,
        /// Until it is refused, in seconds.
        expires_in: u32,
    },
    /// What became of a message or another request that one answer ends.
    Answered {
        /// The errand.
        id: u32,
        /// The final answer, where there was one.
        status: Option<u16>,
        /// Why it failed; none means that it did not.
        reason: Option<FailureReason>,
        /// The answer's headers but those that routed it.
        headers: Vec<(String, String)>,
        /// MIME type of the answer's body; empty where there is none.
        content_type: String,
        /// The answer's body; bytes that are no UTF-8 are replaced.
        body: String,
    },
    /// A MESSAGE came outside calls.
    Message {
        /// The number or user name of the sender.
        number: String,
        /// The name that the sender gave, if any.
        display_name: Option<String>,
        /// The sender's URI.
        uri: String,
        /// Whom it was meant for.
        to: String,
        /// Its MIME type.
        content_type: String,
        /// Its body; bytes that are no UTF-8 are replaced.
        body: String,
        /// Its headers that the stack does not own.
        headers: Vec<(String, String)>,
    },
    /// A subscription's state changed.
    Subscription {
        /// The errand.
        id: u32,
        /// What it is now.
        state: SubscriptionState,
        /// How long the notifier will keep it unless it is refreshed, in seconds; with `active`
        /// and `pending` only.
        expires_in: Option<u32>,
        /// With `terminated` why, unless the page ended it; with `pending` why the last attempt
        /// failed, if it did.
        reason: Option<FailureReason>,
    },
    /// A NOTIFY came.
    Notified {
        /// The subscription; none if nobody asked for it.
        id: Option<u32>,
        /// The event package.
        event: String,
        /// The notifier's URI.
        uri: String,
        /// MIME type of the body.
        content_type: String,
        /// The body; bytes that are no UTF-8 are replaced.
        body: String,
        /// What it says, of the packages that the phone reads.
        parsed: Option<Parsed>,
    },
    /// A publication's state changed.
    Publication {
        /// The errand.
        id: u32,
        /// What it is now.
        state: PublicationState,
        /// How long the server will keep it unless it is refreshed, in seconds; with `published`
        /// only.
        expires_in: Option<u32>,
        /// With `failed` why; with `pending` why the last attempt failed, if it did.
        reason: Option<FailureReason>,
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
