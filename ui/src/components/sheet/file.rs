use leptos::{ev::KeyboardEvent, prelude::*};
use stream_api::{Mode, ProbeReport, Remark, RemarkCode, codec_name, file_name, t};

use crate::{
    components::{
        Act, Icon, icon, refusal,
        sheet::form::{Form, Probe},
    },
    format,
};

/// The file: typed or chosen, and what is known of it.
pub(crate) fn file(form: Form) -> impl IntoView {
    let enter = move |event: KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            form.examine();
        }
    };
    // Enter has examined it already when the field is left: again would disable a button under its click.
    let leave = move |_| {
        let path = form.path.try_get_untracked().unwrap_or_default();
        let known = |probe: &Probe| matches!(probe, Probe::Done(report) if report.path == path.trim());
        if form.probe.try_with_untracked(known) != Some(true) {
            form.examine();
        }
    };
    view! {
        <div class="field">
            <label for="file-path">{t!("sheet.file")}</label>
            <div class="pick">
                <input
                    id="file-path"
                    class="input mono"
                    autocomplete="off"
                    spellcheck="false"
                    autofocus
                    placeholder=t!("sheet.file.placeholder")
                    prop:value=form.path
                    on:input=move |event| form.path.set(event_target_value(&event))
                    on:change=leave
                    on:keydown=enter
                />
                <Act
                    id="choose-file"
                    icon=Icon::Folder
                    label=t!("sheet.choose")
                    busy=form.choosing
                    on_press=move |_| form.choose()
                />
            </div>
            <div class="hint">{t!("sheet.file.hint")}</div>
        </div>
        {move || match form.probe.get() {
            Probe::None => ().into_any(),
            Probe::Running => running(form.path.get_untracked()).into_any(),
            Probe::Done(report) => view! { {card(&report)} {verdict(form, &report)} }.into_any(),
            Probe::Failed(error) => refusal(error, "probe-error").into_any(),
        }}
    }
}

fn running(path: String) -> impl IntoView {
    let name = file_name(&path).to_owned();
    view! {
        <div class="filecard" role="status">
            <span class="tile prep">{icon(Icon::Spinner)}</span>
            <div class="what"><div class="name">{name}</div><div class="sub">{t!("sheet.examining")}</div></div>
        </div>
    }
}

fn card(report: &ProbeReport) -> impl IntoView + use<> {
    let media = &report.media;
    let mut facts = vec![format::bytes(media.size)];
    if let Some(video) = &media.video {
        facts.push(format!("{}×{}", video.width, video.height));
        facts.push(t!("media.fps", fps = format::fps(video.fps)));
        let profile = video.profile.as_deref().unwrap_or_default();
        facts.push(format!("{} {profile}", codec_name(&video.codec)).trim().to_owned());
    }
    facts
        .push(media.audio.as_ref().map_or_else(|| t!("media.no_audio").to_owned(), |a| codec_name(&a.codec)));
    let facts = facts.join(" · ");
    let name = file_name(&report.path).to_owned();
    let length =
        media.duration.map(|seconds| view! { <span class="chip num">{format::duration(seconds)}</span> });
    view! {
        <div class="filecard" data-testid="file-card">
            <span class="tile live">{icon(Icon::File)}</span>
            <div class="what">
                <div class="name" title=report.path.clone()>{name}</div>
                <div class="sub" title=facts.clone()>{facts.clone()}</div>
            </div>
            {length}
        </div>
    }
}

fn verdict(form: Form, report: &ProbeReport) -> impl IntoView + use<> {
    let (class, sign, title) = match report.plan.mode {
        Mode::Copy | Mode::Prepared => ("verdict", Icon::Bolt, t!("verdict.as_is")),
        Mode::Transcode => ("verdict encodes", Icon::Retry, t!("verdict.encoded")),
    };
    let mode = if report.plan.mode == Mode::Transcode { "transcode" } else { "copy" };
    let prepared = form.prepared(report);
    let (class, sign, title) = match prepared.is_some() {
        true => ("verdict", Icon::Bolt, t!("verdict.prepared")),
        false => (class, sign, title),
    };
    let mut why = match (report.plan.mode, report.plan.reasons.is_empty()) {
        (Mode::Copy | Mode::Prepared, true) => vec![t!("verdict.as_is.why").to_owned()],
        (Mode::Transcode, true) => vec![t!("verdict.encoded.why").to_owned()],
        _ => sentences(&report.plan.reasons),
    };
    why.extend(prepared.map(|prepared| sentences(&prepared.plan.reasons)).unwrap_or_default());
    // What a protocol does not carry stands in the table beside it.
    let warnings = report.plan.warnings.iter().filter(|remark| !remark.code.is_of_a_protocol());
    let warnings: Vec<String> = warnings.map(|remark| remark.message.clone()).collect();
    // The disk may have been too slow for the moment.
    let unknown = report.plan.reasons.iter().any(|reason| reason.code == RemarkCode::KeyframesUnknown);
    let again = unknown.then(|| {
        view! { <Act class="small" label=t!("verdict.look_again") act="look-again" on_press=move |_| form.look_again() /> }
    });
    view! {
        <div class=class data-testid="verdict" data-mode=mode>
            {icon(sign)}
            <div><b>{title}</b>{why.into_iter().map(|line| view! { <span>{line}</span> }).collect_view()} {again}</div>
        </div>
        {(!warnings.is_empty()).then(|| view! {
            <div class="verdict warns" data-testid="warnings">
                {icon(Icon::Alert)}
                <div>{warnings.into_iter().map(|line| view! { <span>{line}</span> }).collect_view()}</div>
            </div>
        })}
    }
}

fn sentences(remarks: &[Remark]) -> Vec<String> {
    remarks.iter().map(|remark| remark.message.clone()).collect()
}
