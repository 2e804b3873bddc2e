//! How much a phone holds, so that a test can see that nothing stays.

/// What a [`UserAgent`](crate::UserAgent) holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Accounts.
    pub phones: usize,
    /// Calls, also those that ended and still wait for an answer.
    pub calls: usize,
    /// Transactions, client and server.
    pub transactions: usize,
    /// Outputs that nobody took.
    pub outputs: usize,
}
