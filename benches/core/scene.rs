//! A phone without a registration, a far side made of text, and peers that succeed at once:
//! what benches and counts of work are made on.
//!
//! Whoever includes this file has `UserAgent` and all that belongs to it in scope.

use std::time::Duration;

use super::{
    Account, AccountId, CallId, CallState, Command, Config, Credential, Dial, FlowId, Input,
    LinkEvent, LinkRequest, MediaEvent, MediaReply, MediaRequest, Message, Output, Reply, Time,
    UaEvent, UserAgent,
};

const ALICE: AccountId = AccountId(1);

/// A phone that may have any number of calls.
pub(crate) struct Scene {
    agent: UserAgent,
    now: Time,
    flow: FlowId,
    /// The call that rings.
    rings: Option<CallId>,
    /// The phone's tag in each of the calls that it took.
    tags: Vec<String>,
    #[allow(dead_code, reason = "not everyone who includes this has use for it")]
    cseq: u32,
    /// What the phone said last.
    said: Vec<u8>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let mut scene = Self {
            agent: UserAgent::new([7; 32]),
            now: Time::from_epoch(Duration::from_secs(1_800_000_000)),
            flow: FlowId(0),
            rings: None,
            tags: Vec::new(),
            cseq: 1,
            said: Vec::new(),
        };
        let (calls_at_once, rate_calls) = (u32::MAX, u32::MAX);
        let config = Config {
            calls_at_once,
            rate_calls,
            rate_seconds: 1,
            wrap_up: false,
            ..Config::default()
        };
        scene.does(Command::Configure(config));
        let account = Account {
            uri: "sip:alice@example.com".into(),
            servers: vec!["wss://edge.example.com/sip".into()],
            register: false,
            ..Account::default()
        };
        scene.does(Command::Register(Credential::Account(Box::new(account))));
        scene
    }

    /// A phone with so many calls up.
    #[allow(dead_code, reason = "not everyone who includes this has use for it")]
    pub(crate) fn with_calls(calls: u32) -> Self {
        let mut scene = Self::new();
        for number in 0..calls {
            scene.takes_call(number);
        }
        scene
    }

    /// Bob calls for the `number`th time, and the page answers at once.
    pub(crate) fn takes_call(&mut self, number: u32) {
        self.hears(&request("INVITE", number, 1, "", SDP));
        let call = self.rings.take().expect("the page is told of the call");
        self.does(Command::Answer(call));
        let tag = tag_of(&self.said());
        self.hears(&request("ACK", number, 1, &tag, ""));
        self.tags.push(tag);
    }

    /// The whole of a call that Bob begins and ends.
    pub(crate) fn is_called(&mut self, number: u32) {
        self.takes_call(number);
        let tag = self.tags.pop().unwrap_or_default();
        self.hears(&request("BYE", number, 2, &tag, ""));
        assert!(self.said().starts_with(b"SIP/2.0 200"));
    }

    /// The page calls Bob, who answers; then it hangs up.
    pub(crate) fn calls(&mut self) {
        let call = self.agent.reserve_call();
        let dial = Dial { target: "sip:bob@example.com".into(), ..Dial::default() };
        self.does(Command::Dial(call, dial));
        let invite = self.said();
        self.hears(&answer(&invite, 180, ""));
        self.hears(&answer(&invite, 200, SDP));
        self.does(Command::Hangup(call));
        let bye = self.said();
        assert!(bye.starts_with(b"BYE "));
        self.hears(&answer(&bye, 200, ""));
    }

    /// A request and its answer within the `number`th of the calls that are up.
    #[allow(dead_code, reason = "not everyone who includes this has use for it")]
    pub(crate) fn asks_within(&mut self, number: u32) {
        self.cseq += 1;
        let tag = &self.tags[number as usize];
        let options = request("OPTIONS", number, self.cseq, tag, "");
        self.hears(&options);
        assert!(self.said().starts_with(b"SIP/2.0 200"));
    }

    /// Something arrives.
    pub(crate) fn hears(&mut self, frame: &[u8]) {
        self.gives(Input::Frame(self.flow, frame));
    }

    /// Time passes.
    #[allow(dead_code, reason = "who counts lets it pass, who measures time does not")]
    pub(crate) fn passes(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.agent.next_timeout().filter(|due| *due <= end) {
            self.now = due;
            self.gives(Input::Timeout);
        }
        self.now = end;
    }

    fn said(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.said)
    }

    fn does(&mut self, command: Command) {
        self.gives(Input::Command(ALICE, command));
    }

    fn gives(&mut self, input: Input<'_>) {
        self.agent.handle(self.now, input).expect("the phone takes what the scene gives");
        while let Some(output) = self.agent.poll_output() {
            self.plays(output);
        }
    }

    fn plays(&mut self, output: Output) {
        match output {
            Output::Link(flow, LinkRequest::Open { .. }) => {
                self.flow = flow;
                self.gives(Input::Link(flow, LinkEvent::Opened));
            }
            Output::Transmit(_, bytes) => self.said = bytes,
            Output::Media(peer, ticket, request) => match request {
                MediaRequest::Close => {}
                MediaRequest::Offer { .. } | MediaRequest::Answer { .. } => {
                    self.gives(Input::Media(peer, ticket, MediaReply::Sdp(SDP.into())));
                    self.gives(Input::MediaEvent(peer, MediaEvent::GatheringDone));
                }
                _ => self.gives(Input::Media(peer, ticket, MediaReply::Done)),
            },
            Output::Event(_, UaEvent::CallState { call, state: CallState::Incoming, .. }) => {
                self.rings = Some(CallId(call));
            }
            _ => {}
        }
    }
}

/// A request of Bob's in his `number`th call; its To has `tag`, if there is one.
pub(crate) fn request(method: &str, number: u32, cseq: u32, tag: &str, sdp: &str) -> Vec<u8> {
    let tag = if tag.is_empty() { String::new() } else { format!(";tag={tag}") };
    let about = if sdp.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!(
        "{method} sip:alice@edge.example.com;transport=ws SIP/2.0\r\n\
         Via: SIP/2.0/WSS edge.example.com;branch=z9hG4bKedge{number}x{cseq}{method}\r\n\
         Via: SIP/2.0/UDP 192.0.2.7:5060;received=192.0.2.7;branch=z9hG4bKbob{number}x{cseq}{method}\r\n\
         Record-Route: <sip:edge.example.com;transport=ws;lr>\r\n\
         Max-Forwards: 69\r\n\
         From: \"Bob\" <sip:bob@example.com>;tag=bob{number}\r\n\
         To: <sip:alice@example.com>{tag}\r\n\
         Call-ID: {number}-843817637684230@192.0.2.7\r\n\
         CSeq: {cseq} {method}\r\n\
         Contact: <sip:bob@192.0.2.7:5060>\r\n\
         Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY\r\n\
         Supported: replaces, timer, outbound\r\n\
         User-Agent: Bench 1.0\r\n\
         {about}Content-Length: {}\r\n\r\n{sdp}",
        sdp.len()
    )
    .into_bytes()
}

/// Bob's answer to a request of the phone.
fn answer(request: &[u8], status: u16, sdp: &str) -> Vec<u8> {
    let message = Message::parse(request).expect("what the phone says can be read");
    let mut response = Reply::of(&message).tag("bob").response(status);
    response.headers.push("Contact", "<sip:bob@192.0.2.7:5060>");
    if !sdp.is_empty() {
        response.headers.push("Content-Type", "application/sdp");
        response.body = sdp.into();
    }
    response.to_bytes().expect("the answer can be printed")
}

fn tag_of(response: &[u8]) -> String {
    let message = Message::parse(response).expect("what the phone says can be read");
    assert_eq!(message.status(), Some(200));
    let to = message.to().expect("a response has To");
    to.tag().expect("a 200 has a tag").into_owned()
}

/// What a browser offers for a call with sound.
pub(crate) const SDP: &str = "v=0\r\n\
o=- 4611731400430051336 2 IN IP4 127.0.0.1\r\n\
s=-\r\n\
t=0 0\r\n\
a=group:BUNDLE 0\r\n\
a=msid-semantic: WMS 8f2c1c5e-0a1b-4c6e-9f3e-5f0c9a2b7d11\r\n\
m=audio 50000 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r\n\
c=IN IP4 192.0.2.1\r\n\
a=rtcp:9 IN IP4 0.0.0.0\r\n\
a=candidate:1 1 udp 2113937151 192.0.2.1 50000 typ host generation 0\r\n\
a=ice-ufrag:Wx3k\r\n\
a=ice-pwd:ulPPt5gvbfLuWx3kulPPt5gv\r\n\
a=fingerprint:sha-256 11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00\r\n\
a=setup:actpass\r\n\
a=mid:0\r\n\
a=sendrecv\r\n\
a=rtcp-mux\r\n\
a=rtpmap:111 opus/48000/2\r\n\
a=fmtp:111 minptime=10;useinbandfec=1\r\n\
a=rtpmap:63 red/48000/2\r\n\
a=rtpmap:9 G722/8000\r\n\
a=rtpmap:0 PCMU/8000\r\n\
a=rtpmap:8 PCMA/8000\r\n\
a=rtpmap:13 CN/8000\r\n\
a=rtpmap:110 telephone-event/48000\r\n\
a=rtpmap:126 telephone-event/8000\r\n\
a=ssrc:1001732891 cname:4TOk42mSjXCkVIa6\r\n";
