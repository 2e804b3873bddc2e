//! Commands as a page gives them: plain objects, told apart by their `type`.
//!
//! They come as JSON and are read by the reader that tokens need anyway; any `Deserialize` in the
//! wasm costs 17 KB brotli (docs/decisions/0002).

use js_sys::JSON;
use tsify::Tsify;
use wasm_bindgen::JsValue;

use super::shape::{FromJson, Headers, Unreadable, field, shape};
use crate::account;
use crate::api::{
    self, AcceptTransfers, Ask, AskMethod, AutoAnswer, CallId, Config, Credential, Dial,
    DigitTransport, ErrandId, ProviderId, SeatStatus, TransferTo, Words,
};
use crate::error::ApiMisuse;
use crate::json::Json;

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
    Answer(Worded),
    Reject(Reject),
    Hangup(Worded),
    Mute(Mute),
    Hold(Hold),
    Renegotiate(Renegotiate),
    SendDigits(SendDigits),
    SendCallMessage(SendCallMessage),
    Transfer(Transfer),
    AcceptTransfer(OfCall),
    RefuseTransfer(Reject),
    Ask(AskCommand),
    Refresh(OfErrand),
    Withdraw(OfErrand),
}

/// Reads a command; a token provider in it is known to the core as `provider`.
///
/// # Errors
///
/// [`Unreadable`].
pub(super) fn read(value: &JsValue, provider: ProviderId) -> Result<api::Command, Unreadable> {
    let text = JSON::stringify(value).ok().and_then(|text| text.as_string());
    let given = text.and_then(|text| Json::parse(&text)).ok_or(Unreadable::Field("command"))?;
    let given = &given;
    let of_call = || field(given, "call").map(CallId);
    let of_errand = || field(given, "id").map(ErrandId);
    Ok(match field::<String>(given, "type")?.as_str() {
        "configure" => api::Command::Configure(Configure::read(given)?.into()),
        "register" => api::Command::Register(credential(given, provider)?),
        "unregister" => api::Command::Unregister,
        "shutdown" => api::Command::Shutdown,
        "setSeatStatus" => api::Command::SetSeatStatus(SetSeatStatus::read(given)?.try_into()?),
        "finishWrapUp" => api::Command::FinishWrapUp,
        "dial" => {
            let given = DialCommand::read(given)?;
            api::Command::Dial(CallId(given.call), given.into())
        }
        "answer" => worded(given, api::Command::Answer(of_call()?))?,
        "reject" => {
            let status: Option<u16> = field(given, "status")?;
            worded(given, api::Command::Reject(of_call()?, status.unwrap_or(DECLINE)))?
        }
        "hangup" => worded(given, api::Command::Hangup(of_call()?))?,
        "mute" => {
            let Mute { call, muted } = Mute::read(given)?;
            api::Command::Mute(CallId(call), muted)
        }
        "hold" => {
            let Hold { call, held } = Hold::read(given)?;
            api::Command::Hold(CallId(call), held)
        }
        "renegotiate" => {
            let Renegotiate { call, ice_restart } = Renegotiate::read(given)?;
            let ice_restart = ice_restart.unwrap_or(false);
            api::Command::Renegotiate { call: CallId(call), ice_restart }
        }
        "sendDigits" => {
            let SendDigits { call, digits, transport } = SendDigits::read(given)?;
            api::Command::SendDigits(CallId(call), digits, transport.unwrap_or_default())
        }
        "sendCallMessage" => {
            let SendCallMessage { call, id, body, content_type } = SendCallMessage::read(given)?;
            let content_type = content_type.unwrap_or_else(|| "text/plain".to_owned());
            let id = ErrandId(id);
            api::Command::SendCallMessage { call: CallId(call), id, body, content_type }
        }
        "transfer" => Transfer::read(given)?.try_into()?,
        "acceptTransfer" => api::Command::AcceptTransfer(of_call()?),
        "refuseTransfer" => {
            let status: Option<u16> = field(given, "status")?;
            api::Command::RefuseTransfer(of_call()?, status.unwrap_or(DECLINE))
        }
        "ask" => {
            let given = AskCommand::read(given)?;
            api::Command::Ask(ErrandId(given.id), Box::new(given.into()))
        }
        "refresh" => api::Command::Refresh(of_errand()?),
        "withdraw" => api::Command::Withdraw(of_errand()?),
        _ => return Err(Unreadable::Field("type")),
    })
}

/// Refuses for the person, at every device (RFC 3261 §21.6.2).
const DECLINE: u16 = 603;

/// A command with the page's headers and reason, where there are some.
fn worded(given: &Json, command: api::Command) -> Result<api::Command, Unreadable> {
    let (headers, reason): (Option<Headers>, Option<String>) =
        (field(given, "headers")?, field(given, "reason")?);
    if headers.is_none() && reason.is_none() {
        return Ok(command);
    }
    let headers = headers.map(|headers| headers.0).unwrap_or_default();
    Ok(api::Command::With(Words { headers, reason }, Box::new(command)))
}

/// A function is not in the JSON: where there is neither token nor account, the driver has it.
fn credential(given: &Json, provider: ProviderId) -> Result<Credential, Unreadable> {
    Ok(match (field(given, "token")?, given.get("account")) {
        (Some(token), _) => Credential::Token(token),
        (None, Some(account)) => {
            Credential::Account(Box::new(account::Account::from_json(account)?))
        }
        (None, None) => Credential::Provider(provider),
    })
}

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
        /// How long a call may go on without a sign of life, in seconds; 0 for ever.
        session_expires "sessionExpires": u32,
        /// The header that carries the one-time token of a call.
        token_header "tokenHeader": String,
        /// What is done with transfers that the far side asks for.
        #[tsify(type = "\"ask\" | boolean")]
        accept_transfers "acceptTransfers": AcceptTransfers,
        /// How many redirections an outgoing call follows; 0 refuses them.
        redirections "redirections": u32,
        /// Rings reliably where the caller supports it.
        reliable_ringing "reliableRinging": bool,
        /// Which incoming calls the phone takes by itself.
        #[tsify(type = "boolean | number | \"asked\"")]
        auto_answer "autoAnswer": AutoAnswer,
    }
}

impl FromJson for AutoAnswer {
    fn read(value: Option<&Json>) -> Option<Self> {
        match (value?.as_bool(), value?.as_text(), u32::read(value)) {
            (Some(true), ..) => Some(Self::After(0)),
            (Some(false), ..) => Some(Self::Never),
            (_, Some("asked"), _) => Some(Self::Asked),
            (.., seconds) => seconds.map(Self::After),
        }
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
            session_expires: given.session_expires.unwrap_or(default.session_expires),
            token_header: given.token_header,
            accept_transfers: given.accept_transfers.unwrap_or_default(),
            redirections: given.redirections.unwrap_or(default.redirections),
            reliable_ringing: given.reliable_ringing.unwrap_or_default(),
            auto_answer: given.auto_answer.unwrap_or_default(),
        }
    }
}

impl FromJson for AcceptTransfers {
    fn read(value: Option<&Json>) -> Option<Self> {
        let value = value?;
        match value.as_bool() {
            Some(true) => Some(Self::Always),
            Some(false) => Some(Self::Never),
            None => (value.as_text()? == "ask").then_some(Self::Ask),
        }
    }
}

/// One of the two.
#[derive(Tsify)]
#[expect(dead_code, reason = "only its TypeScript is used; `credential` reads it")]
struct Register {
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

shape! {
    /// Idle (2) or paused (5).
    SetSeatStatus {
        #[tsify(type = "2 | 5")]
        status "status": u32,
    }
}

impl TryFrom<SetSeatStatus> for SeatStatus {
    type Error = ApiMisuse;

    fn try_from(given: SetSeatStatus) -> Result<Self, ApiMisuse> {
        match given.status {
            2 => Ok(Self::Idle),
            5 => Ok(Self::Paused),
            _ => Err(ApiMisuse::BadSeatStatus),
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
        /// Goes with this one INVITE; no registration is waited for.
        token "token": String,
        /// Takes the call that the token names.
        pickup "pickup": bool,
        /// The number or user name shown to the far side, in place of the account's.
        from "from": String,
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
            token: given.token.map(api::OneTimeToken),
            pickup: given.pickup.unwrap_or(false),
            from: given.from,
        }
    }
}

/// A command that needs to know no more than the call.
#[derive(Tsify)]
#[expect(dead_code, reason = "only its TypeScript is used; `read` reads it")]
struct OfCall {
    call: u32,
}

/// Takes a call, or ends it.
#[derive(Tsify)]
#[expect(dead_code, reason = "only its TypeScript is used; `worded` reads it")]
struct Worded {
    call: u32,
    /// Further headers of the message that says so.
    #[tsify(optional, type = "Record<string, string>")]
    headers: Option<()>,
    /// Text of its Reason; not of an answer.
    #[tsify(optional)]
    reason: Option<String>,
}

/// Refuses an incoming call.
#[derive(Tsify)]
#[expect(dead_code, reason = "only its TypeScript is used; `worded` reads it")]
struct Reject {
    call: u32,
    /// 300 to 699; 603 unless told.
    #[tsify(optional)]
    status: Option<u16>,
    /// Further headers of the refusal.
    #[tsify(optional, type = "Record<string, string>")]
    headers: Option<()>,
    /// Its reason phrase.
    #[tsify(optional)]
    reason: Option<String>,
}

shape! {
    /// Stops or resumes sending the microphone.
    Mute {
        call "call": u32,
        muted "muted": bool,
    }
}

shape! {
    /// Puts a call on hold, or takes it up again.
    Hold {
        call "call": u32,
        held "held": bool,
    }
}

shape! {
    /// Describes the media of a call anew.
    Renegotiate {
        call "call": u32,
        ?
        /// With new ICE credentials.
        ice_restart "iceRestart": bool,
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

impl FromJson for DigitTransport {
    fn read(value: Option<&Json>) -> Option<Self> {
        match value?.as_text()? {
            "auto" => Some(Self::Auto),
            "rtp" => Some(Self::Rtp),
            "info" => Some(Self::Info),
            _ => None,
        }
    }
}

shape! {
    /// Sends a MESSAGE inside a call.
    SendCallMessage {
        call "call": u32,
        /// From `reserveCall`; `answered` names it.
        id "id": u32,
        body "body": String,
        ?
        /// A MIME type, `text/plain` unless told.
        content_type "contentType": String,
    }
}

shape! {
    /// Passes a call on, to one of `target` and `other`.
    Transfer {
        call "call": u32,
        ?
        /// A number, a user name or a URI.
        target "target": String,
        /// Another call, whose far side gets this one.
        other "other": u32,
        /// Further headers of the REFER.
        #[tsify(type = "Record<string, string>")]
        headers "headers": Headers,
        /// Whether the far side is to tell how it goes; it is unless told.
        progress "progress": bool,
    }
}

impl TryFrom<Transfer> for api::Command {
    type Error = Unreadable;

    fn try_from(given: Transfer) -> Result<Self, Unreadable> {
        let other = given.other.map(|other| TransferTo::Call(CallId(other)));
        let to = other.or(given.target.map(TransferTo::Target));
        Ok(Self::Transfer {
            call: CallId(given.call),
            to: to.ok_or(Unreadable::Field("target"))?,
            headers: given.headers.map(|headers| headers.0).unwrap_or_default(),
            progress: given.progress.unwrap_or(true),
        })
    }
}

shape! {
    /// Begins an errand under an id from `reserveCall`, or gives a publication another body.
    AskCommand {
        id "id": u32,
        #[tsify(type = "\"message\" | \"options\" | \"subscribe\" | \"publish\"")]
        method "method": AskMethod,
        ?
        /// Whom; nothing means the account's own address.
        target "target": String,
        /// The event package.
        event "event": String,
        /// MIME types that may come.
        accept "accept": String,
        /// Wished lifetime, in seconds.
        expires "expires": u32,
        /// Further headers.
        #[tsify(type = "Record<string, string>")]
        headers "headers": Headers,
        /// A MIME type, `text/plain` unless told.
        content_type "contentType": String,
        /// The body, or with `open` the note.
        body "body": String,
        /// The core writes a presence document that says so.
        open "open": bool,
    }
}

impl From<AskCommand> for Ask {
    fn from(given: AskCommand) -> Self {
        Self {
            method: given.method,
            target: given.target.unwrap_or_default(),
            event: given.event.unwrap_or_default(),
            accept: given.accept,
            expires: given.expires,
            headers: given.headers.map(|headers| headers.0).unwrap_or_default(),
            content_type: given.content_type,
            body: given.body.unwrap_or_default(),
            open: given.open,
        }
    }
}

impl FromJson for AskMethod {
    fn read(value: Option<&Json>) -> Option<Self> {
        match value?.as_text()? {
            "message" => Some(Self::Message),
            "options" => Some(Self::Options),
            "subscribe" => Some(Self::Subscribe),
            "publish" => Some(Self::Publish),
            _ => None,
        }
    }
}

/// A command that needs to know no more than the errand.
#[derive(Tsify)]
#[expect(dead_code, reason = "only its TypeScript is used; `read` has it in a closure")]
struct OfErrand {
    id: u32,
}
