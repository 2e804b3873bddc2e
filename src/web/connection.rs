//! An `RTCPeerConnection` with its configuration, and what web-sys lacks of it.

use js_sys::{Array, Promise, Reflect};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    RtcConfiguration, RtcIceServer, RtcIceTransportPolicy, RtcPeerConnection, RtcSdpType,
    RtcSessionDescriptionInit,
};

use super::promise::{self, settled};
use crate::media::IceServer;

/// Makes one.
///
/// # Errors
///
/// What the browser throws at a server that it does not take.
pub(super) fn open(servers: &[IceServer], relay_only: bool) -> Result<RtcPeerConnection, JsValue> {
    let configuration = RtcConfiguration::new();
    let list: Array = servers.iter().map(ice_server).collect();
    configuration.set_ice_servers(list.unchecked_ref());
    if relay_only {
        configuration.set_ice_transport_policy(RtcIceTransportPolicy::Relay);
    }
    RtcPeerConnection::new_with_configuration(&configuration)
}

/// Makes the offer or the answer that its state asks for, and sets it.
pub(super) fn describe_itself(connection: &RtcPeerConnection) -> Promise {
    connection.unchecked_ref::<Negotiating>().set_local_description()
}

/// Sets an offer that was made before; what is asked next, the browser does after it.
pub(super) fn set_own_offer(connection: &RtcPeerConnection, sdp: &str) {
    let description = RtcSessionDescriptionInit::new(RtcSdpType::Offer);
    description.set_sdp(sdp);
    // What fails here, the answer fails for too.
    let set = connection.set_local_description(&description);
    settled(set.unchecked_ref(), Box::new(|_| {}));
}

/// The next offer has new ICE credentials.
pub(super) fn restart_ice(connection: &RtcPeerConnection) {
    connection.unchecked_ref::<Negotiating>().restart_ice();
}

/// Whether the descriptions that follow want the far side's sound.
pub(super) fn set_direction(connection: &RtcPeerConnection, receive: bool) {
    let direction = if receive { "sendrecv" } else { "sendonly" };
    for transceiver in connection.get_transceivers() {
        // One that is stopped refuses, and has no direction any more.
        let _ = Reflect::set(&transceiver, &"direction".into(), &direction.into());
    }
}

/// A remote offer that has no answer goes; what is asked next, the browser does after it.
pub(super) fn abandon_offer(connection: &RtcPeerConnection) {
    let state = promise::text(connection, "signalingState");
    if state.as_deref() == Some("have-remote-offer") {
        let back = RtcSessionDescriptionInit::new(RtcSdpType::Rollback);
        let gone = connection.set_remote_description(&back);
        settled(gone.unchecked_ref(), Box::new(|_| {}));
    }
}

#[wasm_bindgen]
extern "C" {
    type Negotiating;
    #[wasm_bindgen(method, js_name = setLocalDescription)]
    fn set_local_description(this: &Negotiating) -> Promise;
    #[wasm_bindgen(method, js_name = restartIce)]
    fn restart_ice(this: &Negotiating);
}

fn ice_server(server: &IceServer) -> RtcIceServer {
    let entry = RtcIceServer::new();
    let urls: Array = server.urls.iter().map(|url| JsValue::from_str(url)).collect();
    entry.set_urls(&urls);
    if let Some(username) = &server.username {
        entry.set_username(username);
    }
    if let Some(credential) = &server.credential {
        entry.set_credential(credential);
    }
    entry
}
