//! What a file holds, and how it would be sent.

use std::path::Path;

use ffmpeg_cli::publish::{self, Input, Publish, Target};
use stream_api::{Error, PreparedReport, ProbeReport, check_name, commands::SourceProbe, file_name};

use super::{Call, encoding, examine, given, proposed};
use crate::{
    capacity::recipe,
    prober::Probed,
    wanted::{wanted, way},
};

pub(crate) async fn source_probe(call: &Call<'_>, request: SourceProbe) -> Result<ProbeReport, Error> {
    let path = given::path(&request.path);
    request.encoding.check(request.playback)?;
    encoding::known(call, &request.encoding).await?;
    let SourceProbe { server, playback, encoding, .. } = &request;
    let wanted = wanted(&call.engine.hub, &call.engine.prober, *server, *playback, encoding);
    let Probed { media, mut plan } = examine(call.engine, &path, &wanted).await?;
    let (by, instead) = way(&call.engine.hub, request.server, &request.encoding);
    plan.warnings.extend(instead);
    let proposed_name = proposed(call.engine, request.server, file_name(&path)).await;
    let name = request.name.filter(|name| check_name(name).is_ok()).unwrap_or_else(|| proposed_name.clone());
    let version = call.engine.tools.found().ffmpeg?.version;
    let target = Target {
        host: "127.0.0.1".to_owned(),
        by,
        port: call.engine.hub.snapshot().server.ports.of(by.listener()),
        name,
        user: String::new(),
        pass: String::new(),
    };
    let input = match publish::passes(&path, &media, request.playback, &request.encoding)? {
        // Written when it starts.
        Some(_) => Input::Passes(Path::new("part.ffconcat")),
        None => Input::File { path: &path, playback: request.playback },
    };
    let of_source =
        Publish { input, media: &media, plan: &plan, encoding: &request.encoding, target: &target, version };
    let command = publish::shown("ffmpeg", &of_source);
    let prepared = recipe(&media, &plan, request.playback, &request.encoding).map(|(recipe, seconds)| {
        let (media, plan) = recipe.result(seconds, recipe.size(seconds));
        let input = Input::File { path: "prepared.mp4", playback: request.playback };
        let publish = Publish { input, media: &media, plan: &plan, ..of_source };
        let command = publish::shown("ffmpeg", &publish);
        Box::new(PreparedReport { media, plan, command })
    });
    Ok(ProbeReport { path, proposed_name, media, plan, command, prepared })
}
