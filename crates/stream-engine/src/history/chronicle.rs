//! Follows the picture as it changes and writes down what happened. Lives inside the hub, so that it misses nothing
//! and everything stays in order.

use std::collections::HashMap;

use stream_api::{Activity, ActivityKind, Level, RunId, ServerStatus, Stream, StreamId};

use super::{
    History, Left,
    server_story::ServerStory,
    story::{Edge, Story},
    writer::Write,
};
use crate::clock::Moment;

/// The one who writes the history.
#[derive(Debug)]
pub(crate) struct Chronicle {
    history: History,
    next: u64,
    unseen: u32,
    stories: HashMap<StreamId, Story>,
    server: ServerStory,
}

impl Chronicle {
    /// Goes on where an earlier run ended, and tells of that.
    pub(crate) fn new(history: History, left: &Left, version: &str) -> Chronicle {
        let mut chronicle = Chronicle {
            history,
            next: left.last_id + 1,
            unseen: left.unseen,
            stories: HashMap::new(),
            server: ServerStory::new(Moment::now()),
        };
        let lost = left.lost.map(|seen| ActivityKind::AppLost { seen });
        let started = ActivityKind::AppStarted { version: version.to_owned() };
        for kind in lost.into_iter().chain([started]) {
            chronicle.tell(None, kind);
        }
        chronicle
    }

    /// Writes down what happened to a stream (its id and name), or to all.
    pub(crate) fn tell(&mut self, stream: Option<(StreamId, &str)>, kind: ActivityKind) -> Activity {
        let activity = Activity {
            id: self.next,
            at: Moment::now().wall,
            stream: stream.map(|(id, _)| id),
            name: stream.map(|(_, name)| name.to_owned()).unwrap_or_default(),
            kind,
        };
        self.next += 1;
        if activity.kind.level() >= Level::Warning {
            self.unseen = self.unseen.saturating_add(1);
        }
        self.history.write(Write::Activity(activity.clone()));
        activity
    }

    /// A stream looks different.
    pub(crate) fn stream(&mut self, before: Option<&Stream>, after: &Stream) -> Vec<Activity> {
        let now = Moment::now();
        let edges = self.stories.entry(after.id).or_default().look(before, after, now);
        self.edges((after.id, &after.spec.name), edges, now)
    }

    /// A run of a stream begins.
    pub(crate) fn run_began(&mut self, stream: StreamId, run: RunId) {
        let now = Moment::now();
        let restart = self.stories.entry(stream).or_default().run_began(run, now);
        self.history.write(Write::RunBegan { stream, run, at: now.wall, restart });
    }

    /// A stream played its source to the end.
    pub(crate) fn completed(&mut self, stream: (StreamId, &str)) -> Vec<Activity> {
        let edges = self.stories.entry(stream.0).or_default().completed();
        self.edges(stream, edges, Moment::now())
    }

    /// A stream is gone.
    pub(crate) fn removed(&mut self, stream: StreamId) {
        self.stories.remove(&stream);
        self.history.write(Write::Forget(stream));
    }

    /// The server looks different.
    pub(crate) fn server(&mut self, before: &ServerStatus, after: &ServerStatus) -> Vec<Activity> {
        let kinds = self.server.look(before, after, Moment::now());
        kinds.into_iter().map(|kind| self.tell(None, kind)).collect()
    }

    /// Faults that nobody looked at.
    pub(crate) fn unseen(&self) -> u32 {
        self.unseen
    }

    /// Somebody looked.
    pub(crate) fn seen(&mut self) {
        self.unseen = 0;
        self.history.write(Write::Seen(self.next - 1));
    }

    fn edges(&mut self, stream: (StreamId, &str), edges: Vec<Edge>, now: Moment) -> Vec<Activity> {
        let mut told = Vec::new();
        let id = stream.0;
        for edge in edges {
            match edge {
                Edge::Tell(kind) => told.push(self.tell(Some(stream), kind)),
                Edge::Open(span) => self.history.write(Write::Open(id, span, now)),
                Edge::Close(span) => self.history.write(Write::Close(id, span, now)),
                Edge::RunLive(run, after_ms) => {
                    self.history.write(Write::RunLive { stream: id, run, after_ms });
                }
                Edge::RunEnded(run, end) => {
                    self.history.write(Write::RunEnded { stream: id, run, at: now.wall, end });
                }
            }
        }
        told
    }
}
