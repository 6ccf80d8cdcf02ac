//! What a stream costs by the way it is sent: as it is, from a prepared file, encoded while it plays; each beside the
//! bare command, and beside encoding everything, which is what the web version did.

use std::{
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::report::{Goal, Row};
use crate::{
    process::{self, Background},
    rig::{
        Plain, Rig, Server,
        reader::Reader,
        usage::{self, Usage},
        wait,
    },
};

/// Streams that are measured together, where they cost little.
const FEW: usize = 10;
/// Each time is the median of so many.
const ROUNDS: usize = 5;
/// Of the largest number: how many more at a time, how many the goal is about, and where it is given up.
const STEP: usize = 25;
const GOAL: usize = 50;
const MOST: usize = 300;
/// How often something that takes long is looked at.
const GRAIN: Duration = Duration::from_millis(200);
/// A viewer that got nothing for so long saw the picture stand still.
const STILL: Duration = Duration::from_millis(1000);
const SETTLE: Duration = Duration::from_secs(3);
const WATCHED: Duration = Duration::from_secs(15);
/// How long each larger number of streams is watched.
const GLANCE: Duration = Duration::from_secs(10);

/// What the web version of this program promised: percent of a core for a stream that it encodes, by the processor and by
/// a graphics card; MiB for a stream (50 MB) and for MediaMTX (100 MB). And how long it took to the first picture.
const WEB_CORE: Goal = Goal::AtMost(100.0);
const WEB_CARD: Goal = Goal::AtMost(10.0);
const WEB_MEMORY: Goal = Goal::AtMost(47.7);
const WEB_MEDIAMTX: Goal = Goal::AtMost(95.4);
const WEB_PICTURE_MS: f64 = 3200.0;

/// How libx264 is called for what is encoded while it plays; both sounds that our streams have then.
const ENCODE: &str = "-map 0:v:0 -c:v libx264 -preset veryfast -tune zerolatency -profile:v high -pix_fmt yuv420p -b:v 4M \
                      -maxrate 4M -bufsize 8M -g 30 -bf 0 -map 0:a:0 -c:a:0 aac -b:a:0 128k -map 0:a:0 -c:a:1 libopus \
                      -b:a:1 96k -ac 2 -ar 48000";

/// Encoding whatever comes, with one sound: what the web version did.
const ALWAYS: &str = "-c:v libx264 -preset veryfast -tune zerolatency -profile:v high -pix_fmt yuv420p -b:v 4M -maxrate 4M \
                      -bufsize 8M -g 30 -bf 0 -c:a aac -b:a 128k";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Copy,
    Prepared,
    Transcode,
}

impl Mode {
    const ALL: [Mode; 3] = [Mode::Copy, Mode::Prepared, Mode::Transcode];

    fn name(self) -> &'static str {
        match self {
            Mode::Copy => "copy",
            Mode::Prepared => "prepared",
            Mode::Transcode => "transcode",
        }
    }

    /// What the bare command does with the same file: it has no prepared one, so it copies.
    fn bare(self) -> &'static str {
        match self {
            Mode::Copy | Mode::Prepared => "-c copy",
            Mode::Transcode => ENCODE,
        }
    }

    fn streams(self) -> usize {
        if self == Mode::Transcode { 1 } else { FEW }
    }

    /// The processor encodes, also where a graphics card could.
    fn encoding(self) -> Value {
        if self == Mode::Transcode { json!({ "encoder": "software" }) } else { json!({}) }
    }
}

/// 1080p30 at 4 Mb/s with AAC, 10 s, with noise, which makes it as hard to encode as a film.
struct Films {
    /// Sent as it is.
    plain: PathBuf,
    /// The same that has to be encoded: MPEG-4 Part 2.
    odd: PathBuf,
}

impl Films {
    fn made(rig: &Rig) -> Result<Films> {
        let (plain, odd) = (rig.folder.path().join("film.mp4"), rig.folder.path().join("film.avi"));
        let source = "-f lavfi -i testsrc2=size=1920x1080:rate=30,noise=alls=24:allf=t -f lavfi -i \
                      sine=frequency=440:sample_rate=48000 -t 10 -pix_fmt yuv420p";
        let coded = "-c:v libx264 -preset veryfast -b:v 4M -maxrate 4M -bufsize 8M -g 30 -bf 0 -c:a aac -b:a 128k -ac 2";
        for (codecs, to) in [(coded, &plain), ("-c:v mpeg4 -b:v 8M -c:a libmp3lame -ac 2", &odd)] {
            if !to.is_file() {
                let mut ffmpeg = Command::new("ffmpeg");
                let words = source.split_whitespace().chain(codecs.split_whitespace());
                process::output(ffmpeg.args(["-nostdin", "-v", "error"]).args(words).arg(to))?;
            }
        }
        Ok(Films { plain, odd })
    }

    fn of(&self, mode: Mode) -> &Path {
        if mode == Mode::Copy { &self.plain } else { &self.odd }
    }
}

/// Creates a stream, and gives its id.
fn create(server: &Server, films: &Films, mode: Mode, name: &str, encoding: &Value) -> Result<String> {
    let source = json!({ "type": "file", "path": films.of(mode) });
    let prepare = mode == Mode::Prepared;
    let spec =
        json!({ "name": name, "source": source, "start": true, "prepare": prepare, "encoding": encoding });
    let stream = server.api.post("/api/v1/streams", Some(&spec))?;
    Ok(stream["id"].as_str().context("a stream has an id")?.to_owned())
}

/// Waits until it is on air, and where it wants a prepared file until that is sent.
fn until_sent(server: &Server, mode: Mode, id: &str) -> Result<()> {
    wait::until_looked("the stream is on air as it should be", GRAIN, || {
        let stream = get(server, id)?;
        Ok((stream["on_air"] == true && stream["plan"]["mode"] == mode.name()).then_some(()))
    })
}

fn get(server: &Server, id: &str) -> Result<Value> {
    server.api.get(&format!("/api/v1/streams/{id}"))
}

/// Cores and memory for each stream.
pub(super) fn cost(rig: &Rig) -> Result<Vec<Row>> {
    let films = Films::made(rig)?;
    let mut rows = Vec::new();
    for mode in Mode::ALL {
        let count = mode.streams();
        let server = Server::ready(rig, &rig.data_dir(mode.name())?)?;
        let (children, mediamtx) = ours(&server, &films, mode, &mode.encoding())?;
        drop(server);
        let (ffmpeg, plain) = bare(rig, films.of(mode), mode.bare(), count)?;
        let what = |of: &str| format!("{}, 1080p30 4 Mb/s, each of {count}: {of}", mode.name());
        let command = if mode == Mode::Transcode { "ffmpeg" } else { "ffmpeg -c copy" };
        rows.push(Row::cpu(&what("CPU of FFmpeg"), children, (command, ffmpeg), WEB_CORE));
        rows.push(Row::memory(&what("PSS of FFmpeg"), children, (command, ffmpeg), WEB_MEMORY));
        rows.push(Row::cpu(&what("CPU of MediaMTX"), mediamtx.0, ("MediaMTX", plain.0), Goal::None));
        let whole = format!("{}, all {count}: PSS of MediaMTX", mode.name());
        rows.push(Row::memory(&whole, mediamtx.1, ("MediaMTX", plain.1), WEB_MEDIAMTX));
        if mode != Mode::Transcode {
            let (always, _) = bare(rig, films.of(mode), ALWAYS, 1)?;
            let what = |of: &str| format!("{}, beside encoding always: {of} of FFmpeg", mode.name());
            let beside = "ffmpeg that encodes it";
            rows.push(Row::cpu(&what("CPU"), children, (beside, always), Goal::None));
            rows.push(Row::memory(&what("PSS"), children, (beside, always), Goal::None));
        }
    }
    rows.push(card(rig, &films)?);
    Ok(rows)
}

/// What is left to the processor where a graphics card encodes.
fn card(rig: &Rig, films: &Films) -> Result<Row> {
    let name = "transcode by the graphics card: CPU of FFmpeg";
    let server = Server::ready(rig, &rig.data_dir("card")?)?;
    server.api.post("/api/v1/encoders", Some(&json!({})))?;
    let tried = wait::until_looked("every encoder was tried", GRAIN, || {
        let mut snapshot = server.api.get("/api/v1/snapshot")?;
        let mut encoders = snapshot["host"]["encoders"].take();
        let Value::Array(tried) = encoders["tried"].take() else { return Ok(None) };
        Ok((encoders["trying"] == false && !tried.is_empty()).then_some(tried))
    })?;
    let works = tried.iter().find(|tried| {
        tried["codec"] == "h264" && tried["encoder"] != "software" && tried["failure"].is_null()
    });
    let Some(works) = works else {
        return Ok(Row::not_measured(name, "no graphics card here encodes").wanted("% of a core", WEB_CARD));
    };
    let encoding = json!({ "encoder": works["encoder"], "device": works["device"] });
    let (children, _) = ours(&server, films, Mode::Transcode, &encoding)?;
    Ok(Row::new(name, "% of a core", children.cpu, WEB_CARD))
}

/// Of each stream: its FFmpeg. Of MediaMTX: each stream's share, and the whole.
fn ours(server: &Server, films: &Films, mode: Mode, encoding: &Value) -> Result<(Usage, (Usage, Usage))> {
    let count = mode.streams();
    for stream in 0..count {
        let id = create(server, films, mode, &format!("{}{stream}", mode.name()), encoding)?;
        until_sent(server, mode, &id)?;
    }
    thread::sleep(SETTLE);
    let (ffmpeg, mediamtx) = (server.children("ffmpeg")?, server.children("mediamtx")?);
    ensure!(ffmpeg.len() == count && mediamtx.len() == 1, "{ffmpeg:?} {mediamtx:?}");
    let [children, server] = usage::over(WATCHED, [&ffmpeg, &mediamtx])?;
    Ok((each(children, count), (each(server, count), server)))
}

/// The same of bare FFmpegs and a plain MediaMTX.
fn bare(rig: &Rig, film: &Path, how: &str, count: usize) -> Result<(Usage, (Usage, Usage))> {
    let plain = Plain::start(rig)?;
    let names: Vec<String> = (0..count).map(|stream| format!("bare{stream}")).collect();
    let publishers =
        names.iter().map(|name| plain.publish_by(name, film, how)).collect::<Result<Vec<_>>>()?;
    for name in &names {
        wait::until("every bare stream is online", || plain.online(name))?;
    }
    thread::sleep(SETTLE);
    let ffmpeg: Vec<u32> = publishers.iter().map(Background::id).collect();
    let [ffmpeg, mediamtx] = usage::over(WATCHED, [&ffmpeg, &[plain.pid()]])?;
    Ok((each(ffmpeg, count), (each(mediamtx, count), mediamtx)))
}

fn each(all: Usage, count: usize) -> Usage {
    let count = count as f64;
    Usage { cpu: all.cpu / count, memory: all.memory / count }
}

/// From the click to on air, and to the first picture that a viewer decodes.
pub(super) fn times(rig: &Rig) -> Result<Vec<Row>> {
    let films = Films::made(rig)?;
    let mut rows = Vec::new();
    for mode in Mode::ALL {
        // A folder of its own: in the other one streams would start again with the server.
        let server = Server::ready(rig, &rig.data_dir(&format!("{}-timed", mode.name()))?)?;
        let id = create(&server, &films, mode, "timed", &mode.encoding())?;
        until_sent(&server, mode, &id)?;
        let plain = Plain::start(rig)?;
        let (mut on_air, mut seen) = (Vec::new(), Vec::new());
        let (mut bare_on_air, mut bare_seen) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            stop(&server, &id)?;
            let start = Instant::now();
            server.api.post(&format!("/api/v1/streams/{id}/start"), None)?;
            wait::until("the stream is on air", || server.on_air(&id))?;
            on_air.push(start.elapsed());
            picture(server.rtsp()?, "timed")?;
            seen.push(start.elapsed());

            let start = Instant::now();
            let publisher = plain.publish_by("timed", films.of(mode), mode.bare())?;
            wait::until("the bare stream is online", || plain.online("timed"))?;
            bare_on_air.push(start.elapsed());
            picture(plain.rtsp(), "timed")?;
            bare_seen.push(start.elapsed());
            drop(publisher);
            plain.until_offline("timed")?;
        }
        let (ratio, limit) = match mode {
            Mode::Copy => (Goal::Ratio(1.2), Goal::None),
            Mode::Prepared => (Goal::None, Goal::None),
            Mode::Transcode => (Goal::None, Goal::AtMost(1500.0)),
        };
        let name = |what: &str| format!("{}, start to {what}", mode.name());
        rows.push(Row::times(&name("on air"), &on_air, ("ffmpeg", &bare_on_air), ratio));
        rows.push(Row::times(&name("the first picture"), &seen, ("ffmpeg", &bare_seen), limit));
        if mode == Mode::Transcode {
            let web = "the web version, as it told";
            let row = Row::new(&name("the first picture"), "ms", wait::median(&seen), Goal::None);
            rows.push(row.beside(web, WEB_PICTURE_MS));
        }
    }
    Ok(rows)
}

fn stop(server: &Server, id: &str) -> Result<()> {
    server.api.post(&format!("/api/v1/streams/{id}/stop"), None)?;
    wait::until("the stream is stopped", || Ok((get(server, id)?["state"] == "stopped").then_some(())))
}

/// Waits until a viewer has decoded a whole picture: FFmpeg, told to show none before a key frame.
fn picture(port: u16, name: &str) -> Result<()> {
    let mut viewer = Command::new("ffmpeg");
    viewer.args(["-nostdin", "-v", "error", "-rtsp_transport", "tcp", "-analyzeduration", "500000"]);
    viewer.args(["-flags:v", "-output_corrupt", "-i", &format!("rtsp://127.0.0.1:{port}/{name}")]);
    viewer.args(["-map", "0:v:0", "-frames:v", "1", "-f", "null", "-"]);
    process::output(&mut viewer).map(drop)
}

/// The largest number of prepared streams, each with a viewer, with which every viewer's picture moves.
pub(super) fn ceiling(rig: &Rig) -> Result<Vec<Row>> {
    let films = Films::made(rig)?;
    let server = Server::ready(rig, &rig.data_dir("ceiling")?)?;
    let port = server.rtsp()?;
    let cores = thread::available_parallelism()?.get() as f64;
    let (mut ids, mut viewers) = (Vec::new(), Vec::new());
    let (mut most, mut at_goal) = (0, None);
    while ids.len() < MOST {
        let step = format!("{} streams", ids.len() + STEP);
        if let Err(error) = more(&server, &films, port, &mut ids, &mut viewers) {
            println!("{step} do not all go on air: {error:#}");
            break;
        }
        thread::sleep(SETTLE);
        let (ffmpeg, mediamtx) = (server.children("ffmpeg")?, server.children("mediamtx")?);
        let all: Vec<u32> = ffmpeg.into_iter().chain(mediamtx).chain([server.pid()]).collect();
        let dropped = drops(&viewers);
        let end = Instant::now() + GLANCE;
        let watching = thread::scope(|scope| {
            let usage = scope.spawn(|| usage::over(GLANCE, [&all]));
            let mut fluent = true;
            while Instant::now() < end {
                thread::sleep(GRAIN);
                fluent &= viewers.iter().all(|viewer| viewer.packet().is_some_and(|at| at.elapsed() < STILL));
            }
            (usage.join(), fluent)
        });
        let (Ok(usage), fluent) = watching else { break };
        let [usage] = usage?;
        let fluent = fluent && drops(&viewers) == dropped;
        println!("{step}: {:.0} % of a core, {}", usage.cpu, if fluent { "fluent" } else { "not fluent" });
        if ids.len() == GOAL {
            at_goal = Some(usage);
        }
        if !fluent {
            break;
        }
        most = ids.len();
    }
    let name = format!("{GOAL} prepared streams with a viewer each: CPU of everything");
    let mut rows = vec![match at_goal {
        Some(usage) => Row::new(&name, "% of the machine", usage.cpu / cores, Goal::AtMost(40.0)),
        None => Row::not_measured(&name, "they do not all go on air"),
    }];
    let streams = if most < MOST { "streams" } else { "streams or more: no more were tried" };
    let name = format!("prepared streams with a viewer each, all fluent, in steps of {STEP}");
    rows.push(Row::new(&name, streams, most as f64, Goal::None));
    Ok(rows)
}

/// Adds [`STEP`] streams that are on air, each with a viewer.
fn more(
    server: &Server,
    films: &Films,
    port: u16,
    ids: &mut Vec<String>,
    viewers: &mut Vec<Reader>,
) -> Result<()> {
    let known = ids.len();
    for number in known..known + STEP {
        ids.push(create(server, films, Mode::Prepared, &format!("many{number}"), &json!({}))?);
        if number == 0 {
            // The others send the file that is made for the first.
            until_sent(server, Mode::Prepared, &ids[0])?;
        }
    }
    for (number, id) in ids.iter().enumerate().skip(known) {
        until_sent(server, Mode::Prepared, id)?;
        viewers.push(Reader::start(port, &format!("many{number}")));
    }
    Ok(())
}

fn drops(viewers: &[Reader]) -> u32 {
    viewers.iter().map(Reader::drops).sum()
}
