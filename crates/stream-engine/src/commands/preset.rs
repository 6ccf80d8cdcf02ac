//! Settings that are kept under a name.

use std::collections::BTreeMap;

use stream_api::{
    Code, Error, Playback, Preset, StreamId, check_preset_name,
    commands::{Nothing, PresetApplied, PresetApply, PresetRemove, PresetSave, StreamUpdate},
};

use super::{Call, stored, stream_update};

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
    let PresetApply { name, streams } = request;
    let preset = call.engine.store.presets().await.into_iter().find(|preset| preset.name == name);
    let preset = preset.ok_or_else(|| Error::new(Code::NoSuchPreset).with("name", name))?;
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
    if !spec.takes_settings() {
        return Err(Error::new(Code::EncodingUnfit).with("name", spec.name));
    }
    let mut encoding = spec.encoding.by_preset(&preset.encoding);
    if spec.source.file().is_none() {
        encoding = encoding.of_live();
    }
    if encoding == spec.encoding {
        return Ok(());
    }
    let update = StreamUpdate { encoding: Some(encoding), ..StreamUpdate::of(id) };
    stream_update(call, update).await.map(drop)
}
