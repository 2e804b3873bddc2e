//! One challenge that is answered, and its answers.

use super::{Scope, Secret};
use crate::ids::Ids;
use crate::sip::digest::{Algorithm, Digest, Qop, nonce_count, user_hash};
use crate::sip::{Challenge, Request, printable};

/// A challenge, to be answered until it is replaced.
#[derive(Clone)]
pub(super) struct Answered {
    pub(super) scope: Scope,
    pub(super) proxy: bool,
    pub(super) realm: String,
    nonce: String,
    opaque: Option<String>,
    pub(super) algorithm: Algorithm,
    /// As the server wrote it; left out where the server did.
    algorithm_name: Option<String>,
    qop: Option<Qop>,
    /// The server wants the user's name as a hash (RFC 7616 §3.4.4).
    userhash: bool,
    uses: u32,
}

impl Answered {
    /// A challenge that can be answered.
    pub(super) fn read(challenge: &Challenge<'_>, scope: Scope) -> Option<Self> {
        let text = |name| challenge.param(name).map(std::borrow::Cow::into_owned);
        let algorithm_name = text("algorithm").filter(|name| !name.is_empty());
        let new = Self {
            scope,
            proxy: challenge.proxy(),
            realm: text("realm")?,
            nonce: text("nonce")?,
            opaque: text("opaque"),
            algorithm: Algorithm::parse(algorithm_name.as_deref().unwrap_or("MD5"))?,
            algorithm_name,
            qop: match text("qop").filter(|list| !list.trim_ascii().is_empty()) {
                Some(list) => Some(Qop::choose(&list)?),
                None => None,
            },
            userhash: challenge
                .param("userhash")
                .is_some_and(|userhash| userhash.eq_ignore_ascii_case("true")),
            uses: 0,
        };
        let texts = [Some(&new.realm), Some(&new.nonce), new.opaque.as_ref()];
        let printable = texts.into_iter().flatten().all(|text| printable(text));
        (printable && challenge.scheme().eq_ignore_ascii_case("Digest")).then_some(new)
    }

    pub(super) fn same_asker(&self, other: &Self) -> bool {
        self.scope == other.scope && self.proxy == other.proxy && self.realm == other.realm
    }

    /// Goes on with another nonce.
    pub(super) fn renew(&mut self, nonce: &str) {
        nonce.clone_into(&mut self.nonce);
        self.uses = 0;
    }

    /// The header's value for one sending.
    pub(super) fn credentials(
        &mut self,
        user: &str,
        secret: &Secret,
        request: &Request,
        ids: &mut Ids,
    ) -> String {
        self.uses += 1;
        let cnonce = ids.token();
        let response = Digest {
            algorithm: self.algorithm,
            secret: &secret.hashed(self, user),
            method: request.method.as_str(),
            uri: &request.uri,
            nonce: &self.nonce,
            qop: self.qop,
            nonce_count: self.uses,
            cnonce: &cnonce,
            body: &request.body,
        }
        .response();
        let mut value = String::from("Digest username=");
        if self.userhash {
            push_quoted(&mut value, &user_hash(self.algorithm.hash, user, &self.realm));
            push_name(&mut value, "userhash");
            value.push_str("true");
        } else {
            push_quoted(&mut value, user);
        }
        let quoted = [
            ("realm", Some(self.realm.as_str())),
            ("nonce", Some(&self.nonce)),
            ("uri", Some(&request.uri)),
            ("response", Some(&response)),
            ("opaque", self.opaque.as_deref()),
            ("cnonce", (self.qop.is_some() || self.algorithm.session).then_some(cnonce.as_str())),
        ];
        for (name, text) in quoted {
            if let Some(text) = text {
                push_name(&mut value, name);
                push_quoted(&mut value, text);
            }
        }
        if let Some(name) = &self.algorithm_name {
            push_name(&mut value, "algorithm");
            value.push_str(name);
        }
        if let Some(qop) = self.qop {
            push_name(&mut value, "qop");
            value.push_str(qop.name());
            push_name(&mut value, "nc");
            value.push_str(&nonce_count(self.uses));
        }
        value
    }
}

fn push_name(value: &mut String, name: &str) {
    value.push_str(", ");
    value.push_str(name);
    value.push('=');
}

/// Appends a quoted-string (RFC 3261 §25.1).
pub(crate) fn push_quoted(value: &mut String, text: &str) {
    value.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            value.push('\\');
        }
        value.push(c);
    }
    value.push('"');
}
