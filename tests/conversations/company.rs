//! Several phones, and a proxy between them that leads each request to whom its Request-URI names.
//!
//! The proxy is only a wire: it adds nothing, answers for nobody but those who do not exist, and
//! carries one message at a time, oldest first.

use std::collections::VecDeque;

use cc_sdk::account::Account;
use cc_sdk::api::{CallId, CallState, Command, Dial, EndCause, EndedBy, UaEvent};
use cc_sdk::sip::{Message, Method, Uri};

use crate::call_play::end_of;
use crate::far::Wire;
use crate::stage::{Stage, account};

/// See the module.
pub(crate) struct Company {
    pub(crate) phones: Vec<Stage>,
    names: Vec<&'static str>,
    /// What is under way, and who said it.
    under_way: VecDeque<(usize, Wire)>,
    /// Whose request a branch is.
    branches: Vec<(String, usize)>,
    /// What was carried: `alice REFER bob`.
    pub(crate) carried: Vec<String>,
}

impl Company {
    /// Phones of these users, registered, with two calls at once.
    pub(crate) fn of(names: &[&'static str]) -> Self {
        let phone = |(seed, name): (u8, &&str)| {
            let mut phone = Stage::seeded(seed);
            phone.registers_as(Account {
                uri: format!("sip:{name}@example.com"),
                display_name: Some((*name).into()),
                ..account()
            });
            phone.configures(|config| config.calls_at_once = 2);
            phone
        };
        Self {
            phones: (7..).zip(names).map(phone).collect(),
            names: names.to_vec(),
            under_way: VecDeque::new(),
            branches: Vec::new(),
            carried: Vec::new(),
        }
    }

    /// All that is under way arrives, and what is said to it.
    #[track_caller]
    pub(crate) fn talks(&mut self) -> &mut Self {
        for _ in 0..1000 {
            self.collect();
            let Some((from, message)) = self.under_way.pop_front() else { return self };
            self.carries(from, &message);
        }
        panic!("they never stop talking: {:#?}", self.carried)
    }

    /// One asks, and all that follows is carried.
    #[track_caller]
    pub(crate) fn does(&mut self, who: usize, command: Command) -> &mut Self {
        self.phones[who].does(command);
        self.talks()
    }

    /// One asks, and may be refused; nothing is carried.
    pub(crate) fn tries(&mut self, who: usize, command: Command) -> bool {
        self.phones[who].tries(command).is_ok()
    }

    /// One dials another, and may not; nothing is carried.
    pub(crate) fn dials(&mut self, from: usize, to: usize) {
        let call = self.phones[from].agent.reserve_call();
        let dial = Dial { target: self.names[to].into(), ..Dial::default() };
        self.tries(from, Command::Dial(call, dial));
    }

    /// The oldest message arrives, if one is under way.
    pub(crate) fn carries_one(&mut self) {
        self.collect();
        if let Some((from, message)) = self.under_way.pop_front() {
            self.carries(from, &message);
        }
    }

    /// A call from one to another that is up; the call of each.
    #[track_caller]
    pub(crate) fn connect(&mut self, from: usize, to: usize) -> [CallId; 2] {
        let name = self.names[to];
        let ours = self.phones[from].dials(name);
        self.talks();
        let theirs = self.begun(to).0;
        self.does(to, Command::Answer(theirs));
        for (who, call) in [(from, ours), (to, theirs)] {
            self.is(who, call, CallState::Connected);
        }
        [ours, theirs]
    }

    /// The next call that the page of one was told of, and the one that it takes further.
    #[track_caller]
    pub(crate) fn begun(&mut self, who: usize) -> (CallId, Option<CallId>) {
        let event = self.phones[who].tells_of(|event| matches!(event, UaEvent::Call { .. }));
        let UaEvent::Call { call, continues, .. } = event else { unreachable!("it fitted") };
        (CallId(call), continues.map(CallId))
    }

    /// Among what the page of one is told next is this state.
    #[track_caller]
    pub(crate) fn is(&mut self, who: usize, call: CallId, wanted: CallState) -> &mut Self {
        self.phones[who].tells_of(|event| {
            matches!(event, UaEvent::CallState { call: of, state, .. } if *of == call.0 && *state == wanted)
        });
        self
    }

    /// How a call of one ended.
    #[track_caller]
    pub(crate) fn end(&mut self, who: usize, call: CallId) -> (EndedBy, EndCause) {
        end_of(&mut self.phones[who], call)
    }

    fn collect(&mut self) {
        for (who, phone) in self.phones.iter_mut().enumerate() {
            self.under_way.extend(phone.said.drain(..).map(|said| (who, said)));
        }
    }

    fn carries(&mut self, from: usize, wire: &Wire) {
        let message = wire.message();
        let branch = message.via().expect("a Via").branch().unwrap_or_default().into_owned();
        let to = if message.is_request() {
            self.branches.push((branch, from));
            self.names.iter().position(|name| Some(*name) == user(&message).as_deref())
        } else {
            self.branches.iter().rev().find(|it| it.0 == branch).map(|it| it.1)
        };
        let (name, what) = (self.names[from], wire.what(" "));
        let other = to.map_or("nobody", |to| self.names[to]);
        self.carried.push(format!("{name} {what} {other}"));
        match to {
            Some(to) => drop(self.phones[to].hears(wire)),
            None if message.is_request() && message.method() != Some(Method::Ack) => {
                self.phones[from].hears(wire.answer(404));
            }
            None => {}
        }
    }
}

/// Whom a request is for: contacts have the user's name too.
fn user(message: &Message<'_>) -> Option<String> {
    Some(Uri::parse(message.request_uri()?).ok()?.user()?.to_owned())
}
