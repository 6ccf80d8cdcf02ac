//! How the interface reaches its host: one trait, and a transport for the desktop and one for a browser.

mod http;
mod tauri;

use std::{
    fmt::Display,
    future::{Future, ready},
    pin::Pin,
    rc::Rc,
};

use js_sys::{Array, Reflect};
use serde::de::DeserializeOwned;
use serde_json::Value;
use stream_api::{Code, Command, Error, Message, Route, t};
use wasm_bindgen::JsValue;

pub(crate) use tauri::Desktop;

/// An answer that comes later.
pub(crate) type Reply<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

/// What comes from the host by itself.
pub(crate) enum Incoming {
    /// The connection stands.
    Up,
    /// The connection is lost; the transport tries again by itself.
    Down,
    /// Something happened.
    Message(Message),
}

/// A way to the host.
trait Transport {
    /// Carries out a command; answers with the reply's JSON.
    fn call(&self, route: Route, request: Value) -> Reply<String>;
    /// Listens for messages for as long as the page lives.
    fn listen(&self, sink: Rc<dyn Fn(Incoming)>);
}

/// The typed way to the host.
#[derive(Clone)]
pub(crate) struct Client {
    transport: Rc<dyn Transport>,
    desktop: Option<Desktop>,
}

impl Client {
    /// The desktop's own way when the page runs in its window, else HTTP to where the page came from.
    pub(crate) fn here() -> Self {
        match Desktop::find() {
            Some(desktop) => Client { transport: Rc::new(desktop.clone()), desktop: Some(desktop) },
            None => Client { transport: Rc::new(http::Http), desktop: None },
        }
    }

    /// What only the desktop can do: native dialogs, opening and showing files, quitting.
    pub(crate) fn desktop(&self) -> Option<&Desktop> {
        self.desktop.as_ref()
    }

    /// Carries out a command.
    ///
    /// # Errors
    /// What the engine answers, or that the host can't be reached.
    pub(crate) fn call<C: Command>(&self, command: C) -> Reply<C::Reply> {
        typed(match serde_json::to_value(command) {
            Ok(request) => self.transport.call(C::ROUTE, request),
            Err(error) => Box::pin(ready(Err(internal(error)))),
        })
    }

    /// Listens for messages for as long as the page lives.
    pub(crate) fn listen(&self, sink: impl Fn(Incoming) + 'static) {
        self.transport.listen(Rc::new(sink));
    }
}

/// A reply from its JSON. By itself, so that it is compiled once for each reply and not for each command.
fn typed<T: DeserializeOwned + 'static>(json: Reply<String>) -> Reply<T> {
    Box::pin(async move { read(&json.await?) })
}

/// Reads what a host sent.
fn read<T: DeserializeOwned>(json: &str) -> Result<T, Error> {
    serde_json::from_str(json).map_err(internal)
}

fn internal(reason: impl Display) -> Error {
    Error::new(Code::Internal).with("reason", reason)
}

/// The host does not answer. It has no code of its own on the wire, since it never crosses it.
fn unreachable() -> Error {
    Error {
        message: t!("link.unreachable").to_owned(),
        hint: t!("link.unreachable.hint").to_owned(),
        ..Error::new(Code::Internal)
    }
}

/// An error as a host sends it, from whatever JavaScript value it came in.
fn error_from(value: &JsValue) -> Error {
    let json = value.as_string().or_else(|| js_sys::JSON::stringify(value).ok().map(String::from));
    match json.as_deref().and_then(|json| read(json).ok()) {
        Some(error) => error,
        None => internal(message_of(value)),
    }
}

/// The words of a thrown value.
fn message_of(value: &JsValue) -> String {
    let message = Reflect::get(value, &"message".into()).ok().and_then(|message| message.as_string());
    message.or_else(|| value.as_string()).unwrap_or_else(|| Array::of1(value).join("").into())
}
