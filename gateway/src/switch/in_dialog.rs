//! Requests within a call: from the one side to the other, wherever it is by now.

use cc_sdk::FlowId;
use cc_sdk::sip::{Message, Method, NameAddr};
use cc_sdk::transaction::Wire;

use super::Switch;
use super::calls::{Call, DialogId, Party, Presence, Side};
use super::gate::{Denied, Role};
use super::proxy::forwarded;
use super::signalling::{Arrival, contact_uri, upstream};

impl Switch {
    /// Leads a request with a To tag to the other side of its call.
    pub(super) fn on_in_dialog(&mut self, arrival: Arrival<'_>) {
        let Arrival { flow, message, .. } = arrival;
        let Some(id) = DialogId::of(message) else {
            return self.signalling.refuse(arrival, 400);
        };
        let Some((seat, presence)) = self.sender(&id).or_else(|| self.adopt(flow, message, &id))
        else {
            return self.signalling.refuse(arrival, 481);
        };
        if let Err(why) = self.is_party(flow, message, &seat, presence) {
            return self.challenge(arrival, Role::Proxy, why);
        }
        if self.services.owns(&id) {
            return self.services.on_in_dialog(&mut self.signalling, arrival, &id);
        }
        if self.events.owns(&id) {
            return self.on_watch_request(arrival, &id);
        }
        let Some((call, side)) = self.calls.find(&id) else { return };
        if call.is_over() {
            // Both hung up at once: that is as good as one answering the other.
            let is_bye = message.method() == Some(Method::Bye);
            return self.signalling.refuse(arrival, if is_bye { 200 } else { 481 });
        }
        self.note_request(&id, flow, message);
        let Some(to) = self.way_to(&id, side.other()) else {
            let status = if message.method() == Some(Method::Bye) { 200 } else { 480 };
            return self.signalling.refuse(arrival, status);
        };
        if let Some(request) = forwarded(&self.signalling, message) {
            self.passages.pass(&mut self.signalling, arrival, to, request);
        }
    }

    /// Leads the ACK of a 2xx to the other side.
    pub(super) fn on_ack(&mut self, flow: FlowId, message: &Message<'_>) {
        let Some(id) = DialogId::of(message) else { return };
        if self.services.owns(&id) {
            return self.services.on_ack(&id);
        }
        let Some((call, side)) = self.calls.find(&id) else { return };
        // An ACK cannot be challenged: it is taken from where the party is, or not at all.
        if call.party(side).presence != Presence::Here(flow) {
            return;
        }
        let ack = forwarded(&self.signalling, message);
        if let (Some(ack), Some(to)) = (ack, self.way_to(&id, side.other())) {
            self.signalling.send_ack(to, ack);
        }
    }

    /// A 2xx to an INVITE that comes again, or from another fork.
    pub(super) fn pass_late_2xx(&mut self, message: &Message<'_>) {
        let is_invite = message.cseq().is_ok_and(|cseq| cseq.method == Method::Invite);
        if !is_invite || !message.status().is_some_and(|status| (200..300).contains(&status)) {
            return;
        }
        let Some(id) = DialogId::of(message) else { return };
        let Some((call, side)) = self.calls.find(&id) else { return };
        let Presence::Here(flow) = call.party(side).presence else { return };
        if let Some(Ok(bytes)) = upstream(message).map(|response| response.to_bytes()) {
            self.signalling.out.transmit(flow, bytes);
        }
    }

    /// The seat that a request's tag stands for, and where it was last.
    fn sender(&mut self, id: &DialogId) -> Option<(String, Presence)> {
        if let Some((seat, presence)) = self.services.caller(id) {
            return Some((seat.to_owned(), presence));
        }
        if let Some((seat, presence)) = self.events.watcher(id) {
            return Some((seat.to_owned(), presence));
        }
        let (call, side) = self.calls.find(id)?;
        let party = call.party(side);
        Some((party.seat.clone(), party.presence))
    }

    /// A call of before a restart: both sides have registered again, and one of them asks.
    ///
    /// Whoever makes such a call up gets no further than to a phone that knows nothing of it.
    fn adopt(
        &mut self,
        flow: FlowId,
        message: &Message<'_>,
        id: &DialogId,
    ) -> Option<(String, Presence)> {
        let seat = self.flows.seat(flow)?.to_owned();
        let (from, to) = (message.from().ok()?, message.to().ok()?);
        let target = message.request_uri()?;
        let (other, their_flow) = self.registrar.owner_of(target)?;
        if !self.gate.is_seat(&from, &seat) || their_flow == flow {
            return None;
        }
        let own = contact_uri(message).unwrap_or_default();
        let party = |seat: &str, address: &NameAddr<'_>, contact: &str, flow| Party {
            seat: seat.to_owned(),
            tag: address.tag().unwrap_or_default().into_owned(),
            address: address.uri_text().to_owned(),
            contact: contact.to_owned(),
            presence: Presence::Here(flow),
            cseq: 0,
        };
        let (caller, callee) =
            (party(&seat, &from, &own, flow), party(other, &to, target, their_flow));
        tracing::info!(call_id = id.call_id, from = seat, to = other, "call taken up again");
        let call = self.calls.add(&id.call_id, Call::early(caller, callee));
        call.answer(self.signalling.now, None);
        Some((seat, Presence::Here(flow)))
    }

    /// A phone knows nothing of a call: then it is over (RFC 3261 §12.2.1.2).
    pub(super) fn note_refusal(&mut self, message: &Message<'_>) {
        let Some(id) = DialogId::of(message).filter(|_| message.status() == Some(481)) else {
            return;
        };
        if let Some((call, _)) = self.calls.find(&id) {
            call.hang_up(self.signalling.now);
        }
    }

    /// Whether a request comes from the party that its tag says: on its flow, on one where the
    /// same seat registered, or with a credential of that seat.
    fn is_party(
        &mut self,
        flow: FlowId,
        message: &Message<'_>,
        seat: &str,
        presence: Presence,
    ) -> Result<(), Denied> {
        if presence == Presence::Here(flow) || self.flows.seat(flow) == Some(seat) {
            return Ok(());
        }
        let now = self.signalling.unix_seconds();
        let grant = self.gate.check(now, message, Role::Proxy)?;
        if grant.seat == seat && grant.once.is_none() { Ok(()) } else { Err(Denied::Wrong) }
    }

    /// Keeps what a request tells of its sender: where it is, how it is reached, how far it counted.
    fn note_request(&mut self, id: &DialogId, flow: FlowId, message: &Message<'_>) {
        let now = self.signalling.now;
        let Some((call, side)) = self.calls.find(id) else { return };
        let party = call.party(side);
        party.presence = Presence::Here(flow);
        if let Ok(cseq) = message.cseq() {
            party.cseq = party.cseq.max(cseq.number);
        }
        let method = message.method();
        if matches!(method, Some(Method::Invite | Method::Update))
            && let Some(contact) = contact_uri(message)
        {
            party.contact = contact;
        }
        if method == Some(Method::Bye) {
            tracing::info!(call_id = id.call_id, by = party.seat, "call hung up");
            call.hang_up(now);
        }
    }

    /// The flow that leads to a party; also to one that came back and has only registered yet.
    fn way_to(&mut self, id: &DialogId, side: Side) -> Option<FlowId> {
        let (call, _) = self.calls.find(id)?;
        let party = call.party(side);
        match party.presence {
            Presence::Here(flow) => Some(flow),
            Presence::Gone(_) => self.registrar.flow_of(&party.seat, &party.contact),
        }
    }
}
