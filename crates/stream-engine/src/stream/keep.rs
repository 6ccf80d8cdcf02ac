use std::{sync::Arc, time::Duration};

use ffmpeg_cli::slate::Slate;
use stream_api::{Code, Error, StreamId, StreamSpec, Unkept};
use tokio::time::timeout;

use super::Parts;
use crate::{
    prober::Probed,
    server::{Access, Keep, Wish},
    slates::NotMade,
};

/// A slate takes half a second to make, but others may be made before it.
const SLATE_LIMIT: Duration = Duration::from_secs(30);

/// How viewers of a stream that is about to start are kept. Makes the slate if need be, which takes a moment once.
///
/// `refused`: the server did not take this source together with its slate.
pub(super) async fn keep(
    parts: &Parts,
    id: StreamId,
    spec: &StreamSpec,
    probed: &Probed,
    refused: bool,
) -> Keep {
    if !spec.keep_viewers {
        return Keep::No;
    }
    if refused {
        return Keep::Unable(Unkept::Refused);
    }
    let slate = match Slate::of(&probed.media, &probed.plan) {
        Ok(slate) => slate,
        Err(reason) => return Keep::Unable(reason),
    };
    // One with the same tracks stays: another file would close every reader, whatever is in it.
    let in_use = parts.server.slate(id, &spec.name).filter(|in_use| in_use.tracks() == slate.tracks());
    let (slate, is_in_use) = (in_use.clone().unwrap_or(slate), in_use.is_some());
    let slates = match &parts.server.terms().slates {
        Ok(slates) => slates.clone(),
        Err(reason) => return Keep::Unable(*reason),
    };
    match timeout(SLATE_LIMIT, slates.ensure(&slate)).await {
        Ok(Ok(())) => return Keep::With(slate),
        // The server has it open, and can't be told anything else until the drive answers.
        Ok(Err(NotMade::Unanswered)) if is_in_use => return Keep::With(slate),
        Ok(Err(error)) => tracing::warn!(%error, stream_id = %id, "the slate could not be made"),
        Err(_) => tracing::warn!(stream_id = %id, "the slate was not made in time"),
    }
    Keep::Unable(Unkept::NotMade)
}

/// Makes the path, without a slate where the server does not take this one.
///
/// # Errors
/// As [`Server::ensure_path`](crate::server::Server::ensure_path).
pub(super) async fn ensure_path(
    parts: &Parts,
    id: StreamId,
    name: &str,
    wish: Wish,
) -> Result<Arc<Access>, Error> {
    let record = wish.record;
    let with_slate = matches!(wish.keep, Keep::With(_));
    match parts.server.ensure_path(id, name, wish).await {
        Err(error) if with_slate && error.code == Code::ServerRefused => {
            tracing::warn!(%error, stream_id = %id, "the server did not take the slate; going on without");
            let wish = Wish { record, keep: Keep::Unable(Unkept::Refused), pull: None, outside: false };
            parts.server.ensure_path(id, name, wish).await
        }
        other => other,
    }
}
