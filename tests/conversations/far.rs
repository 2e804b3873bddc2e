//! The far side and the server, as text: what they say is built from what the phone said.

#![allow(dead_code, reason = "verbs that only the conversations to come will use")]

use std::fmt;

use cc_sdk::sip::{Message, Method, Reply, Request, Response};

/// A message as text.
#[derive(Clone, Default)]
pub(crate) struct Wire(pub(crate) Vec<u8>);

impl Wire {
    /// The message, parsed.
    #[track_caller]
    pub(crate) fn message(&self) -> Message<'_> {
        Message::parse(&self.0).expect("the message can be read")
    }

    /// The first header of this name; panics without one.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> String {
        self.find(name).unwrap_or_else(|| panic!("no {name} in:\n{self}"))
    }

    /// The first header of this name.
    #[track_caller]
    pub(crate) fn find(&self, name: &str) -> Option<String> {
        self.message().header(name).map(std::borrow::Cow::into_owned)
    }

    /// The body as text.
    #[track_caller]
    pub(crate) fn body(&self) -> String {
        String::from_utf8(self.message().body().to_vec()).expect("the body is text")
    }

    /// What the message is, in as many words as `asked` has: `INVITE`, `180`, `200 BYE`.
    pub(crate) fn what(&self, asked: &str) -> String {
        if self.0 == b"\r\n\r\n" {
            return "keep-alive".to_owned();
        }
        let Ok(message) = Message::parse(&self.0) else { return self.to_string() };
        match (message.method(), message.status()) {
            (Some(method), _) => method.as_str().to_owned(),
            (None, Some(status)) if asked.contains(' ') => {
                let method = message.cseq().map(|cseq| cseq.method.as_str().to_owned());
                format!("{status} {}", method.unwrap_or_default())
            }
            (None, status) => status.unwrap_or_default().to_string(),
        }
    }

    /// A response of the far side to this request, to be added to.
    #[track_caller]
    pub(crate) fn response(&self, status: u16) -> Response {
        let message = self.message();
        let mut response = Reply::of(&message).tag("far").response(status);
        match message.method() {
            Some(Method::Register) if status == 200 => {
                let contact = self.header("Contact");
                // The phone's own expires parameter gives way to the registrar's.
                let contact = contact.split(";expires=").next().unwrap_or_default();
                if self.find("Expires").as_deref() != Some("0") {
                    response.headers.push("Contact", format!("{contact};expires=600"));
                }
            }
            Some(Method::Invite) if (101..300).contains(&status) => {
                response.headers.push("Contact", "<sip:bob@192.0.2.7:5060>");
            }
            _ => {}
        }
        response
    }

    /// [`response`](Self::response), printed.
    #[track_caller]
    pub(crate) fn answer(&self, status: u16) -> Self {
        Self::of(&self.response(status))
    }

    /// A response with an SDP body.
    #[track_caller]
    pub(crate) fn answer_with_sdp(&self, status: u16, sdp: &str) -> Self {
        let mut response = self.response(status);
        response.headers.push("Content-Type", "application/sdp");
        response.body = sdp.into();
        Self::of(&response)
    }

    /// A response, printed.
    #[track_caller]
    pub(crate) fn of(response: &Response) -> Self {
        Self(response.to_bytes().expect("the script's response can be printed"))
    }
}

impl From<Vec<u8>> for Wire {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl AsRef<[u8]> for Wire {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

/// The far side of one dialog: says requests, and learns the phone's tag and Contact.
#[derive(Clone)]
pub(crate) struct Far {
    pub(crate) call_id: String,
    /// From, with the far side's tag.
    pub(crate) local: String,
    /// To, with the phone's tag once it is known.
    pub(crate) remote: String,
    /// Where requests go: the phone's Contact, once it is known.
    pub(crate) target: String,
    pub(crate) cseq: u32,
    /// Counts branches, so that every request has its own.
    branches: u32,
    /// Names this far side's branches.
    name: &'static str,
}

impl Far {
    /// Bob, about to call.
    pub(crate) fn calling(aor: &str) -> Self {
        Self {
            call_id: "bobs-call@192.0.2.7".into(),
            local: "\"Bob\" <sip:bob@example.com>;tag=bob".into(),
            remote: format!("<{aor}>"),
            target: aor.into(),
            cseq: 100,
            branches: 0,
            name: "bob",
        }
    }

    /// Another caller with a Call-ID and tag of its own.
    pub(crate) fn carol(aor: &str) -> Self {
        Self {
            call_id: "carols-call@192.0.2.8".into(),
            local: "<sip:carol@example.com>;tag=carol".into(),
            name: "carol",
            ..Self::calling(aor)
        }
    }

    /// The far side that was called by this INVITE.
    #[track_caller]
    pub(crate) fn called(invite: &Wire) -> Self {
        Self {
            call_id: invite.header("Call-ID"),
            local: format!("{};tag=far", invite.header("To")),
            remote: invite.header("From"),
            target: contact_uri(invite),
            ..Self::calling("sip:alice@example.com")
        }
    }

    /// A request, to be added to. ACK and CANCEL take the number of the INVITE before them.
    pub(crate) fn build(&mut self, method: Method) -> Request {
        match method {
            Method::Ack | Method::Cancel => {}
            _ => self.cseq += 1,
        }
        if method != Method::Cancel {
            self.branches += 1;
        }
        let branch = format!("z9hG4bK{}{}", self.name, self.branches);
        let mut request = Request::new(method, self.target.as_str());
        let cseq = format!("{} {}", self.cseq, request.method);
        request
            .headers
            .push("Via", format!("SIP/2.0/WSS proxy.example.com;branch={branch}"))
            .push("Max-Forwards", "69")
            .push("From", self.local.as_str())
            .push("To", self.remote.as_str())
            .push("Call-ID", self.call_id.as_str())
            .push("CSeq", cseq);
        if matches!(request.method, Method::Invite | Method::Update) {
            request.headers.push("Contact", "<sip:bob@192.0.2.7:5060>");
        }
        request
    }

    /// A request without a body.
    #[track_caller]
    pub(crate) fn request(&mut self, method: Method) -> Wire {
        print(&self.build(method))
    }

    /// A request with a body.
    #[track_caller]
    pub(crate) fn request_with(&mut self, method: Method, content_type: &str, body: &str) -> Wire {
        let mut request = self.build(method);
        request.headers.push("Content-Type", content_type);
        request.body = body.into();
        print(&request)
    }

    /// An INVITE with an offer.
    #[track_caller]
    pub(crate) fn invite(&mut self, sdp: &str) -> Wire {
        self.request_with(Method::Invite, "application/sdp", sdp)
    }

    /// The ACK of a refusal, which is part of the INVITE's transaction.
    #[track_caller]
    pub(crate) fn ack_of_refusal(&mut self) -> Wire {
        self.branches -= 1;
        self.request(Method::Ack)
    }

    /// Takes the phone's tag and Contact from its answer to an INVITE.
    #[track_caller]
    pub(crate) fn learns(&mut self, answer: &Wire) -> &mut Self {
        self.remote = answer.header("To");
        if answer.find("Contact").is_some() {
            self.target = contact_uri(answer);
        }
        self
    }
}

/// A request, printed.
#[track_caller]
pub(crate) fn print(request: &Request) -> Wire {
    Wire(request.to_bytes().expect("the script's request can be printed"))
}

#[track_caller]
pub(crate) fn contact_uri(message: &Wire) -> String {
    let message = message.message();
    let contacts = message.contacts().expect("Contact can be read");
    contacts.first().expect("there is a Contact").uri_text().to_owned()
}
