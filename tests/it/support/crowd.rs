//! Many viewers at little cost: connections that take the last track of a stream by RTSP and throw it away.
//!
//! RTSP 1.0 over TCP with interleaved packets (RFC 2326, 10.12).

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    task::AbortHandle,
};

/// Viewers that watch until they are sent home.
pub struct Crowd(Vec<AbortHandle>);

impl Crowd {
    /// So many viewers of an RTSP address; all of them play when this returns.
    pub async fn of(url: &str, viewers: usize) -> Crowd {
        let mut crowd = Crowd(Vec::new());
        for _ in 0..viewers {
            let mut connection = play(url).await;
            let watches = async move {
                let mut chunk = [0; 4096];
                while connection.read(&mut chunk).await.is_ok_and(|read| read > 0) {}
            };
            crowd.0.push(tokio::spawn(watches).abort_handle());
        }
        crowd
    }

    /// Sends all home but so many.
    pub fn shrink_to(&mut self, left: usize) {
        for viewer in self.0.drain(left..) {
            viewer.abort();
        }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

async fn play(url: &str) -> BufReader<TcpStream> {
    let host = url.strip_prefix("rtsp://").unwrap().split('/').next().unwrap();
    let mut connection = BufReader::new(TcpStream::connect(host).await.unwrap());
    let (_, sdp) = ask(&mut connection, &format!("DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n")).await;
    let track = sdp.lines().rev().find_map(|line| line.strip_prefix("a=control:")).expect("a track");
    let track = if track.contains("://") { track.to_owned() } else { format!("{url}/{track}") };
    let setup = format!(
        "SETUP {track} RTSP/1.0\r\nCSeq: 2\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n"
    );
    let (head, _) = ask(&mut connection, &setup).await;
    let session = header(&head, "session").expect("a session").split(';').next().unwrap().to_owned();
    let start = format!("PLAY {url} RTSP/1.0\r\nCSeq: 3\r\nSession: {session}\r\n\r\n");
    ask(&mut connection, &start).await;
    connection
}

/// Head and body of the answer, which must be a success.
async fn ask(connection: &mut BufReader<TcpStream>, request: &str) -> (String, String) {
    connection.get_mut().write_all(request.as_bytes()).await.unwrap();
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(connection.read_line(&mut head).await.unwrap() > 0, "hung up after {head:?}");
    }
    assert!(head.starts_with("RTSP/1.0 200"), "{request}: {head}");
    let length = header(&head, "content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    connection.read_exact(&mut body).await.unwrap();
    (head, String::from_utf8(body).unwrap())
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = head.lines().filter_map(|line| line.split_once(':'));
    pairs.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}
