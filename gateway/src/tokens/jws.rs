//! Self-contained tokens: JWS compact serialisation (RFC 7515) with the claims of RFC 7519.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Allow, Refused};
use crate::settings::{Key, KeyAlgorithm, Unstartable};

/// What a token says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The seat.
    pub sub: String,
    /// Who may take it: the SIP domain.
    pub aud: Value,
    /// Its own name.
    pub jti: String,
    /// When it was made, in seconds of the Unix epoch.
    pub iat: u64,
    /// When it ends, in seconds of the Unix epoch.
    pub exp: u64,
    /// What it may be used for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow: Option<Allow>,
    /// It is good for one INVITE, and for nothing else.
    #[serde(default, skip_serializing_if = "is_false")]
    pub once: bool,
    /// With `once`: the Call-ID of the waiting call that it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pickup: Option<String>,
    /// The account, for the phone; not ours to read.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub sip: Value,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// The keys that tokens are verified with.
pub struct Keys {
    audience: String,
    keys: Vec<(String, Algorithm, DecodingKey)>,
}

impl Keys {
    /// Reads the keys of the settings.
    ///
    /// # Errors
    ///
    /// [`Unstartable`] if a key is missing, cannot be read, or does not fit its algorithm.
    pub fn new(audience: &str, keys: &[Key]) -> Result<Self, Unstartable> {
        let keys = keys.iter().map(read_key).collect::<Result<_, _>>()?;
        Ok(Self { audience: audience.to_owned(), keys })
    }

    /// Adds the demo key, which everybody knows.
    #[must_use]
    pub fn with_demo_key(mut self) -> Self {
        let key = DecodingKey::from_secret(DEMO_SECRET);
        self.keys.push((DEMO_KID.to_owned(), Algorithm::HS256, key));
        self
    }

    /// Verifies a token; `now` in seconds of the Unix epoch.
    ///
    /// # Errors
    ///
    /// [`Refused`] for whatever is not as it must be; the caller is told no more than that.
    pub fn open(&self, token: &str, now: u64) -> Result<Claims, Refused> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refused::Invalid)?;
        let kid = header.kid.as_deref().ok_or(Refused::Invalid)?;
        let (_, algorithm, key) =
            self.keys.iter().find(|(known, ..)| known == kid).ok_or(Refused::Invalid)?;
        // The token's own `alg` is only compared: what is verified with is the key's.
        if header.alg != *algorithm {
            return Err(Refused::Invalid);
        }
        let mut validation = Validation::new(*algorithm);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["exp", "aud", "sub"]);
        // By our clock, below.
        validation.validate_exp = false;
        let claims: Claims =
            jsonwebtoken::decode(token, key, &validation).map_err(|_| Refused::Invalid)?.claims;
        if claims.exp <= now {
            return Err(Refused::Expired);
        }
        let too_long =
            claims.exp.saturating_sub(claims.iat) > LONGEST || claims.exp > now + LONGEST;
        if too_long || claims.iat > now + SKEW {
            return Err(Refused::Invalid);
        }
        Ok(claims)
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|(kid, ..)| kid)).finish()
    }
}

/// Signs claims with the demo key.
pub fn sign_for_demo(claims: &Claims) -> Option<String> {
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some(DEMO_KID.to_owned());
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(DEMO_SECRET)).ok()
}

/// Names the key that everybody knows.
pub const DEMO_KID: &str = "demo";
/// The key that everybody knows: good for demo seats on one's own machine and for nothing else.
pub const DEMO_SECRET: &[u8] = b"everybody can read this, so it is good for demos only";
/// The longest life of a token, in seconds.
pub const LONGEST: u64 = 8 * 3600;
/// How far a token's maker's clock may be ahead, in seconds.
const SKEW: u64 = 60;

fn read_key(key: &Key) -> Result<(String, Algorithm, DecodingKey), Unstartable> {
    let bad = |why: &str| Unstartable::Bad("keys", format!("{}: {why}", key.kid));
    if key.kid == DEMO_KID {
        return Err(bad("this kid belongs to the demo key"));
    }
    if key.algorithm == KeyAlgorithm::HS256 {
        let secret = key.secret.as_ref().ok_or_else(|| bad("HS256 needs `secret`"))?;
        if secret.len() < 32 {
            return Err(bad("a secret has at least 32 bytes"));
        }
        return Ok((
            key.kid.clone(),
            Algorithm::HS256,
            DecodingKey::from_secret(secret.as_bytes()),
        ));
    }
    let path = key.public_key.as_ref().ok_or_else(|| bad("needs `public_key`, a PEM file"))?;
    let pem = std::fs::read(path).map_err(|why| Unstartable::Unreadable(path.clone(), why))?;
    let (algorithm, decoding) = match key.algorithm {
        KeyAlgorithm::RS256 => (Algorithm::RS256, DecodingKey::from_rsa_pem(&pem)),
        KeyAlgorithm::ES256 => (Algorithm::ES256, DecodingKey::from_ec_pem(&pem)),
        KeyAlgorithm::EdDSA | KeyAlgorithm::HS256 => {
            (Algorithm::EdDSA, DecodingKey::from_ed_pem(&pem))
        }
    };
    let decoding = decoding.map_err(|_| bad("the file holds no public key of this algorithm"))?;
    Ok((key.kid.clone(), algorithm, decoding))
}
