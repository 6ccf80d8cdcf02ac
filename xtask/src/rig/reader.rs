//! A viewer: a small RTSP client that keeps watching one stream, counts its packets and notices when it is dropped.
//!
//! RTSP 1.0 over TCP with interleaved packets (RFC 2326, 10.12). It decodes nothing, so that many of them cost next
//! to nothing.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use parking_lot::{Mutex, MutexGuard};

/// How soon it comes back after it was dropped or refused.
const PAUSE: Duration = Duration::from_millis(50);
/// How long the server may take to answer.
const ANSWER: Duration = Duration::from_secs(2);
/// How often it looks whether it shall end.
const LOOK: Duration = Duration::from_millis(200);
/// How often it says that it is still there.
const ALIVE: Duration = Duration::from_secs(20);

/// What it has seen.
#[derive(Debug, Default)]
struct Seen {
    /// When the connection that plays now began to play.
    playing: Option<Instant>,
    packet: Option<Instant>,
}

#[derive(Debug, Default)]
struct Shared {
    end: AtomicBool,
    drops: AtomicU32,
    /// Why it was dropped last.
    why: Mutex<Option<String>>,
    seen: Mutex<Seen>,
}

/// Watches until dropped.
#[derive(Debug)]
pub(crate) struct Reader {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    pub(crate) fn start(port: u16, name: &str) -> Self {
        let shared = Arc::new(Shared::default());
        let (view, url) = (Arc::clone(&shared), format!("rtsp://127.0.0.1:{port}/{name}"));
        let thread = thread::spawn(move || {
            while !view.ends() {
                // Not there (yet), or gone again: it tries until it is told to end.
                if watch(port, &url, &view).is_err() {
                    thread::sleep(PAUSE);
                }
            }
        });
        Self { shared, thread: Some(thread) }
    }

    /// When the newest packet came.
    pub(crate) fn packet(&self) -> Option<Instant> {
        self.shared.seen().packet
    }

    /// When the newest packet came over a connection that is younger than `since`.
    pub(crate) fn packet_anew(&self, since: Instant) -> Option<Instant> {
        let seen = self.shared.seen();
        let playing = seen.playing.filter(|playing| *playing > since)?;
        seen.packet.filter(|packet| *packet > playing)
    }

    /// Times it was dropped while it watched.
    pub(crate) fn drops(&self) -> u32 {
        self.shared.drops.load(Ordering::Relaxed)
    }

    /// Why it was dropped last, and how long after it had begun to watch.
    pub(crate) fn why(&self) -> Option<String> {
        self.shared.why.lock().clone()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.shared.end.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It ends within a moment, and has nothing to say.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn ends(&self) -> bool {
        self.end.load(Ordering::Relaxed)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock()
    }
}

/// One connection, from its start to its end.
fn watch(port: u16, url: &str, shared: &Shared) -> Result<()> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let mut session = Session::open(TcpStream::connect_timeout(&address, ANSWER)?)?;
    let described = session.ask("DESCRIBE", url, "Accept: application/sdp\r\n")?;
    let base = header(&described, "content-base").unwrap_or(url).trim_end_matches('/').to_owned();
    let tracks: Vec<String> = tracks(&described, &base);
    ensure!(!tracks.is_empty(), "no track");
    for (at, track) in tracks.iter().enumerate() {
        let (even, odd) = (2 * at, 2 * at + 1);
        let transport = format!("Transport: RTP/AVP/TCP;unicast;interleaved={even}-{odd}\r\n");
        let answer = session.ask("SETUP", track, &transport)?;
        let id = header(&answer, "session").context("a session has an id")?;
        session.id = format!("Session: {}\r\n", id.split(';').next().unwrap_or(id));
    }
    session.ask("PLAY", &base, "Range: npt=0-\r\n")?;
    let began = Instant::now();
    shared.seen().playing = Some(began);
    let ended = session.play(&base, shared);
    if let Err(error) = &ended
        && !shared.ends()
    {
        shared.drops.fetch_add(1, Ordering::Relaxed);
        let why = format!("{error:#}, after {:.1} s", began.elapsed().as_secs_f32());
        *shared.why.lock() = Some(why);
    }
    ended
}

/// Whether a viewer of `name` would get something now: a publisher's media, or a slate.
pub(crate) fn is_served(port: u16, name: &str) -> Result<bool> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let Ok(stream) = TcpStream::connect_timeout(&address, ANSWER) else { return Ok(false) };
    let url = format!("rtsp://127.0.0.1:{port}/{name}");
    Ok(Session::open(stream)?.ask("DESCRIBE", &url, "Accept: application/sdp\r\n").is_ok())
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = answer.lines().filter_map(|line| line.split_once(':'));
    pairs.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// The addresses of the tracks: the `a=control` of each `m=` line (RFC 2326, C.1.1).
fn tracks(sdp: &str, base: &str) -> Vec<String> {
    let medias = sdp.split("\r\nm=").skip(1);
    let controls = medias.filter_map(|media| media.lines().find_map(|line| line.strip_prefix("a=control:")));
    let whole = |control: &str| match control.contains("://") {
        true => control.to_owned(),
        false => format!("{base}/{control}"),
    };
    controls.map(|control| whole(control.trim())).collect()
}

struct Session {
    stream: TcpStream,
    /// What came and was not used yet.
    buffer: Vec<u8>,
    sequence: u32,
    /// The header line that names the session; empty before there is one.
    id: String,
}

impl Session {
    fn open(stream: TcpStream) -> Result<Self> {
        stream.set_read_timeout(Some(LOOK))?;
        stream.set_write_timeout(Some(ANSWER))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::new(), sequence: 0, id: String::new() })
    }

    fn send(&mut self, method: &str, url: &str, headers: &str) -> Result<()> {
        self.sequence += 1;
        let request =
            format!("{method} {url} RTSP/1.0\r\nCSeq: {}\r\n{}{headers}\r\n", self.sequence, self.id);
        Ok(self.stream.write_all(request.as_bytes())?)
    }

    /// The whole answer, which must be a success.
    fn ask(&mut self, method: &str, url: &str, headers: &str) -> Result<String> {
        self.send(method, url, headers)?;
        let deadline = Instant::now() + ANSWER;
        loop {
            if let Some(answer) = take_answer(&mut self.buffer) {
                ensure!(
                    answer.starts_with("RTSP/1.0 200"),
                    "{method}: {}",
                    answer.lines().next().unwrap_or("")
                );
                return Ok(answer);
            }
            ensure!(Instant::now() < deadline, "{method}: no answer");
            self.fill()?;
        }
    }

    /// Takes packets until the connection ends, which is an error, or the reader does.
    fn play(&mut self, url: &str, shared: &Shared) -> Result<()> {
        let mut said = Instant::now();
        while !shared.ends() {
            let mut any = take_packets(&mut self.buffer);
            // The answers to what `ALIVE` makes it say.
            while self.buffer.starts_with(b"RTSP") && take_answer(&mut self.buffer).is_some() {
                any |= take_packets(&mut self.buffer);
            }
            if any {
                shared.seen().packet = Some(Instant::now());
            }
            if said.elapsed() > ALIVE {
                said = Instant::now();
                self.send("OPTIONS", url, "")?;
            }
            self.fill()?;
        }
        Ok(())
    }

    fn fill(&mut self) -> Result<()> {
        let mut chunk = [0; 16 * 1024];
        match self.stream.read(&mut chunk) {
            Ok(0) => bail!("the server hung up"),
            Ok(read) => self.buffer.extend_from_slice(&chunk[..read]),
            // A socket with a time limit tells also of a signal, and of a computer that was stopped for a moment.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                ) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

/// Takes an answer with its body out of `buffer`; packets before it are dropped.
fn take_answer(buffer: &mut Vec<u8>) -> Option<String> {
    take_packets(buffer);
    let head = buffer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&buffer[..head]).into_owned();
    let body: usize = header(&text, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let whole = buffer.get(..head + body)?;
    let answer = String::from_utf8_lossy(whole).into_owned();
    buffer.drain(..head + body);
    Some(answer)
}

/// Takes whole packets (`$`, channel, length in two bytes) out of the front of `buffer`, and answers in between.
/// Whether there was a packet of media.
fn take_packets(buffer: &mut Vec<u8>) -> bool {
    let (mut at, mut any) = (0, false);
    while let [b'$', channel, high, low, ..] = buffer[at..] {
        let end = at + 4 + usize::from(u16::from_be_bytes([high, low]));
        if end > buffer.len() {
            break;
        }
        // Even channels carry media, odd ones reports, which the server goes on sending when no media comes.
        (at, any) = (end, any || channel % 2 == 0);
    }
    buffer.drain(..at);
    any
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_and_answers_are_told_apart() {
        let mut buffer =
            b"$\0\0\x02ab$\x01\0\x01cRTSP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi$\0\0\x05x".to_vec();
        assert!(take_packets(&mut buffer));
        let answer = take_answer(&mut buffer).expect("it is whole");
        assert!(answer.ends_with("\r\n\r\nhi"), "{answer:?}");
        assert_eq!(buffer, b"$\0\0\x05x", "half a packet stays");
        assert!(!take_packets(&mut buffer));
        assert!(!take_packets(&mut b"$\x01\0\x01c".to_vec()), "a report is no media");
    }

    #[test]
    fn tracks_are_found_by_their_controls() {
        let sdp = "RTSP/1.0 200 OK\r\n\r\nv=0\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\na=control:trackID=0\r\nm=audio 0 \
                   RTP/AVP 97\r\na=control:rtsp://h/a/trackID=1\r\n";
        assert_eq!(tracks(sdp, "rtsp://h/a"), ["rtsp://h/a/trackID=0", "rtsp://h/a/trackID=1"]);
    }
}
