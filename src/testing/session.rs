//! Random calls of random persons over a network of random quality, and what must hold of them.

mod person;

use std::time::Duration;

use crate::account::Account;
use crate::api::{AcceptTransfers, AutoAnswer, CallState, Command, Config};

use super::chance::Chance;
use super::faults::{Fault, Faults};
use super::{PhoneId, Simulation, proxy};

/// One run of random calls: all that it needs to be played again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Everything that is random follows from it.
    pub seed: u64,
    /// How many things happen before all hang up.
    pub happenings: u32,
    /// A ladder is kept.
    pub trace: bool,
    /// It holds every message in full.
    pub whole: bool,
}

/// What came of a [`Plan`].
pub struct Outcome {
    /// Calls that a page began.
    pub calls: u64,
    /// Those of them that were talking at some time.
    pub talked: u64,
    /// What should not have been; empty where all is well.
    pub violations: Vec<String>,
    /// The simulation as it was left.
    pub simulation: Simulation,
}

/// Plays random calls until all phones are shut down and all is quiet.
///
/// What must hold then, and is checked: every call ended once on its page, and nothing is told of it after;
/// every peer connection was closed; no call, transaction or timer is left. Where the network
/// loses nothing, both ends see the same call, or none.
pub fn play(plan: &Plan) -> Outcome {
    let mut session = Session::new(plan);
    for _ in 0..plan.happenings {
        session.acts();
    }
    if session.chance.happens(700) {
        session.rests();
    }
    session.ends();
    session.outcome()
}

/// A run under way.
struct Session {
    sim: Simulation,
    /// For the persons; the network has its own.
    chance: Chance,
    /// Nothing is lost: the ends must agree.
    lossless: bool,
    calls_begun: u64,
}

impl Session {
    fn new(plan: &Plan) -> Self {
        let mut chance = Chance::new(plan.seed);
        let mut sim = Simulation::new(chance.bits());
        if plan.trace {
            sim.keep_trace(plan.whole);
        }
        let faults = match chance.below(10) {
            0 | 1 => Faults::NONE,
            2 => Faults::SLOW,
            3 => Faults { media: 100, path: 200, ..Faults::NONE },
            4 => Faults { drop: 200, ..Faults::BAD },
            5 | 6 => Faults::BAD,
            _ => Faults::WORST,
        };
        let lossless = faults == Faults::NONE || faults == Faults::SLOW;
        sim.set_faults(faults);
        sim.set_habits(chance.happens(500), chance.happens(200), chance.happens(200));
        let mut session = Self { sim, chance, lossless, calls_begun: 0 };
        let names: &[&str] = match session.chance.below(4) {
            0 => &["alice", "bob"],
            1 => &["alice", "bob", "bob"],
            2 => &["alice", "bob", "carol"],
            _ => &["alice", "bob", "carol", "bob"],
        };
        for (index, name) in names.iter().enumerate() {
            session.join(index, name);
        }
        let wait = session.chance.up_to(Duration::from_secs(2));
        session.sim.passes(wait);
        if session.chance.happens(500) {
            session.talks();
        }
        session
    }

    fn join(&mut self, index: usize, user: &str) {
        let account = Account {
            uri: ["sip:", user, "@", proxy::DOMAIN].concat(),
            servers: vec![
                "wss://edge1.example.com/sip".into(),
                "wss://edge2.example.com/sip".into(),
            ],
            password: Some("secret".into()),
            register: true,
            register_expires: Some(120),
            ..Account::default()
        };
        let config = Config {
            rate_calls: u32::MAX,
            wrap_up: self.chance.happens(200),
            wrap_up_seconds: Some(5),
            calls_at_once: 1 + u32::try_from(self.chance.below(3)).unwrap_or_default(),
            ring_seconds: if self.chance.happens(300) { 20 } else { 180 },
            accept_transfers: match self.chance.below(3) {
                0 => AcceptTransfers::Ask,
                1 => AcceptTransfers::Always,
                _ => AcceptTransfers::Never,
            },
            auto_answer: match self.chance.below(6) {
                0 => AutoAnswer::Asked,
                1 => AutoAnswer::After(u32::try_from(self.chance.below(4)).unwrap_or_default()),
                _ => AutoAnswer::Never,
            },
            session_expires: if self.chance.happens(300) { 90 } else { 1800 },
            reliable_ringing: self.chance.happens(400),
            redirections: u32::try_from(self.chance.below(3)).unwrap_or_default(),
            ..Config::default()
        };
        let name = [user, &(index + 1).to_string()].concat();
        self.sim.phone_with(&name, account, config);
    }

    /// The first two are talking already, if the network lets them.
    fn talks(&mut self) {
        let (first, second) = (PhoneId(0), PhoneId(1));
        let called = self.sim.dial(first, "bob").is_ok();
        self.calls_begun += u64::from(called);
        let wait = Duration::from_millis(900) + self.chance.up_to(Duration::from_secs(2));
        self.sim.passes(wait);
        let ringing = self.sim.calls(second).last().map(super::SimCall::call_id);
        if let Some(ringing) = ringing {
            drop(self.sim.command(second, Command::Answer(ringing)));
        }
        self.sim.passes(wait);
    }

    /// Somebody does something, or something goes wrong; then time passes.
    fn acts(&mut self) {
        let phone = self.somebody();
        if !self.lossless && self.chance.happens(40) {
            self.breaks(phone);
        } else {
            self.person_acts(phone);
        }
        let longest = self.chance.pick(PAUSES).copied().unwrap_or_default();
        let pause = self.chance.up_to(longest);
        self.sim.passes(pause);
        self.look();
        if self.lossless && self.chance.happens(150) {
            self.sim.passes(Duration::from_secs(5));
            self.agree();
        }
    }

    /// Anybody, but often one whose phone rings.
    fn somebody(&mut self) -> PhoneId {
        let rings = |phone: &PhoneId| {
            let mut up = self.sim.phones[phone.0].ledger.up();
            up.any(|call| call.state == Some(CallState::Incoming))
        };
        let ringing: Vec<PhoneId> = self.sim.phones().filter(rings).collect();
        let anybody = PhoneId(self.chance.index(self.sim.phones.len()));
        if self.chance.happens(600) {
            self.chance.pick(&ringing).copied().unwrap_or(anybody)
        } else {
            anybody
        }
    }

    fn breaks(&mut self, phone: PhoneId) {
        let fault = match self.chance.below(6) {
            0 => Fault::Cut(phone),
            1 => Fault::Freeze(phone),
            2 => Fault::Restart(self.chance.up_to(Duration::from_secs(30))),
            3 => Fault::Silence(phone),
            4 => Fault::LosePath(phone),
            _ => Fault::Unplug(phone),
        };
        self.sim.inject(fault);
    }

    /// What holds of each moment.
    fn look(&mut self) {
        for phone in self.sim.phones() {
            self.sim.phones[phone.0].told.clear();
            let own = &self.sim.phones[phone.0];
            let (up, open) = (own.ledger.up().count(), own.studio.open());
            if open > up * 2 {
                let name = own.name.clone();
                let text = format!("{name} has {open} peer connections open and {up} calls");
                self.sim.violations.push(text);
            }
        }
    }

    /// With nothing lost, a call that is up is up at both ends, but for a moment.
    fn agree(&mut self) {
        let first = self.one_sided();
        if first.is_empty() {
            return;
        }
        self.sim.passes(Duration::from_secs(30));
        let still = self.one_sided().into_iter().filter(|call| first.contains(call));
        self.sim.violations.extend(still);
    }

    /// Calls that are up at one end, or at three.
    fn one_sided(&self) -> Vec<String> {
        let up = self.sim.phones.iter().flat_map(|phone| phone.ledger.up());
        let up = up.filter(|call| call.state == Some(CallState::Connected));
        let all: Vec<&super::SimCall> = up.collect();
        let ends = |id: &str| all.iter().filter(|call| call.sip_call_id == id).count();
        all.iter()
            .map(|call| (ends(&call.sip_call_id), call))
            .filter_map(|(ends, call)| {
                let (id, number, wire) = (call.id, &call.number, &call.sip_call_id);
                let other = all.iter().find(|it| it.sip_call_id == *wire && it.begun != call.begun);
                let agreed = other.is_none_or(|other| other.held == (call.held.1, call.held.0));
                let call = format!("call {id} with {number} ({wire})");
                match (ends, agreed) {
                    (2, true) => None,
                    (2, false) => Some(format!("{call} is held by one end only")),
                    _ => Some(format!("{call} is up at {ends} ends")),
                }
            })
            .collect()
    }

    /// All hang up, until nothing is up any more and nothing is under way.
    fn rests(&mut self) {
        for round in 0..8 {
            for phone in self.sim.phones() {
                let up: Vec<_> =
                    self.sim.phones[phone.0].ledger.up().map(super::SimCall::call_id).collect();
                for call in up {
                    if let Err(misuse) = self.sim.command(phone, Command::Hangup(call)) {
                        let text = format!("{call:?}, which is up, cannot be hung up: {misuse}");
                        self.sim.violations.push(text);
                    }
                }
            }
            if round == 1 {
                self.sim.set_faults(Faults::NONE);
            }
            self.sim.passes(Duration::from_secs(35));
            self.look();
        }
        self.is_quiet("after all hung up");
        for phone in self.sim.phones() {
            let calls = self.sim.agent(phone).census().calls;
            if calls > 0 {
                let text = format!("{phone:?} holds {calls} calls after all hung up");
                self.sim.violations.push(text);
            }
        }
    }

    /// All shut down; nothing may be left.
    fn ends(&mut self) {
        for phone in self.sim.phones() {
            // A phone that has gone already takes it as well.
            let _ = self.sim.command(phone, Command::Shutdown);
        }
        self.is_quiet("at the moment of shutdown");
        self.sim.passes(Duration::from_secs(5)).set_faults(Faults::NONE);
        self.sim.passes(Duration::from_secs(140));
        self.look();
        self.is_quiet("after shutdown");
        for phone in self.sim.phones() {
            let agent = self.sim.agent(phone);
            let (left, timer) = (agent.census(), agent.next_timeout());
            if left != super::Census::default() || timer.is_some() {
                let text = format!("{phone:?} holds {left:?} after shutdown, timer {timer:?}");
                self.sim.violations.push(text);
            }
            let asked = &self.sim.phones[phone.0].ledger.asked;
            if !asked.is_empty() {
                let text = format!("{phone:?} waits for answers to {asked:?}");
                self.sim.violations.push(text);
            }
            let flows = self.sim.phones[phone.0].flows.len();
            if flows > 0 {
                self.sim.violations.push(format!("{phone:?} has {flows} connections open"));
            }
        }
    }

    /// Every call has ended and every peer is closed.
    fn is_quiet(&mut self, when: &str) {
        for phone in self.sim.phones() {
            let own = &self.sim.phones[phone.0];
            let up: Vec<u32> = own.ledger.up().map(|call| call.id).collect();
            if !up.is_empty() || own.studio.open() > 0 {
                let text = format!(
                    "{} has calls {up:?} up and {} peers open {when}",
                    own.name,
                    own.studio.open()
                );
                self.sim.violations.push(text);
            }
        }
    }

    fn outcome(self) -> Outcome {
        let all = || self.sim.phones.iter().flat_map(|phone| &phone.ledger.calls);
        let talked = all().filter(|call| call.talked).count() as u64;
        Outcome {
            calls: self.calls_begun,
            talked,
            violations: self.sim.violations.clone(),
            simulation: self.sim,
        }
    }
}

/// How long people wait before they do the next thing, at most.
const PAUSES: &[Duration] = &[
    Duration::ZERO,
    Duration::from_millis(12),
    Duration::from_millis(60),
    Duration::from_millis(400),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_secs(40),
    Duration::from_secs(200),
];
