use futures_util::future::try_join_all;
use hyper::Method;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{Api, encoded, gone_is_fine};
use crate::ApiError;
use crate::routes::{HLS_MUXERS, RTSP_CONNECTIONS, RTSPS_CONNECTIONS, Route};
use crate::session::{HlsMuxer, RtspConnection, Session, SessionKind, WireSession};

impl Api {
    /// Every client of every protocol, of [`SessionKind::ALL`] in this order. The lists are asked for side by side.
    ///
    /// # Errors
    /// [`ApiError`]; a protocol that is switched off, or that the server does not know, counts as empty.
    pub async fn sessions(&self) -> Result<Vec<Session>, ApiError> {
        let lists = SessionKind::ALL.map(|kind| self.sessions_by(kind));
        Ok(try_join_all(lists).await?.into_iter().flatten().collect())
    }

    /// The clients by one protocol.
    ///
    /// # Errors
    /// As [`sessions`](Api::sessions).
    pub async fn sessions_by(&self, kind: SessionKind) -> Result<Vec<Session>, ApiError> {
        let list: Vec<WireSession> = self.list_if_there(Route::sessions(kind)).await?;
        Ok(list.into_iter().map(|session| session.of_kind(kind)).collect())
    }

    /// Ends a client's session; it may come back. One that is already gone is fine.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn kick(&self, kind: SessionKind, id: &str) -> Result<(), ApiError> {
        let route = format!("{}/kick/{}", self.name(Route::sessions(kind)).await?, encoded(id));
        gone_is_fine(self.write(Method::POST, &route, &json!({})).await)
    }

    /// What serves each path by HLS; empty where HLS is off. Before 1.18 the only trace of its viewers.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn hls_muxers(&self) -> Result<Vec<HlsMuxer>, ApiError> {
        self.list_if_there(HLS_MUXERS).await
    }

    /// Connections by RTSP, encrypted or not; empty where it is off.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn rtsp_connections(&self, encrypted: bool) -> Result<Vec<RtspConnection>, ApiError> {
        self.list_if_there(if encrypted { RTSPS_CONNECTIONS } else { RTSP_CONNECTIONS }).await
    }

    /// Routes of a server that is switched off are not there.
    async fn list_if_there<T: DeserializeOwned>(&self, route: Route) -> Result<Vec<T>, ApiError> {
        match self.list(&format!("{}/list", self.name(route).await?)).await {
            Err(ApiError::Refused { status: 404, .. }) => Ok(Vec::new()),
            answer => answer,
        }
    }
}
