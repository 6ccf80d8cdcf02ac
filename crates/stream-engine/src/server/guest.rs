//! Writing to a server that is not ours: only what is ours there is touched, and what others changed of it is shown
//! and left until a person decides.

use std::{collections::BTreeMap, time::Duration};

use mediamtx_client::{ApiError, Difference};
use serde_json::{Map, Value};
use stream_api::{Code, Drift, Error, ServerId, StreamId};

use super::{ledger::Ledger, writer::Writer};
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
pub(super) struct Guest {
    pub(super) id: ServerId,
    /// Its name, for people.
    pub(super) server: String,
    pub(super) hub: Hub,
    pub(super) ledger: Ledger,
    /// When the process started that was met.
    pub(super) started: Option<String>,
    /// It is another process than the one that our paths were last written to.
    pub(super) restarted: bool,
}

type Configs = BTreeMap<String, Map<String, Value>>;

impl Writer<'_> {
    /// At first contact: takes away what nobody wants any more, and brings what is missing. None of it has to be known
    /// to this run of the program.
    pub(super) async fn begin(&mut self) -> Result<(), ApiError> {
        let Some(guest) = &self.guest else { return Ok(()) };
        let (id, ledger, restarted) = (guest.id, guest.ledger.clone(), guest.restarted);
        let wanted = self.board.configs();
        if restarted {
            self.board.set_drift(BTreeMap::new());
        } else {
            let known = wanted.iter().filter(|(name, config)| ledger.wrote(id, name, config));
            self.applied.extend(known.map(|(name, config)| (name.clone(), config.clone())));
        }
        self.admit().await?;
        let there = self.configs().await?;
        let unwanted = |name: &&String| !wanted.contains_key(*name) && !self.board.is_expected(name);
        for name in ledger.names(id).iter().filter(unwanted) {
            if there.contains_key(name) {
                tracing::info!(name, "a path that nobody wants any more is removed");
                self.api.delete_path(name).await?;
                self.api.barrier().await?;
            }
            ledger.forget(id, name).await;
        }
        for name in wanted.keys().filter(|name| !there.contains_key(*name) || ledger.owns(id, name)) {
            if !there.contains_key(name) {
                self.applied.remove(name);
            }
            self.restore(name).await?;
        }
        self.look().await
    }

    /// Brings back what vanished, and shows what somebody changed.
    pub(super) async fn look(&mut self) -> Result<(), ApiError> {
        let started = self.api.started().await?;
        let there = self.configs().await?;
        let defaults = self.api.path_defaults().await?;
        let features = self.api.features().await?;
        let Some(guest) = &mut self.guest else { return Ok(()) };
        if started != guest.started {
            self.lost = true;
            return Ok(());
        }
        let (id, ledger, hub) = (guest.id, guest.ledger.clone(), guest.hub.clone());
        let lost: Vec<String> =
            self.applied.keys().filter(|name| !there.contains_key(*name)).cloned().collect();
        for name in lost {
            tracing::warn!(name, "another server lost this path; putting it back");
            self.applied.remove(&name);
            self.restore(&name).await?;
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

    /// Why this path can't be ours: somebody else made one of that name.
    pub(super) async fn bars(&self, name: &str) -> Option<Error> {
        let guest = self.guest.as_ref()?;
        if self.board.get(name).is_none() || guest.ledger.owns(guest.id, name) {
            return None;
        }
        let foreign = matches!(self.api.path_config(name).await, Ok(Some(_)));
        foreign.then(|| Error::new(Code::PathForeign).with("name", name).with("server", &guest.server))
    }

    /// Whether the server has everything of this as it is wanted now but for what somebody changed there, and more of
    /// it than before: then there is nothing to write.
    pub(super) async fn is_nearer(&self, name: &str) -> Result<bool, ApiError> {
        let before = self.board.drift(name);
        let (Some(config), Some(_), false) = (self.board.get(name), &self.guest, before.is_empty()) else {
            return Ok(false);
        };
        let Some(shown) = self.api.path_config(name).await? else { return Ok(false) };
        let defaults = self.api.path_defaults().await?;
        let now = config.differences(&*self.api.features().await?, &defaults, &shown)?;
        let known =
            |one: &Difference| before.iter().any(|old| old.key == one.key && old.theirs == one.theirs);
        Ok(now.len() < before.len() && now.iter().all(known))
    }

    /// Makes these paths as they are wanted, whatever somebody changed.
    pub(super) async fn overwrite(&mut self, names: &[String]) -> Result<(), ApiError> {
        for name in names {
            self.board.forget_drift(name);
            self.applied.remove(name);
            self.apply(name).await?;
        }
        self.look().await
    }

    /// Takes away all that is ours.
    pub(super) async fn leave(&mut self) -> Result<(), ApiError> {
        let Some(guest) = &self.guest else { return Ok(()) };
        let (id, ledger) = (guest.id, guest.ledger.clone());
        for name in ledger.names(id) {
            self.api.delete_path(&name).await?;
            self.api.barrier().await?;
            self.applied.remove(&name);
            ledger.forget(id, &name).await;
        }
        Ok(())
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
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn no_secret_is_shown() {
        let difference =
            |key: &str, ours: Value, theirs: Value| Difference { key: key.to_owned(), ours, theirs };
        let differences = [
            difference("source", json!("rtsp://me:s3cret@cam/x"), json!("publisher")),
            difference("srtReadPassphrase", Value::Null, json!("0123456789")),
            difference("record", json!(false), json!(true)),
        ];
        let drift = shown(StreamId(Uuid::nil()), "a", &differences);
        let text = serde_json::to_string(&drift).unwrap();
        assert!(!text.contains("s3cret") && !text.contains("0123456789"), "{text}");
        assert_eq!(drift.differences[1].ours, None);
        assert_eq!(drift.differences[2].theirs, "true");
        assert_eq!(
            drift.differences.iter().map(|one| one.adoptable).collect::<Vec<_>>(),
            [false, false, true]
        );
    }
}
