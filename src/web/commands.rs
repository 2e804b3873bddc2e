//! Commands as a page gives them: plain objects, told apart by their `type`.
//!
//! They come as JSON and are read by the reader that tokens need anyway; any `Deserialize` in the
//! wasm costs 17 KB brotli (docs/decisions/0002).

mod account;
mod errand;
mod settings;

use js_sys::JSON;
use tsify::Tsify;
use wasm_bindgen::JsValue;

use self::account::{Register, credential};
use self::errand::{AskCommand, OfErrand};
use self::settings::Configure;
use super::shape::{FromJson, Headers, Unreadable, field, shape};
use crate::api::{
    self, CallId, Dial, DigitTransport, ErrandId, ProviderId, SeatStatus, TransferTo, Words,
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
        let to = other.or_else(|| given.target.map(TransferTo::Target));
        Ok(Self::Transfer {
            call: CallId(given.call),
            to: to.ok_or(Unreadable::Field("target"))?,
            headers: given.headers.map(|headers| headers.0).unwrap_or_default(),
            progress: given.progress.unwrap_or(true),
        })
    }
}
