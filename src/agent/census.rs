//! Counts for tests: what is still there when all should be over.

use super::UserAgent;
use crate::testing::Census;

impl UserAgent {
    /// How much is held at present. For tests; natively only.
    #[doc(hidden)]
    #[must_use]
    pub fn census(&self) -> Census {
        Census {
            phones: self.phones.len(),
            calls: self.phones.iter().map(|phone| phone.calls.places().len()).sum(),
            transactions: self.core.transactions.len(),
            outputs: self.core.out.len(),
        }
    }
}
