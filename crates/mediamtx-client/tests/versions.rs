//! Against real servers of an old version, the pinned one and the newest.

#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

mod support;

use mediamtx_client::{
    Action, ApiError, Pass, PathConfig, Paths, Permission, Pull, Role, RtspTransport, Secret, SessionKind,
    Source, User, Version, publish_url, urls,
};
use support::{Child, PUBLISH_PASS, Server, ffmpeg, picture, users, wait_until};

const VERSIONS: [&str; 3] = ["1.12.3", "1.20.1", "1.21.0"];

fn publish(server: &Server, name: &str) -> Child {
    picture("rtsp", &publish_url(&server.config.settings.ports, "publisher", PUBLISH_PASS, name))
}

fn read(url: &str) -> Child {
    ffmpeg(&[&testkit::readers::options(url)[..], &["-i", url, "-c", "copy", "-f", "null", "-"]].concat())
}

async fn online(server: &Server, name: &str) -> bool {
    server.api().paths().await.unwrap().iter().any(|path| path.name == name && path.online)
}

#[tokio::test]
async fn each_version_is_known_by_what_it_can_do() {
    for version in VERSIONS {
        let Some(server) = Server::of_version(version).await else { continue };
        let api = server.api();
        let features = api.features().await.unwrap();
        let exact = Version::parse(version).unwrap();
        let since = |major, minor, patch| exact >= Version { major, minor, patch };
        assert_eq!(features.version, since(1, 15, 2).then_some(exact), "{version}");
        assert_eq!(
            features.at_least,
            if since(1, 15, 2) { exact } else { Version::parse("1.11.0").unwrap() }
        );
        assert_eq!(features.new_routes, since(1, 21, 0), "{version}");
        assert_eq!(features.rtsp_names, since(1, 11, 0), "{version}");
        assert_eq!(features.udp_sources, since(1, 14, 0), "{version}");
        assert_eq!(features.allow_origins, since(1, 15, 4), "{version}");
        assert_eq!(features.structured_log, since(1, 15, 6), "{version}");
        assert_eq!(features.always_available, since(1, 16, 0), "{version}");
        assert_eq!(features.hls_sessions, since(1, 18, 0), "{version}");
        assert_eq!(features.moq, since(1, 19, 0), "{version}");
        assert_eq!(features.run_on_available, since(1, 19, 3), "{version}");
        assert_eq!(features.forward, since(1, 20, 0), "{version}");
        assert_eq!(features.redacted_passwords, since(1, 20, 1), "{version}");
        assert_eq!(features.rtsp_hashes, !since(1, 12, 0) || since(1, 13, 1), "{version}");
        assert!(features.internal_users && features.knows_path_key("rtspTransport"), "{version}");

        // Nothing of this is an error in the server's own log.
        api.sessions().await.unwrap();
        let errors: Vec<_> = server.log().into_iter().filter(|(level, _)| *level == "error").collect();
        assert!(errors.is_empty(), "{version}: {errors:?}");
    }
}

#[tokio::test]
async fn paths_are_written_read_back_and_compared() {
    for version in VERSIONS {
        let Some(server) = Server::of_version(version).await else { continue };
        let api = server.api();
        let pull = |url: &str| PathConfig {
            source: Source::Pull(Pull {
                url: Secret::new(url),
                on_demand: true,
                fingerprint: Some("0f".repeat(32).parse().unwrap()),
                rtsp_transport: RtspTransport::Tcp,
            }),
            ..PathConfig::default()
        };
        let wanted = [
            ("plain", PathConfig::default()),
            ("deep/er", PathConfig { record: true, ..PathConfig::default() }),
            ("camera", pull("rtsp://me:s3cret@127.0.0.1:1/x")),
            ("mpegts", pull("udp+mpegts://127.0.0.1:40123")),
        ];
        for (name, config) in &wanted {
            api.replace_path(name, config).await.unwrap();
        }
        let pattern = "~^(a|b)/.+$";
        api.replace_path(pattern, &PathConfig::default()).await.unwrap();
        api.barrier().await.unwrap();

        let features = api.features().await.unwrap();
        let defaults = api.path_defaults().await.unwrap();
        for (name, config) in &wanted {
            let shown = api.path_config(name).await.unwrap().unwrap();
            assert_eq!(config.differences(&features, &defaults, &shown).unwrap(), [], "{version} {name}");
        }
        let shown = api.path_config("camera").await.unwrap().unwrap();
        let other = PathConfig { record: true, ..PathConfig::default() };
        let differences = other.differences(&features, &defaults, &shown).unwrap();
        let mut keys: Vec<&str> = differences.iter().map(|one| one.key.as_str()).collect();
        keys.sort_unstable();
        let expected = ["record", "rtspTransport", "source", "sourceFingerprint", "sourceOnDemand"];
        assert_eq!(keys, expected, "{version}");
        assert!(!format!("{differences:?}{wanted:?}").contains("s3cret"));

        let mut names = api.configured_paths().await.unwrap();
        names.sort();
        assert_eq!(names, ["camera", "deep/er", "mpegts", "plain", pattern], "{version}");
        assert_eq!(api.path_configs().await.unwrap().len(), 5);
        api.delete_path(pattern).await.unwrap();
        api.delete_path("never-there").await.unwrap();
        api.barrier().await.unwrap();
        assert_eq!(api.path_config(pattern).await.unwrap(), None, "{version}");

        // What an old server does not know is not sent to it.
        let kept = PathConfig { slate: Some("/no/such.mp4".into()), ..PathConfig::default() };
        let answer = api.replace_path("plain", &kept).await;
        if features.always_available {
            assert!(matches!(answer, Err(ApiError::Refused { status: 400, .. })), "{version}: {answer:?}");
        } else {
            assert_eq!(answer, Err(ApiError::Unsupported("alwaysAvailable")), "{version}");
        }
        // Names that MediaMTX does not take arrive as they are, and are refused.
        let answer = api.replace_path("ä b?", &PathConfig::default()).await;
        let named = |message: &String| message.contains("ä b?");
        assert!(
            matches!(&answer, Err(ApiError::Refused { status: 400, message }) if named(message)),
            "{version}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn users_are_replaced_whole_and_compared() {
    for version in VERSIONS {
        let Some(server) = Server::of_version(version).await else { continue };
        let api = server.api();
        let mut wanted = users();
        let watch = |name: &str| Permission::on(Action::Read, name);
        let network = mediamtx_client::ip_range("10.1.2.3/8").unwrap();
        wanted.push(
            User::new("guest", Pass::sha256("s3cret"), vec![watch("one"), watch("two")]).from([network]),
        );
        let pattern = Permission { action: Action::Playback, paths: Paths::Matching("^(a|b)$".to_owned()) };
        wanted.push(User::anybody(vec![pattern]));
        api.set_users(&wanted).await.unwrap();
        api.barrier().await.unwrap();
        let shown = api.users().await.unwrap();
        assert_eq!(shown.len(), wanted.len(), "{version}");
        for (wanted, shown) in wanted.iter().zip(&shown) {
            assert!(wanted.is_shown_as(shown), "{version}: {wanted:?} {shown:?}");
        }
        let hidden = shown[1].pass == Pass::Redacted;
        assert_eq!(hidden, api.features().await.unwrap().redacted_passwords, "{version}");
        if hidden {
            let written_back = api.set_users(&shown).await;
            assert!(matches!(written_back, Err(ApiError::Users(_))), "{version}: {written_back:?}");
        }
        let fewer = api.set_users(&wanted[..2]).await;
        assert!(matches!(fewer, Err(ApiError::Users(_))), "{version}: nobody in control: {fewer:?}");

        // The password counts at once, also for the API.
        wanted[2].pass = Pass::sha256("another-1");
        api.set_users(&wanted).await.unwrap();
        let renewed = server.api_as("control", "another-1");
        wait_until("the new password counts", async || renewed.global().await.is_ok()).await;
        assert_eq!(api.global().await, Err(ApiError::Unauthorized), "{version}");
    }
}

#[tokio::test]
async fn clients_of_each_protocol_are_seen_and_kicked() {
    for version in VERSIONS {
        let Some(server) = Server::of_version(version).await else { continue };
        let api = server.api();
        for name in ["show", "copy"] {
            api.replace_path(name, &PathConfig::default()).await.unwrap();
        }
        api.barrier().await.unwrap();
        let _publisher = publish(&server, "show");
        wait_until("online", async || online(&server, "show").await).await;
        let all = urls("127.0.0.1", &server.config.settings, "show");
        let viewers = [&all.rtsp, &all.rtmp, &all.srt, &all.hls].map(|url| read(url));
        let features = api.features().await.unwrap();
        let mut kinds = vec![SessionKind::Rtsp, SessionKind::Rtmp, SessionKind::Srt];
        if features.hls_sessions {
            kinds.push(SessionKind::Hls);
        }
        wait_until("all viewers get something", async || {
            let sessions = api.sessions().await.unwrap();
            kinds.iter().all(|kind| {
                let ours = |one: &&mediamtx_client::Session| one.kind == *kind && one.role == Role::Read;
                sessions.iter().find(ours).is_some_and(|one| one.outbound_bytes > 0 && one.path == "show")
            })
        })
        .await;
        wait_until("a muxer", async || !api.hls_muxers().await.unwrap().is_empty()).await;
        let sessions = api.sessions().await.unwrap();
        let publisher = sessions.iter().find(|one| one.role == Role::Publish).unwrap();
        assert_eq!((publisher.kind, publisher.path.as_str()), (SessionKind::Rtsp, "show"), "{version}");
        assert!(publisher.inbound_bytes > 0 && publisher.remote_addr.starts_with("127.0.0.1:"), "{version}");
        assert!(!publisher.created.is_empty(), "{version}");
        let path = api.paths().await.unwrap().into_iter().find(|path| path.name == "show").unwrap();
        assert_eq!(path.source.unwrap().session(), Some(SessionKind::Rtsp), "{version}");
        let muxers = api.hls_muxers().await.unwrap();
        assert_eq!(muxers.first().map(|muxer| muxer.path.as_str()), Some("show"), "{version}");
        let connections = api.rtsp_connections(false).await.unwrap();
        assert!(connections.iter().any(|one| one.session.as_ref() == Some(&publisher.id)), "{version}");
        assert_eq!(api.rtsp_connections(true).await.unwrap(), [], "{version}");

        for session in sessions.iter().filter(|one| one.role == Role::Read) {
            api.kick(session.kind, &session.id).await.unwrap();
            api.kick(session.kind, &session.id).await.unwrap();
        }
        wait_until("all viewers are gone", async || {
            let left = api.sessions().await.unwrap();
            sessions
                .iter()
                .filter(|one| one.role == Role::Read)
                .all(|one| left.iter().all(|now| now.id != one.id))
        })
        .await;
        drop(viewers);
        assert!(online(&server, "show").await, "{version}: the publisher stays");
        api.kick(SessionKind::Moq, "00000000-0000-4000-8000-000000000000").await.unwrap();
    }
}

#[tokio::test]
async fn recordings_are_listed_and_deleted_and_sources_pulled() {
    for version in VERSIONS {
        let Some(server) = Server::of_version(version).await else { continue };
        let api = server.api();
        api.replace_path("show", &PathConfig { record: true, ..PathConfig::default() }).await.unwrap();
        let url = Secret::new(format!("rtsp://127.0.0.1:{}/show", server.config.settings.ports.rtsp));
        let pull = Pull { url, on_demand: false, fingerprint: None, rtsp_transport: RtspTransport::Tcp };
        api.replace_path("copy", &PathConfig { source: Source::Pull(pull), ..PathConfig::default() })
            .await
            .unwrap();
        api.barrier().await.unwrap();
        let publisher = publish(&server, "show");
        wait_until("the copy is pulled", async || online(&server, "copy").await).await;
        let copy = api.paths().await.unwrap().into_iter().find(|path| path.name == "copy").unwrap();
        assert_eq!(copy.source.unwrap().session(), None, "{version}: a source is no session");
        wait_until("a segment", async || {
            api.recording("show").await.is_ok_and(|one| !one.segments.is_empty())
        })
        .await;
        drop(publisher);
        wait_until("offline", async || !online(&server, "show").await).await;
        let recording = api.recording("show").await.unwrap();
        let listed = api.recordings().await.unwrap();
        assert_eq!(listed.iter().find(|one| one.name == "show"), Some(&recording), "{version}");
        for segment in &recording.segments {
            api.delete_segment("show", &segment.start).await.unwrap();
        }
        assert_eq!(api.recording("show").await.unwrap().segments, [], "{version}");
        let again = api.delete_segment("show", &recording.segments[0].start).await;
        assert!(matches!(again, Err(ApiError::Refused { status: 400, .. })), "{version}: {again:?}");
        assert_eq!(api.forwards("show").await.unwrap(), [], "{version}");
    }
}
