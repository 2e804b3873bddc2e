//! The table of transactions: finds whose a message is, lets the machine step, does what it says.

use crate::agent::FlowId;
use crate::ids::Ids;
use crate::sip::{Message, Request, Response, Unprintable};
use crate::time::Time;
use super::{Arrived, Heard, Lost, TransactionId, Wire};

/// The transactions of one user agent or proxy. `O` is who asked.
#[derive(Debug)]
pub struct Transactions<O> {
    owners: Vec<O>,
}

impl<O: Clone> Transactions<O> {
    /// None yet.
    pub const fn new() -> Self {
        Self { owners: Vec::new() }
    }

    /// Sends a request in a new client transaction, with our Via on top.
    ///
    /// `via` is the transport and sent-by of that Via, such as `WSS 8f3a.invalid`.
    ///
    /// # Errors
    ///
    /// [`Unprintable`] if the request holds a line break; nothing was sent then.
    #[expect(clippy::too_many_arguments, reason = "each is of another kind and none has a home in another")]
    pub fn request(
        &mut self,
        now: Time,
        flow: FlowId,
        request: Request,
        via: &str,
        owner: O,
        ids: &mut Ids,
        wire: &mut impl Wire,
    ) -> Result<TransactionId, Unprintable> {
        let _ = (now, flow, request, via, owner, ids, wire);
        Ok(TransactionId(0))
    }

    /// The request of a client transaction as it was sent, but for our Via: also of the one whose
    /// final answer was delivered last, so that it can be sent again with credentials.
    pub fn sent(&self, id: TransactionId) -> Option<&Request> {
        let _ = id;
        None
    }

    /// Cancels an INVITE (RFC 3261 §9.1): once a provisional answer is there, and not if a final
    /// one is. `headers` go into the CANCEL, such as Reason. Its own answer is absorbed here.
    pub fn cancel(
        &mut self,
        now: Time,
        invite: TransactionId,
        headers: &[(&str, &str)],
        wire: &mut impl Wire,
    ) {
        let _ = (now, invite, headers, wire);
    }

    /// Says who hears of a CANCEL, and of the loss, of a server transaction.
    pub fn adopt(&mut self, server: TransactionId, owner: O) {
        let _ = (server, owner);
    }

    /// Answers a request. A second final answer, or one to a transaction that is over, is not sent.
    ///
    /// A 2xx to an INVITE ends the transaction's part; repeating it until the ACK is the owner's.
    ///
    /// # Errors
    ///
    /// [`Unprintable`] if the response holds a line break; nothing was sent then.
    pub fn respond(
        &mut self,
        now: Time,
        server: TransactionId,
        response: &Response,
        wire: &mut impl Wire,
    ) -> Result<(), Unprintable> {
        let _ = (now, server, response, wire);
        Ok(())
    }

    /// Takes a response that was read and [checked](Message::check).
    pub fn on_response(
        &mut self,
        now: Time,
        flow: FlowId,
        message: &Message<'_>,
        wire: &mut impl Wire,
    ) -> Heard<O> {
        let _ = (now, flow, message, wire);
        Heard::Stray
    }

    /// Takes a request that was read and [checked](Message::check).
    pub fn on_request(
        &mut self,
        now: Time,
        flow: FlowId,
        message: &Message<'_>,
        wire: &mut impl Wire,
    ) -> Arrived<O> {
        let _ = (now, flow, message, wire);
        Arrived::Absorbed
    }

    /// The same request as another that is still open, come by another way (RFC 3261 §8.2.2.2).
    /// A user agent answers it 482; to a proxy it is none of its business.
    pub fn is_merged(&self, server: TransactionId) -> bool {
        let _ = server;
        false
    }

    /// Lets every deadline up to `now` fall.
    pub fn on_timeout(&mut self, now: Time, wire: &mut impl Wire) -> Vec<Lost<O>> {
        let _ = (now, wire);
        Vec::new()
    }

    /// Ends every transaction on a flow that is gone.
    pub fn on_flow_lost(&mut self, now: Time, flow: FlowId) -> Vec<Lost<O>> {
        let _ = (now, flow);
        Vec::new()
    }

    /// When [`on_timeout`](Self::on_timeout) is next due.
    pub fn next_timeout(&self) -> Option<Time> {
        None
    }

    /// How many are open, clients and servers.
    pub fn len(&self) -> usize {
        self.owners.len()
    }

    /// None is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
