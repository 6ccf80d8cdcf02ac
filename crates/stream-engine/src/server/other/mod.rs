//! A MediaMTX of somebody else: one task that keeps in touch with it, sees to it that our paths are there, and is the
//! only one of this program who writes there.

mod examine;
mod meet;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use mediamtx_client::{Api, ApiError, Examination, Features};
use stream_api::{Door, Error, Fault, OtherState, Ports, ServerSpec, UnixMillis, file_name, t};
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

use super::{
    Access, Ends, Link, OtherParts, Request, Samples, Server, Terms,
    admit::Admitted,
    audience::Audience,
    board::Board,
    mends::Mends,
    poller::{Polled, Poller},
    relay::{Refusal, Relay},
    sink::Sink,
    terms::Listed,
    theirs::{self, Theirs},
    writer::{Done, News, Whose, Writer},
};
use crate::{
    clocks::Jump,
    journal::Journal,
    slates::Slates,
    stored_other::{OtherSecrets, StoredOther},
};

pub(crate) use examine::{examined, usable};
pub(crate) use meet::{check_aim, given_users, unfit};

/// Between two attempts to reach one that does not answer.
const AGAIN: Duration = Duration::from_secs(1);
/// The same where a person has to do something: each wrong password costs the server up to 4 s, and a line in its log.
const LATER: Duration = Duration::from_secs(30);
/// The longest of growing pauses between two questions to a keychain that gives no password: each may ask its user.
const LOCKED: Duration = Duration::from_secs(300);

/// The task of one server.
#[derive(Debug)]
pub(super) struct Task {
    parts: OtherParts,
    /// As a person set it last.
    stored: watch::Receiver<StoredOther>,
    inbox: mpsc::Receiver<Request>,
    link: watch::Sender<Link>,
    samples: watch::Sender<Arc<Samples>>,
    terms: watch::Sender<Arc<Terms>>,
    board: Board,
    audience: Audience,
    log: Journal,
    /// Who may do what there, as far as that is ours to say.
    admitted: Option<Admitted>,
    /// The API's address that it was said to.
    api: String,
    /// Another list than before is one that a person gave. The first one after a start of this program is an old one,
    /// but for that of a server that was added since.
    listed: bool,
    /// It answered the last time.
    met: bool,
    /// What is kept of it apart, once that could be had, until a person sets it anew: a keychain may ask its user at
    /// each question.
    kept: Option<OtherSecrets>,
    /// How often in a row it could not be had.
    locked: u32,
}

/// Why we are out of touch.
enum End {
    /// The engine stops, or the server is removed.
    Stopped,
    /// To be met anew, at once: it was edited, asked for, or started anew.
    Again,
    /// Nothing of ours is there any more: it is about to be edited or removed.
    Left,
    /// It does not answer, or not sensibly.
    Lost(Error),
    /// A person has to do something.
    Wrong(Error),
    /// The keychain does not give its passwords.
    Locked(Error),
}

/// What was found out about it.
struct Met {
    api: Api,
    features: Arc<Features>,
    started: Option<String>,
    doors: Vec<Door>,
}

/// What its owner lets us do by what was set, as long as nothing more is known of it.
pub(crate) fn terms(spec: &ServerSpec, kept: &OtherSecrets, slates: &Slates) -> Terms {
    meet::terms(spec, kept, None, slates)
}

impl Task {
    /// `is_new`: a person added it just now.
    pub(super) fn new(
        parts: OtherParts,
        stored: watch::Receiver<StoredOther>,
        ends: Ends,
        handle: &Server,
        is_new: bool,
    ) -> Task {
        let Ends { inbox, link, samples, terms } = ends;
        let Server { board, audience, log, .. } = handle.clone();
        let (admitted, api, listed, met, kept, locked) = (None, String::new(), is_new, false, None, 0);
        Task {
            parts,
            stored,
            inbox,
            link,
            samples,
            terms,
            board,
            audience,
            log,
            admitted,
            api,
            listed,
            met,
            kept,
            locked,
        }
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        let relay = loop {
            match Relay::open(self.board.clone()).await {
                Ok(relay) => break relay,
                Err(error) => tracing::warn!(%error, "no port for what is sent to another server"),
            }
            tokio::select! {
                () = sleep(AGAIN) => {}
                () = stop.cancelled() => return,
            }
        };
        while !stop.is_cancelled() {
            let end = self.visit(&relay, &stop).await;
            self.samples.send_replace(Arc::default());
            self.audience.set(Vec::new());
            match end {
                End::Stopped => break,
                End::Again => {
                    self.kept = None;
                    self.link.send_replace(Link::Waiting);
                }
                End::Left => {
                    self.link.send_replace(Link::Waiting);
                    self.admitted = None;
                    self.pause(LATER, &stop).await;
                }
                End::Lost(error) => self.after(error, OtherState::Unreachable, AGAIN, &stop).await,
                End::Wrong(error) => self.after(error, OtherState::Failed, LATER, &stop).await,
                End::Locked(error) => {
                    let pause = LOCKED.min(LATER * 2u32.saturating_pow(self.locked));
                    self.locked += 1;
                    self.after(error, OtherState::Failed, pause, &stop).await;
                }
            }
        }
    }

    /// From meeting it to losing it.
    async fn visit(&mut self, relay: &Relay, stop: &CancellationToken) -> End {
        let stored = self.stored.borrow_and_update().clone();
        self.show_spec(&stored.spec);
        let kept = match &self.kept {
            Some(kept) => kept.clone(),
            None => match stored.secrets(&self.parts.secrets).await {
                Ok(kept) => self.kept.insert(kept).clone(),
                Err(error) => return End::Locked(error),
            },
        };
        self.locked = 0;
        let StoredOther { id, spec } = stored;
        let met = tokio::select! {
            met = meet(&spec, &kept) => met,
            Ok(()) = self.stored.changed() => return End::Again,
            () = stop.cancelled() => return End::Stopped,
        };
        let met = match met {
            Ok(met) => met,
            Err((error, false)) => return End::Lost(error),
            Err((error, true)) => return End::Wrong(error),
        };
        let terms = Arc::new(meet::terms(&spec, &kept, Some(&met.features), &self.parts.slates));
        self.terms.send_replace(Arc::clone(&terms));
        let remembered = tokio::select! {
            remembered = self.remember_users(&spec, &terms.users, &met.api) => remembered,
            () = stop.cancelled() => return End::Stopped,
        };
        if let Err(error) = remembered {
            return refused(error);
        }
        let aim = meet::aim(&spec, &kept, &met.doors);
        self.parts.ledger.meet(id, &spec.api, met.started.as_deref()).await;
        let theirs = Theirs {
            id,
            server: spec.name.clone(),
            hub: self.parts.hub.clone(),
            mends: Mends::new(self.parts.hub.clone(), spec.name.clone()),
            ledger: self.parts.ledger.clone(),
            started: met.started.clone(),
            foreign: BTreeSet::new(),
        };
        self.show(&spec, &met, &terms, aim.as_ref().err());
        let host = aim.as_ref().map_or_else(|_| String::new(), |aim| aim.host.clone());
        let refusal = relay.aim(aim.ok());
        if let Ok(slates) = terms.slates.clone() {
            let (api, stop) = (met.api.clone(), stop.clone());
            self.parts.tasks.spawn(async move { stop.run_until_cancelled(tidy(api, slates)).await });
        }
        self.stay(met, theirs, (relay, refusal), &host, stop).await
    }

    /// As long as it answers.
    async fn stay(
        &mut self,
        met: Met,
        theirs: Theirs,
        (relay, mut refusal): (&Relay, watch::Receiver<Option<Refusal>>),
        host: &str,
        stop: &CancellationToken,
    ) -> End {
        let (news, id) = (News::default(), theirs.id);
        let poller = Poller::new(
            met.api.clone(),
            self.board.clone(),
            self.audience.clone(),
            Sink::new(self.parts.hub.clone(), id),
            self.samples.clone(),
            Polled::Theirs,
            &news,
        );
        let mut writer = Writer::new(
            met.api,
            self.board.clone(),
            &mut self.inbox,
            Whose::Theirs(theirs),
            self.admitted.as_mut(),
            self.parts.hub.clocks().clone(),
            &news,
        );
        tokio::select! {
            begun = writer.begin() => if let Err(error) = begun {
                return refused(error);
            },
            () = stop.cancelled() => return End::Stopped,
        }
        self.met = true;
        let (port, user, pass) = relay.right();
        let access =
            Access { ports: Ports { rtsp: port, ..Ports::USUAL }, user, pass, reader: Default::default() };
        self.parts.hub.other(id, |other| (other.state, other.fault) = (OtherState::Running, None));
        self.link.send_replace(Link::Ready(Arc::new(access)));
        let (mut polling, mut writing) = (std::pin::pin!(poller.run()), std::pin::pin!(writer.run()));
        let mut jumps = self.parts.hub.clocks().jumps();
        loop {
            tokio::select! {
                () = stop.cancelled() => return End::Stopped,
                Ok(()) = self.stored.changed() => return End::Again,
                Ok(Jump::Woke) = jumps.recv() => news.missing.notify_one(),
                Ok(()) = refusal.changed() => {
                    let refused = refusal.borrow_and_update().as_ref().map(|why| meet::unsent(why, host));
                    self.parts.hub.other(id, |other| {
                        other.warnings = refused.into_iter().map(Fault::new).collect();
                    });
                }
                error = &mut polling => return End::Lost(error),
                done = &mut writing => return match done {
                    Done::Restart | Done::Change(_) => End::Again,
                    Done::Left => End::Left,
                    Done::Frozen => End::Lost(Error::new(stream_api::Code::ServerSilent)),
                    Done::Ruined(error) => End::Lost(error),
                },
            }
        }
    }

    /// Another owner's list makes another beginning. When it is taken back, so is what we said by it.
    async fn remember_users(&mut self, spec: &ServerSpec, users: &Listed, api: &Api) -> Result<(), ApiError> {
        if self.api != spec.api {
            (self.admitted, self.api) = (None, spec.api.clone());
        }
        match (users, &mut self.admitted) {
            (Listed::Given(base), Some(admitted)) if admitted.is_of(base) => admitted.renew(),
            (Listed::Given(base), admitted) => {
                let new = Admitted::elsewhere(base.clone());
                *admitted = Some(if self.listed { new.decided() } else { new });
            }
            (Listed::Nobody | Listed::Unknown, Some(admitted)) if !spec.has_users => {
                let names = theirs::names(&self.board, &self.parts.ledger, self.stored.borrow().id);
                if !admitted.retract(api, &names).await? {
                    self.log.manager("warning", t!("log.users_stay", name = spec.name));
                }
                self.admitted = None;
            }
            (Listed::Nobody | Listed::Unknown, admitted) => *admitted = None,
        }
        self.listed = true;
        Ok(())
    }

    fn show_spec(&self, spec: &ServerSpec) {
        self.parts.hub.other(self.stored.borrow().id, |other| {
            other.spec = spec.clone();
            if other.state == OtherState::Running {
                other.state = OtherState::Connecting;
            }
        });
    }

    fn show(&self, spec: &ServerSpec, met: &Met, terms: &Terms, unsent: Option<&Error>) {
        let version = meet::version(&met.features);
        if !self.met {
            tracing::info!(server = spec.name, version, "another server is met");
            self.log.manager("info", t!("log.server_met", name = spec.name, version = version));
        }
        let started = met.started.as_ref().and_then(|text| text.parse::<jiff::Timestamp>().ok());
        self.parts.hub.other(self.stored.borrow().id, |other| {
            other.version = Some(version);
            other.started = started.map(|at| UnixMillis(at.as_millisecond()));
            other.lacks = meet::lacks(terms, &met.features, met.started.is_some());
            other.addresses = meet::addresses(spec, met.api.address());
            other.doors.clone_from(&met.doors);
            other.warnings = unsent.into_iter().cloned().map(Fault::new).collect();
        });
    }

    /// Tells what is wrong, and waits until it is worth another attempt.
    async fn after(&mut self, error: Error, state: OtherState, pause: Duration, stop: &CancellationToken) {
        let fault = Fault::new(error.clone());
        let was_met = std::mem::take(&mut self.met);
        if was_met {
            tracing::warn!(%error, "another server is lost");
            self.log.manager("error", error.message);
        }
        // Why nobody answers any more is known once it was asked anew.
        let shown = if was_met { (OtherState::Connecting, None) } else { (state, Some(fault.clone())) };
        self.parts.hub.other(self.stored.borrow().id, |other| {
            ((other.state, other.fault), other.outbound_bps) = (shown, 0);
        });
        // It is mostly back at once; then nobody needs to be told.
        self.link.send_replace(if was_met { Link::Waiting } else { Link::Failed(Box::new(fault)) });
        self.pause(pause, stop).await;
    }

    /// Until it is worth another attempt.
    async fn pause(&mut self, pause: Duration, stop: &CancellationToken) {
        let wake = sleep(pause);
        tokio::pin!(wake);
        let mut jumps = self.parts.hub.clocks().jumps();
        // Whoever gets an answer of the keychain, it is open for us as well.
        let mut place = self.parts.secrets.place();
        loop {
            tokio::select! {
                Ok(Jump::Woke) = jumps.recv() => return,
                Ok(()) = self.stored.changed() => {
                    self.kept = None;
                    return self.stored.mark_changed();
                }
                Ok(()) = place.changed(), if self.kept.is_none() => return,
                () = stop.cancelled() => return,
                () = &mut wake => return,
                Some(request) = self.inbox.recv() => match request {
                    Request::Restart | Request::Change(_) => {
                        self.kept = None;
                        return;
                    }
                    Request::Apply { done, .. }
                    | Request::Kick { done, .. }
                    | Request::Overwrite { done, .. }
                    | Request::Insist { done }
                    | Request::TakeOver { done, .. }
                    | Request::Leave { done } => {
                        let _ = done.send(Err(Error::new(stream_api::Code::ServerDown)));
                    }
                },
            }
        }
    }
}

fn refused(error: ApiError) -> End {
    End::Lost(Error::new(stream_api::Code::ServerRefused).with("reason", error))
}

/// Whether it can be used, and what it is. Else what is wrong, and whether a person has to do something.
async fn meet(spec: &ServerSpec, kept: &OtherSecrets) -> Result<Met, (Error, bool)> {
    let address = meet::address(spec, kept).map_err(|error| (error, true))?;
    let Examination { flaw, features, .. } = mediamtx_client::examine(&address).await;
    let host = address.host().to_owned();
    if let Some(flaw) = flaw {
        return Err(meet::flawed(&flaw, &host));
    }
    let api = Api::new(address);
    let lost = |error: ApiError| {
        (Error::new(stream_api::Code::RemoteUnreachable).with("host", &host).with("reason", error), false)
    };
    let doors = mediamtx_client::doors(&api.global().await.map_err(lost)?);
    let started = api.started().await.map_err(lost)?;
    Ok(Met { features: features.unwrap_or_default(), started, doors, api })
}

/// Takes away slates in a shared folder that no path has any more.
async fn tidy(api: Api, slates: Slates) {
    let Ok(paths) = api.path_configs().await else { return };
    let files = paths.iter().filter_map(|keys| keys.get("alwaysAvailableFile")?.as_str());
    slates.tidy_but(files.map(file_name).map(str::to_owned).collect()).await;
}
