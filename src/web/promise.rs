//! Hearing how a promise ends, without an executor of futures (3 KB brotli).

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

/// What a promise came to.
pub(super) type Settled = Result<JsValue, JsValue>;

type Then = Box<dyn FnOnce(Settled)>;

/// Calls `then` once, when `promise` has settled.
///
/// Both closures are given to the garbage collector, since only one of them is ever called.
pub(super) fn settled(promise: &Promise, then: Then) {
    let then = Rc::new(Cell::new(Some(then)));
    let other = Rc::clone(&then);
    let fulfilled = closure(Box::new(move |value| finish(&then, Ok(value))));
    let rejected = closure(Box::new(move |reason| finish(&other, Err(reason))));
    // Through Reflect, because the typed `then` wants closures that are kept.
    if let Ok(method) = Reflect::get(promise, &"then".into()) {
        let _ = method.unchecked_ref::<js_sys::Function>().call2(promise, &fulfilled, &rejected);
    }
}

/// The words of what was thrown, if it has any.
pub(super) fn words(thrown: &JsValue) -> String {
    text(thrown, "message").unwrap_or_default()
}

/// A property that is a string.
pub(super) fn text(object: &JsValue, name: &str) -> Option<String> {
    Reflect::get(object, &name.into()).ok()?.as_string()
}

fn closure(then: Box<dyn FnMut(JsValue)>) -> JsValue {
    Closure::wrap(then).into_js_value()
}

fn finish(then: &Cell<Option<Then>>, outcome: Settled) {
    if let Some(then) = then.take() {
        then(outcome);
    }
}
