//! The one class that JavaScript sees.

use std::rc::Rc;

use js_sys::{Error, Function, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::MediaStream;

use super::commands;
use super::credential;
use super::driver::Driver;
use super::shape::Unreadable;
use crate::agent::UserAgent;
use crate::api::{AccountId, CallId, Command, Credential};
use crate::error::ApiMisuse;

/// The phone's core. A page has one; its phones are accounts of it.
#[wasm_bindgen]
pub struct Core {
    driver: Rc<Driver>,
}

#[wasm_bindgen]
impl Core {
    /// A core that tells `sink` of every event, in order.
    ///
    /// The sink is never called from within another method. It may call any of them, and what it
    /// throws goes to the console.
    ///
    /// `edit` gets every session description as it came or before it leaves, with `local offer`,
    /// `remote answer` and so on, and gives what is to be used in its place.
    ///
    /// # Errors
    ///
    /// If there is no window, or no source of random numbers.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "(account: number, event: UaEvent) => void")]
        sink: Function,
        #[wasm_bindgen(
            unchecked_optional_param_type = "(account: number, call: number, sdp: string, what: string) => string | undefined"
        )]
        edit: Option<Function>,
    ) -> Result<Self, JsValue> {
        #[cfg(debug_assertions)]
        tell_panics();
        let window = web_sys::window().ok_or_else(|| JsValue::from(Error::new("no window")))?;
        let mut seed = [0; 32];
        window.crypto()?.get_random_values_with_u8_array(&mut seed)?;
        Ok(Self { driver: Driver::new(window, sink, edit, UserAgent::new(seed)) })
    }

    /// An id for a call that is about to be dialled.
    #[wasm_bindgen(js_name = reserveCall)]
    pub fn reserve_call(&self) -> u32 {
        self.driver.reserve_call().0
    }

    /// Carries out a command for one account.
    ///
    /// # Errors
    ///
    /// An `Error` with a stable `code`, and `retryAfter` in seconds where waiting helps. Nothing
    /// has changed then.
    pub fn command(
        &self,
        account: u32,
        #[wasm_bindgen(unchecked_param_type = "Command")] command: &JsValue,
    ) -> Result<(), JsValue> {
        let account = AccountId(account);
        let next = self.driver.next_provider();
        let given = commands::read(command, next).map_err(|why| unreadable(&why))?;
        if let Command::Register(Credential::Provider(_)) = given {
            let provider = credential::provider_of(command)
                .ok_or_else(|| unreadable(&Unreadable::Field("token")))?;
            self.driver.keep_provider(account, provider);
        }
        self.driver.command(account, given).map_err(|misuse| thrown(&misuse))
    }

    /// What the far side of a call sends, as soon as `callTrack` was told.
    #[wasm_bindgen(js_name = remoteStream)]
    pub fn remote_stream(&self, call: u32) -> Option<MediaStream> {
        self.driver.remote_stream(CallId(call))
    }

    /// What this side of a call sends.
    #[wasm_bindgen(js_name = localStream)]
    pub fn local_stream(&self, call: u32) -> Option<MediaStream> {
        self.driver.local_stream(CallId(call))
    }

    /// Tells that there may be a network again.
    pub fn online(&self) {
        self.driver.on_online();
    }
}

fn thrown(misuse: &ApiMisuse) -> JsValue {
    let error = error(misuse.code(), &misuse.to_string());
    if let ApiMisuse::RateLimited { retry_after_ms } = misuse {
        set(&error, "retryAfter", &retry_after_ms.div_ceil(1000).into());
    }
    error
}

fn unreadable(why: &Unreadable) -> JsValue {
    match why {
        Unreadable::Misuse(misuse) => thrown(misuse),
        Unreadable::Field(name) => {
            let mut message = String::from("missing or wrong: ");
            message.push_str(name);
            error("bad-argument", &message)
        }
    }
}

fn error(code: &str, message: &str) -> JsValue {
    let error = JsValue::from(Error::new(message));
    set(&error, "code", &code.into());
    error
}

fn set(object: &JsValue, name: &str, value: &JsValue) {
    // An error object takes any property.
    let _ = Reflect::set(object, &name.into(), value);
}

#[cfg(debug_assertions)]
fn tell_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|info| web_sys::console::error_1(&info.to_string().into())));
    });
}
