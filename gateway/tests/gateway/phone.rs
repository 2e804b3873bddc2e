//! A scripted phone: writes what a page's phone would, and reads what it is sent.

use cc_sdk::sip::{Message, Method};

/// Somebody with a phone.
#[derive(Clone, Debug)]
pub(crate) struct Phone {
    pub(crate) seat: String,
    /// The host of its Contact and Via.
    pub(crate) host: String,
    cseq: u32,
}

/// A message as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heard(pub(crate) String);

impl Phone {
    /// A phone of this seat; `host` tells two of its phones apart.
    pub(crate) fn new(seat: &str, host: &str) -> Self {
        Self { seat: seat.to_owned(), host: format!("{host}.invalid"), cseq: 0 }
    }

    pub(crate) fn contact(&self) -> String {
        format!("sip:{}@{};transport=ws", self.seat, self.host)
    }

    /// REGISTER with a whole `Authorization` header line, or none, and further lines.
    pub(crate) fn register(&mut self, lines: &str) -> String {
        let contact = format!("Contact: <{}>", self.contact());
        self.register_as(&format!("{contact}\n{lines}"))
    }

    /// REGISTER with a Contact of the script's own.
    pub(crate) fn register_as(&mut self, lines: &str) -> String {
        self.cseq += 1;
        let (seat, cseq) = (&self.seat, self.cseq);
        let via = self.via(cseq, "r");
        request(
            &format!(
                "REGISTER sip:localhost SIP/2.0\n{via}\nMax-Forwards: 70\n\
             From: <sip:{seat}@localhost>;tag=r{seat}\nTo: <sip:{seat}@localhost>\n\
             Call-ID: register-{}\nCSeq: {cseq} REGISTER\n{lines}",
                self.host
            ),
            "",
        )
    }

    /// INVITE to a number or user name, with an offer that nobody reads.
    pub(crate) fn invite(&mut self, target: &str, lines: &str) -> String {
        self.ask("INVITE", target, lines, "v=0\r\n")
    }

    /// A request outside of calls. Its Call-ID is `<seat>-<cseq>`.
    pub(crate) fn ask(&mut self, method: &str, target: &str, lines: &str, body: &str) -> String {
        self.cseq += 1;
        let (seat, cseq) = (&self.seat, self.cseq);
        let via = self.via(cseq, method);
        let kind = if method == "INVITE" { "application/sdp" } else { "text/plain" };
        request(
            &format!(
                "{method} sip:{target}@localhost SIP/2.0\n{via}\nMax-Forwards: 70\n\
             From: <sip:{seat}@localhost>;tag=f{seat}{cseq}\nTo: <sip:{target}@localhost>\n\
             Call-ID: {seat}-{cseq}\nCSeq: {cseq} {method}\nContact: <{}>\n\
             Content-Type: {kind}\n{lines}",
                self.contact()
            ),
            body,
        )
    }

    /// A request within the call that `answer` to our INVITE, or their `INVITE` and our answer to
    /// it, made. `dialog` is any message of the other side in it.
    pub(crate) fn within(
        &mut self,
        method: &str,
        dialog: &Heard,
        lines: &str,
        body: &str,
    ) -> String {
        self.cseq += 1;
        let cseq = if method == "ACK" { dialog.cseq() } else { self.cseq };
        let via = self.via(self.cseq, method);
        let (us, them) = if dialog.is_request() {
            (dialog.header("To"), dialog.header("From"))
        } else {
            (dialog.header("From"), dialog.header("To"))
        };
        let contact = dialog.header("Contact");
        let uri = contact.trim_start_matches('<').split('>').next().unwrap().to_owned();
        request(
            &format!(
                "{method} {uri} SIP/2.0\n{via}\nMax-Forwards: 70\nFrom: {us}\nTo: {them}\n\
             Call-ID: {}\nCSeq: {cseq} {method}\nContact: <{}>\n{lines}",
                dialog.header("Call-ID"),
                self.contact()
            ),
            body,
        )
    }

    /// Their INVITE as this phone's answer made it a dialog: with our tag in To.
    pub(crate) fn tagged(&self, invite: &Heard) -> Heard {
        let to = invite.header("To");
        Heard(invite.0.replace(&format!("To: {to}"), &format!("To: {to};tag={}", self.tag())))
    }

    /// CANCEL of an INVITE that this phone sent.
    pub(crate) fn cancel(invite: &str) -> String {
        let invite = Heard(invite.to_owned());
        let uri = invite.0.split(' ').nth(1).unwrap();
        let mut text = format!("CANCEL {uri} SIP/2.0\nMax-Forwards: 70\n");
        for name in ["Via", "From", "To", "Call-ID"] {
            text.push_str(&format!("{name}: {}\n", invite.header(name)));
        }
        request(&format!("{text}CSeq: {} CANCEL\n", invite.cseq()), "")
    }

    /// An answer to what was heard; To gets a tag of this phone's.
    pub(crate) fn answer(&self, status: u16, to: &Heard, lines: &str) -> String {
        let mut text = format!("SIP/2.0 {status} Whatever\n");
        for (name, value) in to.headers() {
            match name.as_str() {
                "Via" | "Record-Route" | "From" | "Call-ID" | "CSeq" => {
                    text.push_str(&format!("{name}: {value}\n"));
                }
                "To" if value.contains(";tag=") => text.push_str(&format!("To: {value}\n")),
                "To" => text.push_str(&format!("To: {value};tag={}\n", self.tag())),
                _ => {}
            }
        }
        request(&format!("{text}Contact: <{}>\n{lines}", self.contact()), "")
    }

    /// The tag that this phone puts into To.
    pub(crate) fn tag(&self) -> String {
        format!("t{}", self.host.split('.').next().unwrap())
    }

    fn via(&self, cseq: u32, method: &str) -> String {
        format!("Via: SIP/2.0/WS {};branch=z9hG4bK{}{method}{cseq}", self.host, self.seat)
    }
}

/// The wire text of a script's: CR LF, Content-Length, body.
pub(crate) fn request(head: &str, body: &str) -> String {
    let lines: Vec<_> = head.lines().filter(|line| !line.trim().is_empty()).collect();
    format!("{}\r\nContent-Length: {}\r\n\r\n{body}", lines.join("\r\n"), body.len())
}

impl Heard {
    fn message(&self) -> Message<'_> {
        Message::parse(self.0.as_bytes()).unwrap_or_else(|error| panic!("{error}: {}", self.0))
    }

    pub(crate) fn is_request(&self) -> bool {
        self.message().is_request()
    }

    /// `INVITE`, or `200`.
    pub(crate) fn what(&self) -> String {
        let message = self.message();
        message.status().map_or_else(
            || message.method().as_ref().map_or("", Method::as_str).to_owned(),
            |status| status.to_string(),
        )
    }

    /// The first value of a header; empty if there is none.
    pub(crate) fn header(&self, name: &str) -> String {
        self.message().header(name).unwrap_or_default().into_owned()
    }

    pub(crate) fn headers(&self) -> Vec<(String, String)> {
        let message = self.message();
        message.all_headers().map(|(name, value)| (name.to_owned(), value.into_owned())).collect()
    }

    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        self.message().headers(name).map(std::borrow::Cow::into_owned).collect()
    }

    pub(crate) fn cseq(&self) -> u32 {
        self.message().cseq().unwrap().number
    }

    pub(crate) fn body(&self) -> String {
        String::from_utf8_lossy(self.message().body()).into_owned()
    }
}
