//! Settings that are kept under a name.

use std::collections::BTreeMap;

use stream_api::{
    Code, Encoding, Error, Playback, Preset, StreamId, StreamSpec, check_preset_name,
    commands::{Nothing, PresetApplied, PresetApply, PresetRemove, PresetSave, StreamUpdate},
};

use super::{Call, capacity, stored, stream_update};

pub(crate) async fn preset_save(call: &Call<'_>, request: PresetSave) -> Result<Nothing, Error> {
    let name = request.name.trim().to_owned();
    check_preset_name(&name)?;
    let encoding = request.encoding.as_preset();
    encoding.check(Playback::Loop)?;
    call.engine.store.put_preset(Preset { name, encoding }).await?;
    call.engine.hub.presets(call.engine.store.presets().await);
    Ok(Nothing {})
}

pub(crate) async fn preset_remove(call: &Call<'_>, request: PresetRemove) -> Result<Nothing, Error> {
    call.engine.store.remove_preset(&request.name).await?;
    call.engine.hub.presets(call.engine.store.presets().await);
    Ok(Nothing {})
}

pub(crate) async fn preset_apply(call: &Call<'_>, request: PresetApply) -> Result<PresetApplied, Error> {
    let PresetApply { name, streams, unless_full } = request;
    let preset = call.engine.store.presets().await.into_iter().find(|preset| preset.name == name);
    let preset = preset.ok_or_else(|| Error::new(Code::NoSuchPreset).with("name", name))?;
    if unless_full {
        let all = call.engine.store.streams().await.into_iter();
        let changes = all.filter(|stream| streams.contains(&stream.id)).filter_map(|stream| {
            let spec = StreamSpec { encoding: by(&stream.spec, &preset)?, ..stream.spec.clone() };
            Some((stream, spec))
        });
        capacity::check_changes(call.engine, changes).await?;
    }
    let mut refused = BTreeMap::new();
    for id in streams {
        if let Err(error) = apply(call, id, &preset).await {
            refused.insert(id, error);
        }
    }
    Ok(PresetApplied { refused })
}

async fn apply(call: &Call<'_>, id: StreamId, preset: &Preset) -> Result<(), Error> {
    let spec = stored(call.engine, id).await?.spec;
    let encoding =
        by(&spec, preset).ok_or_else(|| Error::new(Code::EncodingUnfit).with("name", &spec.name))?;
    if encoding == spec.encoding {
        return Ok(());
    }
    let update = StreamUpdate { encoding: Some(encoding), ..StreamUpdate::of(id) };
    stream_update(call, update).await.map(drop)
}

/// How a stream is sent by a preset; none for one that takes no settings.
fn by(spec: &StreamSpec, preset: &Preset) -> Option<Encoding> {
    let encoding = spec.takes_settings().then(|| spec.encoding.by_preset(&preset.encoding))?;
    Some(if spec.source.file().is_some() { encoding } else { encoding.of_live() })
}
