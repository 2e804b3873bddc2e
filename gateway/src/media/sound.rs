//! What service numbers play: samples by rule, no files.

use std::collections::VecDeque;
use std::f64::consts::TAU;

use super::Sound;

/// Makes samples, 20 ms at a time.
pub(super) struct Player {
    /// For ever, if nothing is queued.
    constant: Option<f64>,
    queue: VecDeque<Piece>,
    /// Samples since the current piece began.
    at: u32,
}

/// Some tones at once, for a while.
#[derive(Clone, Copy)]
struct Piece {
    tones: [f64; 2],
    millis: u32,
}

impl Player {
    /// `None` for a sound that is not ours to make.
    pub(super) fn new(sound: Sound) -> Option<Self> {
        let empty = Self { constant: None, queue: VecDeque::new(), at: 0 };
        match sound {
            Sound::Echo | Sound::Joined(_) => None,
            Sound::Tone => Some(Self { constant: Some(440.0), ..empty }),
            Sound::Digits => {
                let chime = [523.25, 659.25, 783.99];
                let queue = chime.map(|tone| Piece { tones: [tone, 0.0], millis: 180 }).into();
                Some(Self { queue, ..empty })
            }
        }
    }

    /// Plays a digit after what is queued: its two tones, then a pause.
    pub(super) fn digit(&mut self, digit: char) {
        if let Some(tones) = tones(digit).filter(|_| self.queue.len() < MOST_PIECES) {
            if self.queue.is_empty() {
                self.at = 0;
            }
            self.queue.push_back(Piece { tones, millis: 240 });
            self.queue.push_back(Piece { tones: [0.0, 0.0], millis: 100 });
        }
    }

    /// The next 20 ms at `rate` samples a second.
    pub(super) fn next_frame(&mut self, rate: u32) -> Vec<f32> {
        (0..rate / 50).map(|_| self.next_sample(rate)).collect()
    }

    fn next_sample(&mut self, rate: u32) -> f32 {
        let Some(piece) = self.queue.front().copied() else {
            self.at = (self.at + 1) % rate;
            return self.constant.map_or(0.0, |tone| sine(tone, self.at, rate) * 0.5);
        };
        let sample = piece.tones.iter().map(|tone| sine(*tone, self.at, rate) * 0.3).sum();
        self.at += 1;
        if self.at >= rate / 1000 * piece.millis {
            self.queue.pop_front();
            self.at = 0;
        }
        sample
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a sine is small enough")]
fn sine(hertz: f64, at: u32, rate: u32) -> f32 {
    (TAU * hertz * f64::from(at) / f64::from(rate)).sin() as f32
}

/// The tones of a digit in hertz (ITU-T Q.23).
pub(super) fn tones(digit: char) -> Option<[f64; 2]> {
    let at = "123A456B789C*0#D".find(digit)?;
    Some([[697.0, 770.0, 852.0, 941.0][at / 4], [1209.0, 1336.0, 1477.0, 1633.0][at % 4]])
}

/// So much may wait to be played.
const MOST_PIECES: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    /// The strength of one frequency among the samples.
    fn strength_of(samples: &[f32], hertz: f64, rate: f64) -> f64 {
        let (mut re, mut im, mut angle) = (0.0, 0.0, 0.0_f64);
        for sample in samples {
            re += f64::from(*sample) * angle.cos();
            im += f64::from(*sample) * angle.sin();
            angle += TAU * hertz / rate;
        }
        re.hypot(im)
    }

    #[test]
    fn a_digit_is_heard_as_its_two_tones_and_no_other() {
        let mut player = Player { constant: None, queue: VecDeque::new(), at: 0 };
        // Silence before it must not eat into it.
        player.next_frame(8000);
        player.digit('5');
        let samples: Vec<_> = (0..10).flat_map(|_| player.next_frame(8000)).collect();
        let strength = |hertz| strength_of(&samples, hertz, 8000.0);
        for own in [770.0, 1336.0] {
            for other in [697.0, 852.0, 941.0, 1209.0, 1477.0, 1633.0] {
                assert!(strength(own) > 8.0 * strength(other), "{own} {other}");
            }
        }
    }

    #[test]
    fn after_what_is_queued_there_is_silence() {
        let mut player = Player::new(Sound::Digits).unwrap();
        let frames: Vec<_> = (0..40).map(|_| player.next_frame(48_000)).collect();
        assert!(frames[5].iter().any(|sample| sample.abs() > 0.1));
        assert!(frames[39].iter().all(|sample| *sample == 0.0));
    }
}
