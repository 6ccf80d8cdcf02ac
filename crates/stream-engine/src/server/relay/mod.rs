//! The way of our FFmpegs to another server: RTSP in, RTSP or RTSPS out, and the password is added on the way.
//!
//! Everybody on this computer can read FFmpeg's arguments, so what stands there is of use here alone: for publishing,
//! to paths of ours, as long as this program runs.

mod answers;
mod knock;
mod request;

use std::{io, net::Ipv4Addr, sync::Arc, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use mediamtx_client::{ApiError, Secret, Trust, dial};
use tokio::{
    io::{
        AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _,
        BufReader, split,
    },
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::timeout,
};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::board::Board;
use answers::Answers;
pub(super) use knock::{Reply, knock};
use request::Request;

/// Who comes has to say by then what it wants.
const GREETING: Duration = Duration::from_secs(10);
/// Requests before it is known who asks: the first of FFmpeg's brings no password.
const STRANGE: u32 = 4;
/// Of media, at a time.
const CHUNK: usize = 64 << 10;
/// What FFmpeg is called here.
const USER: &str = "publisher";

/// A listener of our own on this computer, for one server.
#[derive(Debug)]
pub(super) struct Relay {
    port: u16,
    pass: String,
    aim: watch::Sender<Option<Arc<Aim>>>,
    refused: watch::Sender<Option<Refusal>>,
    _serving: AbortOnDropHandle<()>,
}

/// Where media goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Aim {
    /// Name or IP address.
    pub(super) host: String,
    pub(super) port: u16,
    /// For `rtsps`.
    pub(super) trust: Option<Trust>,
    /// Whom the server lets publish, where it asks.
    pub(super) login: Option<(String, Secret)>,
}

/// Why media does not get there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There is no connection.
    Unreachable(ApiError),
    /// User or password are not taken.
    Login,
}

impl Aim {
    fn origin(&self) -> String {
        let s = if self.trust.is_some() { "s" } else { "" };
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        match host.contains(':') {
            true => format!("rtsp{s}://[{host}]:{}", self.port),
            false => format!("rtsp{s}://{host}:{}", self.port),
        }
    }

    fn authorization(&self) -> Option<String> {
        self.login.as_ref().map(|(user, pass)| basic(user, pass.reveal()))
    }
}

impl Relay {
    /// Listens, and passes nothing on before it has an aim.
    ///
    /// # Errors
    /// That no port can be had.
    pub(super) async fn open(board: Board) -> io::Result<Relay> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let pass = Uuid::new_v4().simple().to_string();
        let (aim, aimed) = watch::channel(None);
        let refused = watch::Sender::new(None);
        let carrier = Arc::new(Carrier { board, right: basic(USER, &pass), refused: refused.clone() });
        let serving = AbortOnDropHandle::new(tokio::spawn(serve(listener, aimed, carrier)));
        Ok(Relay { port, pass, aim, refused, _serving: serving })
    }

    /// Passes on to this server from now on. What went elsewhere is cut off. Tells why the last one who comes from
    /// now on does not get through; none once somebody does.
    pub(super) fn aim(&self, aim: Option<Aim>) -> watch::Receiver<Option<Refusal>> {
        // What was refused before says nothing about now.
        self.refused.send_replace(None);
        let refusal = self.refused.subscribe();
        self.aim.send_if_modified(|now| {
            let changed = now.as_deref() != aim.as_ref();
            if changed {
                *now = aim.map(Arc::new);
            }
            changed
        });
        refusal
    }

    /// What FFmpeg is given: port, user, password.
    pub(super) fn right(&self) -> (u16, String, String) {
        (self.port, USER.to_owned(), self.pass.clone())
    }
}

fn basic(user: &str, pass: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{pass}")))
}

/// What every connection needs.
struct Carrier {
    board: Board,
    /// Of our FFmpegs.
    right: String,
    refused: watch::Sender<Option<Refusal>>,
}

async fn serve(listener: TcpListener, mut aimed: watch::Receiver<Option<Arc<Aim>>>, carrier: Arc<Carrier>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok(()) = aimed.changed() => connections.abort_all(),
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => {
                    let (carrier, aim) = (Arc::clone(&carrier), aimed.borrow().clone());
                    connections.spawn(async move {
                        if let Err(error) = carrier.carry(client, aim).await {
                            tracing::debug!(%error, "a publisher's connection to another server ended");
                        }
                    });
                }
                // Out of files, most likely: others end meanwhile.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

impl Carrier {
    async fn carry(&self, mut client: TcpStream, aim: Option<Arc<Aim>>) -> io::Result<()> {
        client.set_nodelay(true)?;
        let (read, mut write) = client.split();
        let mut from = BufReader::with_capacity(CHUNK, read);
        let greeted = timeout(GREETING, self.greet(&mut from, &mut write)).await;
        let Some(first) = greeted.map_err(io::Error::other).flatten()? else { return Ok(()) };
        let unavailable = first.answer("503 Service Unavailable", "");
        let Some(aim) = aim else { return write.write_all(unavailable.as_bytes()).await };
        let server = match dial(&aim.host, aim.port, aim.trust).await {
            Ok(server) => server,
            Err(error) => {
                self.refuse(Some(Refusal::Unreachable(error)));
                return write.write_all(unavailable.as_bytes()).await;
            }
        };
        let (down, up) = split(server);
        tokio::select! {
            up = self.upwards(from, up, first, &aim) => up,
            down = self.downwards(down, &mut write) => down,
        }
    }

    /// The first request of one of our FFmpegs; nothing of anybody else gets any further.
    async fn greet(
        &self,
        from: &mut (impl AsyncBufRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
    ) -> io::Result<Option<Request>> {
        for _ in 0..STRANGE {
            let Some(request) = Request::read(from).await? else { return Ok(None) };
            if request.has(&self.right) {
                return Ok(Some(request));
            }
            let challenge = "WWW-Authenticate: Basic realm=\"relay\"\r\n";
            to.write_all(request.answer("401 Unauthorized", challenge).as_bytes()).await?;
        }
        Ok(None)
    }

    /// Requests with another right, and media between them as it is, no faster than the server takes it.
    async fn upwards(
        &self,
        mut from: impl AsyncBufRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
        first: Request,
        aim: &Aim,
    ) -> io::Result<()> {
        let (origin, right) = (aim.origin(), aim.authorization());
        let mut next = Some(first);
        loop {
            if let Some(request) = next.take() {
                let ours = request.announced().is_none_or(|name| self.board.get(name).is_some());
                if !request.is_of_publisher() || !ours {
                    return Err(io::ErrorKind::PermissionDenied.into());
                }
                to.write_all(&request.written(&origin, right.as_deref())).await?;
                to.flush().await?;
            }
            match from.fill_buf().await? {
                [] => return Ok(()),
                [b'$', ..] => {
                    self.refuse(None);
                    media(&mut from, &mut to).await?;
                }
                _ => {
                    next = Request::read(&mut from).await?;
                    if next.is_none() {
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn downwards(
        &self,
        mut from: impl AsyncRead + Unpin,
        to: &mut (impl AsyncWrite + Unpin),
    ) -> io::Result<()> {
        let (mut chunk, mut answers) = (vec![0; 4 << 10], Answers::default());
        loop {
            let read = from.read(&mut chunk).await?;
            if read == 0 {
                return Ok(());
            }
            if answers.refuse(&chunk[..read]) {
                self.refuse(Some(Refusal::Login));
            }
            to.write_all(&chunk[..read]).await?;
        }
    }

    fn refuse(&self, why: Option<Refusal>) {
        self.refused.send_if_modified(|known| {
            let changed = *known != why;
            *known = why;
            changed
        });
    }
}

/// All packets that have arrived (`$`, channel, length, content: RFC 2326 §10.12), up to the end of the last one.
async fn media(from: &mut (impl AsyncBufRead + Unpin), to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    let mut left = 0;
    loop {
        let arrived = from.fill_buf().await?;
        if arrived.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let (ready, open) = packets(arrived, left);
        if ready > 0 {
            to.write_all(&arrived[..ready]).await?;
            from.consume(ready);
            left = open;
        } else {
            // Not even its length has arrived.
            let mut head = [0; 4];
            from.read_exact(&mut head).await?;
            to.write_all(&head).await?;
            left = usize::from(u16::from_be_bytes([head[2], head[3]]));
        }
        if left == 0 {
            return to.flush().await;
        }
    }
}

/// Bytes of `arrived` that belong to packets, and how many the last of them still lacks; `left` of an earlier one come
/// first.
fn packets(arrived: &[u8], left: usize) -> (usize, usize) {
    let mut at = left;
    while at < arrived.len() {
        match arrived[at..] {
            [b'$', _, high, low, ..] => at += 4 + usize::from(u16::from_be_bytes([high, low])),
            _ => return (at, 0),
        }
    }
    (arrived.len(), at - arrived.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was wrong with a server says nothing about the next one, nor about the next visit.
    #[tokio::test]
    async fn a_refusal_is_told_of_the_present_aim_alone() {
        let terms = super::super::Terms {
            name: "hall".to_owned(),
            users: super::super::terms::Listed::Unknown,
            digest: false,
            kick: false,
            recordings: None,
            record_path: None,
            slates: Err(stream_api::Unkept::Remote),
        };
        let (_kept, terms) = watch::channel(Arc::new(terms));
        let relay = Relay::open(Board::new(terms)).await.unwrap();
        let (port, user, pass) = relay.right();
        // Nobody listens there.
        let gone = 1;
        let aim = Aim { host: "127.0.0.1".to_owned(), port: gone, trust: None, login: None };
        for _ in 0..2 {
            let mut refusal = relay.aim(Some(aim.clone()));
            assert!(!refusal.has_changed().unwrap(), "nobody came yet");
            let mut publisher = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
            let asked =
                format!("OPTIONS rtsp://h/a RTSP/1.0\r\nAuthorization: {}\r\n\r\n", basic(&user, &pass));
            publisher.write_all(asked.as_bytes()).await.unwrap();
            timeout(6 * GREETING, refusal.changed()).await.expect("it is told").unwrap();
            assert!(matches!(*refusal.borrow(), Some(Refusal::Unreachable(_))));
        }
        assert!(relay.aim(None).borrow().is_none());
    }

    #[tokio::test]
    async fn packets_pass_however_they_arrive() {
        let packet = |len: u8| [vec![b'$', 0, 0, len], vec![len; usize::from(len)]].concat();
        let sent = [packet(3), packet(0), packet(200), packet(1)].concat();
        for size in [1, 2, 3, 5, 7, 50, 1000] {
            let stream = [sent.clone(), b"TEARDOWN".to_vec()].concat();
            let slow = slowly(stream, size);
            let mut from = BufReader::with_capacity(size.max(4), slow);
            let mut to = Vec::new();
            while from.fill_buf().await.unwrap()[0] == b'$' {
                media(&mut from, &mut to).await.unwrap();
            }
            assert_eq!(to, sent, "{size} at a time");
            assert!(from.fill_buf().await.unwrap().starts_with(b"T"), "what follows is left");
        }
        let mut cut = BufReader::new(&[b'$', 0, 0, 9, 1][..]);
        assert!(media(&mut cut, &mut Vec::new()).await.is_err());
    }

    /// Hands out so many bytes at a time.
    fn slowly(bytes: Vec<u8>, size: usize) -> impl AsyncRead + Unpin {
        struct Slow(Vec<u8>, usize);
        impl AsyncRead for Slow {
            fn poll_read(
                mut self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
                to: &mut tokio::io::ReadBuf<'_>,
            ) -> std::task::Poll<io::Result<()>> {
                let some = self.1.min(self.0.len()).min(to.remaining());
                to.put_slice(&self.0.drain(..some).collect::<Vec<_>>());
                std::task::Poll::Ready(Ok(()))
            }
        }
        Slow(bytes, size)
    }
}
