//! Whether the server still takes connections. One that lost a listener, or whose listener somebody switched off,
//! answers its Control API all the same.

use std::{
    collections::VecDeque,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use stream_api::{Code, Error, Listener, ServerSettings};
use tokio::{
    net::TcpSocket,
    time::{sleep, timeout},
};

/// Between two looks.
const EVERY: Duration = Duration::from_secs(5);
/// A listener that is being opened anew is not there for a moment.
const AGAIN: Duration = Duration::from_secs(1);
/// A connection on loopback takes no time, even on a busy computer.
const LIMIT: Duration = Duration::from_secs(3);
/// Our own ports that are remembered; the server tells of each within milliseconds.
const REMEMBERED: usize = 64;

/// The connections that were made only to see whether they can be: MediaMTX writes two lines about each into its log.
/// A cheap handle.
#[derive(Debug, Clone, Default)]
pub(super) struct Knocks(Arc<Mutex<VecDeque<u16>>>);

impl Knocks {
    /// Whether a line of MediaMTX's log is about one of them: `[RTSP] [conn 127.0.0.1:54321] opened`.
    pub(super) fn are_in(&self, line: &str) -> bool {
        let Some((_, after)) = line.split_once("127.0.0.1:") else { return false };
        let digits = after.split(|one: char| !one.is_ascii_digit()).next().unwrap_or_default();
        digits.parse().is_ok_and(|port: u16| self.ports(|ports| ports.contains(&port)))
    }

    /// Connects, and goes away again.
    async fn knock(&self, port: u16) -> io::Result<()> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        // Before the server can tell of it.
        let own = socket.local_addr()?.port();
        self.ports(|ports| {
            ports.truncate(REMEMBERED - 1);
            ports.push_front(own);
        });
        let connected = timeout(LIMIT, socket.connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))).await;
        connected.map_err(|_| io::ErrorKind::TimedOut)?.map(drop)
    }

    fn ports<T>(&self, with: impl FnOnce(&mut VecDeque<u16>) -> T) -> T {
        with(&mut self.0.lock())
    }
}

/// Resolves when one of the listeners takes no connections any more: which.
pub(super) async fn closed(settings: &ServerSettings, knocks: &Knocks) -> Error {
    // Those by UDP can't be asked, and the Control API is asked all the time.
    let is_asked = |listener: &Listener| !listener.is_udp() && *listener != Listener::Api;
    let listeners: Vec<Listener> =
        settings.listeners().map(|(listener, _)| listener).filter(is_asked).collect();
    loop {
        sleep(EVERY).await;
        for listener in &listeners {
            let port = settings.ports.of(*listener);
            if is_refused(knocks.knock(port).await) {
                sleep(AGAIN).await;
                if is_refused(knocks.knock(port).await) {
                    return Error::new(Code::ServerDeaf).with("what", listener.label()).with("port", port);
                }
            }
        }
    }
}

/// Want of ports or files on our side says nothing about the server.
fn is_refused(answer: io::Result<()>) -> bool {
    answer.is_err_and(|error| {
        matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::TimedOut)
    })
}

#[cfg(test)]
mod tests {
    use stream_api::Ports;
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_listener_that_is_gone_is_named_and_our_own_visits_are_known() {
        let mut ports = Ports::USUAL;
        let mut open = Vec::new();
        for listener in Listener::ALL.into_iter().filter(|listener| !listener.is_udp()) {
            let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
            ports.set(listener, socket.local_addr().unwrap().port());
            open.push((listener, socket));
        }
        let settings = ServerSettings { ports, ..ServerSettings::default() };
        let knocks = Knocks::default();
        let watch = closed(&settings, &knocks);
        tokio::pin!(watch);
        let (_, rtsp) = open.iter().find(|(listener, _)| *listener == Listener::Rtsp).unwrap();
        let visitor = tokio::select! {
            error = &mut watch => panic!("all are open: {error}"),
            visit = rtsp.accept() => visit.unwrap().1,
        };
        assert!(knocks.are_in(&format!("[RTSP] [conn {visitor}] opened")));
        assert!(!knocks.are_in("[RTSP] [conn 127.0.0.1:1] opened") && !knocks.are_in("[API] started"));
        open.retain(|(listener, _)| *listener != Listener::Rtmp);
        let error = timeout(Duration::from_secs(60), watch).await.expect("it is seen");
        assert_eq!(error.code, Code::ServerDeaf);
        assert!(error.message.contains(&ports.rtmp.to_string()), "{error}");
    }
}
