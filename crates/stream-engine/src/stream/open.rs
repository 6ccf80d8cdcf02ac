//! Streams without a child of ours: the server fetches, or somebody publishes. Here their path is made.

use mediamtx_client::{Pull, RtspTransport, source_url};
use stream_api::{
    Code, Error, Fetch, NetworkSource, Source, SourceSecrets, StreamId, StreamSpec, Transport, Unkept,
};

use super::{Parts, convert};
use crate::{
    lifecycle::Problem,
    prober::Probed,
    secrets,
    server::{Keep, Wish, source_of},
};

/// A path that is there.
#[derive(Debug)]
pub(super) struct Opened {
    /// Whether it was to be recorded when all this began.
    pub(super) record: bool,
}

/// Everything from an order to a path that waits for media. `converted`: the source is fetched for FFmpeg, and what is
/// known of it.
pub(super) async fn open(
    parts: Parts,
    id: StreamId,
    spec: StreamSpec,
    converted: Option<Option<Probed>>,
) -> Result<Opened, Problem> {
    if let (Some(known), Some(network)) = (&converted, spec.source.network()) {
        convert::open(&parts, id, &spec, network, known.as_ref()).await?;
        return Ok(Opened { record: spec.record });
    }
    // It may have been converted before.
    parts.server.remove_path(id, &source_of(id)).await;
    let pull = match spec.source.network() {
        Some(network) => Some(pull(&parts, id, network).await?),
        None => None,
    };
    let keep = if spec.keep_viewers { Keep::Unable(Unkept::Unknown) } else { Keep::No };
    let outside = spec.source == Source::Incoming;
    let wish = Wish { record: spec.record, keep, pull, outside };
    let made = parts.server.ensure_path(id, &spec.name, wish).await;
    made.map_err(passing)?;
    Ok(Opened { record: spec.record })
}

pub(super) async fn pull(parts: &Parts, id: StreamId, network: &NetworkSource) -> Result<Pull, Problem> {
    let kept = match network.has_secret {
        // A keychain that is unlocked later lets it run then.
        true => parts.secrets.find::<SourceSecrets>(id, secrets::SOURCE).await.map_err(passing)?,
        false => Some(SourceSecrets::default()),
    };
    let secrets = kept.ok_or_else(|| {
        let error = Error::new(Code::SecretMissing).with("host", host(network));
        Problem { fault: error.into(), permanent: true }
    })?;
    Ok(pull_of(network, &secrets))
}

fn passing(error: Error) -> Problem {
    Problem { fault: error.into(), permanent: false }
}

/// How the server is told to fetch a source.
pub(crate) fn pull_of(network: &NetworkSource, secrets: &SourceSecrets) -> Pull {
    Pull {
        url: source_url(&network.url, network.user.as_deref(), secrets),
        on_demand: network.when == Fetch::OnDemand,
        rtsp_transport: match network.transport {
            Transport::Automatic => RtspTransport::Automatic,
            Transport::Tcp => RtspTransport::Tcp,
            Transport::Udp => RtspTransport::Udp,
        },
        // It was checked when it was given.
        fingerprint: network.fingerprint.as_ref().and_then(|text| text.parse().ok()),
    }
}

/// The source's host, for people.
pub(crate) fn host(network: &NetworkSource) -> String {
    stream_api::split_address(&network.url).map_or_else(|_| network.url.clone(), |address| address.host)
}
