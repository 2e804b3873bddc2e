//! The arithmetic of Digest: RFC 7616 with the algorithms that RFC 8760 gives SIP.

use md5::{Digest as _, Md5};
use sha2::{Sha256, Sha512_256};

use crate::ids::hex;
use crate::text::pieces;

/// A hash, in order of strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hash {
    /// `MD5`, also where no algorithm is named.
    Md5,
    /// `SHA-256`
    Sha256,
    /// `SHA-512-256`
    Sha512_256,
}

/// A hash and whether the session variant is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Algorithm {
    /// The hash.
    pub hash: Hash,
    /// `-sess`: the password's hash is bound to the nonces.
    pub session: bool,
}

impl Algorithm {
    /// Reads an `algorithm` parameter, in any case; `None` for one that is not known.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, session) = match text.len().checked_sub("-sess".len()) {
            Some(at) if text.is_char_boundary(at) && text[at..].eq_ignore_ascii_case("-sess") => {
                (&text[..at], true)
            }
            _ => (text, false),
        };
        [Hash::Md5, Hash::Sha256, Hash::Sha512_256]
            .into_iter()
            .find(|hash| hash.name().eq_ignore_ascii_case(name))
            .map(|hash| Self { hash, session })
    }
}

impl Hash {
    /// As it stands in an `algorithm` parameter.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
            Self::Sha512_256 => "SHA-512-256",
        }
    }

    /// The hash of `parts`, which are joined by colons, in lower-case hexadecimal.
    fn of(self, parts: &[&[u8]]) -> String {
        let mut joined = Vec::new();
        for part in parts {
            joined.extend_from_slice(part);
            joined.push(b':');
        }
        joined.pop();
        match self {
            Self::Md5 => hex(&Md5::digest(joined)),
            Self::Sha256 => hex(&Sha256::digest(joined)),
            Self::Sha512_256 => hex(&Sha512_256::digest(joined)),
        }
    }
}

/// Quality of protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qop {
    /// `auth`: method and URI are protected.
    Auth,
    /// `auth-int`: so is the body.
    AuthInt,
}

impl Qop {
    /// As it stands in a `qop` parameter.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
        }
    }

    /// What to take of a challenge's list: `auth` where it is offered, since proxies edit bodies.
    /// `None` if neither is in it.
    pub fn choose(list: &str) -> Option<Self> {
        let offers = |qop: Self| {
            pieces(list, b',').any(|one| one.trim_ascii().eq_ignore_ascii_case(qop.name()))
        };
        [Self::Auth, Self::AuthInt].into_iter().find(|qop| offers(*qop))
    }
}

/// Everything that goes into a response (RFC 7616 §3.4.1).
///
/// There is no `Debug`: it holds a password's hash.
#[derive(Clone, Copy)]
pub struct Digest<'a> {
    /// The hash and its variant.
    pub algorithm: Algorithm,
    /// [`secret`] of user, realm and password.
    pub secret: &'a str,
    /// Of the request.
    pub method: &'a str,
    /// The Request-URI.
    pub uri: &'a str,
    /// The server's nonce.
    pub nonce: &'a str,
    /// None for servers of RFC 2069.
    pub qop: Option<Qop>,
    /// Counts the uses of the nonce, from 1.
    pub nonce_count: u32,
    /// Ours.
    pub cnonce: &'a str,
    /// The request's body, for `auth-int`.
    pub body: &'a [u8],
}

impl Digest<'_> {
    /// The `response` parameter, in lower-case hexadecimal.
    pub fn response(&self) -> String {
        let hash = self.algorithm.hash;
        let bytes = str::as_bytes;
        let secret = if self.algorithm.session {
            hash.of(&[bytes(self.secret), bytes(self.nonce), bytes(self.cnonce)])
        } else {
            self.secret.to_owned()
        };
        let subject = match self.qop {
            Some(Qop::AuthInt) => {
                let body = hash.of(&[self.body]);
                hash.of(&[bytes(self.method), bytes(self.uri), bytes(&body)])
            }
            Some(Qop::Auth) | None => hash.of(&[bytes(self.method), bytes(self.uri)]),
        };
        match self.qop {
            None => hash.of(&[bytes(&secret), bytes(self.nonce), bytes(&subject)]),
            Some(qop) => hash.of(&[
                bytes(&secret),
                bytes(self.nonce),
                bytes(&nonce_count(self.nonce_count)),
                bytes(self.cnonce),
                bytes(qop.name()),
                bytes(&subject),
            ]),
        }
    }
}

/// `H(user:realm:password)`, which is what a server may keep in place of the password.
pub fn secret(hash: Hash, user: &str, realm: &str, password: &str) -> String {
    hash.of(&[user.as_bytes(), realm.as_bytes(), password.as_bytes()])
}

/// `H(user:realm)`: the user's name where `userhash` is asked for (RFC 7616 §3.4.4).
pub fn user_hash(hash: Hash, user: &str, realm: &str) -> String {
    hash.of(&[user.as_bytes(), realm.as_bytes()])
}

/// A nonce count as it stands in an `nc` parameter: eight hexadecimal digits.
pub fn nonce_count(count: u32) -> String {
    hex(&count.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rfc_7616(hash: Hash) -> String {
        let secret = secret(hash, "Mufasa", "http-auth@example.org", "Circle of Life");
        Digest {
            algorithm: Algorithm { hash, session: false },
            secret: &secret,
            method: "GET",
            uri: "/dir/index.html",
            nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            qop: Some(Qop::Auth),
            nonce_count: 1,
            cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            body: b"",
        }
        .response()
    }

    #[test]
    fn the_examples_of_rfc_7616_come_out() {
        assert_eq!(rfc_7616(Hash::Md5), "8ca523f5e9506fed4657c9700eebdbec");
        assert_eq!(
            rfc_7616(Hash::Sha256),
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
        );
    }

    #[test]
    fn the_example_of_rfc_2617_comes_out() {
        let secret = secret(Hash::Md5, "Mufasa", "testrealm@host.com", "Circle Of Life");
        assert_eq!(secret, "939e7578ed9e3c518a452acee763bce9");
        let digest = Digest {
            algorithm: Algorithm { hash: Hash::Md5, session: false },
            secret: &secret,
            method: "GET",
            uri: "/dir/index.html",
            nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
            qop: Some(Qop::Auth),
            nonce_count: 1,
            cnonce: "0a4f113b",
            body: b"",
        };
        assert_eq!(digest.response(), "6629fae49393a05397450978507c4ef1");
        let old = Digest { qop: None, ..digest };
        assert_eq!(old.response(), "670fd8c2df070c60b045671b8b24ff02");
    }

    /// RFC 7616 §3.9.2 with erratum 4897 (the RFC's own figure is that of a draft of the hash).
    #[test]
    fn sha_512_256_is_the_truncated_one_with_its_own_start() {
        let secret =
            secret(Hash::Sha512_256, "J\u{e4}s\u{f8}n Doe", "api@example.org", "Secret, or not?");
        let digest = Digest {
            algorithm: Algorithm { hash: Hash::Sha512_256, session: false },
            secret: &secret,
            method: "GET",
            uri: "/doe.json",
            nonce: "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
            qop: Some(Qop::Auth),
            nonce_count: 1,
            cnonce: "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
            body: b"",
        };
        assert_eq!(
            digest.response(),
            "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"
        );
    }

    #[test]
    fn the_session_variant_binds_the_nonces() {
        let secret = secret(Hash::Md5, "u", "r", "p");
        let digest = Digest {
            algorithm: Algorithm { hash: Hash::Md5, session: true },
            secret: &secret,
            method: "REGISTER",
            uri: "sip:r",
            nonce: "n",
            qop: Some(Qop::Auth),
            nonce_count: 2,
            cnonce: "c",
            body: b"",
        };
        let bound = Hash::Md5.of(&[secret.as_bytes(), b"n", b"c"]);
        let plain = Digest {
            algorithm: Algorithm { hash: Hash::Md5, session: false },
            secret: &bound,
            ..digest
        };
        assert_eq!(digest.response(), plain.response());
    }

    #[test]
    fn auth_int_covers_the_body() {
        let secret = secret(Hash::Sha256, "u", "r", "p");
        let with = |body: &'static [u8]| {
            Digest {
                algorithm: Algorithm { hash: Hash::Sha256, session: false },
                secret: &secret,
                method: "INVITE",
                uri: "sip:r",
                nonce: "n",
                qop: Some(Qop::AuthInt),
                nonce_count: 1,
                cnonce: "c",
                body,
            }
            .response()
        };
        assert_ne!(with(b"v=0"), with(b"v=1"));
    }

    #[test]
    fn names_are_read_in_any_case_and_unknown_ones_are_refused() {
        let md5 = |session| Some(Algorithm { hash: Hash::Md5, session });
        assert_eq!(Algorithm::parse("md5"), md5(false));
        assert_eq!(Algorithm::parse("MD5-SESS"), md5(true));
        assert_eq!(
            Algorithm::parse("sha-512-256-sess"),
            Some(Algorithm { hash: Hash::Sha512_256, session: true })
        );
        for unknown in ["SHA-1", "", "-sess", "AKAv1-MD5", "SHA-512", "\u{fc}-sess"] {
            assert_eq!(Algorithm::parse(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn plain_auth_is_taken_before_auth_int() {
        assert_eq!(Qop::choose("auth-int, AUTH"), Some(Qop::Auth));
        assert_eq!(Qop::choose("auth-int"), Some(Qop::AuthInt));
        assert_eq!(Qop::choose("auth-conf"), None);
    }

    #[test]
    fn nonce_counts_pass_255() {
        assert_eq!(nonce_count(1), "00000001");
        assert_eq!(nonce_count(0x1234), "00001234");
    }
}
