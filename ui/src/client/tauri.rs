//! Commands and messages inside the desktop's window, over Tauri's `invoke` and one of its channels.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use js_sys::{Array, Function, JSON, Object, Promise, Reflect};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use stream_api::{Error, Route};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::{Incoming, Reply, Transport, error_from, typed};
use crate::browser::after;

/// Between two tries to subscribe, in milliseconds.
const RETRY_MS: i32 = 1000;

/// The desktop's window: `window.__TAURI_INTERNALS__`, which Tauri 2 puts there before the page runs.
#[derive(Clone)]
pub(crate) struct Desktop(JsValue);

impl Desktop {
    /// The desktop, when the page runs in its window.
    pub(crate) fn find() -> Option<Self> {
        let internals = Reflect::get(web_sys::window()?.as_ref(), &"__TAURI_INTERNALS__".into()).ok()?;
        internals.is_object().then_some(Desktop(internals))
    }

    /// Lets the user choose video files; none when they cancel.
    pub(crate) fn pick_files(&self) -> Reply<Vec<String>> {
        self.ask("pick_files", json!({ "program": false }))
    }

    /// Lets the user choose a program; none when they cancel.
    pub(crate) fn pick_program(&self) -> Reply<Vec<String>> {
        self.ask("pick_files", json!({ "program": true }))
    }

    /// Lets the user save a text; the path it was saved to.
    pub(crate) fn save_text(&self, title: &str, name: &str, content: &str) -> Reply<Option<String>> {
        self.ask("save_text", json!({ "title": title, "name": name, "content": content }))
    }

    /// Lets the user save a support bundle; the path it was saved to.
    pub(crate) fn save_support_bundle(&self) -> Reply<Option<String>> {
        self.ask("save_support_bundle", json!({}))
    }

    /// Opens an address in the user's browser.
    pub(crate) fn open_url(&self, url: &str) -> Reply<()> {
        self.ask("open_url", json!({ "url": url }))
    }

    /// Shows a file or folder in the file manager.
    pub(crate) fn reveal(&self, path: &str) -> Reply<()> {
        self.ask("reveal", json!({ "path": path }))
    }

    /// Stops everything and ends the app.
    pub(crate) fn quit(&self) -> Reply<()> {
        self.ask("quit", json!({}))
    }

    fn ask<T: DeserializeOwned + 'static>(&self, command: &'static str, args: Value) -> Reply<T> {
        typed(self.invoke(command, args))
    }

    /// Calls a command of the desktop; answers with the reply's JSON.
    fn invoke(&self, command: &'static str, args: Value) -> Reply<String> {
        let promise = JSON::parse(&args.to_string())
            .and_then(|args| self.method("invoke")?.call2(&self.0, &command.into(), &args))
            .and_then(|promise| promise.dyn_into::<Promise>());
        Box::pin(async move {
            let value =
                JsFuture::from(promise.map_err(|e| error_from(&e))?).await.map_err(|e| error_from(&e))?;
            if value.is_undefined() {
                return Ok("null".to_owned());
            }
            JSON::stringify(&value).map(String::from).map_err(|e| error_from(&e))
        })
    }

    fn method(&self, name: &str) -> Result<Function, JsValue> {
        Reflect::get(&self.0, &name.into())?.dyn_into()
    }

    /// The id of a function that Tauri may call as often as it likes.
    fn callback(&self, function: &JsValue) -> Result<JsValue, JsValue> {
        let args = Array::of2(function, &false.into());
        self.method("transformCallback")?.apply(&self.0, &args)
    }
}

impl Transport for Desktop {
    fn call(&self, route: Route, request: Value) -> Reply<String> {
        self.invoke("call", json!({ "name": route.name, "request": request }))
    }

    fn listen(&self, sink: Rc<dyn Fn(Incoming)>) {
        let (desktop, ordered) = (self.clone(), Ordered::default());
        let receive = {
            let sink = Rc::clone(&sink);
            Closure::<dyn Fn(JsValue)>::new(move |raw: JsValue| ordered.take(&raw, &*sink))
        };
        let id = desktop.callback(receive.as_ref());
        receive.forget();
        spawn_local(async move {
            let subscribed = match id {
                // A channel crosses `invoke` as this string (Tauri 2, `ipc/channel.rs`: IPC_PAYLOAD_PREFIX).
                Ok(id) => {
                    let id = id.as_f64().unwrap_or_default();
                    desktop.invoke("subscribe", json!({ "channel": format!("__CHANNEL__:{id}") })).await
                }
                Err(error) => Err(error_from(&error)),
            };
            match subscribed {
                Ok(_) => sink(Incoming::Up),
                Err(error) => {
                    leptos::logging::error!("the desktop's messages can't be had: {}", error.message);
                    sink(Incoming::Down);
                    after(RETRY_MS, move || desktop.listen(sink));
                }
            }
        });
    }
}

/// Puts a channel's messages back in order, as `Channel` in @tauri-apps/api does: each is `{index, message}` (older
/// versions call it `id`), and a large one may come after its successor.
#[derive(Default)]
struct Ordered {
    next: Cell<u64>,
    early: RefCell<BTreeMap<u64, JsValue>>,
}

impl Ordered {
    fn take(&self, raw: &JsValue, sink: &dyn Fn(Incoming)) {
        if !raw.is_object() || has(raw, "end") {
            return;
        }
        let key = if has(raw, "index") { "index" } else { "id" };
        let index = Reflect::get(raw, &key.into()).ok().and_then(|index| index.as_f64());
        let Ok(message) = Reflect::get(raw, &"message".into()) else { return };
        let index = index.map_or(self.next.get(), |index| index as u64);
        self.early.borrow_mut().insert(index, message);
        loop {
            let next = self.next.get();
            let Some(message) = self.early.borrow_mut().remove(&next) else { break };
            self.next.set(next + 1);
            match read(&message) {
                Ok(message) => sink(Incoming::Message(message)),
                Err(error) => leptos::logging::error!("a message can't be read: {}", error.message),
            }
        }
    }
}

fn has(object: &JsValue, key: &str) -> bool {
    object.dyn_ref::<Object>().is_some_and(|object| Reflect::has(object, &key.into()).unwrap_or(false))
}

fn read(message: &JsValue) -> Result<stream_api::Message, Error> {
    let json = match message.as_string() {
        Some(json) => json,
        None => JSON::stringify(message).map(String::from).map_err(|e| error_from(&e))?,
    };
    super::read(&json)
}
