//! The microphone, and what stands between it and the page.

use js_sys::{Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MediaStream, MediaStreamConstraints, MediaStreamTrack, Window};

use super::promise;
use crate::media::MediaFailure;

/// Whether this page can have calls at all.
///
/// # Errors
///
/// `Insecure` or `Unsupported`.
pub(super) fn check(window: &Window) -> Result<(), MediaFailure> {
    if !window.is_secure_context() {
        return Err(MediaFailure::Insecure);
    }
    let missing = |object: &JsValue, name: &str| {
        Reflect::get(object, &name.into()).is_ok_and(|value| value.is_undefined())
    };
    if missing(window, "RTCPeerConnection") || missing(&window.navigator(), "mediaDevices") {
        return Err(MediaFailure::Unsupported);
    }
    Ok(())
}

/// Asks for the microphone; the person may be asked too.
///
/// # Errors
///
/// As [`failure`] judges.
pub(super) fn microphone(window: &Window) -> Result<Promise, MediaFailure> {
    let constraints = MediaStreamConstraints::new();
    constraints.set_audio(&JsValue::TRUE);
    window
        .navigator()
        .media_devices()
        .and_then(|devices| devices.get_user_media_with_constraints(&constraints))
        .map(JsCast::unchecked_into)
        .map_err(|thrown| failure(window, &thrown))
}

/// What the browser's refusal means.
pub(super) fn failure(window: &Window, thrown: &JsValue) -> MediaFailure {
    match promise::text(thrown, "name").unwrap_or_default().as_str() {
        "NotAllowedError" | "SecurityError" if forbidden_by_policy(window) => {
            MediaFailure::MicrophonePolicy
        }
        "NotAllowedError" | "SecurityError" => MediaFailure::MicrophoneDenied,
        "NotFoundError" | "OverconstrainedError" => MediaFailure::MicrophoneMissing,
        "NotReadableError" | "AbortError" => MediaFailure::MicrophoneBusy,
        _ => MediaFailure::Refused(promise::words(thrown)),
    }
}

/// A header or an iframe without `allow="microphone"`: no question was put to the person.
fn forbidden_by_policy(window: &Window) -> bool {
    let allows = |policy: &str| {
        let document = window.document()?;
        let policy = Reflect::get(&document, &policy.into()).ok()?;
        let allows = Reflect::get(&policy, &"allowsFeature".into()).ok()?;
        let allows = allows.dyn_into::<js_sys::Function>().ok()?;
        allows.call1(&policy, &"microphone".into()).ok()?.as_bool()
    };
    // Chromium has the old name only.
    allows("permissionsPolicy").or_else(|| allows("featurePolicy")) == Some(false)
}

/// What a stream holds.
pub(super) fn tracks(stream: Option<&MediaStream>) -> Vec<MediaStreamTrack> {
    let list = stream.map(MediaStream::get_tracks).unwrap_or_default();
    list.iter().map(JsCast::unchecked_into).collect()
}

/// Ends what a stream holds: the light beside the camera goes out.
pub(super) fn stop(stream: Option<&MediaStream>) {
    for track in tracks(stream) {
        track.stop();
    }
}
