//! Many paths and many viewers: what a restart of the server takes, and what looking after them costs.

use std::{
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result, ensure};
use fs_err as fs;
use serde_json::{Value, json};

use super::report::{Goal, Row};
use crate::rig::{
    Plain, Rig, Server,
    reader::{self, Reader},
    usage, wait,
};

const PATHS: usize = 100;
const VIEWERS: usize = 150;

/// Each time is the median of so many.
const ROUNDS: usize = 3;

/// How often all streams are looked at together, which is work for the server too; and how long at most.
const GRAIN: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(240);

/// How long everything is left alone before, and how long it is watched.
const SETTLE: Duration = Duration::from_secs(3);
const WATCHED: Duration = Duration::from_secs(20);

/// Kept streams after a restart of the bundled server, which finds their paths in its file; beside plain MediaMTX
/// with the same paths in its file. And what they cost while all is well.
pub(super) fn restart(rig: &Rig) -> Result<Vec<Row>> {
    let data = rig.data_dir("restart")?;
    let clip = rig.tiny_clip()?;
    let server = Server::ready(rig, &data)?;
    let names = names("kept");
    for name in &names {
        server.create(name, &clip, true)?;
    }
    until_on_air(&server, 0)?;
    thread::sleep(SETTLE);
    let (ffmpegs, mediamtx) = (server.children("ffmpeg")?, server.children("mediamtx")?);
    ensure!(ffmpegs.len() == PATHS && mediamtx.len() == 1, "{} FFmpegs, {mediamtx:?}", ffmpegs.len());
    let [own, children, theirs] = usage::over(WATCHED, [&[server.pid()], &ffmpegs, &mediamtx])?;

    let rtsp = server.rtsp()?;
    let (mut served, mut on_air) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (start, ordered) = (Instant::now(), now()?);
        server.api.post("/api/v1/server/restart", None)?;
        wait::until("the old server is gone", || {
            let running: Value = server.api.get("/api/v1/server")?;
            Ok(running["started"].as_i64().is_some_and(|at| at >= ordered).then_some(()))
        })?;
        until_served(rtsp, &names)?;
        served.push(start.elapsed());
        until_on_air(&server, ordered)?;
        on_air.push(start.elapsed());
        thread::sleep(SETTLE);
    }
    drop(server);

    let slate = slate(&data)?;
    let (mut bare_served, mut bare_on_air) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let plain = Plain::with_paths(rig, &names, Some(&slate))?;
        until_served(plain.rtsp(), &names)?;
        bare_served.push(start.elapsed());
        // As a shell would, all at once.
        let publishers = names.iter().map(|name| plain.publish(name, &clip)).collect::<Result<Vec<_>>>()?;
        for name in &names {
            wait::until("the bare stream is online", || plain.online(name))?;
        }
        bare_on_air.push(start.elapsed());
        drop((publishers, plain));
    }
    let with = |what: &str| format!("{what}, {PATHS} kept streams");
    Ok(vec![
        Row::times(
            &with("restart of the server, served again"),
            &served,
            ("MediaMTX with such a file, started", &bare_served),
            Goal::AtMost(5000.0),
        ),
        Row::times(
            &with("restart of the server, on air again"),
            &on_air,
            (&format!("the same, then {PATHS} ffmpeg at once"), &bare_on_air),
            Goal::AtMost(5000.0),
        ),
        Row::cpu(&with("stream-manager-server alone: CPU"), own, ("its MediaMTX", theirs), Goal::None),
        Row::memory(&with("stream-manager-server alone: PSS"), own, ("its MediaMTX", theirs), Goal::None),
        Row::cpu(&with("its FFmpegs: CPU"), children, ("its MediaMTX", theirs), Goal::None),
    ])
}

/// What asking about many paths costs: nobody publishes, so that there is nothing else to do.
pub(super) fn idle(rig: &Rig) -> Result<Vec<Row>> {
    let server = Server::ready(rig, &rig.data_dir("idle")?)?;
    let names = names("idle");
    for name in &names {
        server.create_of(name, &json!({ "type": "incoming" }), true)?;
    }
    wait::until("every path is there", || {
        let streams = streams(&server)?;
        Ok(streams.iter().all(|stream| stream["state"] == "running").then_some(()))
    })?;
    thread::sleep(SETTLE);
    let [own, theirs] = usage::over(WATCHED, [&[server.pid()], &server.children("mediamtx")?])?;
    drop(server);

    let plain = Plain::with_paths(rig, &names, None)?;
    thread::sleep(SETTLE);
    let [unasked] = usage::over(WATCHED, [&[plain.pid()]])?;
    let with = |what: &str| format!("{what}, {PATHS} paths without publishers");
    Ok(vec![
        Row::cpu(&with("stream-manager-server alone: CPU"), own, ("its MediaMTX", theirs), Goal::None),
        Row::cpu(&with("its MediaMTX: CPU"), theirs, ("MediaMTX that nobody asks", unasked), Goal::None),
        Row::memory(&with("its MediaMTX: PSS"), theirs, ("MediaMTX that nobody asks", unasked), Goal::None),
    ])
}

/// One stream and many who watch it.
pub(super) fn viewers(rig: &Rig) -> Result<Vec<Row>> {
    let clip = rig.clip()?;
    let server = Server::ready(rig, &rig.data_dir("viewers")?)?;
    let id = server.create("show", &clip, true)?;
    wait::until("the stream is on air", || server.on_air(&id))?;
    let crowd = crowd(server.rtsp()?)?;
    wait::until("every viewer is counted", || {
        let stream = server.api.get(&format!("/api/v1/streams/{id}"))?;
        let count = stream["metrics"]["viewers"]["rtsp"].as_u64();
        Ok((count == Some(VIEWERS as u64)).then_some(()))
    })?;
    thread::sleep(SETTLE);
    let [own, theirs] = usage::over(WATCHED, [&[server.pid()], &server.children("mediamtx")?])?;
    let dropped: u32 = crowd.iter().map(Reader::drops).sum();
    for why in crowd.iter().filter_map(Reader::why) {
        println!("a viewer was dropped: {why}");
    }
    drop((crowd, server));

    let plain = Plain::start(rig)?;
    let _publisher = plain.publish("show", &clip)?;
    wait::until("the bare stream is online", || plain.online("show"))?;
    let crowd = self::crowd(plain.rtsp())?;
    thread::sleep(SETTLE);
    let [bare] = usage::over(WATCHED, [&[plain.pid()]])?;
    drop(crowd);
    let with = |what: &str| format!("{what}, {VIEWERS} viewers");
    Ok(vec![
        Row::cpu(&with("stream-manager-server alone: CPU"), own, ("MediaMTX", bare), Goal::None),
        Row::memory(&with("stream-manager-server alone: PSS"), own, ("MediaMTX", bare), Goal::None),
        Row::cpu(&with("its MediaMTX: CPU"), theirs, ("MediaMTX", bare), Goal::None),
        Row::memory(&with("its MediaMTX: PSS"), theirs, ("MediaMTX", bare), Goal::None),
        Row::new(&with("dropped"), "viewers", f64::from(dropped), Goal::AtMost(0.0)),
    ])
}

/// Viewers that all get packets.
fn crowd(rtsp: u16) -> Result<Vec<Reader>> {
    let crowd: Vec<Reader> = (0..VIEWERS).map(|_| Reader::start(rtsp, "show")).collect();
    wait::until("every viewer gets something", || {
        Ok(crowd.iter().all(|reader| reader.packet().is_some()).then_some(()))
    })?;
    Ok(crowd)
}

fn names(word: &str) -> Vec<String> {
    (0..PATHS).map(|at| format!("{word}{at}")).collect()
}

fn streams(server: &Server) -> Result<Vec<Value>> {
    let mut snapshot = server.api.get("/api/v1/snapshot")?;
    let streams: Vec<Value> = serde_json::from_value(snapshot["streams"].take())?;
    ensure!(streams.iter().all(|stream| stream["state"] != "failed"), "a stream failed");
    Ok(streams)
}

/// Until every stream has been on air since a time after `since`, in milliseconds of the wall clock.
fn until_on_air(server: &Server, since: i64) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let streams = streams(server)?;
        let anew = |stream: &&Value| stream["on_air_since"].as_i64().is_some_and(|at| at > since);
        let there = streams.iter().filter(anew).count();
        if there == streams.len() {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "after {PATIENCE:?} only {there} streams are on air");
        thread::sleep(GRAIN);
    }
}

fn until_served(rtsp: u16, names: &[String]) -> Result<()> {
    for name in names {
        wait::until("every path answers", || Ok(reader::is_served(rtsp, name)?.then_some(())))?;
    }
    Ok(())
}

/// The one that the streams of this data folder have.
pub(super) fn slate(data: &Path) -> Result<PathBuf> {
    let files = fs::read_dir(data.join("slates"))?.filter_map(|entry| Some(entry.ok()?.path()));
    let is_mp4 = |file: &PathBuf| file.extension().is_some_and(|end| end == "mp4");
    files.into_iter().find(is_mp4).context("kept streams have a slate")
}

/// Milliseconds of the wall clock.
fn now() -> Result<i64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis().try_into()?)
}
