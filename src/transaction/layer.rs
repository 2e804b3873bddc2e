//! The table of transactions: finds whose a message is, lets the machine step, does what it says.

use super::sent::Sent;
use super::servers::Servers;
use super::{Arrived, Heard, Lost, LostWhy, TransactionId, Wire};
use crate::agent::FlowId;
use crate::ids::Ids;
use crate::sip::{Message, Method, Request, Response, Unprintable};
use crate::table::{Table, hash};
use crate::time::{Time, soonest};

/// The transactions of one user agent or proxy. `O` is who asked.
#[derive(Debug)]
pub struct Transactions<O> {
    last: u32,
    clients: Table<Sent<O>>,
    servers: Servers<O>,
    /// What was sent in the transaction that was answered last.
    answered: Option<(TransactionId, Request)>,
}

impl<O: Clone> Transactions<O> {
    /// None yet; at most 1000 server transactions on one flow.
    pub const fn new() -> Self {
        Self::capped(1000)
    }

    /// None yet; at most `servers` requests that wait on one flow, further ones get 503. Of
    /// INVITEs that were accepted there may be more: they stay for a while only to swallow
    /// repetitions.
    pub const fn capped(servers: usize) -> Self {
        Self { last: 0, clients: Table::new(1), servers: Servers::new(servers), answered: None }
    }

    /// Lets at least so many requests wait on one flow.
    pub fn allow(&mut self, servers: usize) {
        self.servers.allow(servers);
    }

    /// Sends a request in a new client transaction, with our Via on top.
    ///
    /// `via` is the transport and sent-by of that Via, such as `WSS 8f3a.invalid`. An ACK has no
    /// transaction: it goes straight to the [`Wire`].
    ///
    /// # Errors
    ///
    /// [`Unprintable`] if the request holds a line break; nothing was sent then.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is of another kind and none has a home in another"
    )]
    pub fn request(
        &mut self,
        now: Time,
        flow: FlowId,
        mut request: Request,
        via: &str,
        owner: O,
        ids: &mut Ids,
        wire: &mut impl Wire,
    ) -> Result<TransactionId, Unprintable> {
        let branch = ids.branch();
        let via = ["SIP/2.0/", via, ";branch=", &branch].concat();
        request.headers.push_front("Via", via.as_str());
        let bytes = request.to_bytes()?;
        request.headers.remove_first("Via");
        let id = TransactionId { number: self.next_number(), place: self.clients.vacancy() };
        let key = hash(&[branch.as_bytes()]);
        self.clients.insert(Sent::new(now, id, flow, branch, via, request, owner));
        self.clients.set_key(id.place, 0, key);
        self.see_to(id.place);
        wire.transmit(flow, bytes);
        Ok(id)
    }

    /// The request of a client transaction as it was sent, but for our Via: also of the one whose
    /// final answer was delivered last, so that it can be sent again with credentials. Of an
    /// INVITE that was accepted there is what its ACK repeats.
    pub fn sent(&self, id: TransactionId) -> Option<&Request> {
        self.answered
            .as_ref()
            .filter(|answered| answered.0 == id)
            .map(|answered| &answered.1)
            .or_else(|| self.client(id).map(|entry| &entry.request))
    }

    /// Whether a client transaction is not over yet.
    pub fn is_open(&self, id: TransactionId) -> bool {
        self.client(id).is_some()
    }

    /// When a client transaction is over at the latest, if time ends it.
    pub fn deadline(&self, id: TransactionId) -> Option<Time> {
        self.client(id).and_then(Sent::deadline)
    }

    /// Forgets what a header of a request said that left: it goes nowhere else.
    pub(crate) fn forget_header(&mut self, id: TransactionId, name: &str) {
        if let Some(entry) = self.clients.get_mut(id.place).filter(|entry| entry.id == id) {
            entry.request.headers.remove_all(name);
        }
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
        let Some(entry) = self.clients.get_mut(invite.place) else { return };
        if entry.id != invite {
            return;
        }
        entry.on_cancel(now, headers, wire);
        self.see_to(invite.place);
    }

    /// Whoever asked is gone, so that an INVITE that was promised an answer does not wait for ever.
    pub(crate) fn abandon(&mut self, now: Time, id: TransactionId) {
        if let Some(entry) = self.clients.get_mut(id.place).filter(|entry| entry.id == id) {
            entry.abandon(now);
            self.see_to(id.place);
        }
    }

    /// Says who hears of a CANCEL, and of the loss, of a server transaction.
    pub fn adopt(&mut self, server: TransactionId, owner: O) {
        self.servers.adopt(server, owner);
    }

    /// Whether a request still waits for its final answer.
    pub fn is_pending(&self, server: TransactionId) -> bool {
        self.servers.is_pending(server)
    }

    /// The same request as another that is still open, come by another way (RFC 3261 §8.2.2.2).
    /// A user agent answers it 482; to a proxy it is none of its business. Only what came on flows
    /// that `is_ours` names is compared: a fork may well reach two user agents of one table.
    pub fn is_merged(&self, server: TransactionId, is_ours: impl Fn(FlowId) -> bool) -> bool {
        self.servers.is_merged(server, is_ours)
    }

    /// Answers a request. A second final answer, or one to a transaction that is over, is not sent.
    ///
    /// A 2xx to an INVITE may be said again until its ACK is there, which is for the owner to do.
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
        self.servers.respond(now, server, response, wire)
    }

    /// Takes a response that was read and [checked](Message::check).
    pub fn on_response(
        &mut self,
        now: Time,
        flow: FlowId,
        message: &Message<'_>,
        wire: &mut impl Wire,
    ) -> Heard<O> {
        let (Some(status), Ok(via), Ok(cseq)) = (message.status(), message.via(), message.cseq())
        else {
            return Heard::Stray;
        };
        if cseq.method == Method::Cancel {
            // Whatever is said to a CANCEL, the INVITE's own answer decides.
            return Heard::Absorbed;
        }
        let branch = via.branch().unwrap_or_default();
        let found = self.clients.find(hash(&[branch.as_bytes()]), |entry| {
            entry.flow == flow && entry.branch == branch && entry.is_numbered(&cseq)
        });
        let Some(place) = found else { return Heard::Stray };
        let Some(entry) = self.clients.get_mut(place) else { return Heard::Stray };
        let id = entry.id;
        let heard = entry.on_response(now, status, message, wire);
        let heard =
            if heard { Heard::Deliver { id, owner: entry.owner.clone() } } else { Heard::Absorbed };
        if let Some(entry) = self.see_to(place) {
            self.answered = Some((id, entry.request));
        }
        heard
    }

    /// Takes a request that was read and [checked](Message::check).
    pub fn on_request(
        &mut self,
        now: Time,
        flow: FlowId,
        message: &Message<'_>,
        wire: &mut impl Wire,
    ) -> Arrived<O> {
        let number = self.next_number();
        self.servers.on_request(now, flow, number, message, wire)
    }

    /// Lets every deadline up to `now` fall.
    pub fn on_timeout(&mut self, now: Time, wire: &mut impl Wire) -> Vec<Lost<O>> {
        let mut lost = Vec::new();
        while let Some(place) = self.clients.take_due(now) {
            if let Some(entry) = self.clients.get_mut(place)
                && entry.on_timeout(now)
            {
                lost.push(entry.lost(LostWhy::Timeout));
            }
            self.see_to(place);
        }
        self.servers.on_timeout(now, &mut lost, wire);
        lost
    }

    /// Ends every transaction on a flow that is gone.
    pub fn on_flow_lost(&mut self, flow: FlowId) -> Vec<Lost<O>> {
        let mut lost = Vec::new();
        for place in self.clients.places() {
            let Some(entry) = self.clients.get(place).filter(|entry| entry.flow == flow) else {
                continue;
            };
            if !entry.is_answered() {
                lost.push(entry.lost(LostWhy::Transport));
            }
            self.clients.remove(place);
        }
        self.servers.on_flow_lost(flow, &mut lost);
        lost
    }

    /// When [`on_timeout`](Self::on_timeout) is next due.
    pub fn next_timeout(&self) -> Option<Time> {
        soonest(self.clients.next_timeout(), self.servers.next_timeout())
    }

    /// How many are open, clients and servers.
    pub fn len(&self) -> usize {
        self.clients.len() + self.servers.len()
    }

    /// None is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn next_number(&mut self) -> u32 {
        self.last = self.last.wrapping_add(1);
        self.last
    }

    fn client(&self, id: TransactionId) -> Option<&Sent<O>> {
        self.clients.get(id.place).filter(|entry| entry.id == id)
    }

    /// After each step of a client transaction: gives it out if it is over.
    fn see_to(&mut self, place: usize) -> Option<Sent<O>> {
        let entry = self.clients.get(place)?;
        if entry.is_over() {
            return self.clients.remove(place);
        }
        let deadline = entry.deadline();
        self.clients.set_deadline(place, deadline);
        None
    }
}

impl<O: Clone> Default for Transactions<O> {
    fn default() -> Self {
        Self::new()
    }
}
