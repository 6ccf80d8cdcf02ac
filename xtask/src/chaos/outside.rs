//! Faults that come from outside: drives, and others who use MediaMTX's API.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::{
    drive::HungDrive,
    plan::Kind,
    storm::{Hit, PATIENCE, Storm, until},
    watch::SERVER,
};
use crate::{process, rig::http::Api};

impl Storm<'_> {
    /// Nothing but the stream whose file is there may notice.
    pub(super) fn drive_hung(&mut self) -> Result<Hit> {
        let at = self.any();
        let (id, file, pid) = (self.targets[at].id.clone(), self.targets[at].file.clone(), self.encoder(at)?);
        let hung = match HungDrive::mount(file.parent().context("a folder")?) {
            Ok(hung) => hung,
            Err(reason) => {
                self.tally.skipped.insert(Kind::DriveHung, format!("{reason:#}"));
                return Ok(Hit::Streams(Vec::new()));
            }
        };
        let start = Instant::now();
        // An open file is read on below the drive.
        process::signal(pid, "KILL")?;
        let detect = self.heard(start, &id, PATIENCE, |view| view.fault.as_deref() == Some("source_timeout"));
        thread::sleep(Duration::from_millis(self.rng.u64(500..3_000)));
        let start = Instant::now();
        drop(hung);
        let back = self.all_back(&[at], start);
        self.note(Kind::DriveHung, detect, back.map(|back| back - start));
        Ok(Hit::Streams(vec![at]))
    }

    /// Detected: the activity names the path. Back: the path is as it was, and packets come.
    pub(super) fn path_changed(&mut self) -> Result<Hit> {
        let (at, api) = (self.any(), self.control()?);
        let target = &self.targets[at];
        let config = format!("/v3/config/paths/get/{}", target.name);
        let (before, told) = (api.get(&config)?, self.mended()?);
        let start = Instant::now();
        let change = json!({ "maxReaders": 1, "overridePublisher": false });
        patch(&api, &format!("/v3/config/paths/patch/{}", target.name), &change)?;
        let names = |entry: &Value| entry["mended"] == json!({ "path": target.name });
        let named = || self.mended().ok().filter(|now| *now != told && now.first().is_some_and(names));
        let detect = until(PATIENCE, || named().map(|_| start.elapsed()));
        let as_before = || api.try_get(&config).ok().flatten().filter(|now| *now == before);
        let mended = until(PATIENCE, || as_before().map(|_| Instant::now()));
        let back = mended.and_then(|mended| {
            let sent = || target.reader.packet().filter(|packet| *packet > mended);
            until(PATIENCE, || sent().filter(|_| self.watch.view(&target.id).is_well(&target.id)))
        });
        self.note(Kind::PathChanged, detect, back.map(|back| back - start));
        Ok(Hit::Path(at))
    }

    /// The port of the streams is closed, and the API answers all the same.
    pub(super) fn listener_off(&mut self) -> Result<Hit> {
        let api = self.control()?;
        let start = Instant::now();
        patch(&api, "/v3/config/global/patch", &json!({ "rtsp": false }))?;
        let detect = self.heard(start, SERVER, PATIENCE, |view| !view.is_well(SERVER));
        self.note_all_back(Kind::ListenerOff, start, start + detect.unwrap_or_default(), detect);
        Ok(Hit::Everything)
    }

    /// What was put back of the server, newest first.
    fn mended(&self) -> Result<Vec<Value>> {
        let page = self.app()?.api.get("/api/v1/activity?kinds=server_mended")?;
        Ok(page["activities"].as_array().cloned().unwrap_or_default())
    }
}

fn patch(api: &Api, path: &str, change: &Value) -> Result<()> {
    let (is_changed, answer) = api.send("PATCH", path, Some(change))?;
    ensure!(is_changed, "MediaMTX does not take {change}: {answer}");
    Ok(())
}
