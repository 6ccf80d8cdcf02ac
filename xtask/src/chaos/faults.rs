//! How each fault is staged and what is measured of it.

use std::{
    net::TcpListener,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use fs_err as fs;
use serde_json::{Value, json};

use super::{
    children::{self, Process},
    plan::Kind,
    storm::{Hit, PATIENCE, Storm, until},
    watch::SERVER,
};
use crate::{
    process,
    rig::{Server, http::Api, usage},
};

/// How long an orphan may live.
const ORPHAN: Duration = Duration::from_secs(2);
/// A pause of up to this long harms nothing.
const SHORT: Duration = Duration::from_secs(4);
/// How long the thief tries to be quicker than the app.
const THEFT: Duration = Duration::from_secs(3);

impl Storm<'_> {
    /// Stages a fault, waits for its end, and tells what it may have restarted.
    pub(super) fn stage(&mut self, kind: Kind) -> Result<Hit> {
        match kind {
            Kind::EncoderKilled => self.encoders_killed(),
            Kind::EncoderFrozen => self.encoder_frozen(),
            Kind::EncoderPaused => self.encoder_paused(),
            Kind::ServerKilled => self.server_hit(kind, "KILL"),
            Kind::ServerFrozen => self.server_hit(kind, "STOP"),
            Kind::ServerPaused => self.server_paused(),
            Kind::FileAway => self.file_away(),
            Kind::DriveHung => self.drive_hung(),
            Kind::DiskFull => self.disk_full(),
            Kind::PortStolen => self.port_stolen(),
            Kind::PasswordChanged => self.password_changed(),
            Kind::PathChanged => self.path_changed(),
            Kind::ListenerOff => self.listener_off(),
            Kind::AppKilled => self.app_killed(),
        }
    }

    fn encoders_killed(&mut self) -> Result<Hit> {
        let count = self.rng.usize(1..=3.min(self.targets.len()));
        let mut hit = self.everything();
        self.rng.shuffle(&mut hit);
        hit.truncate(count);
        self.hit_encoders(Kind::EncoderKilled, &hit, "KILL")?;
        Ok(Hit::Streams(hit))
    }

    fn encoder_frozen(&mut self) -> Result<Hit> {
        let hit = vec![self.any()];
        self.hit_encoders(Kind::EncoderFrozen, &hit, "STOP")?;
        Ok(Hit::Streams(hit))
    }

    fn hit_encoders(&mut self, kind: Kind, hit: &[usize], signal: &str) -> Result<()> {
        let pids = hit.iter().map(|at| self.encoder(*at)).collect::<Result<Vec<_>>>()?;
        let start = Instant::now();
        for pid in pids {
            process::signal(pid, signal)?;
        }
        for at in hit {
            let id = self.targets[*at].id.clone();
            let detect = self.heard(start, &id, PATIENCE, |view| !view.is_well(&id));
            let since = start + detect.unwrap_or_default();
            let back = self.all_back(&[*at], since);
            self.note(kind, detect, back.map(|back| back - start));
        }
        Ok(())
    }

    fn encoder_paused(&mut self) -> Result<Hit> {
        let at = self.any();
        let pid = self.encoder(at)?;
        self.pause(Kind::EncoderPaused, pid, &[at])
    }

    fn server_paused(&mut self) -> Result<Hit> {
        let pid = self.server_pid()?;
        self.pause(Kind::ServerPaused, pid, &self.everything())
    }

    /// Back means: packets come again. Nothing is to be detected, and nothing restarted; unless this computer is so busy
    /// that the pause became a long one.
    fn pause(&mut self, kind: Kind, pid: u32, streams: &[usize]) -> Result<Hit> {
        let began = Instant::now();
        process::signal(pid, "STOP")?;
        thread::sleep(Duration::from_millis(self.rng.u64(1_000..3_000)));
        let start = Instant::now();
        process::signal(pid, "CONT")?;
        let paused = began.elapsed();
        let seen = |at: &usize| self.targets[*at].reader.packet().is_some_and(|packet| packet > start);
        let back = until(PATIENCE, || streams.iter().all(seen).then(Instant::now));
        self.note(kind, None, back.map(|back| back - start));
        Ok(if paused > SHORT { Hit::Everything } else { Hit::Streams(Vec::new()) })
    }

    fn server_hit(&mut self, kind: Kind, signal: &str) -> Result<Hit> {
        let pid = self.server_pid()?;
        let start = Instant::now();
        process::signal(pid, signal)?;
        let detect = self.heard(start, SERVER, PATIENCE, |view| !view.is_well(SERVER));
        self.note_all_back(kind, start, start + detect.unwrap_or_default(), detect);
        Ok(Hit::Everything)
    }

    /// The slowest stream counts. Every stream goes off air with the server, so each has to come back.
    pub(super) fn note_all_back(
        &mut self,
        kind: Kind,
        start: Instant,
        since: Instant,
        detect: Option<Duration>,
    ) {
        let back = self.all_back(&self.everything(), since);
        self.note(kind, detect, back.map(|back| back - start));
    }

    fn file_away(&mut self) -> Result<Hit> {
        let at = self.any();
        let (id, file, pid) = (self.targets[at].id.clone(), self.targets[at].file.clone(), self.encoder(at)?);
        let away = file.with_extension("away");
        fs::rename(&file, &away)?;
        let start = Instant::now();
        // An open file is read on although its name is gone.
        process::signal(pid, "KILL")?;
        let detect = self.heard(start, &id, PATIENCE, |view| view.fault.as_deref() == Some("source_missing"));
        thread::sleep(Duration::from_millis(self.rng.u64(500..3_000)));
        let start = Instant::now();
        fs::rename(&away, &file)?;
        let back = self.all_back(&[at], start);
        self.note(Kind::FileAway, detect, back.map(|back| back - start));
        Ok(Hit::Streams(vec![at]))
    }

    /// Nothing goes off air; what can't be stored is refused by its name, and taken once there is room.
    fn disk_full(&mut self) -> Result<Hit> {
        let nothing = Hit::Streams(Vec::new());
        let full = match &self.disk {
            Ok(disk) => disk.fill()?,
            Err(reason) => {
                let reason = reason.clone();
                self.tally.skipped.insert(Kind::DiskFull, reason);
                return Ok(nothing);
            }
        };
        let file = self.targets[self.rng.usize(..self.targets.len())].file.clone();
        let spare = json!({ "name": "spare", "source": { "type": "file", "path": file }, "start": false });
        let start = Instant::now();
        let (_, answer) = self.app()?.api.send("POST", "/api/v1/streams", Some(&spare))?;
        let detect = (answer["code"] == "disk_full").then(|| start.elapsed());
        thread::sleep(Duration::from_millis(self.rng.u64(2_000..5_000)));
        let start = Instant::now();
        drop(full);
        let made = until(PATIENCE, || {
            let (is_made, stream) =
                self.app().ok()?.api.send("POST", "/api/v1/streams", Some(&spare)).ok()?;
            is_made.then(|| (Instant::now(), stream["id"].as_str().unwrap_or_default().to_owned()))
        });
        if let Some((_, id)) = &made {
            self.app()?.api.send("DELETE", &format!("/api/v1/streams/{id}"), None)?;
        }
        self.note(Kind::DiskFull, detect, made.map(|(at, _)| at - start));
        self.compare("after a full disk")?;
        Ok(nothing)
    }

    fn port_stolen(&mut self) -> Result<Hit> {
        let (pid, port) = (self.server_pid()?, self.rtsp);
        let thief = thread::spawn(move || until(THEFT, || TcpListener::bind(("127.0.0.1", port)).ok()));
        let start = Instant::now();
        process::signal(pid, "KILL")?;
        let Some(stolen) = thief.join().ok().flatten() else {
            self.tally.skipped.insert(Kind::PortStolen, "the app was quicker than the thief".to_owned());
            return Ok(Hit::Everything);
        };
        let detect = self.heard(start, SERVER, PATIENCE, |view| view.fault.as_deref() == Some("port_taken"));
        thread::sleep(Duration::from_millis(self.rng.u64(1_000..3_000)));
        let start = Instant::now();
        drop(stolen);
        self.note_all_back(Kind::PortStolen, start, start, detect);
        Ok(Hit::Everything)
    }

    fn password_changed(&mut self) -> Result<Hit> {
        let api = self.control()?;
        let mut users = api.get("/v3/config/global/get")?["authInternalUsers"].take();
        for user in users.as_array_mut().into_iter().flatten().filter(|user| user["user"] != "any") {
            user["pass"] = json!("changed");
        }
        let start = Instant::now();
        let change = json!({ "authInternalUsers": users });
        let (is_changed, answer) = api.send("PATCH", "/v3/config/global/patch", Some(&change))?;
        anyhow::ensure!(is_changed, "MediaMTX does not take other passwords: {answer}");
        until(Duration::from_secs(5), || api.try_get("/v3/paths/list").ok().filter(Option::is_none));
        let detect = self.heard(start, SERVER, PATIENCE, |view| !view.is_well(SERVER));
        let healed = until(PATIENCE, || {
            // The file names the passwords of the server that runs, as the app believes.
            self.control().ok()?.try_get("/v3/paths/list").ok().flatten().map(|_| Instant::now())
        });
        let back = healed.filter(|_| self.settle().is_empty()).map(|_| start.elapsed());
        self.note(Kind::PasswordChanged, detect, back);
        Ok(Hit::Everything)
    }

    fn app_killed(&mut self) -> Result<Hit> {
        let app = self.server.take().context("the app runs")?;
        let below = usage::below(app.pid())?;
        let processes: Vec<Process> = below.into_iter().filter_map(|(pid, _)| Process::of(pid)).collect();
        app.kill()?;
        thread::sleep(ORPHAN);
        let mut orphans: Vec<Process> = processes.into_iter().filter(Process::is_alive).collect();
        orphans.extend(children::about(&self.data));
        for orphan in orphans {
            println!("     left behind: {} {}", orphan.pid, orphan.command);
            self.tally.orphans.push(orphan.command);
        }
        let start = Instant::now();
        let app = Server::start(self.rig, &self.data)?;
        self.watch.follow(app.api.base())?;
        self.server = Some(app);
        self.note_all_back(Kind::AppKilled, start, start, None);
        self.compare("after the app was killed")?;
        Ok(Hit::Everything)
    }

    pub(super) fn any(&mut self) -> usize {
        self.rng.usize(..self.targets.len())
    }

    pub(super) fn encoder(&self, at: usize) -> Result<u32> {
        let target = &self.targets[at];
        self.children.pid(&target.id).with_context(|| format!("{} has an FFmpeg in the ledger", target.name))
    }

    fn server_pid(&self) -> Result<u32> {
        self.children.pid(SERVER).context("MediaMTX is in the ledger")
    }

    /// The Control API, entered with what the app has written down for its server.
    pub(super) fn control(&self) -> Result<Api> {
        use base64::Engine as _;
        let text = fs::read_to_string(self.data.join("run/mediamtx.yml"))?;
        let users = text.lines().filter_map(|line| line.trim().strip_prefix("- "));
        let mut users = users.filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let manages = |user: &Value| {
            user["permissions"].as_array().is_some_and(|all| all.iter().any(|one| one["action"] == "api"))
        };
        let user = users.find(manages).context("the file names a user of the API")?;
        let word = |key: &str| user[key].as_str().unwrap_or_default().to_owned();
        let basic = base64::prelude::BASE64_STANDARD.encode(format!("{}:{}", word("user"), word("pass")));
        let port = self.app()?.api.get("/api/v1/server")?["ports"]["api"].as_u64().context("a port")?;
        Ok(Api::new(&format!("http://127.0.0.1:{port}")).with_authorization(&format!("Basic {basic}")))
    }
}
