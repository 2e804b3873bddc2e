//! What a page lives through: it comes back to the network, is shown, is left, is thawed.

use std::rc::Weak;

use wasm_bindgen::JsCast;
use web_sys::{Event, PageTransitionEvent, Window};

use super::driver::Driver;
use super::listening::Listening;

/// Listens until it is dropped.
pub(super) fn listen(window: &Window, driver: &Weak<Driver>) -> Vec<Listening> {
    let listener = |driver: Weak<Driver>| {
        Box::new(move |event: Event| {
            if let Some(driver) = driver.upgrade() {
                on_event(&driver, &event);
            }
        })
    };
    let names = &["online", "pagehide", "pageshow"];
    let mut all = vec![Listening::to(window, names, listener(Weak::clone(driver)))];
    all.extend(window.document().map(|document| {
        Listening::to(&document, &["visibilitychange"], listener(Weak::clone(driver)))
    }));
    all
}

fn on_event(driver: &Driver, event: &Event) {
    let persisted = || event.unchecked_ref::<PageTransitionEvent>().persisted();
    match event.type_().as_str() {
        "online" => driver.on_online(),
        "pagehide" => driver.hang_up_all(),
        // Thawed from the cache of pages: the browser has cut the connections.
        "pageshow" if persisted() => driver.on_thawed(),
        "visibilitychange" if driver.is_visible() => driver.on_online(),
        _ => {}
    }
}
