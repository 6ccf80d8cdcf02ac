use hyper::Method;
use serde_json::{Map, Value, json};

use super::Api;
use crate::users::{User, check_users};
use crate::{ApiError, UserFault};

impl Api {
    /// All that is not about paths. Holds passwords, up to 1.20.0.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn global(&self) -> Result<Map<String, Value>, ApiError> {
        self.get("config/global/get").await
    }

    /// Changes these keys and no others; lists are replaced whole.
    ///
    /// Most keys end all sessions of a protocol or of the server. One that restarts the API's own listener must be
    /// followed by no other write until the API answers again, or the server may hang for good. An address that can't
    /// be used is answered by success, and then the process ends, with exit code 0 (measured on 1.20.1).
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn patch_global(&self, keys: &Map<String, Value>) -> Result<(), ApiError> {
        self.write(Method::PATCH, "config/global/patch", keys).await
    }

    /// Who may do what, as far as the server tells: [`crate::Pass::Redacted`] since 1.20.1.
    ///
    /// # Errors
    /// [`ApiError`]; `Garbage` when an entry is not understood.
    pub async fn users(&self) -> Result<Vec<User>, ApiError> {
        let users = self.global().await?.remove("authInternalUsers").unwrap_or_else(|| json!([]));
        serde_json::from_value(users).map_err(|error| ApiError::Garbage(error.to_string()))
    }

    /// Replaces the whole list of users. Nobody is disconnected: sessions that are already there stay, see
    /// [`kick`](Api::kick). Applied after the next [`barrier`](Api::barrier).
    ///
    /// # Errors
    /// [`ApiError`]; `Users`, and nothing was sent, when the list would lock everybody out or open the server by
    /// mistake. That the list holds this client's own user is the caller's business.
    pub async fn set_users(&self, users: &[User]) -> Result<(), ApiError> {
        check_users(users)?;
        let list = serde_json::to_value(users).map_err(|_| UserFault::Redacted(String::new()))?;
        self.patch_global(&Map::from_iter([("authInternalUsers".to_owned(), list)])).await
    }
}
