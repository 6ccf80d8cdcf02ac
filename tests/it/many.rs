//! Many streams at once: how they start, and how fast all of them are back.

use std::{
    collections::HashMap,
    path::PathBuf,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::{Dir, Server, media, process, until, until_within};

/// Streams of one small file, named `many-0`…, all on air.
async fn on_air(dir: &Dir, count: usize) -> Server {
    let server = Server::ready(dir).await;
    let file = tiny(dir);
    for n in 0..count {
        server.create(&format!("many-{n}"), &file, true).await;
    }
    until_all_on_air(&server, count).await;
    server
}

fn tiny(dir: &Dir) -> PathBuf {
    media::plain(&dir.media("tiny.mp4"))
}

async fn until_all_on_air(server: &Server, count: usize) {
    until_within(Duration::from_secs(180), "all are on air", async || {
        (live(server).await.len() == count).then_some(())
    })
    .await;
}

async fn live(server: &Server) -> Vec<Value> {
    let mut streams = server.streams().await;
    streams.retain(|stream| stream["on_air"] == true);
    streams
}

/// `p` of 1 is the largest.
fn percentile(times: &mut [Duration], p: f64) -> Duration {
    times.sort();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "few"
    )]
    let at = ((times.len() as f64 * p).ceil() as usize).clamp(1, times.len()) - 1;
    times[at]
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_back_after_a_crash_of_the_server_and_each_after_its_own() {
    all_are_back(5).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "heavy"]
async fn heavy_twenty_streams_are_back_after_a_crash_of_the_server_and_each_after_its_own() {
    all_are_back(20).await;
}

async fn all_are_back(count: usize) {
    let dir = Dir::new();
    let server = on_air(&dir, count).await;

    // Each FFmpeg is killed once, one after the other.
    let mut times = Vec::new();
    for n in 0..count {
        let name = format!("many-{n}");
        let of_name = |process: &process::Process| process.command.trim_end().ends_with(&format!("/{name}"));
        let victim = until("it runs", async || server.children("ffmpeg").into_iter().find(of_name)).await;
        let began = Instant::now();
        process::signal(victim.pid, Signal::SIGKILL);
        until(&format!("{name} is on air again"), async || {
            let stream = server.streams().await.into_iter().find(|stream| stream["name"] == name.as_str())?;
            let fresh = server.children("ffmpeg").iter().any(|now| of_name(now) && now.pid != victim.pid);
            (fresh && stream["on_air"] == true).then_some(())
        })
        .await;
        times.push(began.elapsed());
    }
    let (half, most) = (percentile(&mut times, 0.5), percentile(&mut times, 0.95));
    eprintln!("FFmpeg killed: on air again after {half:?} (p50), {most:?} (p95)");
    assert!(half < Duration::from_secs(20), "{times:?}");

    let before = server.children("ffmpeg");
    let mediamtx = server.children("mediamtx").remove(0);
    let began = Instant::now();
    process::signal(mediamtx.pid, Signal::SIGKILL);
    let mut back: HashMap<String, Duration> = HashMap::new();
    until_within(Duration::from_secs(120), "all are on air again", async || {
        let now = server.children("ffmpeg");
        for stream in live(&server).await {
            let name = stream["name"].as_str().unwrap().to_owned();
            let fresh = now
                .iter()
                .any(|p| p.command.trim_end().ends_with(&format!("/{name}")) && !before.contains(p));
            if fresh {
                back.entry(name).or_insert_with(|| began.elapsed());
            }
        }
        (back.len() == count).then_some(())
    })
    .await;
    let mut times: Vec<Duration> = back.into_values().collect();
    let (half, most) = (percentile(&mut times, 0.5), percentile(&mut times, 1.0));
    eprintln!("MediaMTX killed: on air again after {half:?} (p50), {most:?} (all)");
    assert!(most < Duration::from_secs(60), "{times:?}");
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_streams_start_in_the_order_of_use() {
    start_in_the_order_of_use(30).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "heavy"]
async fn heavy_fifty_streams_start_in_the_order_of_use() {
    start_in_the_order_of_use(50).await;
}

/// Few at a time, the ones that were used last first; the others say that they wait, and at which place.
async fn start_in_the_order_of_use(count: usize) {
    let dir = Dir::new();
    let file = tiny(&dir);
    // As an earlier run stored them: the last was used last.
    let mut config: Value =
        serde_json::from_str(&std::fs::read_to_string(dir.data().join("config.json")).unwrap()).unwrap();
    let id = |n: usize| format!("01a2058e-d892-75f6-86d6-{n:012}");
    config["streams"] = (0..count)
        .map(|n| {
            serde_json::json!({ "id": id(n), "name": format!("many-{n}"), "order": "run", "used": 1_000 + n,
                "source": { "type": "file", "path": file } })
        })
        .collect();
    std::fs::write(dir.data().join("config.json"), config.to_string()).unwrap();

    let server = Server::start(&dir).await;
    let (mut order, mut most_starting, mut places) = (Vec::new(), 0, 0);
    until_within(Duration::from_secs(240), "all are on air", async || {
        // Processes first: one that starts in between is then not counted, rather than twice.
        let children = server.children("ffmpeg").len();
        let streams = server.streams().await;
        let starting = streams.iter().filter(|stream| stream["state"] == "starting");
        places = places
            .max(starting.clone().filter_map(|stream| stream["queue"].as_u64()).max().unwrap_or_default());
        let live: Vec<&Value> = streams.iter().filter(|stream| stream["on_air"] == true).collect();
        most_starting = most_starting.max(children.saturating_sub(live.len()));
        let mut fresh: Vec<&Value> =
            live.into_iter().filter(|stream| !order.contains(&stream["name"])).collect();
        fresh.sort_by_key(|stream| stream["on_air_since"].as_i64());
        order.extend(fresh.into_iter().map(|stream| stream["name"].clone()));
        (order.len() == count).then_some(())
    })
    .await;
    eprintln!("most at a time: {most_starting}; farthest place seen: {places}; order {order:?}");
    // However late the first look comes.
    assert!(places > 4, "who waits says at which place: {places}");
    // Four have their turn; the picture may be behind by those that went on air since it was asked for.
    assert!(most_starting <= 12, "{most_starting} started at a time");
    let half: usize = order[..count / 2]
        .iter()
        .filter(|name| {
            name.as_str()
                .and_then(|name| name.strip_prefix("many-")?.parse().ok())
                .is_some_and(|n: usize| n >= count / 2 - 8)
        })
        .count();
    assert!(half >= count / 2 - 4, "those used last come first: {order:?}");
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}
