//! Processor time and memory with many streams that are sent as they are.

use std::{thread, time::Duration};

use anyhow::Result;

use super::report::{Goal, Row};
use crate::rig::{
    Plain, Rig, Server,
    usage::{self, Usage},
    wait,
};

const STREAMS: usize = 20;

/// How long the streams are left alone before, and how long they are watched.
const SETTLE: Duration = Duration::from_secs(3);
const WATCHED: Duration = Duration::from_secs(20);

/// Ours, its FFmpegs and its MediaMTX, each beside the bare ones, which do the same work just after.
pub(super) fn copy_streams(rig: &Rig) -> Result<Vec<Row>> {
    let [server, children, own] = ours(rig)?;
    let [ffmpeg, mediamtx] = bare(rig)?;
    let whole = |parts: &[Usage]| Usage {
        cpu: parts.iter().map(|part| part.cpu).sum(),
        memory: parts.iter().map(|part| part.memory).sum(),
    };
    let (all_ours, all_bare) = (whole(&[server, children, own]), whole(&[ffmpeg, mediamtx]));
    let with = |what: &str| format!("{what}, {STREAMS} copy streams");
    let ffmpegs = format!("{STREAMS} ffmpeg");
    let all = format!("MediaMTX and {ffmpegs}");
    Ok(vec![
        Row::cpu(&with("stream-manager-server alone: CPU"), server, (&all, all_bare), Goal::AtMost(1.0)),
        Row::memory(&with("stream-manager-server alone: PSS"), server, (&all, all_bare), Goal::AtMost(30.0)),
        Row::cpu(&with("its FFmpegs: CPU"), children, (&ffmpegs, ffmpeg), Goal::None),
        Row::memory(&with("its FFmpegs: PSS"), children, (&ffmpegs, ffmpeg), Goal::None),
        Row::cpu(&with("its MediaMTX: CPU"), own, ("MediaMTX", mediamtx), Goal::None),
        Row::memory(&with("its MediaMTX: PSS"), own, ("MediaMTX", mediamtx), Goal::None),
        Row::cpu(&with("all together: CPU"), all_ours, (&all, all_bare), Goal::None),
        Row::memory(&with("all together: PSS"), all_ours, (&all, all_bare), Goal::None),
    ])
}

fn ours(rig: &Rig) -> Result<[Usage; 3]> {
    let clip = rig.clip()?;
    let server = Server::ready(rig, &rig.data_dir("load")?)?;
    let mut ids = Vec::new();
    for stream in 0..STREAMS {
        ids.push(server.create(&format!("copy{stream}"), &clip, true)?);
    }
    for id in &ids {
        wait::until("every stream is on air", || server.on_air(id))?;
    }
    thread::sleep(SETTLE);
    let (ffmpeg, mediamtx) = (server.children("ffmpeg")?, server.children("mediamtx")?);
    anyhow::ensure!(ffmpeg.len() == STREAMS && mediamtx.len() == 1, "{ffmpeg:?} {mediamtx:?}");
    usage::over(WATCHED, [&[server.pid()], &ffmpeg, &mediamtx])
}

fn bare(rig: &Rig) -> Result<[Usage; 2]> {
    let clip = rig.clip()?;
    let plain = Plain::start(rig)?;
    let names: Vec<String> = (0..STREAMS).map(|stream| format!("copy{stream}")).collect();
    let publishers = names.iter().map(|name| plain.publish(name, &clip)).collect::<Result<Vec<_>>>()?;
    for name in &names {
        wait::until("every bare stream is online", || plain.online(name))?;
    }
    thread::sleep(SETTLE);
    let ffmpeg: Vec<u32> = publishers.iter().map(crate::process::Background::id).collect();
    usage::over(WATCHED, [&ffmpeg, &[plain.pid()]])
}
