//! What every response takes over from its request, RFC 3261 §8.2.6.2.

use super::build::{Headers, Response};
use super::message::Message;
use super::scan;

/// The template of the responses to one request, kept after its frame is gone.
#[derive(Clone, Debug)]
pub struct Reply {
    headers: Headers,
    record_routes: Headers,
    tagged: bool,
}

impl Reply {
    /// What responses to this request begin with. Nothing is parsed, so that also a request
    /// that is refused for its headers can be answered.
    pub fn of(request: &Message<'_>) -> Self {
        let mut headers = Headers::default();
        for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
            headers.copy(request, name);
        }
        let mut record_routes = Headers::default();
        record_routes.copy(request, "Record-Route");
        let tagged = match request.to() {
            Ok(to) => to.tag().is_some(),
            Err(_) => headers.get("To").is_none_or(|to| {
                scan::pieces(to, b';').any(|param| scan::trim(param).starts_with("tag="))
            }),
        };
        Self { headers, record_routes, tagged }
    }

    /// Puts our tag into To, unless it has one.
    pub fn tag(&mut self, tag: &str) -> &mut Self {
        if !self.tagged {
            self.tagged = true;
            self.headers.append("To", ";tag=");
            self.headers.append("To", tag);
        }
        self
    }

    /// A response with the standard reason. Those that may make a dialog carry Record-Route
    /// (RFC 3261 §12.1.1).
    pub fn response(&self, status: u16) -> Response {
        let mut response = Response::new(status);
        response.headers = self.headers.clone();
        if (101..300).contains(&status) {
            response.headers.extend(&self.record_routes);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::Message;

    const INVITE: &str = "INVITE sip:bob@b.invalid SIP/2.0\r\n\
        v: SIP/2.0/WSS p.invalid;branch=z9hG4bK2\r\nVia: SIP/2.0/WSS a.invalid;branch=z9hG4bK1\r\n\
        Record-Route: <sip:p.invalid;lr>\r\nf: <sip:alice@a.invalid>;tag=1\r\n\
        t: <sip:bob@b.invalid>\r\ni: abc\r\nCSeq: 7 INVITE\r\nSubject: no\r\n\r\n";

    fn answer(request: &str, status: u16) -> String {
        let request = Message::parse(request.as_bytes()).unwrap();
        let bytes = Reply::of(&request).tag("ours").response(status).to_bytes().unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_response_repeats_what_the_request_says_and_adds_our_tag() {
        assert_eq!(
            answer(INVITE, 180),
            "SIP/2.0 180 Ringing\r\nv: SIP/2.0/WSS p.invalid;branch=z9hG4bK2\r\n\
            Via: SIP/2.0/WSS a.invalid;branch=z9hG4bK1\r\nf: <sip:alice@a.invalid>;tag=1\r\n\
            t: <sip:bob@b.invalid>;tag=ours\r\ni: abc\r\nCSeq: 7 INVITE\r\n\
            Record-Route: <sip:p.invalid;lr>\r\nContent-Length: 0\r\n\r\n"
        );
    }

    #[test]
    fn a_tag_that_is_there_stays() {
        for to in ["t: <sip:bob@b.invalid>;tag=theirs", "t: \"bob <sip:bob@b.invalid>;tag=theirs"] {
            let request = INVITE.replace("t: <sip:bob@b.invalid>", to);
            assert!(answer(&request, 200).contains(&[to, "\r\n"].concat()));
        }
    }

    #[test]
    fn a_refusal_carries_no_record_route() {
        assert!(!answer(INVITE, 486).contains("Record-Route"));
    }
}
