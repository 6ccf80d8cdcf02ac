//! Makes one prepared file: runs the steps behind everything else, looks at the result, and puts it on the shelf.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, BufRead as _, BufReader},
    path::Path,
    time::{Duration, Instant},
};

use child_process::{Child, Line, Rung, Spec};
use ffmpeg_cli::{
    faults, log,
    prepare::{self, Recipe, SEAM_FILE, Seam, WHOLE},
    progress,
};
use stream_api::{Code, Error, t};

use super::{
    Key, Prepared,
    job::Job,
    shelf::{Label, Workplace},
};
use crate::{
    clock, drives, slates,
    tool_fault::{self, Program},
    tools::WITHHELD,
};

/// A step that gets no further for so long is given up. It may have to wait long for a busy processor.
const STALLED: Duration = Duration::from_secs(300);
/// FFmpeg's last lines that are looked at for a reason.
const TAIL: usize = 40;
/// Thousandths of the work that are done before the steps, and after them.
const MEASURED: u32 = 10;

/// # Errors
/// Why the file could not be made. Nothing is left of it then.
pub(super) async fn make(prepared: &Prepared, job: &Job) -> Result<(), Error> {
    let began = Instant::now();
    let shown = job.source.clone().unwrap_or_else(|| t!("source.test_pattern").to_owned());
    let folder = prepared.shelf.dir().display().to_string();
    let failed = |error: io::Error| failure(&shown, &folder, &error);
    let workplace = prepared.shelf.workplace().map_err(failed)?;
    let maker = Maker { prepared, workplace: &workplace, shown: &shown };
    let seconds = match job.path() {
        Some(source) => maker.measure(source, &job.recipe).await?,
        None => Recipe::TEST_PATTERN_SECONDS,
    };
    let size = job.recipe.size(seconds);
    prepared.check_size(size)?;
    prepared.make_room(size, None);
    prepared.check_disk(job.recipe.space(seconds)).await?;
    let mut done = MEASURED;
    for step in prepare::steps(&job.recipe, job.path(), seconds) {
        let (share, until) = (step.share, step.until.max(1));
        maker
            .run(step.arguments, |at| {
                let part = (at.clamp(0, until) as f64 / until as f64 * f64::from(share)) as u32;
                prepared.progress(&job.key, done + part);
            })
            .await?;
        done += share;
        prepared.progress(&job.key, done);
    }
    maker.check(&job.recipe, seconds).await?;
    // What was made of a source that changed meanwhile is of neither its old nor its new content.
    if let Some(source) = job.path() {
        let (source, recipe) = (source.to_owned(), job.recipe.clone());
        let asked = source.clone();
        let now = prepared.drives.ask(&asked, drives::LIMIT, move || Key::made(&source, &recipe)).await;
        if now.and_then(Result::ok).as_ref() != Some(&job.key) {
            return Err(Error::new(Code::PrepareChanged).with("path", &shown));
        }
    }
    let label = Label {
        source: job.source.clone().unwrap_or_default(),
        duration: job.recipe.seconds(seconds),
        made: clock::now(),
    };
    let (shelf, key, made) = (prepared.shelf.clone(), job.key.clone(), workplace.path.join(WHOLE));
    let put = tokio::task::spawn_blocking(move || shelf.put(key, &made, label)).await;
    put.map_err(io::Error::other).flatten().map_err(failed)?;
    prepared.make_room(0, Some(&job.key));
    tracing::info!(source = shown, seconds, millis = began.elapsed().as_millis(), "prepared");
    Ok(())
}

struct Maker<'a> {
    prepared: &'a Prepared,
    workplace: &'a Workplace,
    /// The source, for people.
    shown: &'a str,
}

impl Maker<'_> {
    /// Seconds that are taken of the source.
    async fn measure(&self, source: &Path, recipe: &Recipe) -> Result<f64, Error> {
        let mut last = 0;
        self.run(prepare::measure_arguments(source), |at| last = at.max(last)).await?;
        match recipe.taken(last as f64 / 1e6) {
            seconds if seconds > 0.0 => Ok(seconds),
            _ => Err(self.failure(t!("prepare.nothing"))),
        }
    }

    /// Runs FFmpeg to its end and tells how far it is, in microseconds of what it makes.
    async fn run(&self, args: Vec<OsString>, mut at: impl FnMut(i64)) -> Result<(), Error> {
        let ffmpeg = self.prepared.tools.found().ffmpeg?;
        let spec = Spec {
            env_clear_prefixes: WITHHELD.map(String::from).to_vec(),
            dir: Some(self.workplace.path.clone()),
            low_priority: true,
            label: "ffmpeg prepare".to_owned(),
            ..Spec::new(&ffmpeg.path)
        };
        let spawned = self.prepared.spawner.spawn(spec.with_args(args)).await;
        // Dropped, it is killed: so ends what is given up.
        let mut child: Child = spawned.map_err(|error| Program::Ffmpeg.unspawnable(&ffmpeg.path, &error))?;
        let (mut parser, mut tail, mut reached) =
            (progress::Parser::default(), Vec::new(), (-1, Instant::now()));
        loop {
            match tokio::time::timeout(STALLED, child.lines.recv()).await {
                Ok(Some(Line::Out(line))) => {
                    let now = parser.line(&line).and_then(|block| block.out_time_us);
                    if let Some(now) = now.filter(|now| *now > reached.0) {
                        reached = (now, Instant::now());
                        at(now);
                    }
                }
                Ok(Some(Line::Err(line))) => {
                    tail.push(line);
                    if tail.len() > TAIL {
                        tail.remove(0);
                    }
                }
                Ok(Some(Line::Dropped(_))) => {}
                Ok(None) => break,
                Err(_) => {}
            }
            if reached.1.elapsed() >= STALLED {
                child.ask(Rung::Kill);
                return Err(self.failure(t!("prepare.stalled")));
            }
        }
        let exit = child.exit().await;
        if exit.success() {
            return Ok(());
        }
        let exit = faults::Exit { code: exit.code, signal: exit.signal };
        let context = faults::Context { path: self.shown.to_owned() };
        let error = faults::classify(exit, &tail, &context).error;
        Err(match error.code {
            Code::DiskFull => error.with("path", self.prepared.shelf.dir().display()),
            Code::OutOfMemory | Code::TooManyFiles | Code::SourceMissing => error,
            code if tool_fault::is_of_ffmpeg(code) => error,
            _ => {
                let last = tail.last().map(|line| log::split(line).1).unwrap_or_default();
                self.failure(&log::redact(last))
            }
        })
    }

    /// Whether it is whole, can be decoded, and has no seam.
    async fn check(&self, recipe: &Recipe, seconds: f64) -> Result<(), Error> {
        self.run(prepare::check_arguments(), |_| {}).await?;
        self.run(prepare::seam_arguments(), |_| {}).await?;
        let (folder, mut seam) = (self.workplace.path.clone(), Seam::new(recipe, seconds, 2));
        let checked = tokio::task::spawn_blocking(move || {
            if !slates::is_whole(&folder.join(WHOLE))? {
                return Err(io::Error::other("its boxes are not whole"));
            }
            for line in BufReader::new(File::open(folder.join(SEAM_FILE))?).lines() {
                seam.line(&line?).map_err(io::Error::other)?;
            }
            seam.end().map_err(io::Error::other)
        });
        checked.await.map_err(io::Error::other).flatten().map_err(|error| self.failure(&error.to_string()))
    }

    fn failure(&self, reason: &str) -> Error {
        Error::new(Code::PrepareFailed).with("path", self.shown).with("reason", reason)
    }
}

/// Of our own work with files.
fn failure(shown: &str, folder: &str, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Error::new(Code::DiskFull).with("path", folder)
        }
        _ => Error::new(Code::PrepareFailed).with("path", shown).with("reason", error),
    }
}
