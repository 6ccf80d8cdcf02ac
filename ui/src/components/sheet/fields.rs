use leptos::{ev::KeyboardEvent, prelude::*};
use stream_api::{Playback, Setting, Unkept, t};

use crate::components::{
    Checked, radio,
    sheet::{
        advanced::{advanced, wrong},
        form::{Form, Probe},
        network::{Kind, Test},
        prepare::prepare,
    },
};

/// Name, playback, recording, and what becomes of viewers.
pub(crate) fn fields(form: Form) -> impl IntoView {
    let is_file = Memo::new(move |_| form.net.kind.get() == Kind::File);
    let takes = Memo::new(move |_| form.takes_settings());
    // Of what a server passes on as it comes, nobody knows in advance what that is.
    let keeps = Memo::new(move |_| takes.get() || form.net.kind.get() == Kind::TestPattern);
    view! {
        <div class="two">
            {name(form)}
            {move || is_file.get().then(|| playback(form))}
        </div>
        {switch("record", form.record, t!("sheet.record"), view! { <small>{t!("sheet.record.hint")}</small> })}
        {move || keeps.get().then(|| switch(
            "keep-viewers",
            form.keep_viewers,
            t!("sheet.keep"),
            view! { <small data-testid="keep-hint">{move || keep_hint(form)}</small> },
        ))}
        {move || (!keeps.get()).then(|| view! {
            <p class="faint small-print" data-testid="keep-hint">{Unkept::Unknown.words()}</p>
        })}
        {prepare(form)}
        {move || match (takes.get(), form.net.kind.get()) {
            (true, _) => Some(advanced(form).into_any()),
            (false, Kind::Network) => {
                Some(view! { <p class="faint small-print">{t!("settings.unconverted")}</p> }.into_any())
            }
            _ => None,
        }}
    }
}

/// What becomes of viewers, as far as that is known of the source.
fn keep_hint(form: Form) -> &'static str {
    let known = match form.net.kind.get() {
        Kind::File => match form.probe.get() {
            Probe::Done(report) => Some(report.plan),
            _ => None,
        },
        Kind::Network => match form.net.test.get() {
            Test::Done(tested) => tested.plan,
            _ => return t!("sheet.keep.converted"),
        },
        Kind::Incoming | Kind::TestPattern => None,
    };
    known.and_then(|plan| plan.unkept).map_or(t!("sheet.keep.hint"), Unkept::words)
}

/// Something that is on or off, with what it means below.
pub(crate) fn switch(
    id: &'static str,
    on: RwSignal<bool>,
    title: &'static str,
    hint: impl IntoView + 'static,
) -> impl IntoView {
    view! {
        <label class="switch">
            <input
                type="checkbox"
                role="switch"
                id=id
                prop:checked=on
                on:change=move |event| on.set(event_target_checked(&event))
            />
            <i aria-hidden="true"></i>
            <span><b>{title}</b>{hint}</span>
        </label>
    }
}

fn name(form: Form) -> impl IntoView {
    let problem = Memo::new(move |_| form.name_problem());
    let enter = move |event: KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            form.save(!form.runs());
        }
    };
    let hint = move || match (problem.get(), form.name.get()) {
        (Some(error), _) => {
            view! { <span class="bad" role="alert" data-testid="name-error">{error.message}</span> }
                .into_any()
        }
        (None, name) if name.is_empty() => view! { <span>{t!("sheet.name.rules")}</span> }.into_any(),
        (None, name) => view! { <span>{t!("sheet.name.hint", name = name)}</span> }.into_any(),
    };
    view! {
        <div class="field">
            <label for="stream-name">{t!("sheet.name")}</label>
            <input
                id="stream-name"
                class="input"
                class:wrong=move || problem.get().is_some()
                autocomplete="off"
                spellcheck="false"
                aria-invalid=move || problem.get().map(|_| "true")
                aria-describedby="name-hint"
                prop:value=form.name
                on:input=move |event| {
                    form.named.set(true);
                    form.name.set(event_target_value(&event));
                }
                on:change=move |_| form.refresh()
                on:keydown=enter
            />
            <div class="hint" id="name-hint">{hint}</div>
        </div>
    }
}

fn playback(form: Form) -> impl IntoView {
    // However many times it is.
    let same = |a: Playback, b: Playback| std::mem::discriminant(&a) == std::mem::discriminant(&b);
    let choice = move |playback: Playback, id: &'static str, word: &'static str| {
        let choose = Callback::new(move |()| {
            form.playback.set(playback);
            form.refresh();
        });
        let on = Signal::derive(move || same(form.playback.get(), playback));
        radio("playback", id, word.into_any(), on, choose)
    };
    let hint = move || match form.playback.get() {
        Playback::Loop => t!("sheet.loop.hint"),
        Playback::Once | Playback::Times(_) => t!("sheet.once.hint"),
    };
    let times = Memo::new(move |_| matches!(form.playback.get(), Playback::Times(_)));
    view! {
        <fieldset class="field">
            <legend>{t!("sheet.playback")}</legend>
            <div class="seg">
                {choice(Playback::Loop, "playback-loop", t!("sheet.loop"))}
                {choice(Playback::Once, "playback-once", t!("sheet.once"))}
                {choice(Playback::Times(2), "playback-times", t!("sheet.times"))}
            </div>
            {move || times.get().then(|| how_often(form))}
            <div class="hint">{hint}</div>
        </fieldset>
    }
}

/// How many times it plays.
fn how_often(form: Form) -> AnyView {
    let now = Signal::derive(move || match form.playback.get() {
        Playback::Times(times) if times > 0 => times.to_string(),
        _ => String::new(),
    });
    let take = Callback::new(move |text: String| {
        form.playback.set(Playback::Times(text.trim().parse().unwrap_or_default()));
        form.refresh();
    });
    let label = Setting::Times.label().to_owned();
    let wrong = wrong(form, Setting::Times);
    Checked { id: "times", label, placeholder: "", hint: "", now, wrong, take }.draw()
}
