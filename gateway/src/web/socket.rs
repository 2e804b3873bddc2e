//! `/sip`: SIP over WebSocket, RFC 7118.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use governor::{DefaultDirectRateLimiter, RateLimiter};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::address::Address;
use super::door::{Place, quota};
use super::{Failure, Shared};
use crate::switchboard::{Line, ToSocket};

/// Opens a WebSocket, if its sub-protocol is `sip` and there is room.
pub(super) async fn upgrade(
    State(site): State<Shared>,
    Address(address): Address,
    socket: WebSocketUpgrade,
) -> Response {
    let limits = &site.settings.limits;
    let socket = socket
        .protocols(["sip"])
        .max_message_size(limits.message_bytes)
        .max_frame_size(limits.message_bytes);
    if socket.selected_protocol().is_none() {
        let message = "the sub-protocol must be `sip`";
        return Failure::new(StatusCode::BAD_REQUEST, "no-sub-protocol", message).into_response();
    }
    let Some(place) = site.door.socket(address) else {
        tracing::warn!(%address, "no room for another WebSocket");
        return Failure::too_many("connections", 10).into_response();
    };
    let rate = RateLimiter::direct(quota(limits.messages_per_second, limits.messages_per_second));
    let switchboard = site.switchboard.clone();
    socket.on_upgrade(async move |socket| {
        let line = switchboard.open().await;
        tracing::info!(flow = line.number(), %address, "WebSocket open");
        let number = line.number();
        serve(socket, line, &rate, place).await;
        tracing::info!(flow = number, "WebSocket closed");
    })
}

/// Carries messages both ways until either side ends. The place is held as long.
async fn serve(
    mut socket: WebSocket,
    mut line: Line,
    rate: &DefaultDirectRateLimiter,
    place: Place,
) {
    let start = Instant::now() + PING;
    let mut ping = interval_at(start, PING);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = Instant::now();
    let farewell = loop {
        tokio::select! {
            message = socket.recv() => {
                heard = Instant::now();
                let frame = match message {
                    Some(Ok(Message::Text(text))) => Bytes::from(text),
                    Some(Ok(Message::Binary(bytes))) => bytes,
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => break None,
                };
                // What comes too fast is read later: TCP slows the sender down.
                rate.until_ready().await;
                line.bring(frame.into()).await;
            }
            order = line.orders.recv() => match order {
                Some(ToSocket::Send(bytes)) => {
                    if send(&mut socket, bytes).await.is_err() {
                        break None;
                    }
                }
                Some(ToSocket::Close(why)) => break Some((close_code::POLICY, why)),
                None => break Some((close_code::AGAIN, "too slow")),
            },
            _ = ping.tick() => {
                if heard.elapsed() > SILENCE {
                    break None;
                }
                if socket.send(Message::Ping(Bytes::new())).await.is_err() {
                    break None;
                }
            }
        }
    };
    drop(line);
    if let Some((code, reason)) = farewell {
        let frame = CloseFrame { code, reason: reason.into() };
        // Whoever is gone misses nothing.
        let _ = socket.send(Message::Close(Some(frame))).await;
    }
    drop(place);
}

/// SIP is text, but a body need not be UTF-8: then the frame is a binary one (RFC 7118 §5).
async fn send(socket: &mut WebSocket, bytes: Vec<u8>) -> Result<(), axum::Error> {
    let message = match String::from_utf8(bytes) {
        Ok(text) => Message::Text(text.into()),
        Err(error) => Message::Binary(error.into_bytes().into()),
    };
    tokio::time::timeout(SILENCE, socket.send(message)).await.map_err(axum::Error::new)?
}

/// How often a WebSocket is asked whether it lives.
const PING: Duration = Duration::from_secs(20);
/// How long it may say nothing.
const SILENCE: Duration = Duration::from_secs(45);
