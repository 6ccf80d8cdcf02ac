//! Those who watch, one by one: from the server's lists of paths and sessions.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use mediamtx_client::{PathState, Session, SessionKind, is_probe};
use parking_lot::{Mutex, MutexGuard};
use stream_api::{Protocol, StreamId, UnixMillis, Viewer, ViewerId};

use super::board::Wanted;
use crate::guests::guest_of;

/// A viewer's rate is taken over this long: by HLS media comes in lumps.
const OVER: Duration = Duration::from_secs(5);

/// An HLS session stays listed for a minute after its viewer went: MediaMTX only sees that nothing is asked for. One
/// that has asked for nothing for so long does not count;
const GONE: Duration = Duration::from_secs(15);
/// or for so long, where the same viewer began anew: a player that reloads.
const BEGUN_ANEW: Duration = Duration::from_secs(4);

/// Who watches now. A cheap handle: the poller writes, commands read.
#[derive(Debug, Clone, Default)]
pub(super) struct Audience {
    seats: Arc<Mutex<Vec<Watcher>>>,
}

/// A viewer, and by which name the server can let them go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Watcher {
    pub(crate) viewer: Viewer,
    pub(super) kind: SessionKind,
}

impl Audience {
    /// Who watches this stream, or any; who has been there longest first.
    pub(super) fn list(&self, stream: Option<StreamId>) -> Vec<Viewer> {
        let seats = self.seats();
        let viewers = seats.iter().map(|watcher| &watcher.viewer);
        viewers.filter(|viewer| stream.is_none_or(|id| viewer.stream == id)).cloned().collect()
    }

    pub(super) fn get(&self, id: ViewerId) -> Option<Watcher> {
        self.seats().iter().find(|watcher| watcher.viewer.id == id).cloned()
    }

    pub(super) fn set(&self, watchers: Vec<Watcher>) {
        *self.seats() = watchers;
    }

    /// Somebody was let go; the server's own word comes within a second.
    pub(super) fn forget(&self, id: ViewerId) {
        self.seats().retain(|watcher| watcher.viewer.id != id);
    }

    fn seats(&self) -> MutexGuard<'_, Vec<Watcher>> {
        self.seats.lock()
    }
}

/// How much each session had got a moment ago.
#[derive(Debug, Default)]
pub(super) struct Rates {
    taken: HashMap<String, VecDeque<(Instant, u64)>>,
    /// How much each had got when it last got something, and when that was.
    grown: HashMap<String, (u64, Instant)>,
    gone: HashSet<String>,
}

impl Rates {
    /// Takes note of what all sessions have got by `now`; who is missing is gone.
    pub(super) fn take(&mut self, sessions: &[Session], now: Instant) {
        let mut before = std::mem::take(&mut self.taken);
        for session in sessions {
            let mut samples = before.remove(&session.id).unwrap_or_default();
            samples.push_back((now, session.outbound_bytes));
            while samples.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= OVER) {
                samples.pop_front();
            }
            self.taken.insert(session.id.clone(), samples);
        }
        let mut before = std::mem::take(&mut self.grown);
        for session in sessions {
            let same = before.remove(&session.id).filter(|(bytes, _)| *bytes == session.outbound_bytes);
            self.grown.insert(session.id.clone(), same.unwrap_or((session.outbound_bytes, now)));
        }
        self.gone = self.silent(sessions, now);
    }

    /// Sessions by HLS whose viewers went, although the server still lists them.
    pub(super) fn gone(&self) -> &HashSet<String> {
        &self.gone
    }

    fn silent(&self, sessions: &[Session], now: Instant) -> HashSet<String> {
        let by_hls = || sessions.iter().filter(|session| session.kind == SessionKind::Hls);
        let began = |session: &Session| session.created.parse::<jiff::Timestamp>().ok();
        let began_anew = |session: &Session| {
            by_hls().any(|other| who(other) == who(session) && began(other) > began(session))
        };
        let is_gone = |session: &&Session| {
            let silence =
                self.grown.get(&session.id).map_or(Duration::ZERO, |(_, at)| now.duration_since(*at));
            silence >= GONE || silence >= BEGUN_ANEW && began_anew(session)
        };
        by_hls().filter(is_gone).map(|session| session.id.clone()).collect()
    }

    /// Bits per second.
    fn bps(&self, id: &str) -> u64 {
        let ends = self.taken.get(id).and_then(|samples| samples.front().zip(samples.back()));
        let Some(((from, before), (to, after))) = ends else { return 0 };
        match u64::try_from(to.duration_since(*from).as_millis()) {
            Ok(millis) if millis > 0 => after.saturating_sub(*before).saturating_mul(8000) / millis,
            _ => 0,
        }
    }
}

/// What is the same of all sessions of one viewer of a path.
fn who(session: &Session) -> (&str, &str, &str, &str) {
    let host = session.remote_addr.rsplit_once(':').map_or("", |(host, _)| host);
    (&session.path, host, &session.user, &session.user_agent)
}

/// Who watches the paths that are `wanted`, our own readers left out. A reader that came between the two lists is
/// there the next time.
pub(super) fn watchers(
    paths: &[PathState],
    sessions: &[Session],
    wanted: &HashMap<String, Wanted>,
    rates: &Rates,
) -> Vec<Watcher> {
    let by_id: HashMap<&str, &Session> =
        sessions.iter().map(|session| (session.id.as_str(), session)).collect();
    let mut found = Vec::new();
    for path in paths.iter().filter(|path| path.online) {
        let Some(Wanted { id: stream, .. }) = wanted.get(&path.name) else { continue };
        let readers = path.readers.iter().filter_map(|reader| by_id.get(reader.id.as_str()));
        let watching =
            readers.filter(|session| !is_probe(&session.query) && !rates.gone.contains(&session.id));
        found.extend(watching.filter_map(|session| watcher(*stream, session, rates.bps(&session.id))));
    }
    found.sort_by_key(|watcher| (watcher.viewer.since, watcher.viewer.id));
    found
}

fn watcher(stream: StreamId, session: &Session, outbound_bps: u64) -> Option<Watcher> {
    let (protocol, encrypted) = match session.kind {
        SessionKind::Rtsp => (Some(Protocol::Rtsp), false),
        SessionKind::Rtsps => (Some(Protocol::Rtsp), true),
        SessionKind::Rtmp => (Some(Protocol::Rtmp), false),
        SessionKind::Rtmps => (Some(Protocol::Rtmp), true),
        SessionKind::Srt => (Some(Protocol::Srt), false),
        SessionKind::WebRtc => (Some(Protocol::Webrtc), false),
        SessionKind::Hls => (Some(Protocol::Hls), false),
        SessionKind::Moq => (None, false),
    };
    let ip = session.remote_addr.parse::<SocketAddr>().ok().map(|address| address.ip().to_canonical());
    // The guests' page fetches for its guests from this computer.
    let guest = ip.filter(IpAddr::is_loopback).and_then(|_| guest_of(&session.user_agent));
    let address = guest.map(|(from, _)| from).or(ip).map(|ip| ip.to_string());
    let agent = guest.map_or(session.user_agent.as_str(), |(_, own)| own);
    let since = session.created.parse::<jiff::Timestamp>().ok();
    let viewer = Viewer {
        id: session.id.parse().ok()?,
        stream,
        protocol,
        encrypted,
        address: address.unwrap_or_else(|| session.remote_addr.clone()),
        user: session.user.clone(),
        agent: agent.to_owned(),
        since: since.map(|since| UnixMillis(since.as_millisecond())),
        outbound_bytes: session.outbound_bytes,
        outbound_bps,
    };
    Some(Watcher { viewer, kind: session.kind })
}

#[cfg(test)]
mod tests {
    use mediamtx_client::{Peer, Role};
    use uuid::Uuid;

    use super::{super::Wish, *};
    use crate::server::Keep;

    fn session(id: &str, kind: SessionKind, created: &str) -> Session {
        Session {
            kind,
            id: id.to_owned(),
            path: "a".to_owned(),
            role: Role::Read,
            remote_addr: "[::ffff:192.168.1.7]:5004".to_owned(),
            user: "viewer".to_owned(),
            query: String::new(),
            user_agent: "VLC".to_owned(),
            created: created.to_owned(),
            inbound_bytes: 0,
            outbound_bytes: 1000,
        }
    }

    #[test]
    fn viewers_are_those_who_are_counted_and_the_first_comes_first() {
        let [early, late, idle, probe, unknown] =
            [1, 2, 3, 4, 5].map(|n| ViewerId(Uuid::from_u128(n)).to_string());
        let ours = Session {
            query: "x=probe".to_owned(),
            ..session(&probe, SessionKind::Hls, "2026-01-01T10:00:00Z")
        };
        let sessions = [
            session(&late, SessionKind::Rtmps, "2026-01-01T12:00:00.5+01:00"),
            session(&early, SessionKind::Hls, "2026-01-01T10:00:00Z"),
            session(&idle, SessionKind::Rtsp, "2026-01-01T09:00:00Z"),
            ours,
        ];
        let reader = |id: &str| Peer { kind: "any".to_owned(), id: id.to_owned() };
        let readers = [&late, &early, &probe, &unknown].map(|id| reader(id)).to_vec();
        let path = |name: &str| PathState {
            name: name.to_owned(),
            online: true,
            readers: readers.clone(),
            ..PathState::default()
        };
        let id = StreamId(Uuid::from_u128(1));
        let wish = Wish { record: false, keep: Keep::No, pull: None, outside: false };
        let wanted = HashMap::from([("a".to_owned(), Wanted { id, wish, speed: None })]);
        let found = watchers(&[path("a"), path("foreign")], &sessions, &wanted, &Rates::default());
        let ids: Vec<_> = found.iter().map(|watcher| watcher.viewer.id.to_string()).collect();
        assert_eq!(ids, [early, late]);
        let late = &found[1].viewer;
        assert_eq!((late.protocol, late.encrypted), (Some(Protocol::Rtmp), true));
        assert_eq!((late.address.as_str(), late.stream), ("192.168.1.7", id));
        assert_eq!(late.since, Some(UnixMillis(1_767_265_200_500)));
    }

    #[test]
    fn a_guest_of_our_page_is_where_the_page_saw_them() {
        let id = ViewerId(Uuid::from_u128(1)).to_string();
        let by = |remote_addr: &str, user_agent: &str| {
            let session = Session {
                remote_addr: remote_addr.to_owned(),
                user_agent: user_agent.to_owned(),
                ..session(&id, SessionKind::WebRtc, "2026-01-01T10:00:00Z")
            };
            let viewer = watcher(StreamId(Uuid::nil()), &session, 0).unwrap().viewer;
            (viewer.address, viewer.agent)
        };
        let told = crate::guests::guest_agent("192.0.2.7".parse().unwrap(), "Safari");
        let of = |address: &str, agent: &str| (address.to_owned(), agent.to_owned());
        assert_eq!(by("127.0.0.1:5004", &told), of("192.0.2.7", "Safari"));
        assert_eq!(by("10.0.0.9:5004", &told), of("10.0.0.9", &told), "anybody can say so from elsewhere");
    }

    #[test]
    fn who_reloads_by_hls_is_one_viewer_and_who_went_is_none() {
        let (began, mut rates) = (Instant::now(), Rates::default());
        let hls = |id: &str, created: &str, outbound_bytes| Session {
            outbound_bytes,
            ..session(id, SessionKind::Hls, created)
        };
        let (early, late) = ("2026-01-01T10:00:00Z", "2026-01-01T10:00:20Z");
        let gone = |rates: &Rates| {
            let mut gone: Vec<_> = rates.gone().iter().cloned().collect();
            gone.sort();
            gone
        };
        let mut take = |second: u64, sessions: &[Session]| {
            rates.take(sessions, began + Duration::from_secs(second));
            gone(&rates)
        };
        let still = Session { outbound_bytes: 5, ..session("tcp", SessionKind::Rtsp, early) };
        let other = Session { user_agent: "Other".to_owned(), ..hls("other", early, 7) };
        let none: [&str; 0] = [];
        assert_eq!(take(0, &[hls("old", early, 1), still.clone(), other.clone()]), none);
        assert_eq!(take(3, &[hls("old", early, 1), hls("new", late, 1), other.clone()]), none);
        assert_eq!(take(5, &[hls("old", early, 1), hls("new", late, 2), other.clone()]), ["old"]);
        assert_eq!(take(14, &[hls("new", late, 3), still.clone(), other.clone()]), none, "another player");
        assert_eq!(take(16, &[hls("new", late, 4), still, other]), ["other"], "by RTSP nothing need come");
        assert_eq!(take(17, &[hls("new", late, 5)]), none);
    }

    #[test]
    fn a_rate_is_over_the_last_seconds() {
        let (began, mut rates) = (Instant::now(), Rates::default());
        let at = |seconds| began + Duration::from_secs(seconds);
        let got = |outbound_bytes| {
            [Session { outbound_bytes, ..session("a", SessionKind::Hls, "2026-01-01T10:00:00Z") }]
        };
        rates.take(&got(1_000_000), at(0));
        assert_eq!(rates.bps("a"), 0, "not known yet");
        rates.take(&got(1_125_000), at(1));
        assert_eq!(rates.bps("a"), 1_000_000);
        for second in 2..=20 {
            rates.take(&got(1_125_000), at(second));
        }
        assert_eq!(rates.bps("a"), 0, "what was long ago does not count");
        rates.take(&got(0), at(21));
        assert_eq!(rates.bps("a"), 0, "a counter never goes back");
        rates.take(&[], at(22));
        assert!(rates.taken.is_empty());
    }
}
