//! Answers to challenges, and what is learnt from them (RFC 3261 §22, RFC 8760, RFC 8898).
//!
//! A challenge that was answered is remembered, so that later requests carry the answer at once;
//! the nonce of REGISTER also serves as a first guess for other requests. Of several challenges
//! of one realm the strongest that can be answered is taken, wherever it stands. A refusal of
//! what was sent in advance counts as no failure. A REGISTER that was sent elsewhere, as its server
//! wished, carries nothing there.

mod answered;
mod secret;

use crate::account::Account;
use crate::ids::Ids;
use crate::sip::{Challenge, Message, Method, Request, Uri, printable, unescape};
use crate::text::{before, cut, cut_last, has, pieces, split_once};
use answered::Answered;
pub(crate) use answered::push_quoted;
use secret::Secret;

/// How often one request was refused; it lives with who sends the request, from `default()` on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Attempts {
    refusals: u8,
}

impl Attempts {
    /// Counts a refusal of another kind that is answered by sending again; false if it is too many.
    pub(crate) fn once_more(&mut self) -> bool {
        self.refusals = self.refusals.saturating_add(1);
        self.refusals <= MOST_REFUSALS
    }
}

/// What a 401 or 407 leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Challenged {
    /// Send the request again: same Call-ID and From tag, CSeq one higher, authorised anew.
    Retry,
    /// There is no answer, or it was refused.
    GiveUp(Refusal),
}

/// Why a challenge ends the matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There was no challenge in it.
    NoChallenge,
    /// No challenge with a scheme and an algorithm that we know.
    UnknownChallenge,
    /// A digest is asked for and there is no password.
    NoPassword,
    /// User or password is wrong.
    WrongPassword,
    /// The token was refused, and there is nothing else to answer with.
    TokenRefused,
    /// A realm that nobody but the far side of a dialog has ever named: it gets no answer.
    ForeignRealm,
    /// The server asks again and again.
    Loop,
}

impl Refusal {
    /// For people who read logs, and for the failure's text.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::NoChallenge => "the server asks for credentials but not how",
            Self::UnknownChallenge => "the server asks for credentials in a way that is not known",
            Self::NoPassword => "the server asks for a password and the account has none",
            Self::WrongPassword => "user or password was refused",
            Self::TokenRefused => "the token was refused",
            Self::ForeignRealm => "the far side asks for credentials that are not for it",
            Self::Loop => "the server asks for credentials again and again",
        }
    }

    /// The code of the registration's failure.
    pub(crate) const fn code(self) -> &'static str {
        if matches!(self, Self::TokenRefused) { "token-rejected" } else { "auth" }
    }
}

/// The credentials of one account, and which of them its server takes. Without `Debug`.
#[derive(Clone, Default)]
pub(crate) struct Authorizer {
    user: String,
    secret: Option<Secret>,
    bearer: Option<Bearer>,
    /// Host of the account's URI.
    domain: String,
    /// Hosts of its servers: first hops of requests inside dialogs.
    servers: Vec<String>,
    answered: Vec<Answered>,
    guess: Guess,
}

#[derive(Clone)]
struct Bearer {
    token: String,
    /// Where it was refused and a digest took its place.
    refused: Vec<Scope>,
}

/// What a challenge was about. A registrar and a proxy of one realm may differ.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Register,
    Others,
}

/// Whether the registrar's nonce is worth a try at the proxy.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Guess {
    #[default]
    Worthwhile,
    /// The server did not take it once.
    Vain,
}

/// Of one response, and remembered: registrar, proxy, one on the way, each in two algorithms.
const MOST_CHALLENGES: usize = 8;
/// No honest exchange takes more: in advance, digest, stale, a second proxy.
const MOST_REFUSALS: u8 = 4;

impl Authorizer {
    /// The credentials of an account that was checked.
    pub(crate) fn new(account: &Account) -> Self {
        let own = unescape(account.user()).into_owned();
        let bearer = |token: &String| Bearer { token: token.clone(), refused: Vec::new() };
        Self {
            user: account.authorization_user.clone().unwrap_or(own),
            secret: Secret::of(account),
            bearer: account.bearer.as_ref().map(bearer),
            domain: uri_host(&account.uri),
            servers: account.servers.iter().map(|url| server_host(url)).collect(),
            answered: Vec::new(),
            guess: Guess::Worthwhile,
        }
    }

    /// Takes over what another account's authorizer knows of the same servers.
    pub(crate) fn inherit(&mut self, former: &Self) {
        self.answered.clone_from(&former.answered);
        self.guess = former.guess;
    }

    /// Adds the credentials that the server is known to take. ACK and CANCEL get none.
    ///
    /// To be called once for every sending, right before it: nonce counts go up. Credentials that
    /// the request holds from an earlier sending are replaced.
    pub(crate) fn authorize(&mut self, request: &mut Request, ids: &mut Ids) {
        request.headers.remove_all("Authorization");
        request.headers.remove_all("Proxy-Authorization");
        if matches!(request.method, Method::Ack | Method::Cancel) {
            return;
        }
        let scope = Scope::of(&request.method);
        if self.add_bearer(request, scope) {
            return;
        }
        let leaves_home = self.leaves_home(request);
        let Some(secret) = self.secret.as_ref().filter(|_| !leaves_home) else { return };
        // Inside a dialog a proxy hardly asks, and might not take off what it did not ask for.
        let guess = scope == Scope::Others
            && self.guess == Guess::Worthwhile
            && !in_dialog(request)
            && !self.answered.iter().any(|answered| answered.scope == Scope::Others);
        for answered in &mut self.answered {
            if answered.scope == scope || guess {
                let value = answered.credentials(&self.user, secret, request, ids);
                request.headers.push(header_for(answered.proxy || guess), value);
            }
        }
    }

    /// Learns from a 401 or 407 to `sent`, which is the request as it left.
    pub(crate) fn on_challenge(
        &mut self,
        sent: &Request,
        response: &Message<'_>,
        attempts: &mut Attempts,
    ) -> Challenged {
        let in_advance = attempts.refusals == 0;
        if !attempts.once_more() {
            return Challenged::GiveUp(Refusal::Loop);
        }
        let challenges = response.challenges();
        let chosen = match self.choose(sent, &challenges) {
            Ok(chosen) => chosen,
            Err(refusal) => return Challenged::GiveUp(refusal),
        };
        for (new, stale) in &chosen {
            if !in_advance && !stale && answers(sent, new) {
                return Challenged::GiveUp(Refusal::WrongPassword);
            }
        }
        self.learn_refusals(sent, chosen.iter().all(|(_, stale)| *stale));
        for (new, _) in chosen {
            self.answered.retain(|old| !old.same_asker(&new));
            // Every request would carry an answer to each: realm after realm must not pile up.
            let excess = (self.answered.len() + 1).saturating_sub(MOST_CHALLENGES);
            self.answered.drain(..excess);
            self.answered.push(new);
        }
        Challenged::Retry
    }

    /// The strongest challenge of each realm that can be answered, and whether it only says that
    /// the nonce is old.
    fn choose(
        &self,
        sent: &Request,
        challenges: &[Challenge<'_>],
    ) -> Result<Vec<(Answered, bool)>, Refusal> {
        let scope = Scope::of(&sent.method);
        let mut chosen: Vec<(Answered, bool)> = Vec::new();
        for challenge in challenges.iter().take(MOST_CHALLENGES) {
            let fits = |new: &Answered| self.secret.as_ref().is_none_or(|own| own.fits(new));
            let Some(new) = Answered::read(challenge, scope).filter(fits) else { continue };
            let stale =
                challenge.param("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true"));
            match chosen.iter_mut().find(|(one, _)| one.same_asker(&new)) {
                Some((one, _)) if one.algorithm.hash >= new.algorithm.hash => {}
                Some(weaker) => *weaker = (new, stale),
                None => chosen.push((new, stale)),
            }
        }
        let bearer_only = challenges.iter().any(|one| one.scheme().eq_ignore_ascii_case("Bearer"));
        if challenges.is_empty() && !carries_bearer(sent) {
            Err(Refusal::NoChallenge)
        } else if self.bearer.is_some() && (chosen.is_empty() || self.secret.is_none()) {
            Err(Refusal::TokenRefused)
        } else if chosen.is_empty() {
            Err(if bearer_only { Refusal::NoPassword } else { Refusal::UnknownChallenge })
        } else if self.secret.is_none() {
            Err(Refusal::NoPassword)
        } else if self.leaves_home(sent)
            || in_dialog(sent) && !chosen.iter().all(|(new, _)| self.knows(&new.realm))
        {
            Err(Refusal::ForeignRealm)
        } else {
            Ok(chosen)
        }
    }

    /// Takes the nonce that a 2xx names for the next request (RFC 7616 §3.5). It does not say of
    /// which realm, so it counts only where one realm was answered.
    pub(crate) fn on_accepted(&mut self, method: &Method, response: &Message<'_>) {
        let scope = Scope::of(method);
        for (proxy, name) in [(false, "Authentication-Info"), (true, "Proxy-Authentication-Info")] {
            let Some(info) = response.authentication_info(name) else { continue };
            let Some(next) = info.param("nextnonce").filter(|nonce| printable(nonce)) else {
                continue;
            };
            let mut asked =
                self.answered.iter_mut().filter(|one| one.scope == scope && one.proxy == proxy);
            if let (Some(one), None) = (asked.next(), asked.next()) {
                one.renew(&next);
            }
        }
    }

    /// Whether it is a REGISTER that goes to another host than the account's domain and servers.
    fn leaves_home(&self, request: &Request) -> bool {
        let host = uri_host(&request.uri);
        request.method == Method::Register && host != self.domain && !self.servers.contains(&host)
    }

    /// Whether all who ask are known.
    pub(crate) fn knows_all(&self, response: &Message<'_>) -> bool {
        let challenges = response.challenges();
        challenges.iter().all(|one| one.param("realm").is_some_and(|realm| self.knows(&realm)))
    }

    /// A realm that was met outside dialogs, or the account's own.
    fn knows(&self, realm: &str) -> bool {
        realm.eq_ignore_ascii_case(&self.domain)
            || self.answered.iter().any(|answered| answered.realm == realm)
    }

    /// Stops sending in advance what this server did not take.
    fn learn_refusals(&mut self, sent: &Request, stale: bool) {
        let scope = Scope::of(&sent.method);
        if carries_bearer(sent) {
            if let Some(bearer) =
                self.bearer.as_mut().filter(|bearer| !bearer.refused.contains(&scope))
            {
                bearer.refused.push(scope);
            }
        } else if scope == Scope::Others
            && !stale
            && sent.headers.get("Proxy-Authorization").is_some()
        {
            self.guess = Guess::Vain;
        }
    }

    /// Bearer goes where it was not refused and only to the account's own domain.
    fn add_bearer(&self, request: &mut Request, scope: Scope) -> bool {
        let Some(bearer) = &self.bearer else { return false };
        let goes = !bearer.refused.contains(&scope) && self.goes_home(request);
        if goes {
            request
                .headers
                .push(header_for(scope == Scope::Others), ["Bearer ", &bearer.token].concat());
        }
        goes
    }

    /// Whether a request outside dialogs is for the account's own domain.
    pub(crate) fn is_own(&self, request: &Request) -> bool {
        let host = uri_host(&request.uri);
        !host.is_empty() && host == self.domain
    }

    /// Whether the request is for the account's own domain: by its URI, or inside a dialog, where
    /// the URI is the far side's address, by its first hop.
    fn goes_home(&self, request: &Request) -> bool {
        let first_hop = request
            .headers
            .get("Route")
            .and_then(|route| cut(route, b'<').map(|(_, uri)| before(uri, b">")));
        let next =
            if in_dialog(request) { first_hop.unwrap_or(&request.uri) } else { &request.uri };
        let host = uri_host(next);
        !host.is_empty() && host == self.domain
            || in_dialog(request) && self.servers.contains(&host)
    }
}

impl Scope {
    fn of(method: &Method) -> Self {
        if *method == Method::Register { Self::Register } else { Self::Others }
    }
}

const fn header_for(proxy: bool) -> &'static str {
    if proxy { "Proxy-Authorization" } else { "Authorization" }
}

fn carries_bearer(request: &Request) -> bool {
    ["Authorization", "Proxy-Authorization"]
        .into_iter()
        .any(|name| request.headers.get(name).is_some_and(|value| value.starts_with("Bearer ")))
}

/// Whether the request held an answer to this realm.
fn answers(request: &Request, to: &Answered) -> bool {
    let mut realm = String::from("realm=");
    push_quoted(&mut realm, &to.realm);
    request.headers.get_all(header_for(to.proxy)).any(|value| has(value, &realm))
}

fn in_dialog(request: &Request) -> bool {
    has_tag(request.headers.get("To").unwrap_or_default())
}

/// Whether a From or To of our own writing has a tag; a display name may say anything.
pub(crate) fn has_tag(address: &str) -> bool {
    has(cut_last(address, b'>').map_or(address, |(_, params)| params), ";tag=")
}

/// The host of a SIP URI in lower case; empty where there is any doubt.
fn uri_host(uri: &str) -> String {
    let one_host = pieces(uri, b'@').nth(2).is_none();
    let host = Uri::parse(uri).ok().filter(|_| one_host).map(|uri| uri.host());
    host.unwrap_or_default().to_ascii_lowercase()
}

/// The host of a WebSocket URL that was checked, in lower case.
fn server_host(url: &str) -> String {
    let rest = split_once(url, "://").map_or(url, |(_, rest)| rest);
    let authority = before(rest, b"/?");
    uri_host(&["sip:", authority].concat())
}
