//! Why a call ended, from what the wire says (RFC 3261 §21, RFC 3326).

use crate::api::{EndCause, EndReason, EndedBy};
use crate::media::MediaFailure;
use crate::sip::{Message, standard_reason};
use crate::text::has;

impl EndReason {
    pub(super) const fn new(by: EndedBy, cause: EndCause) -> Self {
        Self { by, cause, sip_status: None, text: None, code: None }
    }

    pub(super) fn with_status(self, status: u16) -> Self {
        Self { sip_status: Some(status), ..self }
    }

    pub(super) fn with_code(self, code: &str) -> Self {
        Self { code: Some(code.to_owned()), ..self }
    }

    /// With the words of the message's Reason header, where it has some, and the status in it: a
    /// CANCEL with 200 says that the call was taken elsewhere.
    pub(super) fn with_words_of(self, message: &Message<'_>) -> Self {
        let sip_status = self.sip_status.or_else(|| cause(message, "SIP"));
        Self { text: words(message).or(self.text), sip_status, ..self }
    }

    /// The far side refused, but the media is why the call cannot go on.
    pub(super) fn into_media_failure(self) -> Self {
        Self { cause: EndCause::MediaFailed, ..self }
    }

    pub(super) fn of_media(failure: &MediaFailure) -> Self {
        let text = match failure {
            MediaFailure::Refused(words) => Some(words.clone()),
            _ => None,
        };
        let reason = Self::new(EndedBy::System, EndCause::MediaFailed).with_code(failure.code());
        Self { text, ..reason }
    }

    /// What a final answer other than 2xx to our INVITE means.
    pub(super) fn of_refusal(response: &Message<'_>) -> Self {
        let status = response.status().unwrap_or(500);
        let cause = match status {
            480 => unavailable(response),
            _ => by_status(status),
        };
        let phrase = response.reason();
        let phrase = (phrase != standard_reason(status)).then(|| phrase.into_owned());
        let reason = Self::new(EndedBy::Remote, cause).with_status(status);
        Self { text: phrase.filter(|phrase| !phrase.is_empty()), ..reason }.with_words_of(response)
    }
}

pub(super) fn by_status(status: u16) -> EndCause {
    match status {
        300..=399 => EndCause::Redirected,
        401 | 403 | 407 => EndCause::Auth,
        404 | 410 | 484 | 604 => EndCause::NotFound,
        408 | 480 => EndCause::NoAnswer,
        415 | 488 | 606 => EndCause::MediaFailed,
        486 | 600 => EndCause::Busy,
        487 => EndCause::Cancelled,
        603 | 607 => EndCause::Declined,
        _ => EndCause::ServerError,
    }
}

/// 480 is what many servers make of every outcome: the Q.850 cause or the words tell which.
fn unavailable(response: &Message<'_>) -> EndCause {
    let number = cause(response, "Q.850");
    let mut said = response.reason().to_ascii_lowercase();
    said.push_str(&words(response).unwrap_or_default().to_ascii_lowercase());
    match number {
        Some(1 | 2 | 3 | 22 | 28) => EndCause::NotFound,
        Some(17) => EndCause::Busy,
        Some(21) => EndCause::Declined,
        _ if ["declin", "reject", "refus"].iter().any(|word| has(&said, word)) => {
            EndCause::Declined
        }
        _ => EndCause::NoAnswer,
    }
}

/// The cause of the first Reason of this protocol that has one.
fn cause(message: &Message<'_>, protocol: &str) -> Option<u16> {
    let reasons = message.reasons().ok()?;
    let mut known = reasons.iter().filter(|it| it.value().eq_ignore_ascii_case(protocol));
    known.find_map(|it| it.param("cause")?.parse().ok())
}

/// The words of the first Reason that has some.
fn words(message: &Message<'_>) -> Option<String> {
    let reasons = message.reasons().ok()?;
    let text = reasons.iter().find_map(|reason| reason.param("text"))?;
    (!text.is_empty()).then(|| text.into_owned())
}
