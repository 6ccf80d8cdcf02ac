//! HTTP of a server's own listeners for viewers, HLS and WebRTC, passed on piece by piece.

use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};

use crate::http::{Connection, connection, reason};
use crate::{ApiError, Trust};

/// Nothing takes longer to begin: a playlist of low latency waits for the next part.
const ANSWER: Duration = Duration::from_secs(20);

/// The way to the listeners for viewers of a server on this computer. Cheap to clone.
///
/// Any certificate will do: nobody else listens there, and what is encrypted does not leave the computer.
#[derive(Clone)]
pub struct Media(Connection);

impl Media {
    /// Connects to nothing yet.
    pub fn here() -> Media {
        Media(connection(Trust::Any))
    }

    /// Sends one request as it is; the answer's status is not judged, and its body is still to come. Follows no
    /// redirect.
    ///
    /// # Errors
    /// [`ApiError`] when there is no answer.
    pub async fn ask(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, ApiError> {
        let client = self.0.as_ref().map_err(|broken| ApiError::Unreachable(broken.clone()))?;
        let answer = tokio::time::timeout(ANSWER, client.request(request)).await;
        answer.map_err(|_| ApiError::Timeout)?.map_err(|error| reason(&error))
    }
}

impl std::fmt::Debug for Media {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Media").finish_non_exhaustive()
    }
}
