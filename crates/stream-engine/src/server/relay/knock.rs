//! What a server says to a publisher, asked before there is one.

use std::{io, time::Duration};

use mediamtx_client::{ApiError, Broken, dial};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    time::timeout,
};

use super::Aim;

/// A wrong password takes MediaMTX up to 4 s.
const PATIENCE: Duration = Duration::from_secs(10);
/// Of an answer's head.
const LONGEST: u64 = 8 << 10;
/// What is announced. RFC 4566. Without its mode, MediaMTX 1.20.1 answers 400 whoever asks.
const SDP: &str = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
    m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:trackID=0\r\n";

/// What it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Reply {
    /// We may publish there.
    Welcome,
    /// User or password are not taken, or not for this path.
    Login,
    /// Something else, with this status. 400 where it has no such path.
    Other(u16),
}

/// Announces a stream on the path `name`, and takes that back before any media.
///
/// # Errors
/// There is no connection, or nobody who speaks RTSP.
pub(in crate::server) async fn knock(aim: &Aim, name: &str) -> Result<Reply, ApiError> {
    let server = dial(&aim.host, aim.port, aim.trust).await?;
    let hung_up = |_| ApiError::Unreachable(Broken::HungUp);
    let asking = async {
        let mut server = BufReader::new(server);
        let place = format!("{}/{name}", aim.origin());
        let right =
            aim.authorization().map_or_else(String::new, |right| format!("Authorization: {right}\r\n"));
        let asked = format!(
            "ANNOUNCE {place} RTSP/1.0\r\nCSeq: 1\r\n{right}Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}",
            SDP.len()
        );
        server.write_all(asked.as_bytes()).await.map_err(hung_up)?;
        server.flush().await.map_err(hung_up)?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let left = LONGEST.saturating_sub(head.len() as u64);
            let read = (&mut server).take(left).read_until(b'\n', &mut head).await.map_err(hung_up)?;
            if head.is_empty() {
                return Err(hung_up(io::Error::other("")));
            }
            if !head.starts_with(b"RTSP/1.0 ") && (read == 0 || head.ends_with(b"\n")) {
                return Err(ApiError::Garbage("no RTSP".to_owned()));
            }
            if read == 0 {
                break;
            }
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let session = head.lines().find_map(|line| line.strip_prefix("Session:"));
        if let Some(session) = session.and_then(|session| session.split(';').next()) {
            let end =
                format!("TEARDOWN {place} RTSP/1.0\r\nCSeq: 2\r\nSession: {}\r\n{right}\r\n", session.trim());
            // It ends with the connection too.
            let _ = server.write_all(end.as_bytes()).await;
            let _ = server.flush().await;
        }
        match head.split(' ').nth(1).and_then(|status| status.parse().ok()) {
            Some(200..=299) => Ok(Reply::Welcome),
            Some(401 | 403) => Ok(Reply::Login),
            Some(status) => Ok(Reply::Other(status)),
            None => Err(ApiError::Garbage("no RTSP".to_owned())),
        }
    };
    timeout(PATIENCE, asking).await.unwrap_or(Err(ApiError::Timeout))
}

#[cfg(test)]
mod tests {
    use mediamtx_client::Secret;
    use tokio::net::TcpListener;

    use super::{super::basic, *};

    /// Answers so, and gives what it was asked.
    async fn server(answer: &'static str) -> (Aim, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let aim = Aim {
            host: "127.0.0.1".to_owned(),
            port: listener.local_addr().unwrap().port(),
            trust: None,
            login: Some(("cam".to_owned(), Secret::new("s3cret"))),
        };
        let asked = tokio::spawn(async move {
            let (client, _) = listener.accept().await.unwrap();
            let (mut client, mut asked) = (BufReader::new(client), String::new());
            while !asked.ends_with("trackID=0\r\n") {
                client.read_line(&mut asked).await.unwrap();
            }
            client.write_all(answer.as_bytes()).await.unwrap();
            client.read_to_string(&mut asked).await.unwrap();
            asked
        });
        (aim, asked)
    }

    #[tokio::test]
    async fn a_login_is_tried_before_a_stream_needs_it() {
        let (aim, asked) = server("RTSP/1.0 200 OK\r\nCSeq: 1\r\nSession: 77;timeout=60\r\n\r\n").await;
        assert_eq!(knock(&aim, "a/b").await, Ok(Reply::Welcome));
        let asked = asked.await.unwrap();
        let first = format!("ANNOUNCE {}/a/b RTSP/1.0\r\n", aim.origin());
        assert!(asked.starts_with(&first) && asked.contains(&basic("cam", "s3cret")), "{asked}");
        assert!(asked.contains("TEARDOWN ") && asked.contains("Session: 77\r\n"), "{asked}");

        for (status, reply) in [
            ("401 Unauthorized", Reply::Login),
            ("403 Forbidden", Reply::Login),
            ("400 Bad Request", Reply::Other(400)),
        ] {
            let answer = format!("RTSP/1.0 {status}\r\nCSeq: 1\r\n\r\n").leak();
            let (aim, _asked) = server(answer).await;
            assert_eq!(knock(&aim, "a").await, Ok(reply), "{status}");
        }
        for answer in ["HTTP/1.1 400 Bad Request\r\n\r\n", "RTSP/1.0 what\r\n\r\n"] {
            let (aim, _asked) = server(answer).await;
            assert!(matches!(knock(&aim, "a").await, Err(ApiError::Garbage(_))), "{answer}");
        }
        let (aim, asked) = server("").await;
        asked.abort();
        assert!(matches!(knock(&aim, "a").await, Err(ApiError::Unreachable(_))));
    }
}
