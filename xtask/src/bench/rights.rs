//! How soon viewers go who lost the right to watch, and how soon the bundled server has everything again that it was
//! told, after it crashed or somebody made it read its file anew.

use std::{
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use fs_err as fs;
use serde_json::{Value, json};

use super::report::{Goal, Row};
use crate::{
    process::{self, Background},
    rig::{Plain, Rig, Server, http::Api, wait},
};

/// Each time is the median of so many.
const ROUNDS: usize = 3;
/// Streams with a password that are recorded.
const PATHS: usize = 20;
const PROTOCOLS: [&str; 5] = ["rtsp", "rtmp", "srt", "hls", "webrtc"];
const PASSWORD: &str = "Bench-pass_1";
/// How long viewers watch before they lose the right.
const SETTLE: Duration = Duration::from_secs(3);

/// Somebody who watches.
enum Viewer {
    /// FFmpeg, which ends when it is let go.
    Player(Background),
    /// Another MediaMTX, which fetches by WHEP as a browser would.
    Browser(Plain),
}

impl Viewer {
    fn of(rig: &Rig, protocol: &str, url: &str) -> Result<Viewer> {
        if protocol == "webrtc" {
            return Ok(Viewer::Browser(Plain::fetching(
                rig,
                &format!("{}whep", url.replacen("http", "whep", 1)),
            )?));
        }
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args(["-nostdin", "-v", "error"]);
        if protocol == "rtsp" {
            ffmpeg.args(["-rtsp_transport", "tcp"]);
        }
        ffmpeg.args(["-i", url, "-map", "0", "-c", "copy", "-f", "null", "-"]);
        Ok(Viewer::Player(Background::start(ffmpeg.stdout(Stdio::null()).stderr(Stdio::null()))?))
    }

    fn is_let_go(&mut self) -> Result<bool> {
        match self {
            Viewer::Player(player) => Ok(player.must_run().is_err()),
            Viewer::Browser(browser) => Ok(browser.online(Plain::FETCHED)?.is_none()),
        }
    }
}

/// One viewer by each protocol, of a stream that asks for a password all of a sudden.
pub(super) fn let_go(rig: &Rig) -> Result<Vec<Row>> {
    let server = Server::ready(rig, &rig.data_dir("let-go")?)?;
    let id = server.create("show", &rig.clip()?, true)?;
    let path = format!("/api/v1/streams/{id}");
    let access = |access: &Value| server.api.post(&format!("{path}/access"), Some(access));
    let mut took: [Vec<Duration>; 5] = Default::default();
    for _ in 0..ROUNDS {
        access(&json!({ "viewers": "open", "password": "remove" }))?;
        wait::until("the stream is on air", || server.on_air(&id))?;
        let urls = &server.api.get(&path)?["urls"];
        let watching = PROTOCOLS.iter().map(|protocol| {
            let url = urls[protocol].as_str().context("a stream has an address for each protocol")?;
            Viewer::of(rig, protocol, url)
        });
        let mut watching = watching.collect::<Result<Vec<_>>>()?;
        wait::until("every viewer is counted", || {
            let viewers = &server.api.get(&path)?["metrics"]["viewers"];
            Ok(PROTOCOLS.iter().all(|protocol| viewers[protocol] == 1).then_some(()))
        })?;
        thread::sleep(SETTLE);
        for (viewer, protocol) in watching.iter_mut().zip(PROTOCOLS) {
            ensure!(!viewer.is_let_go()?, "the viewer by {protocol} went by itself");
        }
        let began = Instant::now();
        access(&json!({ "viewers": "restricted", "password": { "set": PASSWORD } }))?;
        let mut gone = [None; 5];
        wait::until("every viewer is let go", || {
            for (viewer, gone) in watching.iter_mut().zip(&mut gone) {
                if gone.is_none() && viewer.is_let_go()? {
                    *gone = Some(began.elapsed());
                }
            }
            Ok(gone.iter().all(Option::is_some).then_some(()))
        })?;
        for (times, time) in took.iter_mut().zip(gone) {
            times.extend(time);
        }
    }
    let rows = PROTOCOLS.iter().zip(&took).map(|(protocol, times)| {
        let name = format!("right to watch taken back, disconnected by {}", protocol.to_uppercase());
        Row::new(&name, "ms", wait::median(times), Goal::AtMost(2000.0))
    });
    Ok(rows.collect())
}

/// Paths, users and recording of streams that wait for a publisher: after the server read its file from before there
/// were any, and after it was killed.
pub(super) fn said_again(rig: &Rig) -> Result<Vec<Row>> {
    let data = rig.data_dir("said-again")?;
    let server = Server::ready(rig, &data)?;
    let file = data.join("run/mediamtx.yml");
    let bare = fs::read_to_string(&file)?;
    for at in 0..PATHS {
        let access = json!({ "viewers": "restricted", "user": format!("viewer{at}"), "password": PASSWORD });
        let stream = json!({
            "name": format!("said{at}"), "source": { "type": "incoming" }, "start": true, "record": true,
            "access": access,
        });
        server.api.post("/api/v1/streams", Some(&stream))?;
    }
    let has_all = |said: &Value| {
        let (paths, users) = (said[0].to_string(), said[1].to_string());
        (0..PATHS).all(|at| {
            paths.contains(&format!("[\"said{at}\",true]")) && users.contains(&format!("\"viewer{at}\""))
        })
    };
    let told = wait::until("the server was told everything", || Ok(said(&server, &data)?.filter(has_all)))?;
    let again = |began: Instant| -> Result<Duration> {
        wait::until("the server has everything again", || {
            Ok(said(&server, &data)?.filter(|said| *said == told).map(drop))
        })?;
        Ok(began.elapsed())
    };
    let (mut reloaded, mut killed) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        thread::sleep(SETTLE);
        let began = Instant::now();
        fs::write(&file, &bare)?;
        wait::until("the server forgot everything", || {
            Ok(said(&server, &data)?.filter(|said| *said != told).map(drop))
        })?;
        reloaded.push(again(began)?);
    }
    // Last: from then on its file holds everything.
    for _ in 0..ROUNDS {
        thread::sleep(SETTLE);
        let pids = server.children("mediamtx")?;
        let began = Instant::now();
        for pid in pids {
            process::signal(pid, "KILL")?;
        }
        killed.push(again(began)?);
    }
    let row = |what: &str, times: &[Duration]| {
        let name = format!("{what}: paths, users and recording there again, {PATHS} streams");
        Row::new(&name, "ms", wait::median(times), Goal::AtMost(5000.0))
    };
    Ok(vec![row("the server read an old file", &reloaded), row("the server was killed", &killed)])
}

/// The paths with whether they are recorded, and the users, as the server itself tells; nothing while it is away.
fn said(server: &Server, data: &Path) -> Result<Option<Value>> {
    let Some(control) = control(server, data)? else { return Ok(None) };
    let get = |path: &str| control.try_get(path).ok().flatten();
    let Some(listed) = get("/v3/config/paths/list?itemsPerPage=1000") else { return Ok(None) };
    let Some(mut global) = get("/v3/config/global/get") else { return Ok(None) };
    let paths = listed["items"].as_array().into_iter().flatten();
    let mut paths: Vec<Value> = paths.map(|path| json!([path["name"], path["record"]])).collect();
    paths.sort_by_key(Value::to_string);
    Ok(Some(json!([paths, global["authInternalUsers"].take()])))
}

/// The server's own API, by the user that the program made for itself; it makes another one at each start.
fn control(server: &Server, data: &Path) -> Result<Option<Api>> {
    let port = &server.api.get("/api/v1/server")?["ports"]["api"];
    let Ok(file) = fs::read_to_string(data.join("run/mediamtx.yml")) else { return Ok(None) };
    let users = file
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line.trim_start().strip_prefix("- ")?).ok());
    let is_api = |permission: &Value| permission["action"] == "api";
    let mut users = users.filter(|user| {
        user["permissions"].as_array().is_some_and(|permissions| permissions.iter().any(is_api))
    });
    let Some(user) = users.next() else { return Ok(None) };
    let (name, pass) = (user["user"].as_str().unwrap_or_default(), user["pass"].as_str().unwrap_or_default());
    let api = Api::new(&format!("http://127.0.0.1:{port}"));
    Ok(Some(api.with_authorization(&format!("Bearer {name}:{pass}"))))
}
