//! An account and the tokens it comes from.

use crate::media::IceServer;

/// Who a phone is and where it registers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// STUN and TURN.
    pub ice_servers: Vec<IceServer>,
    /// Only relayed candidates are used.
    pub relay_only: bool,
    /// Wished lifetime of the registration, in seconds; 600 unless told.
    pub register_expires: Option<u32>,
    /// `false`: calls only, no REGISTER.
    pub register: bool,
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
