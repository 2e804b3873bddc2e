//! What the server and far sides say, built from what the phone said.

use cc_sdk::sip::{Headers, Message, Method, Reply, Request, Response};

use super::words::{BODIES, HEADERS, STATUSES, method};
use super::{Choices, World, remember};

/// A message of the phone, as far as others build on it.
pub(super) struct Heard {
    frame: Vec<u8>,
    pub(super) method: Method,
    pub(super) is_request: bool,
    pub(super) is_in_dialog: bool,
    pub(super) call_id: String,
    from: String,
    to: String,
    contact: Option<String>,
}

impl Heard {
    pub(super) fn of(frame: &[u8]) -> Option<Self> {
        let message = Message::parse(frame).ok().filter(|message| message.check().is_ok())?;
        let contacts = message.contacts().unwrap_or_default();
        let cseq = message.cseq().ok()?;
        Some(Self {
            frame: frame.to_vec(),
            method: cseq.method,
            is_request: message.is_request(),
            is_in_dialog: message.to().ok()?.tag().is_some(),
            call_id: message.call_id().ok()?.into_owned(),
            from: message.from().ok()?.as_str().to_owned(),
            to: message.to().ok()?.as_str().to_owned(),
            contact: contacts.first().map(|contact| contact.uri_text().to_owned()),
        })
    }
}

/// The far side of a dialog.
pub(super) struct Far {
    call_id: String,
    /// Whole values of From and To in its requests.
    local: String,
    remote: String,
    target: String,
    number: u32,
}

impl World {
    /// The server answers a request of the phone, as it likes.
    pub(super) fn server_answers(&mut self, choices: &mut Choices<'_>) {
        let Some(heard) = choices.latest(&self.requests) else { return };
        let status = *choices.of(&STATUSES).unwrap_or(&200);
        let fork = choices.byte() % 4;
        let Ok(request) = Message::parse(&heard.frame) else { return };
        let mut response = Reply::of(&request).tag(&tag(fork)).response(status);
        if heard.method == Method::Register && status / 100 == 2 {
            let contact = request.header("Contact").unwrap_or_default();
            let contact = contact.split(";expires=").next().unwrap_or_default().to_owned();
            response.headers.push("Contact", contact + ";expires=600");
        }
        if heard.method == Method::Invite && (101..300).contains(&status) {
            response.headers.push("Contact", "<sip:bob@192.0.2.7:5060>");
            let remote = heard.from.clone();
            let local = response.headers.get("To").unwrap_or_default().to_owned();
            let target = heard.contact.clone().unwrap_or_default();
            let call_id = heard.call_id.clone();
            remember(&mut self.far, Far { call_id, local, remote, target, number: 0 });
        }
        let body = self.dress(&mut response.headers, choices);
        response.body = body;
        self.hears_response(&response);
    }

    /// A 200 with a description to all that is open.
    pub(super) fn takes_all(&mut self) {
        let open: Vec<_> = self.requests.drain(..).collect();
        for heard in &open {
            let Ok(request) = Message::parse(&heard.frame) else { continue };
            let mut response = Reply::of(&request).tag(&tag(0)).response(200);
            match heard.method {
                Method::Ack => continue,
                Method::Register => {
                    let contact = request.header("Contact").unwrap_or_default();
                    let contact = contact.split(";expires=").next().unwrap_or_default();
                    response.headers.push("Contact", contact.to_owned() + ";expires=600");
                }
                Method::Invite => {
                    response.headers.push("Contact", "<sip:bob@192.0.2.7:5060>");
                    response.headers.push("Content-Type", "application/sdp");
                    response.body = BODIES[1].1.into();
                    let local = response.headers.get("To").unwrap_or_default().to_owned();
                    let target = heard.contact.clone().unwrap_or_default();
                    let (call_id, remote) = (heard.call_id.clone(), heard.from.clone());
                    remember(&mut self.far, Far { call_id, local, remote, target, number: 0 });
                }
                _ => {}
            }
            self.hears_response(&response);
        }
    }

    fn hears_response(&mut self, response: &Response) {
        if let Ok(frame) = response.to_bytes() {
            self.hears(frame);
        }
    }

    /// A far side asks for something, within a dialog or without one.
    pub(super) fn far_asks(&mut self, choices: &mut Choices<'_>) {
        let how = choices.byte();
        self.learn();
        if self.far.is_empty() || how % 8 == 7 {
            self.counter += 1;
            let number = self.counter;
            let far = Far {
                call_id: format!("call-{number}"),
                local: format!("<sip:bob@example.com>;tag=f{number}"),
                remote: "<sip:alice@example.com>".into(),
                target: "sip:alice@example.com".into(),
                number: 0,
            };
            remember(&mut self.far, far);
        }
        let last = self.far.len() - 1;
        let far = &mut self.far[last - choices.byte() % (last + 1)];
        let method = method(choices.byte());
        let step = choices.byte();
        // An ACK and a CANCEL have the number and the branch of what they are about.
        let repeats = matches!(method, Method::Ack | Method::Cancel) ^ (step % 16 == 15);
        far.number = far
            .number
            .wrapping_add(u32::from(!repeats))
            .wrapping_add(if step % 16 == 14 { 0x7fff_ffff } else { 0 });
        let branch = format!("z9hG4bK{}{}", far.call_id, far.number);
        let mut request = Request::new(method, far.target.as_str());
        let cseq = format!("{} {}", far.number, request.method.as_str());
        request
            .headers
            .push("Via", format!("SIP/2.0/WSS far.invalid;branch={branch}"))
            .push("Max-Forwards", "70")
            .push("From", far.local.as_str())
            .push("To", far.remote.as_str())
            .push("Call-ID", far.call_id.as_str())
            .push("CSeq", cseq)
            .push("Contact", "<sip:bob@192.0.2.7:5060>");
        if request.method == Method::Refer && step.is_multiple_of(2) {
            request.headers.push("Refer-To", "<sip:carol@example.com>");
        }
        let body = self.dress(&mut request.headers, choices);
        request.body = body;
        if let Ok(frame) = request.to_bytes() {
            self.hears(frame);
        }
    }

    /// Far sides learn the phone's tag and Contact from what it answered.
    fn learn(&mut self) {
        for far in &mut self.far {
            let (call_id, local) = (&far.call_id, &far.local);
            let fits = |answer: &&Heard| answer.call_id == *call_id && answer.from == *local;
            if let Some(answer) = self.answers.iter().rev().find(fits) {
                far.remote.clone_from(&answer.to);
                if let Some(target) = &answer.contact {
                    far.target.clone_from(target);
                }
            }
        }
    }

    /// Adds headers, and gives a body.
    fn dress(&self, headers: &mut Headers, choices: &mut Choices<'_>) -> Vec<u8> {
        let how = choices.byte();
        for _ in 0..how % 4 {
            let Some((name, value)) = choices.of(&HEADERS) else { continue };
            let value = self.fill(value, choices);
            if how & 64 == 64 {
                headers.set(name, value)
            } else {
                headers.push(name, value)
            };
        }
        if how & 128 == 128 {
            let name = if how & 32 == 32 { "X-Any" } else { "Contact" };
            headers.push(name, String::from_utf8_lossy(choices.bytes()).into_owned());
        }
        if how & 4 == 0 {
            return Vec::new();
        }
        let (kind, body) = *choices.of(&BODIES).unwrap_or(&BODIES[0]);
        headers.push("Content-Type", kind);
        if how & 0x18 == 0x18 { choices.bytes().to_vec() } else { body.into() }
    }

    fn fill(&self, value: &str, choices: &mut Choices<'_>) -> String {
        if !value.contains('$') {
            return value.to_owned();
        }
        let number = choices.byte().to_string();
        let (mut id, mut ours, mut theirs) = ("none".to_owned(), "a".to_owned(), "b".to_owned());
        if let Some(far) = choices.latest(&self.far) {
            id.clone_from(&far.call_id);
            ours = tag_of(&far.remote);
            theirs = tag_of(&far.local);
        }
        let named = value.replace("$id", &id).replace("$n", &number);
        named.replace("$ours", &ours).replace("$theirs", &theirs)
    }
}

fn tag(fork: usize) -> String {
    format!("fork{fork}")
}

fn tag_of(value: &str) -> String {
    value.split(";tag=").nth(1).unwrap_or_default().to_owned()
}
