//! What people order: the actor stores it and then does it, one after the other, so that what is stored and what runs
//! never part.

use stream_api::{
    ActivityKind, Code, Error, Order, Origin, State, Stream, UnixMillis, commands::StreamUpdate, t,
};
use tokio::sync::oneshot;

use super::Actor;
use crate::{
    access::{AccessChange, StoredLink},
    lifecycle::{Input, Phase},
    server::source_of,
    store::{StoredStream, Unknown},
    stream::{Control, convert::feed},
};

impl Actor {
    pub(super) async fn control(&mut self, control: Control) {
        match control {
            Control::Order { order, used, by, ack } => {
                // The one who asked may be gone, here and below.
                let _ = ack.send(self.order(order, used, by).await);
            }
            Control::Restart { used, by, ack } => {
                let _ = ack.send(self.restart(used, by).await);
            }
            Control::StartPrepared { by, ack } => {
                let _ = ack.send(self.start_prepared(by).await);
            }
            Control::Edit { update, anew, by, ack } => {
                let _ = ack.send(self.edit(*update, anew, by).await);
            }
            Control::Access { change, by, ack } => {
                let _ = ack.send(self.change_access(change, by).await);
            }
            Control::Delete { by, done } => self.delete(by, done).await,
            Control::Shutdown => {
                self.ending = true;
                self.take(Input::Stop).await;
            }
        }
    }

    /// Whether anything can still be ordered.
    fn check_open(&self) -> Result<(), Error> {
        match (self.ending, &self.deleted) {
            (false, _) => Ok(()),
            (true, Some(_)) => Err(Error::new(Code::NoSuchStream).with("id", self.id)),
            (true, None) => Err(Error::new(Code::ShuttingDown)),
        }
    }

    /// Stored before it is done: a crash in between starts what the user wanted. What can't be stored is not started;
    /// a stop is never refused.
    pub(super) async fn order(
        &mut self,
        order: Order,
        used: Option<UnixMillis>,
        by: Origin,
    ) -> Result<Stream, Error> {
        self.check_open()?;
        let used = used.or(self.used);
        let stored = StoredStream { order, used, starts_prepared: None, ..self.stored() };
        match order {
            Order::Run => self.parts.store.put(stored).await?,
            Order::Stop => self.parts.store.put_at_any_rate(stored).await,
        }
        let waits = matches!(self.machine.state(), State::Backoff | State::Failed);
        if self.machine.order != order || (order == Order::Run && waits) {
            self.tell(ActivityKind::Ordered { order, by });
        }
        (self.used, self.starts_prepared, self.moves) = (used, None, false);
        self.fallen.clear();
        let text = if order == Order::Run { t!("log.order_run") } else { t!("log.order_stop") };
        self.journal.manager("info", text);
        self.take(if order == Order::Run { Input::Run } else { Input::Stop }).await;
        Ok(self.publish())
    }

    async fn restart(&mut self, used: UnixMillis, by: Origin) -> Result<Stream, Error> {
        let runs = matches!(self.machine.phase, Phase::Starting { .. } | Phase::Running { .. } | Phase::Open);
        if !runs {
            return self.order(Order::Run, Some(used), by).await;
        }
        self.check_open()?;
        self.fallen.clear();
        self.tell(ActivityKind::Restarted { by });
        self.journal.manager("info", t!("log.order_restart"));
        self.take(Input::Edited).await;
        Ok(self.publish())
    }

    async fn edit(&mut self, update: StreamUpdate, anew: bool, by: Origin) -> Result<Stream, Error> {
        self.check_open()?;
        let mut spec = self.spec.clone();
        update.apply(&mut spec);
        if (&spec.server, &spec.name) != (&self.spec.server, &self.spec.name) {
            self.parts.servers.get(spec.server).terms().check(&spec.name, &self.access)?;
        }
        let starts_prepared = self.starts_prepared.filter(|_| spec.prepare && spec.may_prepare());
        self.parts.store.put(StoredStream { spec: spec.clone(), starts_prepared, ..self.stored() }).await?;
        self.starts_prepared = starts_prepared;
        let before = std::mem::replace(&mut self.spec, spec);
        if before.name != self.spec.name {
            self.tell(ActivityKind::Renamed { from: before.name.clone(), by });
        }
        if anew || !before.is_same_but_for_its_name(&self.spec) {
            self.tell(ActivityKind::Edited { by });
        }
        self.journal.rename(&self.spec.name);
        self.machine.playback = self.spec.playback;
        if before.source != self.spec.source || before.encoding != self.spec.encoding || anew {
            // Looked at anew, once it is there: whether it needs to be converted.
            self.machine.source_there = false;
            self.converts &= before.source.place() == self.spec.source.place();
        }
        self.machine.feed = feed(&self.spec, self.converts);
        if before.source != self.spec.source {
            self.facts.probed = None;
            // What it was before says nothing about it.
            self.facts.was_on_air = false;
            self.parts.server.forget_pull_trouble(&self.spec.name);
        }
        self.follow_preparation(&before);
        self.slate_refused = false;
        self.fallen.clear();
        if before.server != self.spec.server {
            self.move_from(&before.name).await;
        } else if before.name != self.spec.name {
            self.parts.server.admit(self.id, &self.spec.name, &self.access);
            self.parts.server.remove_path(self.id, &before.name).await;
            self.seen.moved();
        }
        let live =
            !matches!(self.machine.phase, Phase::Stopped | Phase::Failed { .. } | Phase::Backoff { .. });
        if !live && before.encoding != self.spec.encoding {
            self.plan_anew();
        }
        if anew || !self.spec.sends_the_same(&before) {
            self.take(Input::Edited).await;
        } else if live && before.record != self.spec.record {
            self.switch_recording().await;
        }
        Ok(self.publish())
    }

    /// Stored before it is done, so that nobody is let in again by a restart; what can't be stored is not done.
    async fn change_access(&mut self, change: AccessChange, by: Origin) -> Result<Stream, Error> {
        self.check_open()?;
        let label = |link: &StoredLink| link.link.label.clone();
        let told = match &change {
            AccessChange::AddLink { link, instead: None } => {
                Some(ActivityKind::GuestLinkMade { label: label(link), by })
            }
            AccessChange::AddLink { link, .. } => {
                Some(ActivityKind::GuestLinkRenewed { label: label(link), by })
            }
            AccessChange::RemoveLink(id) => {
                let link = self.access.links.iter().find(|stored| stored.link.id == *id);
                link.map(|link| ActivityKind::GuestLinkRevoked { label: label(link), by })
            }
            AccessChange::Publisher(Some(_)) => Some(ActivityKind::PublishKeyMade { by }),
            AccessChange::Publisher(None) => {
                self.access.publisher.is_some().then_some(ActivityKind::PublishKeyRevoked { by })
            }
            AccessChange::Viewers { .. } => None,
        };
        let mut access = self.access.clone();
        access.apply(change)?;
        let parts = access.changed_since(&self.access);
        let viewers = (!parts.is_empty()).then_some(ActivityKind::AccessChanged { parts, by });
        self.parts.server.terms().check(&self.spec.name, &access)?;
        self.parts.store.put(StoredStream { access: access.clone(), ..self.stored() }).await?;
        self.access = access;
        told.into_iter().chain(viewers).for_each(|kind| self.tell(kind));
        self.publish();
        let taken = self.parts.server.admit_now(self.id, &self.spec.name, &self.access).await;
        // It is stored, so it counts: an error now would keep a key from its owner that is the only one left. A server
        // that falls over learns it when it starts.
        self.facts.unadmitted = taken.err().filter(|error| error.code != Code::ServerDown).map(|error| {
            tracing::warn!(%error, "the server has not taken yet who may watch and send");
            let pending = Error::new(Code::AccessPending)
                .with("reason", error.args.get("reason").unwrap_or(&error.message));
            self.journal.manager("warning", pending.message.clone());
            pending
        });
        Ok(self.publish())
    }

    /// Tells which guest links have ended since. Whether the server has taken by now who may watch and send, which it
    /// had not before.
    pub(super) fn look_at_access(&mut self) -> bool {
        let (before, now) = self.facts.looked();
        let ended = self.access.links.iter().map(|stored| &stored.link);
        for link in ended.filter(|link| before < link.expires && link.expires <= now) {
            self.tell(ActivityKind::GuestLinkEnded { label: link.label.clone() });
        }
        let taken = self.facts.unadmitted.is_some() && !self.parts.server.is_behind();
        if taken {
            self.facts.unadmitted = None;
        }
        taken
    }

    async fn delete(&mut self, by: Origin, done: oneshot::Sender<Result<(), Error>>) {
        let removed = match self.check_open() {
            Ok(()) => self.parts.store.remove(self.id).await,
            refused => refused,
        };
        if let Err(error) = removed {
            let _ = done.send(Err(error));
            return;
        }
        self.tell(ActivityKind::Deleted { by });
        tracing::info!("the stream was deleted");
        (self.deleted, self.ending) = (Some(done), true);
        self.take(Input::Stop).await;
    }

    /// To its new server, from where it was called so.
    async fn move_from(&mut self, name: &str) {
        self.parts.server.remove_path(self.id, name).await;
        self.parts.server.remove_path(self.id, &source_of(self.id)).await;
        self.parts.server.forget(self.id);
        let server = self.parts.servers.get(self.spec.server);
        server.admit(self.id, &self.spec.name, &self.access);
        (self.link, self.samples, self.turns) = (server.link(), server.samples(), server.turns());
        self.parts.server = server;
        self.seen.moved();
        let ready = self.link.borrow_and_update().is_ready();
        self.turns.set_open(ready);
        self.machine.server_ready = ready;
    }

    /// As it stands in the store.
    pub(super) fn stored(&self) -> StoredStream {
        StoredStream {
            id: self.id,
            spec: self.spec.clone(),
            order: self.machine.order,
            access: self.access.clone(),
            used: self.used,
            converts: self.converts,
            starts_prepared: self.starts_prepared,
            unknown: Unknown::new(),
        }
    }

    fn tell(&self, kind: ActivityKind) {
        self.parts.hub.tell(Some((self.id, &self.spec.name)), kind);
    }
}
