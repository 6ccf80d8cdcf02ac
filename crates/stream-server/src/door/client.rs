use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use stream_api::{Code, Error, HostKind};
use stream_engine::owner::Owner;

use super::{FromWindow, Show, Shown, ToWindow, window::Call};

/// How long an owner may take to answer a second start.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long one without a window may take besides for each file, which it probes before it answers. The engine gives a
/// file up within that.
const A_FILE: Duration = Duration::from_secs(40);

/// The side of the door that knocks.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    at: String,
    token: String,
    kind: HostKind,
}

impl Client {
    /// For the door of `owner`.
    ///
    /// # Errors
    /// `shutting_down` when it has no door (yet, or any more).
    pub fn of(owner: &Owner) -> Result<Client, Error> {
        let (Some(port), Some(token)) = (owner.port, owner.token.clone()) else {
            return Err(Error::new(Code::ShuttingDown));
        };
        // Without proxies: the owner is on this computer, and the token is for its eyes alone.
        let http = reqwest::Client::builder().no_proxy().build().map_err(broken)?;
        Ok(Client { http, at: format!("http://127.0.0.1:{port}/door/"), token, kind: owner.kind })
    }

    /// Asks the owner to show itself and to stream the files at `paths` (absolute).
    ///
    /// # Errors
    /// `internal` when it does not answer, else what it answered.
    pub async fn show(&self, paths: Vec<String>) -> Result<Shown, Error> {
        let request = self.request(Method::POST, "show").timeout(patience(self.kind, paths.len()));
        answer(request.json(&Show { paths })).await
    }

    /// Has a command of the one list carried out for the window.
    ///
    /// # Errors
    /// `internal` when the owner does not answer, else the command's own.
    pub async fn call(&self, name: String, request: Value) -> Result<Value, Error> {
        self.post("call", &Call { name, request }).await
    }

    /// Tells the desktop something.
    ///
    /// # Errors
    /// `internal` when the owner does not answer.
    pub async fn tell(&self, told: FromWindow) -> Result<(), Error> {
        self.post("told", &told).await
    }

    /// What the desktop has for its window, from now on.
    ///
    /// # Errors
    /// `internal` when the owner does not answer.
    pub async fn listen(&self) -> Result<Orders, Error> {
        let response = successful(self.request(Method::GET, "messages")).await?;
        Ok(Orders { response, unread: Vec::new() })
    }

    async fn post<T: DeserializeOwned>(&self, route: &str, body: &impl Serialize) -> Result<T, Error> {
        answer(self.request(Method::POST, route).json(body)).await
    }

    fn request(&self, method: Method, route: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{route}", self.at)).bearer_auth(&self.token)
    }
}

/// What comes through the door for the window, in order.
#[derive(Debug)]
pub struct Orders {
    response: Response,
    /// The beginning of a line.
    unread: Vec<u8>,
}

impl Orders {
    /// The next one; `None` when there will be none any more.
    pub async fn next(&mut self) -> Option<ToWindow> {
        loop {
            while let Some(end) = self.unread.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.unread.drain(..=end).collect();
                // Our own events are a line of JSON each; other lines keep the connection alive or part events.
                let Some(json) = line.strip_prefix(b"data: ") else { continue };
                match serde_json::from_slice(json) {
                    Ok(order) => return Some(order),
                    Err(error) => tracing::error!(%error, "a message can't be read"),
                }
            }
            self.unread.extend_from_slice(&self.response.chunk().await.ok()??);
        }
    }
}

fn patience(kind: HostKind, files: usize) -> Duration {
    match kind {
        // It opens them after its answer.
        HostKind::Desktop => PATIENCE,
        HostKind::Headless => PATIENCE + A_FILE * u32::try_from(files).unwrap_or(u32::MAX),
    }
}

async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Error> {
    successful(request).await?.json().await.map_err(broken)
}

async fn successful(request: RequestBuilder) -> Result<Response, Error> {
    let response = request.send().await.map_err(broken)?;
    if response.status().is_success() {
        return Ok(response);
    }
    Err(response.json::<Error>().await.map_err(broken)?)
}

fn broken(error: reqwest::Error) -> Error {
    Error::new(Code::Internal).with("reason", error.without_url())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_probed_are_waited_for() {
        assert_eq!(patience(HostKind::Headless, 0), PATIENCE);
        assert_eq!(patience(HostKind::Headless, 3), PATIENCE + 3 * A_FILE);
        assert_eq!(patience(HostKind::Desktop, 3), PATIENCE);
    }

    #[test]
    fn an_owner_without_a_door_is_said() {
        let owner = Owner { pid: 1, kind: HostKind::Desktop, port: None, token: None };
        assert_eq!(Client::of(&owner).unwrap_err().code, Code::ShuttingDown);
    }
}
