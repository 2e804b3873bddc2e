//! `/sip` over real WebSockets.

use std::path::Path;

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

use crate::phone::Phone;
use crate::server::{Caller, Server};

const SIP: (&str, &str) = ("Sec-WebSocket-Protocol", "sip");

#[tokio::test]
async fn two_pages_call_talk_and_hang_up() {
    let server = Server::start(&[]);
    let (mut alice, mut bob) = (server.phone("alice").await, server.phone("bob").await);
    let invite = alice.phone.invite("1002", &alice.credential());
    alice.sends(invite).await;
    let heard = bob.hears("INVITE").await;
    assert!(!heard.0.contains("Authorization"));
    bob.sends(bob.phone.answer(180, &heard, "")).await;
    alice.hears("180").await;
    bob.sends(bob.phone.answer(200, &heard, "")).await;
    let ok = alice.hears("200").await;
    let ack = alice.phone.within("ACK", &ok, "", "");
    alice.sends(ack).await;
    bob.hears("ACK").await;
    let bye = alice.phone.within("BYE", &ok, "", "");
    alice.sends(bye).await;
    let bye = bob.hears("BYE").await;
    bob.sends(bob.phone.answer(200, &bye, "")).await;
    alice.hears("200").await;
}

#[tokio::test]
async fn a_caller_gives_up_while_it_rings_and_a_callee_is_busy() {
    let server = Server::start(&[]);
    let (mut alice, mut bob) = (server.phone("alice").await, server.phone("bob").await);
    let invite = alice.phone.invite("bob", &alice.credential());
    alice.sends(invite.clone()).await;
    let heard = bob.hears("INVITE").await;
    bob.sends(bob.phone.answer(180, &heard, "")).await;
    alice.hears("180").await;
    alice.sends(Phone::cancel(&invite)).await;
    alice.hears("200").await;
    bob.hears("CANCEL").await;
    bob.sends(bob.phone.answer(487, &heard, "")).await;
    bob.hears("ACK").await;
    alice.hears("487").await;
    let invite = alice.phone.invite("bob", &alice.credential());
    alice.sends(invite).await;
    let heard = bob.hears("INVITE").await;
    bob.sends(bob.phone.answer(486, &heard, "")).await;
    alice.hears("486").await;
}

#[tokio::test]
async fn a_websocket_is_opened_for_sip_from_our_own_origin_or_an_allowed_one() {
    let server = Server::start(&["--allow-origin", "https://shop.example"]);
    let own = format!("http://localhost:{}", server.port);
    for origin in [own.as_str(), "https://shop.example"] {
        assert!(server.dial(&[SIP, ("Origin", origin)]).await.is_ok(), "{origin}");
    }
    assert!(server.dial(&[("Sec-WebSocket-Protocol", "xmpp, sip")]).await.is_ok());
    assert_eq!(server.dial(&[SIP, ("Origin", "https://evil.example")]).await.err(), Some(403));
    assert_eq!(server.dial(&[SIP, ("Origin", "null")]).await.err(), Some(403));
    assert_eq!(server.dial(&[]).await.err(), Some(400));
    let rebound = format!("evil.example:{}", server.port);
    assert_eq!(server.dial(&[SIP, ("Host", &rebound)]).await.err(), Some(421));
}

#[tokio::test]
async fn one_address_gets_so_many_websockets_and_the_next_one_later() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("cc-gateway-few-{}.toml", std::process::id()));
    std::fs::write(&file, "[limits]\nsockets_per_address = 2\n").unwrap();
    let server = Server::start(&["--config", file.to_str().unwrap()]);
    let first = server.dial(&[SIP]).await.unwrap();
    let _second = server.dial(&[SIP]).await.unwrap();
    assert_eq!(server.dial(&[SIP]).await.err(), Some(429));
    let mut first = first;
    first.close(None).await.unwrap();
    while first.next().await.is_some() {}
    assert!(server.dial(&[SIP]).await.is_ok());
}

#[tokio::test]
async fn a_flood_of_garbage_harms_nobody_elses_call() {
    let server = Server::start(&[]);
    let (mut alice, mut bob) = (server.phone("alice").await, server.phone("bob").await);
    let mut floods = Vec::new();
    for kind in 0..4_u8 {
        let mut socket = server.dial(&[SIP]).await.unwrap();
        floods.push(tokio::spawn(async move {
            let frame = match kind {
                0 => Message::binary(vec![0xff; 60_000]),
                1 => Message::text("INVITE ".repeat(1000)),
                2 => Message::text("\r\n\r\n"),
                _ => Message::text(format!(
                    "OPTIONS sip:x SIP/2.0\r\nX: {}\r\n\r\n",
                    "x".repeat(2000)
                )),
            };
            let mut sent = 0_u32;
            while sent < 20_000 && socket.send(frame.clone()).await.is_ok() {
                sent += 1;
            }
            sent
        }));
    }
    for _ in 0..10 {
        let invite = alice.phone.invite("bob", &alice.credential());
        alice.sends(invite).await;
        let heard = bob.hears("INVITE").await;
        bob.sends(bob.phone.answer(200, &heard, "")).await;
        let ok = alice.hears("200").await;
        let ack = alice.phone.within("ACK", &ok, "", "");
        alice.sends(ack).await;
        bob.hears("ACK").await;
        let bye = alice.phone.within("BYE", &ok, "", "");
        alice.sends(bye).await;
        let bye = bob.hears("BYE").await;
        bob.sends(bob.phone.answer(200, &bye, "")).await;
        alice.hears("200").await;
    }
    // Those with garbage were shown the door; that with keep-alives is only slow.
    for (kind, flood) in floods.into_iter().enumerate() {
        if kind == 2 {
            flood.abort();
        } else {
            assert!(flood.await.unwrap() < 20_000, "{kind}");
        }
    }
}

#[tokio::test]
async fn a_message_that_is_too_long_ends_its_own_websocket() {
    let server = Server::start(&[]);
    let mut alice = server.phone("alice").await;
    let mut other = server.phone("bob").await;
    alice.sends("x".repeat(140_000)).await;
    assert!(alice.next().await.is_none());
    let invite = other.phone.invite("alice", &other.credential());
    other.sends(invite).await;
    other.hears("480").await;
}

#[tokio::test]
async fn a_restarted_gateway_takes_the_tokens_it_gave_before() {
    let first = Server::start(&[]);
    let token = first.token(r#"{"seat":"alice"}"#);
    first.stop();
    let second = Server::start(&[]);
    assert_eq!(second.post("/v1/account", &[("Authorization", &token)], "").status, 200);
}

#[tokio::test]
async fn it_stops_when_told_and_says_so_to_every_page() {
    let server = Server::start(&[]);
    let mut alice: Caller = server.phone("alice").await;
    let invite = alice.phone.invite("9192", &alice.credential());
    alice.sends(invite).await;
    alice.hears("180").await;
    let stopped = tokio::task::spawn_blocking(|| server.stop());
    alice.hears("503").await;
    assert!(alice.next().await.is_none(), "and is closed");
    assert_eq!(stopped.await.unwrap().0, Some(0));
}

#[tokio::test]
async fn the_log_knows_no_secret() {
    let server = Server::start(&["--log", "trace,str0m=warn", "--log-format", "json"]);
    let mut alice = server.phone("alice").await;
    let jws = server.token(r#"{"seat":"bob","kind":"jws"}"#);
    let lines = format!("Proxy-Authorization: Bearer {jws}\nX-CC-Info: private");
    for target in ["9190", "bob", "nobody"] {
        let invite = alice.phone.invite(target, &lines);
        alice.sends(invite).await;
        alice.next().await;
    }
    alice.sends("SIP garbage with a Bearer x:y:z\r\n\r\n").await;
    let uuid = alice.token.rsplit(':').next().unwrap().to_owned();
    let (_, log) = server.stop();
    assert!(log.lines().any(|line| line.starts_with('{') && line.contains("\"seat\":\"alice\"")));
    for secret in [&uuid, jws.rsplit('.').next().unwrap(), "demo-secret", "private"] {
        assert!(!log.contains(secret), "{secret}");
    }
}
