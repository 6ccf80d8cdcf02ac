//! Commands over REST and messages over server-sent events, to the origin that the page came from.

use std::rc::Rc;

use gloo_net::http::{Method as HttpMethod, RequestBuilder};
use serde_json::{Map, Value};
use stream_api::{Error, Method, Route};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{EventSource, MessageEvent};

use super::{Incoming, Reply, Transport, internal, read, unreachable};
use crate::browser::after;

/// Where the messages come from.
const EVENTS: &str = "/api/v1/events";
/// Between two tries to open the event stream after the browser gave up, in milliseconds.
const RETRY_MS: i32 = 1500;

pub(super) struct Http;

impl Transport for Http {
    fn call(&self, route: Route, request: Value) -> Reply<String> {
        Box::pin(send(route, request))
    }

    fn listen(&self, sink: Rc<dyn Fn(Incoming)>) {
        open(sink);
    }
}

async fn send(route: Route, request: Value) -> Result<String, Error> {
    let (address, body) = address(route, request);
    let method = match route.method {
        Method::Get => HttpMethod::GET,
        Method::Post => HttpMethod::POST,
        Method::Patch => HttpMethod::PATCH,
        Method::Delete => HttpMethod::DELETE,
    };
    let request = RequestBuilder::new(&address).method(method);
    let request = match body {
        Some(body) => request.json(&body),
        None => request.build(),
    };
    let response = request.map_err(internal)?.send().await.map_err(|_| unreachable())?;
    let text = response.text().await.map_err(|_| unreachable())?;
    if response.ok() {
        return Ok(text);
    }
    let status = || internal(format!("HTTP {}", response.status()));
    Err(read(&text).unwrap_or_else(|_| status()))
}

/// The address of a request and its body: fields named in the path go there, the rest into the query (GET, DELETE)
/// or the body (POST, PATCH).
fn address(route: Route, request: Value) -> (String, Option<Value>) {
    let mut fields = match request {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    let segments: Vec<String> = route
        .path
        .split('/')
        .map(|segment| match segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) {
            Some(name) => encoded(&plain(&fields.remove(name).unwrap_or_default())),
            None => segment.to_owned(),
        })
        .collect();
    let path = segments.join("/");
    if matches!(route.method, Method::Post | Method::Patch) {
        return (path, Some(Value::Object(fields)));
    }
    let query: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", encoded(&plain(value)))).collect();
    if query.is_empty() { (path, None) } else { (format!("{path}?{}", query.join("&")), None) }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte as char),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn open(sink: Rc<dyn Fn(Incoming)>) {
    let Ok(source) = EventSource::new(EVENTS) else {
        sink(Incoming::Down);
        return after(RETRY_MS, move || open(sink));
    };
    let up = {
        let sink = Rc::clone(&sink);
        Closure::<dyn Fn()>::new(move || sink(Incoming::Up))
    };
    let message = {
        let sink = Rc::clone(&sink);
        Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            let text = event.data().as_string().unwrap_or_default();
            match read(&text) {
                Ok(message) => sink(Incoming::Message(message)),
                Err(error) => leptos::logging::error!("a message can't be read: {error}"),
            }
        })
    };
    let down = {
        let source = source.clone();
        Closure::<dyn Fn()>::new(move || {
            sink(Incoming::Down);
            // The browser goes on trying by itself, except after an HTTP error.
            if source.ready_state() == EventSource::CLOSED {
                let sink = Rc::clone(&sink);
                after(RETRY_MS, move || open(sink));
            }
        })
    };
    source.set_onopen(Some(up.as_ref().unchecked_ref()));
    source.set_onmessage(Some(message.as_ref().unchecked_ref()));
    source.set_onerror(Some(down.as_ref().unchecked_ref()));
    up.forget();
    message.forget();
    down.forget();
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use stream_api::{
        Command,
        commands::{MediaBrowse, StreamGet, StreamUpdate},
    };

    use super::*;

    #[test]
    fn fields_go_where_the_route_wants_them() {
        let (path, body) = address(StreamGet::ROUTE, json!({"id": "7"}));
        assert_eq!((path.as_str(), body), ("/api/v1/streams/7", None));
        let (path, body) = address(StreamUpdate::ROUTE, json!({"id": "7", "record": true}));
        assert_eq!((path.as_str(), body), ("/api/v1/streams/7", Some(json!({"record": true}))));
        let (path, _) = address(MediaBrowse::ROUTE, json!({"path": "/my videos/ü&b"}));
        assert_eq!(path, "/api/v1/media?path=%2Fmy%20videos%2F%C3%BC%26b");
        let (path, _) = address(MediaBrowse::ROUTE, json!({}));
        assert_eq!(path, "/api/v1/media");
    }
}
