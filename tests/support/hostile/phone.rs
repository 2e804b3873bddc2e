//! A phone that a script's server talks to: it remembers little, and counts.

#![allow(dead_code, reason = "some who share it use some of it")]

use std::time::Duration;

use cc_sdk::account::Account;
use cc_sdk::api::{AccountId, Command, Config, Credential, Dial};
use cc_sdk::sip::{Message, Method, Reply, Request, Response};
use cc_sdk::{
    FlowId, Input, LinkEvent, LinkRequest, MediaEvent, MediaReply, MediaRequest, Output, Time,
    UserAgent,
};

const ALICE: AccountId = AccountId(1);

/// A phone whose media always succeeds.
pub(crate) struct Phone {
    pub(crate) agent: UserAgent,
    pub(crate) now: Time,
    pub(crate) flow: FlowId,
    /// The last request of each method.
    said: Vec<(Method, Vec<u8>)>,
    /// Bytes that it sent.
    pub(crate) sent: usize,
    /// Frames that it sent.
    pub(crate) frames: usize,
    /// How often the page was told something.
    pub(crate) told: usize,
    /// INVITEs that began a dialog.
    pub(crate) dialled: usize,
    /// REGISTERs.
    pub(crate) registered: usize,
    /// Connections that it asked for.
    pub(crate) links: usize,
    last_answer: Vec<u8>,
    taken: Option<(String, String)>,
}

impl Phone {
    pub(crate) fn new() -> Self {
        let mut phone = Self {
            agent: UserAgent::new([7; 32]),
            now: Time::from_epoch(Duration::from_secs(1_800_000_000)),
            flow: FlowId(0),
            said: Vec::new(),
            sent: 0,
            frames: 0,
            told: 0,
            dialled: 0,
            registered: 0,
            links: 0,
            last_answer: Vec::new(),
            taken: None,
        };
        let config = Config { rate_calls: 1_000_000, ..Config::default() };
        phone.does(Command::Configure(config));
        phone
    }

    pub(crate) fn registers(&mut self, answered: bool) {
        let account = Account {
            uri: "sip:alice@example.com".into(),
            servers: vec!["wss://edge.example.com/sip".into()],
            password: Some("secret".into()),
            register: true,
            ..Account::default()
        };
        self.does(Command::Register(Credential::Account(Box::new(account))));
        self.gives(Input::Link(self.flow, LinkEvent::Opened));
        if answered {
            let answer = self.answer(&Method::Register, 200, "Expires", "600");
            self.hears(&answer);
        }
    }

    pub(crate) fn calls(&mut self, answered: bool) {
        self.registers(true);
        let call = self.agent.reserve_call();
        let dial = Dial { target: "sip:bob@example.com".into(), ..Dial::default() };
        self.does(Command::Dial(call, dial));
        if answered {
            let answer = self.taken(SDP);
            self.hears(&answer);
        }
    }

    pub(crate) fn does(&mut self, command: Command) {
        // What cannot be used is refused, which is an answer too.
        let _ = self.agent.handle(self.now, Input::Command(ALICE, command));
        self.drain();
    }

    pub(crate) fn gives(&mut self, input: Input<'_>) {
        assert_eq!(self.agent.handle(self.now, input), Ok(()));
        self.drain();
    }

    pub(crate) fn hears(&mut self, frame: &[u8]) {
        self.gives(Input::Frame(self.flow, frame));
    }

    /// Lets time pass at once, as a sleeping tab does.
    pub(crate) fn passes(&mut self, time: Duration) {
        self.now = self.now + time;
        for _ in 0..64 {
            self.gives(Input::Timeout);
            if self.agent.next_timeout().is_none_or(|due| due > self.now) {
                return;
            }
        }
        panic!("a deadline does not fall");
    }

    /// The server's answer to the last request of this method.
    pub(crate) fn answer(&self, method: &Method, status: u16, header: &str, text: &str) -> Vec<u8> {
        let mut response = self.response(method, status);
        if *method == Method::Register && status == 200 && header != "Contact" {
            let request = Message::parse(self.last(method)).expect("it is ours");
            let contact = request.header("Contact").unwrap_or_default().into_owned();
            response.headers.push("Contact", contact);
        }
        response.headers.push(header, text);
        response.to_bytes().expect("it is one line")
    }

    /// A 200 with this session description to the last INVITE.
    pub(crate) fn taken(&mut self, sdp: &str) -> Vec<u8> {
        let mut response = self.response(&Method::Invite, 200);
        response
            .headers
            .push("Contact", "<sip:bob@192.0.2.7>")
            .push("Content-Type", "application/sdp");
        response.body = sdp.into();
        let headers = &response.headers;
        let header = |name| headers.get(name).unwrap_or_default().to_owned();
        self.taken = Some((header("To"), header("From")));
        response.to_bytes().expect("it is one line")
    }

    /// A request of the far side within the call.
    pub(crate) fn within(
        &self,
        method: Method,
        header: &str,
        text: &str,
        kind: &str,
        body: &str,
    ) -> Vec<u8> {
        self.numbered(1, method, header, text, kind, body)
    }

    /// [`within`](Self::within), with this CSeq.
    pub(crate) fn numbered(
        &self,
        number: usize,
        method: Method,
        header: &str,
        text: &str,
        kind: &str,
        body: &str,
    ) -> Vec<u8> {
        let invite = Message::parse(self.last(&Method::Invite)).expect("it is ours");
        let (from, to) = self.taken.clone().expect("the call is up");
        let contact = invite.contacts().expect("it is ours")[0].uri_text().to_owned();
        let mut request = Request::new(method, contact);
        let cseq = format!("{number} {}", request.method.as_str());
        request
            .headers
            .push("Via", format!("SIP/2.0/WSS far.invalid;branch=z9hG4bKfar{number}"))
            .push("Max-Forwards", "70")
            .push("From", from)
            .push("To", to)
            .push("Call-ID", invite.call_id().expect("it is ours"))
            .push("CSeq", cseq)
            .push("Contact", "<sip:bob@192.0.2.7>")
            .push(header, text);
        if !kind.is_empty() {
            request.headers.push("Content-Type", kind);
        }
        request.body = body.into();
        request.to_bytes().expect("it is one line")
    }

    /// The last request of this method.
    pub(crate) fn last(&self, method: &Method) -> &[u8] {
        self.said.iter().find(|said| said.0 == *method).map_or(b"", |said| &said.1)
    }

    pub(crate) fn response(&self, method: &Method, status: u16) -> Response {
        let request = Message::parse(self.last(method)).expect("it was said");
        Reply::of(&request).tag("far").response(status)
    }

    /// The last answer that it gave.
    pub(crate) fn last_answer(&self) -> &[u8] {
        &self.last_answer
    }

    fn remembers(&mut self, frame: Vec<u8>) {
        let Ok(said) = Message::parse(&frame) else { return };
        let Some(method) = said.method() else {
            self.last_answer = frame;
            return;
        };
        let begins = said.to().is_ok_and(|to| to.tag().is_none());
        self.dialled += usize::from(begins && method == Method::Invite);
        self.registered += usize::from(method == Method::Register);
        self.said.retain(|said| said.0 != method);
        self.said.push((method, frame));
    }

    fn drain(&mut self) {
        while let Some(output) = self.agent.poll_output() {
            match output {
                Output::Link(flow, LinkRequest::Open { .. }) => {
                    self.flow = flow;
                    self.links += 1;
                }
                Output::Transmit(_, frame) => {
                    self.sent += frame.len();
                    self.frames += 1;
                    self.remembers(frame);
                }
                Output::Event(..) => self.told += 1,
                Output::Media(peer, ticket, request) => {
                    let now = self.now;
                    let reply = match request {
                        MediaRequest::Close => continue,
                        MediaRequest::Offer { .. } | MediaRequest::Answer { .. } => {
                            MediaReply::Sdp(SDP.to_owned())
                        }
                        _ => MediaReply::Done,
                    };
                    let describes = matches!(reply, MediaReply::Sdp(_));
                    let _ = self.agent.handle(now, Input::Media(peer, ticket, reply));
                    if describes {
                        let line = CANDIDATE.to_owned();
                        for event in [
                            MediaEvent::Candidate { mid: "0".into(), line },
                            MediaEvent::GatheringDone,
                            MediaEvent::Connected,
                        ] {
                            let _ = self.agent.handle(now, Input::MediaEvent(peer, event));
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

const CANDIDATE: &str = "candidate:1 1 udp 2113937151 192.0.2.1 50000 typ host";
pub(crate) const SDP: &str = "v=0\r\no=- 4611 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 111 126\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n\
    a=ice-ufrag:Wx3k\r\na=ice-options:trickle\r\na=fingerprint:sha-256 11:22\r\na=mid:0\r\n\
    a=sendrecv\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:126 telephone-event/8000\r\n";
