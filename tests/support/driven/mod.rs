//! A phone that any bytes drive: each decides what happens next, of everything that can happen.
//!
//! The far side is built from what the phone said, so that bytes get deep into calls: Call-ID,
//! tags, branch and CSeq are those of live dialogs and transactions. What must always hold is
//! checked after every step and at the end. Used by the fuzz target `agent` and, with seeds and
//! random bytes, by `tests/properties.rs`.

mod page;
mod server;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cc_sdk::account::Account;
use cc_sdk::api::{AccountId, CallId, CallState, Command, Config, Credential, ErrandId, UaEvent};
use cc_sdk::sip::{Message, Method};
use cc_sdk::{
    CredentialRequest, FlowId, Input, LinkEvent, LinkRequest, MediaRequest, Output, PeerId, Ticket,
    Time, UserAgent,
};
use server::{Far, Heard};

const ALICE: AccountId = AccountId(1);

/// Lets the bytes happen to a phone.
///
/// # Panics
///
/// If something does not hold that always must.
pub(crate) fn drive(bytes: &[u8]) {
    let mut world = World::new();
    let mut choices = Choices { rest: bytes };
    for _ in 0..MOST_STEPS {
        if choices.rest.is_empty() {
            break;
        }
        world.step(&mut choices);
    }
    world.ends();
}

/// What the next thing is, byte by byte; zeros when there are no more.
struct Choices<'a> {
    rest: &'a [u8],
}

impl<'a> Choices<'a> {
    fn byte(&mut self) -> usize {
        let Some((first, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        usize::from(*first)
    }

    fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    fn of<'t, T>(&mut self, all: &'t [T]) -> Option<&'t T> {
        let byte = self.byte();
        all.get(byte.checked_rem(all.len())?)
    }

    /// Counted from the end, so that what is fresh is chosen by small numbers.
    fn latest<'t, T>(&mut self, all: &'t [T]) -> Option<&'t T> {
        let back = self.byte().checked_rem(all.len())?;
        all.get(all.len() - 1 - back)
    }

    /// As many bytes as the next one says.
    fn bytes(&mut self) -> &'a [u8] {
        let length = self.byte().min(self.rest.len());
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }
}

/// A phone and all that is around it.
struct World {
    agent: UserAgent,
    now: Time,
    calls: Vec<CallId>,
    errands: Vec<ErrandId>,
    flows: Vec<FlowId>,
    asked: Vec<(PeerId, Ticket, MediaRequest)>,
    credentials: Vec<(AccountId, Ticket, CredentialRequest)>,
    /// What the phone said that was not forgotten yet, requests and answers.
    requests: Vec<Heard>,
    answers: Vec<Heard>,
    far: Vec<Far>,
    /// Every frame of either side, the last few.
    frames: Vec<Vec<u8>>,
    counter: u32,
    begun: BTreeSet<u32>,
    ended: BTreeSet<u32>,
    /// Opened less closed.
    peers: BTreeMap<PeerId, i32>,
    /// What the page wished for, and Call-IDs of the INVITEs that began something.
    wishes: usize,
    dialled: BTreeSet<String>,
}

impl World {
    /// Registered, unless the server has other plans.
    fn new() -> Self {
        let mut world = Self {
            agent: UserAgent::new([7; 32]),
            now: Time::from_epoch(Duration::from_secs(1_800_000_000)),
            calls: Vec::new(),
            errands: Vec::new(),
            flows: Vec::new(),
            asked: Vec::new(),
            credentials: Vec::new(),
            requests: Vec::new(),
            answers: Vec::new(),
            far: Vec::new(),
            frames: Vec::new(),
            counter: 0,
            begun: BTreeSet::new(),
            ended: BTreeSet::new(),
            peers: BTreeMap::new(),
            wishes: 0,
            dialled: BTreeSet::new(),
        };
        let config = Config { calls_at_once: 4, rate_calls: 1000, ..Config::default() };
        world.tries(Command::Configure(config));
        world.tries(Command::Register(Credential::Account(Box::new(account()))));
        world
    }

    fn step(&mut self, choices: &mut Choices<'_>) {
        match choices.byte() % 64 {
            0..=13 => self.page_does(choices),
            14..=29 => self.server_answers(choices),
            30..=43 => self.far_asks(choices),
            44 => self.garbled(choices),
            45 => self.noise(choices),
            46..=50 => self.media_replies(choices),
            51..=53 => self.media_tells(choices),
            54 => self.link(choices),
            55 => self.gives(Input::Online),
            56 => self.credential(choices),
            57..=60 => self.passes(choices),
            _ => self.all_goes_well(),
        }
    }

    /// Time passes: a little at a time, or all at once, as where a hidden tab's timers sleep.
    fn passes(&mut self, choices: &mut Choices<'_>) {
        const MS: [u64; 12] =
            [0, 1, 50, 200, 500, 2_000, 4_000, 32_000, 90_000, 200_000, 600_000, 86_400_000];
        let time = Duration::from_millis(*choices.of(&MS).unwrap_or(&0));
        // A day of keep-alives would say nothing that an hour does not.
        if choices.flag() && time <= Duration::from_secs(200) {
            let end = self.now + time;
            let mut stops = 0;
            while let Some(due) = self.agent.next_timeout().filter(|due| *due <= end) {
                self.now = self.now.max(due);
                self.rings();
                stops += 1;
                assert!(stops < 1_000, "deadlines without end");
            }
            self.now = end;
        } else {
            self.now = self.now + time;
            self.rings();
        }
    }

    /// The timer rings until nothing more is due now.
    fn rings(&mut self) {
        let mut rings = 0;
        loop {
            self.gives(Input::Timeout);
            if self.agent.next_timeout().is_none_or(|due| due > self.now) {
                break;
            }
            rings += 1;
            assert!(rings < 64, "a deadline does not fall");
        }
    }

    fn tries(&mut self, command: Command) -> bool {
        let done = self.agent.handle(self.now, Input::Command(ALICE, command)).is_ok();
        self.drain();
        done
    }

    fn gives(&mut self, input: Input<'_>) {
        assert!(self.agent.handle(self.now, input).is_ok(), "news is never misuse");
        self.drain();
    }

    fn drain(&mut self) {
        let mut outputs = 0;
        while let Some(output) = self.agent.poll_output() {
            outputs += 1;
            assert!(outputs < MOST_OUTPUTS, "one input has too many consequences");
            match output {
                Output::Link(flow, LinkRequest::Open { .. }) => self.flows.push(flow),
                Output::Link(flow, LinkRequest::Close) => self.flows.retain(|it| *it != flow),
                Output::Transmit(_, frame) => self.says(frame),
                Output::Credential(account, ticket, request) => {
                    self.credentials.push((account, ticket, request));
                }
                Output::Event(_, event) => self.tells(&event),
                Output::Media(peer, ticket, request) => self.asks(peer, ticket, request),
            }
        }
        assert!(self.flows.len() <= 8, "connections pile up");
        let held = self.agent.census();
        assert!(held.calls <= MOST_CALLS, "calls pile up: {held:?}");
        assert!(held.transactions <= MOST_TRANSACTIONS, "transactions pile up: {held:?}");
    }

    fn asks(&mut self, peer: PeerId, ticket: Ticket, request: MediaRequest) {
        let open = self.peers.entry(peer).or_default();
        match request {
            MediaRequest::Open { .. } => *open += 1,
            MediaRequest::Close => *open -= 1,
            _ => assert_eq!(*open, 1, "{peer:?} is asked {request:?}, and is not open"),
        }
        assert!((0..=1).contains(open), "{peer:?} is opened or closed twice");
        if request == MediaRequest::Close {
            self.asked.retain(|asked| asked.0 != peer);
        } else {
            self.asked.push((peer, ticket, request));
        }
    }

    fn says(&mut self, frame: Vec<u8>) {
        assert!(frame.len() <= 2 * cc_sdk::sip::MAX_MESSAGE, "a frame grows");
        if cc_sdk::sip::is_keep_alive(&frame) {
            return;
        }
        let Some(heard) = Heard::of(&frame) else {
            // What refuses an unreadable request repeats what was unreadable.
            let status = Message::parse(&frame).ok().and_then(|said| said.status());
            let said = String::from_utf8_lossy(&frame);
            assert!(
                matches!(status, Some(400 | 505 | 513)),
                "what cannot be read is said:\n{said}"
            );
            return;
        };
        if heard.method == Method::Invite && heard.is_request && !heard.is_in_dialog {
            self.dialled.insert(heard.call_id.clone());
            assert!(self.dialled.len() <= self.wishes, "the phone dials what nobody wished for");
        }
        remember(&mut self.frames, frame);
        remember(if heard.is_request { &mut self.requests } else { &mut self.answers }, heard);
    }

    fn tells(&mut self, event: &UaEvent) {
        match event {
            UaEvent::Call { call, .. } => {
                assert!(self.begun.insert(*call), "call {call} begins twice");
                if !self.calls.contains(&CallId(*call)) {
                    self.calls.push(CallId(*call));
                }
            }
            UaEvent::CallState { call, state, .. } => {
                assert!(!self.ended.contains(call), "call {call} is {state:?} after its end");
                if *state == CallState::Ended {
                    self.ended.insert(*call);
                }
            }
            _ => {}
        }
    }

    /// Whatever happened: after the end, and silence, nothing is left.
    fn ends(&mut self) {
        self.tries(Command::Shutdown);
        for _ in 0..3 {
            self.now = self.now + Duration::from_secs(33);
            self.rings();
        }
        assert_eq!(self.agent.next_timeout(), None, "a deadline is left");
        let nothing = cc_sdk::testing::Census::default();
        assert_eq!(self.agent.census(), nothing, "something is left");
        assert_eq!(self.begun, self.ended, "the calls that began, and those that ended");
        for (peer, open) in &self.peers {
            assert_eq!(*open, 0, "{peer:?} stays open");
        }
    }

    fn link(&mut self, choices: &mut Choices<'_>) {
        let Some(flow) = choices.latest(&self.flows).copied() else { return };
        if choices.flag() {
            self.gives(Input::Link(flow, LinkEvent::Opened));
        } else {
            self.flows.retain(|it| *it != flow);
            let closed = LinkEvent::Closed { code: 1006, reason: String::new() };
            self.gives(Input::Link(flow, closed));
        }
    }

    fn hears(&mut self, frame: Vec<u8>) {
        for flow in self.flows.clone() {
            self.gives(Input::Frame(flow, &frame));
        }
        remember(&mut self.frames, frame);
    }

    /// A frame of either side again, with some bytes changed.
    fn garbled(&mut self, choices: &mut Choices<'_>) {
        let Some(mut frame) = choices.latest(&self.frames).cloned() else { return };
        for _ in 0..choices.byte() % 4 {
            let at = (choices.byte() << 8 | choices.byte()) % frame.len().max(1);
            let byte = u8::try_from(choices.byte()).unwrap_or_default();
            match (choices.byte() % 3, frame.get_mut(at)) {
                (0, Some(old)) => *old = byte,
                (1, Some(_)) => frame.insert(at, byte),
                (_, Some(_)) => drop(frame.remove(at)),
                (_, None) => {}
            }
        }
        self.hears(frame);
    }

    fn noise(&mut self, choices: &mut Choices<'_>) {
        let frame = choices.bytes().to_vec();
        self.hears(frame);
    }
}

/// Keeps the last few.
fn remember<T>(all: &mut Vec<T>, one: T) {
    if all.len() == MEMORY {
        all.remove(0);
    }
    all.push(one);
}

fn account() -> Account {
    Account {
        uri: "sip:alice@example.com".into(),
        servers: vec!["wss://edge1.example.com/sip".into(), "wss://edge2.example.com/sip".into()],
        display_name: Some("Alice".into()),
        password: Some("secret".into()),
        register: true,
        ..Account::default()
    }
}

const MOST_STEPS: usize = 250;
/// Every call of four may be told of, answered and closed at once, twice over.
const MOST_OUTPUTS: usize = 400;
const MEMORY: usize = 24;
/// Four at once, and what still waits for a last answer.
const MOST_CALLS: usize = 160;
/// 64 of the server's on each of eight connections, and our own.
const MOST_TRANSACTIONS: usize = 700;
