//! Identifiers from one seed: tags, branches, Call-IDs and cnonces (RFC 3261 §19.3).
//!
//! The generator is SHA-256 over seed and counter, so that a fixed seed makes the same wire
//! text in every run, and nobody who sees one identifier can tell the next.

use sha2::{Digest, Sha256};

use crate::text::part;

/// The source of every identifier that must not be guessed.
#[derive(Clone, Debug)]
pub struct Ids {
    seed: [u8; 32],
    counter: u64,
}

impl Ids {
    /// Identifiers that follow from `seed`, which the driver draws from a secure source.
    pub const fn new(seed: [u8; 32]) -> Self {
        Self { seed, counter: 0 }
    }

    /// 128 bits that were never given out before.
    pub fn bits(&mut self) -> [u8; 16] {
        let digest = Sha256::new()
            .chain_update(self.seed)
            .chain_update(self.counter.to_le_bytes())
            .finalize();
        self.counter += 1;
        let mut bits = [0; 16];
        bits.copy_from_slice(&digest[..16]);
        bits
    }

    /// 128 bits as 32 lower-case hexadecimal digits: a tag, a Call-ID, a cnonce.
    pub fn token(&mut self) -> String {
        hex(&self.bits())
    }

    /// A branch, with the magic cookie (RFC 3261 §8.1.1.7).
    pub fn branch(&mut self) -> String {
        ["z9hG4bK", &self.token()].concat()
    }

    /// A random (version 4) UUID in its usual form (RFC 9562 §5.4).
    pub fn uuid(&mut self) -> String {
        let mut bits = self.bits();
        bits[6] = bits[6] & 0x0f | 0x40;
        bits[8] = bits[8] & 0x3f | 0x80;
        let text = hex(&bits);
        let part = |range| part(&text, range);
        [part(0..8), "-", part(8..12), "-", part(12..16), "-", part(16..20), "-", part(20..32)]
            .concat()
    }

    /// A number below `bound`, for jitter and sequence numbers. `bound` of zero gives zero.
    pub fn below(&mut self, bound: u32) -> u32 {
        let bits = self.bits();
        u32::from_le_bytes([bits[0], bits[1], bits[2], bits[3]]).checked_rem(bound).unwrap_or(0)
    }
}

/// Lower-case hexadecimal, without `format!`, which costs bytes in the wasm.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut digits = Vec::with_capacity(bytes.len() * 2);
    for byte in bytes {
        digits.extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
    String::from_utf8(digits).unwrap_or_default()
}
