//! The root `mediamtx.yml`, the configuration written from it and `docker-compose.yml` tell one story.

#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use mediamtx_client::config::{BASE, ConfigError, record_path};
use mediamtx_client::{
    Action, Pass, PathConfig, Permission, Secret, ServerConfig, TlsFiles, User, UserFault,
};
use serde_json::{Value, json};
use stream_api::{Encryption, HlsVariant, Ports, Protocol, Reach, ServerSettings};

const COMPOSE: &str = include_str!("../../../docker-compose.yml");

const ADDRESSES: [(&str, u16); 8] = [
    ("rtspAddress", Ports::USUAL.rtsp),
    ("rtmpAddress", Ports::USUAL.rtmp),
    ("hlsAddress", Ports::USUAL.hls),
    ("webrtcAddress", Ports::USUAL.webrtc),
    ("webrtcLocalUDPAddress", Ports::USUAL.webrtc_udp),
    ("srtAddress", Ports::USUAL.srt),
    ("apiAddress", Ports::USUAL.api),
    ("metricsAddress", Ports::USUAL.metrics),
];

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

fn plain(text: &str) -> Pass {
    Pass::Plain(Secret::new(text))
}

fn control(pass: Pass) -> User {
    let permissions = [Action::Api, Action::Metrics].map(Permission::everywhere);
    User::new("control", pass, permissions.to_vec()).from_this_computer()
}

fn usual() -> ServerConfig {
    ServerConfig {
        settings: ServerSettings::default(),
        tls: None,
        pages: Vec::new(),
        users: vec![
            User::anybody(vec![Permission::everywhere(Action::Read)]),
            User::new("publisher", plain("publish-Pass_1"), vec![Permission::everywhere(Action::Publish)])
                .from_this_computer(),
            control(plain("api-Pass_1")),
        ],
        recordings: PathBuf::from("/srv/recordings"),
        paths: BTreeMap::new(),
    }
}

#[test]
fn the_root_file_has_the_usual_ports_on_loopback_only() {
    let base = yaml(BASE);
    for (key, port) in ADDRESSES {
        assert_eq!(base[key], json!(format!("127.0.0.1:{port}")), "{key}");
    }
    let listeners = base.as_object().unwrap().keys().filter(|key| key.ends_with("Address")).count();
    assert_eq!(listeners, ADDRESSES.len(), "a listener that no port of ours belongs to");
}

#[test]
fn a_written_file_with_the_usual_ports_is_the_root_file() {
    let (mut base, mut written) = (yaml(BASE), yaml(&usual().render().unwrap()));
    assert_eq!(written["pathDefaults"]["recordPath"], json!("/srv/recordings/%path/%Y-%m-%d_%H-%M-%S-%f"));
    for file in [&mut base, &mut written] {
        let file = file.as_object_mut().unwrap();
        file.remove("authInternalUsers");
        file.remove("paths");
        file["pathDefaults"].as_object_mut().unwrap().remove("recordPath");
    }
    assert_eq!(base, written);
}

#[test]
fn the_path_defaults_are_what_a_path_says() {
    let mut defaults = yaml(BASE)["pathDefaults"].clone();
    defaults.as_object_mut().unwrap().remove("recordPath");
    assert_eq!(serde_json::to_value(PathConfig::default()).unwrap(), defaults);
}

#[test]
fn the_compose_file_opens_the_same_ports_on_loopback() {
    let compose = yaml(COMPOSE);
    let server = &compose["services"]["mediamtx"];
    let mut expected: Vec<String> = ADDRESSES
        .iter()
        .map(|(key, port)| {
            let udp = if *key == "srtAddress" || *key == "webrtcLocalUDPAddress" { "/udp" } else { "" };
            format!("127.0.0.1:{port}:{port}{udp}")
        })
        .collect();
    expected.sort();
    let mut ports: Vec<String> =
        server["ports"].as_array().unwrap().iter().map(|port| port.as_str().unwrap().to_owned()).collect();
    ports.sort();
    assert_eq!(ports, expected);
    for (key, port) in ADDRESSES {
        let variable = format!("MTX_{}", key.to_uppercase());
        assert_eq!(server["environment"][&variable], json!(format!(":{port}")), "{variable}");
    }
}

#[test]
fn every_key_of_the_root_file_has_a_comment_above() {
    let lines: Vec<&str> = BASE.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let item = line.trim_start();
        let indent = line.len() - item.len();
        let is_key = !item.starts_with('#') && item.contains(':') && indent <= 4;
        // Inside `permissions` the comment stands above the list.
        let in_list = item.starts_with("- action:") || item.starts_with("path:");
        if is_key && !in_list {
            assert!(lines[at - 1].trim_start().starts_with("# "), "no comment above line {}: {line}", at + 1);
        }
    }
}

#[test]
fn nobody_knows_the_passwords_of_the_root_file() {
    for user in yaml(BASE)["authInternalUsers"].as_array().unwrap() {
        let actions: Vec<&str> = user["permissions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["action"].as_str().unwrap())
            .collect();
        if user["user"] == json!("any") {
            assert_eq!(actions, ["read"]);
        } else {
            assert!(user["pass"].as_str().unwrap().starts_with("sha256:AAAA"), "{user}");
        }
    }
}

#[test]
fn a_written_file_says_who_may_do_what() {
    let written = usual().render().unwrap();
    assert!(written.starts_with("# Written by MediaMTX Stream Manager"), "{written}");
    assert!(written.contains("# Never open it to a network"), "comments stay");
    let users = yaml(&written)["authInternalUsers"].clone();
    assert_eq!(users[0]["permissions"], json!([{ "action": "read", "path": "" }]));
    assert_eq!((&users[1]["user"], &users[1]["pass"]), (&json!("publisher"), &json!("publish-Pass_1")));
    assert_eq!(users[1]["permissions"], json!([{ "action": "publish", "path": "" }]));
    assert_eq!((&users[2]["user"], &users[2]["pass"]), (&json!("control"), &json!("api-Pass_1")));
    assert_eq!(users[2]["permissions"], json!([{ "action": "api" }, { "action": "metrics" }]));
    assert_eq!(users.as_array().unwrap().len(), 3);
}

/// Each of these is wrong in a file with real passwords, the app's folder and the app's streams.
#[test]
fn a_written_file_says_nothing_that_holds_for_the_root_file_alone() {
    let written = usual().render().unwrap();
    let comments: Vec<&str> = written.lines().filter(|line| line.trim_start().starts_with('#')).collect();
    for of_the_root in ["by itself", "are locked", "Locked, ", "below", "The app puts", "any name", "base of"]
    {
        assert!(BASE.contains(of_the_root), "{of_the_root}");
        let said: Vec<_> = comments.iter().filter(|line| line.contains(of_the_root)).collect();
        assert!(said.is_empty(), "{said:?}");
    }
    for key in ["authInternalUsers:", "  recordPath:", "paths:"] {
        let at = written.lines().position(|line| line.starts_with(key)).unwrap();
        let above = written.lines().nth(at - 1).unwrap();
        assert!(above.trim_start().starts_with("# "), "{key} has a comment: {above}");
    }
}

#[test]
fn ports_and_paths_are_taken_over() {
    let mut config = usual();
    config.settings.ports.webrtc_udp = 20_000;
    config.paths.insert("a/b".to_owned(), PathConfig { record: true, ..PathConfig::default() });
    config.paths.insert("no".to_owned(), PathConfig::default()); // a boolean in older YAML
    let written = yaml(&config.render().unwrap());
    assert_eq!(written["webrtcLocalUDPAddress"], json!("127.0.0.1:20000"));
    let names: Vec<&String> = written["paths"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["a/b", "no"]);
    assert_eq!(written["paths"]["a/b"]["record"], json!(true));
    assert_eq!(written["paths"]["no"]["record"], json!(false));
    assert_eq!(yaml(&usual().render().unwrap())["paths"], json!({}));
}

#[test]
fn pages_of_other_origins_are_added_to_the_window() {
    let config = ServerConfig { pages: vec!["http://127.0.0.1:8080".to_owned()], ..usual() };
    let written = yaml(&config.render().unwrap());
    let mut expected = yaml(BASE)["hlsAllowOrigins"].clone();
    expected.as_array_mut().unwrap().push(json!("http://127.0.0.1:8080"));
    assert_eq!(written["hlsAllowOrigins"], expected);
    assert_eq!(written["webrtcAllowOrigins"], expected);
}

#[test]
fn windows_folders_survive_quoting() {
    let folder = r#"C:\Users\Zoë "x"\new\table"#;
    let config = ServerConfig { recordings: PathBuf::from(folder), ..usual() };
    let written = yaml(&config.render().unwrap());
    let expected = format!("{folder}/%path/%Y-%m-%d_%H-%M-%S-%f");
    assert_eq!(written["pathDefaults"]["recordPath"], json!(expected));
}

#[test]
fn unfit_folders_are_refused() {
    let tried = |folder: &str| record_path(&PathBuf::from(folder));
    assert!(matches!(tried("recordings"), Err(ConfigError::RelativeRecordings(_))));
    assert!(matches!(tried(""), Err(ConfigError::RelativeRecordings(_))));
    assert!(matches!(tried("/srv/100%done"), Err(ConfigError::UnfitRecordings(_))));
    assert_eq!(tried("/").unwrap(), "/%path/%Y-%m-%d_%H-%M-%S-%f");
}

#[test]
fn users_that_would_open_the_server_are_refused() {
    let with = |user: User| ServerConfig { users: vec![control(plain("x")), user], ..usual() }.render();
    for pass in ["with space", "a:b", "ä"] {
        let fault = UserFault::Characters("control".to_owned());
        assert_eq!(with(control(plain(pass))), Err(ConfigError::Users(fault)), "{pass:?}");
    }
    let empty = UserFault::EmptyPassword("control".to_owned());
    assert_eq!(with(control(plain(""))), Err(ConfigError::Users(empty)));
    let everybody = User::anybody(vec![Permission::everywhere(Action::Api)]);
    assert_eq!(with(everybody.clone()), Err(ConfigError::Users(UserFault::AnybodyInControl)));
    assert!(with(everybody.from_this_computer()).is_ok(), "MediaMTX's own default");
    let nobody = ServerConfig { users: Vec::new(), ..usual() }.render();
    assert_eq!(nobody, Err(ConfigError::Users(UserFault::NobodyInControl)));
    assert!(!format!("{:?}", usual()).contains("Pass_1"));
}

#[test]
fn what_is_exported_tells_no_password_and_starts_a_server() {
    let text = usual().render_public().unwrap();
    assert!(!text.contains("Pass_1"), "{text}");
    let (public, whole) = (yaml(&text), yaml(&usual().render().unwrap()));
    for (key, value) in whole.as_object().unwrap() {
        assert!(key == "authInternalUsers" || public[key] == *value, "{key}");
    }
    assert_eq!(public["authInternalUsers"].as_array().unwrap().len(), 3);
}

#[test]
fn the_network_reaches_viewer_ports_alone() {
    let mut config = usual();
    config.settings.reach = Reach::LocalNetwork;
    config.settings.webrtc_hosts = vec!["203.0.113.9".to_owned()];
    config.settings.hls_variant = HlsVariant::Fmp4;
    config.settings.protocols.set(Protocol::Rtmp, false);
    config.settings.protocols.set(Protocol::Rtsp, false);
    let written = yaml(&config.render().unwrap());
    for (key, port) in ADDRESSES {
        let open = !["apiAddress", "metricsAddress", "rtmpAddress", "rtspAddress"].contains(&key);
        let expected = if open { format!(":{port}") } else { format!("127.0.0.1:{port}") };
        assert_eq!(written[key], json!(expected), "{key}");
    }
    // Our own FFmpeg publishes by RTSP, so that it stays on this computer.
    assert_eq!((&written["rtsp"], &written["rtmp"]), (&json!(true), &json!(false)));
    assert_eq!(written["webrtcIPsFromInterfaces"], json!(true));
    assert_eq!(written["webrtcAdditionalHosts"], json!(["127.0.0.1", "203.0.113.9"]));
    assert_eq!(written["hlsVariant"], json!("fmp4"));
}

#[test]
fn an_encrypted_server_keeps_plain_rtsp_for_itself() {
    let tls = TlsFiles { certificate: "/tls/a b.crt".into(), key: "/tls/a b.key".into() };
    let mut config = ServerConfig { tls: Some(tls), ..usual() };
    config.settings.reach = Reach::LocalNetwork;
    config.settings.encryption = Encryption::SelfSigned;
    let written = yaml(&config.render().unwrap());
    assert_eq!(written["rtspEncryption"], json!("optional"));
    assert_eq!(written["rtspAddress"], json!("127.0.0.1:8554"));
    assert_eq!((&written["rtspsAddress"], &written["rtmpsAddress"]), (&json!(":8322"), &json!(":1936")));
    assert_eq!(written["rtmpEncryption"], json!("strict"));
    for protocol in ["hls", "webrtc"] {
        assert_eq!(written[format!("{protocol}Encryption")], json!(true));
    }
    for protocol in ["rtsp", "rtmp", "hls", "webrtc"] {
        assert_eq!(written[format!("{protocol}ServerCert")], json!("/tls/a b.crt"));
        assert_eq!(written[format!("{protocol}ServerKey")], json!("/tls/a b.key"));
    }
    assert_eq!(ServerConfig { tls: None, ..config }.render(), Err(ConfigError::NoCertificate));
}
