//! Answers to challenges, and what is learnt from them (RFC 3261 §22, RFC 8760, RFC 8898).

use crate::ids::Ids;
use crate::sip::{Message, Request};

/// How often one request was refused; it lives with who sends the request, from `default()` on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attempts {
    refusals: u8,
}

/// What a 401 or 407 leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Challenged {
    /// Send the request again: same Call-ID and From tag, CSeq one higher, authorised anew.
    Retry,
    /// There is no answer, or it was refused.
    GiveUp(Refusal),
}

/// Why a challenge ends the matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There was no challenge in it.
    NoChallenge,
}

impl Refusal {
    /// For people who read logs, and for the failure's text.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::NoChallenge => "the server asked for credentials without saying which",
        }
    }
}

/// The credentials of one account, and which of them a server takes.
#[derive(Clone, Default)]
pub(crate) struct Authorizer {}

impl Authorizer {
    /// Adds the credentials that the server is known to take. ACK and CANCEL get none.
    ///
    /// To be called once for every sending, right before it: nonce counts go up.
    pub(crate) fn authorize(&mut self, request: &mut Request, ids: &mut Ids) {
        let _ = (request, ids);
    }

    /// Learns from a 401 or 407 to `sent`.
    pub(crate) fn on_challenge(
        &mut self,
        response: &Message<'_>,
        attempts: &mut Attempts,
    ) -> Challenged {
        attempts.refusals += 1;
        let _ = response;
        Challenged::GiveUp(Refusal::NoChallenge)
    }
}
