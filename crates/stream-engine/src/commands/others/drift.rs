//! What others changed of our paths: ours again, or theirs from now on.

use mediamtx_client::Difference;
use serde_json::Value;
use stream_api::{
    ActivityKind, Error, Fetch, NetworkSource, OtherServer, Source, StreamId, StreamSpec, Transport,
    commands::{Adopted, DriftAdopt, DriftApply, PathTake, StreamUpdate},
};

use super::{super::stream_update, Call, known, shown, stream_of};
use crate::server::is_adoptable;

pub(crate) async fn drift_apply(call: &Call<'_>, request: DriftApply) -> Result<OtherServer, Error> {
    let stored = known(call.engine, request.id).await?;
    if request.users {
        call.engine.servers.get(request.id).insist().await?;
        call.engine.hub.tell_server(&stored.spec.name, ActivityKind::UsersApplied { by: call.origin });
        return shown(call.engine, request.id);
    }
    let paths: Vec<(StreamId, String)> = match request.stream {
        Some(id) => vec![(id, stream_of(call.engine, request.id, id).await?.spec.name)],
        None => {
            let drift = shown(call.engine, request.id)?.drift.into_iter();
            drift.map(|drift| (drift.stream, drift.path)).collect()
        }
    };
    let names = paths.iter().map(|(_, name)| name.clone()).collect();
    call.engine.servers.get(request.id).overwrite(names).await?;
    for (id, name) in &paths {
        call.engine.hub.tell(Some((*id, name)), ActivityKind::DriftApplied { by: call.origin });
    }
    shown(call.engine, request.id)
}

pub(crate) async fn drift_adopt(call: &Call<'_>, request: DriftAdopt) -> Result<Adopted, Error> {
    known(call.engine, request.id).await?;
    let stream = stream_of(call.engine, request.id, request.stream).await?;
    let server = call.engine.servers.get(request.id);
    let mut update = StreamUpdate::of(stream.id);
    let mut outcome = Adopted { adopted: Vec::new(), left: Vec::new() };
    for difference in server.drift(&stream.spec.name) {
        let taken = adopt(&difference, &stream.spec, &mut update);
        let keys = if taken { &mut outcome.adopted } else { &mut outcome.left };
        keys.push(difference.key);
    }
    if !outcome.adopted.is_empty() {
        stream_update(call, update).await?;
        // Nothing is written; what is left of the drift is shown at once.
        server.overwrite(Vec::new()).await?;
        let kind = ActivityKind::DriftAdopted { keys: outcome.adopted.clone(), by: call.origin };
        call.engine.hub.tell(Some((stream.id, &stream.spec.name)), kind);
    }
    Ok(outcome)
}

pub(crate) async fn path_take(call: &Call<'_>, request: PathTake) -> Result<OtherServer, Error> {
    known(call.engine, request.id).await?;
    let stream = stream_of(call.engine, request.id, request.stream).await?;
    call.engine.servers.get(request.id).take_over(&stream.spec.name).await?;
    let kind = ActivityKind::PathTaken { by: call.origin };
    call.engine.hub.tell(Some((stream.id, &stream.spec.name)), kind);
    shown(call.engine, request.id)
}

/// Whether it can be taken over, and this stream has a setting for it.
fn adopt(difference: &Difference, spec: &StreamSpec, update: &mut StreamUpdate) -> bool {
    if !is_adoptable(difference) {
        return false;
    }
    let network = || match update.source.as_ref().unwrap_or(&spec.source) {
        Source::Network(network) => Some(network.clone()),
        Source::File { .. } | Source::Incoming | Source::TestPattern => None,
    };
    match (difference.key.as_str(), &difference.theirs, network()) {
        ("record", Value::Bool(record), _) => update.record = Some(*record),
        ("sourceOnDemand", Value::Bool(on_demand), Some(network)) => {
            let when = if *on_demand { Fetch::OnDemand } else { Fetch::Always };
            update.source = Some(Source::Network(NetworkSource { when, ..network }));
        }
        ("source", Value::String(url), Some(network)) => {
            // Who asks, and the password, are inside.
            let (url, user) = (url.clone(), None);
            update.source = Some(Source::Network(NetworkSource { url, user, ..network }));
        }
        ("sourceFingerprint", Value::String(text), Some(network)) => {
            let fingerprint = Some(text.clone()).filter(|text| !text.is_empty());
            update.source = Some(Source::Network(NetworkSource { fingerprint, ..network }));
        }
        ("rtspTransport", Value::String(word), Some(network)) => {
            let transport = match word.as_str() {
                "automatic" => Transport::Automatic,
                "tcp" => Transport::Tcp,
                "udp" => Transport::Udp,
                _ => return false,
            };
            update.source = Some(Source::Network(NetworkSource { transport, ..network }));
        }
        _ => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_stream_takes_over_what_it_has_a_setting_for() {
        let difference = |key: &str, theirs: Value| Difference {
            key: key.to_owned(),
            ours: json!("rtsp://cam/x"),
            theirs,
        };
        let network = NetworkSource { url: "rtsp://cam/x".into(), ..NetworkSource::default() };
        let camera = StreamSpec::new("a", Source::Network(network));
        let mut update = StreamUpdate::of(StreamId(Uuid::nil()));
        let mut take =
            |key: &str, theirs: Value, spec: &StreamSpec| adopt(&difference(key, theirs), spec, &mut update);
        assert!(take("record", json!(true), &camera));
        assert!(take("sourceOnDemand", json!(true), &camera));
        assert!(take("rtspTransport", json!("tcp"), &camera));
        assert!(!take("rtspTransport", json!("multicast"), &camera));
        assert!(take("source", json!("rtsp://me:pw@cam2/y"), &camera));
        assert!(!take("source", json!("publisher"), &camera), "it goes on being fetched");
        assert!(!take("source", json!("rtsp://me:<redacted>@cam2/y"), &camera), "its password is not known");
        assert!(take("sourceFingerprint", json!("ab12"), &camera));
        assert!(!take("maxReaders", json!(3), &camera));
        let mut none = StreamUpdate::of(StreamId(Uuid::nil()));
        let incoming = StreamSpec::new("b", Source::Incoming);
        assert!(!adopt(&difference("sourceOnDemand", json!(true)), &incoming, &mut none));
        let Some(Source::Network(taken)) = update.source else { panic!("a network source") };
        assert_eq!(
            (update.record, taken.when, taken.transport, taken.url.as_str(), taken.fingerprint.as_deref()),
            (Some(true), Fetch::OnDemand, Transport::Tcp, "rtsp://me:pw@cam2/y", Some("ab12"))
        );
    }
}
