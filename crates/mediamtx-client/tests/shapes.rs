//! What no server at hand sends: the shapes of 1.9, as its source has them (`internal/defs/api_*.go`,
//! `internal/conf/*.go` of v1.9.0), and odd answers of a right one.

#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

mod support;

use mediamtx_client::{
    Api, ApiError, Pass, PathConfig, Pull, Role, RtspTransport, Secret, SessionKind, Source, Version,
};
use support::fake::{Fake, http};

const GLOBAL_1_9: &str = r#"{"logLevel":"info","logDestinations":["stdout"],"readTimeout":"10s","authMethod":"internal",
    "authInternalUsers":[{"user":"any","pass":"","ips":["127.0.0.1/32","::1/128"],
    "permissions":[{"action":"api","path":""}]},{"user":"me","pass":"plain","ips":[],"permissions":[]}],
    "api":true,"apiAddress":":9997","apiAllowOrigin":"*","rtsp":true,"protocols":["udp","multicast","tcp"],
    "encryption":"no","rtspAddress":":8554","hls":true,"hlsAllowOrigin":"*"}"#;
const PATH_DEFAULTS_1_9: &str = r#"{"name":"","source":"publisher","sourceFingerprint":"","sourceOnDemand":false,
    "maxReaders":0,"fallback":"","record":false,"recordPath":"./recordings/%path/%Y-%m-%d_%H-%M-%S-%f",
    "recordFormat":"fmp4","recordPartDuration":"1s","recordSegmentDuration":"1h0m0s","recordDeleteAfter":"24h0m0s",
    "overridePublisher":true,"rtspTransport":"automatic","runOnReady":"","runOnNotReady":""}"#;
const RTSP_1_9: &str = r#"{"itemCount":1,"pageCount":1,"items":[{"id":"a1","created":"2024-08-26T10:00:00Z",
    "remoteAddr":"10.0.0.7:5000","state":"publish","path":"cam","query":"x=1","transport":"TCP",
    "bytesReceived":1000,"bytesSent":7}]}"#;
const SRT_1_9: &str = r#"{"itemCount":1,"pageCount":1,"items":[{"id":"b2","created":"2024-08-26T10:00:01Z",
    "remoteAddr":"10.0.0.8:6000","state":"read","path":"cam","query":"","packetsSent":3,"bytesReceived":0,
    "bytesSent":2000,"msRTT":1.5}]}"#;
const MUXERS_1_9: &str = r#"{"itemCount":1,"pageCount":1,"items":[{"path":"cam","created":"2024-08-26T10:00:00Z",
    "lastRequest":"2024-08-26T10:00:09Z","bytesSent":55}]}"#;

/// Routes of servers that are off are not there, and mutations answer nothing.
fn as_1_9(request: &str) -> String {
    let ok = |body: &str| http("200 OK", "Content-Type: application/json\r\n", body);
    let route = request.split(['?', ' ']).nth(1).unwrap_or_default();
    match route {
        "/v3/config/global/get" => ok(GLOBAL_1_9),
        "/v3/config/pathdefaults/get" => ok(PATH_DEFAULTS_1_9),
        "/v3/rtspsessions/list" => ok(RTSP_1_9),
        "/v3/srtconns/list" => ok(SRT_1_9),
        "/v3/hlsmuxers/list" => ok(MUXERS_1_9),
        "/v3/config/pathdefaults/patch" | "/v3/config/global/patch" | "/v3/config/paths/replace/cam" => {
            ok("")
        }
        "/v3/config/paths/replace/no" => http("400 Bad Request", "", r#"{"error":"invalid source: 'x'"}"#),
        _ => http("404 Not Found", "Content-Type: text/plain\r\n", "404 page not found"),
    }
}

#[tokio::test]
async fn a_server_of_1_9_by_its_source() {
    let fake = Fake::routes(as_1_9).await;
    let api = Api::new(fake.address());
    let features = api.features().await.unwrap();
    assert_eq!((features.version, features.at_least), (None, Version { major: 1, minor: 9, patch: 0 }));
    assert!(
        !features.rtsp_names && !features.always_available && !features.hls_sessions && !features.new_routes
    );
    assert!(!features.redacted_passwords && features.internal_users);
    let users = api.users().await.unwrap();
    assert_eq!((users[1].name.as_str(), &users[1].pass), ("me", &Pass::Plain(Secret::new("plain"))));

    let sessions = api.sessions().await.unwrap();
    let [rtsp, srt] = sessions.as_slice() else { panic!("{sessions:?}") };
    assert_eq!((rtsp.kind, rtsp.role, rtsp.inbound_bytes), (SessionKind::Rtsp, Role::Publish, 1000));
    assert_eq!((srt.kind, srt.role, srt.outbound_bytes), (SessionKind::Srt, Role::Read, 2000));
    assert_eq!((rtsp.query.as_str(), rtsp.user.as_str()), ("x=1", ""));
    assert_eq!(api.hls_muxers().await.unwrap()[0].outbound_bytes, 55);
    assert_eq!(api.forwards("cam").await, Ok(Vec::new()));

    api.replace_path("cam", &PathConfig::default()).await.unwrap();
    api.barrier().await.unwrap();
    api.set_users(&users).await.unwrap();
    api.kick(SessionKind::Hls, "gone").await.unwrap();
    let refused = ApiError::Refused { status: 400, message: "invalid source: 'x'".to_owned() };
    assert_eq!(api.replace_path("no", &PathConfig::default()).await, Err(refused));

    // Never a key that it does not know, and the old name of what was renamed.
    let pull = Pull {
        url: Secret::new("udp+mpegts://239.0.0.1:5000"),
        on_demand: false,
        fingerprint: None,
        rtsp_transport: RtspTransport::Automatic,
    };
    let config = PathConfig { source: Source::Pull(pull), ..PathConfig::default() };
    let keys = config.for_server(&features).unwrap();
    assert_eq!(keys["source"], "udp://239.0.0.1:5000");
    assert!(!keys.contains_key("alwaysAvailable") && keys.contains_key("recordDeleteAfter"), "{keys:?}");
}

/// Another version is there than when it was last looked at.
#[tokio::test]
async fn routes_that_vanish_are_looked_for_under_their_other_name() {
    let older = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let now = std::sync::Arc::clone(&older);
    let fake = Fake::routes(move |request| {
        let renamed = request.replace("path-defaults", "pathdefaults");
        let is_new = renamed != request;
        let older = now.load(std::sync::atomic::Ordering::SeqCst);
        if is_new == older && request.contains("defaults") {
            as_1_9("GET /none HTTP/1.1")
        } else {
            as_1_9(&renamed)
        }
    })
    .await;
    let api = Api::new(fake.address());
    api.barrier().await.unwrap();
    assert!(api.features().await.unwrap().new_routes);
    older.store(true, std::sync::atomic::Ordering::SeqCst);
    api.barrier().await.unwrap();
    assert!(!api.features().await.unwrap().new_routes);
}

/// Pages of a list are put together, empty answers to writes are fine, and no fault shows the password.
#[tokio::test]
async fn odd_answers_of_a_right_server() {
    let page = http("200 OK", "", r#"{"itemCount":9,"pageCount":3,"items":[{"name":"a"}]}"#);
    let fake = Fake::plain(page).await;
    let api = Api::new(fake.address().with_credentials("me", "s3cret"));
    assert_eq!(api.paths().await.unwrap().len(), 3);
    let fake = Fake::plain(http("200 OK", "", "")).await;
    let api = Api::new(fake.address().with_credentials("me", "s3cret"));
    api.delete_path("x").await.unwrap();
    let garbage = api.paths().await;
    assert!(matches!(garbage, Err(ApiError::Garbage(_))), "{garbage:?}");
    assert!(!format!("{garbage:?} {api:?}").contains("s3cret"));
}
