//! Digest, the server's side: RFC 7616 with the algorithms of RFC 8760, `qop=auth`.
//!
//! A nonce carries its time and a MAC, so that nothing is remembered for whoever only asks;
//! what is remembered is the last count of each nonce that somebody answered well.

use std::collections::HashMap;

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Makes nonces and checks answers.
pub(super) struct Digests {
    realm: String,
    key: Hmac<Sha256>,
    made: u64,
    /// Nonce, last count and when the nonce ends.
    counts: HashMap<String, (u32, u64)>,
}

/// What an answer is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The password is right.
    Right,
    /// The password is right, but the nonce is too old or its count was used.
    Stale,
    /// Wrong in any other way.
    Wrong,
}

impl Digests {
    pub(super) fn new(realm: &str, seed: [u8; 32]) -> Self {
        // HMAC takes keys of any length, so the other arm is never reached.
        let key = Hmac::new_from_slice(&seed).unwrap_or_else(|_| Hmac::new(&[0; 64].into()));
        Self { realm: realm.to_owned(), key, made: 0, counts: HashMap::new() }
    }

    /// The challenges, the strongest first; `now` in seconds.
    pub(super) fn challenges(&mut self, now: u64, stale: bool) -> [String; 2] {
        self.made += 1;
        let nonce = self.nonce(now, self.made);
        let realm = &self.realm;
        let stale = if stale { ", stale=true" } else { "" };
        ["SHA-256", "MD5"].map(|algorithm| {
            format!(
                "Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={algorithm}, \
                 qop=\"auth\"{stale}"
            )
        })
    }

    /// Checks the parameters of an `Authorization: Digest`; `None` for a seat without password.
    pub(super) fn check(
        &mut self,
        now: u64,
        method: &str,
        uri: &str,
        password: Option<&str>,
        params: &Params,
    ) -> Answer {
        let given = |name| params.get(name).unwrap_or_default();
        let hash: fn(&str) -> String = match given("algorithm").to_ascii_uppercase().as_str() {
            "" | "MD5" => hex_of::<Md5>,
            "SHA-256" => hex_of::<Sha256>,
            _ => return Answer::Wrong,
        };
        if given("realm") != self.realm || given("uri") != uri || given("qop") != "auth" {
            return Answer::Wrong;
        }
        // Without a password the answer is computed all the same: the time tells nothing.
        let secret = password.unwrap_or("\u{0}");
        let ha1 = hash(&format!("{}:{}:{secret}", given("username"), self.realm));
        let ha2 = hash(&format!("{method}:{uri}"));
        let (nonce, nc, cnonce) = (given("nonce"), given("nc"), given("cnonce"));
        let expected = hash(&format!("{ha1}:{nonce}:{nc}:{cnonce}:auth:{ha2}"));
        let response = given("response").to_ascii_lowercase();
        let right = bool::from(expected.as_bytes().ct_eq(response.as_bytes()));
        match self.made_at(nonce) {
            Some(made) if right && password.is_some() => self.count(now, made, nonce, nc),
            // Most likely the nonce of a gateway that has since been restarted.
            None if !nonce.is_empty() && right && password.is_some() => Answer::Stale,
            _ => Answer::Wrong,
        }
    }

    fn count(&mut self, now: u64, made: u64, nonce: &str, nc: &str) -> Answer {
        let Ok(nc) = u32::from_str_radix(nc, 16) else { return Answer::Wrong };
        let end = made + LIFE;
        if end <= now {
            return Answer::Stale;
        }
        if self.counts.len() >= MOST_COUNTS {
            self.counts.retain(|_, (_, end)| *end > now);
        }
        let last = &mut self.counts.entry(nonce.to_owned()).or_insert((0, end)).0;
        if nc <= *last {
            return Answer::Stale;
        }
        *last = nc;
        Answer::Right
    }

    /// Time, number and MAC, in hexadecimal.
    fn nonce(&self, now: u64, number: u64) -> String {
        let body = format!("{now:012x}{number:012x}");
        let mut mac = self.key.clone();
        mac.update(body.as_bytes());
        let tag = mac.finalize().into_bytes();
        body + &hex(&tag[..16])
    }

    /// When this nonce was made, if it is ours.
    fn made_at(&self, nonce: &str) -> Option<u64> {
        let made = u64::from_str_radix(nonce.get(..12)?, 16).ok()?;
        let number = u64::from_str_radix(nonce.get(12..24)?, 16).ok()?;
        bool::from(self.nonce(made, number).as_bytes().ct_eq(nonce.as_bytes())).then_some(made)
    }
}

/// The parameters of a credential: `name=value` or `name="value"`, with commas between.
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    pub(super) fn parse(mut text: &str) -> Self {
        let mut params = Vec::new();
        while let Some((name, rest)) = text.split_once('=') {
            let (value, rest) = value(rest.trim_start());
            params.push((name.trim().to_ascii_lowercase(), value));
            text = rest.trim_start().trim_start_matches(',');
        }
        Self(params)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// A token or a quoted string, and what follows it.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(',').unwrap_or(text.len());
        return (text[..end].trim_end().to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(chars.next().map(|(_, char)| char)),
            _ => value.push(char),
        }
    }
    (value, "")
}

fn hex_of<D: Digest>(text: &str) -> String {
    hex(&D::digest(text.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from_digit(u32::from(digit), 16).unwrap_or('0')).collect()
}

/// How long a nonce is good, in seconds.
const LIFE: u64 = 3600;
/// So many counts are kept before those that are over are looked for.
const MOST_COUNTS: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_000_000;

    fn answer(nonce: &str, nc: &str, password: &str) -> Params {
        let ha1 = hex_of::<Sha256>(&format!("alice:localhost:{password}"));
        let ha2 = hex_of::<Sha256>("REGISTER:sip:localhost");
        let response = hex_of::<Sha256>(&format!("{ha1}:{nonce}:{nc}:c:auth:{ha2}"));
        Params::parse(&format!(
            "username=\"alice\", realm=\"localhost\", nonce=\"{nonce}\", uri=\"sip:localhost\", \
             response=\"{response}\", algorithm=SHA-256, qop=auth, nc={nc}, cnonce=\"c\""
        ))
    }

    fn nonce(digests: &mut Digests, now: u64) -> String {
        let [challenge, _] = digests.challenges(now, false);
        Params::parse(challenge.strip_prefix("Digest ").unwrap()).get("nonce").unwrap().to_owned()
    }

    #[test]
    fn an_answer_is_good_once_and_only_with_the_password() {
        let mut digests = Digests::new("localhost", [7; 32]);
        let nonce = nonce(&mut digests, NOW);
        let mut check = |nc: &str, password: &str, now| {
            let params = answer(&nonce, nc, password);
            digests.check(now, "REGISTER", "sip:localhost", Some("secret"), &params)
        };
        assert_eq!(check("00000001", "wrong", NOW), Answer::Wrong);
        assert_eq!(check("00000001", "secret", NOW), Answer::Right);
        assert_eq!(check("00000001", "secret", NOW), Answer::Stale);
        assert_eq!(check("00000002", "secret", NOW), Answer::Right);
        assert_eq!(check("00000003", "secret", NOW + LIFE), Answer::Stale);
    }

    #[test]
    fn a_nonce_of_before_a_restart_is_stale_and_a_seat_without_password_never_right() {
        let mut digests = Digests::new("localhost", [7; 32]);
        let uri = "sip:localhost";
        let foreign = nonce(&mut Digests::new("localhost", [8; 32]), NOW);
        let params = answer(&foreign, "00000001", "secret");
        assert_eq!(digests.check(NOW, "REGISTER", uri, Some("secret"), &params), Answer::Stale);
        let params = answer(&foreign, "00000001", "guessed");
        assert_eq!(digests.check(NOW, "REGISTER", uri, Some("secret"), &params), Answer::Wrong);
        let own = nonce(&mut digests, NOW);
        let params = answer(&own, "00000001", "\u{0}");
        assert_eq!(digests.check(NOW, "REGISTER", uri, None, &params), Answer::Wrong);
    }

    #[test]
    fn parameters_may_be_quoted_and_escaped() {
        let params = Params::parse(r#"a="x, \"y\"" ,b = z, c="#);
        assert_eq!(params.get("a"), Some("x, \"y\""));
        assert_eq!(
            (params.get("b"), params.get("c"), params.get("d")),
            (Some("z"), Some(""), None)
        );
    }
}
