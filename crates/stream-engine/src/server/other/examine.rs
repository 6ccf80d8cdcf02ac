//! Testing another server step by step, before it is added or when something is wrong.

use std::{collections::BTreeSet, fs, io, path::Path};

use mediamtx_client::{Api, ApiError, CertificateFault, Features, Flaw, Paths, PublishRules, Publishable};
use stream_api::{Code, Error, Outcome, ServerKind, ServerSpec, ServerStep, ServerTestStep, ServerTested, t};

use super::{
    super::relay::{Aim, Refusal, Reply, knock},
    meet,
};
use crate::{
    drives::{self, Drives},
    slates::Slates,
    stored_other::OtherSecrets,
};

/// How far a server with this spec can be used; changes nothing there. `ours` says of a path whether we made it,
/// `streams` are the names of those that it has, or is to have.
pub(crate) async fn examined(
    spec: &ServerSpec,
    kept: &OtherSecrets,
    slates: &Slates,
    drives: &Drives,
    ours: impl Fn(&str) -> bool,
    streams: &[String],
) -> Result<ServerTested, Error> {
    let address = meet::address(spec, kept)?;
    let examination = mediamtx_client::examine(&address).await;
    let mut tested = ServerTested {
        steps: Vec::new(),
        fingerprint: None,
        publish_fingerprint: None,
        version: None,
        lacks: Vec::new(),
        foreign: 0,
    };
    for (step, outcome) in examination.steps() {
        let flaw = examination.flaw.as_ref().filter(|_| outcome == Outcome::Failed);
        let error = flaw.map(|flaw| meet::flawed(flaw, address.host()).0);
        tested.steps.push(ServerTestStep { step, outcome, error });
    }
    if let Some(Flaw::Certificate(fault)) = &examination.flaw {
        tested.fingerprint = Some(fault.fingerprint.to_string());
    }
    let mut publish = (Outcome::Skipped, None);
    if let Some(features) = &examination.features {
        let api = Api::new(address.clone());
        let found = found(&api, features).await.map_err(|error| {
            Error::new(Code::RemoteUnreachable).with("host", address.host()).with("reason", error)
        })?;
        let terms = meet::terms(spec, kept, Some(features), slates);
        tested.version = Some(meet::version(features));
        tested.lacks = meet::lacks(&terms, features, found.started.is_some());
        let foreign = found.names.iter().filter(|name| !ours(name)).count();
        tested.foreign = u32::try_from(foreign).unwrap_or(u32::MAX);
        publish = match meet::aim(spec, kept, &found.doors) {
            Ok(aim) => {
                let (outcome, error, fingerprint) = published(&aim, &found.rules, streams).await;
                tested.publish_fingerprint = fingerprint;
                (outcome, error)
            }
            Err(error) => (Outcome::Failed, Some(error)),
        };
    }
    let (outcome, error) = publish;
    tested.steps.push(ServerTestStep { step: ServerStep::Publish, outcome, error });
    let folder = spec.folder.as_ref().filter(|_| spec.kind == ServerKind::SharedFolder);
    let (outcome, error) = match folder {
        None => (Outcome::Skipped, None),
        Some(folder) => match usable(&folder.here, drives).await {
            Ok(()) => (Outcome::Passed, None),
            Err(error) => (Outcome::Failed, Some(error)),
        },
    };
    tested.steps.push(ServerTestStep { step: ServerStep::Folder, outcome, error });
    Ok(tested)
}

/// What it tells once we are let in.
struct Found {
    doors: Vec<stream_api::Door>,
    started: Option<String>,
    /// Of all paths that have an entry or a publisher.
    names: BTreeSet<String>,
    rules: PublishRules,
}

async fn found(api: &Api, features: &Features) -> Result<Found, ApiError> {
    let (global, configs, live) = (api.global().await?, api.path_configs().await?, api.paths().await?);
    let name =
        |keys: &serde_json::Map<String, serde_json::Value>| Some(keys.get("name")?.as_str()?.to_owned());
    let busy = live.iter().filter(|path| path.source.is_some()).map(|path| path.name.clone());
    Ok(Found {
        doors: mediamtx_client::doors(&global),
        started: api.started().await?,
        names: configs.iter().filter_map(name).chain(busy).collect(),
        rules: PublishRules::new(features, &global, &configs, &live),
    })
}

/// Whether streams can be sent there: as far as that can be told, and what is to be known of it. Then the certificate
/// that is not believed.
async fn published(
    aim: &Aim,
    rules: &PublishRules,
    streams: &[String],
) -> (Outcome, Option<Error>, Option<String>) {
    let user = aim.login.as_ref().map(|(user, _)| user.as_str());
    let publishable = rules.publishable(user);
    let fresh = format!("stream-manager-test-{}", uuid::Uuid::new_v4().simple());
    let name = rules.name_to_try(user, streams, &fresh);
    let reply = match knock(aim, name.as_deref().unwrap_or(&fresh)).await {
        Ok(reply) => reply,
        Err(error) => {
            let shown = match &error {
                ApiError::Certificate(CertificateFault { fingerprint, .. }) => Some(fingerprint.to_string()),
                _ => None,
            };
            return (Outcome::Failed, Some(meet::unsent(&Refusal::Unreachable(error), &aim.host)), shown);
        }
    };
    let untried = |reason: String| {
        (Outcome::Skipped, Some(Error::new(Code::RemotePublishUntried).with("reason", reason)))
    };
    let wrong = || (Outcome::Failed, Some(meet::unsent(&Refusal::Login, &aim.host)));
    let host = &aim.host;
    let (outcome, error) = match (reply, &publishable, name) {
        (Reply::Welcome, Publishable::Some(paths), _) => {
            let error = Error::new(Code::RemotePublishSome).with("paths", written(paths));
            (Outcome::Passed, Some(error))
        }
        (Reply::Welcome, ..) => (Outcome::Passed, None),
        (_, Publishable::Nothing, _) => wrong(),
        // A stream of ours would hear the same.
        (Reply::Login, Publishable::Unknown, Some(name)) if !streams.contains(&name) => {
            untried(t!("untried.unclear", host = host, path = name))
        }
        (Reply::Login, _, Some(_)) => wrong(),
        (_, Publishable::Some(paths), None) => {
            untried(t!("untried.no_path_of", host = host, paths = written(paths)))
        }
        (_, _, None) => untried(t!("untried.no_path", host = host)),
        (Reply::Other(status), _, Some(name)) => {
            untried(t!("untried.answer", host = host, path = name, status = status))
        }
    };
    (outcome, error, None)
}

/// As people write them into its configuration.
fn written(paths: &[Paths]) -> String {
    let each = paths.iter().map(|paths| match paths {
        Paths::All => "*".to_owned(),
        Paths::Named(name) => name.clone(),
        Paths::Matching(pattern) => format!("~{pattern}"),
    });
    each.collect::<Vec<_>>().join(", ")
}

/// Whether a folder is there and can be written.
///
/// # Errors
/// `folder_unusable`, also when its drive does not answer.
pub(crate) async fn usable(folder: &str, drives: &Drives) -> Result<(), Error> {
    let path = folder.to_owned();
    let write = move || {
        let probe = Path::new(&path).join(format!(".probe-{}", uuid::Uuid::new_v4().simple()));
        fs::write(&probe, b"").and_then(|()| fs::remove_file(&probe))
    };
    let written = drives.ask(Path::new(folder), drives::LIMIT, write).await;
    let written = written.unwrap_or_else(|| Err(io::Error::new(io::ErrorKind::TimedOut, t!("drive.silent"))));
    written.map_err(|error| Error::new(Code::FolderUnusable).with("path", folder).with("reason", error))
}
