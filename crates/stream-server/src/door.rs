//! The door by which the owner of a data folder is reached: by a second start, and by the desktop's window, which
//! is a process of its own (docs/adr/0007). Here the side that answers; [`Client`] is the other one.

mod client;
mod handed;
mod window;

use axum::{
    Json, Router,
    body::Body,
    extract::{Request, State},
    http::HeaderMap,
    routing::post,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use stream_api::{Code, Error, HostKind, Origin, commands::Opened};
use stream_engine::Engine;
use tokio::sync::mpsc;

use crate::{guard, problem::Problem, routes, serve::Host};

pub use client::{Client, Orders};
pub use handed::{Handed, hand_over, hand_over_soon};
pub use window::{FromWindow, ToWindow};

/// How a host is entered.
#[derive(Debug, Default)]
pub struct Door {
    /// What proves that a caller can read the data folder; see [`new_token`]. The desktop asks for it with every
    /// request, another host for [`Client::show`] alone.
    pub token: Option<String>,
    /// Where the desktop hears who knocks; absent in a host without a window.
    pub desktop: Option<mpsc::Sender<Knock>>,
}

/// Who knocks at the desktop's door.
#[derive(Debug)]
pub enum Knock {
    /// A second start.
    Show(Show),
    /// The page of the window listens from now on: what it is to hear besides the engine's messages goes here.
    Listening(mpsc::UnboundedSender<ToWindow>),
    /// The window tells something.
    Told(FromWindow),
}

impl Door {
    /// The token that every request must bring; `None` where the interface is open to this computer.
    pub(crate) fn lock(&self) -> Option<&str> {
        self.desktop.as_ref().and(self.token.as_deref())
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
    /// Why files can't be streamed. Empty from the desktop, whose window says so.
    #[serde(default)]
    pub refused: Vec<Error>,
}

/// A token nobody can guess (244 random bits).
pub fn new_token() -> String {
    format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple())
}

pub(crate) fn routes() -> Router<Host> {
    Router::new().route("/door/show", post(show)).merge(window::routes())
}

async fn show(
    State(host): State<Host>,
    headers: HeaderMap,
    request: Request,
) -> Result<Json<Shown>, Problem> {
    if !host.door.token.as_ref().is_some_and(|token| guard::bears(&headers, token)) {
        return Err(Error::new(Code::Unauthorized).into());
    }
    let wanted: Show = read(request.into_body()).await?;
    Ok(Json(match &host.door.desktop {
        Some(desktop) => {
            knock(desktop, Knock::Show(wanted)).await?;
            Shown { kind: HostKind::Desktop, refused: Vec::new() }
        }
        None => Shown { kind: HostKind::Headless, refused: open(&host.engine, wanted.paths, false).await },
    }))
}

/// Streams the files at `paths` (absolute), and gives why some can't be. `asks`: there is somebody who can be asked
/// whether they are to start although the computer has no room; that is among the errors then.
pub async fn open(engine: &Engine, paths: Vec<String>, asks: bool) -> Vec<Error> {
    if paths.is_empty() {
        return Vec::new();
    }
    let opened =
        engine.dispatch(Origin::Opened, "stream_open", json!({ "paths": paths, "unless_full": asks })).await;
    match opened.map(serde_json::from_value::<Opened>) {
        Ok(Ok(opened)) => opened.refused.into_values().chain(opened.full.map(|full| *full)).collect(),
        Ok(Err(error)) => vec![Error::new(Code::Internal).with("reason", error)],
        Err(error) => vec![error],
    }
}

async fn knock(desktop: &mpsc::Sender<Knock>, knock: Knock) -> Result<(), Error> {
    desktop.send(knock).await.map_err(|_| Error::new(Code::ShuttingDown))
}

async fn read<T: DeserializeOwned>(body: Body) -> Result<T, Problem> {
    let object = routes::object(body).await?;
    serde_json::from_value(Value::Object(object)).map_err(|error| Error::unread(&error).into())
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
        assert_eq!(Door { token: token.clone(), desktop: None }.lock(), None);
        assert_eq!(Door { token, desktop: Some(mpsc::channel(1).0) }.lock(), Some("t"));
    }
}
