//! The making of what brings a stream's media: a child, or a path that needs none.

use ffmpeg_cli::progress;
use stream_api::{Code, Error, UnixMillis, t};
use tokio::{sync::mpsc, task::JoinHandle};

use super::{Actor, cure::Ground};
use crate::{
    lifecycle::{Feed, Input, Limits, Problem},
    prober::Stamp,
    stream::{
        open::{self, Opened},
        source_watch::SourceWatch,
        spawn::{Spawned, Stage, spawn},
    },
};

/// What is being made, and how far it is.
#[derive(Debug)]
pub(super) struct Making {
    task: JoinHandle<Result<Made, Problem>>,
    stages: mpsc::Receiver<Stage>,
}

/// What comes of it.
pub(super) enum News {
    Looked(Stamp),
    Queued,
    Admitted,
    Made(Result<Made, Problem>),
}

/// What was made: a child, or a path that needs none.
#[derive(Debug)]
pub(super) enum Made {
    Child(Box<Spawned>),
    Path(Opened),
}

impl Actor {
    /// Waits in the queue, and starts FFmpeg.
    pub(super) fn make_child(&mut self) {
        self.parts.hub.run_began(self.id, self.journal.begin_run());
        let ticket = self.turns.ticket(self.used.unwrap_or(UnixMillis(0)));
        self.place = Some(ticket.place());
        self.ground = self.ground_now();
        let (parts, lasting) = (self.parts.clone(), self.lasting());
        let (told, stages) = mpsc::channel(3);
        let made = spawn(parts, self.id, self.spec.clone(), lasting, ticket, told);
        let made = async { made.await.map(|spawned| Made::Child(Box::new(spawned))) };
        self.making = Some(Making { task: tokio::spawn(made), stages });
    }

    /// Has the server make a path that needs no child, for now.
    pub(super) fn make_path(&mut self) {
        self.parts.hub.run_began(self.id, self.journal.begin_run());
        self.ground = self.ground_now();
        let converted = (self.machine.feed == Feed::Converter).then(|| self.known_of_source());
        let made = open::open(self.parts.clone(), self.id, self.spec.clone(), converted);
        let task = tokio::spawn(async { made.await.map(Made::Path) });
        self.making = Some(Making { task, stages: mpsc::channel(1).1 });
    }

    /// What a start uses, before its source is looked at.
    fn ground_now(&self) -> Ground {
        Ground { source: None, ffmpeg: self.parts.tools.found().ffmpeg.ok() }
    }

    pub(super) async fn cancel_making(&mut self) {
        if let Some(making) = self.making.take() {
            making.task.abort();
            // A child that was made at the last moment dies with the result.
            drop(making.task.await);
        }
    }

    pub(super) async fn made(&mut self, made: Result<Made, Problem>) {
        match made {
            Ok(Made::Path(Opened { record })) => {
                tracing::info!("the path is there");
                self.take(Input::Opened).await;
                if record != self.spec.record {
                    self.switch_recording().await;
                }
            }
            Ok(Made::Child(spawned)) => {
                let Spawned { child, before, probed, shown, record, session, instead_of, turn } = *spawned;
                (self.turn, self.session, self.stands_in_for) = (turn, session, instead_of);
                tracing::info!(pid = child.pid(), attempt = self.machine.attempt(), "FFmpeg was started");
                self.journal.manager("info", t!("log.started", pid = child.pid()));
                self.journal.manager("debug", shown);
                let online = self.seen.child_made(before);
                (self.child, self.source) = (Some(child), SourceWatch::default());
                (self.parser, self.out_time) = (progress::Parser::default(), -1);
                self.tail.clear();
                let fps = probed.media.video.as_ref().map_or(0.0, |video| video.fps);
                self.limits = Limits::default().paced(fps);
                self.facts.probed = Some(probed);
                self.take(Input::Spawned).await;
                self.take(online).await;
                // What is sent is looked at before anybody can have replaced it.
                if self.look() {
                    self.publish();
                }
                if record != self.spec.record {
                    // Switched meanwhile, which the path as it was wanted at first has undone.
                    self.switch_recording().await;
                }
            }
            Err(problem) => self.take(Input::NotSpawned(problem)).await,
        }
    }
}

/// How the making gets further, and what it comes to at last; never without one.
pub(super) async fn news(making: &mut Option<Making>) -> News {
    let Some(Making { task, stages }) = making else { return std::future::pending().await };
    let made = tokio::select! {
        // What came before the end is told before it.
        biased;
        Some(stage) = stages.recv() => return match stage {
            Stage::Looked(stamp) => News::Looked(stamp),
            Stage::Queued => News::Queued,
            Stage::Admitted => News::Admitted,
        },
        made = task => made,
    };
    *making = None;
    News::Made(made.unwrap_or_else(|error| {
        let error = Error::new(Code::Internal).with("reason", error);
        Err(Problem { fault: error.into(), permanent: false })
    }))
}
