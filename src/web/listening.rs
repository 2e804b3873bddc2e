//! Event listeners that end with their owner.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, EventTarget};

/// Names of events.
pub(super) type Names = &'static [&'static str];

/// One listener for some events of one target; dropping it takes them all back.
///
/// It may be dropped from within the listener: the closure then lives until it returns.
pub(super) struct Listening {
    target: EventTarget,
    names: Names,
    listener: Closure<dyn Fn(Event)>,
}

impl Listening {
    pub(super) fn to(target: &EventTarget, names: Names, listener: Box<dyn Fn(Event)>) -> Self {
        let listener = Closure::wrap(listener);
        for name in names {
            // Adding a listener of a known form does not fail.
            let _ =
                target.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
        }
        Self { target: target.clone(), names, listener }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        for name in self.names {
            let listener = self.listener.as_ref().unchecked_ref();
            let _ = self.target.remove_event_listener_with_callback(name, listener);
        }
    }
}
