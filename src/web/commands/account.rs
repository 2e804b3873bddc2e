//! The command that registers.

use tsify::Tsify;

use crate::account;
use crate::api::{Credential, ProviderId};
use crate::json::Json;
use crate::web::shape::{Unreadable, field};

/// A function is not in the JSON: where there is neither token nor account, the driver has it.
pub(super) fn credential(given: &Json, provider: ProviderId) -> Result<Credential, Unreadable> {
    Ok(match (field(given, "token")?, given.get("account")) {
        (Some(token), _) => Credential::Token(token),
        (None, Some(account)) => {
            Credential::Account(Box::new(account::Account::from_json(account)?))
        }
        (None, None) => Credential::Provider(provider),
    })
}

/// One of the two.
#[derive(Tsify)]
#[expect(dead_code, reason = "only its TypeScript is used; `credential` reads it")]
pub(super) struct Register {
    /// A token, or a function that gives one and is asked again before it expires.
    #[tsify(optional, type = "string | (() => Promise<string>)")]
    token: Option<String>,
    /// The account itself.
    #[tsify(optional)]
    account: Option<Account>,
}

/// Who a phone is and where it registers.
#[derive(Tsify)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only its TypeScript is used; `Account::from_json` reads it")]
struct Account {
    /// `sip:alice@example.com`
    uri: String,
    /// `wss://edge1.example.com/sip`, in order of preference.
    servers: Vec<String>,
    /// Shown to the far side.
    #[tsify(optional)]
    display_name: Option<String>,
    /// For digest; the user part of `uri` unless told.
    #[tsify(optional)]
    authorization_user: Option<String>,
    /// For digest.
    #[tsify(optional)]
    password: Option<String>,
    /// In place of a password: the hash of `user:realm:password`.
    #[tsify(optional)]
    ha1: Option<String>,
    /// The realm of `ha1`.
    #[tsify(optional)]
    realm: Option<String>,
    /// STUN and TURN.
    #[tsify(optional, type = "RTCIceServer[]")]
    ice_servers: Option<()>,
    /// `relay`: only relayed candidates are used.
    #[tsify(optional, type = "RTCIceTransportPolicy")]
    ice_transport_policy: Option<()>,
    /// Wished lifetime of the registration, in seconds.
    #[tsify(optional)]
    register_expires: Option<u32>,
    /// `false`: calls only.
    #[tsify(optional)]
    register: Option<bool>,
    /// How many flows are registered at once.
    #[tsify(optional)]
    flows: Option<u32>,
    /// Where requests outside dialogs go first.
    #[tsify(optional)]
    routes: Option<Vec<String>>,
    /// The User-Agent header.
    #[tsify(optional)]
    user_agent: Option<String>,
    /// Further headers of every REGISTER and INVITE.
    #[tsify(optional, type = "Record<string, string>")]
    headers: Option<()>,
    /// Click-to-call: incoming calls are refused.
    #[tsify(optional)]
    outbound_only: Option<bool>,
    /// Which candidates an INVITE waits for.
    #[tsify(optional, type = "\"first\" | \"srflx\" | \"complete\"")]
    ice_wait: Option<()>,
    /// The longest such wait, in milliseconds.
    #[tsify(optional)]
    ice_wait_ms: Option<u32>,
}
