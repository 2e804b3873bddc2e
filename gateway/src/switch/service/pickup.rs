//! Calls that wait, and are taken by whoever has the token that names them: a call that was
//! announced by push is joined so, without any registration.

use std::time::Duration;

use cc_sdk::sip::Reply;

use super::call::{Call, Pending, State};
use super::number::{Answer, Number};
use super::{LONGEST_RING, ServiceId, Services, offer};
use crate::media::{MediaRequest, Sound};
use crate::switch::Owner;
use crate::switch::signalling::{Arrival, Signalling};
use crate::tokens::Grant;

impl Services {
    /// A call to the number that waits to be picked up.
    pub(super) fn begin_waiting(
        &mut self,
        signalling: &mut Signalling,
        arrival: Arrival<'_>,
        number: Number,
        grant: &Grant,
    ) {
        let Some(sdp) = offer(arrival.message) else { return signalling.refuse(arrival, 488) };
        let until = signalling.now + LONGEST_RING;
        let Some((_, pending)) = self.begin(signalling, arrival, number, grant) else { return };
        signalling.respond(pending.server, &pending.reply.response(180));
        if let Some(call) = self.calls.last_mut() {
            call.state = State::Waits { pending, sdp, until };
        }
    }

    /// Joins the call that waits under this Call-ID with the one that takes it.
    pub(in crate::switch) fn pick_up(
        &mut self,
        signalling: &mut Signalling,
        arrival: Arrival<'_>,
        waiting: &str,
        grant: &Grant,
    ) {
        let waits = |call: &Call| {
            call.dialog.call_id == waiting && matches!(call.state, State::Waits { .. })
        };
        let Some(at) = self.calls.iter().position(waits) else {
            return signalling.refuse(arrival, 404);
        };
        if !self.has_room(&grant.seat, arrival.flow) {
            return signalling.refuse(arrival, 486);
        }
        let Some(offered) = offer(arrival.message) else { return signalling.refuse(arrival, 488) };
        let (number, other) = (self.calls[at].number, self.calls[at].id);
        let Some((id, pending)) = self.begin(signalling, arrival, number, grant) else { return };
        let sound = Sound::Joined(id.0);
        let call = &mut self.calls[at];
        if let State::Waits { pending, sdp, .. } = std::mem::replace(&mut call.state, State::Up) {
            call.join(signalling, id, pending, sdp, sound);
        }
        if let Some(call) = self.calls.last_mut() {
            call.join(signalling, other, pending, offered, sound);
        }
    }

    /// Who was joined with somebody who is gone is gone, too.
    pub(in crate::switch) fn end_joined(&mut self, signalling: &mut Signalling) {
        let is_left = |call: &&Call, all: &[Call]| {
            call.joined.is_some_and(|other| !all.iter().any(|call| call.id == other))
        };
        while let Some(id) = self.calls.iter().find(|it| is_left(it, &self.calls)).map(|it| it.id) {
            self.end(signalling, id, 480);
        }
    }
}

impl Call {
    fn join(
        &mut self,
        signalling: &mut Signalling,
        other: ServiceId,
        pending: Pending,
        sdp: String,
        sound: Sound,
    ) {
        let answer = Answer { sound, ring: Duration::ZERO, early_media: false, hang_up: None };
        self.joined = Some(other);
        self.state = State::Preparing(pending, answer);
        signalling.out.media(self.media(), MediaRequest::Offer { sdp, sound });
    }
}

/// An INVITE that waits for its answer, as one of ours from now on.
pub(super) fn adopt(
    signalling: &mut Signalling,
    arrival: Arrival<'_>,
    id: ServiceId,
    tag: &str,
) -> Pending {
    let mut reply = Reply::of(arrival.message);
    reply.tag(tag);
    signalling.transactions.adopt(arrival.server, Owner::Service(id));
    Pending { server: arrival.server, reply }
}
