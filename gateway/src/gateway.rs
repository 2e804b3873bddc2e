//! The whole: bound, joined, served, and ended without a rush.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::media;
use crate::random;
use crate::settings::{Settings, Unstartable};
use crate::switch::Switch;
use crate::switchboard::Switchboard;
use crate::tokens::Authority;
use crate::web::{self, Site};

/// A gateway that listens, and is about to serve.
pub struct Gateway {
    site: web::Shared,
    listeners: Vec<TcpListener>,
}

impl Gateway {
    /// Checks keys, takes the port and starts the switch.
    ///
    /// # Errors
    ///
    /// [`Unstartable`] if a key cannot be used or the port is taken.
    pub async fn bind(settings: Settings) -> Result<Self, Unstartable> {
        let authority = Arc::new(Authority::new(&settings)?);
        let listeners = listen(&settings).await?;
        let address = listeners[0].local_addr().map_err(Unstartable::Serve)?;
        media::prepare();
        let sent_by = format!("{}:{}", settings.domain, address.port());
        let switch = Switch::new(authority.clone(), &settings.limits, &sent_by, random::seed());
        let switchboard = Switchboard::start(switch, media_addresses(&settings));
        let site = Arc::new(Site::new(settings, authority, switchboard, address));
        Ok(Self { site, listeners })
    }

    /// Where browsers find it.
    pub fn origin(&self) -> &str {
        &self.site.origin
    }

    /// Serves until `stop` is done; then ends service calls, closes the WebSockets, and lets
    /// requests finish, for a few seconds at most.
    ///
    /// # Errors
    ///
    /// [`Unstartable::Serve`] if the switch breaks: then a restart is better than no calls.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> Result<(), Unstartable> {
        let (stopped, stopping) = watch::channel(false);
        for listener in self.listeners {
            tokio::spawn(web::serve(listener, self.site.clone(), stopping.clone()));
        }
        tokio::select! {
            () = stop => {}
            () = self.site.switchboard.failed() => {
                return Err(Unstartable::Serve(std::io::Error::other("the switch broke")));
            }
        }
        tracing::info!("stopping");
        self.site.switchboard.stop().await;
        stopped.send_replace(true);
        if tokio::time::timeout(PATIENCE, self.site.door.all_left()).await.is_err() {
            tracing::warn!("some requests were cut");
        }
        Ok(())
    }
}

/// Listens on the address; on loopback by both protocols, since `localhost` may mean either.
async fn listen(settings: &Settings) -> Result<Vec<TcpListener>, Unstartable> {
    let address = SocketAddr::new(settings.listen, settings.port);
    let first =
        TcpListener::bind(address).await.map_err(|why| Unstartable::Listen(address, why))?;
    let port = first.local_addr().map_err(Unstartable::Serve)?.port();
    let mut listeners = vec![first];
    if settings.listen == IpAddr::V4(Ipv4Addr::LOCALHOST) {
        // There may be no IPv6 here, which is fine.
        listeners.extend(TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await);
    }
    Ok(listeners)
}

/// The addresses that candidates name. On loopback also the one that leads out of this machine:
/// Firefox pairs its own addresses with no loopback one.
fn media_addresses(settings: &Settings) -> Vec<IpAddr> {
    if let Some(address) = settings.media_ip {
        return vec![address];
    }
    let outward = outward_address();
    if settings.listen.is_loopback() {
        return std::iter::once(settings.listen).chain(outward).collect();
    }
    if settings.listen.is_unspecified() {
        return vec![outward.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))];
    }
    vec![settings.listen]
}

/// The address that the system would use to leave this machine. Nothing is sent to learn it.
fn outward_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|address| !address.is_loopback())
}

/// How long requests may take to end when the gateway does.
const PATIENCE: Duration = Duration::from_secs(5);
