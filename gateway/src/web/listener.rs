//! TCP connections: so many at once, from one address so many, and none that only keeps a place.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::ServiceExt;

use super::Shared;

/// Serves one listener until it is told to stop. Requests that have begun go on to their end.
pub(crate) async fn serve(listener: TcpListener, site: Shared, mut stop: watch::Receiver<bool>) {
    let router = super::router(&site);
    let stopping = stop.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            // An error means that nobody is left to say so.
            _ = stop.wait_for(|stop| *stop) => return,
        };
        match accepted {
            Ok((stream, peer)) => match site.door.connection(peer.ip()) {
                Some(place) => {
                    let (router, stopping) = (router.clone(), stopping.clone());
                    tokio::spawn(async move {
                        serve_one(stream, peer, router, stopping).await;
                        drop(place);
                    });
                }
                // Whether or not it is read: there is no time for more.
                None => drop(stream.try_write(NO_PLACE)),
            },
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                // Most likely there are no descriptors left; some will be given back.
                tracing::warn!(%error, "cannot accept");
                tokio::time::sleep(RESPITE).await;
            }
        }
    }
}

/// Serves one connection. What fails there concerns its client alone.
async fn serve_one(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    mut stop: watch::Receiver<bool>,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_PATIENCE)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stop.wait_for(|stop| *stop) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

fn is_of_one_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}

/// How long the head of a request may take, and an idle connection may stay.
const HEADER_PATIENCE: Duration = Duration::from_secs(15);
/// How long accepting rests when it fails.
const RESPITE: Duration = Duration::from_millis(200);
const NO_PLACE: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 10\r\n\
                          Content-Length: 0\r\nConnection: close\r\n\r\n";
