//! What all requests of one account have in common.

use crate::account::Account;
use crate::agent::FlowId;
use crate::auth::{Authorizer, has_tag, push_quoted};
use crate::ids::Ids;
use crate::sip::{Method, Request};

/// The methods that this phone takes.
pub(crate) const ALLOW: &str =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, MESSAGE, NOTIFY, UPDATE, PRACK, REFER";

/// The extensions that it may be asked for: RFC 3262, RFC 6228, RFC 4488,
/// RFC 5626, RFC 3891, RFC 4028.
pub(crate) const SUPPORTED: &str = "100rel, 199, norefersub, outbound, replaces, timer";

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
    /// `WSS x9f….invalid`: transport and sent-by of our Via.
    pub(crate) via_host: String,
    /// `urn:uuid:…`, the instance id (RFC 5626 §4.1).
    pub(crate) instance: String,
    /// The open connection.
    pub(crate) flow: Option<FlowId>,
    /// The credentials.
    pub(crate) auth: Authorizer,
    /// Where requests outside dialogs go first (RFC 3608), as the registrar said.
    pub(crate) service_route: Vec<String>,
    /// The addresses that lead to this very phone from anywhere (RFC 5627), as the registrar said:
    /// one that tells who it is, and one that does not.
    pub(crate) gruu: Option<String>,
    pub(crate) temporary_gruu: Option<String>,
    /// `x9f….invalid`: stands for an address that a browser cannot know (RFC 7118 §5.1).
    pub(crate) host: String,
}

impl Identity {
    /// Of a line that has no account yet.
    pub(crate) fn blank(ids: &mut Ids) -> Self {
        Self::new(Account::default(), ["urn:uuid:", &ids.uuid()].concat(), ids)
    }

    /// Of an account that was checked. `instance` stays the same for one phone.
    pub(crate) fn new(account: Account, instance: String, ids: &mut Ids) -> Self {
        let mut host = ids.token();
        host.truncate(16);
        host.push_str(".invalid");
        Self {
            aor: account.uri.clone(),
            domain: account.domain().to_owned(),
            contact: ["sip:", account.user(), "@", &host, ";transport=ws"].concat(),
            via_host: String::new(),
            instance,
            flow: None,
            auth: Authorizer::new(&account),
            service_route: Vec::new(),
            gruu: None,
            temporary_gruu: None,
            host,
            account,
        }
    }

    /// The connection that is open now, if any, and its URL.
    pub(crate) fn set_flow(&mut self, flow: Option<FlowId>, url: &str) {
        self.flow = flow;
        let transport = if url.starts_with("ws:") { "WS " } else { "WSS " };
        self.via_host = [transport, &self.host].concat();
    }

    /// What the registrar said holds no longer.
    pub(crate) fn forget_registration(&mut self) {
        self.service_route.clear();
        self.gruu = None;
        self.temporary_gruu = None;
    }

    /// Another account of the same seat at the same servers. Gives what it replaces.
    pub(crate) fn replace(&mut self, account: Account) -> (Account, Authorizer) {
        let mut auth = Authorizer::new(&account);
        auth.inherit(&self.auth);
        (std::mem::replace(&mut self.account, account), std::mem::replace(&mut self.auth, auth))
    }

    /// A request with From, To, Call-ID, CSeq, Max-Forwards, User-Agent, Allow and Supported;
    /// Contact where the method makes or refreshes a dialog; outside dialogs also the service
    /// route, and in INVITE the account's own headers.
    ///
    /// `from` and `to` are whole header values. A tag in `to` means a request inside a dialog: its
    /// route set is the caller's to push. REGISTER's Contact is the registration's.
    pub(crate) fn request(
        &self,
        method: Method,
        uri: &str,
        from: &str,
        to: &str,
        call_id: &str,
        cseq: u32,
    ) -> Request {
        let register = method == Method::Register;
        let invite = method == Method::Invite;
        let refreshes = invite
            || matches!(
                method,
                Method::Update | Method::Subscribe | Method::Refer | Method::Notify
            );
        let in_dialog = has_tag(to);
        let mut request = Request::new(method, uri);
        let cseq = [&cseq.to_string(), " ", request.method.as_str()].concat();
        let headers = &mut request.headers;
        if !in_dialog {
            let service = if register { &[][..] } else { &self.service_route };
            for route in self.account.routes.iter().chain(service) {
                headers.push("Route", route);
            }
        }
        headers.push("Max-Forwards", "70");
        headers.push("From", from).push("To", to).push("Call-ID", call_id).push("CSeq", cseq);
        if refreshes {
            headers.push("Contact", self.contact_header());
        }
        headers.push("Allow", ALLOW);
        if register {
            headers.push("Supported", "path, outbound, gruu");
        } else {
            headers.push("Supported", self.supported());
        }
        let user_agent = self.account.user_agent.as_deref();
        headers.push("User-Agent", user_agent.unwrap_or(USER_AGENT));
        if (register || invite) && !in_dialog {
            for (name, value) in &self.account.headers {
                headers.push(name, value);
            }
        }
        request
    }

    /// The extensions that this phone understands, in requests and in what makes a dialog.
    pub(crate) fn supported(&self) -> String {
        [SUPPORTED, if self.gruu.is_some() { ", gruu" } else { "" }].concat()
    }

    /// `"Alice" <sip:alice@example.com>;tag=…`, with this name or the account's.
    pub(crate) fn from(&self, display_name: Option<&str>, tag: &str) -> String {
        self.address_of_caller(None, display_name, tag)
    }

    /// As [`from`](Self::from), with another address than the account's.
    pub(crate) fn address_of_caller(
        &self,
        uri: Option<&str>,
        display_name: Option<&str>,
        tag: &str,
    ) -> String {
        let mut from = String::new();
        if let Some(name) = display_name.or(self.account.display_name.as_deref()) {
            push_quoted(&mut from, name);
            from.push(' ');
        }
        for part in ["<", uri.unwrap_or(&self.aor), ">;tag=", tag] {
            from.push_str(part);
        }
        from
    }

    /// The Contact of requests and responses that make or refresh a dialog: the GRUU
    /// (RFC 5627 §4.4), else our flow's address with `;ob` (RFC 5626 §4.3).
    pub(crate) fn contact_header(&self) -> String {
        match &self.gruu {
            Some(gruu) => ["<", gruu, ">"].concat(),
            None => ["<", &self.contact, ";ob>"].concat(),
        }
    }
}

const USER_AGENT: &str = concat!("cc-sdk/", env!("CARGO_PKG_VERSION"));
