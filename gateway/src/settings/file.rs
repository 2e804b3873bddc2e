//! What stands in the configuration file (TOML), with the defaults of a machine of one's own.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use serde::Deserialize;

use crate::tokens::Allow;

/// The configuration file. Every field may be missing; unknown ones are errors.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The address to listen on; loopback unless told.
    pub listen: IpAddr,
    /// The TCP port; 0 takes any free one.
    pub port: u16,
    /// The SIP domain: the host part of every seat's address.
    pub domain: String,
    /// The origin that browsers see, where a proxy with TLS stands in front.
    pub public_url: Option<String>,
    /// Origins of pages on other hosts that may use `/sip`, `/v1` and `/createAuth`.
    pub allowed_origins: Vec<String>,
    /// The address that media candidates name; unless told that of `listen`, and beside
    /// loopback the one that leads out of this machine.
    pub media_ip: Option<IpAddr>,
    /// Where the demo site lies.
    pub www: Option<PathBuf>,
    /// Where the built bundles lie.
    pub dist: Option<PathBuf>,
    /// The demo seats, their passwords and `/createAuth`.
    pub demo: bool,
    /// Lines for people, or one JSON object a line.
    pub log_format: LogFormat,
    /// The token service's own credentials.
    pub platform: Platform,
    /// Keys of self-contained tokens.
    pub keys: Vec<Key>,
    /// Seats beside the demo ones.
    pub seats: Vec<Seat>,
    /// STUN and TURN servers that accounts name.
    pub ice_servers: Vec<IceServer>,
    /// What one client may take.
    pub limits: Limits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 8080,
            domain: "localhost".to_owned(),
            public_url: None,
            allowed_origins: Vec::new(),
            media_ip: None,
            www: None,
            dist: None,
            demo: true,
            log_format: LogFormat::Text,
            platform: Platform::default(),
            keys: Vec::new(),
            seats: Vec::new(),
            ice_servers: Vec::new(),
            limits: Limits::default(),
        }
    }
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The credentials of `createSdkAuthentication`.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Platform {
    /// First part of opaque tokens.
    pub app: String,
    /// The header `Api-Key`.
    pub api_key: String,
    /// Signed with, never sent.
    pub api_secret: String,
}

impl Platform {
    /// The key that everybody can read in the source.
    pub const DEMO_KEY: &str = "demo-key";
    /// Its secret.
    pub const DEMO_SECRET: &str = "demo-secret";

    /// Key or secret is the one that everybody can read.
    pub fn is_default(&self) -> bool {
        self.api_key == Self::DEMO_KEY || self.api_secret == Self::DEMO_SECRET
    }
}

impl Default for Platform {
    fn default() -> Self {
        Self {
            app: "demo".to_owned(),
            api_key: Self::DEMO_KEY.to_owned(),
            api_secret: Self::DEMO_SECRET.to_owned(),
        }
    }
}

impl std::fmt::Debug for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Platform").field("app", &self.app).finish_non_exhaustive()
    }
}

/// A key of self-contained tokens. The algorithm belongs to the key, never to the token.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// What the token's header names.
    pub kid: String,
    /// The only algorithm that is taken with this key.
    pub algorithm: KeyAlgorithm,
    /// The shared secret, for HS256 only; at least 32 bytes.
    pub secret: Option<String>,
    /// The issuer's public key in PEM, for the others.
    pub public_key: Option<PathBuf>,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// What a key may verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum KeyAlgorithm {
    /// HMAC with SHA-256.
    HS256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// Ed25519.
    EdDSA,
}

/// A seat: somebody who can be called.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seat {
    /// The user part of its address.
    pub name: String,
    /// A number that leads to it, besides its name.
    pub number: Option<String>,
    /// What callees see.
    pub display_name: Option<String>,
    /// For digest; without one the seat takes tokens only.
    pub password: Option<String>,
    /// What it may do, unless its token says less.
    #[serde(default)]
    pub allow: Allow,
}

impl std::fmt::Debug for Seat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seat").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A STUN or TURN server, given to pages with their account.
#[derive(Clone, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct IceServer {
    /// `stun:`, `turn:` or `turns:` URLs.
    pub urls: Vec<String>,
    /// For TURN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// For TURN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

impl std::fmt::Debug for IceServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IceServer").field("urls", &self.urls).finish_non_exhaustive()
    }
}

/// What one client may take before it is told to wait.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// HTTP requests a second from one address, files excepted.
    pub requests_per_second: u32,
    /// So many may come at once.
    pub request_burst: u32,
    /// Tokens a second under the API key, whoever signs.
    pub tokens_per_second: u32,
    /// So many may be made at once.
    pub token_burst: u32,
    /// WebSockets at once.
    pub sockets: usize,
    /// WebSockets at once from one address.
    pub sockets_per_address: usize,
    /// TCP connections at once.
    pub connections: usize,
    /// TCP connections at once from one address.
    pub connections_per_address: usize,
    /// SIP messages a second on one WebSocket; more are read later.
    pub messages_per_second: u32,
    /// Unreadable messages on one WebSocket before it is closed.
    pub garbage: u32,
    /// Longest SIP message, in bytes: the largest body that the SDK sends, and room for its headers.
    pub message_bytes: usize,
    /// Calls to service numbers at once.
    pub service_calls: usize,
    /// Of these, calls of one seat, and on one WebSocket.
    pub service_calls_per_caller: usize,
    /// Contacts of one seat.
    pub contacts: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests_per_second: 50,
            request_burst: 200,
            tokens_per_second: 50,
            token_burst: 500,
            sockets: 2000,
            sockets_per_address: 200,
            connections: 4000,
            connections_per_address: 500,
            messages_per_second: 100,
            garbage: 20,
            message_bytes: 131_072,
            service_calls: 200,
            service_calls_per_caller: 10,
            contacts: 10,
        }
    }
}
