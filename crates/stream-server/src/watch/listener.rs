//! The listener of the guests' page. Anybody in the network may connect to it, so it waits for nobody for long, and
//! talks with so many at once and no more. Where viewers' connections are encrypted, its own are too.

use std::{collections::HashMap, convert::Infallible, io, net::IpAddr, sync::Arc, time::Duration};

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
use stream_engine::{GuestPage, GuestTls};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower_service::Service as _;

/// What guests may take of this computer.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Connections at once; others wait until one ends.
    connections: usize,
    /// Of them from one address; more are closed.
    of_one: usize,
    /// Within this time a connection is encrypted, and the head of each of its requests is there; so long it may be
    /// idle. Four times as long it may take nothing of an answer: a slow one takes much at a time, and seldom.
    patience: Duration,
}

/// A browser has six connections at most; a household or an office has one address.
const LIMITS: Limits = Limits { connections: 600, of_one: 150, patience: Duration::from_secs(15) };
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
    pub(super) async fn open(page: &GuestPage) -> io::Result<Listener> {
        let tls = match &page.tls {
            None => None,
            Some(files) => Some(acceptor(files).await?),
        };
        Ok(Listener { socket: TcpListener::bind(page.listen).await?, tls, limits: LIMITS })
    }

    /// Answers until `stop`; then nobody new, and waits for what is under way. Dropped, it ends that too.
    pub(super) async fn serve(self, app: &Router, stop: &CancellationToken) {
        let Limits { connections, of_one, patience } = self.limits;
        let (seats, mut talks) = (Arc::new(Semaphore::new(connections)), JoinSet::new());
        // Each connection holds one of its address.
        let mut guests: HashMap<IpAddr, Arc<()>> = HashMap::new();
        loop {
            let next = async {
                let seat = Arc::clone(&seats).acquire_owned().await.map_err(io::Error::other)?;
                io::Result::Ok((seat, self.socket.accept().await?))
            };
            let Some(next) = stop.run_until_cancelled(next).await else { break };
            while talks.try_join_next().is_some() {}
            let Ok((seat, (stream, from))) = next else {
                sleep(PAUSE).await;
                continue;
            };
            guests.retain(|_, held| Arc::strong_count(held) > 1);
            let held = guests.entry(from.ip()).or_default();
            if Arc::strong_count(held) > of_one {
                continue;
            }
            let (tls, app, stop, held) = (self.tls.clone(), app.clone(), stop.clone(), Arc::clone(held));
            talks.spawn(async move {
                let guest = Caller(from.ip());
                if let Err(error) = connected(stream, guest, tls, app, stop, patience).await {
                    tracing::debug!(%error, "a guest's connection ended");
                }
                drop((seat, held));
            });
        }
        drop(self.socket);
        while talks.join_next().await.is_some() {}
    }
}

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller(pub IpAddr);

async fn connected(
    stream: TcpStream,
    from: Caller,
    tls: Option<TlsAcceptor>,
    app: Router,
    stop: CancellationToken,
    patience: Duration,
) -> io::Result<()> {
    let mut first = [0];
    if tls.is_some() {
        timeout(patience, stream.peek(&mut first)).await??;
    }
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(patience * 4));
    let stream = Box::pin(stream);
    match tls {
        None => talk(stream, from, app, stop, patience).await,
        Some(tls) if first == [HANDSHAKE] => {
            let stream = timeout(patience, tls.accept(stream)).await??;
            talk(stream, from, app, stop, patience).await
        }
        // A link from before encryption was switched on; what stands after its # comes along.
        Some(_) => talk(stream, from, Router::new().fallback(encrypted), stop, patience).await,
    }
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    from: Caller,
    app: Router,
    stop: CancellationToken,
    patience: Duration,
) -> io::Result<()> {
    let answer = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(from);
        let mut app = app.clone();
        async move { Result::<Response, Infallible>::Ok(app.call(request).await.into_response()) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience);
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

    use axum::{body::Bytes, routing::get};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpSocket,
        task::JoinHandle,
    };

    use super::*;

    const FEW: Limits = Limits { connections: 2, of_one: 2, patience: Duration::from_millis(300) };
    /// More than the system keeps for who does not read.
    const LARGE: usize = 64 << 20;

    /// Listens until it is aborted.
    async fn listening(limits: Limits) -> (SocketAddr, JoinHandle<()>) {
        let page = GuestPage { listen: (Ipv4Addr::UNSPECIFIED, 0).into(), tls: None };
        let listener = Listener { limits, ..Listener::open(&page).await.unwrap() };
        let at = (Ipv4Addr::LOCALHOST, listener.socket.local_addr().unwrap().port()).into();
        let large = Bytes::from(vec![b'x'; LARGE]);
        let app =
            Router::new().route("/", get(async || "hello")).route("/large", get(async move || large.clone()));
        (at, tokio::spawn(async move { listener.serve(&app, &CancellationToken::new()).await }))
    }

    async fn asking(at: SocketAddr, what: &str) -> TcpStream {
        let mut guest = TcpStream::connect(at).await.unwrap();
        guest.write_all(what.as_bytes()).await.unwrap();
        guest
    }

    /// All that comes until the connection ends.
    async fn rest(guest: &mut TcpStream) -> Vec<u8> {
        let mut rest = Vec::new();
        let ended = timeout(Duration::from_secs(60), guest.read_to_end(&mut rest)).await;
        // Cut off is as good as ended.
        let _ = ended.expect("it ends");
        rest
    }

    async fn is_answered(guest: &mut TcpStream) -> bool {
        let request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        guest.write_all(request).await.is_ok() && rest(guest).await.ends_with(b"hello")
    }

    #[tokio::test]
    async fn who_says_nothing_makes_room_for_others() {
        let (at, _) = listening(FEW).await;
        let mut idle = [asking(at, "GET / HTTP/1.1\r\nHost").await, asking(at, "").await];
        assert!(is_answered(&mut TcpStream::connect(at).await.unwrap()).await);
        for guest in &mut idle {
            rest(guest).await;
        }
    }

    #[tokio::test]
    async fn who_takes_nothing_makes_room_for_others() {
        let (at, serving) = listening(FEW).await;
        let large = "GET /large HTTP/1.1\r\nHost: a\r\n\r\n";
        let mut deaf = [asking(at, large).await, asking(at, large).await];
        assert!(is_answered(&mut TcpStream::connect(at).await.unwrap()).await);
        for guest in &mut deaf {
            assert!(rest(guest).await.len() < LARGE, "it was cut off");
        }
        serving.abort();
    }

    /// Who does not end by itself when the page moves.
    #[tokio::test]
    async fn nobody_is_served_any_more_once_it_is_dropped() {
        let patient = Limits { patience: Duration::from_secs(600), ..FEW };
        let (at, serving) = listening(patient).await;
        let mut guest = asking(at, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await;
        guest.read_u8().await.unwrap();
        serving.abort();
        assert!(rest(&mut guest).await.len() < LARGE, "it was cut off");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn one_address_does_not_take_all_seats() {
        let (at, _) =
            listening(Limits { connections: 5, of_one: 2, patience: Duration::from_secs(600) }).await;
        let from = async |last| {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind((Ipv4Addr::new(127, 0, 0, last), 0).into()).unwrap();
            socket.connect(at).await.unwrap()
        };
        let _held = [from(1).await, from(1).await];
        assert!(!is_answered(&mut from(1).await).await, "it has two");
        assert!(is_answered(&mut from(2).await).await, "somebody else");
    }
}
