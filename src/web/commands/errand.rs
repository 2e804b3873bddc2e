//! The commands of errands: what is asked beyond calls.

use tsify::Tsify;

use crate::api::{Ask, AskMethod};
use crate::json::Json;
use crate::web::shape::{FromJson, Headers, shape};

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
pub(super) struct OfErrand {
    id: u32,
}
