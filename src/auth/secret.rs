//! What a digest is made from: a password, or its hash for one realm (RFC 7616 §3.4.2).

use super::answered::Answered;
use crate::account::Account;
use crate::sip::digest::{Hash, secret};

/// A password, or what a back end gives in its place. Without `Debug`.
#[derive(Clone)]
pub(super) enum Secret {
    Password(String),
    /// Good for one realm and one algorithm.
    Ha1 {
        realm: String,
        hash: Hash,
        value: String,
    },
}

impl Secret {
    /// That of an account that was checked; the hash where both were given.
    pub(super) fn of(account: &Account) -> Option<Self> {
        let Some(value) = &account.ha1 else {
            return account.password.clone().map(Self::Password);
        };
        Some(Self::Ha1 {
            realm: account.realm.clone().unwrap_or_else(|| account.domain().to_owned()),
            hash: if value.len() == 32 { Hash::Md5 } else { Hash::Sha256 },
            value: value.to_ascii_lowercase(),
        })
    }

    /// Whether it answers this challenge.
    pub(super) fn fits(&self, challenge: &Answered) -> bool {
        match self {
            Self::Password(_) => true,
            Self::Ha1 { realm, hash, .. } => {
                *realm == challenge.realm && *hash == challenge.algorithm.hash
            }
        }
    }

    /// The hash of user, realm and password for a challenge that it [fits](Self::fits).
    pub(super) fn hashed(&self, challenge: &Answered, user: &str) -> String {
        match self {
            Self::Password(password) => {
                secret(challenge.algorithm.hash, user, &challenge.realm, password)
            }
            Self::Ha1 { value, .. } => value.clone(),
        }
    }
}
