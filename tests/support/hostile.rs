//! What a hostile server may say, in any size, to a phone in the state where it is read.

use std::time::Duration;

use cc_sdk::account::Account;
use cc_sdk::api::{AccountId, Command, Config, Credential, Dial};
use cc_sdk::sip::{Message, Method, Reply, Request, Response};
use cc_sdk::{
    FlowId, Input, LinkEvent, LinkRequest, MediaEvent, MediaReply, MediaRequest, Output, Time,
    UserAgent,
};

pub(crate) const ALICE: AccountId = AccountId(1);

/// Which message of which state carries it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// An INVITE outside dialogs, as one value of this header.
    Asked(&'static str),
    /// An INVITE outside dialogs, as lines.
    Lines,
    /// Its Request-URI.
    Uri,
    /// A request in the dialog of a call that is up, as one value of this header.
    InDialog(Method_, &'static str),
    /// The body of such a request, of this type.
    Body(Method_, &'static str),
    /// The answer to a REGISTER, as one value of this header.
    Register(u16, &'static str),
    /// The answer to an INVITE, as one value of this header.
    Invite(u16, &'static str),
    /// A session description in a 200 to an INVITE.
    Answer,
    /// The payload of a token that the page registers with.
    Token,
}

/// Methods that are `Copy`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Method_ {
    Invite,
    Info,
    Notify,
    Refer,
    Update,
    Message,
    Prack,
}

impl Method_ {
    const fn of(self) -> Method {
        match self {
            Self::Invite => Method::Invite,
            Self::Info => Method::Info,
            Self::Notify => Method::Notify,
            Self::Refer => Method::Refer,
            Self::Update => Method::Update,
            Self::Message => Method::Message,
            Self::Prack => Method::Prack,
        }
    }
}

/// A text of any size: a beginning, something again and again, an end.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    head: &'static str,
    unit: &'static str,
    tail: &'static str,
}

const fn shape(
    name: &'static str,
    place: Place,
    head: &'static str,
    unit: &'static str,
    tail: &'static str,
) -> Shape {
    Shape { name, place, head, unit, tail }
}

use Method_::{Info, Invite, Message as Text, Notify, Prack, Refer, Update};
use Place::{Answer, Asked, Body, InDialog, Lines, Register, Token, Uri};

pub(crate) const SHAPES: [Shape; 51] = [
    shape("Vias in one line", Asked("Via"), "", "SIP/2.0/WSS a;branch=z9hG4bK1,", "SIP/2.0/WSS a"),
    shape(
        "Vias in lines",
        Lines,
        "",
        "v: SIP/2.0/WSS a.example.com:5060;rport;branch=z9hG4bK1\r\n",
        "",
    ),
    shape("Via, slashes", Asked("Via"), "SIP", "/", ""),
    shape("Via, parameters", Asked("Via"), "SIP/2.0/WSS a;branch=z9hG4bK1", ";a=b", ""),
    shape("From, open quote", Asked("From"), "\"", "x", ""),
    shape("From, escapes in quotes", Asked("From"), "\"", "\\\"", "\" <sip:a@b>;tag=1"),
    shape("From, quotes after quotes", Asked("From"), "", "\"\" ", "<sip:a@b>;tag=1"),
    shape("From, parameters", Asked("From"), "<sip:a@b>", ";a=\"b\"", ";tag=1"),
    shape("To, spaces in a folded line", Asked("To"), "<sip:alice@example.com>\r\n ;", " ", ";a"),
    shape("Subject, spaces and a fold", Asked("Subject"), "a\r\n b", " ", "c"),
    shape("Subject, folds", Asked("Subject"), "a", "\r\n b", ""),
    shape("Subject, empty folds", Asked("Subject"), "a", "\r\n ", "b"),
    shape("Contact, open brackets", Asked("Contact"), "", "<", ""),
    shape("Contacts", Asked("Contact"), "<sip:a@b>", ",<sip:a@b>;q=0.5", ""),
    shape("Contact, commas", Asked("Contact"), "", ",", "<sip:a@b>"),
    shape("Contact, words before a comma", Asked("Contact"), "", "Doe, ", "Jane <sip:a@b>"),
    shape("Record-Routes", Asked("Record-Route"), "<sip:a;lr>", ",<sip:a;lr>", ""),
    shape("Content-Length", Asked("Content-Length"), "", "9", ""),
    shape("Content-Length, zeros", Asked("Content-Length"), "", "0", ""),
    shape("CSeq, digits", Asked("CSeq"), "", "1", " INVITE"),
    shape("Require", Asked("Require"), "a", ",b", ""),
    shape("Supported", Asked("Supported"), "a", ",b", ""),
    shape("Request-URI, long user", Uri, "sip:", "a", "@example.com"),
    shape("Request-URI, at signs", Uri, "sip:alice", "@", "example.com"),
    shape("Request-URI, parameters", Uri, "sip:alice@example.com", ";a=b", ""),
    shape("Request-URI, escapes", Uri, "sip:", "%61", "@example.com"),
    shape("User-to-User", Asked("User-to-User"), "", "4a", ";encoding=hex"),
    shape("X-CC-Info, escapes", Asked("X-CC-Info"), "", "%41", ""),
    shape("Alert-Info", Asked("Alert-Info"), "<urn:a>", ",<urn:a>;info=b", ""),
    shape("P-Asserted-Identity", Asked("P-Asserted-Identity"), "<sip:a@b>", ",<sip:a@b>", ""),
    shape(
        "History-Info",
        Asked("History-Info"),
        "<sip:a@b>;index=1",
        ",<sip:a@b?Reason=SIP>;index=1.1",
        "",
    ),
    shape("Replaces", Asked("Replaces"), "x;to-tag=a;from-tag=b", ";a=b", ""),
    shape("Reason", InDialog(Info, "Reason"), "SIP", ",SIP;cause=200;text=\"a\"", ""),
    shape("Refer-To, escapes", InDialog(Refer, "Refer-To"), "<sip:a@b?Replaces=", "%3B", ">"),
    shape("Refer-To, headers", InDialog(Refer, "Refer-To"), "<sip:a@b?a=b", "&a=b", ">"),
    shape("RAck", InDialog(Prack, "RAck"), "", "1 ", "INVITE"),
    shape("Session-Expires", InDialog(Update, "Session-Expires"), "90", ";a=b", ";refresher=uac"),
    shape("Subscription-State", InDialog(Notify, "Subscription-State"), "active", ";a=b", ""),
    shape(
        "offer, lines",
        Body(Invite, "application/sdp"),
        "v=0\r\nm=audio 9 X 1\r\n",
        "a=b\r\n",
        "",
    ),
    shape("offer, sections", Body(Invite, "application/sdp"), "v=0\r\n", "m=audio 0 X 1\r\n", ""),
    shape(
        "offer, payloads and codecs",
        Body(Invite, "application/sdp"),
        "v=0\r\nm=audio 9 X",
        " 1",
        CODECS,
    ),
    shape("message", Body(Text, "text/plain"), "", "\u{fc}", ""),
    shape("digit", Body(Info, "application/dtmf-relay"), "", "Signal\r\n", "Signal=5\r\n"),
    shape(
        "answer, candidates",
        Answer,
        "v=0\r\nm=audio 9 X 1\r\n",
        "a=candidate:1 1 udp 1 192.0.2.7 9 typ host\r\n",
        "",
    ),
    shape(
        "answer, fingerprints",
        Answer,
        "v=0\r\nm=audio 9 X 1\r\na=fingerprint:sha-256",
        " AA",
        "\r\n",
    ),
    shape(
        "challenges to REGISTER",
        Register(401, "WWW-Authenticate"),
        "Digest realm=\"0\",nonce=\"1\"",
        ", Digest realm=\"{}\",nonce=\"1\"",
        "",
    ),
    shape(
        "challenge, parameters",
        Register(401, "WWW-Authenticate"),
        "Digest realm=\"r\"",
        ",a=b",
        ",nonce=\"1\"",
    ),
    shape("Service-Routes", Register(200, "Service-Route"), "<sip:a;lr>", ",<sip:a;lr>", ""),
    shape(
        "Contacts of REGISTER",
        Register(200, "Contact"),
        "<sip:a@b>",
        ",<sip:a@b>;expires=60",
        "",
    ),
    shape(
        "redirection targets",
        Place::Invite(302, "Contact"),
        "<sip:a@b>",
        ",<sip:{}@example.com>;q=0.5",
        "",
    ),
    shape(
        "token",
        Token,
        "{\"sip\":{\"uri\":\"sip:a@b\",\"servers\":[\"wss://a\"",
        ",\"wss://a\"",
        "]}}",
    ),
];

/// As many as a body of a quarter of a megabyte holds beside as many payloads.
const CODECS: &str = "\r\n";

impl Shape {
    /// About so many bytes of it. `{}` in what is repeated becomes a number that counts.
    pub(crate) fn text(&self, bytes: usize) -> String {
        let times = bytes.saturating_sub(self.head.len() + self.tail.len()) / self.unit.len();
        let mut text = self.head.to_owned();
        for n in 0..times {
            if self.unit.contains("{}") {
                text.push_str(&self.unit.replace("{}", &n.to_string()));
            } else {
                text.push_str(self.unit);
            }
        }
        if self.tail == CODECS {
            text.push_str(CODECS);
            text.push_str(&"a=rtpmap:2 telephone-event/1\r\n".repeat(times / 15));
        }
        text + self.tail
    }

    /// Whether it stands in the head of a message, which may be 64 KB long, or in its body.
    pub(crate) const fn is_head(&self) -> bool {
        !matches!(self.place, Place::Body(..) | Place::Answer | Place::Token)
    }

    /// A phone in the state where it is read, and the input that holds it.
    pub(crate) fn case(&self, bytes: usize) -> (Phone, Vec<u8>) {
        let text = self.text(bytes);
        let mut phone = Phone::new();
        let frame = match self.place {
            Place::Token => return (phone, text.into_bytes()),
            Place::Register(status, header) => {
                phone.registers(false);
                phone.answer(&Method::Register, status, header, &text)
            }
            Place::Asked(header) => {
                phone.registers(true);
                asking("sip:alice@example.com", &format!("{header}: {text}\r\n"), header)
            }
            Place::Lines => {
                phone.registers(true);
                asking("sip:alice@example.com", &text, "")
            }
            Place::Uri => {
                phone.registers(true);
                asking(&text, "", "")
            }
            Place::Invite(status, header) => {
                phone.calls(false);
                phone.answer(&Method::Invite, status, header, &text)
            }
            Place::Answer => {
                phone.calls(false);
                phone.taken(&text)
            }
            Place::InDialog(method, header) => {
                phone.calls(true);
                phone.within(method.of(), header, &text, "", "")
            }
            Place::Body(method, kind) => {
                phone.calls(true);
                phone.within(method.of(), "Subject", "x", kind, &text)
            }
        };
        (phone, frame)
    }
}

/// An INVITE with these lines; `instead` names the header that they replace.
fn asking(uri: &str, lines: &str, instead: &str) -> Vec<u8> {
    let mut head = format!("INVITE {uri} SIP/2.0\r\n");
    for (name, value) in [
        ("Via", "SIP/2.0/WSS far.invalid;branch=z9hG4bKfar"),
        ("Max-Forwards", "70"),
        ("From", "<sip:bob@example.com>;tag=far"),
        ("To", "<sip:alice@example.com>"),
        ("Call-ID", "far"),
        ("CSeq", "1 INVITE"),
        ("Contact", "<sip:bob@192.0.2.7>"),
    ] {
        if name != instead {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    (head + lines + "\r\n").into_bytes()
}

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

    /// What `case` gave arrives.
    pub(crate) fn takes(&mut self, shape: &Shape, input: &[u8]) {
        if matches!(shape.place, Place::Token) {
            let payload = base64(input);
            self.does(Command::Register(Credential::Token(format!("e30.{payload}.e30"))));
        } else {
            self.hears(input);
        }
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

    fn drain(&mut self) {
        while let Some(output) = self.agent.poll_output() {
            match output {
                Output::Link(flow, LinkRequest::Open { .. }) => self.flow = flow,
                Output::Transmit(_, frame) => {
                    self.sent += frame.len();
                    self.frames += 1;
                    if let Some(method) = Message::parse(&frame).ok().and_then(|said| said.method())
                    {
                        self.said.retain(|said| said.0 != method);
                        self.said.push((method, frame));
                    }
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

/// Base64url without padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        for at in 0..=chunk.len() {
            text.push(char::from(DIGITS[(bits >> (18 - 6 * at) & 63) as usize]));
        }
    }
    text
}

const CANDIDATE: &str = "candidate:1 1 udp 2113937151 192.0.2.1 50000 typ host";
pub(crate) const SDP: &str = "v=0\r\no=- 4611 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 111 126\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n\
    a=ice-ufrag:Wx3k\r\na=ice-options:trickle\r\na=fingerprint:sha-256 11:22\r\na=mid:0\r\n\
    a=sendrecv\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:126 telephone-event/8000\r\n";
