//! Sound into packets: Opus and PCMU, 20 ms each.

use opus_rs::{Application, OpusEncoder};
use str0m::format::Codec;
use str0m::media::Frequency;

/// An encoder of one codec.
pub(super) enum Encoder {
    Opus(Box<OpusEncoder>),
    Pcmu,
}

impl Encoder {
    /// For a codec that was agreed; `None` for those that we cannot speak.
    pub(super) fn new(codec: Codec) -> Option<Self> {
        match codec {
            Codec::Opus => {
                let mut encoder = OpusEncoder::new(48_000, 1, Application::Audio).ok()?;
                encoder.bitrate_bps = 32_000;
                Some(Self::Opus(Box::new(encoder)))
            }
            Codec::PCMU => Some(Self::Pcmu),
            _ => None,
        }
    }

    /// Samples a second.
    pub(super) const fn rate(&self) -> u32 {
        match self {
            Self::Opus(_) => 48_000,
            Self::Pcmu => 8_000,
        }
    }

    /// The same, as the RTP clock.
    pub(super) const fn clock(&self) -> Frequency {
        match self {
            Self::Opus(_) => Frequency::FORTY_EIGHT_KHZ,
            Self::Pcmu => Frequency::EIGHT_KHZ,
        }
    }

    /// Encodes 20 ms of samples from -1 to 1.
    pub(super) fn encode(&mut self, samples: &[f32]) -> Option<Vec<u8>> {
        match self {
            Self::Opus(encoder) => {
                let mut packet = vec![0; 1275];
                let length = encoder.encode(samples, samples.len(), &mut packet).ok()?;
                packet.truncate(length);
                Some(packet)
            }
            Self::Pcmu => Some(samples.iter().copied().map(ulaw).collect()),
        }
    }
}

/// One sample by the µ-law of ITU-T G.711.
#[expect(clippy::cast_possible_truncation, reason = "clamped to 15 bits before")]
fn ulaw(sample: f32) -> u8 {
    const BIAS: u16 = 0x84;
    const CLIP: f32 = 32_635.0;
    let scaled = (sample * 32_767.0).clamp(-CLIP, CLIP) as i16;
    let sign = if scaled < 0 { 0x80 } else { 0 };
    let magnitude = scaled.unsigned_abs() + BIAS;
    // The position of the highest bit above the seventh.
    let exponent = magnitude.ilog2().saturating_sub(7) as u16;
    let mantissa = magnitude >> (exponent + 3) & 0x0f;
    !(sign | (exponent << 4 | mantissa) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The other way, by the table's rule.
    fn linear(byte: u8) -> i32 {
        let byte = !byte;
        let magnitude = ((i32::from(byte & 15) << 3) + 0x84) << (byte >> 4 & 7);
        if byte & 0x80 == 0 { magnitude - 0x84 } else { 0x84 - magnitude }
    }

    #[test]
    fn ulaw_keeps_the_sample_to_within_its_step() {
        for value in (-32_000_i16..32_000).step_by(7) {
            let decoded = linear(ulaw(f32::from(value) / 32_767.0));
            let value = i32::from(value);
            let step = (value.abs() / 16).max(8);
            assert!((decoded - value).abs() <= step, "{value} became {decoded}");
        }
        assert_eq!(ulaw(0.0), 0xff);
    }
}
