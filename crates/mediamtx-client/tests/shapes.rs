//! What no server at hand sends: the shapes of 1.9, and odd answers of a right one.

#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

mod support;

use mediamtx_client::{
    Api, ApiError, Pass, PathConfig, Pull, Role, RtspTransport, Secret, SessionKind, Source, Version,
};
use support::fake::{Fake, http};
use support::shapes::as_1_9;

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
