//! How long a person waits: from "start" to on air, and from launch to rows in the list.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Result;

use super::{
    paths,
    report::{Goal, Row},
};
use crate::rig::{Plain, Rig, Server, wait};

/// Each time is the median of so many, ours and the bare program's in turn, so that both meet the same noise.
const ROUNDS: usize = 7;

/// Streams in the list at launch.
const ROWS: usize = 20;

/// Start to on air of a probed file; beside the bare command to a path as MediaMTX makes it by itself, and to one that
/// keeps its viewers by the same slate, as ours does.
pub(super) fn start_to_on_air(rig: &Rig) -> Result<Vec<Row>> {
    let clip = rig.clip()?;
    let data = rig.data_dir("start")?;
    let server = Server::ready(rig, &data)?;
    // Creating it probes the file; a slate is there once it was on air.
    let id = server.create("bench", &clip, false)?;
    time_start(&server, &id)?;
    let slate = wait::until("the stream has a slate", || Ok(paths::slate(&data).ok()))?;
    let plain = Plain::start(rig)?;
    let keeping = Plain::with_paths(rig, &["bench".to_owned()], Some(&slate))?;
    let (mut ours, mut bare, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(time_start(&server, &id)?);
        bare.push(time_bare(&plain, &clip)?);
        kept.push(time_bare(&keeping, &clip)?);
    }
    let name = "start to on air, probed file";
    Ok(vec![
        Row::times(name, &ours, ("ffmpeg", &bare), Goal::Ratio(1.2)),
        Row::times(name, &ours, ("ffmpeg, to a path kept by the same slate", &kept), Goal::None),
    ])
}

fn time_bare(plain: &Plain, clip: &Path) -> Result<Duration> {
    let start = Instant::now();
    let publisher = plain.publish("bench", clip)?;
    wait::until("the bare stream is online", || plain.online("bench"))?;
    let took = start.elapsed();
    drop(publisher);
    plain.until_offline("bench")?;
    Ok(took)
}

fn time_start(server: &Server, id: &str) -> Result<Duration> {
    let start = Instant::now();
    server.api.post(&format!("/api/v1/streams/{id}/start"), None)?;
    wait::until("the stream is on air", || server.on_air(id))?;
    let took = start.elapsed();
    server.api.post(&format!("/api/v1/streams/{id}/stop"), None)?;
    wait::until("the stream is stopped", || {
        let stream = server.api.get(&format!("/api/v1/streams/{id}"))?;
        Ok((stream["state"] == "stopped").then_some(()))
    })?;
    Ok(took)
}

/// Puts that many stopped streams into a data folder.
pub(super) fn fill(rig: &Rig, data: &Path) -> Result<()> {
    let clip = rig.clip()?;
    let server = Server::ready(rig, data)?;
    for row in 0..ROWS {
        server.create(&format!("row{row}"), &clip, false)?;
    }
    Ok(())
}

/// Launch to usable rows: the time until a snapshot with every stream can be had.
pub(super) fn launch_to_rows(rig: &Rig) -> Result<Vec<Row>> {
    let data = rig.data_dir("launch")?;
    fill(rig, &data)?;
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let server = Server::start(rig, &data)?;
        wait::until("all rows are there", || {
            let snapshot = server.api.get("/api/v1/snapshot")?;
            Ok((snapshot["streams"].as_array().map(Vec::len) == Some(ROWS)).then_some(()))
        })?;
        ours.push(start.elapsed());
        drop(server);
        let start = Instant::now();
        let plain = Plain::start(rig)?;
        bare.push(start.elapsed());
        drop(plain);
    }
    let name = format!("launch to {ROWS} usable rows");
    Ok(vec![Row::times(&name, &ours, ("MediaMTX until its API answers", &bare), Goal::None)])
}
