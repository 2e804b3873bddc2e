//! Media of service calls: one task and one UDP socket a call, led by requests and replies that
//! are plain data, so that the switch can be tested without any of it.

mod codec;
mod joint;
mod peer;
mod sound;

pub(crate) use peer::{Peers, prepare};

/// Names the media of one service call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MediaId(pub u32);

/// What a service call plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    /// What came, as it came.
    Echo,
    /// 440 Hz without end.
    Tone,
    /// What the other call of this joint hears.
    Joined(u32),
    /// A greeting, then each digit that was heard, as its pair of tones.
    Digits,
}

/// What the switch asks of a call's media.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaRequest {
    /// Takes an offer: the first one begins the media. Answered by [`MediaReply::Answer`] or
    /// [`MediaReply::Refused`].
    Offer {
        /// The offer.
        sdp: String,
        /// What to play.
        sound: Sound,
    },
    /// Plays a digit that came by INFO.
    Digit(char),
    /// Ends it. Not answered.
    Close,
}

/// What a call's media answers and tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaReply {
    /// The answer to an offer.
    Answer(String),
    /// The offer cannot be taken: no common codec, no audio, or not to be understood.
    Refused,
    /// A digit was heard (RFC 4733).
    Digit(char),
    /// The media is gone.
    Lost,
}
