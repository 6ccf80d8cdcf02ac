//! Writing to a server that is not ours: only what is ours there is touched, and what others changed of it is shown
//! and left until a person decides.

use std::{collections::BTreeMap, time::Duration};

use mediamtx_client::{ApiError, Difference};
use serde_json::{Map, Value};
use stream_api::{Code, Drift, Error, Mended, ServerId, StreamId};

use super::{
    ledger::Ledger,
    mends::Mends,
    writer::{Unwritten, Writer},
};
use crate::hub::Hub;

/// How often our paths there are looked at: what vanished is back within 5 s.
pub(super) const RECONCILE: Duration = Duration::from_secs(3);
/// Foreign paths whose names are told.
const NAMED: usize = 100;
/// Keys that a stream has a setting for.
const ADOPTABLE: [&str; 3] = ["record", "sourceOnDemand", "rtspTransport"];
/// Parts of keys whose values are nobody's business.
const SECRET: [&str; 4] = ["pass", "Pass", "Token", "Secret"];

/// What a writer knows of a server that is not ours.
#[derive(Debug)]
pub(super) struct Theirs {
    pub(super) id: ServerId,
    /// Its name, for people.
    pub(super) server: String,
    pub(super) hub: Hub,
    pub(super) mends: Mends,
    pub(super) ledger: Ledger,
    /// When the process started that was met.
    pub(super) started: Option<String>,
}

type Configs = BTreeMap<String, Map<String, Value>>;

impl Writer<'_> {
    /// At first contact: takes away what nobody wants any more, and brings what is missing. None of it has to be known
    /// to this run of the program.
    pub(super) async fn begin(&mut self) -> Result<(), ApiError> {
        let Some(theirs) = self.theirs() else { return Ok(()) };
        let (id, ledger) = (theirs.id, theirs.ledger.clone());
        self.admit().await?;
        let there = self.configs().await?;
        for (name, config) in self.board.configs() {
            if there.contains_key(&name) && ledger.wrote(id, &name, &config) {
                self.applied.insert(name, config);
            }
        }
        for name in ledger.names(id) {
            // It may be wanted from any moment on, and is expected until then.
            if !self.board.is_expected(&name) && self.board.get(&name).is_none() {
                tracing::info!(name, "a path that nobody wants any more is removed");
                self.remove(&name).await?;
            }
        }
        for name in self.board.configs().into_keys() {
            self.restore(&name).await?;
        }
        self.look().await
    }

    /// Brings back what vanished, and shows what somebody changed.
    pub(super) async fn look(&mut self) -> Result<(), ApiError> {
        let started = self.api.started().await?;
        let there = self.configs().await?;
        let defaults = self.api.path_defaults().await?;
        let features = self.api.features().await?;
        let Some(theirs) = self.theirs() else { return Ok(()) };
        if started != theirs.started {
            self.lost = true;
            return Ok(());
        }
        let (id, ledger, hub) = (theirs.id, theirs.ledger.clone(), theirs.hub.clone());
        let lost: Vec<String> =
            self.applied.keys().filter(|name| !there.contains_key(*name)).cloned().collect();
        for name in lost {
            tracing::warn!(name, "another server lost this path; putting it back");
            let before = self.applied.remove(&name);
            if let Err(error) = self.restore(&name).await {
                // It is still missing, the next time too.
                self.applied.extend(before.map(|config| (name, config)));
                return Err(error);
            }
            self.tell(Mended::Path(name));
        }
        let mut drift = BTreeMap::new();
        for (name, config) in &self.applied {
            let Some(shown) = there.get(name) else { continue };
            let differences = config.differences(&features, &defaults, shown)?;
            if !differences.is_empty() {
                drift.insert(name.clone(), differences);
            }
        }
        let foreign: Vec<String> = there.into_keys().filter(|name| !ledger.owns(id, name)).collect();
        let shown = self.board.set_drift(drift);
        hub.other(id, |other| {
            other.foreign = u32::try_from(foreign.len()).unwrap_or(u32::MAX);
            other.foreign_paths = foreign.into_iter().take(NAMED).collect();
            other.drift = shown;
        });
        Ok(())
    }

    /// Whether what is wanted of this path may be written. A path whose stream the server would show to people who
    /// may not watch it is taken away.
    pub(super) async fn check(&mut self, name: &str) -> Result<(), Unwritten> {
        let Some(theirs) = self.theirs() else { return Ok(()) };
        if let Err(open) = self.board.check_access(name) {
            self.remove(name).await?;
            return Err(Unwritten::Barred(open));
        }
        if theirs.ledger.owns(theirs.id, name) || self.api.path_config(name).await?.is_none() {
            return Ok(());
        }
        let foreign = Error::new(Code::PathForeign).with("name", name);
        Err(Unwritten::Barred(foreign.with("server", &theirs.server)))
    }

    /// Whether the server has everything of this as it is wanted now but for what somebody changed there, and more of
    /// it than before: then there is nothing to write.
    pub(super) async fn is_nearer(&self, name: &str) -> Result<bool, ApiError> {
        let before = self.board.drift(name);
        let (Some(config), Some(_), false) = (self.board.get(name), self.theirs(), before.is_empty()) else {
            return Ok(false);
        };
        let Some(shown) = self.api.path_config(name).await? else { return Ok(false) };
        let defaults = self.api.path_defaults().await?;
        let now = config.differences(&*self.api.features().await?, &defaults, &shown)?;
        let known =
            |one: &Difference| before.iter().any(|old| old.key == one.key && old.theirs == one.theirs);
        Ok(now.len() < before.len() && now.iter().all(known))
    }

    /// Makes these paths as they are wanted, whatever somebody changed. One that can't be keeps none of the others from
    /// it.
    pub(super) async fn overwrite(&mut self, names: &[String]) -> Result<(), Unwritten> {
        let mut overwritten = Ok(());
        for name in names {
            self.board.forget_drift(name);
            self.applied.remove(name);
            match self.apply(name).await {
                Err(barred @ Unwritten::Barred(_)) => overwritten = Err(barred),
                result => result?,
            }
        }
        self.look().await?;
        overwritten
    }

    /// Takes away all that is ours: paths, and who may use them.
    pub(super) async fn leave(&mut self) -> Result<(), ApiError> {
        let Some(theirs) = self.theirs() else { return Ok(()) };
        for name in theirs.ledger.names(theirs.id) {
            self.remove(&name).await?;
        }
        match &mut self.admitted {
            Some(admitted) => admitted.retract(&self.api).await,
            None => Ok(()),
        }
    }

    async fn configs(&self) -> Result<Configs, ApiError> {
        let configs = self.api.path_configs().await?.into_iter();
        Ok(configs.filter_map(|keys| Some((keys.get("name")?.as_str()?.to_owned(), keys))).collect())
    }
}

/// For people and programs, without what is secret.
pub(super) fn shown(stream: StreamId, path: &str, differences: &[Difference]) -> Drift {
    let one = |difference: &Difference| {
        let secret = SECRET.iter().any(|part| difference.key.contains(part));
        let text = |value: &Value| match secret {
            true => "***".to_owned(),
            false => ffmpeg_cli::log::redact(&value.to_string()).into_owned(),
        };
        stream_api::Difference {
            key: difference.key.clone(),
            ours: (!difference.ours.is_null()).then(|| text(&difference.ours)),
            theirs: text(&difference.theirs),
            adoptable: ADOPTABLE.contains(&difference.key.as_str()),
        }
    };
    Drift { stream, path: path.to_owned(), differences: differences.iter().map(one).collect() }
}

#[cfg(test)]
mod tests;
