//! What a hostile server may say, in any size, to a phone in the state where it is read.

mod phone;

use cc_sdk::api::{Command, Credential};
use cc_sdk::sip::Method;
pub(crate) use phone::Phone;

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
    /// A NOTIFY that nobody asked for, of this type.
    Event(&'static str),
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
use Place::{Answer, Asked, Body, Event, InDialog, Lines, Register, Token, Uri};

pub(crate) const SHAPES: [Shape; 58] = [
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
        "busy lamps",
        Event(DIALOGS),
        "<dialog-info entity=\"a\">",
        "<dialog id=\"1\"><state>early</state></dialog>",
        "</dialog-info>",
    ),
    shape("busy lamps, attributes", Event(DIALOGS), "<dialog-info", " a=\"b\"", "/>"),
    shape("busy lamps, entities", Event(DIALOGS), "<dialog-info>", "&amp;", "</dialog-info>"),
    shape("busy lamps, comments", Event(DIALOGS), "<dialog-info>", "<!---->", "</dialog-info>"),
    shape("busy lamps, open elements", Event(DIALOGS), "", "<a>", ""),
    shape(
        "presence",
        Event("application/pidf+xml"),
        "<presence>",
        "<tuple><note>x</note></tuple>",
        "</presence>",
    ),
    shape(
        "waiting messages",
        Event("application/simple-message-summary"),
        "Messages-Waiting: yes\r\n",
        "Voice-Message: 1/2\r\n",
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

const DIALOGS: &str = "application/dialog-info+xml";
/// As many as a body of a quarter of a megabyte holds beside as many payloads.
const CODECS: &str = "\r\n";

impl Shape {
    /// About so many bytes of it. `{}` in what is repeated becomes a number that counts.
    pub(crate) fn text(&self, bytes: usize) -> String {
        let bytes = if self.tail == CODECS { bytes / 2 } else { bytes };
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
            text.push_str(&"a=rtpmap:2 telephone-event/1\r\n".repeat(bytes / 31));
        }
        text + self.tail
    }

    /// About as many bytes of it as are let in: the head of a message and the bodies of most are
    /// read up to 64 KB, the answer to an INVITE up to 256 KB.
    pub(crate) const fn longest(&self) -> usize {
        if matches!(self.place, Place::Answer | Place::Token) { 250_000 } else { 60_000 }
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
            Place::Event(kind) => {
                phone.registers(true);
                let lines =
                    format!("Event: x\r\nSubscription-State: active\r\nContent-Type: {kind}\r\n");
                let mut frame = asking("sip:alice@example.com", &lines, "");
                for at in 0..frame.len() - 6 {
                    if &frame[at..at + 6] == b"INVITE" {
                        frame[at..at + 6].copy_from_slice(b"NOTIFY");
                    }
                }
                frame.extend_from_slice(text.as_bytes());
                frame
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
            head.extend([name, ": ", value, "\r\n"]);
        }
    }
    (head + lines + "\r\n").into_bytes()
}

impl Phone {
    /// What [`case`](Shape::case) gave arrives.
    pub(crate) fn takes(&mut self, shape: &Shape, input: &[u8]) {
        if matches!(shape.place, Place::Token) {
            let payload = base64(input);
            let token = format!("e30.{payload}.e30");
            self.does(Command::Register(Credential::Token(token)));
        } else {
            self.hears(input);
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
