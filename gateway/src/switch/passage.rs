//! A request that passes through, to one place or to many: forking and the choice of the best
//! answer, RFC 3261 §16.

use std::collections::HashMap;
use std::time::Duration;

use cc_sdk::sip::{Message, Method, Reply, Request, Response};
use cc_sdk::transaction::{LostWhy, TransactionId};
use cc_sdk::{FlowId, Time};

use super::best::best;
use super::calls::{Call, DialogId, Party, Presence};
use super::signalling::{Arrival, Signalling, contact_uri, upstream};
use super::{Owner, Switch};
use crate::tokens::Grant;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct PassageId(u32);

/// The requests that wait for an answer from further on.
#[derive(Debug, Default)]
pub(super) struct Passages {
    last: u32,
    open: HashMap<PassageId, Passage>,
}

#[derive(Debug)]
struct Passage {
    server: TransactionId,
    /// For answers of our own.
    reply: Reply,
    method: Method,
    kind: Kind,
    branches: Vec<Branch>,
    state: State,
}

/// What a passage is to the calls.
#[derive(Debug)]
enum Kind {
    /// It may begin a call.
    New(Beginning),
    /// It belongs to one.
    InDialog,
}

/// What is known of a call before anybody answers.
#[derive(Debug)]
struct Beginning {
    call_id: String,
    caller: Party,
    callee_seat: String,
    /// How long the call may last.
    seconds: Option<u32>,
}

#[derive(Debug)]
struct Branch {
    id: TransactionId,
    state: BranchState,
}

#[derive(Debug)]
enum BranchState {
    /// Nothing but perhaps a 100; the transaction itself gives up.
    Waiting,
    /// A provisional answer was there; given up at timer C.
    Ringing { timer_c: Time },
    /// Refused, with this.
    Refused(Response),
    /// A 2xx went through.
    Taken,
}

/// What becomes of further answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The best one counts, once all are there.
    Open,
    /// The same, but the caller gave up: silence is taken for obedience.
    Cancelled,
    /// A 2xx went through; refusals are not passed on.
    Answered,
}

impl Passage {
    fn branch(&mut self, id: TransactionId) -> Option<&mut Branch> {
        self.branches.iter_mut().find(|branch| branch.id == id)
    }

    /// Cancels whatever still rings.
    fn cancel_pending(&self, signalling: &mut Signalling, reason: Option<&str>) {
        for branch in self.branches.iter().filter(|branch| branch.is_pending()) {
            signalling.cancel(branch.id, reason);
        }
    }

    fn is_done(&self) -> bool {
        !self.branches.iter().any(Branch::is_pending)
    }

    /// The answer that the caller gets when nobody took it.
    fn best(self) -> Option<Response> {
        let refusals = self.branches.into_iter().filter_map(|branch| match branch.state {
            BranchState::Refused(response) => Some(response),
            _ => None,
        });
        best(refusals.collect())
    }
}

impl Branch {
    const fn is_pending(&self) -> bool {
        matches!(self.state, BranchState::Waiting | BranchState::Ringing { .. })
    }
}

impl Passages {
    /// Sends a new request on every branch. The caller's `grant` was checked.
    pub(super) fn begin(
        &mut self,
        signalling: &mut Signalling,
        arrival: Arrival<'_>,
        grant: &Grant,
        callee: &str,
        requests: Vec<(FlowId, Request)>,
    ) {
        let Arrival { flow, message, .. } = arrival;
        let (Ok(from), Ok(cseq), Ok(call_id)) = (message.from(), message.cseq(), message.call_id())
        else {
            return;
        };
        let caller = Party {
            seat: grant.seat.clone(),
            tag: from.tag().unwrap_or_default().into_owned(),
            address: from.uri_text().to_owned(),
            contact: contact_uri(message).unwrap_or_default(),
            presence: Presence::Here(flow),
            cseq: cseq.number,
        };
        let kind = Kind::New(Beginning {
            call_id: call_id.into_owned(),
            caller,
            callee_seat: callee.to_owned(),
            seconds: grant.seconds(),
        });
        self.open(signalling, arrival, kind, requests);
    }

    /// Sends a request within a dialog to the other side.
    pub(super) fn pass(
        &mut self,
        signalling: &mut Signalling,
        arrival: Arrival<'_>,
        flow: FlowId,
        request: Request,
    ) {
        self.open(signalling, arrival, Kind::InDialog, vec![(flow, request)]);
    }

    fn open(
        &mut self,
        signalling: &mut Signalling,
        arrival: Arrival<'_>,
        kind: Kind,
        requests: Vec<(FlowId, Request)>,
    ) {
        let Arrival { server, message, .. } = arrival;
        let Some(method) = message.method() else { return };
        self.last = self.last.wrapping_add(1);
        let id = PassageId(self.last);
        let reply = signalling.reply(message);
        let sent = requests.into_iter().filter_map(|(flow, request)| {
            let id = signalling.send(flow, request, Owner::Passage(id))?;
            Some(Branch { id, state: BranchState::Waiting })
        });
        let branches: Vec<_> = sent.collect();
        if branches.is_empty() {
            return signalling.respond(server, &reply.response(500));
        }
        signalling.transactions.adopt(server, Owner::Passage(id));
        let passage = Passage { server, reply, method, kind, branches, state: State::Open };
        self.open.insert(id, passage);
    }

    /// The caller gave up. The branches' 487s end the passage.
    pub(super) fn cancel(
        &mut self,
        signalling: &mut Signalling,
        id: PassageId,
        reason: Option<&str>,
    ) {
        if let Some(passage) = self.open.get_mut(&id) {
            if passage.state == State::Open {
                passage.state = State::Cancelled;
            }
            passage.cancel_pending(signalling, reason);
        }
    }

    /// INVITEs of a seat that were not answered yet.
    pub(super) fn count(&self, seat: &str) -> usize {
        let open = self
            .open
            .values()
            .filter(|passage| passage.method == Method::Invite && passage.state != State::Answered);
        open.filter(|passage| {
            matches!(&passage.kind, Kind::New(beginning) if beginning.caller.seat == seat)
        })
        .count()
    }

    pub(super) fn next_timeout(&self) -> Option<Time> {
        let branches = self.open.values().flat_map(|passage| &passage.branches);
        branches
            .filter_map(|branch| match branch.state {
                BranchState::Ringing { timer_c } => Some(timer_c),
                _ => None,
            })
            .min()
    }

    /// Lets timer C fall: what rings too long is cancelled.
    pub(super) fn on_timeout(&mut self, signalling: &mut Signalling) {
        for branch in self.open.values_mut().flat_map(|passage| &mut passage.branches) {
            if matches!(branch.state, BranchState::Ringing { timer_c } if timer_c <= signalling.now)
            {
                signalling.cancel(branch.id, Some("SIP;cause=408;text=\"Nobody answered\""));
                branch.state = BranchState::Waiting;
            }
        }
    }
}

impl Switch {
    /// A branch answered.
    pub(super) fn on_passage_response(
        &mut self,
        flow: FlowId,
        id: PassageId,
        branch: TransactionId,
        message: &Message<'_>,
    ) {
        let (Some(status), Some(response)) = (message.status(), upstream(message)) else { return };
        self.note_dialog(id, flow, message, status);
        self.note_refusal(message);
        let Some(passage) = self.passages.open.get_mut(&id) else {
            return self.pass_late_2xx(message);
        };
        let timer_c = self.signalling.now + TIMER_C;
        let is_invite = passage.method == Method::Invite;
        let state = passage.state;
        let Some(found) = passage.branch(branch) else { return };
        match status {
            ..=100 if is_invite && matches!(found.state, BranchState::Waiting) => {
                found.state = BranchState::Ringing { timer_c };
            }
            ..=100 => {}
            101..=199 => {
                if is_invite && found.is_pending() {
                    found.state = BranchState::Ringing { timer_c };
                }
                if state != State::Answered {
                    self.signalling.respond(passage.server, &response);
                }
            }
            200..=299 if state == State::Answered => {
                found.state = BranchState::Taken;
                self.pass_late_2xx(message);
            }
            200..=299 => {
                found.state = BranchState::Taken;
                passage.state = State::Answered;
                let (server, reason) =
                    (passage.server, "SIP;cause=200;text=\"Call completed elsewhere\"");
                passage.cancel_pending(&mut self.signalling, Some(reason));
                self.signalling.respond(server, &response);
            }
            _ => {
                found.state = BranchState::Refused(response);
                if status >= 600 {
                    passage.cancel_pending(&mut self.signalling, None);
                }
            }
        }
        self.conclude(id);
    }

    /// A branch ended without an answer, or the caller is gone.
    pub(super) fn on_passage_lost(&mut self, id: PassageId, lost: TransactionId, why: LostWhy) {
        let Some(passage) = self.passages.open.get_mut(&id) else { return };
        if passage.server == lost {
            // Nobody waits for an answer any more.
            passage.cancel_pending(&mut self.signalling, None);
            return;
        }
        let status = if why == LostWhy::Transport { 480 } else { 408 };
        let refusal = BranchState::Refused(passage.reply.response(status));
        let Some(branch) = passage.branch(lost).filter(|branch| branch.is_pending()) else {
            return;
        };
        branch.state = refusal;
        self.conclude(id);
    }

    /// Answers the caller, if every branch has spoken, and forgets the passage.
    fn conclude(&mut self, id: PassageId) {
        if !self.passages.open.get(&id).is_some_and(Passage::is_done) {
            return;
        }
        let Some(passage) = self.passages.open.remove(&id) else { return };
        if let Kind::New(beginning) = &passage.kind {
            // Whoever did not answer has no call.
            self.calls.drop_early(&beginning.call_id, &beginning.caller.tag);
        }
        if passage.state == State::Answered {
            return;
        }
        let (server, state) = (passage.server, passage.state);
        let terminated = passage.reply.response(487);
        let Some(best) = passage.best() else { return };
        let silent = state == State::Cancelled && matches!(best.status, 408 | 480);
        self.signalling.respond(server, if silent { &terminated } else { &best });
    }

    /// Keeps what a dialog-making answer tells of the callee.
    fn note_dialog(&mut self, id: PassageId, flow: FlowId, message: &Message<'_>, status: u16) {
        let Some(passage) = self.passages.open.get(&id) else { return };
        let Kind::New(beginning) = &passage.kind else { return };
        let Some(dialog) = DialogId::of(message) else { return };
        if passage.method != Method::Invite || !(101..=299).contains(&status) {
            return;
        }
        let contact = contact_uri(message).unwrap_or_default();
        let callee = Party {
            seat: beginning.callee_seat.clone(),
            tag: dialog.to_tag,
            address: message.to().map(|to| to.uri_text().to_owned()).unwrap_or_default(),
            contact: contact.clone(),
            presence: Presence::Here(flow),
            cseq: 0,
        };
        let mut caller = beginning.caller.clone();
        caller.presence = self.presence(caller.presence);
        let call = self.calls.add(&dialog.call_id, Call::early(caller, callee));
        if !contact.is_empty() {
            call.callee.contact = contact;
        }
        if status >= 200 {
            call.answer(self.signalling.now, beginning.seconds);
            let (from, to) = (&call.caller.seat, &call.callee.seat);
            tracing::info!(call_id = dialog.call_id, from, to, "call up");
        }
    }

    /// A flow may have gone while its request was on its way.
    fn presence(&self, presence: Presence) -> Presence {
        match presence {
            Presence::Here(flow) if !self.flows.is_open(flow) => {
                Presence::gone(self.signalling.now)
            }
            presence => presence,
        }
    }
}

/// The longest ringing (RFC 3261 §16.6, step 11).
const TIMER_C: Duration = Duration::from_secs(181);
