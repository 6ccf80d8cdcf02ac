//! What crosses the door between the desktop and its window: commands as they are, the engine's messages together
//! with the desktop's own, and what the window tells.

use std::convert::Infallible;

use axum::{
    Json, Router,
    extract::{Request, State},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::{get, post},
};
use futures_util::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stream_api::{Code, Error, Message, Origin};
use tokio::sync::mpsc;

use super::{Knock, knock, read};
use crate::{problem::Problem, routes, serve::Host};

/// What the desktop has for its window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToWindow {
    /// For the page.
    Page(Message),
    /// Come to the front; answered by [`FromWindow::InFront`].
    Front,
}

/// What the window has for the desktop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "told")]
pub enum FromWindow {
    /// It came to the front as it was asked to.
    InFront,
    /// Whether somebody looks at it, from now on.
    LookedAt {
        /// They do.
        yes: bool,
    },
    /// End everything; the page has asked before.
    Quit,
}

/// A command of the one list.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) request: Value,
}

pub(super) fn routes() -> Router<Host> {
    Router::new()
        .route("/door/call", post(call))
        .route("/door/messages", get(messages))
        .route("/door/told", post(told))
}

async fn call(State(host): State<Host>, request: Request) -> Result<Json<Value>, Problem> {
    // Locked: where there is a desktop, the guard has seen the token.
    desktop(&host)?;
    let Call { name, request } = read(request.into_body()).await?;
    Ok(Json(routes::carry_out(&host, Origin::Window, name, request).await?))
}

async fn told(State(host): State<Host>, request: Request) -> Result<Json<()>, Problem> {
    let told = read(request.into_body()).await?;
    knock(desktop(&host)?, Knock::Told(told)).await?;
    Ok(Json(()))
}

/// The engine's messages, a snapshot first, and those of the desktop. Ends with the host, and when another page
/// listens.
async fn messages(State(host): State<Host>) -> Result<Response, Problem> {
    let (sender, orders) = mpsc::unbounded_channel();
    let engine = host.engine.subscribe();
    knock(desktop(&host)?, Knock::Listening(sender)).await?;
    let orders = stream::unfold((engine, orders), |(mut engine, mut orders)| async move {
        let order = tokio::select! {
            message = engine.next() => ToWindow::Page(message?),
            order = orders.recv() => order?,
        };
        Some((order, (engine, orders)))
    });
    let events = orders.filter_map(async |order| match Event::default().json_data(&order) {
        Ok(event) => Some(Ok::<_, Infallible>(event)),
        Err(error) => {
            tracing::error!(%error, "a message could not be written");
            None
        }
    });
    let sse = Sse::new(events.take_until(host.stop.clone().cancelled_owned()));
    Ok(sse.keep_alive(KeepAlive::default()).into_response())
}

fn desktop(host: &Host) -> Result<&mpsc::Sender<Knock>, Error> {
    host.door.desktop.as_ref().ok_or_else(|| Error::new(Code::Unauthorized))
}
