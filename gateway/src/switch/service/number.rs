//! The numbers that the gateway answers itself.

use std::time::Duration;

use crate::media::Sound;

/// A service number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::switch) struct Number {
    /// As dialled.
    pub(super) text: &'static str,
    /// What it does with a call.
    pub(super) plan: Plan,
}

/// What a number does with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// Refuses with this status.
    Refuse(u16),
    /// Sends the caller to the echo.
    Redirect,
    /// Rings until somebody takes the call with a token that names it, or that takes too long.
    Wait,
    /// Rings and is never answered, until that takes too long.
    Ring,
    /// Answers.
    Answer(Answer),
}

/// How a number answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) sound: Sound,
    /// How long it rings.
    pub(super) ring: Duration,
    /// Whether its sound is heard while it rings.
    pub(super) early_media: bool,
    /// How long after the answer it hangs up, if it does.
    pub(super) hang_up: Option<Duration>,
}

impl Number {
    /// The number that this text dials, if it is one of ours.
    pub(in crate::switch) fn dialled(text: &str) -> Option<Self> {
        NUMBERS.iter().find(|number| number.text == text).copied()
    }
}

const fn at_once(sound: Sound) -> Plan {
    Plan::Answer(Answer { sound, ring: Duration::ZERO, early_media: false, hang_up: None })
}

const NUMBERS: [Number; 11] = [
    Number { text: "9189", plan: Plan::Wait },
    Number { text: "9190", plan: Plan::Refuse(486) },
    Number { text: "9191", plan: Plan::Refuse(603) },
    Number { text: "9192", plan: Plan::Ring },
    Number {
        text: "9193",
        plan: Plan::Answer(Answer {
            sound: Sound::Tone,
            ring: Duration::from_secs(3),
            early_media: true,
            hang_up: None,
        }),
    },
    Number {
        text: "9194",
        plan: Plan::Answer(Answer {
            sound: Sound::Echo,
            ring: Duration::from_secs(3),
            early_media: false,
            hang_up: None,
        }),
    },
    Number {
        text: "9195",
        plan: Plan::Answer(Answer {
            sound: Sound::Tone,
            ring: Duration::ZERO,
            early_media: false,
            hang_up: Some(Duration::from_secs(3)),
        }),
    },
    Number { text: "9196", plan: at_once(Sound::Echo) },
    Number { text: "9197", plan: at_once(Sound::Tone) },
    Number { text: "9198", plan: at_once(Sound::Digits) },
    Number { text: "9199", plan: Plan::Redirect },
];
