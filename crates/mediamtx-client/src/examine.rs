//! Testing a server step by step, before it is added: each step says what is wrong in a way that can be put into words.

use std::sync::Arc;

use hyper::Method;
use hyper::header::{CONTENT_TYPE, HeaderMap, LOCATION, SERVER};
use serde_json::{Map, Value};
use stream_api::{Outcome, ServerStep};

use crate::http::{Answer, Line};
use crate::{Api, ApiAddress, ApiError, Broken, CertificateFault, Features};

/// What is wrong with a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// The name belongs to no computer.
    UnknownName,
    /// The computer is there, and nobody listens at the port.
    Refused,
    /// No connection, in the system's words.
    Unreachable(String),
    /// Nobody answered the attempt to connect: no such computer, or a firewall.
    NoConnection,
    /// `https` was asked, and it speaks without encryption.
    NotEncrypted,
    /// `http` was asked, and it wants encryption.
    NeedsEncryption,
    /// The certificate is not believed; a user may agree to it by its fingerprint.
    Certificate(CertificateFault),
    /// Connected, and then silence.
    Silent,
    /// It hung up without an answer.
    HungUp,
    /// What it answers is no HTTP.
    NotHttp,
    /// It sends elsewhere: a proxy that wants a login or another address.
    Moved(Option<String>),
    /// A web page came.
    WebPage,
    /// A proxy says that it can't reach the server behind it (502, 503, 504).
    Gateway(u16),
    /// It says that it is broken (other 5xx).
    Broken(u16),
    /// It is a MediaMTX, but not its Control API: another port, or the API is of a version before 1.0.
    NoApi,
    /// Something else answers, with this status.
    NotMediaMtx(u16),
    /// It wants a user and a password.
    PasswordMissing,
    /// User and password are not right, or the user may not use the API from here: MediaMTX does not tell these apart.
    PasswordWrong,
    /// A proxy forbids it (403).
    Forbidden,
    /// It has no list of users: older than 1.9.
    TooOld,
}

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examination {
    /// What is wrong; none if the server can be used.
    pub flaw: Option<Flaw>,
    /// What it knows, if it can be used.
    pub features: Option<Arc<Features>>,
    encrypted: bool,
}

impl Flaw {
    /// The step that found it.
    pub fn step(&self) -> ServerStep {
        match self {
            Flaw::UnknownName | Flaw::Refused | Flaw::Unreachable(_) | Flaw::NoConnection => {
                ServerStep::Reach
            }
            Flaw::NotEncrypted | Flaw::Certificate(_) => ServerStep::Certificate,
            Flaw::NeedsEncryption
            | Flaw::Silent
            | Flaw::HungUp
            | Flaw::NotHttp
            | Flaw::Moved(_)
            | Flaw::WebPage
            | Flaw::Gateway(_)
            | Flaw::Broken(_)
            | Flaw::NoApi
            | Flaw::NotMediaMtx(_) => ServerStep::Identity,
            Flaw::PasswordMissing | Flaw::PasswordWrong => ServerStep::Password,
            Flaw::Forbidden => ServerStep::Permission,
            Flaw::TooOld => ServerStep::Version,
        }
    }
}

impl Examination {
    /// How each step went, from the first to the last that asks the Control API.
    pub fn steps(&self) -> Vec<(ServerStep, Outcome)> {
        let failed = self.flaw.as_ref().map(Flaw::step);
        let outcome = |step| match failed {
            Some(failed) if step == failed => Outcome::Failed,
            Some(failed) if step > failed => Outcome::Skipped,
            _ if step == ServerStep::Certificate && !self.encrypted => Outcome::Skipped,
            _ => Outcome::Passed,
        };
        let asked = ServerStep::ALL.into_iter().filter(|step| *step <= ServerStep::Version);
        asked.map(|step| (step, outcome(step))).collect()
    }
}

/// Tests the server at `address`: changes nothing there, and takes up to 5 s for each of a few questions. A wrong
/// password alone takes up to 4 s, since MediaMTX then waits.
pub async fn examine(address: &ApiAddress) -> Examination {
    let encrypted = address.is_encrypted();
    match look(address).await {
        Ok(features) => Examination { flaw: None, features: Some(features), encrypted },
        Err(flaw) => Examination { flaw: Some(flaw), features: None, encrypted },
    }
}

async fn look(address: &ApiAddress) -> Result<Arc<Features>, Flaw> {
    let answer = Line::new(address).send(Method::GET, "config/global/get", None).await.map_err(unanswered)?;
    let global = configuration(&answer, address.credentials.is_some())?;
    if !global.contains_key("authInternalUsers") {
        return Err(Flaw::TooOld);
    }
    Api::new(address.clone()).features().await.map_err(|error| match error {
        // Its first answer was right, and now it is another one.
        ApiError::Unauthorized => Flaw::PasswordWrong,
        ApiError::Refused { status, .. } => Flaw::NotMediaMtx(status),
        other => unanswered(other),
    })
}

fn unanswered(error: ApiError) -> Flaw {
    match error {
        ApiError::Unreachable(Broken::UnknownName) => Flaw::UnknownName,
        ApiError::Unreachable(Broken::Refused) => Flaw::Refused,
        ApiError::Unreachable(Broken::NoConnection) => Flaw::NoConnection,
        ApiError::Unreachable(Broken::NotEncrypted) => Flaw::NotEncrypted,
        ApiError::Unreachable(Broken::HungUp) => Flaw::HungUp,
        ApiError::Unreachable(Broken::Other(reason)) => Flaw::Unreachable(reason),
        ApiError::Certificate(fault) => Flaw::Certificate(fault),
        ApiError::Timeout => Flaw::Silent,
        _ => Flaw::NotHttp,
    }
}

/// The server's configuration, or why this answer is none.
fn configuration(answer: &Answer, with_password: bool) -> Result<Map<String, Value>, Flaw> {
    let ours = answer.headers.get(SERVER).is_some_and(|server| server == "mediamtx");
    let status = answer.status.as_u16();
    match status {
        200..=299 => {}
        300..=399 if ours => return Err(Flaw::NoApi),
        300..=399 => return Err(Flaw::Moved(location(&answer.headers))),
        400 if wants_encryption(&answer.body) => return Err(Flaw::NeedsEncryption),
        401 if with_password => return Err(Flaw::PasswordWrong),
        401 => return Err(Flaw::PasswordMissing),
        403 => return Err(Flaw::Forbidden),
        502..=504 => return Err(Flaw::Gateway(status)),
        500..=599 => return Err(Flaw::Broken(status)),
        _ if ours => return Err(Flaw::NoApi),
        _ if is_page(answer) => return Err(Flaw::WebPage),
        _ => return Err(Flaw::NotMediaMtx(status)),
    }
    let keys: Option<Map<String, Value>> = serde_json::from_slice(&answer.body).ok();
    let keys = keys.filter(|keys| keys.contains_key("apiAddress") && keys.contains_key("rtspAddress"));
    keys.ok_or(if is_page(answer) { Flaw::WebPage } else { Flaw::NotMediaMtx(status) })
}

fn location(headers: &HeaderMap) -> Option<String> {
    Some(headers.get(LOCATION)?.to_str().ok()?.to_owned())
}

/// What Go's and nginx' servers say to plain HTTP at an encrypted port.
fn wants_encryption(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    ["HTTP request to an HTTPS server", "plain HTTP request was sent to HTTPS port"]
        .iter()
        .any(|sign| text.contains(sign))
}

fn is_page(answer: &Answer) -> bool {
    let html = |kind: &hyper::header::HeaderValue| kind.as_bytes().starts_with(b"text/html");
    answer.headers.get(CONTENT_TYPE).is_some_and(html) || answer.body.trim_ascii_start().starts_with(b"<")
}
