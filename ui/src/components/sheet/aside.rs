use leptos::prelude::*;
use stream_api::{
    Cost, Cure, Mode, Picture, Plan, PreparedReport, SourceMedia, codec_name, commands::CapacityGet,
    container_name, t,
};

use crate::{
    components::{
        CopyButton,
        everywhere::everywhere,
        room::room,
        sheet::form::{Form, Probe},
    },
    format,
};

/// What the file becomes, and the command that does it.
pub(crate) fn aside(form: Form) -> impl IntoView {
    let cure = Callback::new(move |cure: Cure| {
        form.settings.chosen.update(|encoding| cure.apply(encoding));
        form.refresh();
    });
    view! {
        <div class="aside">
            {move || match form.probe.get() {
                Probe::Done(report) => {
                    let (media, plan, command) = match form.prepared(&report) {
                        Some(PreparedReport { media, plan, command }) => (media, plan, command),
                        None => (report.media.clone(), report.plan.clone(), report.command.clone()),
                    };
                    let of = CapacityGet {
                        id: None,
                        path: Some(report.path.clone()),
                        playback: form.playback.get_untracked(),
                        encoding: form.settings.chosen.get_untracked(),
                    };
                    view! {
                        {facts(&media, &plan)}
                        {everywhere(&media, &plan, Some(cure))}
                        {room(form.app, of)}
                        <div class="cmd-head">
                            <span class="muted">{t!("sheet.command")}</span>
                            <CopyButton text=Signal::stored(command.clone()) title=t!("sheet.command.copy") act="copy-command"/>
                        </div>
                        <p class="faint small-print under">{t!("sheet.command.note")}</p>
                        <code class="cmd" data-testid="command">{command}</code>
                    }
                    .into_any()
                }
                Probe::None => empty(t!("sheet.aside.empty")).into_any(),
                // Beside it stands what is done, or why it can't be.
                Probe::Running | Probe::Failed(_) => ().into_any(),
            }}
        </div>
    }
}

/// The side with nothing but a sentence.
pub(crate) fn only(words: &'static str) -> impl IntoView {
    view! { <div class="aside">{empty(words)}</div> }
}

fn empty(words: &'static str) -> impl IntoView {
    view! { <p class="faint empty">{words}</p> }
}

/// A file's facts and what becomes of it, as a list of pairs.
pub(crate) fn facts(media: &SourceMedia, plan: &Plan) -> impl IntoView + use<> {
    let track = |from: &str, to: Option<&str>, encodes: bool| match (encodes, to) {
        (true, Some(to)) => t!("fact.encoded", from = codec_name(from), to = codec_name(to)),
        _ => t!("fact.as_is", codec = codec_name(from)),
    };
    let none = || t!("fact.none").to_owned();
    let video = media
        .video
        .as_ref()
        .map_or_else(none, |v| track(&v.codec, plan.video.as_deref(), plan.encodes_video));
    let audio = media
        .audio
        .as_ref()
        .map_or_else(none, |a| track(&a.codec, plan.audio.as_deref(), plan.encodes_audio));
    let mut rows = vec![(t!("fact.video"), video)];
    if let Some(v) = &media.video {
        let fps = format::fps(v.fps);
        let size = match v.fps > 0.0 {
            true => t!("fact.picture.value", width = v.width, height = v.height, fps = fps),
            false => format!("{}×{}", v.width, v.height),
        };
        if v.width > 0 {
            rows.push((t!("fact.picture"), size));
        }
        if v.hdr {
            rows.push((t!("fact.range"), t!("fact.range.hdr").to_owned()));
        }
        if let Some(seconds) = v.keyframe_interval {
            rows.push((t!("fact.keyframes"), t!("fact.keyframes.value", seconds = format!("{seconds:.1}"))));
        }
        let turned = t!("fact.turned", degrees = v.rotation);
        let marks = [
            (v.b_frames, t!("fact.b_frames")),
            (v.interlaced, t!("fact.interlaced")),
            (v.variable_fps, t!("fact.uneven")),
            (v.rotation != 0, turned.as_str()),
        ];
        let marks: Vec<&str> = marks.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect();
        if !marks.is_empty() {
            rows.push((t!("fact.marks"), marks.join(" · ")));
        }
    }
    if let Some(Picture { width, height, fps, kilobits, encoder, .. }) = &plan.picture {
        let size = t!("fact.picture.value", width = width, height = height, fps = format::fps(*fps));
        let rate = format::rate(u64::from(*kilobits) * 1000);
        rows.push((t!("fact.made"), format!("{size} · {rate} · {}", encoder.label())));
    }
    let audio = match &plan.sent.second_audio {
        Some(second) if plan.mode != Mode::Prepared => {
            t!("fact.plus", first = audio, second = codec_name(&second.codec))
        }
        _ => audio,
    };
    rows.push((t!("fact.audio"), audio));
    if let Some(a) = &media.audio {
        let khz = format::fps(f64::from(a.sample_rate) / 1000.0);
        rows.push((t!("fact.sound"), t!("fact.sound.value", khz = khz, channels = channels(a.channels))));
    }
    if media.audio_tracks > 1 && plan.mode != Mode::Prepared {
        rows.push((t!("fact.audio_tracks"), t!("fact.audio_tracks.value", n = media.audio_tracks)));
    }
    if let Some(longer) = media.sound_longer_by.filter(|seconds| seconds.abs() >= 0.1) {
        let seconds = format!("{:.1}", longer.abs());
        let words = match longer > 0.0 {
            true => t!("fact.sound.longer", seconds = seconds),
            false => t!("fact.sound.shorter", seconds = seconds),
        };
        rows.push((t!("fact.sound.length"), words));
    }
    if let Some(Cost { cores, .. }) = plan.cost {
        rows.push((t!("fact.cost"), t!("fact.cost.value", percent = format::about(cores * 100.0))));
    }
    if let Some(bps) = media.bitrate_bps {
        rows.push((t!("fact.bitrate"), t!("fact.about", value = format::rate(bps))));
    }
    if let Some(container) = container_name(&media.container) {
        rows.push((t!("fact.container"), container));
    }
    if let Some(seconds) = media.duration {
        rows.push((t!("fact.length"), format::duration(seconds)));
    }
    if media.size > 0 {
        rows.push((t!("fact.size"), format::bytes(media.size)));
    }
    let rows = rows.into_iter().map(|(key, value)| view! { <dt>{key}</dt><dd>{value}</dd> }).collect_view();
    view! { <dl class="kv num">{rows}</dl> }
}

fn channels(n: u32) -> String {
    match n {
        1 => t!("fact.mono").to_owned(),
        2 => t!("fact.stereo").to_owned(),
        n => t!("fact.channels", n = n),
    }
}
