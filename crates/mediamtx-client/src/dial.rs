//! A bare connection to one of a server's ports, encrypted or not.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::error::{ApiError, Broken};
use crate::http::reason;
use crate::{Trust, tls};

/// To be connected, and as long again to agree on encryption.
const LIMIT: Duration = Duration::from_secs(5);

/// Bytes both ways.
pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// Connects to `port` of `host` (an IPv6 address with or without brackets); encrypted where a trust is given.
///
/// # Errors
/// `Unreachable`, `Timeout`, `Certificate`.
pub async fn dial(host: &str, port: u16, trust: Option<Trust>) -> Result<Box<dyn Wire>, ApiError> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let addresses =
        timeout(LIMIT, tokio::net::lookup_host((host, port))).await.map_err(|_| ApiError::Timeout)?;
    let addresses: Vec<_> = addresses.map_err(|_| ApiError::Unreachable(Broken::UnknownName))?.collect();
    let tcp = timeout(LIMIT, TcpStream::connect(addresses.as_slice())).await;
    let tcp =
        tcp.map_err(|_| ApiError::Unreachable(Broken::NoConnection))?.map_err(|error| reason(&error))?;
    // Media in small packets is not to be held back; a connection that can't do it works too.
    let _ = tcp.set_nodelay(true);
    let Some(trust) = trust else { return Ok(Box::new(tcp)) };
    let broken = |text: String| ApiError::Unreachable(Broken::Other(text));
    let config = tls::client_config(trust).map_err(|error| broken(error.to_string()))?;
    let name = ServerName::try_from(host.to_owned()).map_err(|error| broken(error.to_string()))?;
    let shaking = TlsConnector::from(Arc::new(config)).connect(name, tcp);
    let tls = timeout(LIMIT, shaking).await.map_err(|_| ApiError::Timeout)?;
    Ok(Box::new(tls.map_err(|error| reason(&error))?))
}
