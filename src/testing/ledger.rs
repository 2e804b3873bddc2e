//! What one page was told of its calls, and whether it makes sense.

use crate::api::{AskMethod, CallState, Command, Direction, EndReason, UaEvent};
use crate::time::Time;

/// A call as its page knows it.
#[derive(Clone, Debug)]
pub struct SimCall {
    /// As in [`CallId`](crate::api::CallId).
    pub id: u32,
    /// Who began it.
    pub direction: Direction,
    /// The far side's number.
    pub number: String,
    /// The Call-ID on the wire: the same for both ends, where nobody changes it on the way.
    pub sip_call_id: String,
    /// The last that was told.
    pub state: Option<CallState>,
    /// Why it ended, once it has.
    pub end: Option<EndReason>,
    /// It was connected at some time.
    pub talked: bool,
    /// Held by this side, and by the far side.
    pub held: (bool, bool),
    /// When it began.
    pub begun: Time,
}

impl SimCall {
    /// The page was told of no end yet.
    pub const fn is_up(&self) -> bool {
        self.end.is_none()
    }
}

/// The calls of one page.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) calls: Vec<SimCall>,
    /// Messages and requests that wait for the one answer that ends them.
    pub(super) asked: Vec<u32>,
}

impl Ledger {
    /// Takes an event in; what it says against those before it goes into `wrong`.
    pub(super) fn take(&mut self, now: Time, event: &UaEvent, wrong: &mut Vec<String>) {
        match event {
            UaEvent::Call { call, direction, number, sip_call_id, .. } => {
                if self.find(*call).is_some() {
                    wrong.push(format!("call {call} begins twice"));
                    return;
                }
                self.calls.push(SimCall {
                    id: *call,
                    direction: *direction,
                    number: number.clone(),
                    sip_call_id: sip_call_id.clone(),
                    state: None,
                    end: None,
                    talked: false,
                    held: (false, false),
                    begun: now,
                });
            }
            UaEvent::CallState { call, state, end_reason, .. } => match self.find(*call) {
                None => wrong.push(format!("call {call} is {state:?} and never began")),
                Some(known) if known.end.is_some() => {
                    wrong.push(format!("call {call} is {state:?} after its end"));
                }
                Some(known) => {
                    known.state = Some(*state);
                    known.talked |= *state == CallState::Connected;
                    known.end.clone_from(end_reason);
                    if (*state == CallState::Ended) != end_reason.is_some() {
                        wrong.push(format!("call {call} is {state:?} with {end_reason:?}"));
                    }
                }
            },
            UaEvent::Answered { id, .. } => match self.asked.iter().position(|asked| asked == id) {
                Some(at) => drop(self.asked.swap_remove(at)),
                None => wrong.push(format!("errand {id} is answered, and nobody waits for it")),
            },
            UaEvent::CallHeld { call, local, remote } if self.is_up(*call) => {
                if let Some(known) = self.find(*call) {
                    known.held = (*local, *remote);
                }
            }
            // The last step of the CC SDK's numbers comes with the end.
            UaEvent::CallStatus { call, status: 1..=3, .. }
            | UaEvent::CallHeld { call, .. }
            | UaEvent::CallMuted { call, .. }
            | UaEvent::CallTrack { call }
            | UaEvent::CallDigit { call, .. }
            | UaEvent::CallDigitSent { call, .. }
            | UaEvent::CallMessage { call, .. }
                if self.find(*call).is_none_or(|known| known.end.is_some()) =>
            {
                wrong.push(format!("a call that is not there, or over, is told of: {event:?}"));
            }
            _ => {}
        }
    }

    fn is_up(&self, id: u32) -> bool {
        self.calls.iter().any(|call| call.id == id && call.is_up())
    }

    /// Notes what waits for an answer if this command is taken; its number.
    pub(super) fn note(&mut self, command: &Command) -> Option<u32> {
        let one_answer = |method| matches!(method, AskMethod::Message | AskMethod::Options);
        match command {
            Command::Ask(id, ask) if one_answer(ask.method) => self.asked.push(id.0),
            Command::SendCallMessage { id, .. } => self.asked.push(id.0),
            Command::With(_, command) => return self.note(command),
            _ => return None,
        }
        self.asked.last().copied()
    }

    /// The command was refused: nothing will be answered.
    pub(super) fn forget(&mut self, id: Option<u32>) {
        self.asked.retain(|asked| Some(*asked) != id);
    }

    pub(super) fn find(&mut self, id: u32) -> Option<&mut SimCall> {
        self.calls.iter_mut().rev().find(|call| call.id == id)
    }

    pub(super) fn up(&self) -> impl DoubleEndedIterator<Item = &SimCall> {
        self.calls.iter().filter(|call| call.is_up())
    }
}
