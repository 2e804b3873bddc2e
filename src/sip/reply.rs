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
            Err(_) => headers
                .get("To")
                .is_none_or(|to| to.split(';').any(|param| scan::trim(param).starts_with("tag="))),
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
