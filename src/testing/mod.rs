//! A simulator: phones, a proxy and a network in one process, on virtual time, from one seed.
//!
//! It is for whoever writes a program with this crate, as well as for us: a whole telephone
//! system runs in a plain test, some thousand calls a second, and the same seed plays the same
//! run again. Natively only; nothing of it is in the wasm.
//!
//! Each phone is a [`UserAgent`] of its own, as in a page of its own. What it is connected to is
//! played: a registrar and proxy that forks, a network with [`Faults`], peer connections with
//! candidates and paths. What goes wrong by itself is data ([`Faults`]); what is to go wrong now
//! is told ([`Fault`]). Whatever a browser would have refused, whatever a page was told twice or
//! too late, is kept in [`violations`](Simulation::violations).
//!
//! ```
//! use std::time::Duration;
//!
//! use cc_sdk::api::{CallState, Command};
//! use cc_sdk::testing::{Fault, Simulation};
//!
//! # fn main() -> Result<(), cc_sdk::ApiMisuse> {
//! let mut sim = Simulation::new(42);
//! let alice = sim.phone("alice");
//! let bob = sim.phone("bob");
//! sim.passes(Duration::from_secs(1));
//!
//! let call = sim.dial(alice, "bob")?;
//! sim.passes(Duration::from_secs(1));
//! let ringing = sim.calls(bob)[0].call_id();
//! sim.command(bob, Command::Answer(ringing))?;
//! sim.passes(Duration::from_secs(1));
//! assert_eq!(sim.calls(alice)[0].state, Some(CallState::Connected));
//!
//! // Alice's connection breaks in the middle of the call, which goes on.
//! sim.inject(Fault::Cut(alice));
//! sim.passes(Duration::from_secs(5));
//! assert_eq!(sim.calls(alice)[0].state, Some(CallState::Connected));
//!
//! sim.command(alice, Command::Hangup(call))?;
//! sim.passes(Duration::from_secs(1));
//! assert!(!sim.calls(bob)[0].is_up(), "{}", sim.trace());
//! assert!(sim.violations().is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! Random calls of random persons are played by [`play`]: see `examples/simulate`.

mod census;
mod chance;
mod faults;
mod ledger;
mod media;
mod network;
mod phone;
mod proxy;
mod queue;
mod session;
mod trace;

use std::time::Duration;

use crate::account::Account;
use crate::agent::{Input, UserAgent};
use crate::api::{CallId, Command, Config, Credential, Dial, ErrandId, UaEvent};
use crate::error::ApiMisuse;
use crate::time::Time;

pub use census::Census;
pub use chance::Chance;
pub use faults::{Fault, FaultCounts, Faults};
pub use ledger::SimCall;
pub use session::{Outcome, Plan, play};
pub use trace::Trace;

use network::UnderWay;
use phone::Phone;
use proxy::{Habits, Proxy};
use queue::Queue;

/// A phone of a [`Simulation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PhoneId(usize);

/// A telephone system that is played.
pub struct Simulation {
    now: Time,
    chance: Chance,
    faults: Faults,
    counts: FaultCounts,
    phones: Vec<Phone>,
    proxy: Proxy,
    /// The proxy takes no connection until then.
    proxy_down_until: Time,
    under_way: Queue<UnderWay>,
    trace: Trace,
    violations: Vec<String>,
    steps: u64,
}

impl Simulation {
    /// Nobody is there yet, and nothing goes wrong. All chance follows from `seed`.
    pub fn new(seed: u64) -> Self {
        let begun = Time::from_epoch(Duration::from_secs(1_800_000_000));
        Self {
            now: begun,
            chance: Chance::new(seed),
            faults: Faults::NONE,
            counts: FaultCounts::default(),
            phones: Vec::new(),
            proxy: Proxy::default(),
            proxy_down_until: begun,
            under_way: Queue::new(),
            trace: Trace::new(begun),
            violations: Vec::new(),
            steps: 0,
        }
    }

    /// Keeps a ladder of what happens from here on; with `whole`, every message in full.
    pub fn keep_trace(&mut self, whole: bool) -> &mut Self {
        self.trace.start(whole);
        self
    }

    /// From here on, so much goes wrong.
    pub fn set_faults(&mut self, faults: Faults) -> &mut Self {
        self.faults = faults;
        self
    }

    /// The proxy asks for credentials, leaves keep-alives unanswered, stays out of dialogs.
    pub fn set_habits(
        &mut self,
        asks_for_credentials: bool,
        ignores_crlf: bool,
        leaves_dialogs: bool,
    ) -> &mut Self {
        self.proxy.habits = Habits { asks_for_credentials, ignores_crlf, leaves_dialogs };
        self
    }

    /// A page on which `user` registers as `sip:user@example.com`. Several of one user are forks.
    pub fn phone(&mut self, user: &str) -> PhoneId {
        let account = Account {
            uri: ["sip:", user, "@", proxy::DOMAIN].concat(),
            servers: vec![
                "wss://edge1.example.com/sip".into(),
                "wss://edge2.example.com/sip".into(),
            ],
            display_name: Some(user.to_owned()),
            password: Some("secret".into()),
            register: true,
            ..Account::default()
        };
        let config = Config { rate_calls: u32::MAX, wrap_up: false, ..Config::default() };
        self.phone_with(user, account, config)
    }

    /// As [`phone`](Self::phone), with an account and settings of one's own.
    pub fn phone_with(&mut self, name: &str, account: Account, config: Config) -> PhoneId {
        let id = PhoneId(self.phones.len());
        let seed = self.chance.seed();
        self.phones.push(Phone::new(name.to_owned(), account, seed));
        // Neither can be refused to a phone that nobody has told anything.
        let _ = self.command(id, Command::Configure(config));
        let _ = self.register(id);
        id
    }

    /// The page registers, again perhaps, with the account that it began with.
    ///
    /// # Errors
    ///
    /// [`ApiMisuse`] if the account cannot be used.
    pub fn register(&mut self, phone: PhoneId) -> Result<(), ApiMisuse> {
        let account = Box::new(self.phones[phone.0].given.clone());
        self.command(phone, Command::Register(Credential::Account(account)))
    }

    /// The page asks.
    ///
    /// # Errors
    ///
    /// As [`UserAgent::handle`].
    pub fn command(&mut self, phone: PhoneId, command: Command) -> Result<(), ApiMisuse> {
        let own = &self.phones[phone.0];
        let (name, account) = (own.name.clone(), own.account);
        self.trace.note(self.now, || format!("{name:>8} !    {command:?}"));
        let asked = self.phones[phone.0].ledger.note(&command);
        let answer = self.tell(phone, Input::Command(account, command));
        if let Err(misuse) = &answer {
            self.phones[phone.0].ledger.forget(asked);
            self.trace.note(self.now, || format!("{name:>8} !    refused: {misuse}"));
        }
        answer
    }

    /// The page dials.
    ///
    /// # Errors
    ///
    /// As [`UserAgent::handle`].
    pub fn dial(&mut self, phone: PhoneId, target: &str) -> Result<CallId, ApiMisuse> {
        let call = self.phones[phone.0].agent.reserve_call();
        let dial = Dial { target: target.to_owned(), ..Dial::default() };
        self.command(phone, Command::Dial(call, dial)).map(|()| call)
    }

    /// A number for a message or another request beyond calls.
    pub fn errand(&mut self, phone: PhoneId) -> ErrandId {
        let errands = &mut self.phones[phone.0].errands;
        *errands += 1;
        ErrandId(*errands)
    }

    /// Lets time pass: whatever falls due in it happens in order.
    pub fn passes(&mut self, time: Duration) -> &mut Self {
        let end = self.now + time;
        while let Some(due) = self.next_due().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.step();
            if self.steps > LONGEST {
                self.violations.push("it never comes to rest".to_owned());
                break;
            }
        }
        self.now = self.now.max(end);
        self
    }

    /// Does what has to be done at the next moment at which there is something.
    ///
    /// `false` if there is nothing to come.
    pub fn steps(&mut self) -> bool {
        let Some(due) = self.next_due() else { return false };
        self.now = self.now.max(due);
        self.step();
        true
    }

    /// What time it is.
    pub const fn now(&self) -> Time {
        self.now
    }

    /// All calls of a page so far, in the order in which they began.
    pub fn calls(&self, phone: PhoneId) -> &[SimCall] {
        &self.phones[phone.0].ledger.calls
    }

    /// Forgets the calls that are over and what the pages were told, for runs that are long.
    pub fn forget_ended(&mut self) {
        for phone in &mut self.phones {
            phone.ledger.calls.retain(SimCall::is_up);
            phone.told.clear();
        }
    }

    /// What a page was told since somebody last asked.
    pub fn take_events(&mut self, phone: PhoneId) -> Vec<UaEvent> {
        std::mem::take(&mut self.phones[phone.0].told)
    }

    /// The phone of a page.
    pub fn agent(&self, phone: PhoneId) -> &UserAgent {
        &self.phones[phone.0].agent
    }

    /// How many peer connections a page has open.
    pub fn open_peers(&self, phone: PhoneId) -> usize {
        self.phones[phone.0].studio.open()
    }

    /// All phones.
    pub fn phones(&self) -> impl Iterator<Item = PhoneId> + use<> {
        (0..self.phones.len()).map(PhoneId)
    }

    /// Where the chance of this run comes from, to draw from it.
    pub const fn chance(&mut self) -> &mut Chance {
        &mut self.chance
    }

    /// What went wrong so far.
    pub const fn counts(&self) -> &FaultCounts {
        &self.counts
    }

    /// What may not happen, and did.
    pub fn violations(&self) -> &[String] {
        &self.violations
    }

    /// The ladder, if [`keep_trace`](Self::keep_trace) was called.
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }
}

impl SimCall {
    /// For commands.
    pub const fn call_id(&self) -> CallId {
        CallId(self.id)
    }
}

/// Steps of one simulation before it is taken for endless.
const LONGEST: u64 = 2_000_000;
