//! Guests: who comes by a guest link, and the page that it opens. The page itself is the host's.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use mediamtx_client::TlsFiles;
use stream_api::{
    Certificate, Change, Code, Error, Fault, Message, Reach, ServerSettings, ServerStatus, UnixMillis, t,
};
use tokio::{sync::watch, time::timeout};

use crate::{
    Engine,
    engine::Inner,
    hub::Hub,
    ports,
    server::{self, Tls},
};

/// Where the guests' page listens, unless that port is taken at first start. Next to MediaMTX's own.
pub(crate) const USUAL_PORT: u16 = 8891;

/// So long the host may take to open the page elsewhere: where it is, players may keep their connections for 2 s.
const MOVING: Duration = Duration::from_secs(10);

/// Where the host tried last to open the page, and why it could not.
pub(crate) type Tried = Option<(SocketAddr, Option<Error>)>;

/// Where the guests' page listens, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestPage {
    /// Address and port.
    pub listen: SocketAddr,
    /// Its certificate, where viewers' connections are encrypted; those that are not are sent on.
    pub tls: Option<GuestTls>,
}

/// The certificate of the guests' page: the server's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestTls {
    /// PEM file with the certificate and those that it needs.
    pub certificate: PathBuf,
    /// PEM file with its private key.
    pub key: PathBuf,
    /// Which certificate it is, so that another one in the same file is seen.
    pub fingerprint: String,
}

impl GuestPage {
    /// Where these settings want it. `None` until it is known by which certificate: nothing is served in plain that
    /// should be encrypted.
    fn of(settings: &ServerSettings, shown: Option<&Certificate>, port: u16, tls: &Tls) -> Option<GuestPage> {
        let ip = match settings.reach {
            Reach::ThisComputer => Ipv4Addr::LOCALHOST,
            Reach::LocalNetwork => Ipv4Addr::UNSPECIFIED,
        };
        let tls = match tls.files(&settings.encryption) {
            None => None,
            Some(TlsFiles { certificate, key }) => {
                Some(GuestTls { certificate, key, fingerprint: shown?.fingerprint.clone() })
            }
        };
        Some(GuestPage { listen: (ip, port).into(), tls })
    }
}

/// What the guests' page says to MediaMTX of itself, before the address that a guest comes from.
const AGENT: &str = "stream-manager-guest/";

/// The name of a guest's program (`User-Agent`) as the page passes it on: with the address that the guest comes from,
/// where MediaMTX sees the page's alone. Its `…TrustedProxies` would do that too, but would let whatever runs on this
/// computer give any address, and pass the rules about these.
#[must_use]
pub fn guest_agent(from: IpAddr, own: &str) -> String {
    format!("{AGENT}{} {own}", from.to_canonical())
}

/// Address and program of a guest, from what [`guest_agent`] made of them. To be shown, and no proof of anything.
pub(crate) fn guest_of(agent: &str) -> Option<(IpAddr, &str)> {
    let (from, own) = agent.strip_prefix(AGENT)?.split_once(' ')?;
    Some((from.parse().ok()?, own))
}

/// Keeps the page where the server's settings want it. Until dropped.
pub(crate) async fn follow(
    hub: Hub,
    tls: Tls,
    port: watch::Receiver<u16>,
    page: watch::Sender<Option<GuestPage>>,
) {
    let (mut port, mut news) = (port, hub.subscribe());
    loop {
        let server = hub.snapshot().server;
        let at = *port.borrow_and_update();
        if server.settings.guest_port != Some(at) {
            hub.server(|server| server.settings.guest_port = Some(at));
        }
        let wanted = GuestPage::of(&server.settings, server.certificate.as_ref(), at, &tls);
        page.send_if_modified(|page| std::mem::replace(page, wanted.clone()) != wanted);
        let moved = async {
            while let Some(message) = news.next().await {
                if about_server(&message) {
                    return true;
                }
            }
            false
        };
        let goes_on = tokio::select! {
            moved = moved => moved,
            changed = port.changed() => changed.is_ok(),
        };
        if !goes_on {
            return;
        }
    }
}

/// Moves the page to another port; back when it can't be opened there. The port from before.
///
/// # Errors
/// Why it can't be opened there.
pub(crate) async fn move_page(engine: &Inner, port: u16) -> Result<u16, Error> {
    let mut tried = engine.guest_tried.subscribe();
    let before = engine.guest_port.send_replace(port);
    let opened = async {
        while tried.changed().await.is_ok() {
            if let Some((at, error)) = &*tried.borrow_and_update()
                && at.port() == port
            {
                return error.clone();
            }
        }
        None
    };
    let failure = match engine.guest_page.receiver_count() {
        // Without a host there is no page.
        0 => None,
        // One that says nothing goes on trying.
        _ => timeout(MOVING, opened).await.ok().flatten(),
    };
    match failure {
        None => Ok(before),
        Some(error) => {
            engine.guest_port.send_replace(before);
            Err(error)
        }
    }
}

fn about_server(message: &Message) -> bool {
    match message {
        Message::Events { events } => {
            events.iter().any(|event| matches!(event.change, Change::Server { .. }))
        }
        _ => true,
    }
}

/// The page of stream `name` by each of the server's addresses, the best first. IPv4 alone is listened on.
pub(crate) fn pages(server: &ServerStatus, port: u16, name: &str) -> Vec<String> {
    let scheme = if server.settings.is_encrypted() { "https" } else { "http" };
    let reached = server.addresses.iter().filter(|address| !address.host.contains(':'));
    reached.map(|address| format!("{scheme}://{}:{port}/watch/{name}", address.host)).collect()
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
    /// Where the guests' page has to listen, if anywhere; changes while the engine runs.
    pub fn guest_page(&self) -> watch::Receiver<Option<GuestPage>> {
        self.inner().guest_page.subscribe()
    }

    /// Tells whether the guests' page can be opened: why it can't, as the system says it, or nothing.
    pub fn guest_page_tried(&self, at: SocketAddr, failure: Option<&io::Error>) {
        let what = t!("port.guests");
        let fault = failure.map(|error| match error.kind() {
            io::ErrorKind::AddrInUse => ports::taken_by_another(at.port(), what),
            io::ErrorKind::PermissionDenied => {
                Error::new(Code::PortDenied).with("port", at.port()).with("what", what)
            }
            _ => Error::new(Code::Internal).with("reason", error),
        });
        self.inner().guest_tried.send_replace(Some((at, fault.clone())));
        self.inner().hub.server(|server| server.guest_fault = fault.map(Fault::new));
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
    use stream_api::{Address, Encryption, UnixMillis};

    use super::*;
    use crate::drives::Drives;

    #[test]
    fn a_page_has_an_address_that_opens_here() {
        let address = |host: &str| Address { label: String::new(), host: host.to_owned() };
        let mut server = ServerStatus::starting(ServerSettings::default());
        server.addresses = vec![address("127.0.0.1")];
        assert_eq!(pages(&server, 8891, "a/b"), ["http://127.0.0.1:8891/watch/a/b"]);
        server.addresses = vec![address("192.0.2.7"), address("fd00::7"), address("127.0.0.1")];
        server.settings.encryption = Encryption::SelfSigned;
        let encrypted = ["https://192.0.2.7:8891/watch/a", "https://127.0.0.1:8891/watch/a"];
        assert_eq!(pages(&server, 8891, "a"), encrypted);
    }

    #[test]
    fn a_guest_is_told_by_the_address_that_the_page_saw() {
        let agent = guest_agent("::ffff:192.0.2.7".parse().unwrap(), "Mozilla/5.0 (X11)");
        assert_eq!(guest_of(&agent), Some(("192.0.2.7".parse().unwrap(), "Mozilla/5.0 (X11)")));
        assert_eq!(
            guest_of(&guest_agent("fd00::7".parse().unwrap(), "")),
            Some(("fd00::7".parse().unwrap(), ""))
        );
        assert_eq!((guest_of("VLC/3.0 x"), guest_of("stream-manager-guest/here x")), (None, None));
    }

    #[test]
    fn what_should_be_encrypted_is_never_served_in_plain() {
        let tls = Tls::new("/tls".into(), Drives::default());
        let mut settings = ServerSettings::default();
        let page = |settings: &ServerSettings, shown: Option<&Certificate>| {
            GuestPage::of(settings, shown, 8891, &tls)
        };
        let plain = page(&settings, None).unwrap();
        assert_eq!((plain.listen, plain.tls), ("127.0.0.1:8891".parse().unwrap(), None));
        (settings.reach, settings.encryption) = (Reach::LocalNetwork, Encryption::SelfSigned);
        assert_eq!(page(&settings, None), None, "not before there is a certificate");
        let shown =
            |fingerprint: &str| Certificate { fingerprint: fingerprint.into(), expires: UnixMillis(0) };
        let first = shown("AB");
        let encrypted = page(&settings, Some(&first)).unwrap();
        assert_eq!(encrypted.listen, "0.0.0.0:8891".parse().unwrap());
        assert_eq!(encrypted.tls.as_ref().unwrap().fingerprint, "AB");
        assert_ne!(page(&settings, Some(&shown("CD"))), Some(encrypted), "another certificate, another page");
    }
}
