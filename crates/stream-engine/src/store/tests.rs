use stream_api::{Playback, Ports, ServerSpec, Source};

use super::*;

pub(super) fn opened(file: &Path) -> Result<(Store, Vec<String>), Error> {
    Store::open(file, find(file)?, Drives::default())
}

fn stream(name: &str) -> StoredStream {
    let source = Source::File { path: "/v/a.mp4".into() };
    let spec = StreamSpec::new(name, source);
    StoredStream {
        id: StreamId(Uuid::now_v7()),
        spec,
        order: Order::Run,
        access: StoredAccess::default(),
        used: None,
        converts: false,
        starts_prepared: None,
        unknown: Unknown::new(),
    }
}

#[tokio::test]
async fn what_was_put_is_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.json");
    let (store, notes) = opened(&file).unwrap();
    assert!(notes.is_empty() && store.streams().await.is_empty(), "starts empty");
    let (a, b) = (stream("a"), stream("b"));
    store.put(a.clone()).await.unwrap();
    store.put(b.clone()).await.unwrap();
    let server = StoredServer { ports: Some(Ports::USUAL), ..StoredServer::default() };
    store.set_server(server.clone()).await.unwrap();
    store.remove(a.id).await.unwrap();
    let (again, _) = opened(&file).unwrap();
    assert_eq!(again.streams().await, [b]);
    assert_eq!(again.server().await, server);
}

#[tokio::test]
async fn a_broken_file_is_restored_and_kept_beside() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.json");
    let (store, _) = opened(&file).unwrap();
    let a = stream("a");
    store.put(a.clone()).await.unwrap();
    store.put(stream("b")).await.unwrap();
    fs::write(&file, "{ half").unwrap();
    let (store, notes) = opened(&file).unwrap();
    assert_eq!(store.streams().await, [a], "the last backup is back");
    assert_eq!(notes.len(), 1, "and it is said");
    let kept = fs::read_dir(dir.path()).unwrap().flatten();
    let kept = kept.filter(|e| e.file_name().to_string_lossy().contains("broken")).count();
    assert_eq!(kept, 1, "the broken file is kept");
    // A backup may have been edited too.
    let edited =
        fs::read_to_string(backup(&file, 1)).unwrap().replace("\"order\"", "\"acces\": {}, \"order\"");
    fs::write(backup(&file, 1), edited).unwrap();
    fs::write(&file, "{ half").unwrap();
    let (_, notes) = opened(&file).unwrap();
    assert!(notes.len() == 3 && notes[1].contains("streams/0/acces"), "{notes:?}");
}

#[tokio::test]
async fn what_can_not_be_written_changes_nothing_and_a_stop_counts_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, away) = (dir.path().join("data"), dir.path().join("away"));
    fs::create_dir(&folder).unwrap();
    let file = folder.join("config.json");
    let (store, _) = opened(&file).unwrap();
    let a = stream("a");
    store.put(a.clone()).await.unwrap();
    store.put(stream("b")).await.unwrap();
    // A folder that is gone can't be written by root either.
    fs::rename(&folder, &away).unwrap();
    for _ in 0..4 {
        assert_eq!(store.put(stream("c")).await.unwrap_err().code, Code::DataDirDenied);
    }
    assert_eq!(store.streams().await.len(), 2, "nothing is half applied");
    store.put_at_any_rate(StoredStream { order: Order::Stop, ..a.clone() }).await;
    assert_eq!(store.streams().await[0].order, Order::Stop, "it counts at once");
    fs::rename(&away, &folder).unwrap();
    assert_eq!(opened(&file).unwrap().0.streams().await[0].order, Order::Run, "not written yet");
    store.save_rest().await;
    assert_eq!(opened(&file).unwrap().0.streams().await[0].order, Order::Stop);
    let kept: Vec<usize> =
        (1..=BACKUPS).filter_map(|n| Some(read(&backup(&file, n)).ok()??.0.streams.len())).collect();
    assert_eq!(kept, [2, 1], "failures cost no backup");
}

#[tokio::test]
async fn a_stream_comes_to_no_taken_name_and_to_no_lost_server_and_a_server_with_streams_stays() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = opened(&dir.path().join("config.json")).unwrap();
    let id = ServerId(Uuid::from_u128(1));
    store.put_other(StoredOther { id, spec: ServerSpec::remote("Hall", "h") }).await.unwrap();
    let a = stream("a");
    store.put(a.clone()).await.unwrap();
    let at = |server: ServerId, name: &str, mut stream: StoredStream| {
        (stream.spec.server, stream.spec.name) = (server, name.to_owned());
        stream
    };
    let code = |put: Result<(), Error>| put.map_err(|error| error.code).err();
    assert_eq!(code(store.put(stream("A")).await), Some(Code::NameTaken));
    let there = at(id, "A", stream("x"));
    assert_eq!(code(store.put(there.clone()).await), None, "names are unique on each server alone");
    let home = at(ServerId::BUNDLED, "A", there.clone());
    assert_eq!(code(store.put(home).await), Some(Code::NameTaken));
    let lost = ServerId(Uuid::from_u128(2));
    assert_eq!(code(store.put(at(lost, "a", a)).await), Some(Code::NoSuchServer));
    assert_eq!(code(store.remove_other(id).await), Some(Code::ServerInUse));
    store.remove(there.id).await.unwrap();
    assert_eq!(code(store.remove_other(id).await), None);
    assert!(store.others().await.is_empty());
}

/// Its passwords and logs are found by its id.
#[tokio::test]
async fn what_can_not_be_read_is_put_aside_once_and_still_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.json");
    let (mut lost, kept) = (serde_json::to_value(stream("lost")).unwrap(), stream("kept"));
    let id = lost["id"].as_str().unwrap().to_owned();
    lost["source"] = "none".into();
    let config = serde_json::json!({ "schema_version": 1, "streams": [lost, kept] });
    fs::write(&file, config.to_string()).unwrap();
    for n in 0..5 {
        let (store, notes) = opened(&file).unwrap();
        assert_eq!((store.streams().await.len(), notes.len()), (1, usize::from(n == 0)), "{notes:?}");
        assert!(store.copies().await.unwrap().contains(&id), "after {n} starts");
        store.save_rest().await;
        store.put(StoredStream { used: Some(UnixMillis(n)), ..kept.clone() }).await.unwrap();
    }
    let aside = fs::read_dir(dir.path()).unwrap().flatten();
    let aside = aside.filter(|entry| entry.file_name().to_string_lossy().contains("broken")).count();
    assert_eq!(aside, 1);
}

#[test]
fn a_newer_or_hopeless_file_is_refused_and_untouched() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.json");
    for (text, code) in [
        (r#"{"schema_version": 2, "streams": "else"}"#, Code::DataDirNewer),
        ("not json", Code::DataDirBroken),
        (r#"{"streams": []}"#, Code::DataDirBroken),
    ] {
        fs::write(&file, text).unwrap();
        assert_eq!(opened(&file).map(drop).unwrap_err().code, code, "{text}");
        assert_eq!(fs::read_to_string(&file).unwrap(), text, "nothing was touched");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing was added");
    }
}

#[tokio::test]
async fn names_that_cannot_be_are_mended_and_said() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.json");
    let streams = [stream("ok"), stream("OK"), stream("../../evil name"), stream("fine")];
    let config = serde_json::json!({ "schema_version": 1, "streams": streams });
    fs::write(&file, config.to_string()).unwrap();
    let (store, notes) = opened(&file).unwrap();
    let names: Vec<String> = store.streams().await.into_iter().map(|stream| stream.spec.name).collect();
    assert_eq!(names, ["ok", "OK-2", "evil-name", "fine"]);
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(notes[0].contains("OK-2") && notes[1].contains("evil-name"), "{notes:?}");
}

#[test]
fn version_1_stays_readable() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.json");
    fs::write(&file, include_str!("../../fixtures/config-v1.json")).unwrap();
    let (store, _) = opened(&file).unwrap();
    let config = &store.kept.try_lock().unwrap().config;
    assert_eq!(config.streams.len(), 2);
    assert_eq!(config.streams[1].spec.playback, Playback::Once);
    assert!(config.streams[0].spec.keep_viewers, "on where an older version asked for nothing");
    assert_eq!(config.server.ports.map(|ports| (ports.rtsp, ports.rtsps)), Some((8654, 8322)));
    let settings = config.server.settings();
    assert_eq!(settings, ServerSettings { ports: settings.ports, ..ServerSettings::default() });
    assert_eq!(config.server.reach, None, "nobody was asked");
}
