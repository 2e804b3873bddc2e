//! Chance, from the system.

/// 32 bytes that nobody can guess.
///
/// # Panics
///
/// If the system has no source of randomness: then nothing here would be safe.
#[expect(clippy::expect_used, reason = "without chance there is no safe way on")]
pub(crate) fn seed() -> [u8; 32] {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).expect("the system gives random bytes");
    seed
}

/// 128 bits as 32 hexadecimal digits.
pub(crate) fn token() -> String {
    cc_sdk::Ids::new(seed()).token()
}
