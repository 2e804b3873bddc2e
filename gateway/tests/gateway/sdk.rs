//! The phone of this repository against the switch: two implementations that were not written
//! together must understand each other.

use std::collections::HashMap;
use std::time::Duration;

use cc_gateway::media::{MediaReply as Played, MediaRequest as Play};
use cc_sdk::account::Account;
use cc_sdk::api::{
    AccountId, Ask, AskMethod, CallId, CallState, Command, Config, Credential, Dial,
    DigitTransport, EndCause, ErrandId, LineStatus, Parsed, RegistrationState, SubscriptionState,
    UaEvent,
};
use cc_sdk::{
    CredentialReply, CredentialRequest, FlowId, Input, LinkEvent, LinkRequest, MediaEvent,
    MediaReply, MediaRequest, Output, UserAgent,
};

use crate::stage::{Stage, jws};

const PAGE: AccountId = AccountId(1);

const SDP: &str = "v=0\r\no=- 4611 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:Wx3k\r\n\
    a=ice-pwd:ulPPt5gvbfLuWx3kulPPt5gv\r\na=ice-options:trickle\r\na=fingerprint:sha-256 \
    11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00\
    \r\na=setup:actpass\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:0 PCMU/8000\r\n";

/// A page: the phone, the flows that it opened, and what it was told.
pub(crate) struct Page {
    agent: UserAgent,
    flows: HashMap<FlowId, FlowId>,
    pub(crate) told: Vec<UaEvent>,
}

/// The switch with pages around it.
pub(crate) struct World {
    pub(crate) stage: Stage,
    pub(crate) pages: Vec<Page>,
}

impl World {
    pub(crate) fn new(pages: u8) -> Self {
        let page = |seed| Page {
            agent: UserAgent::new([seed; 32]),
            flows: HashMap::new(),
            told: Vec::new(),
        };
        Self { stage: Stage::new(), pages: (1..=pages).map(page).collect() }
    }

    /// Alice and bob on pages 0 and 1, registered by opaque tokens.
    fn of_two() -> Self {
        let mut world = Self::new(2);
        for (page, seat) in ["alice", "bob"].into_iter().enumerate() {
            let token = world.stage.token(seat);
            world.registers(page, Credential::Token(token));
        }
        world
    }

    #[track_caller]
    pub(crate) fn registers(&mut self, page: usize, credential: Credential) {
        let service = Some("https://localhost".to_owned());
        self.does(page, Command::Configure(Config { service, ..Config::default() }));
        self.does(page, Command::Register(credential));
        self.passes(Duration::from_millis(10));
        assert!(self.is_registered(page), "{:#?}", self.pages[page].told);
    }

    fn is_registered(&self, page: usize) -> bool {
        let last = self.pages[page].told.iter().rev().find_map(|event| match event {
            UaEvent::Registration { state, .. } => Some(*state),
            _ => None,
        });
        last == Some(RegistrationState::Registered)
    }

    #[track_caller]
    pub(crate) fn does(&mut self, page: usize, command: Command) {
        self.feed(page, Input::Command(PAGE, command));
        self.settles();
    }

    #[track_caller]
    pub(crate) fn dials(&mut self, page: usize, target: &str) -> CallId {
        let call = self.pages[page].agent.reserve_call();
        let dial =
            Dial { target: target.into(), info: Some("Jürgen 世界".into()), ..Dial::default() };
        self.does(page, Command::Dial(call, dial));
        self.passes(Duration::from_millis(200));
        call
    }

    /// The call that came in last.
    pub(crate) fn incoming(&self, page: usize) -> CallId {
        let call = self.pages[page].told.iter().rev().find_map(|event| match event {
            UaEvent::Call { call, .. } => Some(CallId(*call)),
            _ => None,
        });
        call.unwrap_or_else(|| panic!("nobody called: {:#?}", self.pages[page].told))
    }

    pub(crate) fn state(&self, page: usize, call: CallId) -> Option<CallState> {
        self.pages[page].told.iter().rev().find_map(|event| match event {
            UaEvent::CallState { call: id, state, .. } if *id == call.0 => Some(*state),
            _ => None,
        })
    }

    pub(crate) fn end(&self, page: usize, call: CallId) -> Option<(EndCause, Option<u16>)> {
        self.pages[page].told.iter().find_map(|event| match event {
            UaEvent::CallState { call: id, end_reason: Some(reason), .. } if *id == call.0 => {
                Some((reason.cause, reason.sip_status))
            }
            _ => None,
        })
    }

    pub(crate) fn passes(&mut self, time: Duration) {
        let end = self.stage.now + time;
        loop {
            self.settles();
            let pages = self.pages.iter().filter_map(|page| page.agent.next_timeout());
            let due = pages.chain(self.stage.next_timeout()).min().filter(|due| *due <= end);
            let Some(due) = due else { break };
            self.stage.passes(due.since(self.stage.now));
            for page in 0..self.pages.len() {
                self.feed(page, Input::Timeout);
            }
        }
        self.stage.now = end;
    }

    /// Carries messages until nobody has any.
    fn settles(&mut self) {
        loop {
            let mut quiet = true;
            for page in 0..self.pages.len() {
                let flows: Vec<_> = self.pages[page].flows.clone().into_iter().collect();
                for (own, theirs) in flows {
                    for heard in self.stage.hears(theirs) {
                        quiet = false;
                        self.feed(page, Input::Frame(own, heard.0.as_bytes()));
                    }
                }
            }
            for (id, request) in std::mem::take(&mut self.stage.media) {
                if matches!(request, Play::Offer { .. }) {
                    quiet = false;
                    let answer = SDP.replace("actpass", "active");
                    self.stage.media_of(id, Played::Answer(answer));
                }
            }
            if quiet {
                return;
            }
        }
    }

    #[track_caller]
    fn feed(&mut self, page: usize, input: Input<'_>) {
        let now = self.stage.now;
        self.pages[page].agent.handle(now, input).unwrap();
        while let Some(output) = self.pages[page].agent.poll_output() {
            self.carries_out(page, output);
        }
    }

    /// What a browser does.
    fn carries_out(&mut self, page: usize, output: Output) {
        match output {
            Output::Transmit(flow, bytes) => {
                if let Some(theirs) = self.pages[page].flows.get(&flow).copied() {
                    self.stage.sends(theirs, bytes);
                }
            }
            Output::Link(flow, LinkRequest::Open { .. }) => {
                let theirs = self.stage.opens();
                self.pages[page].flows.insert(flow, theirs);
                self.feed(page, Input::Link(flow, LinkEvent::Opened));
            }
            Output::Link(flow, LinkRequest::Close) => {
                if let Some(theirs) = self.pages[page].flows.remove(&flow) {
                    self.stage.closes(theirs);
                }
            }
            Output::Credential(account, ticket, CredentialRequest::Exchange { token, .. }) => {
                let seat = token.split(':').nth(1).unwrap().to_owned();
                let reply = CredentialReply::Account(Box::new(account_of(&seat)), Some(3600));
                self.feed(page, Input::Credential(account, ticket, reply));
            }
            Output::Credential(..) => panic!("nobody has a provider here"),
            Output::Event(_, event) => self.pages[page].told.push(event),
            Output::Media(peer, ticket, request) => {
                let (reply, event) = match request {
                    MediaRequest::Close => return,
                    MediaRequest::Offer { .. } => (MediaReply::Sdp(SDP.into()), true),
                    MediaRequest::Answer { .. } => {
                        (MediaReply::Sdp(SDP.replace("actpass", "active")), true)
                    }
                    _ => (MediaReply::Done, false),
                };
                self.feed(page, Input::Media(peer, ticket, reply));
                if event {
                    let line = "candidate:1 1 udp 2113937151 192.0.2.1 50000 typ host".to_owned();
                    let found = MediaEvent::Candidate { mid: "0".into(), line };
                    self.feed(page, Input::MediaEvent(peer, found));
                    self.feed(page, Input::MediaEvent(peer, MediaEvent::GatheringDone));
                    self.feed(page, Input::MediaEvent(peer, MediaEvent::Connected));
                }
            }
        }
    }
}

/// What `/v1/account` gives.
fn account_of(seat: &str) -> Account {
    Account {
        uri: format!("sip:{seat}@localhost"),
        servers: vec!["ws://localhost:8080/sip".into()],
        register: true,
        ..Account::default()
    }
}

#[test]
fn it_registers_by_opaque_token_by_self_contained_token_and_by_password() {
    let mut world = World::new(3);
    let token = world.stage.token("alice");
    world.registers(0, Credential::Token(token));
    let now = world.stage.now.since_epoch().as_secs();
    let claims = serde_json::json!({
        "sub": "bob", "aud": "localhost", "jti": "1", "iat": now, "exp": now + 600,
        "sip": { "uri": "sip:bob@localhost", "servers": ["ws://localhost:8080/sip"] },
    });
    let header = serde_json::json!({ "alg": "HS256", "kid": "demo" });
    let token = jws(&header, &claims, cc_gateway::tokens::jws::DEMO_SECRET);
    world.registers(1, Credential::Token(token));
    let password = Some("carol-demo".to_owned());
    let account = Account { password, ..account_of("carol") };
    world.registers(2, Credential::Account(Box::new(account)));
    for (page, target) in [(0, "bob"), (1, "carol"), (2, "alice")] {
        let call = world.dials(page, target);
        assert_eq!(world.state(page, call), Some(CallState::Ringing), "{target}");
        world.does(page, Command::Hangup(call));
    }
}

#[test]
fn two_phones_call_talk_and_hang_up() {
    let mut world = World::of_two();
    let out = world.dials(0, "1002");
    let inc = world.incoming(1);
    assert_eq!(world.state(0, out), Some(CallState::Ringing));
    let told = world.pages[1].told.iter().find_map(|event| match event {
        UaEvent::Call { number, info, .. } => Some((number.clone(), info.clone())),
        _ => None,
    });
    assert_eq!(told, Some(("alice".into(), Some("Jürgen 世界".into()))));
    world.does(1, Command::Answer(inc));
    world.passes(Duration::from_millis(200));
    assert_eq!(world.state(0, out), Some(CallState::Connected));
    assert_eq!(world.state(1, inc), Some(CallState::Connected));
    world.passes(Duration::from_secs(120));
    assert_eq!(world.state(0, out), Some(CallState::Connected));
    world.does(1, Command::Hangup(inc));
    assert_eq!(world.end(0, out).unwrap().0, EndCause::Hangup);
    assert_eq!(world.end(1, inc).unwrap().0, EndCause::Hangup);
}

#[test]
fn a_call_is_cancelled_refused_or_leads_nowhere() {
    let mut world = World::of_two();
    let out = world.dials(0, "bob");
    let inc = world.incoming(1);
    world.does(0, Command::Hangup(out));
    assert_eq!(world.end(0, out).unwrap().0, EndCause::Cancelled);
    assert_eq!(world.end(1, inc).unwrap().0, EndCause::Cancelled);
    let out = world.dials(0, "bob");
    let inc = world.incoming(1);
    world.does(1, Command::Reject(inc, 603));
    assert_eq!(world.end(0, out), Some((EndCause::Declined, Some(603))));
    for (target, cause, status) in [
        ("9190", EndCause::Busy, 486),
        ("9191", EndCause::Declined, 603),
        ("nobody", EndCause::NotFound, 404),
        ("carol", EndCause::NoAnswer, 480),
    ] {
        let out = world.dials(0, target);
        assert_eq!(world.end(0, out), Some((cause, Some(status))), "{target}");
    }
    let out = world.dials(0, "9199");
    world.passes(Duration::from_secs(1));
    assert_eq!(world.state(0, out), Some(CallState::Connected), "by way of the 302");
}

#[test]
fn digits_are_spoken_back_and_come_as_text() {
    let mut world = World::of_two();
    let out = world.dials(0, "9198");
    assert_eq!(world.state(0, out), Some(CallState::Connected));
    world.does(0, Command::SendDigits(out, "5#".into(), DigitTransport::Info));
    world.passes(Duration::from_secs(2));
    let texts: Vec<_> = world.pages[0]
        .told
        .iter()
        .filter_map(|event| match event {
            UaEvent::CallMessage { body, .. } => Some(body.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(texts, ["5", "#"]);
}

#[test]
fn a_lost_link_comes_back_registers_and_is_rung_again() {
    let mut world = World::of_two();
    let (own, theirs) = world.pages[1].flows.drain().next().unwrap();
    world.stage.closes(theirs);
    world.feed(1, Input::Link(own, LinkEvent::Closed { code: 1006, reason: String::new() }));
    world.passes(Duration::from_secs(60));
    assert!(world.is_registered(1));
    world.dials(0, "bob");
    assert_eq!(world.state(1, world.incoming(1)), Some(CallState::Incoming));
}

#[test]
fn a_registration_lasts_for_hours_of_refreshes() {
    let mut world = World::of_two();
    world.passes(Duration::from_secs(3500));
    assert!(world.is_registered(0) && world.is_registered(1));
    world.dials(0, "bob");
    assert_eq!(world.state(1, world.incoming(1)), Some(CallState::Incoming));
}

#[test]
fn a_token_that_another_page_replaced_fails_here_when_it_is_refreshed() {
    let mut world = World::of_two();
    let token = world.stage.token("alice");
    world.pages.push(Page {
        agent: UserAgent::new([9; 32]),
        flows: HashMap::new(),
        told: Vec::new(),
    });
    world.registers(2, Credential::Token(token));
    world.passes(Duration::from_secs(650));
    assert!(!world.is_registered(0) && world.is_registered(2));
    world.dials(1, "alice");
    assert_eq!(world.state(2, world.incoming(2)), Some(CallState::Incoming));
}

#[test]
fn messages_lamps_presence_and_mailboxes_work_between_pages() {
    let mut world = World::of_two();
    let ask = |world: &mut World, page: usize, ask: Ask| {
        let id = ErrandId(world.pages[page].agent.reserve_call().0);
        world.does(page, Command::Ask(id, Box::new(ask)));
        world.passes(Duration::from_millis(100));
    };
    let message = Ask { target: "bob".into(), body: "hello".into(), ..Ask::default() };
    ask(&mut world, 0, message);
    let answered = |event: &UaEvent| matches!(event, UaEvent::Answered { reason: None, .. });
    assert!(world.pages[0].told.iter().any(answered), "{:#?}", world.pages[0].told);
    let came = world.pages[1].told.iter().any(|event| {
        matches!(event, UaEvent::Message { number, body, .. } if number == "alice" && body == "hello")
    });
    assert!(came, "{:#?}", world.pages[1].told);
    for (event, target) in [("dialog", "bob"), ("presence", "bob"), ("message-summary", "")] {
        let (event, target) = (event.to_owned(), target.to_owned());
        ask(&mut world, 0, Ask { method: AskMethod::Subscribe, event, target, ..Ask::default() });
    }
    let lamp = |world: &World| {
        world.pages[0].told.iter().rev().find_map(|event| match event {
            UaEvent::Notified { parsed: Some(Parsed::DialogInfo { status, .. }), .. } => {
                Some(*status)
            }
            _ => None,
        })
    };
    let presence = |world: &World| {
        world.pages[0].told.iter().rev().find_map(|event| match event {
            UaEvent::Notified { parsed: Some(Parsed::Presence { open, note, .. }), .. } => {
                Some((*open, note.clone()))
            }
            _ => None,
        })
    };
    assert_eq!(lamp(&world), Some(LineStatus::Idle));
    assert_eq!(presence(&world), Some((true, None)));
    assert!(world.pages[0].told.iter().any(|event| matches!(
        event,
        UaEvent::Notified { parsed: Some(Parsed::MessageSummary { waiting: true, .. }), .. }
    )));
    let event = "presence".to_owned();
    let body = "at lunch".to_owned();
    ask(
        &mut world,
        1,
        Ask { method: AskMethod::Publish, event, body, open: Some(false), ..Ask::default() },
    );
    assert_eq!(presence(&world), Some((false, Some("at lunch".into()))));
    let call = world.dials(1, "9196");
    assert_eq!(lamp(&world), Some(LineStatus::Busy));
    world.does(1, Command::Hangup(call));
    world.passes(Duration::from_millis(100));
    assert_eq!(lamp(&world), Some(LineStatus::Idle));
    // All of it is kept for as long as it is wanted.
    world.passes(Duration::from_secs(4000));
    let last = world.pages[0].told.iter().rev().find_map(|event| match event {
        UaEvent::Subscription { state, .. } => Some(*state),
        _ => None,
    });
    assert_eq!(last, Some(SubscriptionState::Active));
}
