use std::collections::HashSet;

use serde_json::{Value, json};

use crate::{Protocol, Stream};

/// OBS Studio's base canvas, which a picture is fitted into. Its own default; another one only leaves a margin.
const CANVAS: (f64, f64) = (1920.0, 1080.0);

/// `OBS_BOUNDS_SCALE_INNER`: as large as fits, in its own shape (`libobs/obs.h`).
const FIT_INSIDE: u8 = 2;

/// `OBS_ALIGN_LEFT | OBS_ALIGN_TOP`: a position means the upper left corner.
const UPPER_LEFT: u8 = 5;

/// A scene collection of OBS Studio 29 and newer: for each stream a scene of its name that shows the stream's RTSP
/// URL, in the given order, the first one current. Tried with OBS Studio 29.0.2.
///
/// OBS reconnects by itself, so streams need not be on air when it loads the collection.
pub fn obs_scene_collection(collection_name: &str, streams: &[Stream]) -> Value {
    // Scenes and media share one namespace in OBS, and a second one of the same name would be dropped.
    let mut taken = HashSet::new();
    let mut sources = Vec::new();
    let mut order = Vec::new();
    for stream in streams {
        // WebRTC's address is a page.
        let Some((protocol, url)) =
            stream.addresses().into_iter().find(|(protocol, _)| *protocol != Protocol::Webrtc)
        else {
            continue;
        };
        let scene_name = unique(&stream.spec.name, &mut taken);
        let media_name = unique(&format!("{} ({})", stream.spec.name, protocol.label()), &mut taken);
        sources.push(media(&media_name, &url));
        sources.push(scene(&scene_name, &media_name));
        order.push(json!({ "name": scene_name }));
    }
    let first = order.first().map_or("", |scene| scene["name"].as_str().unwrap_or_default()).to_owned();
    json!({
        "name": collection_name,
        "current_scene": first,
        "current_program_scene": first,
        "scene_order": order,
        "sources": sources,
        "groups": [],
        "transitions": [],
        "modules": {},
    })
}

fn media(name: &str, url: &str) -> Value {
    json!({
        "id": "ffmpeg_source",
        "versioned_id": "ffmpeg_source",
        "name": name,
        "settings": {
            "is_local_file": false,
            "input": url,
            "input_format": "",
            "ffmpeg_options": "rtsp_transport=tcp",
            "buffering_mb": 2,
            "reconnect_delay_sec": 2,
            "hw_decode": false,
            "restart_on_activate": false,
            "close_when_inactive": false,
        },
    })
}

fn scene(name: &str, shown: &str) -> Value {
    let (width, height) = CANVAS;
    json!({
        "id": "scene",
        "versioned_id": "scene",
        "name": name,
        "settings": {
            "id_counter": 1,
            "custom_size": false,
            "items": [{
                "name": shown,
                "id": 1,
                "visible": true,
                "locked": false,
                "rot": 0.0,
                "pos": { "x": 0.0, "y": 0.0 },
                "scale": { "x": 1.0, "y": 1.0 },
                "align": UPPER_LEFT,
                "bounds_type": FIT_INSIDE,
                "bounds_align": 0,
                "bounds": { "x": width, "y": height },
            }],
        },
    })
}

/// `name`, with a number behind it when something else has it.
fn unique(name: &str, taken: &mut HashSet<String>) -> String {
    let numbered = (2u32..).map(|n| format!("{name} {n}"));
    let free = std::iter::once(name.to_owned())
        .chain(numbered)
        .find(|name| !taken.contains(name))
        .unwrap_or_default();
    taken.insert(free.clone());
    free
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Source, StreamId, StreamSpec, Urls};

    fn stream(name: &str) -> Stream {
        let rtsp = format!("rtsp://localhost:8554/{name}");
        let source = Source::File { path: "/a.mp4".to_owned() };
        let spec = StreamSpec::new(name, source);
        let urls = Urls { rtsp, ..Urls::default() };
        Stream { urls, ..Stream::new(StreamId(uuid::Uuid::nil()), spec) }
    }

    fn named<'a>(collection: &'a Value, name: &str) -> &'a Value {
        collection["sources"].as_array().unwrap().iter().find(|source| source["name"] == name).unwrap()
    }

    #[test]
    fn each_stream_has_a_scene_that_shows_its_url() {
        let collection = obs_scene_collection("Streams", &[stream("one"), stream("deep/er")]);
        assert_eq!(collection["name"], "Streams");
        assert_eq!(collection["current_scene"], "one");
        assert_eq!(collection["scene_order"], json!([{ "name": "one" }, { "name": "deep/er" }]));
        assert_eq!(collection["sources"].as_array().unwrap().len(), 4);
        for name in ["one", "deep/er"] {
            let scene = named(&collection, name);
            assert_eq!(scene["id"], "scene");
            let shown = scene["settings"]["items"][0]["name"].as_str().unwrap();
            let media = named(&collection, shown);
            assert_eq!(media["id"], "ffmpeg_source");
            assert_eq!(media["settings"]["input"], format!("rtsp://localhost:8554/{name}"));
            assert_eq!(media["settings"]["is_local_file"], false);
        }
    }

    #[test]
    fn no_two_sources_share_a_name() {
        let collection = obs_scene_collection("x", &[stream("a"), stream("a"), stream("a (RTSP)")]);
        let sources = collection["sources"].as_array().unwrap();
        let names: HashSet<&str> = sources.iter().map(|source| source["name"].as_str().unwrap()).collect();
        assert_eq!(names.len(), 6, "{names:?}");
    }

    #[test]
    fn no_stream_no_scene() {
        let collection = obs_scene_collection("x", &[]);
        assert_eq!(collection["sources"], json!([]));
        assert_eq!(collection["current_scene"], "");
    }
}
