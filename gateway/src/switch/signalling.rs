//! The way out, the transactions, time and chance: what every part of the switch works with.

use std::collections::VecDeque;

use cc_sdk::sip::{Message, Reply, Request, Response};
use cc_sdk::transaction::{TransactionId, Transactions, Wire};
use cc_sdk::{FlowId, Ids, Time};

use super::{Output, Owner};
use crate::media::{MediaId, MediaRequest};

pub(super) struct Signalling {
    pub(super) now: Time,
    pub(super) ids: Ids,
    pub(super) transactions: Transactions<Owner>,
    pub(super) out: Outbox,
    /// Transport and sent-by of our Via.
    via: String,
    /// Host and port that clients know us by.
    sent_by: String,
    /// The URI of our Record-Route.
    route: String,
}

/// Consequences, in the order in which they were decided.
#[derive(Default)]
pub(super) struct Outbox(VecDeque<Output>);

impl Outbox {
    pub(super) fn pop(&mut self) -> Option<Output> {
        self.0.pop_front()
    }

    pub(super) fn close(&mut self, flow: FlowId, why: &'static str) {
        self.0.push_back(Output::Close(flow, why));
    }

    pub(super) fn media(&mut self, id: MediaId, request: MediaRequest) {
        self.0.push_back(Output::Media(id, request));
    }
}

impl Wire for Outbox {
    fn transmit(&mut self, flow: FlowId, bytes: Vec<u8>) {
        self.0.push_back(Output::Transmit(flow, bytes));
    }
}

/// A request, with the flow that it came on and the transaction that waits for its answer.
#[derive(Clone, Copy)]
pub(super) struct Arrival<'m> {
    pub(super) flow: FlowId,
    pub(super) server: TransactionId,
    pub(super) message: &'m Message<'m>,
}

impl Signalling {
    pub(super) fn new(sent_by: &str, seed: [u8; 32]) -> Self {
        Self {
            now: Time::default(),
            ids: Ids::new(seed),
            transactions: Transactions::capped(SERVERS_PER_FLOW),
            out: Outbox::default(),
            via: format!("WS {sent_by}"),
            sent_by: sent_by.to_owned(),
            route: format!("sip:{sent_by};transport=ws;lr"),
        }
    }

    /// Seconds of the Unix epoch.
    pub(super) fn unix_seconds(&self) -> u64 {
        self.now.since_epoch().as_secs()
    }

    /// Sends a request in a new transaction; `None` if it cannot be printed.
    pub(super) fn send(
        &mut self,
        flow: FlowId,
        request: Request,
        owner: Owner,
    ) -> Option<TransactionId> {
        let sent = self.transactions.request(
            self.now,
            flow,
            request,
            &self.via,
            owner,
            &mut self.ids,
            &mut self.out,
        );
        sent.ok()
    }

    /// Sends an ACK of a 2xx, which has no transaction, with our Via.
    pub(super) fn send_ack(&mut self, flow: FlowId, mut ack: Request) {
        let via = format!("SIP/2.0/{};branch={}", self.via, self.ids.branch());
        ack.headers.push_front("Via", via);
        if let Ok(bytes) = ack.to_bytes() {
            self.out.transmit(flow, bytes);
        }
    }

    /// Answers a request. An answer that cannot be printed, or comes too late, is not sent.
    pub(super) fn respond(&mut self, server: TransactionId, response: &Response) {
        if self.transactions.respond(self.now, server, response, &mut self.out).is_err() {
            tracing::warn!(status = response.status, "an answer could not be written");
        }
    }

    /// Answers a request with a status, and a tag of our own in To.
    pub(super) fn refuse(&mut self, arrival: Arrival<'_>, status: u16) {
        let Arrival { server, message, .. } = arrival;
        let response = self.reply(message).response(status);
        self.respond(server, &response);
    }

    /// The template of our own answers to a request.
    pub(super) fn reply(&mut self, message: &Message<'_>) -> Reply {
        let mut reply = Reply::of(message);
        reply.tag(&self.ids.token());
        reply
    }

    /// Answers what is not fit for a transaction.
    pub(super) fn answer_statelessly(&mut self, flow: FlowId, message: &Message<'_>, status: u16) {
        let is_ack = message.method().is_some_and(|method| method.as_str() == "ACK");
        let answer = self.reply(message).response(status).to_bytes();
        if let (Ok(bytes), false) = (answer, is_ack) {
            self.out.transmit(flow, bytes);
        }
    }

    /// Cancels what we sent; `reason` is the CANCEL's Reason.
    pub(super) fn cancel(&mut self, invite: TransactionId, reason: Option<&str>) {
        let headers: Vec<_> = reason.iter().map(|reason| ("Reason", *reason)).collect();
        self.transactions.cancel(self.now, invite, &headers, &mut self.out);
    }

    /// The URI by which a service number is reached within a call.
    pub(super) fn own_contact(&self, number: &str) -> String {
        format!("sip:{number}@{};transport=ws", self.sent_by)
    }

    /// The value of our Record-Route.
    pub(super) fn record_route(&self) -> String {
        format!("<{}>", self.route)
    }
}

/// The URI of a message's first Contact.
pub(super) fn contact_uri(message: &Message<'_>) -> Option<String> {
    Some(message.contacts().ok()?.first()?.uri_text().to_owned())
}

/// A response without our Via, as it travels on towards the caller.
pub(super) fn upstream(message: &Message<'_>) -> Option<Response> {
    let mut response = message.to_response()?;
    let line = response.headers.remove_first("Via")?;
    // Some put all Vias in one line.
    let own = message.via().ok()?;
    let rest = line.strip_prefix(own.as_str());
    let rest = rest.map(|rest| rest.trim_start_matches([' ', '\t', ',']));
    if let Some(rest) = rest.filter(|rest| !rest.is_empty()) {
        response.headers.push_front("Via", rest);
    }
    Some(response)
}

/// Requests of one flow that may wait for their answers.
const SERVERS_PER_FLOW: usize = 200;
