//! The listener of the guests' page. Anybody in the network may connect to it, so it waits for nobody for long, and
//! talks with so many at once and no more. Where viewers' connections are encrypted, its own are too.

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use axum::{
    Router,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use stream_engine::{GuestDoor, GuestTls};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_service::Service as _;

/// What guests may take of this computer.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Connections at once; others wait until one ends.
    connections: usize,
    /// Within this time a connection is encrypted, and the head of each of its requests is there; so long it may be
    /// idle.
    head: Duration,
}

/// A browser has six connections at most.
const LIMITS: Limits = Limits { connections: 600, head: Duration::from_secs(15) };
/// When the system has no room for more connections, it is left alone so long.
const PAUSE: Duration = Duration::from_millis(500);
/// The first byte of whoever speaks TLS: a record of the type `handshake` (RFC 8446, 5.1).
const HANDSHAKE: u8 = 22;

/// Listens; nobody is answered yet.
pub(super) struct Listener {
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
    limits: Limits,
}

impl Listener {
    /// # Errors
    /// When the address is taken, or the certificate is of no use.
    pub(super) async fn open(door: &GuestDoor) -> io::Result<Listener> {
        let tls = match &door.tls {
            None => None,
            Some(files) => Some(acceptor(files).await?),
        };
        Ok(Listener { socket: TcpListener::bind(door.listen).await?, tls, limits: LIMITS })
    }

    /// Answers until `stop`; then nobody new, and waits for what is under way.
    pub(super) async fn serve(self, app: &Router, stop: &CancellationToken) {
        let (seats, connections) = (Arc::new(Semaphore::new(self.limits.connections)), TaskTracker::new());
        loop {
            let next = async {
                let seat = Arc::clone(&seats).acquire_owned().await.map_err(io::Error::other)?;
                io::Result::Ok((seat, self.socket.accept().await?.0))
            };
            let Some(next) = stop.run_until_cancelled(next).await else { break };
            let Ok((seat, stream)) = next else {
                sleep(PAUSE).await;
                continue;
            };
            let (tls, app, stop, head) = (self.tls.clone(), app.clone(), stop.clone(), self.limits.head);
            connections.spawn(async move {
                if let Err(error) = connected(stream, tls, app, stop, head).await {
                    tracing::debug!(%error, "a guest's connection ended");
                }
                drop(seat);
            });
        }
        drop(self.socket);
        connections.close();
        connections.wait().await;
    }
}

async fn connected(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    app: Router,
    stop: CancellationToken,
    head: Duration,
) -> io::Result<()> {
    let Some(tls) = tls else { return talk(stream, app, stop, head).await };
    let mut first = [0];
    timeout(head, stream.peek(&mut first)).await??;
    if first == [HANDSHAKE] {
        let stream = timeout(head, tls.accept(stream)).await??;
        return talk(stream, app, stop, head).await;
    }
    // A link from before encryption was switched on; what stands after its # comes along.
    talk(stream, Router::new().fallback(encrypted), stop, head).await
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    app: Router,
    stop: CancellationToken,
    head: Duration,
) -> io::Result<()> {
    let answer = service_fn(move |request: Request<Incoming>| {
        let mut app = app.clone();
        async move { Result::<Response, Infallible>::Ok(app.call(request).await.into_response()) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head);
    let mut talk = std::pin::pin!(http.serve_connection(TokioIo::new(stream), answer));
    let ended = tokio::select! {
        ended = &mut talk => ended,
        () = stop.cancelled() => {
            talk.as_mut().graceful_shutdown();
            talk.await
        }
    };
    ended.map_err(io::Error::other)
}

/// The same address, encrypted.
async fn encrypted(uri: Uri, headers: HeaderMap) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    match (host, uri.path_and_query()) {
        (Some(host), Some(path)) => Redirect::temporary(&format!("https://{host}{path}")).into_response(),
        _ => StatusCode::BAD_REQUEST.into_response(),
    }
}

async fn acceptor(files: &GuestTls) -> io::Result<TlsAcceptor> {
    let (certificate, key) =
        tokio::try_join!(tokio::fs::read(&files.certificate), tokio::fs::read(&files.key))?;
    let unfit = |error: &dyn std::fmt::Display| io::Error::new(io::ErrorKind::InvalidData, error.to_string());
    let chain = CertificateDer::pem_slice_iter(&certificate).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| unfit(&error))?;
    let key = PrivateKeyDer::from_pem_slice(&key).map_err(|error| unfit(&error))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| unfit(&error))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// Listens until the end of the test.
    async fn listening(limits: Limits) -> SocketAddr {
        let door = GuestDoor { listen: (Ipv4Addr::LOCALHOST, 0).into(), tls: None };
        let listener = Listener { limits, ..Listener::open(&door).await.unwrap() };
        let at = listener.socket.local_addr().unwrap();
        let app = Router::new().route("/", get(async || "hello"));
        tokio::spawn(async move { listener.serve(&app, &CancellationToken::new()).await });
        at
    }

    async fn answered(mut guest: TcpStream) -> String {
        guest.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        timeout(Duration::from_secs(20), guest.read_to_string(&mut answer)).await.unwrap().unwrap();
        answer
    }

    #[tokio::test]
    async fn who_says_nothing_makes_room_for_others() {
        let at = listening(Limits { connections: 2, head: Duration::from_millis(300) }).await;
        let mut idle = [TcpStream::connect(at).await.unwrap(), TcpStream::connect(at).await.unwrap()];
        idle[0].write_all(b"GET / HTTP/1.1\r\nHost").await.unwrap();
        let answer = answered(TcpStream::connect(at).await.unwrap()).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"), "{answer}");
        for guest in &mut idle {
            let mut rest = Vec::new();
            let ended = timeout(Duration::from_secs(20), guest.read_to_end(&mut rest)).await;
            assert!(ended.is_ok(), "it was let go");
        }
    }
}
