//! For tests: a server of somebody else that takes everything, and notes what it is asked for.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard},
    time::Instant,
};

use mediamtx_client::{Api, ApiAddress};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// A cheap handle.
#[derive(Clone, Default)]
pub(super) struct Fake(Arc<Mutex<State>>);

#[derive(Default)]
pub(super) struct State {
    pub(super) sessions: Vec<Value>,
    pub(super) paths: BTreeMap<String, Value>,
    /// The last that it was told.
    pub(super) users: Option<Value>,
    /// The users that it shows, if it doesn't show what it was told.
    pub(super) shown: Option<Value>,
    /// What it was told to do to paths, as `replace/name` or `delete/name`.
    pub(super) writes: Vec<String>,
    pub(super) kicked: Vec<String>,
    /// When it was asked for anything.
    pub(super) asked: Vec<Instant>,
    /// What is asked with this in its route fails.
    pub(super) broken: Option<&'static str>,
    /// Done while the paths are listed.
    pub(super) while_listing: Option<Box<dyn FnMut() + Send>>,
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fake")
    }
}

impl Fake {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// A client of it.
    pub(super) async fn api(&self) -> Api {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: ApiAddress = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let fake = self.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(fake.clone().serve(client));
            }
        });
        Api::new(address)
    }

    async fn serve(self, mut client: TcpStream) {
        let mut request = Vec::new();
        let body = loop {
            if client.read_buf(&mut request).await.unwrap_or_default() == 0 {
                return;
            }
            let text = String::from_utf8_lossy(&request);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.to_ascii_lowercase();
            let length =
                length.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
            if body.len() >= length.unwrap_or(0) {
                break body.to_owned();
            }
        };
        let text = String::from_utf8_lossy(&request).into_owned();
        let route = text.split([' ', '?']).nth(1).unwrap_or_default();
        let (status, answer) = self.answer(route, serde_json::from_str(&body).unwrap_or_default());
        let (head, answer) = ("Connection: close\r\nContent-Length", answer.to_string());
        let answer = format!("HTTP/1.1 {status} x\r\n{head}: {}\r\n\r\n{answer}", answer.len());
        let _ = client.write_all(answer.as_bytes()).await;
    }

    fn answer(&self, route: &str, body: Value) -> (u16, Value) {
        let state = &mut *self.state();
        state.asked.push(Instant::now());
        if state.broken.is_some_and(|broken| route.contains(broken)) {
            return (500, json!({ "error": "broken" }));
        }
        if let Some((_, id)) = route.split_once("/kick/") {
            state.kicked.push(id.to_owned());
            state.sessions.retain(|session| session["id"] != id);
            return (200, json!({}));
        }
        if let Some((_, name)) = route.split_once("config/paths/get/") {
            let path = state.paths.get(name).cloned();
            return path.map_or((404, json!({ "error": "not found" })), |path| (200, path));
        }
        if let Some((_, what)) = route.split_once("config/paths/")
            && let Some((verb @ ("replace" | "delete"), name)) = what.split_once('/')
        {
            state.writes.push(what.to_owned());
            match verb {
                "replace" => drop(state.paths.insert(name.to_owned(), body)),
                _ => drop(state.paths.remove(name)),
            }
            return (200, json!({}));
        }
        let answer = match route.trim_start_matches("/v3/") {
            "config/paths/list" => {
                if let Some(meanwhile) = &mut state.while_listing {
                    meanwhile();
                }
                let named = state.paths.iter().map(|(name, path)| {
                    let mut path = path.clone();
                    path["name"] = name.clone().into();
                    path
                });
                json!({ "pageCount": 1, "items": named.collect::<Vec<_>>() })
            }
            "config/path-defaults/get" => json!({ "source": "publisher", "record": false }),
            "config/global/get" => {
                let users = state.shown.as_ref().or(state.users.as_ref()).cloned();
                json!({ "authInternalUsers": users.unwrap_or_else(|| json!([])) })
            }
            "config/global/patch" => {
                state.users = Some(body["authInternalUsers"].clone());
                json!({})
            }
            "rtsp/sessions/list" => json!({ "pageCount": 1, "items": state.sessions }),
            list if list.ends_with("/list") => json!({ "pageCount": 0, "items": [] }),
            _ => json!({ "version": "v1.21.0", "started": "2026-01-01T10:00:00Z" }),
        };
        (200, answer)
    }
}
