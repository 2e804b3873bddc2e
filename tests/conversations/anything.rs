//! What always holds, whatever arrives in whatever order.
//!
//! A failing case is committed below as a conversation of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use cc_sdk::account::Account;
use cc_sdk::api::{
    AcceptTransfers, AutoAnswer, CallId, CallState, Command, Config, Credential, Dial,
    DigitTransport, OneTimeToken, ProviderId, SeatStatus, TransferTo, UaEvent,
};
use cc_sdk::sip::Method;
use cc_sdk::{
    CredentialReply, FlowId, Input, LinkEvent, LinkRequest, MediaEvent, MediaFailure, MediaReply,
    MediaRequest, PeerId, Ticket,
};
use proptest::prelude::*;

use crate::far::{Far, Wire, contact_uri};
use crate::stage::{CANDIDATE, FAR_SDP, SDP, Stage, account};

/// Anything that may happen to a phone. Numbers choose among what there is, modulo.
#[derive(Clone, Debug)]
enum Happening {
    Dials,
    Answers(usize),
    Rejects(usize),
    HangsUp(usize),
    Mutes(usize, bool),
    Holds(usize, bool),
    Renegotiates(usize, bool),
    Digits(usize),
    Writes(usize),
    /// Passes a call on, every other one to another call.
    Transfers(usize),
    /// Decides on a transfer that the far side asks for.
    Decides(usize),
    Registers,
    ProvidesToken(bool),
    Unregisters,
    Chooses(bool),
    Finishes,
    Configures(u32),
    LinkOpens(usize),
    LinkCloses(usize),
    Online,
    /// The server answers the n-th message that the phone said, with or without a session.
    ServerAnswers(usize, u16, bool),
    /// A far side calls, or calls again with a new INVITE of the same dialog.
    Calls(usize),
    /// The far side of the n-th dialog says this.
    Far(usize, Method),
    /// The n-th message of either side again, with some bytes changed.
    Garbled(usize, Vec<(usize, u8)>),
    Noise(Vec<u8>),
    MediaWorks(usize),
    MediaFails(usize),
    MediaTells(usize, MediaEvent),
    /// All goes well: every peer does what it is asked, the last request gets a 200.
    Succeeds,
    Passes(u32),
    /// The page sleeps for so many milliseconds: deadlines fall late, and all at once.
    Sleeps(u32),
}

fn news_of_media() -> impl Strategy<Value = MediaEvent> {
    prop::sample::select(vec![
        MediaEvent::Candidate { mid: "0".into(), line: CANDIDATE.into() },
        MediaEvent::GatheringDone,
        MediaEvent::Connected,
        MediaEvent::Disconnected,
        MediaEvent::Failed,
        MediaEvent::Track,
        MediaEvent::DigitDone('5'),
        MediaEvent::MicrophoneLost,
    ])
}

fn happening() -> impl Strategy<Value = Happening> {
    let n = 0..8_usize;
    let status = prop::sample::select(vec![
        100, 180, 183, 199, 200, 202, 299, 302, 305, 380, 400, 401, 403, 404, 407, 408, 415, 422,
        423, 480, 481, 482, 486, 487, 488, 491, 493, 500, 501, 503, 513, 600, 603, 604, 606, 699,
    ]);
    let method = prop::sample::select(vec![
        Method::Ack,
        Method::Bye,
        Method::Cancel,
        Method::Info,
        Method::Invite,
        Method::Message,
        Method::Notify,
        Method::Options,
        Method::Prack,
        Method::Refer,
        Method::Update,
        Method::Other("ODD".into()),
    ]);
    prop_oneof![
        4 => Just(Happening::Dials),
        4 => n.clone().prop_map(Happening::Answers),
        1 => n.clone().prop_map(Happening::Rejects),
        2 => n.clone().prop_map(Happening::HangsUp),
        1 => (n.clone(), any::<bool>()).prop_map(|(n, muted)| Happening::Mutes(n, muted)),
        2 => (n.clone(), any::<bool>()).prop_map(|(n, held)| Happening::Holds(n, held)),
        1 => (n.clone(), any::<bool>()).prop_map(|(n, ice)| Happening::Renegotiates(n, ice)),
        1 => n.clone().prop_map(Happening::Digits),
        1 => n.clone().prop_map(Happening::Writes),
        2 => n.clone().prop_map(Happening::Transfers),
        2 => n.clone().prop_map(Happening::Decides),
        1 => Just(Happening::Registers),
        1 => any::<bool>().prop_map(Happening::ProvidesToken),
        1 => Just(Happening::Unregisters),
        1 => any::<bool>().prop_map(Happening::Chooses),
        1 => Just(Happening::Finishes),
        1 => (0..4_u32).prop_map(Happening::Configures),
        3 => n.clone().prop_map(Happening::LinkOpens),
        1 => n.clone().prop_map(Happening::LinkCloses),
        1 => Just(Happening::Online),
        12 => (0..40_usize, status, any::<bool>())
            .prop_map(|(n, status, sdp)| Happening::ServerAnswers(n, status, sdp)),
        4 => n.clone().prop_map(Happening::Calls),
        8 => (n.clone(), method).prop_map(|(n, method)| Happening::Far(n, method)),
        2 => (0..80_usize, prop::collection::vec((any::<usize>(), any::<u8>()), 1..4))
            .prop_map(|(n, changes)| Happening::Garbled(n, changes)),
        1 => prop::collection::vec(any::<u8>(), 0..200).prop_map(Happening::Noise),
        6 => n.clone().prop_map(Happening::MediaWorks),
        16 => Just(Happening::Succeeds),
        1 => n.clone().prop_map(Happening::MediaFails),
        4 => (n, news_of_media()).prop_map(|(n, event)| Happening::MediaTells(n, event)),
        4 => prop::sample::select(vec![0, 1, 50, 500, 4_000, 32_000, 200_000]).prop_map(Happening::Passes),
        1 => prop::sample::select(vec![3_000, 50_000, 600_000]).prop_map(Happening::Sleeps),
    ]
}

/// A stage with a memory, on which happenings happen.
struct World {
    stage: Stage,
    calls: Vec<CallId>,
    /// Every message of either side.
    wire: Vec<Wire>,
    said: Vec<Wire>,
    far: Vec<Far>,
    asked: Vec<(PeerId, Ticket, MediaRequest)>,
    flows: Vec<FlowId>,
    ended: BTreeMap<u32, u32>,
    begun: Vec<u32>,
    /// Opened less closed.
    peers: BTreeMap<PeerId, i32>,
}

impl World {
    fn new() -> Self {
        let mut stage = Stage::new();
        stage.media_by_hand();
        stage.does(Command::Configure(Config { calls_at_once: 3, ..Config::default() }));
        stage.does(Command::Register(Credential::Account(Box::new(account()))));
        Self {
            stage,
            calls: Vec::new(),
            wire: Vec::new(),
            said: Vec::new(),
            far: Vec::new(),
            asked: Vec::new(),
            flows: Vec::new(),
            ended: BTreeMap::new(),
            begun: Vec::new(),
            peers: BTreeMap::new(),
        }
    }

    fn registered() -> Self {
        let mut world = Self::new();
        world.remember();
        world.happens(Happening::LinkOpens(0));
        world.happens(Happening::ServerAnswers(0, 200, false));
        world
    }

    fn happens(&mut self, happening: Happening) {
        match happening {
            Happening::Dials => {
                let call = self.stage.agent.reserve_call();
                let token = self.calls.len() % 3 == 2;
                let token = token.then(|| OneTimeToken("demo:alice:once".into()));
                let dial = Dial { target: "9196".into(), token, ..Dial::default() };
                if self.stage.tries(Command::Dial(call, dial)).is_ok() {
                    self.calls.push(call);
                }
            }
            Happening::LinkOpens(n) => self.link(n, LinkEvent::Opened),
            Happening::LinkCloses(n) => {
                self.link(n, LinkEvent::Closed { code: 1006, reason: String::new() });
            }
            Happening::Online => drop(self.stage.gives(Input::Online)),
            Happening::ServerAnswers(n, status, sdp) => self.answers(n, status, sdp),
            Happening::Calls(n) => self.calls_in(n),
            Happening::Far(n, method) => self.far_says(n, method),
            Happening::Garbled(n, changes) => {
                if let Some(frame) = pick(&self.wire, n) {
                    let mut frame = frame.0.clone();
                    for (at, byte) in changes {
                        let length = frame.len();
                        frame[at % length] = byte;
                    }
                    self.hears(&frame.into());
                }
            }
            Happening::Noise(bytes) => self.hears(&bytes.into()),
            Happening::MediaWorks(n) => self.media(n, true),
            Happening::MediaFails(n) => self.media(n, false),
            Happening::MediaTells(n, event) => {
                let peers: Vec<_> = self.peers.keys().copied().collect();
                if let Some(peer) = pick(&peers, n) {
                    self.stage.peer_tells(*peer, event);
                }
            }
            Happening::Succeeds => self.succeeds(),
            Happening::Passes(ms) => drop(self.stage.passes(Duration::from_millis(ms.into()))),
            Happening::Sleeps(ms) => {
                self.stage.now = self.stage.now + Duration::from_millis(ms.into());
                self.stage.gives(Input::Timeout);
            }
            command => self.commands(&command),
        }
        self.remember();
    }

    fn calls_in(&mut self, n: usize) {
        let mut far = Far::calling("sip:alice@example.com");
        far.call_id = format!("call-{n}@192.0.2.7");
        let mut invite = far.build(Method::Invite);
        // One in three requires reliable answers, one has no offer besides.
        if !n.is_multiple_of(3) {
            invite.headers.push("Require", "100rel");
        }
        // And some come in place of another.
        if let Some(old) = pick(&self.far, n).filter(|_| n > 3) {
            let tag = |it: &str| it.split("tag=").nth(1).unwrap_or("").to_owned();
            let place = [&old.call_id, ";to-tag=", &tag(&old.remote), ";from-tag="];
            let place = [&place.concat(), tag(&old.local).as_str()].concat();
            invite.headers.push("Replaces", place);
        }
        if n % 3 < 2 {
            invite.headers.push("Content-Type", "application/sdp");
            invite.body = SDP.into();
        }
        self.far.push(far);
        self.hears(&crate::far::print(&invite));
    }

    fn commands(&mut self, happening: &Happening) {
        let call = |n: usize| pick(&self.calls, n).copied().unwrap_or(CallId(1));
        let command = match happening {
            Happening::Answers(n) => Command::Answer(call(*n)),
            Happening::Rejects(n) => Command::Reject(call(*n), 603),
            Happening::HangsUp(n) => Command::Hangup(call(*n)),
            Happening::Mutes(n, muted) => Command::Mute(call(*n), *muted),
            Happening::Holds(n, held) => Command::Hold(call(*n), *held),
            Happening::Renegotiates(n, ice_restart) => {
                Command::Renegotiate { call: call(*n), ice_restart: *ice_restart }
            }
            Happening::Digits(n) => {
                Command::SendDigits(call(*n), "5,#".into(), DigitTransport::Auto)
            }
            Happening::Writes(n) => Command::SendCallMessage {
                call: call(*n),
                id: cc_sdk::api::ErrandId(99),
                body: "hello".into(),
                content_type: "text/plain".into(),
            },
            Happening::Transfers(n) => {
                let other = TransferTo::Call(call(n + 1));
                let to = if n % 2 > 0 { other } else { TransferTo::Target("carol".into()) };
                Command::Transfer { call: call(*n), to, headers: Vec::new(), progress: n % 3 > 0 }
            }
            Happening::Decides(n) if n % 3 > 0 => Command::AcceptTransfer(call(*n)),
            Happening::Decides(n) => Command::RefuseTransfer(call(*n), 603),
            Happening::Registers => Command::Register(Credential::Account(Box::new(Account {
                password: Some("another".into()),
                flows: u32::try_from(1 + self.calls.len() % 3).ok(),
                ..account()
            }))),
            Happening::ProvidesToken(works) => {
                if let Some((account, ticket, _)) = self.stage.credentials.pop_front() {
                    let reply = if *works {
                        CredentialReply::Token("app:seat:uuid".into())
                    } else {
                        CredentialReply::Failed("no".into())
                    };
                    self.stage.gives(Input::Credential(account, ticket, reply));
                    return;
                }
                Command::Register(Credential::Provider(ProviderId(1)))
            }
            Happening::Unregisters => Command::Unregister,
            Happening::Chooses(paused) => {
                Command::SetSeatStatus(if *paused { SeatStatus::Paused } else { SeatStatus::Idle })
            }
            Happening::Configures(n) => {
                let auto_answer = if *n == 3 { AutoAnswer::After(1) } else { AutoAnswer::Never };
                let reliable_ringing = *n == 2;
                let accept_transfers =
                    if *n == 1 { AcceptTransfers::Always } else { AcceptTransfers::Ask };
                let config =
                    Config { auto_answer, reliable_ringing, accept_transfers, ..Config::default() };
                Command::Configure(Config { calls_at_once: *n, ..config })
            }
            _ => Command::FinishWrapUp,
        };
        // Misuse is an answer too.
        let _ = self.stage.tries(command);
    }

    fn link(&mut self, n: usize, event: LinkEvent) {
        if let Some(flow) = pick(&self.flows, n) {
            self.stage.gives(Input::Link(*flow, event));
        }
    }

    fn answers(&mut self, n: usize, status: u16, sdp: bool) {
        // Counted from the end, so that fresh requests are answered often.
        let requests: Vec<_> =
            self.said.iter().rev().filter(|said| said.message().is_request()).collect();
        if let Some(request) = pick(&requests, n) {
            let mut answer = request.response(status);
            let timer = ["90;refresher=uac", "1;refresher=uas", "junk"];
            answer.headers.push("Session-Expires", timer[n % 3]).push("Min-SE", "120");
            if sdp {
                answer.headers.push("Content-Type", "application/sdp");
                answer.body = FAR_SDP.into();
            }
            match status {
                // Every other one is reliable; now and then one is said again or is missing.
                101..=199 if n.is_multiple_of(2) => {
                    let rseq = (self.said.len() / 3).to_string();
                    answer.headers.push("Require", "100rel").push("RSeq", rseq);
                    answer.headers.push("Allow", "UPDATE");
                }
                300..=399 => {
                    let next = format!("<sip:b{n}@example.com?Subject=x>;q=0.5, <sip:c@x.example>");
                    answer.headers.push("Contact", next);
                }
                _ => {}
            }
            let answer = Wire::of(&answer);
            if request.message().method() == Some(Method::Invite) {
                self.far.push(Far::called(request));
            }
            self.hears(&answer);
        }
    }

    fn far_says(&mut self, n: usize, method: Method) {
        if self.far.is_empty() {
            return;
        }
        let n = n % self.far.len();
        let far = &mut self.far[n];
        if let Some(said) = self
            .said
            .iter()
            .rev()
            .find(|said| !said.message().is_request() && said.header("Call-ID") == far.call_id)
        {
            far.remote = said.header("To");
            far.target =
                said.find("Contact").map_or_else(|| far.target.clone(), |_| contact_uri(said));
        }
        let message = match method {
            Method::Invite => far.invite(FAR_SDP),
            Method::Update if n.is_multiple_of(2) => {
                far.request_with(Method::Update, "application/sdp", FAR_SDP)
            }
            Method::Info => {
                far.request_with(Method::Info, "application/dtmf-relay", "Signal=5\r\nDuration=160")
            }
            Method::Message => far.request_with(Method::Message, "text/plain", "hi"),
            Method::Prack => {
                let rings = self.said.iter().rev().find(|said| said.find("RSeq").is_some());
                let mut prack = far.build(Method::Prack);
                if let Some(rings) = rings {
                    let number = rings.message().cseq().map_or(0, |cseq| cseq.number);
                    let rack = format!("{} {number} INVITE", rings.header("RSeq"));
                    prack.headers.push("RAck", rack).push("Content-Type", "application/sdp");
                    prack.body = FAR_SDP.into();
                }
                crate::far::print(&prack)
            }
            Method::Refer => {
                let mut refer = far.build(Method::Refer);
                refer.headers.push("Refer-To", "<sip:carol@example.com?Replaces=a%3Bto-tag%3Db>");
                if n.is_multiple_of(2) {
                    refer.headers.set("Refer-To", "<sip:carol@example.com>");
                }
                crate::far::print(&refer)
            }
            Method::Notify => {
                let fragment = ["SIP/2.0 100", "SIP/2.0 180", "SIP/2.0 200", "SIP/2.0 486", ""];
                let mut notify = far.build(Method::Notify);
                notify.headers.push("Event", "refer").push("Subscription-State", "active");
                notify.body = fragment[self.wire.len() % fragment.len()].into();
                crate::far::print(&notify)
            }
            method => far.request(method),
        };
        self.hears(&message);
    }

    fn media(&mut self, n: usize, works: bool) {
        if self.asked.is_empty() {
            return;
        }
        let (peer, ticket, request) = self.asked.remove(n % self.asked.len());
        let reply = match request {
            _ if !works => MediaReply::Failed(MediaFailure::MicrophoneDenied),
            MediaRequest::Offer { .. } | MediaRequest::Answer { .. } => MediaReply::Sdp(SDP.into()),
            _ => MediaReply::Done,
        };
        self.stage.gives(Input::Media(peer, ticket, reply));
    }

    fn succeeds(&mut self) {
        while !self.asked.is_empty() {
            let (peer, _, request) = self.asked[0].clone();
            self.media(0, true);
            if matches!(request, MediaRequest::Offer { .. } | MediaRequest::Answer { .. }) {
                let line = CANDIDATE.to_owned();
                self.stage.peer_tells(peer, MediaEvent::Candidate { mid: "0".into(), line });
                self.stage.peer_tells(peer, MediaEvent::GatheringDone);
                self.stage.peer_tells(peer, MediaEvent::Connected);
            }
            self.remember();
        }
        self.answers(0, 200, true);
    }

    fn hears(&mut self, frame: &Wire) {
        if !frame.0.is_empty() {
            self.wire.push(frame.clone());
        }
        for flow in self.flows.clone() {
            self.stage.gives(Input::Frame(flow, frame.as_ref()));
        }
    }

    /// Takes what the phone did into the memory, and checks what must hold of each step.
    fn remember(&mut self) {
        for said in self.stage.said.drain(..) {
            if said.0 == b"\r\n" || said.0 == b"\r\n\r\n" {
                continue;
            }
            let message = said.message();
            if message.check().is_err() {
                // What refuses an unreadable request repeats what was unreadable.
                let refuses = matches!(message.status(), Some(400 | 505 | 513));
                assert!(refuses, "the phone says what cannot be read:\n{said}");
                continue;
            }
            self.wire.push(said.clone());
            // A NUL that came goes back, but a script cannot say it.
            if !said.0.contains(&0) {
                self.said.push(said);
            }
        }
        for (flow, request) in self.stage.linked.drain(..) {
            if matches!(request, LinkRequest::Open { .. }) {
                self.flows.insert(0, flow);
            }
        }
        for (peer, ticket, request) in self.stage.asked.drain(..) {
            match request {
                MediaRequest::Open { .. } => *self.peers.entry(peer).or_default() += 1,
                MediaRequest::Close => *self.peers.entry(peer).or_default() -= 1,
                _ => {}
            }
            if request != MediaRequest::Close {
                self.asked.push((peer, ticket, request));
            }
        }
        for (_, event) in std::mem::take(&mut self.stage.told) {
            match event {
                UaEvent::Call { call, .. } => {
                    assert!(!self.begun.contains(&call), "call {call} begins twice");
                    self.begun.push(call);
                    if !self.calls.contains(&CallId(call)) {
                        self.calls.push(CallId(call));
                    }
                }
                UaEvent::CallState { call, state: CallState::Ended, .. } => {
                    *self.ended.entry(call).or_default() += 1;
                }
                UaEvent::CallState { call, state, .. } => {
                    assert!(
                        !self.ended.contains_key(&call),
                        "call {call} is {state:?} after its end"
                    );
                }
                _ => {}
            }
        }
    }

    #[track_caller]
    fn every_call_has_ended_once_and_its_peers_are_closed(&self) {
        for call in &self.begun {
            assert_eq!(self.ended.get(call), Some(&1), "how often call {call} ended");
        }
        for (peer, open) in &self.peers {
            assert_eq!(*open, 0, "{peer:?} is opened less closed so often");
        }
    }
}

fn pick<T>(all: &[T], n: usize) -> Option<&T> {
    all.get(n.checked_rem(all.len())?)
}

/// Longer than any transaction, and than an early call waits.
const SILENCE: Duration = Duration::from_secs(33);

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_shutdown_and_silence_nothing_is_left(
        happenings in prop::collection::vec(happening(), 0..60)
    ) {
        let mut world = World::registered();
        for happening in happenings {
            world.happens(happening);
        }
        world.stage.does(Command::Shutdown);
        world.remember();
        world.every_call_has_ended_once_and_its_peers_are_closed();
        world.stage.passes(SILENCE).passes(SILENCE);
        world.remember();
        prop_assert_eq!(world.stage.agent.next_timeout(), None);
        world.every_call_has_ended_once_and_its_peers_are_closed();
    }

    #[test]
    fn after_hanging_up_and_silence_every_call_has_ended_once(
        happenings in prop::collection::vec(happening(), 0..60)
    ) {
        let mut world = World::registered();
        for happening in happenings {
            world.happens(happening);
        }
        for call in world.calls.clone() {
            let _ = world.stage.tries(Command::Hangup(call));
        }
        world.remember();
        world.every_call_has_ended_once_and_its_peers_are_closed();
        world.stage.passes(SILENCE).passes(SILENCE);
        world.remember();
        world.every_call_has_ended_once_and_its_peers_are_closed();
        // All that is left is the line's: refreshes and keep-alives.
        world.said.clear();
        world.stage.passes(Duration::from_secs(900));
        world.remember();
        for said in &world.said {
            let what = said.what("REGISTER");
            prop_assert!(matches!(&*what, "REGISTER" | "OPTIONS"), "{}", said);
        }
        world.every_call_has_ended_once_and_its_peers_are_closed();
    }
}
