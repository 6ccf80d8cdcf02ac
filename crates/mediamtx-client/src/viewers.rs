use std::collections::{HashMap, HashSet};

use stream_api::Viewers;

use crate::{PathState, Session};

/// The query that our own readers (thumbnails, probes, previews) carry in their URL, so that they are not counted.
/// In SRT it is the fourth part of the stream id: `read:NAME:x=probe`.
pub const PROBE_QUERY: &str = "x=probe";

/// Viewers of each path, without our own readers and the sessions of those who are `gone`. `sessions` may be empty:
/// then everybody counts.
///
/// MediaMTX 1.17 and older shows all HLS viewers of a path as one `hlsMuxer`.
pub fn viewers(
    paths: &[PathState],
    sessions: &[Session],
    gone: &HashSet<String>,
) -> HashMap<String, Viewers> {
    let probes: HashSet<&str> = sessions
        .iter()
        .filter(|session| is_probe(&session.query))
        .map(|session| session.id.as_str())
        .collect();
    paths
        .iter()
        .map(|path| {
            let mut count = Viewers::default();
            let counts = |id: &str| !probes.contains(id) && !gone.contains(id);
            for reader in path.readers.iter().filter(|reader| counts(&reader.id)) {
                *protocol(&reader.kind, &mut count) += 1;
            }
            (path.name.clone(), count)
        })
        .collect()
}

/// Whether a session with this query is a reader of our own.
pub fn is_probe(query: &str) -> bool {
    query.trim_start_matches('?').split('&').any(|pair| pair == PROBE_QUERY)
}

fn protocol<'a>(kind: &str, count: &'a mut Viewers) -> &'a mut u32 {
    match kind.to_ascii_lowercase().as_str() {
        "rtspsession" | "rtspssession" => &mut count.rtsp,
        "hlssession" | "hlsmuxer" => &mut count.hls,
        "webrtcsession" => &mut count.webrtc,
        "rtmpconn" | "rtmpsconn" => &mut count.rtmp,
        "srtconn" => &mut count.srt,
        _ => &mut count.other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Peer, Role, SessionKind};

    fn peer(kind: &str, id: &str) -> Peer {
        Peer { kind: kind.to_owned(), id: id.to_owned() }
    }

    fn session(id: &str, query: &str) -> Session {
        Session {
            kind: SessionKind::Rtsp,
            id: id.to_owned(),
            path: "a".to_owned(),
            role: Role::Read,
            remote_addr: String::new(),
            user: String::new(),
            query: query.to_owned(),
            user_agent: String::new(),
            created: String::new(),
            inbound_bytes: 0,
            outbound_bytes: 0,
        }
    }

    #[test]
    fn readers_are_counted_by_protocol() {
        let readers = vec![
            peer("rtspSession", "1"),
            peer("rtspsSession", "2"),
            peer("hlsSession", "3"),
            peer("hlsSession", "4"),
            peer("webrtcSession", "5"),
            peer("webRTCSession", "6"),
            peer("rtmpConn", "7"),
            peer("srtConn", "8"),
            peer("moqSession", "9"),
        ];
        let old = vec![peer("hlsMuxer", "")];
        let paths = [
            PathState { name: "new".to_owned(), readers, ..PathState::default() },
            PathState { name: "old".to_owned(), readers: old, ..PathState::default() },
            PathState { name: "empty".to_owned(), ..PathState::default() },
        ];
        let counted = viewers(&paths, &[], &HashSet::new());
        assert_eq!(counted["new"], Viewers { rtsp: 2, hls: 2, webrtc: 2, rtmp: 1, srt: 1, other: 1 });
        assert_eq!(counted["old"], Viewers { hls: 1, ..Viewers::default() });
        assert_eq!(counted["empty"], Viewers::default());
    }

    #[test]
    fn our_own_readers_do_not_count() {
        let readers = ["1", "2", "3", "4"].map(|id| peer("rtspSession", id)).to_vec();
        let paths = [PathState { name: "a".to_owned(), readers, ..PathState::default() }];
        let sessions = [
            session("1", "x=probe"),
            session("2", "?q=1&x=probe"),
            session("3", "x=prober"),
            session("4", ""),
        ];
        assert_eq!(viewers(&paths, &sessions, &HashSet::new())["a"].rtsp, 2);
        assert_eq!(viewers(&paths, &sessions, &HashSet::from(["4".to_owned()]))["a"].rtsp, 1);
    }
}
