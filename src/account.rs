//! An account and the tokens it comes from.

use std::fmt;

use crate::error::ApiMisuse;
use crate::json::Json;
use crate::media::IceServer;
use crate::sip::Uri;
use crate::text::{before, cut, cut_last, from, split_once};

/// Who a phone is and where it registers.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// `sip:alice@example.com`
    pub uri: String,
    /// `wss://edge1.example.com/sip`, in order of preference.
    pub servers: Vec<String>,
    /// Shown to the far side.
    pub display_name: Option<String>,
    /// For digest; the user part of `uri` unless told.
    pub authorization_user: Option<String>,
    /// For digest; never logged, never stored.
    pub password: Option<String>,
    /// In place of a password: the hash of `user:realm:password`, in hexadecimal, by MD5 (32
    /// digits) or SHA-256 (64 digits). Answers challenges of `realm` only.
    pub ha1: Option<String>,
    /// The realm of `ha1`; the domain of `uri` unless told.
    pub realm: Option<String>,
    /// STUN and TURN.
    pub ice_servers: Vec<IceServer>,
    /// Only relayed candidates are used.
    pub relay_only: bool,
    /// Wished lifetime of the registration, in seconds, at most 86400; 600 unless told.
    pub register_expires: Option<u32>,
    /// `false`: calls only, no REGISTER.
    pub register: bool,
    /// How many flows are registered at once, each at another server where there are several
    /// (RFC 5626 §4.2); 1 unless told, at most 4.
    pub flows: Option<u32>,
    /// Where requests outside dialogs go first: `sip:edge.example.com;lr`, in order.
    pub routes: Vec<String>,
    /// The User-Agent header.
    pub user_agent: Option<String>,
    /// Further headers of every REGISTER and INVITE.
    pub headers: Vec<(String, String)>,
    /// Click-to-call: incoming calls are refused.
    pub outbound_only: bool,
    /// Which candidates an INVITE waits for.
    pub ice_wait: Option<IceWait>,
    /// The longest such wait, in milliseconds.
    pub ice_wait_ms: Option<u32>,
    /// The token itself, where the account came with one: it is the Bearer credential (RFC 8898).
    pub bearer: Option<String>,
    /// When account and bearer expire, in seconds since the Unix epoch.
    pub expires_at: Option<u64>,
}

/// Which candidates an INVITE waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IceWait {
    /// The first that can be used.
    First,
    /// The first server-reflexive or relayed one.
    Srflx,
    /// All.
    Complete,
}

/// Without password, bearer and TURN credentials, so that no log can hold them.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("uri", &self.uri)
            .field("servers", &self.servers)
            .field("register", &self.register)
            .field("flows", &self.flows)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl Account {
    /// Reads what stands under `sip` in a token: the `Account` of the JavaScript surface.
    ///
    /// # Errors
    ///
    /// [`ApiMisuse::BadAccount`] with the name of the field that is missing or of the wrong type.
    pub(crate) fn from_json(json: &Json) -> Result<Self, ApiMisuse> {
        let text = |name| match json.get(name) {
            None => Ok(None),
            Some(value) => {
                value.as_text().map(|text| Some(text.to_owned())).ok_or(ApiMisuse::BadAccount(name))
            }
        };
        let number = |name| match json.get(name) {
            None => Ok(None),
            Some(value) => value
                .as_u64()
                .and_then(|number| u32::try_from(number).ok())
                .map(Some)
                .ok_or(ApiMisuse::BadAccount(name)),
        };
        let flag = |name, unless_told| match json.get(name) {
            None => Ok(unless_told),
            Some(value) => value.as_bool().ok_or(ApiMisuse::BadAccount(name)),
        };
        Ok(Self {
            uri: text("uri")?.ok_or(ApiMisuse::BadAccount("uri"))?,
            servers: texts(json, "servers")?,
            display_name: text("displayName")?,
            authorization_user: text("authorizationUser")?,
            password: text("password")?,
            ha1: text("ha1")?,
            realm: text("realm")?,
            ice_servers: ice_servers(json)?,
            relay_only: text("iceTransportPolicy")?.as_deref() == Some("relay"),
            register_expires: number("registerExpires")?,
            register: flag("register", true)?,
            flows: number("flows")?,
            routes: texts(json, "routes")?,
            user_agent: text("userAgent")?,
            headers: headers(json)?,
            outbound_only: flag("outboundOnly", false)?,
            ice_wait: match text("iceWait")?.as_deref() {
                None => None,
                Some("first") => Some(IceWait::First),
                Some("srflx") => Some(IceWait::Srflx),
                Some("complete") => Some(IceWait::Complete),
                Some(_) => return Err(ApiMisuse::BadAccount("iceWait")),
            },
            ice_wait_ms: number("iceWaitMs")?,
            bearer: None,
            expires_at: None,
        })
    }

    /// Checks an account, wherever it came from, and puts URI and servers into the form in which
    /// they are used. Gives the servers whose port no browser would open, as they were.
    ///
    /// # Errors
    ///
    /// [`ApiMisuse::BadAccount`], [`ApiMisuse::BadHeader`] and [`ApiMisuse::InsecureServer`].
    pub(crate) fn check(&mut self) -> Result<Vec<String>, ApiMisuse> {
        self.uri = address(&self.uri).ok_or(ApiMisuse::BadAccount("uri"))?;
        self.check_texts()?;
        self.check_digest()?;
        for route in &mut self.routes {
            *route = loose_route(route).ok_or(ApiMisuse::BadAccount("routes"))?;
        }
        if self.routes.len() > MOST_ROUTES {
            return Err(ApiMisuse::BadAccount("routes"));
        }
        if self.flows == Some(0) || self.flows > Some(MOST_FLOWS) {
            return Err(ApiMisuse::BadAccount("flows"));
        }
        if self.register_expires == Some(0) {
            return Err(ApiMisuse::BadAccount("registerExpires"));
        }
        if !self.ice_servers.iter().all(is_ice_server) {
            return Err(ApiMisuse::BadAccount("iceServers"));
        }
        let mut moved = Vec::new();
        for server in &mut self.servers {
            let url = server_url(server)?;
            if url.moved {
                moved.push(std::mem::take(server));
            }
            *server = url.text;
        }
        self.servers.dedup();
        if self.servers.is_empty() { Err(ApiMisuse::BadAccount("servers")) } else { Ok(moved) }
    }

    /// The part of the URI before `@`, as it stands there.
    pub(crate) fn user(&self) -> &str {
        let address = cut(&self.uri, b':').map_or(self.uri.as_str(), |(_, rest)| rest);
        cut_last(address, b'@').map_or("", |(user, _)| user)
    }

    /// The part of the URI after `@`, with a port if it has one.
    pub(crate) fn domain(&self) -> &str {
        cut_last(&self.uri, b'@').map_or("", |(_, domain)| domain)
    }

    /// Whether both are the same seat at the same servers, so that one flow serves both.
    pub(crate) fn same_place(&self, other: &Self) -> bool {
        self.uri == other.uri
            && self.servers == other.servers
            && self.register == other.register
            && self.flows == other.flows
    }

    /// `ha1` is as long as one of the hashes, and `realm` can be quoted.
    fn check_digest(&self) -> Result<(), ApiMisuse> {
        let is_hash = |text: &String| {
            matches!(text.len(), 32 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        if self.ha1.as_ref().is_some_and(|text| !is_hash(text)) {
            return Err(ApiMisuse::BadAccount("ha1"));
        }
        Ok(())
    }

    fn check_texts(&self) -> Result<(), ApiMisuse> {
        let texts = [
            ("displayName", &self.display_name),
            ("authorizationUser", &self.authorization_user),
            ("password", &self.password),
            ("realm", &self.realm),
            ("userAgent", &self.user_agent),
            ("bearer", &self.bearer),
        ];
        for (name, text) in texts {
            if text.as_ref().is_some_and(|text| text.chars().any(char::is_control)) {
                return Err(ApiMisuse::BadAccount(name));
            }
        }
        match self.headers.iter().find(|(name, value)| !crate::owned::may_be_set(name, value)) {
            Some((name, _)) => Err(ApiMisuse::BadHeader(name.clone())),
            None => Ok(()),
        }
    }
}

const MOST_ROUTES: usize = 8;
const MOST_FLOWS: u32 = 4;

fn texts(json: &Json, name: &'static str) -> Result<Vec<String>, ApiMisuse> {
    let elements = json.get(name).map_or(&[][..], Json::elements);
    let text = |element: &Json| element.as_text().map(str::to_owned);
    elements.iter().map(text).collect::<Option<_>>().ok_or(ApiMisuse::BadAccount(name))
}

fn ice_servers(json: &Json) -> Result<Vec<IceServer>, ApiMisuse> {
    const NAME: &str = "iceServers";
    let elements = json.get(NAME).map_or(&[][..], Json::elements);
    let owned = |server: &Json, name| server.get(name).and_then(Json::as_text).map(str::to_owned);
    let read = |server: &Json| {
        Ok(IceServer {
            urls: texts(server, "urls").map_err(|_| ApiMisuse::BadAccount(NAME))?,
            username: owned(server, "username"),
            credential: owned(server, "credential"),
        })
    };
    elements.iter().map(read).collect()
}

fn headers(json: &Json) -> Result<Vec<(String, String)>, ApiMisuse> {
    let bad = ApiMisuse::BadAccount("headers");
    match json.get("headers") {
        None => Ok(Vec::new()),
        Some(Json::Object(members)) => members
            .iter()
            .map(|(name, value)| value.as_text().map(|text| (name.clone(), text.to_owned())))
            .collect::<Option<_>>()
            .ok_or(bad),
        Some(_) => Err(bad),
    }
}

/// `new RTCPeerConnection` throws on anything else.
fn is_ice_server(server: &IceServer) -> bool {
    let is = |url: &str, schemes: &[&str]| {
        let scheme = before(url, b":");
        schemes.iter().any(|known| scheme.eq_ignore_ascii_case(known))
    };
    let turn = server.urls.iter().any(|url| is(url, &["turn", "turns"]));
    let credentials = server.username.is_some() && server.credential.is_some();
    !server.urls.is_empty()
        && server.urls.iter().all(|url| is(url, &["stun", "stuns", "turn", "turns"]))
        && (credentials || !turn)
}

/// `sip:user@host` of what was given: without display name, parameters and headers; the scheme
/// may be missing.
fn address(given: &str) -> Option<String> {
    let given = given.trim();
    let given = match cut(given, b'<') {
        Some((_, inner)) => before(inner, b">"),
        None => given,
    };
    let (scheme, rest) = match cut(given, b':') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("sip") => ("sip:", rest),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("sips") => ("sips:", rest),
        _ => ("sip:", given),
    };
    let (user, host) = cut_last(rest, b'@')?;
    let host = before(host, b";?");
    // A password in a URI (RFC 3261 §19.1.1) would travel in every From.
    let odd = |c: char| matches!(c, ' ' | '"' | '<' | '>' | '@' | ':' | '\\') || c.is_control();
    let user_is_text = !user.is_empty() && !user.chars().any(odd);
    (user_is_text && is_host(host)).then(|| [scheme, user, "@", host].concat())
}

/// `<sip:edge.example.com;lr>` of what was given, with or without `<>` and `lr`.
fn loose_route(given: &str) -> Option<String> {
    let given = given.trim();
    let uri = given.strip_prefix('<').and_then(|uri| uri.strip_suffix('>')).unwrap_or(given);
    let odd = |byte: u8| matches!(byte, b'<' | b'>' | b'"' | b'?' | b',') || byte <= b' ';
    let parsed = Uri::parse(uri).ok().filter(Uri::is_sip)?;
    if uri.bytes().any(odd) || !is_host(parsed.host()) {
        return None;
    }
    let lr = if parsed.param("lr").is_some() { "" } else { ";lr" };
    Some(["<", uri, lr, ">"].concat())
}

fn is_host(host: &str) -> bool {
    !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte))
}

/// Checks the origin of a service that tokens are posted to.
///
/// # Errors
///
/// [`ApiMisuse::InsecureServer`] for `http:` beyond this machine, [`ApiMisuse::NoService`] for what
/// is no origin.
pub(crate) fn check_service(origin: &str) -> Result<(), ApiMisuse> {
    let scheme = split_once(origin, "://").map_or("", |(scheme, _)| scheme);
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Err(ApiMisuse::NoService);
    }
    match server_url(origin) {
        Ok(_) => Ok(()),
        Err(misuse @ ApiMisuse::InsecureServer(_)) => Err(misuse),
        Err(_) => Err(ApiMisuse::NoService),
    }
}

struct ServerUrl {
    text: String,
    /// It had a port that browsers refuse.
    moved: bool,
}

/// The WebSocket URL of what was given: `https:` and no scheme at all mean `wss:`, and a port that
/// no browser opens means the default one.
fn server_url(given: &str) -> Result<ServerUrl, ApiMisuse> {
    let bad = || ApiMisuse::BadAccount("servers");
    let given = given.trim();
    let (scheme, rest) = split_once(given, "://").unwrap_or(("wss", given));
    let authority = before(rest, b"/?");
    let path = from(rest, authority.len());
    let (host, port) = match cut_last(authority, b':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let port_is_number = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    if !is_host(host) || !port_is_number || path.bytes().any(|byte| byte == b'#' || byte <= b' ') {
        return Err(bad());
    }
    let moved = matches!(port, Some("5060" | "5061"));
    let is = |names: [&str; 2]| names.iter().any(|name| scheme.eq_ignore_ascii_case(name));
    let scheme = match is_loopback(host) {
        _ if is(["wss", "https"]) => "wss://",
        true if is(["ws", "http"]) => {
            if moved {
                "wss://"
            } else {
                "ws://"
            }
        }
        false if is(["ws", "http"]) => {
            // Path and query stay out of the error: a query may hold a secret.
            return Err(ApiMisuse::InsecureServer([scheme, "://", authority].concat()));
        }
        _ => return Err(bad()),
    };
    let authority = if moved { host } else { authority };
    Ok(ServerUrl { text: [scheme, authority, path].concat(), moved })
}

/// Whether a host name means this machine, which browsers take for secure.
fn is_loopback(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || host == "[::1]"
        || host.starts_with("127.") && host.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(uri: &str, server: &str) -> Account {
        Account { uri: uri.to_owned(), servers: vec![server.to_owned()], ..Account::default() }
    }

    fn checked_server(server: &str) -> Result<String, ApiMisuse> {
        let mut account = account("sip:a@b.example", server);
        account.check()?;
        Ok(account.servers.remove(0))
    }

    #[test]
    fn a_uri_is_put_into_its_usual_form() {
        for (given, expected) in [
            ("sip:alice@example.com", "sip:alice@example.com"),
            (" SIP:alice@example.com;transport=ws?x=y ", "sip:alice@example.com"),
            ("alice@example.com:8443", "sip:alice@example.com:8443"),
            ("\"Alice\" <sips:al%20ice@[::1]:5061>", "sips:al%20ice@[::1]:5061"),
            ("sip:+1-212@example.com", "sip:+1-212@example.com"),
        ] {
            let mut account = account(given, "wss://x.example");
            account.check().unwrap();
            assert_eq!(account.uri, expected, "{given}");
        }
    }

    #[test]
    fn a_uri_without_user_or_host_is_refused() {
        for uri in [
            "",
            "alice",
            "sip:example.com",
            "sip:@example.com",
            "sip:a@",
            "sip:a b@c",
            "tel:+1",
            "sip:a:secret@c.example",
            "sip:a@exa mple.com",
            "sip:a\r\n@b",
            "http://a@b",
        ] {
            let mut account = account(uri, "wss://x.example");
            assert_eq!(account.check(), Err(ApiMisuse::BadAccount("uri")), "{uri}");
        }
    }

    #[test]
    fn unencrypted_servers_are_refused_except_on_this_machine() {
        for server in [
            "ws://example.com/sip",
            "http://example.com",
            "ws://127.0.0.1.example.com",
            "ws://10.0.0.1",
            "ws://localhost.example.com",
            "WS://example.com:8080",
        ] {
            assert!(
                matches!(checked_server(server), Err(ApiMisuse::InsecureServer(_))),
                "{server}"
            );
        }
        for server in [
            "ws://localhost:8080/sip",
            "ws://127.0.0.1:1/",
            "ws://[::1]:80",
            "ws://app.localhost",
            "ws://LOCALHOST",
        ] {
            assert_eq!(checked_server(server).as_deref(), Ok(server));
        }
        assert_eq!(
            checked_server("http://localhost:8080/sip").as_deref(),
            Ok("ws://localhost:8080/sip")
        );
        assert_eq!(checked_server("https://e.example/sip").as_deref(), Ok("wss://e.example/sip"));
        assert_eq!(checked_server("e.example").as_deref(), Ok("wss://e.example"));
    }

    #[test]
    fn the_address_in_an_error_holds_no_query() {
        let misuse = checked_server("ws://example.com/sip?key=secret").unwrap_err();
        assert!(!misuse.to_string().contains("secret"));
    }

    #[test]
    fn ports_that_browsers_refuse_become_the_default_one() {
        for (given, expected) in [
            ("wss://pbx.example.com:5061/ws", "wss://pbx.example.com/ws"),
            ("pbx.example.com:5060", "wss://pbx.example.com"),
            ("ws://localhost:5060/ws", "wss://localhost/ws"),
        ] {
            let mut account = account("sip:a@b.example", given);
            assert_eq!(account.check(), Ok(vec![given.to_owned()]));
            assert_eq!(account.servers, [expected]);
        }
        assert_eq!(account("sip:a@b.example", "wss://pbx.example.com:7443").check(), Ok(vec![]));
    }

    #[test]
    fn a_server_that_is_no_url_is_refused() {
        for server in [
            "",
            "wss://",
            "wss:///sip",
            "wss://a b",
            "wss://a#b/c",
            "wss://a:0",
            "wss://a:99999",
            "wss://a:x",
            "ftp://a.example",
            "wss://u:p@a.example",
            "wss://a.example/#x",
        ] {
            assert_eq!(checked_server(server), Err(ApiMisuse::BadAccount("servers")), "{server}");
        }
        let mut none = Account { servers: vec![], ..account("sip:a@b.example", "x") };
        assert_eq!(none.check(), Err(ApiMisuse::BadAccount("servers")));
    }

    #[test]
    fn what_would_break_a_message_or_the_peer_connection_is_refused() {
        let good = || account("sip:a@b.example", "wss://x.example");
        let with = |change: fn(&mut Account)| {
            let mut account = good();
            change(&mut account);
            account.check()
        };
        let ice = |url: &str, credential: Option<&str>| {
            let mut account = good();
            account.ice_servers = vec![IceServer {
                urls: vec![url.to_owned()],
                username: credential.map(str::to_owned),
                credential: credential.map(str::to_owned),
            }];
            account.check()
        };
        assert_eq!(
            with(|a| a.display_name = Some("a\r\nb".into())),
            Err(ApiMisuse::BadAccount("displayName"))
        );
        assert_eq!(
            with(|a| a.user_agent = Some("a\nb".into())),
            Err(ApiMisuse::BadAccount("userAgent"))
        );
        assert_eq!(
            with(|a| a.register_expires = Some(0)),
            Err(ApiMisuse::BadAccount("registerExpires"))
        );
        assert_eq!(
            with(|a| a.headers = vec![("via".into(), "x".into())]),
            Err(ApiMisuse::BadHeader("via".into()))
        );
        assert_eq!(
            with(|a| a.headers = vec![("X-A".into(), "x\r\nVia: y".into())]),
            Err(ApiMisuse::BadHeader("X-A".into()))
        );
        assert_eq!(
            with(|a| a.headers = vec![("X A".into(), "x".into())]),
            Err(ApiMisuse::BadHeader("X A".into()))
        );
        assert!(with(|a| a.headers = vec![("X-A".into(), "ü".into())]).is_ok());
        assert_eq!(ice("http://x", None), Err(ApiMisuse::BadAccount("iceServers")));
        assert_eq!(ice("turn:x", None), Err(ApiMisuse::BadAccount("iceServers")));
        assert!(ice("turn:x", Some("y")).is_ok() && ice("stun:x", None).is_ok());
    }

    #[test]
    fn the_debug_form_holds_no_secret() {
        let mut account = account("sip:a@b.example", "wss://x.example");
        account.password = Some("hush".into());
        account.bearer = Some("hush".into());
        account.ice_servers =
            vec![IceServer { urls: vec![], username: None, credential: Some("hush".into()) }];
        assert!(!format!("{account:?} {:?}", account.ice_servers).contains("hush"));
    }
}
