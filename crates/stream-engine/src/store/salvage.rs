//! Reads of a configuration what can be read: a value that a person's edit made impossible costs itself alone.

use std::{fs, path::Path};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use stream_api::{Order, Ports, Source, StreamId, StreamSpec, ViewerAccess, t};
use uuid::Uuid;

use super::{Config, SCHEMA_VERSION, StoredStream, Unknown, beside};
use crate::{access::StoredAccess, stored_server::StoredServer};

/// The keys of a configuration.
const KEYS: [&str; 6] = ["schema_version", "server", "servers", "prepared_room", "presets", "streams"];

/// What of a configuration could not be read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lost {
    /// Where the values stand; they are the usual ones now.
    values: Vec<String>,
    /// The names of streams that nobody may watch for it.
    shut: Vec<String>,
}

/// What of `given` can be read, and what can't; `None` where not even its shape is a configuration's.
pub(super) fn salvage(given: &Value) -> Option<(Config, Lost)> {
    let fields = given.as_object()?;
    let list = |name: &str| match fields.get(name) {
        None => Some(&[][..]),
        Some(value) => value.as_array().map(Vec::as_slice),
    };
    let (mut lost, mut shut) = (Vec::new(), Vec::new());
    lost.extend(fields.keys().filter(|key| !KEYS.contains(&key.as_str())).cloned());
    let server = fields.get("server").map(|given| server(given, &mut lost)).unwrap_or_default();
    let mut servers = Vec::new();
    for (at, given) in list("servers")?.iter().enumerate() {
        match serde_json::from_value(given.clone()) {
            Ok(other) => servers.push(other),
            Err(_) => lost.push(format!("servers/{at}")),
        }
    }
    let mut streams = Vec::new();
    for (at, given) in list("streams")?.iter().enumerate() {
        let (before, place) = (lost.len(), format!("streams/{at}"));
        let Some(mut stream) = stream(given, &place, &mut lost) else { continue };
        let is_unread = lost[before..].iter().any(|value| value.starts_with(&format!("{place}/access")));
        let unknown = name_unknown(&mut stream.unknown, &place, &mut lost);
        // Where nothing is said under `access`, what nobody knows may have been meant so.
        if is_unread || (unknown && given.get("access").is_none()) {
            // Whoever was kept out stays out.
            stream.access = StoredAccess { viewers: ViewerAccess::Restricted, ..StoredAccess::default() };
            shut.push(stream.spec.name.clone());
        }
        streams.push(stream);
    }
    let prepared_room = match fields.get("prepared_room").unwrap_or(&Value::Null) {
        Value::Null => None,
        given => {
            let room = given.as_u64();
            if room.is_none() {
                lost.push("prepared_room".to_owned());
            }
            room
        }
    };
    let mut presets = Vec::new();
    for (at, given) in list("presets")?.iter().enumerate() {
        match serde_json::from_value(given.clone()) {
            Ok(preset) => presets.push(preset),
            Err(_) => lost.push(format!("presets/{at}")),
        }
    }
    let config = Config { schema_version: SCHEMA_VERSION, server, servers, prepared_room, presets, streams };
    Some((config, Lost { values: lost, shut }))
}

/// Keeps the file as it was beside it, where something of it is lost, and says so.
pub(super) fn told(file: &Path, lost: &Lost) -> Vec<String> {
    if lost.values.is_empty() {
        return Vec::new();
    }
    let broken = beside(file);
    if let Err(error) = fs::copy(file, &broken) {
        tracing::warn!(%error, "the configuration as it was could not be kept");
    }
    named(lost, &broken)
}

/// What is lost of a file that is kept as `broken`.
pub(super) fn named(lost: &Lost, broken: &Path) -> Vec<String> {
    if lost.values.is_empty() {
        return Vec::new();
    }
    let mut notes = vec![t!("note.values_lost", values = lost.values.join(", "), broken = broken.display())];
    if !lost.shut.is_empty() {
        notes.push(t!("note.access_shut", names = lost.shut.join(", ")));
    }
    notes
}

fn server(given: &Value, lost: &mut Vec<String>) -> StoredServer {
    // Else one bad port would cost all of them.
    let ports = given["ports"].is_object().then_some(Ports::USUAL);
    let mut server = readable(StoredServer { ports, ..StoredServer::default() }, given, "server", lost);
    name_unknown(&mut server.unknown, "server", lost);
    server
}

/// Keys that nobody knows are lost. Whether there are any.
fn name_unknown(unknown: &mut Unknown, place: &str, lost: &mut Vec<String>) -> bool {
    let there = !unknown.is_empty();
    lost.extend(std::mem::take(unknown).keys().map(|key| format!("{place}/{key}")));
    there
}

/// Without a source there is no stream.
fn stream(given: &Value, place: &str, lost: &mut Vec<String>) -> Option<StoredStream> {
    if let Ok(whole) = serde_json::from_value(given.clone()) {
        return Some(whole);
    }
    let Ok(source) = serde_json::from_value::<Source>(given["source"].clone()) else {
        lost.push(place.to_owned());
        return None;
    };
    let usual = StoredStream {
        id: StreamId(Uuid::now_v7()),
        // It is made another one where it is somebody else's.
        spec: StreamSpec::new("stream", source),
        order: Order::Stop,
        access: StoredAccess::default(),
        used: None,
        converts: false,
        starts_prepared: None,
        unknown: Unknown::new(),
    };
    let stream = readable(usual, given, place, lost);
    let access = format!("{place}/access");
    if let Some(at) = lost.iter().position(|value| *value == access) {
        let slips = slips(&given["access"]);
        if !slips.is_empty() {
            drop(lost.splice(at..=at, slips.iter().map(|key| format!("{access}/{key}"))));
        }
    }
    Some(stream)
}

/// The keys of `access` that can't be read, or are none.
fn slips(access: &Value) -> Vec<String> {
    let is_slip = |(key, value): &(&String, &Value)| {
        let alone = Map::from_iter([((*key).clone(), (*value).clone())]);
        serde_json::from_value::<StoredAccess>(alone.into()).is_err()
    };
    access.as_object().into_iter().flatten().filter(is_slip).map(|(key, _)| key.clone()).collect()
}

/// `usual`, with all of `given` that can be read.
fn readable<T: serde::Serialize + DeserializeOwned>(
    usual: T,
    given: &Value,
    place: &str,
    lost: &mut Vec<String>,
) -> T {
    let Ok(mut whole) = serde_json::to_value(&usual) else { return usual };
    merge::<T>(&mut whole, &mut Vec::new(), given, place, lost);
    serde_json::from_value(whole).unwrap_or(usual)
}

/// Puts into `whole`, below the fields `path`, what of `given` can be read as a part of `T`.
fn merge<T: DeserializeOwned>(
    whole: &mut Value,
    path: &mut Vec<String>,
    given: &Value,
    place: &str,
    lost: &mut Vec<String>,
) {
    let mut tried = whole.clone();
    *slot(&mut tried, path) = given.clone();
    if serde_json::from_value::<T>(tried.clone()).is_ok() {
        *whole = tried;
        return;
    }
    match given {
        Value::Object(fields) if is_group(whole, path) => {
            for (name, field) in fields {
                path.push(name.clone());
                merge::<T>(whole, path, field, place, lost);
                path.pop();
            }
        }
        _ => lost.push(format!("{place}/{}", path.join("/"))),
    }
}

/// Whether there is one below these fields that has fields of its own.
fn is_group(whole: &Value, path: &[String]) -> bool {
    path.iter().try_fold(whole, |at, name| at.get(name)).is_some_and(Value::is_object)
}

/// The value below these fields; made, where there is none.
fn slot<'a>(mut at: &'a mut Value, path: &[String]) -> &'a mut Value {
    for name in path {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        at = &mut at[name.as_str()];
    }
    at
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::tests::opened;

    fn stored(name: &str) -> StoredStream {
        let source = Source::File { path: "/v/a.mp4".into() };
        StoredStream {
            id: StreamId(Uuid::now_v7()),
            spec: StreamSpec::new(name, source),
            order: Order::Run,
            access: StoredAccess::default(),
            used: None,
            converts: false,
            starts_prepared: None,
            unknown: Unknown::new(),
        }
    }

    fn stream(name: &str) -> Value {
        serde_json::to_value(stored(name)).unwrap()
    }

    #[test]
    fn a_bad_value_costs_itself_alone() {
        let (mut bad, mut shut, mut gone) = (stream("bad"), stream("shut"), stream("gone"));
        let mut slip = stream("slip");
        bad["playback"] = json!("sideways");
        bad["order"] = json!(5);
        bad["access"] = json!({ "viewers": "open" });
        bad["recrod"] = json!(true);
        shut["access"] = json!({ "viewers": "everybody?" });
        slip["access"] = json!({ "viewer": "restricted", "ips": ["10.0.0.0/8"] });
        gone["source"] = json!({ "type": "teleport" });
        let given = json!({
            "schema_version": 1,
            "server": {
                "ports": { "rtsp": 80_000, "hls": 18_888 }, "guest_port": 8_899, "reach": "mars", "uplink_mbps": 50,
                "encrytion": { "mode": "required" },
            },
            "prepared_room": "much",
            "presets": [{ "name": "small", "encoding": { "height": 720 } }, { "name": "odd", "encoding": { "height": -1 } }],
            "wishes": [],
            "streams": [stream("a"), bad, shut, gone, "nonsense", slip, stream("z")],
        });
        let (config, mut lost) = salvage(&given).unwrap();
        lost.values.sort();
        let ports = config.server.ports.unwrap();
        assert_eq!((ports.rtsp, ports.hls), (Ports::USUAL.rtsp, 18_888));
        let server = &config.server;
        assert_eq!((server.guest_port, server.reach, server.uplink_mbps), (Some(8_899), None, Some(50)));
        let names: Vec<&str> = config.streams.iter().map(|stream| stream.spec.name.as_str()).collect();
        assert_eq!(names, ["a", "bad", "shut", "slip", "z"]);
        assert_eq!(config.streams[1].order, Order::Stop);
        assert_eq!(config.streams[1].id.to_string(), given["streams"][1]["id"], "it is still the same");
        for shut in &config.streams[2..4] {
            let nobody = StoredAccess { viewers: ViewerAccess::Restricted, ..StoredAccess::default() };
            assert_eq!(shut.access, nobody, "nobody is let in by a slip");
        }
        assert_eq!(lost.shut, ["shut", "slip"]);
        assert_eq!(config.streams[2].order, Order::Run);
        assert_eq!(config.prepared_room, None);
        assert_eq!(config.presets.len(), 1);
        let expected = [
            "prepared_room",
            "presets/1",
            "server/encrytion",
            "server/ports/rtsp",
            "server/reach",
            "streams/1/order",
            "streams/1/playback",
            "streams/1/recrod",
            "streams/2/access/viewers",
            "streams/3",
            "streams/4",
            "streams/5/access/viewer",
            "wishes",
        ];
        assert_eq!(lost.values, expected);
        assert!(salvage(&json!({ "streams": {} })).is_none() && salvage(&json!([])).is_none());
    }

    #[tokio::test]
    async fn an_impossible_value_costs_no_stream() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.json");
        let (store, _) = opened(&file).unwrap();
        store.put(stored("a")).await.unwrap();
        store.put(stored("newest")).await.unwrap();
        let server = StoredServer { ports: Some(Ports::USUAL), ..StoredServer::default() };
        store.set_server(server).await.unwrap();
        let edited = fs::read_to_string(&file).unwrap().replace("\"rtsp\": 8554", "\"rtsp\": 80000");
        fs::write(&file, &edited).unwrap();
        let (store, notes) = opened(&file).unwrap();
        assert_eq!(store.streams().await.len(), 2, "{notes:?}");
        assert!(notes.len() == 1 && notes[0].contains("server/ports/rtsp"), "{notes:?}");
        let mut kept = fs::read_dir(dir.path()).unwrap().flatten();
        let is_kept = |entry: fs::DirEntry| entry.file_name().to_string_lossy().contains("broken");
        assert!(kept.any(is_kept), "the file as it was is kept");
    }

    #[tokio::test]
    async fn however_access_is_misspelt_nobody_is_let_in() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.json");
        let access = StoredAccess { viewers: ViewerAccess::Restricted, ..StoredAccess::default() };
        for slip in ["acces", "Access", "access ", "viewers", ""] {
            let guarded = StoredStream { access: access.clone(), ..stored("guarded") };
            let mut given = serde_json::to_value(&guarded).unwrap();
            let meant = given.as_object_mut().unwrap().remove("access").unwrap();
            given[slip] = meant;
            // Beside what says who may watch, an unknown key is a slip and no more.
            let mut told = stream("told");
            told["access"] = json!({ "viewers": "open" });
            told[slip] = json!(1);
            let config = json!({ "schema_version": 1, "streams": [given, told, stream("other")] });
            fs::write(&file, config.to_string()).unwrap();
            let (store, notes) = opened(&file).unwrap();
            let streams = store.streams().await;
            let open: Vec<bool> = streams.iter().map(|s| s.access.viewers == ViewerAccess::Open).collect();
            assert_eq!(open, [false, true, true], "{slip}: {notes:?}");
            assert_eq!((streams[0].id, streams[0].order), (guarded.id, Order::Run), "it goes on for us");
            let named = format!("streams/0/{slip}, streams/1/{slip}");
            assert!(notes[0].contains(&named) && notes[1].contains("guarded"), "{notes:?}");
            store.save_rest().await;
            let (store, notes) = opened(&file).unwrap();
            assert_eq!((store.streams().await, notes), (streams, Vec::new()), "said once, and shut for good");
        }
    }

    #[tokio::test]
    async fn a_misspelt_key_of_access_lets_nobody_in_and_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.json");
        let access = StoredAccess { viewers: ViewerAccess::Restricted, ..StoredAccess::default() };
        let (store, _) = opened(&file).unwrap();
        store.put(StoredStream { access, ..stored("guarded") }).await.unwrap();
        store.put(stored("other")).await.unwrap();
        let edited = fs::read_to_string(&file).unwrap().replace("\"viewers\"", "\"viewer\"");
        fs::write(&file, &edited).unwrap();
        let (store, notes) = opened(&file).unwrap();
        let open: Vec<bool> =
            store.streams().await.iter().map(|s| s.access.viewers == ViewerAccess::Open).collect();
        assert_eq!(open, [false, true], "{notes:?}");
        assert!(notes[0].contains("streams/0/access/viewer") && notes[1].contains("guarded"), "{notes:?}");
    }
}
