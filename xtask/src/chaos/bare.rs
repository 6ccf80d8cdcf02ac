//! The same faults done to what many people use: `while true; do ffmpeg …; done` for each stream, and MediaMTX in a
//! loop of its own.

use std::{
    net::TcpListener,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use fs_err as fs;

use serde_json::json;

use super::{
    children::Process,
    drive::HungDrive,
    plan::Kind,
    storm::{PATIENCE, until},
    tally::{Outcome, Tally},
};
use crate::{
    process::{self, Background},
    rig::{Plain, Rig, reader::Reader, usage},
};

/// Fewer than ours: what is measured does not depend on it, and a loop that fails at once costs a whole core.
pub(super) const STREAMS: usize = 5;
/// What can't be done to loops, and why.
const INAPPLICABLE: &[(Kind, &str)] = &[
    (Kind::DiskFull, "nothing is stored"),
    (Kind::PasswordChanged, "nobody undoes it"),
    (Kind::PathChanged, "nobody undoes it"),
];
/// How long things are broken that are repaired.
const BROKEN: Duration = Duration::from_secs(2);
/// Packets that were under way when something froze come within this time.
const UNDER_WAY: Duration = Duration::from_secs(1);

/// One stream.
struct Loop {
    shell: Option<Background>,
    file: PathBuf,
    reader: Reader,
}

impl Loop {
    fn start(plain: &Plain, name: &str, file: PathBuf) -> Result<Self> {
        let shell = Some(plain.publish_forever(name, &file)?);
        Ok(Self { shell, reader: Reader::start(plain.rtsp(), name), file })
    }

    fn encoder(&self) -> Result<u32> {
        let shell = self.shell.as_ref().context("the loop runs")?;
        until(BROKEN, || child(shell.id(), "ffmpeg")).context("the loop has an FFmpeg")
    }
}

/// Nothing else ends the FFmpeg of a loop.
impl Drop for Loop {
    fn drop(&mut self) {
        let Some(shell) = self.shell.take() else { return };
        let ffmpeg = child(shell.id(), "ffmpeg");
        drop(shell);
        if let Some(pid) = ffmpeg {
            // It may have ended meanwhile.
            let _ = process::signal(pid, "KILL");
        }
    }
}

fn child(parent: u32, name: &str) -> Option<u32> {
    let below = usage::below(parent).ok()?;
    below.into_iter().find(|(_, found)| found == name).map(|(pid, _)| pid)
}

struct Loops {
    loops: Vec<Loop>,
    plain: Plain,
    tally: Tally,
}

/// Does each fault to the loops and tells when viewers saw something again.
pub(super) fn compare(rig: &Rig) -> Result<Tally> {
    let (clip, plain) = (rig.tiny_clip()?, Plain::start_forever(rig)?);
    let start = |number: usize| {
        let name = format!("bare{number}");
        // In a folder of its own, whose drive may hang.
        let folder = rig.folder.path().join(&name);
        fs::create_dir(&folder)?;
        let file = folder.join(format!("{name}.mp4"));
        fs::copy(&clip, &file)?;
        Loop::start(&plain, &name, file)
    };
    let loops = (0..STREAMS).map(start).collect::<Result<Vec<_>>>()?;
    let mut all = Loops { loops, plain, tally: Tally::default() };
    ensure!(all.until_seen(Instant::now()).is_some(), "the bare streams are not on air");
    for at in 0..STREAMS {
        all.encoder_hit(Kind::EncoderKilled, at, "KILL")?;
    }
    all.paused(Kind::EncoderPaused, all.loops[0].encoder()?)?;
    all.paused(Kind::ServerPaused, all.server()?)?;
    for _ in 0..3 {
        all.server_killed(Kind::ServerKilled, None)?;
    }
    all.server_killed(Kind::PortStolen, Some(all.plain.rtsp()))?;
    all.file_away(1)?;
    all.encoder_hit(Kind::EncoderFrozen, 2, "STOP")?;
    all.drive_hung(3)?;
    all.server_frozen()?;
    all.listener_off()?;
    for (kind, why) in INAPPLICABLE {
        all.tally.skipped.insert(*kind, (*why).to_owned());
    }
    all.killed()?;
    Ok(all.tally)
}

impl Loops {
    fn server(&self) -> Result<u32> {
        until(BROKEN, || child(self.plain.pid(), "mediamtx")).context("MediaMTX runs")
    }

    fn note(&mut self, kind: Kind, start: Instant, back: Option<Instant>) {
        let recover = back.map(|back| back.saturating_duration_since(start));
        println!(
            "     {:<28} back {}",
            kind.name(),
            recover.map_or("never".to_owned(), |t| format!("{} ms", t.as_millis()))
        );
        self.tally.outcomes.push(Outcome { kind, detect: None, recover });
    }

    /// When every viewer had a packet that came after `since`.
    fn until_seen(&self, since: Instant) -> Option<Instant> {
        let seen = |one: &Loop| one.reader.packet().filter(|packet| *packet > since);
        until(PATIENCE, || self.loops.iter().map(seen).min()?)
    }

    fn encoder_hit(&mut self, kind: Kind, at: usize, signal: &str) -> Result<()> {
        let pid = self.loops[at].encoder()?;
        let start = Instant::now();
        process::signal(pid, signal)?;
        let back = if signal == "STOP" {
            self.packet_after(at, start)
        } else {
            until(PATIENCE, || self.loops[at].reader.packet_anew(start))
        };
        self.note(kind, start, back);
        if signal == "STOP" {
            process::signal(pid, "KILL")?;
            self.until_seen(Instant::now());
        }
        Ok(())
    }

    fn packet_after(&self, at: usize, frozen: Instant) -> Option<Instant> {
        let packet = || self.loops[at].reader.packet().filter(|packet| *packet > frozen + UNDER_WAY);
        until(PATIENCE, packet)
    }

    fn paused(&mut self, kind: Kind, pid: u32) -> Result<()> {
        process::signal(pid, "STOP")?;
        thread::sleep(BROKEN);
        let start = Instant::now();
        process::signal(pid, "CONT")?;
        let back = self.until_seen(start);
        self.note(kind, start, back);
        Ok(())
    }

    /// With the port that a thief takes meanwhile, if any; then the time counts from its end.
    fn server_killed(&mut self, kind: Kind, port: Option<u16>) -> Result<()> {
        let pid = self.server()?;
        let steal = |port| until(BROKEN, || TcpListener::bind(("127.0.0.1", port)).ok());
        let thief = port.map(|port| thread::spawn(move || steal(port)));
        let mut start = Instant::now();
        process::signal(pid, "KILL")?;
        if let Some(thief) = thief {
            let Some(stolen) = thief.join().ok().flatten() else {
                self.tally.skipped.insert(kind, "the loop was quicker than the thief".to_owned());
                return Ok(());
            };
            thread::sleep(BROKEN);
            start = Instant::now();
            drop(stolen);
        }
        let back = until(PATIENCE, || self.loops.iter().map(|one| one.reader.packet_anew(start)).min()?);
        self.note(kind, start, back);
        Ok(())
    }

    fn file_away(&mut self, at: usize) -> Result<()> {
        let (file, pid) = (self.loops[at].file.clone(), self.loops[at].encoder()?);
        let away = file.with_extension("away");
        fs::rename(&file, &away)?;
        process::signal(pid, "KILL")?;
        thread::sleep(BROKEN);
        let start = Instant::now();
        fs::rename(&away, &file)?;
        let back = until(PATIENCE, || self.loops[at].reader.packet_anew(start));
        self.note(Kind::FileAway, start, back);
        Ok(())
    }

    /// FFmpeg waits in its open until the drive is gone, and is then told that the file can't be read.
    fn drive_hung(&mut self, at: usize) -> Result<()> {
        let (file, pid) = (self.loops[at].file.clone(), self.loops[at].encoder()?);
        let hung = match HungDrive::mount(file.parent().context("a folder")?) {
            Ok(hung) => hung,
            Err(reason) => {
                self.tally.skipped.insert(Kind::DriveHung, format!("{reason:#}"));
                return Ok(());
            }
        };
        process::signal(pid, "KILL")?;
        thread::sleep(BROKEN);
        let start = Instant::now();
        drop(hung);
        let back = until(PATIENCE, || self.loops[at].reader.packet_anew(start));
        self.note(Kind::DriveHung, start, back);
        Ok(())
    }

    fn listener_off(&mut self) -> Result<()> {
        let start = Instant::now();
        self.plain.patch(&json!({ "rtsp": false }))?;
        let back = until(PATIENCE, || self.loops.iter().map(|one| one.reader.packet_anew(start)).min()?);
        self.note(Kind::ListenerOff, start, back);
        // With its file, which has the listener, it is as before.
        process::signal(self.server()?, "KILL")?;
        self.until_seen(Instant::now());
        Ok(())
    }

    fn server_frozen(&mut self) -> Result<()> {
        let pid = self.server()?;
        let start = Instant::now();
        process::signal(pid, "STOP")?;
        let back = self.packet_after(0, start);
        self.note(Kind::ServerFrozen, start, back);
        process::signal(pid, "KILL")?;
        self.until_seen(Instant::now());
        Ok(())
    }

    /// Who starts the loops is killed, as our app is: what is left?
    fn killed(&mut self) -> Result<()> {
        let pids = self.loops.iter().map(Loop::encoder).collect::<Result<Vec<_>>>()?;
        let encoders: Vec<Process> = pids.iter().filter_map(|pid| Process::of(*pid)).collect();
        for one in &mut self.loops {
            one.shell.take().context("the loop runs")?.kill()?;
        }
        thread::sleep(BROKEN);
        let left: Vec<Process> = encoders.into_iter().filter(Process::is_alive).collect();
        for orphan in left {
            process::signal(orphan.pid, "KILL")?;
            self.tally.orphans.push(orphan.command);
        }
        println!("     {:<28} left behind: {}", Kind::AppKilled.name(), self.tally.orphans.len());
        Ok(())
    }
}
