//! Requests within a call to a service number.

use cc_sdk::sip::Method;

use super::call::{Call, Pending, State};
use super::number::{Answer, Plan};
use super::{Services, offer};
use crate::media::{MediaRequest, Sound};
use crate::switch::Owner;
use crate::switch::calls::DialogId;
use crate::switch::signalling::{Arrival, Signalling};

impl Services {
    /// The ACK of our 200.
    pub(in crate::switch) fn on_ack(&mut self, id: &DialogId) {
        let call = self.calls.iter_mut().find(|call| call.dialog == *id);
        if let Some(call) = call.filter(|call| matches!(call.state, State::Answered { .. })) {
            call.state = State::Up;
        }
    }

    pub(in crate::switch) fn on_in_dialog(
        &mut self,
        signalling: &mut Signalling,
        arrival: Arrival<'_>,
        id: &DialogId,
    ) {
        let Arrival { flow, message, .. } = arrival;
        let Some(at) = self.calls.iter().position(|call| call.dialog == *id) else {
            return signalling.refuse(arrival, 481);
        };
        let call = &mut self.calls[at];
        if !call.note_request(flow, message) {
            return signalling.refuse(arrival, 500);
        }
        match message.method() {
            Some(Method::Bye) => {
                signalling.refuse(arrival, 200);
                tracing::info!(call_id = id.call_id, by = call.seat, "call hung up");
                let call = self.calls.swap_remove(at);
                signalling.out.media(call.media(), MediaRequest::Close);
                if let Some(pending) = call.into_pending() {
                    signalling.respond(pending.server, &pending.reply.response(487));
                }
            }
            Some(Method::Invite) => call.on_offer(signalling, arrival),
            Some(Method::Update) if offer(message).is_some() => {
                call.on_offer(signalling, arrival);
            }
            Some(Method::Info) => call.on_info(signalling, arrival),
            Some(Method::Message) => call.on_text(signalling, arrival),
            Some(Method::Options | Method::Update | Method::Prack) => {
                signalling.refuse(arrival, 200);
            }
            Some(Method::Refer) => signalling.refuse(arrival, 603),
            _ => signalling.refuse(arrival, 405),
        }
    }
}

impl Call {
    /// The INVITE that waits for its answer, if there is one.
    fn into_pending(self) -> Option<Pending> {
        match self.state {
            State::RingsInVain { pending, .. }
            | State::Waits { pending, .. }
            | State::Preparing(pending, _)
            | State::Ringing { pending, .. }
            | State::Reoffered(pending) => Some(pending),
            State::Answered { .. } | State::Up => None,
        }
    }

    /// A new offer: hold, resume, an ICE restart.
    fn on_offer(&mut self, signalling: &mut Signalling, arrival: Arrival<'_>) {
        let Arrival { server, message, .. } = arrival;
        let sound = match self.number.plan {
            Plan::Answer(Answer { sound, .. }) => sound,
            // What is joined was joined with the first offer.
            Plan::Wait => Sound::Echo,
            Plan::Refuse(_) | Plan::Redirect | Plan::Ring => {
                return signalling.refuse(arrival, 488);
            }
        };
        if !matches!(self.state, State::Up) {
            return signalling.refuse(arrival, 491);
        }
        let Some(sdp) = offer(message) else { return signalling.refuse(arrival, 488) };
        let reply = signalling.reply(message);
        signalling.transactions.adopt(server, Owner::Service(self.id));
        self.state = State::Reoffered(Pending { server, reply });
        signalling.out.media(self.media(), MediaRequest::Offer { sdp, sound });
    }

    /// A digit by INFO, in either of the two forms that are met.
    fn on_info(&mut self, signalling: &mut Signalling, arrival: Arrival<'_>) {
        let Arrival { message, .. } = arrival;
        signalling.refuse(arrival, 200);
        let body = String::from_utf8_lossy(message.body());
        let signal = body.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            name.trim().eq_ignore_ascii_case("signal").then(|| value.trim().to_owned())
        });
        let digit = signal.unwrap_or_else(|| body.trim().to_owned());
        let mut chars = digit.chars();
        if let (Some(digit), None) = (chars.next(), chars.next()) {
            let digit = digit.to_ascii_uppercase();
            if "0123456789*#ABCD".contains(digit) {
                signalling.out.media(self.media(), MediaRequest::Digit(digit));
                self.hear(signalling, digit);
            }
        }
    }

    /// Text within the call: the echo says it back.
    fn on_text(&mut self, signalling: &mut Signalling, arrival: Arrival<'_>) {
        let Arrival { message, .. } = arrival;
        signalling.refuse(arrival, 200);
        if matches!(self.number.plan, Plan::Answer(Answer { sound: Sound::Echo, .. })) {
            self.send_text(signalling, message.body());
        }
    }
}
