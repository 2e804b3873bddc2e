//! Whose request it is: the address that limits are counted by.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;

use super::{Failure, Shared};

/// The client's address. Behind a proxy of this machine (`public_url` is set), the one that the
/// proxy added to `X-Forwarded-For`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Address(pub(crate) IpAddr);

impl FromRequestParts<Shared> for Address {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, site: &Shared) -> Result<Self, Failure> {
        let peer = ConnectInfo::<SocketAddr>::from_request_parts(parts, site)
            .await
            .map_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0)), |ConnectInfo(peer)| peer);
        let behind_proxy = site.settings.public_url.is_some() && peer.ip().is_loopback();
        let forwarded =
            behind_proxy.then(|| parts.headers.get_all("x-forwarded-for").iter().next_back());
        let forwarded = forwarded.flatten().and_then(|value| value.to_str().ok());
        let nearest = forwarded.and_then(|list| list.rsplit(',').next()?.trim().parse().ok());
        Ok(Self(nearest.unwrap_or_else(|| peer.ip())))
    }
}
