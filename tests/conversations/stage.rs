//! The stage: a phone, a clock that only the script moves, and what the phone did, in order.
//!
//! The phone *says* messages, *hears* them, *tells* the page, *asks* its peer connections.
//! Each kind waits in a queue of its own until the script names it; order counts within a kind.

#![allow(dead_code, reason = "verbs that only the conversations to come will use")]

use std::collections::VecDeque;
use std::fmt::Debug;
use std::time::Duration;

use cc_sdk::account::Account;
use cc_sdk::api::{AccountId, CallId, Command, Config, Credential, Dial, UaEvent};
use cc_sdk::sip::{Message, Method};
use cc_sdk::{
    ApiMisuse, CredentialReply, CredentialRequest, FlowId, Input, LinkEvent, LinkRequest,
    MediaEvent, MediaReply, MediaRequest, Output, PeerId, Ticket, Time, UserAgent,
};

use crate::far::{Far, Wire};

/// The account that a stage is about, unless told.
pub(crate) const ALICE: AccountId = AccountId(1);

/// What a browser offers and answers, cut down to what matters.
pub(crate) const SDP: &str = "v=0\r\n\
o=- 4611 2 IN IP4 127.0.0.1\r\n\
s=-\r\n\
t=0 0\r\n\
a=group:BUNDLE 0\r\n\
m=audio 9 UDP/TLS/RTP/SAVPF 111 0 126\r\n\
c=IN IP4 0.0.0.0\r\n\
a=rtcp:9 IN IP4 0.0.0.0\r\n\
a=ice-ufrag:Wx3k\r\n\
a=ice-pwd:ulPPt5gvbfLuWx3kulPPt5gv\r\n\
a=ice-options:trickle\r\n\
a=fingerprint:sha-256 11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00\r\n\
a=setup:actpass\r\n\
a=mid:0\r\n\
a=sendrecv\r\n\
a=rtcp-mux\r\n\
a=rtpmap:111 opus/48000/2\r\n\
a=rtpmap:0 PCMU/8000\r\n\
a=rtpmap:126 telephone-event/8000\r\n";

/// What the far side answers to [`SDP`].
pub(crate) const FAR_SDP: &str = "v=0\r\n\
o=bob 77 1 IN IP4 192.0.2.7\r\n\
s=-\r\n\
t=0 0\r\n\
m=audio 40000 UDP/TLS/RTP/SAVPF 111 126\r\n\
c=IN IP4 192.0.2.7\r\n\
a=ice-ufrag:Zb9q\r\n\
a=ice-pwd:pvbfLuWx3kulPPt5gvulPPt5\r\n\
a=fingerprint:sha-256 00:FF:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:11\r\n\
a=setup:active\r\n\
a=mid:0\r\n\
a=sendrecv\r\n\
a=rtcp-mux\r\n\
a=rtpmap:111 opus/48000/2\r\n\
a=rtpmap:126 telephone-event/8000\r\n\
a=candidate:1 1 udp 2130706431 192.0.2.7 40000 typ host\r\n";

/// The host candidate that a played peer finds.
pub(crate) const CANDIDATE: &str =
    "candidate:1 1 udp 2113937151 192.0.2.1 50000 typ host generation 0";

/// A phone, its clock, and what it did that the script has not named yet.
pub(crate) struct Stage {
    pub(crate) agent: UserAgent,
    pub(crate) now: Time,
    pub(crate) flow: FlowId,
    account: AccountId,
    media: MediaPlay,
    /// The played peers whose descriptions want no sound.
    held: Vec<PeerId>,
    server: ServerPlay,
    pub(crate) said: VecDeque<Wire>,
    /// Everything that was said so far, and on which connection.
    sent: Vec<(FlowId, Vec<u8>)>,
    pub(crate) told: VecDeque<(AccountId, UaEvent)>,
    pub(crate) asked: VecDeque<(PeerId, Ticket, MediaRequest)>,
    pub(crate) linked: VecDeque<(FlowId, LinkRequest)>,
    pub(crate) credentials: VecDeque<(AccountId, Ticket, CredentialRequest)>,
    /// The last message of the phone that the script named.
    pub(crate) last: Wire,
}

/// Who plays the peer connections.
#[derive(Clone, Copy, PartialEq, Eq)]
enum MediaPlay {
    /// Every request succeeds at once, with a host candidate.
    ByItself,
    /// The script names every request and answers it.
    ByHand,
}

/// Who answers keep-alives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ServerPlay {
    /// They are answered at once and not among what the phone says.
    ByItself,
    /// The script.
    ByHand,
}

impl Stage {
    /// A phone that nobody has told anything; its peer connections succeed by themselves.
    pub(crate) fn new() -> Self {
        Self::seeded(7)
    }

    /// A phone that draws other numbers than one of another seed.
    pub(crate) fn seeded(seed: u8) -> Self {
        Self {
            agent: UserAgent::new([seed; 32]),
            now: Time::from_epoch(Duration::from_secs(1_800_000_000)),
            flow: FlowId(0),
            account: ALICE,
            media: MediaPlay::ByItself,
            held: Vec::new(),
            server: ServerPlay::ByItself,
            said: VecDeque::new(),
            sent: Vec::new(),
            told: VecDeque::new(),
            asked: VecDeque::new(),
            linked: VecDeque::new(),
            credentials: VecDeque::new(),
            last: Wire::default(),
        }
    }

    /// A phone with an open link that is registered as alice; nothing is left to name.
    #[track_caller]
    pub(crate) fn registered() -> Self {
        Self::registered_as(account())
    }

    /// As [`registered`](Self::registered), with another account.
    #[track_caller]
    pub(crate) fn registered_as(account: Account) -> Self {
        let mut stage = Self::new();
        stage.registers_as(account);
        stage
    }

    /// Registers the account that the stage is about; nothing is left to name.
    #[track_caller]
    pub(crate) fn registers_as(&mut self, account: Account) -> &mut Self {
        self.does(Command::Register(Credential::Account(Box::new(account))));
        self.opens().says("REGISTER").hears_answer(200);
        self.forgets()
    }

    /// The peer connections are played by the script: [`asks`](Self::asks), [`replies`](Self::replies).
    pub(crate) fn media_by_hand(&mut self) -> &mut Self {
        self.media = MediaPlay::ByHand;
        self
    }

    /// Keep-alives are named and answered by the script.
    pub(crate) fn keep_alive_by_hand(&mut self) -> &mut Self {
        self.server = ServerPlay::ByHand;
        self
    }

    /// The server answers keep-alives by itself; they are no matter of the script. So it is unless
    /// told.
    pub(crate) fn alive(&mut self) -> &mut Self {
        self.server = ServerPlay::ByItself;
        self
    }

    /// Speaks about another account from here on.
    pub(crate) fn about(&mut self, account: AccountId) -> &mut Self {
        self.account = account;
        self
    }

    /// The page asks, and is allowed to.
    #[track_caller]
    pub(crate) fn does(&mut self, command: Command) -> &mut Self {
        let refused = self.tries(command);
        assert_eq!(refused, Ok(()), "the phone refused a command");
        self
    }

    /// The page asks, and is refused.
    #[track_caller]
    pub(crate) fn refuses(&mut self, command: Command, misuse: ApiMisuse) -> &mut Self {
        let refused = self.tries(command);
        assert_eq!(refused, Err(misuse));
        self
    }

    /// The page asks.
    pub(crate) fn tries(&mut self, command: Command) -> Result<(), ApiMisuse> {
        let account = self.account;
        self.feed(Input::Command(account, command))
    }

    /// Changes the settings.
    #[track_caller]
    pub(crate) fn configures(&mut self, change: impl FnOnce(&mut Config)) -> &mut Self {
        let mut config = Config::default();
        change(&mut config);
        self.does(Command::Configure(config))
    }

    /// The page dials; the id of the call.
    #[track_caller]
    pub(crate) fn dials(&mut self, target: &str) -> CallId {
        let call = self.agent.reserve_call();
        self.does(Command::Dial(call, Dial { target: target.into(), ..Dial::default() }));
        call
    }

    /// The phone asked for a connection, and it opens.
    #[track_caller]
    pub(crate) fn opens(&mut self) -> &mut Self {
        let (flow, request) = self.linked.pop_front().expect("the phone asks for no connection");
        assert!(matches!(request, LinkRequest::Open { .. }), "{request:?}");
        self.flow = flow;
        self.gives(Input::Link(flow, LinkEvent::Opened))
    }

    /// The phone asked for a connection to this URL, and it opens.
    #[track_caller]
    pub(crate) fn opens_to(&mut self, url: &str) -> &mut Self {
        let next = self.linked.front().map(|linked| &linked.1);
        assert_eq!(next, Some(&LinkRequest::Open { url: url.into() }));
        self.opens()
    }

    /// The phone asked for a connection, and it fails.
    #[track_caller]
    pub(crate) fn fails_to_open(&mut self) -> &mut Self {
        let (flow, request) = self.linked.pop_front().expect("the phone asks for no connection");
        assert!(matches!(request, LinkRequest::Open { .. }), "{request:?}");
        self.gives(Input::Link(flow, LinkEvent::Closed { code: 1006, reason: String::new() }))
    }

    /// The connection is lost.
    #[track_caller]
    pub(crate) fn loses_link(&mut self) -> &mut Self {
        let flow = self.flow;
        self.gives(Input::Link(flow, LinkEvent::Closed { code: 1006, reason: String::new() }))
    }

    /// The phone closes its connection.
    #[track_caller]
    pub(crate) fn closes(&mut self) -> &mut Self {
        let flow = self.flow;
        assert_eq!(self.linked.pop_front(), Some((flow, LinkRequest::Close)));
        self
    }

    /// A message arrives on the open connection.
    #[track_caller]
    pub(crate) fn hears(&mut self, message: impl AsRef<[u8]>) -> &mut Self {
        let flow = self.flow;
        self.gives(Input::Frame(flow, message.as_ref()))
    }

    /// The server answers the message that was named last; a 2xx to REGISTER grants ten minutes.
    #[track_caller]
    pub(crate) fn hears_answer(&mut self, status: u16) -> &mut Self {
        let answer = self.last.answer(status);
        self.hears(answer)
    }

    /// The phone's next message is this: `INVITE`, `180`, or `200 BYE`. It becomes `last`.
    #[track_caller]
    pub(crate) fn says(&mut self, what: &str) -> &mut Self {
        let Some(next) = self.said.pop_front() else {
            panic!("the phone says nothing, not {what}")
        };
        assert_eq!(next.what(what), what, "the phone says another thing:\n{next}");
        self.last = next;
        self
    }

    /// [`says`](Self::says), on this connection.
    #[track_caller]
    pub(crate) fn says_on(&mut self, flow: FlowId, what: &str) -> &mut Self {
        self.says(what);
        let sent = self.sent.iter().rfind(|sent| sent.1 == self.last.0);
        assert_eq!(sent.map(|sent| sent.0), Some(flow), "{what} left on another connection");
        self
    }

    /// All that the phone said so far.
    pub(crate) fn everything_said(&self) -> String {
        let all = self.sent.iter().map(|sent| String::from_utf8_lossy(&sent.1));
        all.collect::<Vec<_>>().concat()
    }

    /// The phone says no more than was named.
    #[track_caller]
    pub(crate) fn says_nothing(&mut self) -> &mut Self {
        assert!(self.said.is_empty(), "the phone says:\n{}", self.said[0]);
        self
    }

    /// The page is told this next.
    #[track_caller]
    pub(crate) fn tells(&mut self, event: UaEvent) -> &mut Self {
        let account = self.account;
        match self.told.pop_front() {
            Some(told) => assert_eq!(told, (account, event)),
            None => panic!("the page is told nothing, not {event:?}"),
        }
        self
    }

    /// Among what the page is told next is one that fits; what came before it is skipped.
    #[track_caller]
    pub(crate) fn tells_of(&mut self, fits: impl Fn(&UaEvent) -> bool) -> UaEvent {
        let all: Vec<_> = self.told.iter().map(|told| told.1.clone()).collect();
        while let Some((_, event)) = self.told.pop_front() {
            if fits(&event) {
                return event;
            }
        }
        panic!("not among what the page was told: {all:#?}");
    }

    /// The page is told no more than was named.
    #[track_caller]
    pub(crate) fn tells_nothing(&mut self) -> &mut Self {
        assert!(self.told.is_empty(), "the page is told {:#?}", self.told);
        self
    }

    /// Among what the page is told and the script did not name is no end of a call.
    #[track_caller]
    pub(crate) fn tells_nothing_of_an_end(&mut self) -> &mut Self {
        let ended = |event: &UaEvent| {
            matches!(event, UaEvent::CallState { state: cc_sdk::api::CallState::Ended, .. })
        };
        assert!(!self.told.iter().any(|told| ended(&told.1)), "{:#?}", self.told);
        self
    }

    /// A peer is asked this next (media by hand).
    #[track_caller]
    pub(crate) fn asks(&mut self, fits: impl Fn(&MediaRequest) -> bool) -> (PeerId, Ticket) {
        let Some((peer, ticket, request)) = self.asked.pop_front() else {
            panic!("no peer is asked anything")
        };
        assert!(fits(&request), "a peer is asked another thing: {request:?}");
        (peer, ticket)
    }

    /// A peer answers (media by hand).
    #[track_caller]
    pub(crate) fn replies(&mut self, to: (PeerId, Ticket), reply: MediaReply) -> &mut Self {
        self.gives(Input::Media(to.0, to.1, reply))
    }

    /// A peer tells something unasked.
    #[track_caller]
    pub(crate) fn peer_tells(&mut self, peer: PeerId, event: MediaEvent) -> &mut Self {
        self.gives(Input::MediaEvent(peer, event))
    }

    /// The driver asked for a credential this way, and gets it.
    #[track_caller]
    pub(crate) fn provides(
        &mut self,
        asked: &CredentialRequest,
        reply: CredentialReply,
    ) -> &mut Self {
        let Some((account, ticket, request)) = self.credentials.pop_front() else {
            panic!("the phone asks for no credential")
        };
        assert_eq!(&request, asked);
        self.gives(Input::Credential(account, ticket, reply))
    }

    /// Lets time pass, stopping at every deadline on the way.
    #[track_caller]
    pub(crate) fn passes(&mut self, time: Duration) -> &mut Self {
        let end = self.now + time;
        let mut stops = 0;
        while let Some(due) = self.agent.next_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.gives(Input::Timeout);
            stops += 1;
            assert!(stops < 10_000, "a deadline does not fall");
        }
        self.now = end;
        self
    }

    /// Lets time pass, second by second; the registrar answers by itself, and of that the page is
    /// told nothing that the script would have to name.
    #[track_caller]
    pub(crate) fn passes_registered(&mut self, seconds: u32) -> &mut Self {
        for _ in 0..seconds {
            self.passes(Duration::from_secs(1));
            let is_register = |said: &Wire| said.what("REGISTER") == "REGISTER";
            while let Some(at) = self.said.iter().position(is_register) {
                let register = self.said.remove(at).unwrap_or_default();
                self.hears(register.answer(200));
            }
        }
        let of_line = |event: &UaEvent| {
            matches!(event, UaEvent::Registration { .. } | UaEvent::RegistrationExpiring { .. })
        };
        self.told.retain(|(_, event)| !of_line(event));
        self
    }

    /// Everything that waits to be named is forgotten.
    pub(crate) fn forgets(&mut self) -> &mut Self {
        self.said.clear();
        self.told.clear();
        self.asked.clear();
        self.linked.clear();
        self
    }

    /// A far side that calls this phone: see [`Far`].
    #[expect(clippy::unused_self, reason = "reads as a part of the stage")]
    pub(crate) fn far(&self) -> Far {
        Far::calling("sip:alice@example.com")
    }

    /// What it said is forgotten.
    pub(crate) fn forgets_said(&mut self) -> &mut Self {
        self.said.clear();
        self
    }

    /// Gives the phone an input that it may not refuse.
    #[track_caller]
    pub(crate) fn gives(&mut self, input: Input<'_>) -> &mut Self {
        assert_eq!(self.feed(input), Ok(()));
        self
    }

    fn feed(&mut self, input: Input<'_>) -> Result<(), ApiMisuse> {
        let result = self.agent.handle(self.now, input);
        self.drain();
        result
    }

    fn drain(&mut self) {
        while let Some(output) = self.agent.poll_output() {
            match output {
                Output::Link(flow, request) => self.linked.push_back((flow, request)),
                Output::Transmit(flow, bytes)
                    if bytes == b"\r\n\r\n" && self.server == ServerPlay::ByItself =>
                {
                    let pong = Input::Frame(flow, b"\r\n");
                    self.agent.handle(self.now, pong).expect("news is never misuse");
                }
                Output::Transmit(flow, bytes) => {
                    self.sent.push((flow, bytes.clone()));
                    self.said.push_back(Wire::from(bytes));
                }
                Output::Credential(account, ticket, request) => {
                    self.credentials.push_back((account, ticket, request));
                }
                Output::Event(account, event) => self.told.push_back((account, event)),
                Output::Media(peer, ticket, request) => {
                    self.asked.push_back((peer, ticket, request.clone()));
                    if self.media == MediaPlay::ByItself {
                        self.plays(peer, ticket, &request);
                    }
                }
            }
        }
    }

    /// A peer connection with which everything works.
    fn plays(&mut self, peer: PeerId, ticket: Ticket, request: &MediaRequest) {
        if let MediaRequest::Direction { receive } = request {
            self.held.retain(|held| *held != peer);
            if !receive {
                self.held.push(peer);
            }
        }
        let receives = !self.held.contains(&peer);
        let now = self.now;
        let mut give = |input: Input<'_>| {
            self.agent.handle(now, input).expect("news is never misuse");
        };
        let reply = match request {
            MediaRequest::Close => return,
            MediaRequest::Offer { .. } => MediaReply::Sdp(directed(true, receives)),
            MediaRequest::Answer { sdp } => {
                let says = |direction: &str| sdp.contains(direction);
                let sends = !says("a=sendonly") && !says("a=inactive");
                let receives = receives && !says("a=recvonly") && !says("a=inactive");
                let answer = directed(sends, receives);
                MediaReply::Sdp(answer.replace("setup:actpass", "setup:active"))
            }
            _ => MediaReply::Done,
        };
        give(Input::Media(peer, ticket, reply));
        match request {
            MediaRequest::Offer { .. } | MediaRequest::Answer { .. } => {
                let line = CANDIDATE.to_owned();
                give(Input::MediaEvent(peer, MediaEvent::Candidate { mid: "0".into(), line }));
                give(Input::MediaEvent(peer, MediaEvent::GatheringDone));
            }
            MediaRequest::Digits { digits, .. } => {
                for digit in digits.chars() {
                    give(Input::MediaEvent(peer, MediaEvent::DigitDone(digit)));
                }
            }
            _ => {}
        }
    }
}

/// [`SDP`] in this direction.
fn directed(sends: bool, receives: bool) -> String {
    let direction = match (sends, receives) {
        (true, true) => "a=sendrecv",
        (true, false) => "a=sendonly",
        (false, true) => "a=recvonly",
        (false, false) => "a=inactive",
    };
    SDP.replace("a=sendrecv", direction)
}

/// Alice's account, with a password.
pub(crate) fn account() -> Account {
    Account {
        uri: "sip:alice@example.com".into(),
        servers: vec!["wss://edge1.example.com/sip".into(), "wss://edge2.example.com/sip".into()],
        display_name: Some("Alice".into()),
        password: Some("secret".into()),
        register: true,
        ..Account::default()
    }
}

/// Whether a message is a request of this method.
pub(crate) fn is_request(message: &Message<'_>, method: &Method) -> bool {
    message.method().as_ref() == Some(method)
}

/// For messages of assertions.
pub(crate) fn shown(value: &impl Debug) -> String {
    format!("{value:#?}")
}
