//! A WebSocket with sub-protocol `sip` (RFC 7118).

use std::cell::RefCell;
use std::rc::Weak;

use js_sys::{JsString, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::{BinaryType, CloseEvent, Event, MessageEvent, WebSocket};

use super::driver::Driver;
use super::listening::Listening;
use super::promise;
use crate::agent::{FlowId, LinkEvent};

/// A connection that is being opened or is up; dropping it closes it without a word.
pub(super) struct Socket {
    socket: WebSocket,
    _listening: [Listening; 2],
}

impl Socket {
    /// Begins to connect.
    ///
    /// # Errors
    ///
    /// The browser's words if it takes no such URL.
    pub(super) fn open(url: &str, flow: FlowId, driver: &Weak<Driver>) -> Result<Self, String> {
        let socket =
            WebSocket::new_with_str(url, "sip").map_err(|thrown| promise::words(&thrown))?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let listening = [(&["message"][..], on_message as On), (&["open", "close"], on_event)];
        let listening = listening.map(|(names, on)| {
            let driver = Weak::clone(driver);
            let listener = move |event: Event| {
                if let Some(driver) = driver.upgrade() {
                    on(&driver, flow, &event);
                }
            };
            Listening::to(&socket, names, Box::new(listener))
        });
        Ok(Self { socket, _listening: listening })
    }

    /// Sends one message, as text if it is text. What a closed connection cannot send is dropped.
    pub(super) fn send(&self, bytes: &[u8]) {
        let _ = match std::str::from_utf8(bytes) {
            Ok(text) => self.socket.send_with_str(text),
            Err(_) => self.socket.send_with_u8_array(bytes),
        };
    }

    /// Closing or closed, though no event has told so yet.
    pub(super) fn is_gone(&self) -> bool {
        self.socket.ready_state() >= WebSocket::CLOSING
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = self.socket.close();
    }
}

type On = fn(&Driver, FlowId, &Event);

fn on_event(driver: &Driver, flow: FlowId, event: &Event) {
    if event.type_() == "open" {
        return driver.on_link(flow, LinkEvent::Opened);
    }
    let close: &CloseEvent = event.unchecked_ref();
    driver.on_closed(flow, close.code(), close.reason());
}

/// A listener of its own: to read the type of each event would cost more than to hear the rest.
fn on_message(driver: &Driver, flow: FlowId, event: &Event) {
    let data = event.unchecked_ref::<MessageEvent>().data();
    match data.dyn_ref::<JsString>() {
        Some(text) => driver.ear.hear(text, |bytes| driver.on_frame(flow, bytes)),
        None => driver.on_frame(flow, &Uint8Array::new(&data).to_vec()),
    }
}

/// Takes text into wasm memory by `TextEncoder.encodeInto`: twenty times as fast as a `String`
/// argument for the messages of SIP.
pub(super) struct Ear {
    encoder: TextEncoder,
    buffer: RefCell<Vec<u8>>,
}

impl Default for Ear {
    fn default() -> Self {
        Self { encoder: TextEncoder::new(), buffer: RefCell::default() }
    }
}

impl Ear {
    pub(super) fn hear(&self, text: &JsString, then: impl FnOnce(&[u8])) {
        let mut buffer = self.buffer.take();
        // A UTF-16 unit takes at most three bytes of UTF-8.
        let longest = text.length() as usize * 3;
        if buffer.len() < longest {
            buffer.resize(longest, 0);
        }
        let written = self.encoder.encode_into(text, &mut buffer).written();
        then(buffer.get(..written as usize).unwrap_or_default());
        self.buffer.replace(buffer);
    }
}

#[wasm_bindgen]
extern "C" {
    // web-sys has it with a `&str`, which is the copy to be saved.
    type TextEncoder;
    #[wasm_bindgen(constructor)]
    fn new() -> TextEncoder;
    #[wasm_bindgen(method, js_name = encodeInto)]
    fn encode_into(this: &TextEncoder, source: &JsString, destination: &mut [u8]) -> Encoded;

    type Encoded;
    #[wasm_bindgen(method, getter)]
    fn written(this: &Encoded) -> u32;
}
