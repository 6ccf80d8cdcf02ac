//! Guests: who comes by a guest link, and the page that it opens. The page itself is the host's.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use stream_api::UnixMillis;
use tokio::sync::watch;

use crate::{Engine, server};

/// Where the guests' page listens, unless that port is taken at first start. Next to MediaMTX's own.
pub(crate) const USUAL_PORT: u16 = 8891;

/// Where the guests' page listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuestDoor {
    /// Address and port.
    pub listen: SocketAddr,
}

impl GuestDoor {
    /// On this computer alone.
    pub(crate) fn here(port: u16) -> GuestDoor {
        GuestDoor { listen: (Ipv4Addr::LOCALHOST, port).into() }
    }

    /// The addresses of the page of stream `name`, the best first.
    pub(crate) fn pages(&self, name: &str) -> Vec<String> {
        let (ip, port) = (self.listen.ip(), self.listen.port());
        let host = if ip.is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { ip };
        vec![format!("http://{}/watch/{name}", SocketAddr::new(host, port))]
    }
}

/// Somebody who came by a guest link that is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
    /// The stream's name now; it may have been renamed since the link was made.
    pub name: String,
    /// When the link ends.
    pub expires: UnixMillis,
    /// Whether there is something to see.
    pub live: bool,
    /// Whether WebRTC has all of it: AAC sound is not for WebRTC.
    pub whole_by_webrtc: bool,
    /// The server's WHEP address of the stream, for whoever gives the link's id and token.
    pub whep: String,
    /// The address that the stream's HLS files are below of; ends with `/`.
    pub hls: String,
}

impl Engine {
    /// Where the guests' page has to listen; changes while the engine runs.
    pub fn guest_door(&self) -> watch::Receiver<GuestDoor> {
        self.inner().guest_door.subscribe()
    }

    /// The address of the server's copy of hls.js.
    pub fn hls_script(&self) -> String {
        let hls = server::urls(self.inner().hub.ports(), "watch").hls;
        hls.replace("index.m3u8", "hls.min.js")
    }

    /// Who comes by the guest link `link`; none when it ended, was revoked, or `token` is not its own.
    pub fn guest(&self, link: &str, token: &str) -> Option<Guest> {
        let inner = self.inner();
        let seat = inner.server.guest(link, token, inner.hub.clocks().wall())?;
        let live = inner.server.samples().borrow().get(&seat.name).is_some_and(|sample| sample.online);
        let urls = server::urls(inner.hub.ports(), &seat.name);
        let sound = inner.hub.get(seat.id).and_then(|stream| stream.plan?.audio);
        Some(Guest {
            live,
            whole_by_webrtc: sound.is_none_or(|codec| codec == "opus"),
            whep: format!("{}whep", urls.webrtc),
            hls: urls.hls.trim_end_matches("index.m3u8").to_owned(),
            name: seat.name,
            expires: seat.expires,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_an_address_that_opens_here() {
        assert_eq!(GuestDoor::here(8891).pages("a/b"), ["http://127.0.0.1:8891/watch/a/b"]);
        let everywhere = GuestDoor { listen: "[::]:80".parse().unwrap() };
        assert_eq!(everywhere.pages("a"), ["http://127.0.0.1:80/watch/a"]);
    }
}
