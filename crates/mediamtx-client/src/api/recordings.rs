use hyper::Method;
use serde_json::json;

use super::{Api, encoded, encoded_value, gone_is_fine};
use crate::ApiError;
use crate::routes::{DELETE_SEGMENT, FORWARDS};
use crate::wire::{ForwardState, Recording};

impl Api {
    /// What was recorded of a path that is configured; the server walks its disk for it.
    ///
    /// # Errors
    /// [`ApiError`]; `Refused` for a path that is not configured.
    pub async fn recording(&self, path: &str) -> Result<Recording, ApiError> {
        self.get(&format!("recordings/get/{}", encoded(path))).await
    }

    /// What was recorded of every path: those that are configured, and those of its folders that a pattern or
    /// `all_others` covers. The server walks its disk for it: not for looking at all the time.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn recordings(&self) -> Result<Vec<Recording>, ApiError> {
        self.list("recordings/list").await
    }

    /// Deletes the file that begins at `start`, exactly as [`recording`](Api::recording) tells it.
    ///
    /// # Errors
    /// [`ApiError`]; `Refused` with 400 when there is no such file.
    pub async fn delete_segment(&self, path: &str, start: &str) -> Result<(), ApiError> {
        let name = self.name(DELETE_SEGMENT).await?;
        let route = format!("{name}?path={}&start={}", encoded_value(path), encoded_value(start));
        gone_is_fine(self.write(Method::DELETE, &route, &json!({})).await)
    }

    /// Where a path is sent to, in the order of its configuration; empty before 1.20.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn forwards(&self, path: &str) -> Result<Vec<ForwardState>, ApiError> {
        if !self.features().await?.forward {
            return Ok(Vec::new());
        }
        let name = self.name(FORWARDS).await?;
        let page: crate::wire::Page<ForwardState> =
            self.get(&format!("{name}/list?path={}", encoded_value(path))).await?;
        Ok(page.items)
    }
}
