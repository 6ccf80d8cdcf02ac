//! Testing another server step by step, before it is added or when something is wrong.

use std::{fs, path::Path};

use mediamtx_client::{Api, ApiError, CertificateFault, Flaw};
use stream_api::{Code, Error, Outcome, ServerKind, ServerSpec, ServerStep, ServerTestStep, ServerTested};
use tokio::task::spawn_blocking;

use super::{
    super::relay::{Refusal, knock},
    meet,
};
use crate::{slates::Slates, stored_other::OtherSecrets};

/// How far a server with this spec can be used; changes nothing there. `ours` says of a path whether we made it.
pub(crate) async fn examined(
    spec: &ServerSpec,
    kept: &OtherSecrets,
    slates: &Slates,
    ours: impl Fn(&str) -> bool,
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
    let mut publish = Outcome::Skipped;
    let mut unsent = None;
    if let Some(features) = &examination.features {
        let api = Api::new(address.clone());
        let (doors, started, names) = match asked(&api).await {
            Ok(answers) => answers,
            Err(error) => {
                let reason = Error::new(Code::RemoteUnreachable).with("host", address.host());
                return Err(reason.with("reason", error));
            }
        };
        let terms = meet::terms(spec, kept, Some(features), slates);
        tested.version = Some(meet::version(features));
        tested.lacks = meet::lacks(&terms, features, started.is_some());
        tested.foreign = u32::try_from(names.iter().filter(|name| !ours(name)).count()).unwrap_or(u32::MAX);
        let sent = match meet::aim(spec, kept, &doors) {
            Ok(aim) => match knock(&aim).await {
                Ok(()) => Ok(()),
                Err(refusal) => {
                    if let Refusal::Unreachable(ApiError::Certificate(CertificateFault {
                        fingerprint, ..
                    })) = &refusal
                    {
                        tested.publish_fingerprint = Some(fingerprint.to_string());
                    }
                    Err(meet::unsent(&refusal, &aim.host))
                }
            },
            Err(error) => Err(error),
        };
        publish = if sent.is_ok() { Outcome::Passed } else { Outcome::Failed };
        unsent = sent.err();
    }
    tested.steps.push(ServerTestStep { step: ServerStep::Publish, outcome: publish, error: unsent });
    let folder = spec.folder.as_ref().filter(|_| spec.kind == ServerKind::SharedFolder);
    let (outcome, error) = match folder {
        None => (Outcome::Skipped, None),
        Some(folder) => match usable(&folder.here).await {
            Ok(()) => (Outcome::Passed, None),
            Err(error) => (Outcome::Failed, Some(error)),
        },
    };
    tested.steps.push(ServerTestStep { step: ServerStep::Folder, outcome, error });
    Ok(tested)
}

type Answers = (Vec<stream_api::Door>, Option<String>, Vec<String>);

async fn asked(api: &Api) -> Result<Answers, ApiError> {
    let doors = mediamtx_client::doors(&api.global().await?);
    Ok((doors, api.started().await?, api.configured_paths().await?))
}

/// Whether a folder is there and can be written.
pub(crate) async fn usable(folder: &str) -> Result<(), Error> {
    let path = folder.to_owned();
    let written = spawn_blocking(move || {
        let probe = Path::new(&path).join(format!(".probe-{}", uuid::Uuid::new_v4().simple()));
        fs::write(&probe, b"").and_then(|()| fs::remove_file(&probe))
    });
    let written = written.await.map_err(std::io::Error::other).flatten();
    written.map_err(|error| Error::new(Code::FolderUnusable).with("path", folder).with("reason", error))
}
