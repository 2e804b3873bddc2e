//! The parser alone, for `npm run bench`. It is not in what ships (feature `bench`).

use js_sys::JsString;
use wasm_bindgen::prelude::wasm_bindgen;

use super::socket::Ear;
use crate::sip::Message;

/// Reads messages the way a socket's text is read.
#[wasm_bindgen]
#[derive(Default)]
pub struct BenchParser {
    ear: Ear,
}

#[wasm_bindgen]
impl BenchParser {
    /// One parser for any number of messages.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a message, checks it, and looks up what says whose it is: the lengths of the tags,
    /// Call-ID, branch and body, and the number of `CSeq`, added up. 0 if it cannot be read.
    pub fn parse(&self, text: &JsString) -> u32 {
        let mut read = None;
        self.ear.hear(text, |bytes| read = sum(bytes));
        read.and_then(|sum| u32::try_from(sum).ok()).unwrap_or_default()
    }
}

fn sum(bytes: &[u8]) -> Option<usize> {
    let message = Message::parse(bytes).ok()?;
    message.check().ok()?;
    let (from, to) = (message.from().ok()?, message.to().ok()?);
    let (call_id, via, cseq) = (message.call_id().ok()?, message.via().ok()?, message.cseq().ok()?);
    let tags = [from.tag(), to.tag(), via.branch()];
    let names: usize = tags.iter().flatten().map(|it| it.len()).sum();
    Some(names + call_id.len() + cseq.number as usize + message.body().len())
}
