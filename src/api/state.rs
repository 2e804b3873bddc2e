//! What registrations, calls and errands are, as a page sees them.

#[cfg(target_arch = "wasm32")]
use {serde::Serialize, tsify::Tsify};

/// See [`UaEvent::Registration`](super::UaEvent::Registration).
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

/// See [`UaEvent::Subscription`](super::UaEvent::Subscription).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", derive(Serialize, Tsify))]
#[cfg_attr(target_arch = "wasm32", serde(rename_all = "camelCase"))]
pub enum SubscriptionState {
    /// Asked for, but nothing may be told yet; also while there is no connection.
    Pending,
    /// The notifier tells every change.
    Active,
    /// Over.
    Terminated,
}

/// See [`UaEvent::Publication`](super::UaEvent::Publication).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", derive(Serialize, Tsify))]
#[cfg_attr(target_arch = "wasm32", serde(rename_all = "camelCase"))]
pub enum PublicationState {
    /// On its way, or tried again later.
    Pending,
    /// The server has it.
    Published,
    /// Taken back.
    Removed,
    /// Refused for good.
    Failed,
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

/// How far a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", derive(Serialize, Tsify))]
#[cfg_attr(target_arch = "wasm32", serde(rename_all = "camelCase"))]
pub enum TransferState {
    /// The far side was asked.
    Requested,
    /// The far side agreed, and calls.
    Trying,
    /// It rings there.
    Ringing,
    /// It was taken there: the call ends here.
    Accepted,
    /// It came to nothing: the call goes on.
    Failed,
}
