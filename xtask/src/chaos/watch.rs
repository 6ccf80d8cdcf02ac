//! What the app says of itself: its public event stream, with the time at which each word arrived.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    sync::Arc,
    thread,
    time::Instant,
};

use anyhow::Result;
use parking_lot::{Mutex, MutexGuard};
use serde_json::Value;

/// Name under which the server stands beside the streams' ids.
pub(super) const SERVER: &str = "mediamtx";

/// How a stream (or the server) was at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct View {
    pub(super) state: String,
    pub(super) on_air: bool,
    /// The code of its fault.
    pub(super) fault: Option<String>,
}

impl View {
    fn of(value: &Value) -> Self {
        Self {
            state: value["state"].as_str().unwrap_or_default().to_owned(),
            on_air: value["on_air"] == true,
            fault: value["fault"]["code"].as_str().map(str::to_owned),
        }
    }

    /// Whether it is as it should be.
    pub(super) fn is_well(&self, id: &str) -> bool {
        self.state == "running" && (id == SERVER || self.on_air)
    }
}

/// A change, when it was heard.
#[derive(Debug, Clone)]
pub(super) struct Edge {
    pub(super) at: Instant,
    pub(super) id: String,
    pub(super) view: View,
}

#[derive(Debug, Default)]
struct Heard {
    now: BTreeMap<String, View>,
    edges: Vec<Edge>,
}

/// Everything heard so far, of all runs of the app.
#[derive(Debug, Clone, Default)]
pub(super) struct Watch {
    heard: Arc<Mutex<Heard>>,
}

impl Watch {
    /// Listens to the app at `base` until it ends.
    pub(super) fn follow(&self, base: &str) -> Result<()> {
        // It lasts as long as the app does, so it has no time limit.
        let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(None).build().into();
        let response = agent.get(format!("{base}/api/v1/events")).call()?;
        let mut lines = BufReader::new(response.into_body().into_reader()).lines();
        let watch = self.clone();
        thread::spawn(move || {
            while let Some(Ok(line)) = lines.next() {
                if let Some(message) =
                    line.strip_prefix("data:").and_then(|text| serde_json::from_str(text).ok())
                {
                    watch.take(&message);
                }
            }
        });
        Ok(())
    }

    /// How it is now, as far as heard.
    pub(super) fn view(&self, id: &str) -> View {
        self.lock().now.get(id).cloned().unwrap_or_default()
    }

    /// The first change of `id` after `since` that looks as asked.
    pub(super) fn first(&self, since: Instant, id: &str, looks: impl Fn(&View) -> bool) -> Option<Edge> {
        let heard = self.lock();
        // The newest come last, and only they matter.
        let from = heard.edges.partition_point(|edge| edge.at <= since);
        heard.edges[from..].iter().find(|edge| edge.id == id && looks(&edge.view)).cloned()
    }

    fn take(&self, message: &Value) {
        let at = Instant::now();
        let mut heard = self.lock();
        let snapshot = &message["snapshot"];
        for stream in snapshot["streams"].as_array().into_iter().flatten() {
            heard.note(at, stream["id"].as_str(), stream);
        }
        if snapshot["server"].is_object() {
            heard.note(at, Some(SERVER), &snapshot["server"]);
        }
        for event in message["events"].as_array().into_iter().flatten() {
            let change = &event["change"];
            match change["type"].as_str() {
                Some("stream") => heard.note(at, change["stream"]["id"].as_str(), &change["stream"]),
                Some("server") => heard.note(at, Some(SERVER), &change["server"]),
                _ => {}
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock()
    }
}

impl Heard {
    fn note(&mut self, at: Instant, id: Option<&str>, value: &Value) {
        let Some(id) = id else { return };
        let view = View::of(value);
        if self.now.get(id) != Some(&view) {
            self.now.insert(id.to_owned(), view.clone());
            self.edges.push(Edge { at, id: id.to_owned(), view });
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_changes_are_edges() {
        let (watch, start) = (Watch::default(), Instant::now());
        let stream = json!({ "id": "a", "state": "running", "on_air": true, "fault": null });
        watch.take(&json!({ "type": "snapshot", "snapshot": { "streams": [stream], "server": { "state": "running" } } }));
        watch.take(&json!({ "events": [{ "change": { "type": "stream", "stream": stream } }] }));
        let gone =
            json!({ "id": "a", "state": "backoff", "on_air": false, "fault": { "code": "ffmpeg_crashed" } });
        watch.take(&json!({ "events": [{ "change": { "type": "stream", "stream": gone } }] }));
        assert_eq!(watch.lock().edges.len(), 3, "the stream twice, the server once");
        let edge = watch.first(start, "a", |view| !view.is_well("a")).expect("it was heard");
        assert_eq!(edge.view.fault.as_deref(), Some("ffmpeg_crashed"));
        assert!(watch.first(edge.at, "a", |_| true).is_none(), "nothing after it");
        assert!(watch.view(SERVER).is_well(SERVER));
    }
}
