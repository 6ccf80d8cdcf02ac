//! One HTTP request at a time to one server, with time limits, and with the reason when it fails.

use std::error::Error as StdError;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Method, Request, StatusCode};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::error::{ApiError, Broken};
use crate::{ApiAddress, CertificateFault, Trust, tls};

/// MediaMTX delays its answer to a wrong password by up to 4 s (1.19.1 and newer); less would report that as
/// [`ApiError::Timeout`].
const ANSWER: Duration = Duration::from_secs(5);
const CONNECT: Duration = Duration::from_secs(3);
/// More than any honest answer has: 10,000 paths with their configuration are some 40 MB.
const LARGEST: usize = 64 << 20;

/// An answer of any status.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Connections to one server, or why there can be none.
pub(crate) type Connection = Result<Client<HttpsConnector<HttpConnector>, Full<Bytes>>, Broken>;

/// The way to one server. It never retries, follows no redirect and goes through no proxy.
#[derive(Clone)]
pub(crate) struct Line {
    client: Connection,
    base: String,
    authorization: Option<HeaderValue>,
}

impl Line {
    pub(crate) fn new(address: &ApiAddress) -> Line {
        // The system's certificates take some milliseconds to read, which an address without encryption need not pay.
        let trust = if address.is_encrypted() { address.trust } else { Trust::Any };
        let authorization = address.credentials.as_ref().and_then(|who| {
            let pair = BASE64_STANDARD.encode(format!("{}:{}", who.user, who.pass.reveal()));
            let mut value = HeaderValue::try_from(format!("Basic {pair}")).ok()?;
            value.set_sensitive(true);
            Some(value)
        });
        Line { client: connection(trust), base: format!("{}v3/", address.base()), authorization }
    }

    /// Sends one request; the answer's status is not judged.
    pub(crate) async fn send(
        &self,
        method: Method,
        route: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Answer, ApiError> {
        let client = self.client.as_ref().map_err(|broken| ApiError::Unreachable(broken.clone()))?;
        let mut request = Request::builder().method(method).uri(format!("{}{route}", self.base));
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let body = Full::new(Bytes::from(body.unwrap_or_default()));
        let request = request.body(body).map_err(|error| ApiError::Garbage(error.to_string()))?;
        tokio::time::timeout(ANSWER, async {
            let response = client.request(request).await.map_err(|error| reason(&error))?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, LARGEST).collect().await.map_err(|error| reason(error.as_ref()))?;
            Ok(Answer { status: head.status, headers: head.headers, body: body.to_bytes().to_vec() })
        })
        .await
        .map_err(|_| ApiError::Timeout)?
    }
}

/// Connects to nothing yet.
pub(crate) fn connection(trust: Trust) -> Connection {
    let mut tcp = HttpConnector::new();
    tcp.set_connect_timeout(Some(CONNECT));
    tcp.set_nodelay(true);
    tcp.enforce_http(false);
    let tls = tls::client_config(trust).map_err(|error| Broken::Other(error.to_string()))?;
    let connector =
        HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(tcp);
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}

/// Walks down to what really happened: the outer errors say no more than "client error (Connect)".
pub(crate) fn reason(error: &(dyn StdError + 'static)) -> ApiError {
    let mut inner = Some(error);
    let mut deepest = error;
    while let Some(one) = inner {
        deepest = one;
        if let Some(known) = known(one) {
            return known;
        }
        // An `io::Error` is not the source of what it carries: its source is the source of that.
        let carried = one.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        inner = match carried {
            Some(carried) => Some(carried as &(dyn StdError + 'static)),
            None => one.source(),
        };
    }
    ApiError::Unreachable(Broken::Other(deepest.to_string()))
}

fn known(error: &(dyn StdError + 'static)) -> Option<ApiError> {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(match tls {
            rustls::Error::InvalidCertificate(rustls::CertificateError::Other(other)) => {
                ApiError::Certificate(*other.0.downcast_ref::<CertificateFault>()?)
            }
            // What plain HTTP looks like to somebody who expects a handshake.
            rustls::Error::InvalidMessage(_) => ApiError::Unreachable(Broken::NotEncrypted),
            other => ApiError::Unreachable(Broken::Other(other.to_string())),
        });
    }
    if let Some(http) = error.downcast_ref::<hyper::Error>() {
        let hung_up = http.is_incomplete_message().then_some(ApiError::Unreachable(Broken::HungUp));
        return http.is_parse().then(|| ApiError::Garbage(http.to_string())).or(hung_up);
    }
    if error.is::<http_body_util::LengthLimitError>() {
        return Some(ApiError::Garbage("longer than any answer".to_owned()));
    }
    // hyper-util keeps the type of this one to itself.
    if error.to_string().starts_with("dns error") {
        return Some(ApiError::Unreachable(Broken::UnknownName));
    }
    let io = error.downcast_ref::<std::io::Error>()?;
    match io.kind() {
        std::io::ErrorKind::TimedOut => Some(ApiError::Unreachable(Broken::NoConnection)),
        std::io::ErrorKind::ConnectionRefused => Some(ApiError::Unreachable(Broken::Refused)),
        _ => None,
    }
}
