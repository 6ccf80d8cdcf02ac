use stream_api::{Health, Recording, ServerId, State, Stream, StreamId};

use crate::store::Picture;

/// One of the tabs above the list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Filter {
    /// Every stream.
    #[default]
    All,
    /// On air.
    Live,
    /// Waiting to try again, failed, too slow, or not recording although it should.
    Attention,
    /// Nothing runs.
    Stopped,
    /// Recorded: bytes reach the disk here, or did until they got stuck, or its own server was left to it.
    Recording,
}

impl Filter {
    /// In the order of the tabs.
    pub(crate) const ALL: [Filter; 5] =
        [Filter::All, Filter::Live, Filter::Attention, Filter::Stopped, Filter::Recording];

    /// Whether the stream belongs under this tab.
    pub(crate) fn takes(self, stream: &Stream) -> bool {
        match self {
            Filter::All => true,
            Filter::Live => stream.on_air,
            Filter::Attention => {
                matches!(stream.state, State::Backoff | State::Failed)
                    || (stream.on_air && stream.health == Health::Slow)
                    || stream.recording == Recording::Stuck
                    || stream.wait.as_ref().is_some_and(|wait| wait.lost || wait.error.is_some())
            }
            Filter::Stopped => stream.state == State::Stopped,
            Filter::Recording => {
                matches!(stream.recording, Recording::Writing | Recording::Elsewhere | Recording::Stuck)
            }
        }
    }
}

/// What the list needs to know of a stream to order, filter and search it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// Which.
    pub id: StreamId,
    /// Its name.
    pub name: String,
    /// The server that it belongs to.
    pub server: ServerId,
    /// Name and source in lower case, for the search.
    pub haystack: String,
    /// The tabs it belongs under, in the order of [`Filter::ALL`].
    pub under: [bool; 5],
}

/// The numbers of the summary strip.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Streams under each tab, in the order of [`Filter::ALL`].
    pub under: [usize; 5],
    /// Viewers of all streams, on all servers.
    pub viewers: u32,
    /// Viewers of streams on the bundled server.
    pub viewers_here: u32,
    /// Bits per second that all servers receive of them.
    pub inbound_bps: u64,
    /// Bits per second that all servers send.
    pub outbound_bps: u64,
    /// Bits per second that the bundled server sends.
    pub outbound_here_bps: u64,
}

impl Tally {
    /// How many streams are under a tab.
    pub(crate) fn count(&self, filter: Filter) -> usize {
        self.under[filter as usize]
    }
}

/// Counts the picture: the summary, and a line for each stream, by name ignoring case.
pub(crate) fn tally(picture: &Picture) -> (Tally, Vec<Line>) {
    let here = picture.server.as_ref().map(|server| server.outbound_bps).unwrap_or_default();
    let there: u64 = picture.others.values().map(|other| other.outbound_bps).sum();
    let mut sum = Tally { outbound_bps: here + there, outbound_here_bps: here, ..Tally::default() };
    let mut lines = Vec::with_capacity(picture.streams.len());
    for stream in picture.streams.values() {
        let under = Filter::ALL.map(|filter| filter.takes(stream));
        for (count, is) in sum.under.iter_mut().zip(under) {
            *count += usize::from(is);
        }
        if let Some(metrics) = stream.metrics.as_ref().filter(|_| stream.on_air) {
            let viewers = metrics.viewers.total();
            sum.viewers += viewers;
            sum.viewers_here += if stream.spec.server.is_bundled() { viewers } else { 0 };
            sum.inbound_bps += metrics.inbound_bps;
        }
        lines.push(Line {
            id: stream.id,
            name: stream.spec.name.clone(),
            server: stream.spec.server,
            haystack: format!("{} {}", stream.spec.name, stream.spec.source.title()).to_lowercase(),
            under,
        });
    }
    lines.sort_by_cached_key(|line| (line.name.to_lowercase(), line.id));
    (sum, lines)
}

#[cfg(test)]
mod tests {
    use stream_api::{Message, Metrics, OtherServer, ServerSpec, Viewers};

    use super::*;
    use crate::store::{
        apply,
        fixtures::{live, snapshot, stream},
    };

    fn picture(streams: Vec<Stream>) -> Picture {
        let mut picture = Picture::default();
        let message: Message = snapshot(0, streams);
        apply(&mut picture, message);
        picture
    }

    #[test]
    fn tabs_count_what_they_show() {
        let slow = Stream { health: Health::Slow, recording: Recording::Writing, ..live(1, "slow") };
        let failed = Stream { state: State::Failed, ..stream(2, "failed") };
        let waits = Stream { state: State::Backoff, ..stream(3, "waits") };
        let away = Stream { recording: Recording::Elsewhere, ..live(6, "away") };
        let streams = vec![slow, failed, waits, stream(4, "off"), live(5, "fine"), away];
        let (sum, lines) = tally(&picture(streams));
        assert_eq!(sum.under, [6, 3, 3, 1, 2], "all, live, attention, stopped, recording");
        assert_eq!(lines.len(), 6);
        for (i, filter) in Filter::ALL.into_iter().enumerate() {
            assert_eq!(sum.count(filter), lines.iter().filter(|line| line.under[i]).count(), "{filter:?}");
        }
    }

    #[test]
    fn only_streams_on_air_add_up() {
        let metrics = Metrics {
            inbound_bps: 6_000_000,
            viewers: Viewers { rtsp: 2, hls: 1, ..Viewers::default() },
            ..Metrics::default()
        };
        let on = Stream { metrics: Some(metrics.clone()), ..live(1, "on") };
        let off = Stream { metrics: Some(metrics), ..stream(2, "off") };
        let (sum, _) = tally(&picture(vec![on, off]));
        assert_eq!((sum.viewers, sum.inbound_bps), (3, 6_000_000));
    }

    #[test]
    fn all_servers_add_up_and_the_bundled_one_counts_its_own() {
        let hall = ServerId(uuid::Uuid::from_u128(9));
        let metrics =
            |rtsp| Some(Metrics { viewers: Viewers { rtsp, ..Viewers::default() }, ..Metrics::default() });
        let mut there = Stream { metrics: metrics(5), ..live(2, "there") };
        there.spec.server = hall;
        let mut picture = picture(vec![Stream { metrics: metrics(2), ..live(1, "here") }, there]);
        let mut other = OtherServer::connecting(hall, ServerSpec::remote("Hall", "http://hall:9997/"));
        other.outbound_bps = 7_000;
        picture.others.insert(hall, other);
        if let Some(server) = &mut picture.server {
            server.outbound_bps = 3_000;
        }
        let (sum, _) = tally(&picture);
        assert_eq!((sum.viewers, sum.viewers_here), (7, 2));
        assert_eq!((sum.outbound_bps, sum.outbound_here_bps), (10_000, 3_000));
    }

    #[test]
    fn lines_are_sorted_by_name_and_searchable() {
        let (_, lines) = tally(&picture(vec![stream(1, "b"), stream(2, "A"), stream(3, "c")]));
        assert_eq!(lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>(), ["A", "b", "c"]);
        assert_eq!(lines[0].haystack, "a a.mp4", "name and file name, in lower case");
    }
}
