//! Media as requests and replies: the core asks, a driver with an `RTCPeerConnection` answers.
//!
//! Everything here is plain data without handles, so that a simulator can play it, or a channel
//! carry it to another tab. Requests of one peer are carried out in order; each but
//! [`MediaRequest::Close`] is answered once by [`MediaReply`] with the same [`Ticket`].

use crate::api::CallId;

/// A peer connection. A call may have had several (another fork, a changed fingerprint).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub u32);

/// Joins a reply to its request; an old one is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u32);

/// A STUN or TURN server.
#[derive(Clone, PartialEq, Eq)]
pub struct IceServer {
    /// `stun:`, `turn:` or `turns:` URLs.
    pub urls: Vec<String>,
    /// For TURN.
    pub username: Option<String>,
    /// For TURN; never logged.
    pub credential: Option<String>,
}

/// Without the credential.
impl std::fmt::Debug for IceServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IceServer").field("urls", &self.urls).finish_non_exhaustive()
    }
}

/// What the core asks of a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaRequest {
    /// Makes the peer connection and gets the microphone.
    Open {
        /// Whose sound it is.
        call: CallId,
        /// For the peer connection.
        ice_servers: Vec<IceServer>,
        /// Only relayed candidates are used.
        relay_only: bool,
        /// Take the local tracks of this peer, which is about to be closed, in place of the microphone.
        take_over: Option<PeerId>,
    },
    /// Makes an offer and sets it, or where it changes a session keeps it until `Apply`; answered
    /// at once by [`MediaReply::Sdp`], without waiting for candidates, which follow as
    /// [`MediaEvent::Candidate`].
    Offer {
        /// With new ICE credentials.
        ice_restart: bool,
    },
    /// Sets this remote offer, makes an answer and sets it; answered by [`MediaReply::Sdp`].
    Answer {
        /// The remote offer.
        sdp: String,
    },
    /// Sets this remote answer.
    Apply {
        /// The remote answer.
        sdp: String,
    },
    /// What the descriptions that follow say of the sound: `sendrecv`, or without `receive`
    /// `sendonly`, by which a call is held. A new peer receives.
    Direction {
        /// The far side's sound is wanted.
        receive: bool,
    },
    /// Takes the local offer back, which was set or kept.
    Rollback,
    /// Stops (`true`) or resumes sending by switching the track.
    Mute(bool),
    /// Plays digits by RFC 4733; [`MediaEvent::DigitDone`] follows each.
    Digits {
        /// `0-9 * # A-D`.
        digits: String,
        /// Length of each, in milliseconds.
        tone_ms: u32,
        /// Silence after each, in milliseconds.
        gap_ms: u32,
    },
    /// Stops every local track and closes the peer. Not answered.
    Close,
}

/// What a peer answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaReply {
    /// To `Apply`, `Rollback`, `Open`, `Direction`, `Mute`, `Digits`.
    Done,
    /// To `Offer` and `Answer`: the local description as set, perhaps without candidates.
    Sdp(String),
    /// The request could not be carried out.
    Failed(MediaFailure),
}

/// Why a media request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaFailure {
    /// The person or the system refused the microphone.
    MicrophoneDenied,
    /// The page's or the iframe's policy forbids the microphone.
    MicrophonePolicy,
    /// There is no microphone.
    MicrophoneMissing,
    /// Another program has it, or it broke.
    MicrophoneBusy,
    /// The browser has no WebRTC.
    Unsupported,
    /// The page is not on a secure origin.
    Insecure,
    /// The browser refused a description, or anything else; with its words.
    Refused(String),
}

impl MediaFailure {
    /// The `CcSdkErrorCode` that a page compares.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::MicrophoneDenied => "microphone-denied",
            Self::MicrophonePolicy => "microphone-policy",
            Self::MicrophoneMissing => "microphone-missing",
            Self::MicrophoneBusy => "microphone-busy",
            Self::Unsupported => "webrtc-unsupported",
            Self::Insecure => "insecure-context",
            Self::Refused(_) => "media-failed",
        }
    }
}

/// What a peer tells unasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaEvent {
    /// A local candidate: the value of an `a=candidate` line, from `candidate:` on, without `a=`.
    Candidate {
        /// The media section it belongs to.
        mid: String,
        /// `candidate:…`
        line: String,
    },
    /// There will be no further candidate.
    GatheringDone,
    /// ICE and DTLS are up.
    Connected,
    /// The path is silent, perhaps for a moment.
    Disconnected,
    /// The path is gone.
    Failed,
    /// The far side's track is there.
    Track,
    /// A digit of [`MediaRequest::Digits`] was played.
    DigitDone(char),
    /// The local track ended by itself: the device was unplugged, or the permission withdrawn.
    MicrophoneLost,
}
