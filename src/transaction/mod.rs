//! Transactions over reliable transport, RFC 3261 §17 with the corrections of RFC 6026.
//!
//! [`Transactions`] holds the four machines and does what they decide; it knows no dialog, no
//! call and no registration. Whoever asks gives an *owner* of any type, and gets it back with
//! every answer. The gateway uses the same layer for its proxy.

mod client;
mod invite_client;
mod invite_server;
mod layer;
mod sent;
mod server;
mod servers;

use std::time::Duration;

use crate::agent::FlowId;

pub use layer::Transactions;

/// Estimate of the round trip (RFC 3261 §17.1.1.1).
pub const T1: Duration = Duration::from_millis(500);
/// Longest interval between repetitions of a 2xx (RFC 3261 §13.3.1.4).
pub const T2: Duration = Duration::from_secs(4);
/// How long a transaction waits for the far side: 64·T1.
pub const PATIENCE: Duration = Duration::from_secs(32);

/// Names a transaction, client or server; never reused within one [`Transactions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransactionId {
    number: u32,
    /// Where it stands in its table.
    place: usize,
}

/// Takes what a transaction sends.
pub trait Wire {
    /// Sends one message on a flow.
    fn transmit(&mut self, flow: FlowId, bytes: Vec<u8>);
}

/// What a response is to the transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard<O> {
    /// For the owner of this transaction. A non-2xx to an INVITE is already acknowledged; a 2xx
    /// to an INVITE comes again for every repetition and every fork, until timer M.
    Deliver {
        /// The client transaction.
        id: TransactionId,
        /// Who asked.
        owner: O,
    },
    /// Nobody need hear of it: a repetition, or the answer to a CANCEL.
    Absorbed,
    /// It belongs to no transaction that is known. A 2xx to an INVITE may still be some dialog's.
    Stray,
}

/// What a request is to the transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrived<O> {
    /// A new one; it waits for [`Transactions::respond`].
    New(TransactionId),
    /// A repetition, the ACK of a non-2xx, or one beyond the cap, which was answered 503.
    Absorbed,
    /// A CANCEL, to be answered by `respond(cancel, …)`: 200, or 481 if there is no `invite`.
    Cancel {
        /// The CANCEL's own transaction.
        cancel: TransactionId,
        /// The INVITE that is cancelled, if it has no final answer yet.
        invite: Option<TransactionId>,
        /// Who [adopted](Transactions::adopt) the INVITE.
        owner: Option<O>,
    },
    /// The ACK of a 2xx: for the dialog.
    Ack,
}

/// A transaction that ended without the answer it waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost<O> {
    /// The transaction.
    pub id: TransactionId,
    /// Who asked; of a server transaction, who [adopted](Transactions::adopt) it.
    pub owner: Option<O>,
    /// Why.
    pub why: LostWhy,
}

/// See [`Lost::why`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LostWhy {
    /// No final answer in 64·T1 (timer B or F), or none after a CANCEL.
    Timeout,
    /// The flow is gone.
    Transport,
    /// A server INVITE was refused, and the refusal never acknowledged (timer H).
    NoAck,
}
