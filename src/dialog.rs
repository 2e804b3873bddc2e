//! The dialog: what two ends agree on so that requests find their way (RFC 3261 §12).
//!
//! An early dialog that is taken is made anew by the 2xx, which tells all again; only the numbers
//! of what was said inside it go on.

use crate::identity::Identity;
use crate::sip::{Message, Method, NameAddr, ParseError, Request, Uri};
use crate::text::{find_any, part, pieces, split_once};

/// One end of a confirmed dialog, or of one that our answer is about to make.
#[derive(Clone, Debug)]
pub(crate) struct Dialog {
    call_id: String,
    /// Whole values of From and To in our requests, with their tags.
    local: String,
    remote: String,
    local_tag: String,
    remote_tag: String,
    local_seq: u32,
    remote_seq: Option<u32>,
    /// In the order of our Route headers.
    routes: Vec<String>,
    target: String,
}

impl Dialog {
    /// What a response to our INVITE makes. A far side that forgot Contact is asked where we
    /// asked first. Where Record-Route cannot be read there are no routes: what is left is an ACK
    /// and a BYE, which may arrive without them.
    pub(crate) fn of_response(
        sent: &Request,
        local_tag: &str,
        response: &Message<'_>,
    ) -> Result<Self, ParseError> {
        let cseq = response.cseq()?;
        let to = response.to()?;
        let mut routes = texts(&response.record_routes().unwrap_or_default());
        routes.reverse();
        Ok(Self {
            call_id: response.call_id()?.into_owned(),
            local: sent.headers.get("From").unwrap_or_default().to_owned(),
            remote: to.as_str().to_owned(),
            local_tag: local_tag.to_owned(),
            remote_tag: to.tag().unwrap_or_default().into_owned(),
            local_seq: cseq.number,
            remote_seq: None,
            routes,
            target: contact(response).unwrap_or_else(|| sent.uri.clone()),
        })
    }

    /// What our answer to this INVITE makes.
    pub(crate) fn of_request(request: &Message<'_>, local_tag: &str) -> Result<Self, ParseError> {
        let from = request.from()?;
        Ok(Self {
            call_id: request.call_id()?.into_owned(),
            local: [request.to()?.as_str(), ";tag=", local_tag].concat(),
            remote: from.as_str().to_owned(),
            local_tag: local_tag.to_owned(),
            remote_tag: from.tag().unwrap_or_default().into_owned(),
            local_seq: 0,
            remote_seq: Some(request.cseq()?.number),
            routes: texts(&request.record_routes()?),
            target: contact(request).unwrap_or_else(|| from.uri_text().to_owned()),
        })
    }

    /// What a NOTIFY to our SUBSCRIBE makes (RFC 6665 §4.4.1). `sent` is the number of that
    /// SUBSCRIBE; the NOTIFY has our tag already.
    pub(crate) fn of_notify(
        request: &Message<'_>,
        local_tag: &str,
        sent: u32,
    ) -> Result<Self, ParseError> {
        let local = request.to()?.as_str().to_owned();
        Ok(Self { local, local_seq: sent, ..Self::of_request(request, local_tag)? })
    }

    /// Whether the far side is the same.
    pub(crate) fn is_early_form_of(&self, other: &Self) -> bool {
        self.remote_tag == other.remote_tag
    }

    /// Goes on with the numbers of its early form.
    pub(crate) fn count_on_from(&mut self, early: &Self) {
        self.local_seq = self.local_seq.max(early.local_seq);
        self.remote_seq = early.remote_seq;
    }

    /// The next request inside the dialog.
    pub(crate) fn request(&mut self, identity: &Identity, method: Method) -> Request {
        let number = self.next_cseq();
        self.numbered(identity, method, number)
    }

    /// A number that no request of ours had.
    pub(crate) fn next_cseq(&mut self) -> u32 {
        self.local_seq = self.local_seq.saturating_add(1);
        self.local_seq
    }

    /// The number of our last request.
    pub(crate) const fn last_cseq(&self) -> u32 {
        self.local_seq
    }

    /// Where requests go.
    pub(crate) fn target(&self) -> &str {
        &self.target
    }

    /// The address of the far side with its tag, as in To of our requests.
    pub(crate) fn remote(&self) -> &str {
        &self.remote
    }

    /// What somebody says who wants to replace us here (RFC 3891 §3).
    pub(crate) fn replaces(&self) -> String {
        [&self.call_id, ";to-tag=", &self.remote_tag, ";from-tag=", &self.local_tag].concat()
    }

    /// The ACK of a 2xx, with the number of its INVITE and the digest that the INVITE had
    /// (RFC 3261 §13.2.2.4); a Bearer goes into no ACK.
    pub(crate) fn ack(
        &self,
        identity: &Identity,
        invite: Option<&Request>,
        number: u32,
    ) -> Request {
        let mut ack = self.numbered(identity, Method::Ack, number);
        for name in ["Authorization", "Proxy-Authorization"] {
            for value in invite.iter().flat_map(|invite| invite.headers.get_all(name)) {
                if value.starts_with("Digest ") {
                    ack.headers.push(name, value);
                }
            }
        }
        ack
    }

    /// Whether a request of the far side is in order; its number counts from then on.
    pub(crate) fn takes(&mut self, number: u32) -> bool {
        let is_in_order = self.remote_seq.is_none_or(|last| number >= last);
        if is_in_order {
            self.remote_seq = Some(number);
        }
        is_in_order
    }

    /// Takes the Contact of a re-INVITE or UPDATE that was answered with a 2xx, or of a 2xx to one
    /// of ours (RFC 3261 §12.2.2, §12.2.1.2).
    pub(crate) fn refresh_target(&mut self, contact: Option<String>) {
        if let Some(target) = contact {
            self.target = target;
        }
    }

    /// Whether a request of ours is of this dialog, and not of another fork's.
    pub(crate) fn sends(&self, request: &Request) -> bool {
        request.headers.get("To") == Some(&self.remote)
    }

    pub(crate) fn has_remote_tag(&self, tag: &str) -> bool {
        self.remote_tag == tag
    }

    pub(crate) fn is(&self, call_id: &str, local_tag: &str, remote_tag: &str) -> bool {
        self.call_id == call_id && self.local_tag == local_tag && self.remote_tag == remote_tag
    }

    fn numbered(&self, identity: &Identity, method: Method, number: u32) -> Request {
        // What cannot be read can be no Request-URI.
        let may_lead = |route: &str| is_loose(route) || Uri::parse(uri_of(route)).is_err();
        let is_loose = self.routes.first().is_none_or(|first| may_lead(first));
        let strict = self.routes.first().filter(|_| !is_loose).map(|first| uri_of(first));
        let uri = strict.unwrap_or(&self.target);
        let mut request =
            identity.request(method, uri, &self.local, &self.remote, &self.call_id, number);
        for route in self.routes.iter().skip(usize::from(!is_loose)) {
            request.headers.push("Route", route);
        }
        if !is_loose {
            // A strict router takes the Request-URI for itself (RFC 3261 §12.2.1.1).
            request.headers.push("Route", ["<", &self.target, ">"].concat());
        }
        request
    }
}

/// Where a message wants further requests, if that can be read.
pub(crate) fn contact(message: &Message<'_>) -> Option<String> {
    let contacts = message.contacts().ok()?;
    let first = contacts.first().filter(|contact| !contact.is_star())?;
    let text = first.uri_text();
    let uri = first.uri().ok()?;
    // Headers are for no Request-URI (RFC 3261 §19.1.1).
    let headers = uri.headers().len();
    let end = if headers == 0 { text.len() } else { text.len() - headers - 1 };
    let target = pieces(part(text, 0..end), b' ').collect::<Vec<_>>().join("%20");
    let host = uri.host();
    // An IPv6 address within `<>` was read without its brackets.
    let is_bare = !host.starts_with('[') && find_any(host, b":").is_some();
    let around = if is_bare { split_once(&target, host) } else { None };
    let target = match around {
        Some((before, behind)) => [before, "[", host, "]", behind].concat(),
        None => target,
    };
    Uri::parse(&target).is_ok().then_some(target)
}

fn texts(routes: &[NameAddr<'_>]) -> Vec<String> {
    routes.iter().map(|route| ["<", route.uri_text(), ">"].concat()).collect()
}

fn uri_of(route: &str) -> &str {
    let uri = route.strip_prefix('<').unwrap_or(route);
    uri.strip_suffix('>').unwrap_or(uri)
}

fn is_loose(route: &str) -> bool {
    pieces(uri_of(route), b';').skip(1).any(|param| param == "lr" || param.starts_with("lr="))
}
