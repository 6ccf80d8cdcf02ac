//! Servers besides the bundled one in the canned world.

use stream_api::{
    Address, Code, Difference, Door, Drift, Error, Fault, Lack, OtherServer, OtherState, Outcome, Protocol,
    ServerId, ServerSpec, ServerStep, ServerTestStep, ServerTested, UnixMillis, Urls,
};

use super::{NOW, id};

const FINGERPRINT: &str = "3f9a0c5be17d42a86c0e9b1f5d7728e4a1b6c3d2f08e94756a1b2c3d4e5f6071";

/// The server in the church hall.
pub fn church() -> ServerId {
    ServerId(id(900).0)
}

/// Its computer.
const CHURCH: &str = "192.168.1.5";

/// Where a stream there is watched: its owner switched RTMP and SRT off.
pub fn church_urls(name: &str) -> Urls {
    Urls { rtmp: String::new(), srt: String::new(), ..super::streams::urls(CHURCH, name) }
}

/// One that works and was changed by somebody else, and one that can't be reached.
pub fn others() -> Vec<OtherServer> {
    let hall = OtherServer {
        state: OtherState::Running,
        version: Some("1.20.1".to_owned()),
        started: Some(UnixMillis(NOW - 9 * 86_400_000)),
        lacks: [Lack::Slates, Lack::Recordings, Lack::Users, Lack::Kick]
            .into_iter()
            .chain(Lack::ALWAYS)
            .collect(),
        addresses: vec![Address { label: "Church hall".to_owned(), host: CHURCH.to_owned() }],
        doors: [(Protocol::Rtsp, 8554), (Protocol::Hls, 8888), (Protocol::Webrtc, 8889)]
            .map(|(protocol, port)| Door { protocol, encrypted: false, port })
            .to_vec(),
        outbound_bps: 12_640_000,
        foreign: 2,
        foreign_paths: vec!["doorbell".to_owned(), "parking/north".to_owned()],
        drift: vec![Drift {
            stream: id(2),
            path: "church/main".to_owned(),
            differences: vec![
                difference("record", Some("true"), "false", true),
                difference("maxReaders", None, "4", false),
            ],
        }],
        ..OtherServer::connecting(church(), ServerSpec::remote("Church hall", "http://192.168.1.5:9997/"))
    };
    let refused = Error::new(Code::RemoteRefused).with("host", "media.example.org");
    let away = OtherServer {
        state: OtherState::Unreachable,
        fault: Some(Fault::new(refused)),
        ..OtherServer::connecting(
            ServerId(id(901).0),
            ServerSpec::remote("Rented", "https://media.example.org:9997/"),
        )
    };
    vec![hall, away]
}

fn difference(key: &str, ours: Option<&str>, theirs: &str, adoptable: bool) -> Difference {
    Difference { key: key.to_owned(), ours: ours.map(str::to_owned), theirs: theirs.to_owned(), adoptable }
}

/// One whose certificate nobody knows.
pub fn tested() -> ServerTested {
    let unknown = Error::new(Code::RemoteCertificateUnknown).with("host", "192.168.1.5");
    let step = |step| ServerTestStep { step, outcome: Outcome::Skipped, error: None };
    let mut steps: Vec<ServerTestStep> = ServerStep::ALL.into_iter().map(step).collect();
    steps[0].outcome = Outcome::Passed;
    (steps[1].outcome, steps[1].error) = (Outcome::Failed, Some(unknown));
    ServerTested {
        steps,
        fingerprint: Some(FINGERPRINT.to_owned()),
        publish_fingerprint: None,
        version: None,
        lacks: Vec::new(),
        foreign: 0,
    }
}
