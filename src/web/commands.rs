//! Commands as a page gives them: plain objects, told apart by their `type`.

use tsify::Tsify;
use wasm_bindgen::JsValue;

use super::shape::{FromJs, Headers, Strings, Unreadable, field, shape};
use crate::account::{self, IceWait};
use crate::api::{self, CallId, Config, Credential, Dial, DigitTransport, SeatStatus};
use crate::media;

/// What a page asks of the phone.
#[derive(Tsify)]
#[serde(tag = "type", rename_all = "camelCase")]
#[expect(dead_code, reason = "only its TypeScript is used; `read` goes straight to the core's own")]
enum Command {
    Configure(Configure),
    Register(Register),
    Unregister,
    Shutdown,
    SetSeatStatus(SetSeatStatus),
    FinishWrapUp,
    Dial(DialCommand),
    Answer(OfCall),
    Reject(Reject),
    Hangup(OfCall),
    Mute(Mute),
    SendDigits(SendDigits),
    SendCallMessage(SendCallMessage),
}

/// Reads a command.
///
/// # Errors
///
/// The name of the field that is missing or wrong.
pub(super) fn read(value: &JsValue) -> Result<api::Command, Unreadable> {
    let of_call = || OfCall::read(value).map(|of| CallId(of.call));
    Ok(match field::<String>(value, "type")?.as_str() {
        "configure" => api::Command::Configure(Configure::read(value)?.into()),
        "register" => api::Command::Register(Register::read(value)?.try_into()?),
        "unregister" => api::Command::Unregister,
        "shutdown" => api::Command::Shutdown,
        "setSeatStatus" => api::Command::SetSeatStatus(SetSeatStatus::read(value)?.try_into()?),
        "finishWrapUp" => api::Command::FinishWrapUp,
        "dial" => {
            let given = DialCommand::read(value)?;
            api::Command::Dial(CallId(given.call), given.into())
        }
        "answer" => api::Command::Answer(of_call()?),
        "reject" => {
            let Reject { call, status } = Reject::read(value)?;
            api::Command::Reject(CallId(call), status.unwrap_or(DECLINE))
        }
        "hangup" => api::Command::Hangup(of_call()?),
        "mute" => {
            let Mute { call, muted } = Mute::read(value)?;
            api::Command::Mute(CallId(call), muted)
        }
        "sendDigits" => {
            let SendDigits { call, digits, transport } = SendDigits::read(value)?;
            api::Command::SendDigits(CallId(call), digits, transport.unwrap_or_default())
        }
        "sendCallMessage" => {
            let SendCallMessage { call, body, content_type } = SendCallMessage::read(value)?;
            let content_type = content_type.unwrap_or_else(|| "text/plain".to_owned());
            api::Command::SendCallMessage { call: CallId(call), body, content_type }
        }
        _ => return Err(Unreadable("type")),
    })
}

/// Refuses for the person, at every device (RFC 3261 §21.6.2).
const DECLINE: u16 = 603;

shape! {
    /// What may be set for one phone; the rest has its default.
    Configure {
        ?
        /// Origin of the service that exchanges opaque tokens.
        service "service": String,
        /// Whether there is a time after calls (seat status 4).
        wrap_up "wrapUp": bool,
        /// Its longest, in seconds; none means until `finishWrapUp`.
        wrap_up_seconds "wrapUpSeconds": u32,
        /// How long a call waits for the registration, in milliseconds.
        early_call_ms "earlyCallMs": u32,
        /// Calls at once.
        calls_at_once "callsAtOnce": u32,
        /// At most so many outgoing calls within any `rateSeconds`.
        rate_calls "rateCalls": u32,
        /// See `rateCalls`.
        rate_seconds "rateSeconds": u32,
        /// How long an outgoing call may ring, in seconds.
        ring_seconds "ringSeconds": u32,
        /// The status for an incoming call while paused.
        paused_status "pausedStatus": u16,
    }
}

impl From<Configure> for Config {
    fn from(given: Configure) -> Self {
        let default = Self::default();
        Self {
            service: given.service,
            wrap_up: given.wrap_up.unwrap_or(default.wrap_up),
            wrap_up_seconds: given.wrap_up_seconds,
            early_call_ms: given.early_call_ms.unwrap_or(default.early_call_ms),
            calls_at_once: given.calls_at_once.unwrap_or(default.calls_at_once),
            rate_calls: given.rate_calls.unwrap_or(default.rate_calls),
            rate_seconds: given.rate_seconds.unwrap_or(default.rate_seconds),
            ring_seconds: given.ring_seconds.unwrap_or(default.ring_seconds),
            paused_status: given.paused_status.unwrap_or(default.paused_status),
        }
    }
}

shape! {
    /// One of the two.
    Register {
        ?
        /// A token, or a function that gives one and is asked again before it expires.
        #[tsify(type = "string | (() => Promise<string>)")]
        token "token": Token,
        /// The account itself.
        account "account": Account,
    }
}

/// The function itself is kept by the driver.
pub(super) enum Token {
    Text(String),
    Provider,
}

impl FromJs for Token {
    fn read(value: &JsValue) -> Result<Self, Unreadable> {
        if value.is_function() {
            return Ok(Self::Provider);
        }
        String::read(value).map(Self::Text)
    }
}

impl TryFrom<Register> for Credential {
    type Error = Unreadable;

    fn try_from(given: Register) -> Result<Self, Unreadable> {
        match (given.token, given.account) {
            (Some(Token::Provider), _) => Ok(Self::Provider),
            (Some(Token::Text(token)), _) => Ok(Self::Token(token)),
            (None, Some(account)) => Ok(Self::Account(Box::new(account.into()))),
            (None, None) => Err(Unreadable("token")),
        }
    }
}

shape! {
    /// Who a phone is and where it registers.
    Account {
        /// `sip:alice@example.com`
        uri "uri": String,
        /// `wss://edge1.example.com/sip`, in order of preference.
        servers "servers": Vec<String>,
        ?
        /// Shown to the far side.
        display_name "displayName": String,
        /// For digest; the user part of `uri` unless told.
        authorization_user "authorizationUser": String,
        /// For digest.
        password "password": String,
        /// STUN and TURN.
        ice_servers "iceServers": Vec<IceServer>,
        /// `relay`: only relayed candidates are used.
        #[tsify(type = "\"all\" | \"relay\"")]
        ice_transport_policy "iceTransportPolicy": String,
        /// Wished lifetime of the registration, in seconds.
        register_expires "registerExpires": u32,
        /// `false`: calls only.
        register "register": bool,
        /// The User-Agent header.
        user_agent "userAgent": String,
        /// Further headers of every REGISTER and INVITE.
        #[tsify(type = "Record<string, string>")]
        headers "headers": Headers,
        /// Click-to-call: incoming calls are refused.
        outbound_only "outboundOnly": bool,
        /// Which candidates an INVITE waits for.
        #[tsify(type = "\"first\" | \"srflx\" | \"complete\"")]
        ice_wait "iceWait": IceWait,
        /// The longest such wait, in milliseconds.
        ice_wait_ms "iceWaitMs": u32,
    }
}

impl From<Account> for account::Account {
    fn from(given: Account) -> Self {
        Self {
            uri: given.uri,
            servers: given.servers,
            display_name: given.display_name,
            authorization_user: given.authorization_user,
            password: given.password,
            ice_servers: given.ice_servers.into_iter().flatten().map(Into::into).collect(),
            relay_only: given.ice_transport_policy.as_deref() == Some("relay"),
            register_expires: given.register_expires,
            register: given.register.unwrap_or(true),
            user_agent: given.user_agent,
            headers: given.headers.map(|headers| headers.0).unwrap_or_default(),
            outbound_only: given.outbound_only.unwrap_or(false),
            ice_wait: given.ice_wait,
            ice_wait_ms: given.ice_wait_ms,
            bearer: None,
            expires_at: None,
        }
    }
}

impl FromJs for IceWait {
    fn read(value: &JsValue) -> Result<Self, Unreadable> {
        match value.as_string().as_deref() {
            Some("first") => Ok(Self::First),
            Some("srflx") => Ok(Self::Srflx),
            Some("complete") => Ok(Self::Complete),
            _ => Err(Unreadable("")),
        }
    }
}

shape! {
    /// A STUN or TURN server.
    IceServer {
        /// `stun:`, `turn:` or `turns:`.
        #[tsify(type = "string | string[]")]
        urls "urls": Strings,
        ?
        /// For TURN.
        username "username": String,
        /// For TURN.
        credential "credential": String,
    }
}

impl From<IceServer> for media::IceServer {
    fn from(given: IceServer) -> Self {
        Self { urls: given.urls.0, username: given.username, credential: given.credential }
    }
}

shape! {
    /// The answer of the service to `POST /v1/account`.
    Exchanged {
        account "account": Account,
        ?
        /// Its time to live, in seconds.
        expires_in "expiresIn": u32,
    }
}

shape! {
    /// Idle (2) or paused (5).
    SetSeatStatus {
        #[tsify(type = "2 | 5")]
        status "status": u32,
    }
}

impl TryFrom<SetSeatStatus> for SeatStatus {
    type Error = Unreadable;

    fn try_from(given: SetSeatStatus) -> Result<Self, Unreadable> {
        match given.status {
            2 => Ok(Self::Idle),
            5 => Ok(Self::Paused),
            _ => Err(Unreadable("status")),
        }
    }
}

shape! {
    /// Begins a call under an id from `reserveCall`.
    DialCommand {
        call "call": u32,
        /// What people type, a user name, or a `sip:`, `sips:` or `tel:` URI.
        target "target": String,
        ?
        /// Business information for the far side.
        info "info": String,
        /// Further headers of the INVITE.
        #[tsify(type = "Record<string, string>")]
        headers "headers": Headers,
        /// The name shown to the far side.
        display_name "displayName": String,
        /// Hides who calls.
        anonymous "anonymous": bool,
    }
}

impl From<DialCommand> for Dial {
    fn from(given: DialCommand) -> Self {
        Self {
            target: given.target,
            info: given.info,
            headers: given.headers.map(|headers| headers.0).unwrap_or_default(),
            display_name: given.display_name,
            anonymous: given.anonymous.unwrap_or(false),
        }
    }
}

shape! {
    /// A command that needs to know no more than the call.
    OfCall {
        call "call": u32,
    }
}

shape! {
    /// Refuses an incoming call.
    Reject {
        call "call": u32,
        ?
        /// 300 to 699; 603 unless told.
        status "status": u16,
    }
}

shape! {
    /// Stops or resumes sending the microphone.
    Mute {
        call "call": u32,
        muted "muted": bool,
    }
}

shape! {
    /// Plays digits.
    SendDigits {
        call "call": u32,
        /// `0-9 * # A-D`, `,` for a pause of two seconds.
        digits "digits": String,
        ?
        #[tsify(type = "\"auto\" | \"rtp\" | \"info\"")]
        transport "transport": DigitTransport,
    }
}

impl FromJs for DigitTransport {
    fn read(value: &JsValue) -> Result<Self, Unreadable> {
        match value.as_string().as_deref() {
            Some("auto") => Ok(Self::Auto),
            Some("rtp") => Ok(Self::Rtp),
            Some("info") => Ok(Self::Info),
            _ => Err(Unreadable("")),
        }
    }
}

shape! {
    /// Sends a MESSAGE inside a call.
    SendCallMessage {
        call "call": u32,
        body "body": String,
        ?
        /// A MIME type, `text/plain` unless told.
        content_type "contentType": String,
    }
}
