//! What a line and a call are lent while they decide: time, chance, the way out, the transactions.
//!
//! A [`Context`] lives for one step. It holds no state of its own, so nothing below the agent
//! keeps a pointer upwards.

use crate::agent::FlowId;
use crate::api::{AccountId, CallId, Config, ErrandId, UaEvent};
use crate::call::Word;
use crate::identity::Identity;
use crate::ids::Ids;
use crate::outbox::Outbox;
use crate::sip::{Request, Response};
use crate::time::Time;
use crate::transaction::{TransactionId, Transactions};

/// The surroundings of one step of a call or a line.
pub(crate) struct Context<'a> {
    pub(crate) now: Time,
    pub(crate) account: AccountId,
    pub(crate) ids: &'a mut Ids,
    pub(crate) out: &'a mut Outbox,
    pub(crate) transactions: &'a mut Transactions<Owner>,
    pub(crate) identity: &'a mut Identity,
    pub(crate) config: &'a Config,
    /// The client transactions of the call that may still be open.
    pub(crate) asked: &'a mut Vec<TransactionId>,
    /// What the call has for others.
    pub(crate) words: &'a mut Vec<(CallId, Word)>,
}

impl Context<'_> {
    /// Authorises a request, in advance where the server is known, and sends it on the open flow.
    ///
    /// `None` if there is no flow, or if the request cannot be printed; nothing was sent then.
    pub(crate) fn send(&mut self, mut request: Request, owner: Owner) -> Option<TransactionId> {
        self.identity.auth.authorize(&mut request, self.ids);
        self.send_as_it_is(request, owner)
    }

    /// Sends a request with no other credentials than it has, see [`send`](Self::send).
    pub(crate) fn send_as_it_is(
        &mut self,
        request: Request,
        owner: Owner,
    ) -> Option<TransactionId> {
        let flow = self.identity.flow?;
        let via = &self.identity.via_host;
        let transactions = &mut *self.transactions;
        let id =
            transactions.request(self.now, flow, request, via, owner, self.ids, self.out).ok()?;
        self.asked.retain(|id| transactions.is_open(*id));
        self.asked.push(id);
        Some(id)
    }

    /// Sends the ACK of a 2xx, which belongs to no transaction, and gives back its bytes so that
    /// it can be said again when the 2xx is.
    pub(crate) fn send_ack(&mut self, mut ack: Request) -> Option<Vec<u8>> {
        let branch = self.ids.branch();
        let via = ["SIP/2.0/", &self.identity.via_host, ";branch=", &branch].concat();
        ack.headers.push_front("Via", via);
        let bytes = ack.to_bytes().ok()?;
        if let Some(flow) = self.identity.flow {
            self.transmit(flow, bytes.clone());
        }
        Some(bytes)
    }

    /// Sends a message that belongs to no transaction: the ACK of a 2xx, or a 2xx said again.
    pub(crate) fn transmit(&mut self, flow: FlowId, bytes: Vec<u8>) {
        crate::transaction::Wire::transmit(self.out, flow, bytes);
    }

    /// Answers a request. An answer that cannot be printed, or comes too late, is not sent.
    pub(crate) fn respond(&mut self, server: TransactionId, response: &Response) -> bool {
        self.transactions.respond(self.now, server, response, self.out).is_ok()
    }

    /// Tells the page of this account.
    pub(crate) fn tell(&mut self, event: UaEvent) {
        self.out.event(self.account, event);
    }

    /// Tells the page of something odd that was survived.
    pub(crate) fn warn(&mut self, code: &str, text: &str, call: Option<CallId>) {
        self.tell(UaEvent::Warning {
            code: code.to_owned(),
            text: text.to_owned(),
            call: call.map(|id| id.0),
            header: None,
            offset: None,
        });
    }
}

/// Who asked for a transaction, and so hears of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The registration of an account.
    Registration(AccountId),
    /// The keep-alive of an account's link.
    Ping(AccountId),
    /// A call; also of the server transactions that it answers later.
    Call(CallId, Usage),
    /// What a page asked for beyond calls.
    Errand(ErrandId),
}

/// What a call's transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Usage {
    /// The INVITE that began an outgoing call.
    Invite,
    /// An INVITE inside the dialog.
    Reinvite,
    /// An UPDATE inside the dialog.
    Update,
    /// A PRACK.
    Prack,
    /// An UPDATE with an offer before the INVITE is answered.
    EarlyOffer,
    /// A BYE.
    Bye,
    /// An INFO that carries a digit.
    Info,
    /// A MESSAGE inside the dialog, and where its delivery is told.
    Message(ErrandId),
    /// A REFER inside the dialog.
    Refer,
    /// A NOTIFY of how a transfer goes that the far side asked for.
    Notify,
    /// A request of the far side that the call answers.
    Incoming,
}
