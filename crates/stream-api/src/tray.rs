//! What the tray says of the streams. Here, and not in the desktop, since it is words and rules alone.

use crate::{Order, ServerState, State, Stream, StreamId};

/// Streams in the menu itself, and in each menu below it; more would not fit a screen.
const FIT: usize = 20;

/// What the tray shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// Its picture.
    pub mood: Mood,
    /// How many streams are live, and what is wrong.
    pub headline: String,
    /// By name. The first ones stand in the menu itself, each further part in a menu of its own.
    pub parts: Vec<Part>,
}

/// Which picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mood {
    /// Nothing is live.
    #[default]
    Idle,
    /// Something is live, and nothing failed.
    Live,
    /// A stream or the server needs a person.
    Fault,
}

/// As many streams as fit one menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// From which stream to which.
    pub title: String,
    /// Each with what it does, and what choosing it does.
    pub entries: Vec<(StreamId, String)>,
}

impl Look {
    /// Of all streams and the bundled server.
    pub fn of<'a>(streams: impl Iterator<Item = &'a Stream>, server: ServerState) -> Look {
        let mut sorted: Vec<&Stream> = streams.collect();
        sorted.sort_by_cached_key(|stream| stream.spec.name.to_lowercase());
        let live = sorted.iter().filter(|stream| stream.on_air).count();
        let failed = sorted.iter().filter(|stream| stream.has_failed()).count();
        let mood = match (server, failed, live) {
            (ServerState::Failed, _, _) | (_, 1.., _) => Mood::Fault,
            (_, 0, 1..) => Mood::Live,
            (_, 0, 0) => Mood::Idle,
        };
        let headline = match (server, failed) {
            (ServerState::Failed, _) => t!("notice.server_failed").to_owned(),
            (_, 0) => t!("tray.live", live = live, all = sorted.len()),
            (_, failed) => tn!("tray.failed", failed, live = live, all = sorted.len()),
        };
        Look { mood, headline, parts: sorted.chunks(FIT).map(Part::of).collect() }
    }
}

impl Part {
    fn of(streams: &[&Stream]) -> Part {
        let name =
            |stream: Option<&&Stream>| stream.map(|stream| stream.spec.name.clone()).unwrap_or_default();
        Part {
            title: t!("tray.part", first = name(streams.first()), last = name(streams.last())),
            entries: streams.iter().map(|stream| (stream.id, label(stream))).collect(),
        }
    }
}

/// What it does; and what choosing it does, which follows from its order alone.
fn label(stream: &Stream) -> String {
    let name = &stream.spec.name;
    match (stream.order, stream.state) {
        (Order::Run, State::Running) if stream.on_air => t!("tray.stop_live", name = name),
        (Order::Run, State::Running) if stream.wait.is_some() => t!("tray.stop_waiting", name = name),
        (Order::Run, State::Running) => t!("tray.stop_off_air", name = name),
        (Order::Run, State::Starting | State::Stopped) => t!("tray.stop_starting", name = name),
        (Order::Run, State::Stopping) => t!("tray.stop_restarting", name = name),
        (Order::Run, State::Backoff) => t!("tray.stop_retrying", name = name),
        (Order::Run, State::Failed) => t!("tray.stop_failed", name = name),
        (Order::Stop, State::Starting | State::Running | State::Stopping) => {
            t!("tray.start_stopping", name = name)
        }
        (Order::Stop, State::Stopped | State::Backoff | State::Failed) => t!("tray.start", name = name),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{Awaited, Source, StreamSpec, Wait};

    fn stream(name: &str, order: Order, state: State) -> Stream {
        let spec = StreamSpec::new(name, Source::Incoming);
        Stream { order, state, ..Stream::new(StreamId(Uuid::nil()), spec) }
    }

    #[test]
    fn a_label_says_what_is_true() {
        let made = |order, state| stream("a", order, state);
        let wait = Some(Wait { of: Awaited::Publisher, lost: false, error: None, tried: None });
        let live = Stream { on_air: true, ..made(Order::Run, State::Running) };
        let waits = Stream { wait, ..made(Order::Run, State::Running) };
        for (stream, words) in [
            (live, "● a: live. Stop"),
            (waits, "◌ a: waiting. Stop"),
            (made(Order::Run, State::Running), "◌ a: off air. Stop"),
            (made(Order::Run, State::Starting), "◌ a: starting. Stop"),
            (made(Order::Run, State::Stopped), "◌ a: starting. Stop"),
            (made(Order::Run, State::Stopping), "◌ a: restarting. Stop"),
            (made(Order::Run, State::Backoff), "◌ a: retrying. Stop"),
            (made(Order::Run, State::Failed), "✕ a: failed. Stop"),
            (made(Order::Stop, State::Stopping), "◌ a: stopping. Start"),
            (made(Order::Stop, State::Running), "◌ a: stopping. Start"),
            (made(Order::Stop, State::Stopped), "○ a: stopped. Start"),
        ] {
            assert_eq!(label(&stream), words);
        }
    }

    #[test]
    fn the_picture_and_the_headline_count_what_is_on_air() {
        let waits = stream("a", Order::Run, State::Running);
        let live = Stream { on_air: true, ..waits.clone() };
        let failed = stream("b", Order::Run, State::Failed);
        let idle = stream("c", Order::Stop, State::Stopped);
        for (streams, server, mood, headline) in [
            (vec![], ServerState::Running, Mood::Idle, "0 of 0 live"),
            (vec![&waits, &idle], ServerState::Running, Mood::Idle, "0 of 2 live"),
            (vec![&live, &idle], ServerState::Running, Mood::Live, "1 of 2 live"),
            (vec![&live, &idle], ServerState::Starting, Mood::Live, "1 of 2 live"),
            (vec![&live, &failed], ServerState::Running, Mood::Fault, "1 of 2 live · 1 failed"),
            (vec![&live], ServerState::Failed, Mood::Fault, t!("notice.server_failed")),
        ] {
            let look = Look::of(streams.into_iter(), server);
            assert_eq!((look.mood, look.headline.as_str()), (mood, headline));
        }
    }

    #[test]
    fn every_stream_has_an_entry() {
        let streams: Vec<Stream> =
            (0..45).map(|n| stream(&format!("S{n:02}"), Order::Stop, State::Stopped)).collect();
        let look = Look::of(streams.iter().rev(), ServerState::Running);
        let sizes: Vec<usize> = look.parts.iter().map(|part| part.entries.len()).collect();
        assert_eq!(sizes, [FIT, FIT, 5]);
        assert_eq!(look.parts[0].entries[0].1, "○ S00: stopped. Start");
        assert_eq!(look.parts[1].title, "S20 … S39");
        assert_eq!(look.parts[2].title, "S40 … S44");
    }
}
