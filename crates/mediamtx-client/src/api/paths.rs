use hyper::Method;
use serde_json::{Map, Value, json};

use super::{Api, encoded, gone_is_fine};
use crate::routes::PATH_DEFAULTS;
use crate::wire::Named;
use crate::{ApiError, PathConfig, PathState};

impl Api {
    /// What every path does right now: all configured names, and those that match a pattern and are in use.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn paths(&self) -> Result<Vec<PathState>, ApiError> {
        self.list("paths/list").await
    }

    /// The names that have a configuration of their own: `all_others` and patterns (`~^…`) may be among them.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn configured_paths(&self) -> Result<Vec<String>, ApiError> {
        let entries: Vec<Named> = self.list("config/paths/list").await?;
        Ok(entries.into_iter().map(|path| path.name).collect())
    }

    /// The whole configuration of each of [`configured_paths`](Api::configured_paths), its `name` among the keys.
    /// Holds passwords, in addresses of sources.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn path_configs(&self) -> Result<Vec<Map<String, Value>>, ApiError> {
        self.list("config/paths/list").await
    }

    /// The whole configuration of one path; none if it has none of its own.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn path_config(&self, name: &str) -> Result<Option<Map<String, Value>>, ApiError> {
        self.get_if_there(&format!("config/paths/get/{}", encoded(name))).await
    }

    /// What a path has that says nothing of it.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn path_defaults(&self) -> Result<Map<String, Value>, ApiError> {
        self.get(&format!("{}/get", self.name(PATH_DEFAULTS).await?)).await
    }

    /// Changes these keys of what every path has that says nothing of them, and no others. Paths that are live under
    /// them begin anew for most keys.
    ///
    /// # Errors
    /// [`ApiError`]; `Refused` when a path of the server would be invalid with them.
    pub async fn patch_path_defaults(&self, keys: &Map<String, Value>) -> Result<(), ApiError> {
        let route = format!("{}/patch", self.name(PATH_DEFAULTS).await?);
        self.write(Method::PATCH, &route, keys).await
    }

    /// Creates a path or replaces its configuration; the same again changes nothing. Unsaid keys come from the
    /// path defaults. Recording is switched without disturbing anyone; see [`barrier`](Api::barrier).
    ///
    /// # Errors
    /// [`ApiError`]; `Refused` with MediaMTX's reason when the configuration is invalid, which then stays as it was;
    /// `Unsupported` when this server is too old for it.
    pub async fn replace_path(&self, name: &str, config: &PathConfig) -> Result<(), ApiError> {
        let keys = config.for_server(&*self.features().await?)?;
        self.write(Method::POST, &format!("config/paths/replace/{}", encoded(name)), &keys).await
    }

    /// Removes a path, closing its publisher and readers. One that does not exist is fine.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn delete_path(&self, name: &str) -> Result<(), ApiError> {
        let route = format!("config/paths/delete/{}", encoded(name));
        gone_is_fine(self.write(Method::DELETE, &route, &json!({})).await)
    }

    /// Returns when every earlier write is applied. MediaMTX answers a write before that, and a publisher that
    /// comes too soon is refused; a second write that changes nothing waits for the first (measured on 1.20.1:
    /// no failure in 150, against 10 % without).
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn barrier(&self) -> Result<(), ApiError> {
        let answer = self.empty_patch().await;
        if matches!(answer, Err(ApiError::Refused { status: 404, .. })) {
            // Another version is there than the last time.
            self.forget_features();
            return self.empty_patch().await;
        }
        answer
    }

    async fn empty_patch(&self) -> Result<(), ApiError> {
        self.patch_path_defaults(&Map::new()).await
    }
}
