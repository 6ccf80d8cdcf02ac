//! A server that answers what it is told to, for what no real one does.

use std::sync::Arc;

use mediamtx_client::ApiAddress;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// From a request's first line, `GET /v3/info HTTP/1.1`, to the whole answer.
type Answers = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// It ends with the test.
pub(crate) struct Fake {
    /// Where it listens.
    pub(crate) port: u16,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Fake {
    /// Gives everybody the same answer.
    pub(crate) async fn plain(answer: String) -> Fake {
        Fake::start("127.0.0.1:0", Some(Arc::new(move |_| answer.clone())), None).await
    }

    /// Answers each request as `answers` says.
    pub(crate) async fn routes(answers: impl Fn(&str) -> String + Send + Sync + 'static) -> Fake {
        Fake::start("127.0.0.1:0", Some(Arc::new(answers)), None).await
    }

    /// Takes connections and says nothing.
    pub(crate) async fn silent() -> Fake {
        Fake::start("127.0.0.1:0", None, None).await
    }

    /// Listens by IPv6.
    pub(crate) async fn by_ipv6(answer: String) -> Fake {
        Fake::start("[::1]:0", Some(Arc::new(move |_| answer.clone())), None).await
    }

    /// Encrypted.
    pub(crate) async fn encrypted(answer: String, tls: TlsAcceptor) -> Fake {
        Fake::start("127.0.0.1:0", Some(Arc::new(move |_| answer.clone())), Some(tls)).await
    }

    async fn start(address: &str, answers: Option<Answers>, tls: Option<TlsAcceptor>) -> Fake {
        let listener = TcpListener::bind(address).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                match (&answers, tls.clone()) {
                    (None, _) => open.push(stream),
                    (Some(answers), None) => drop(tokio::spawn(serve(stream, Arc::clone(answers)))),
                    (Some(answers), Some(tls)) => {
                        drop(tokio::spawn(serve_encrypted(tls, stream, Arc::clone(answers))));
                    }
                }
            }
        });
        Fake { port, task }
    }

    /// Its address, without encryption.
    pub(crate) fn address(&self) -> ApiAddress {
        format!("http://127.0.0.1:{}", self.port).parse().unwrap()
    }

    /// Its address with encryption, by this name.
    pub(crate) fn encrypted_address(&self, host: &str) -> ApiAddress {
        format!("https://{host}:{}", self.port).parse().unwrap()
    }
}

async fn serve_encrypted(tls: TlsAcceptor, stream: TcpStream, answers: Answers) {
    if let Ok(stream) = tls.accept(stream).await {
        serve(stream, answers).await;
    }
}

async fn serve(mut stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin, answers: Answers) {
    let mut request = [0; 4096];
    let length = stream.read(&mut request).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&request[..length]);
    let answer = answers(text.lines().next().unwrap_or_default());
    // Whether the client is still there is its own business.
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// A whole answer.
pub(crate) fn http(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}
