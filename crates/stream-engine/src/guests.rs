//! Guests: who comes by a guest link, and the page that it opens. The page itself is the host's.

use std::net::{Ipv4Addr, SocketAddr};

use stream_api::{Address, Reach, UnixMillis};
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
    /// Where the server is reached from.
    pub(crate) fn new(reach: Reach, port: u16) -> GuestDoor {
        let ip = match reach {
            Reach::ThisComputer => Ipv4Addr::LOCALHOST,
            Reach::LocalNetwork => Ipv4Addr::UNSPECIFIED,
        };
        GuestDoor { listen: (ip, port).into() }
    }

    /// Whether it has to listen elsewhere now.
    pub(crate) fn move_to(&mut self, reach: Reach) -> bool {
        let before = std::mem::replace(self, GuestDoor::new(reach, self.listen.port()));
        before != *self
    }

    /// The page of stream `name` by each of the server's `addresses`, the best first. IPv4 alone is listened on.
    pub(crate) fn pages(&self, addresses: &[Address], name: &str) -> Vec<String> {
        let reached = addresses.iter().filter(|address| !address.host.contains(':'));
        reached
            .map(|address| format!("http://{}:{}/watch/{name}", address.host, self.listen.port()))
            .collect()
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
    /// The server's WHEP address of the stream, for whoever gives the link's id and token; empty where WebRTC is off.
    pub whep: String,
    /// The address that the stream's HLS files are below of, with `/` at its end; empty where HLS is off.
    pub hls: String,
}

impl Engine {
    /// Where the guests' page has to listen; changes while the engine runs.
    pub fn guest_door(&self) -> watch::Receiver<GuestDoor> {
        self.inner().guest_door.subscribe()
    }

    /// The address of the server's copy of hls.js.
    pub fn hls_script(&self) -> String {
        let hls = server::own_urls(&self.inner().hub.settings(), "watch").hls;
        hls.replace("index.m3u8", "hls.min.js")
    }

    /// Who comes by the guest link `link`; none when it ended, was revoked, or `token` is not its own.
    pub fn guest(&self, link: &str, token: &str) -> Option<Guest> {
        let inner = self.inner();
        let seat = inner.server.guest(link, token, inner.hub.clocks().wall())?;
        let live = inner.server.samples().borrow().get(&seat.name).is_some_and(|sample| sample.online);
        let urls = server::own_urls(&inner.hub.settings(), &seat.name);
        // What is not planned by us may have any sound, and HLS has more of them.
        let plan = inner.hub.get(seat.id).and_then(|stream| stream.plan);
        Some(Guest {
            live,
            whole_by_webrtc: plan.is_some_and(|plan| plan.audio.is_none_or(|codec| codec == "opus")),
            whep: if urls.webrtc.is_empty() { String::new() } else { format!("{}whep", urls.webrtc) },
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
        let address = |host: &str| Address { label: String::new(), host: host.to_owned() };
        let mut door = GuestDoor::new(Reach::ThisComputer, 8891);
        assert_eq!(door.pages(&[address("127.0.0.1")], "a/b"), ["http://127.0.0.1:8891/watch/a/b"]);
        assert!(!door.move_to(Reach::ThisComputer) && door.move_to(Reach::LocalNetwork));
        assert_eq!(door.listen, "0.0.0.0:8891".parse().unwrap());
        let pages = door.pages(&[address("192.0.2.7"), address("fd00::7"), address("127.0.0.1")], "a");
        assert_eq!(pages, ["http://192.0.2.7:8891/watch/a", "http://127.0.0.1:8891/watch/a"]);
    }
}
