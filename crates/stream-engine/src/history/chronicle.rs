//! Follows the picture as it changes and writes down what happened. Lives inside the hub, so that it misses nothing
//! and everything stays in order.

use std::collections::HashMap;

use stream_api::{Activity, ActivityKind, Drift, Level, OtherServer, RunId, ServerId, Stream, StreamId};

use super::{
    History, Left,
    server_story::ServerStory,
    story::{Edge, Story},
    writer::Write,
};
use crate::{clock::Moment, server_look::ServerLook};

/// The one who writes the history.
#[derive(Debug)]
pub(crate) struct Chronicle {
    history: History,
    next: u64,
    unseen: u32,
    stories: HashMap<StreamId, Story>,
    servers: HashMap<ServerId, ServerStory>,
}

impl Chronicle {
    /// Goes on where an earlier run ended, and tells of that.
    pub(crate) fn new(history: History, left: &Left, version: &str) -> Chronicle {
        let mut chronicle = Chronicle {
            history,
            next: left.last_id + 1,
            unseen: left.unseen,
            stories: HashMap::new(),
            servers: HashMap::new(),
        };
        chronicle.server_added(ServerId::BUNDLED);
        let lost = left.lost.map(|seen| ActivityKind::AppLost { seen });
        let started = ActivityKind::AppStarted { version: version.to_owned() };
        for kind in lost.into_iter().chain([started]) {
            chronicle.tell(None, kind);
        }
        chronicle
    }

    /// Writes down what happened to a stream (its id and name), or to all.
    pub(crate) fn tell(&mut self, stream: Option<(StreamId, &str)>, kind: ActivityKind) -> Activity {
        let (id, name) = stream.map_or((None, ""), |(id, name)| (Some(id), name));
        self.write(id, name, kind)
    }

    /// Writes down what happened to an added server of this name; without one, to the bundled one.
    pub(crate) fn tell_server(&mut self, name: &str, kind: ActivityKind) -> Activity {
        self.write(None, name, kind)
    }

    fn write(&mut self, stream: Option<StreamId>, name: &str, kind: ActivityKind) -> Activity {
        let (id, at, name) = (self.next, Moment::now().wall, name.to_owned());
        let activity = Activity { id, at, stream, name, kind };
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

    /// A server is there, and does not run yet.
    pub(crate) fn server_added(&mut self, id: ServerId) {
        self.servers.insert(id, ServerStory::new(Moment::now()));
    }

    /// A server looks different.
    pub(crate) fn server<'a, S>(&mut self, before: &'a S, after: &'a S) -> Vec<Activity>
    where
        ServerLook<'a>: From<&'a S>,
    {
        let (before, after) = (ServerLook::from(before), ServerLook::from(after));
        let Some(story) = self.servers.get_mut(&after.id) else { return Vec::new() };
        let kinds = story.look(&before, &after, Moment::now());
        kinds.into_iter().map(|kind| self.tell_server(after.name, kind)).collect()
    }

    /// Somebody else changed paths of ours there, or more of them than before.
    pub(crate) fn drifted(&mut self, before: &OtherServer, after: &OtherServer) -> Vec<Activity> {
        let keys = |drift: &Drift| drift.differences.iter().map(|one| one.key.clone()).collect::<Vec<_>>();
        let mut told = Vec::new();
        if before.users.is_none() && after.users.is_some() {
            told.push(self.tell_server(&after.spec.name, ActivityKind::UsersDrifted));
        }
        for drift in &after.drift {
            let known = before.drift.iter().find(|known| known.stream == drift.stream).map(keys);
            let new: Vec<String> = keys(drift)
                .into_iter()
                .filter(|key| known.as_ref().is_none_or(|known| !known.contains(key)))
                .collect();
            if !new.is_empty() {
                let stream = Some((drift.stream, drift.path.as_str()));
                told.push(self.tell(stream, ActivityKind::Drifted { keys: new }));
            }
        }
        told
    }

    /// A server was removed.
    pub(crate) fn server_removed(&mut self, id: ServerId) {
        self.servers.remove(&id);
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
