//! What a person does with a phone, by what the page shows.

use crate::api::{
    Ask, AskMethod, CallId, CallState, Command, DigitTransport, Direction, ErrandId, SeatStatus,
    TransferTo, Words,
};

use super::Session;
use crate::testing::{PhoneId, SimCall};

/// A call as the person sees it.
#[derive(Clone, Copy)]
struct Seen {
    id: CallId,
    state: CallState,
    incoming: bool,
}

impl Session {
    pub(super) fn person_acts(&mut self, phone: PhoneId) {
        let seen = self.sees(phone);
        let command = match self.chance.pick(&seen).copied() {
            Some(seen) if self.chance.happens(900) => self.about_call(phone, seen),
            _ => return self.about_phone(phone),
        };
        if let Some(mut command) = command {
            if self.chance.happens(100) {
                let headers = vec![("X-Word".to_owned(), "hello".to_owned())];
                let words = Words { headers, reason: Some("so it is".to_owned()) };
                command = Command::With(words, Box::new(command));
            }
            // Misuse is an answer too: persons are late.
            let _ = self.sim.command(phone, command);
        }
    }

    fn sees(&self, phone: PhoneId) -> Vec<Seen> {
        let up = self.sim.phones[phone.0].ledger.up();
        up.map(|call| Seen {
            id: call.call_id(),
            state: call.state.unwrap_or(CallState::Calling),
            incoming: call.direction == Direction::Incoming,
        })
        .collect()
    }

    fn about_call(&mut self, phone: PhoneId, seen: Seen) -> Option<Command> {
        let id = seen.id;
        let command = match (seen.state, self.chance.below(20)) {
            (CallState::Incoming, 0..=12) => Command::Answer(id),
            (CallState::Incoming, 13..=15) => {
                let status = self.chance.pick(&[300, 404, 480, 486, 603, 699]).copied();
                Command::Reject(id, status.unwrap_or(486))
            }
            (CallState::Connected | CallState::Reconnecting, 0..=3) => Command::Hangup(id),
            (CallState::Connected | CallState::Reconnecting, _) => return self.in_talk(phone, id),
            (CallState::Answering, 0..=3) => Command::Reject(id, 486),
            (_, 0..=4) => Command::Hangup(id),
            (_, 5) => Command::Mute(id, self.chance.happens(500)),
            (_, 6) if seen.incoming => Command::Answer(id),
            (_, 7) => Command::SendDigits(id, "12".to_owned(), DigitTransport::Auto),
            _ => return None,
        };
        Some(command)
    }

    fn in_talk(&mut self, phone: PhoneId, id: CallId) -> Option<Command> {
        Some(match self.chance.below(22) {
            0 | 1 => Command::Mute(id, self.chance.happens(500)),
            2 | 3 => {
                let ways = [DigitTransport::Auto, DigitTransport::Rtp, DigitTransport::Info];
                let way = self.chance.pick(&ways).copied().unwrap_or_default();
                Command::SendDigits(id, "12#,A".to_owned(), way)
            }
            4 | 5 => Command::SendCallMessage {
                call: id,
                id: self.sim.errand(phone),
                body: "hello ☎".to_owned(),
                content_type: "text/plain".to_owned(),
            },
            6 => Command::Answer(id),
            7 => Command::Reject(id, 486),
            8..=10 => Command::Hold(id, self.chance.happens(500)),
            11 | 12 => Command::Renegotiate { call: id, ice_restart: self.chance.happens(500) },
            13..=15 => Command::Transfer {
                call: id,
                to: self.elsewhere(phone, id),
                headers: Vec::new(),
                progress: self.chance.happens(800),
            },
            16 | 17 => Command::AcceptTransfer(id),
            18 => Command::RefuseTransfer(id, 603),
            _ => return None,
        })
    }

    /// Where a call is passed on to: to somebody else, or to another call's far side.
    fn elsewhere(&mut self, phone: PhoneId, id: CallId) -> TransferTo {
        let others = self.sim.phones[phone.0].ledger.up().map(SimCall::call_id);
        let others: Vec<CallId> = others.filter(|other| *other != id).collect();
        match self.chance.pick(&others) {
            Some(other) if self.chance.happens(700) => TransferTo::Call(*other),
            _ => {
                let somebody = self.chance.pick(&["alice", "bob", "carol", "486", "nobody"]);
                TransferTo::Target(somebody.copied().unwrap_or("404").to_owned())
            }
        }
    }

    fn about_phone(&mut self, phone: PhoneId) {
        match self.chance.below(42) {
            0..=27 => self.dials(phone),
            28 => drop(self.sim.command(phone, Command::Unregister)),
            29..=31 => drop(self.sim.register(phone)),
            32 => drop(self.sim.command(phone, Command::SetSeatStatus(SeatStatus::Paused))),
            33..=34 => drop(self.sim.command(phone, Command::SetSeatStatus(SeatStatus::Idle))),
            35 => drop(self.sim.command(phone, Command::FinishWrapUp)),
            36 => drop(self.sim.tell(phone, crate::Input::Online)),
            37 => {
                // A page that is closed, and opened again.
                drop(self.sim.command(phone, Command::Shutdown));
                drop(self.sim.register(phone));
            }
            38 | 39 => self.asks(phone),
            _ => {
                // Somebody presses a button of a call that is over.
                let last = self.sim.calls(phone).last().map(SimCall::call_id);
                let late = Command::Hangup(last.unwrap_or(CallId(99)));
                drop(self.sim.command(phone, late));
            }
        }
    }

    /// A message, a subscription, a publication.
    fn asks(&mut self, phone: PhoneId) {
        let methods =
            [AskMethod::Message, AskMethod::Options, AskMethod::Subscribe, AskMethod::Publish];
        let ask = Ask {
            method: self.chance.pick(&methods).copied().unwrap_or_default(),
            target: self
                .chance
                .pick(&["alice", "bob", "100", "503"])
                .map_or("", |it| it)
                .to_owned(),
            event: self.chance.pick(&["presence", "dialog", "odd"]).map_or("", |it| it).to_owned(),
            body: "hello".to_owned(),
            ..Ask::default()
        };
        let id = self.sim.errand(phone);
        drop(self.sim.command(phone, Command::Ask(id, Box::new(ask))));
        if self.chance.happens(300) {
            let id =
                ErrandId(1 + u32::try_from(self.chance.below(id.0.into())).unwrap_or_default());
            let again = self.chance.happens(500);
            let command = if again { Command::Refresh(id) } else { Command::Withdraw(id) };
            drop(self.sim.command(phone, command));
        }
    }

    fn dials(&mut self, phone: PhoneId) {
        let somebody = self.somebody();
        let target = match self.chance.below(30) {
            0..=23 => self.sim.phones[somebody.0].name.trim_end_matches(char::is_numeric),
            24 => "100",
            25 => "302",
            26 => "407",
            27 => "nobody",
            _ => self.chance.pick(&["404", "480", "486", "503", "603"]).copied().unwrap_or("500"),
        };
        let target = target.to_owned();
        self.calls_begun += u64::from(self.sim.dial(phone, &target).is_ok());
    }
}
