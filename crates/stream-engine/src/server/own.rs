//! What somebody else changed of a server that is ours alone: seen, put back, named.

use std::collections::{BTreeMap, HashMap};

use mediamtx_client::{Api, ApiError, Difference};
use serde_json::{Map, Value};
use stream_api::{Code, Error, Mended};

use super::{
    mends::Mends,
    writer::{Whose, Writer},
};
use crate::hub::Hub;

/// Keys that are named in a fault.
const NAMED: usize = 3;
/// Followed by itself, see [`Admitted`](super::admit::Admitted).
const USERS: &str = "authInternalUsers";

type Keys = Map<String, Value>;

/// What a writer knows of a server that is ours.
#[derive(Debug)]
pub(super) struct Own {
    mends: Mends,
    /// As it came up, with the file that we wrote; none as long as it was not asked.
    base: Option<Base>,
    /// What it shows otherwise than it was told, by path: saying it again changes nothing.
    stubborn: BTreeMap<String, Vec<Difference>>,
}

#[derive(Debug)]
struct Base {
    global: Keys,
    defaults: Keys,
}

impl Own {
    /// Takes note of what the file made of the server: before streams, or anybody else, can have changed it.
    pub(super) async fn meet(hub: Hub, api: &Api) -> Own {
        let base = Base::of(api).await.inspect_err(|error| {
            tracing::debug!(%error, "what the server began with is asked again later");
        });
        Own { mends: Mends::new(hub, String::new()), base: base.ok(), stubborn: BTreeMap::new() }
    }
}

impl Base {
    async fn of(api: &Api) -> Result<Base, ApiError> {
        let (mut global, defaults) = (api.global().await?, api.path_defaults().await?);
        global.remove(USERS);
        Ok(Base { global, defaults })
    }
}

impl Writer<'_> {
    /// Says that something of somebody else was put back.
    pub(super) fn tell(&mut self, mended: Mended) {
        let mends = match &mut self.whose {
            Whose::Ours(own) => &mut own.mends,
            Whose::Theirs(theirs) => &mut theirs.mends,
        };
        mends.tell(mended);
    }

    /// Puts back whatever somebody else changed. What can't be put back while the server runs is left in `ruined`.
    pub(super) async fn mend(&mut self) -> Result<(), ApiError> {
        if let Whose::Ours(own) = &mut self.whose
            && own.base.is_none()
        {
            own.base = Some(Base::of(&self.api).await?);
        }
        let mut global = self.api.global().await?;
        global.remove(USERS);
        self.mend_users().await?;
        let Whose::Ours(Own { base: Some(base), .. }) = &self.whose else { return Ok(()) };
        // Most of these end all streams, and one that opens the API's listener anew can hang the server for good: it
        // is started again instead.
        if let Some(keys) = named(&changed(&base.global, &global)) {
            self.ruined = Some(Error::new(Code::ServerTampered).with("keys", keys));
            return Ok(());
        }
        let base = base.defaults.clone();
        let others = changed(&base, &self.api.path_defaults().await?);
        if let Some(keys) = named(&others) {
            tracing::warn!(keys, "somebody changed what paths have in common; putting it back");
            self.api.patch_path_defaults(&others).await?;
            self.api.barrier().await?;
            if !changed(&base, &self.api.path_defaults().await?).is_empty() {
                self.ruined = Some(Error::new(Code::ServerTampered).with("keys", keys));
                return Ok(());
            }
            self.tell(Mended::Defaults);
        }
        self.mend_paths(&base).await
    }

    async fn mend_paths(&mut self, defaults: &Keys) -> Result<(), ApiError> {
        let features = self.api.features().await?;
        let there: HashMap<String, Keys> = self
            .api
            .path_configs()
            .await?
            .into_iter()
            .filter_map(|keys| Some((keys.get("name")?.as_str()?.to_owned(), keys)))
            .collect();
        let mut wrong = Vec::new();
        for (name, config) in &self.applied {
            let differences = match there.get(name) {
                Some(shown) => config.differences(&features, defaults, shown)?,
                None => Vec::new(),
            };
            let known = match &self.whose {
                Whose::Ours(own) => own.stubborn.get(name),
                Whose::Theirs(_) => None,
            };
            let as_told = differences.is_empty() || known == Some(&differences);
            if !there.contains_key(name) || !as_told {
                wrong.push(name.clone());
            }
        }
        for name in wrong {
            tracing::warn!(name, "somebody changed this path; putting it back");
            let Some(before) = self.applied.remove(&name) else { continue };
            self.restore(&name).await?;
            self.tell(Mended::Path(name.clone()));
            // What it takes and then shows otherwise would be said again for ever.
            let left = match self.api.path_config(&name).await? {
                Some(shown) if self.applied.get(&name) == Some(&before) => {
                    before.differences(&features, defaults, &shown)?
                }
                _ => Vec::new(),
            };
            let Whose::Ours(own) = &mut self.whose else { continue };
            match left.is_empty() {
                true => drop(own.stubborn.remove(&name)),
                false => drop(own.stubborn.insert(name, left)),
            }
        }
        Ok(())
    }
}

/// The keys of `base` that `now` has with another value, as they were.
fn changed(base: &Keys, now: &Keys) -> Keys {
    let other = |(key, value): &(&String, &Value)| now.get(*key) != Some(*value);
    base.iter().filter(other).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The first of these keys; none without any.
fn named(keys: &Keys) -> Option<String> {
    let names: Vec<&str> = keys.keys().take(NAMED).map(String::as_str).collect();
    let more = if keys.len() > NAMED { ", …" } else { "" };
    (!names.is_empty()).then(|| format!("{}{more}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keys(value: Value) -> Keys {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_change_is_named_by_its_keys_and_put_back_by_their_values() {
        let base = keys(json!({ "a": 1, "b": [1, 2], "c": null, "d": "x", "e": false }));
        assert_eq!(named(&changed(&base, &base)), None);
        let now = keys(json!({ "a": 2, "b": [1, 2], "c": null, "d": "x", "e": false, "new": 1 }));
        let other = changed(&base, &now);
        assert_eq!((named(&other), &other), (Some("a".to_owned()), &keys(json!({ "a": 1 }))));
        assert_eq!(named(&changed(&base, &Keys::new())), Some("a, b, c, …".to_owned()));
    }
}
