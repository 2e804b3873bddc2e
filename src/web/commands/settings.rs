//! The command that sets what a phone does by itself.

use crate::api::{AcceptTransfers, AutoAnswer, Config};
use crate::json::Json;
use crate::web::shape::{FromJson, shape};

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
