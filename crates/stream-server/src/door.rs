//! The door by which a second start reaches the first: the client side, and the route that answers it.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::{Request, State},
    http::HeaderMap,
    routing::post,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stream_api::{Code, Error, HostKind, Origin};
use stream_engine::owner::Owner;
use tokio::sync::mpsc;

use crate::{guard, problem::Problem, routes, serve::Host};

/// How long the first start may take to answer the second.
const PATIENCE: Duration = Duration::from_secs(5);

/// How a host is entered.
#[derive(Debug, Default)]
pub struct Door {
    /// What proves that a caller can read the data folder; see [`new_token`]. A host with `show` (the desktop)
    /// asks for it with every request, another one for [`ask_to_show`] alone.
    pub token: Option<String>,
    /// The window that can show itself; absent without one.
    pub show: Option<mpsc::Sender<Show>>,
}

impl Door {
    /// The token that every request must bring; `None` where the interface is open to this computer.
    pub(crate) fn lock(&self) -> Option<&str> {
        self.show.as_ref().and(self.token.as_deref())
    }
}

/// Asks the window to show itself and to stream files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Show {
    /// Absolute paths; may be empty.
    #[serde(default)]
    pub paths: Vec<String>,
}

/// What the first start answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Which host it is: the desktop has shown its window, a headless one has an address to open.
    pub kind: HostKind,
}

/// A token nobody can guess (244 random bits).
pub fn new_token() -> String {
    format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple())
}

/// Asks the owner of a data folder to show itself and to stream `paths`.
///
/// # Errors
/// `shutting_down` when it has no door (yet, or any more), `internal` when it does not answer, else what it
/// answered.
pub async fn ask_to_show(owner: &Owner, paths: Vec<String>) -> Result<Shown, Error> {
    let (Some(port), Some(token)) = (owner.port, &owner.token) else {
        return Err(Error::new(Code::ShuttingDown));
    };
    let broken = |error: reqwest::Error| Error::new(Code::Internal).with("reason", error.without_url());
    // Without proxies: the owner is on this computer, and the token is for its eyes alone.
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().map_err(broken)?;
    let request = client.post(format!("http://127.0.0.1:{port}/door/show")).bearer_auth(token);
    let response = request.json(&Show { paths }).send().await.map_err(broken)?;
    if response.status().is_success() {
        return response.json().await.map_err(broken);
    }
    Err(response.json::<Error>().await.map_err(broken)?)
}

pub(crate) fn routes() -> Router<Host> {
    Router::new().route("/door/show", post(show))
}

async fn show(
    State(host): State<Host>,
    headers: HeaderMap,
    request: Request,
) -> Result<Json<Shown>, Problem> {
    if !host.door.token.as_ref().is_some_and(|token| guard::bears(&headers, token)) {
        return Err(Error::new(Code::Unauthorized).into());
    }
    let body = routes::object(request.into_body()).await?;
    let wanted: Show = serde_json::from_value(Value::Object(body))
        .map_err(|error| Error::new(Code::BadRequest).with("reason", error))?;
    let kind = match &host.door.show {
        Some(window) => {
            window.send(wanted).await.map_err(|_| Error::new(Code::ShuttingDown))?;
            HostKind::Desktop
        }
        None => {
            if !wanted.paths.is_empty() {
                let request = json!({ "paths": wanted.paths });
                host.engine.dispatch(Origin::Opened, "stream_open", request).await?;
            }
            HostKind::Headless
        }
    };
    Ok(Json(Shown { kind }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_and_differ() {
        let (a, b) = (new_token(), new_token());
        assert_eq!(a.len(), 64);
        assert_ne!(a, b);
    }

    #[test]
    fn only_a_window_locks_the_whole_host() {
        let token = Some("t".to_owned());
        assert_eq!(Door { token: token.clone(), show: None }.lock(), None);
        assert_eq!(Door { token, show: Some(mpsc::channel(1).0) }.lock(), Some("t"));
    }

    #[tokio::test]
    async fn an_owner_without_a_door_is_said() {
        let owner = Owner { pid: 1, kind: HostKind::Desktop, port: None, token: None };
        assert_eq!(ask_to_show(&owner, vec![]).await.unwrap_err().code, Code::ShuttingDown);
    }
}
