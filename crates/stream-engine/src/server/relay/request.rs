//! A request of RTSP, read from a publisher and written anew for the server. RFC 2326.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};

/// Longer than any head or description of a publisher.
const LONGEST: u64 = 64 << 10;
/// What a publisher says. Nobody may watch through the relay.
const METHODS: [&str; 7] =
    ["OPTIONS", "ANNOUNCE", "SETUP", "RECORD", "GET_PARAMETER", "SET_PARAMETER", "TEARDOWN"];

/// A request.
pub(super) struct Request {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    /// The next one; none at the end.
    ///
    /// # Errors
    /// The connection's own; `InvalidData` for what is no request.
    pub(super) async fn read(from: &mut (impl AsyncBufRead + Unpin)) -> Result<Option<Request>> {
        let unfit = || Error::from(ErrorKind::InvalidData);
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let left = LONGEST.saturating_sub(head.len() as u64);
            let read = (&mut *from).take(left).read_until(b'\n', &mut head).await?;
            match (read, head.is_empty()) {
                (0, true) => return Ok(None),
                (0, false) => return Err(unfit()),
                _ => {}
            }
        }
        let head = String::from_utf8(head).map_err(|_| unfit())?;
        let mut lines = head.lines();
        let mut first = lines.next().unwrap_or_default().split(' ');
        let (Some(method), Some(url), Some("RTSP/1.0")) = (first.next(), first.next(), first.next()) else {
            return Err(unfit());
        };
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
        let mut request =
            Request { method: method.to_owned(), url: url.to_owned(), headers, body: Vec::new() };
        let length: u64 = request.header("Content-Length").map_or(Ok(0), str::parse).map_err(|_| unfit())?;
        if length > LONGEST {
            return Err(unfit());
        }
        request.body.resize(usize::try_from(length).map_err(|_| unfit())?, 0);
        from.read_exact(&mut request.body).await?;
        Ok(Some(request))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether a publisher says such a thing.
    pub(super) fn is_of_publisher(&self) -> bool {
        METHODS.contains(&self.method.as_str())
    }

    /// The path that is to be published, where this says so.
    pub(super) fn announced(&self) -> Option<&str> {
        (self.method == "ANNOUNCE").then(|| self.place().trim_start_matches('/').trim_end_matches('/'))
    }

    /// Whether it is of whoever has this right.
    pub(super) fn has(&self, authorization: &str) -> bool {
        self.header("Authorization") == Some(authorization)
    }

    /// For the server at `origin` (`rtsp://host:port`), with the right to publish there.
    pub(super) fn written(&self, origin: &str, authorization: Option<&str>) -> Vec<u8> {
        let mut text = format!("{} {origin}{} RTSP/1.0\r\n", self.method, self.place());
        for (name, value) in &self.headers {
            if !name.eq_ignore_ascii_case("Authorization") {
                text.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        if let Some(authorization) = authorization {
            text.push_str(&format!("Authorization: {authorization}\r\n"));
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// An answer of our own.
    pub(super) fn answer(&self, status: &str, more: &str) -> String {
        let order = self.header("CSeq").unwrap_or("0");
        format!("RTSP/1.0 {status}\r\nCSeq: {order}\r\n{more}\r\n")
    }

    /// The address without its beginning.
    fn place(&self) -> &str {
        let rest = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        rest.find('/').map_or("", |at| &rest[at..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(text: &str) -> Result<Option<Request>> {
        Request::read(&mut text.as_bytes()).await
    }

    #[tokio::test]
    async fn a_request_gets_another_place_and_another_right() {
        let text = "ANNOUNCE rtsp://127.0.0.1:5000/a/b RTSP/1.0\r\nCSeq: 2\r\nauthorization: Basic old\r\n\
            Content-Length: 4\r\n\r\nv=0\n$...";
        let request = read(text).await.unwrap().unwrap();
        assert_eq!(request.announced(), Some("a/b"));
        assert!(request.has("Basic old") && !request.has("Basic o") && request.is_of_publisher());
        let written = String::from_utf8(request.written("rtsps://h:8322", Some("Basic new"))).unwrap();
        assert_eq!(
            written,
            "ANNOUNCE rtsps://h:8322/a/b RTSP/1.0\r\nCSeq: 2\r\nContent-Length: 4\r\n\
             Authorization: Basic new\r\n\r\nv=0\n"
        );
        assert!(!String::from_utf8(request.written("rtsp://h:1", None)).unwrap().contains("uthorization"));
        assert_eq!(
            request.answer("401 Unauthorized", "X: y\r\n"),
            "RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nX: y\r\n\r\n"
        );
    }

    #[tokio::test]
    async fn nobody_watches_and_nothing_else_is_understood() {
        let describe = read("DESCRIBE rtsp://h/a RTSP/1.0\r\n\r\n").await.unwrap().unwrap();
        assert!(!describe.is_of_publisher() && describe.announced().is_none());
        assert!(read("").await.unwrap().is_none());
        for text in ["GET / HTTP/1.1\r\n\r\n", "x\r\n\r\n", "OPTIONS * RTSP/1.0\r\n", "$\0\0\0"] {
            assert!(read(text).await.is_err(), "{text:?}");
        }
        let endless = format!("OPTIONS * RTSP/1.0\r\nX: {}", "x".repeat(100_000));
        assert!(read(&endless).await.is_err());
        assert!(read("ANNOUNCE * RTSP/1.0\r\nContent-Length: 99999999\r\n\r\n").await.is_err());
    }
}
