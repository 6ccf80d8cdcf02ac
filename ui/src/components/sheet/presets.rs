//! Settings under a name: taken over, kept, and applied to many streams.

use leptos::prelude::*;
use stream_api::{
    Encoding, Error, Preset, StreamId, check_preset_name,
    commands::{PresetApplied, PresetApply, PresetRemove, PresetSave},
    t, tn,
};

use crate::{
    app::App,
    components::{
        Act, Icon, Modal, Toast,
        confirm::Question,
        modal_head,
        sheet::{changes::runs, form::Form},
    },
};

/// The list of them, and what can be done with the one that is chosen.
pub(crate) fn presets(form: Form) -> impl IntoView {
    let (app, chosen) = (form.app, form.settings.chosen);
    let all = app.world.presets;
    let (busy, naming) = (RwSignal::new(false), RwSignal::new(None::<String>));
    let (applying, named) = (RwSignal::new(None::<String>), Memo::new(move |_| naming.with(Option::is_some)));
    // The one that has just these settings.
    let current = Memo::new(move |_| {
        let now = chosen.with(Encoding::as_preset);
        all.with(|all| all.iter().find(|preset| preset.encoding == now).map(|preset| preset.name.clone()))
    });
    let take = move |event| {
        let name = event_target_value(&event);
        let preset = all.with_untracked(|all| all.iter().find(|preset| preset.name == name).cloned());
        if let Some(preset) = preset {
            form.settings.take(&preset.encoding);
            form.refresh();
        }
    };
    let option = move |preset: Preset| {
        let name = preset.name.clone();
        let selected = move || current.with(|current| current.as_ref() == Some(&name));
        view! { <option value=preset.name.clone() selected=selected>{preset.name.clone()}</option> }
    };
    let remove = move |_| {
        if let Some(name) = current.get_untracked() {
            app.run(busy, PresetRemove { name }, |_| {});
        }
    };
    view! {
        <div class="field" data-testid="presets">
            <label for="preset">{t!("preset.label")}</label>
            <div class="pick">
                <select id="preset" class="input" on:change=take>
                    <option value="" selected=move || current.with(Option::is_none)>{t!("preset.none")}</option>
                    {move || all.get().into_iter().map(option).collect_view()}
                </select>
                {move || match current.with(Option::is_some) {
                    true => view! {
                        <Act
                            class="icon ghost"
                            icon=Icon::Trash
                            label=t!("preset.remove")
                            act="preset-remove"
                            busy=busy
                            on_press=remove
                        />
                        <Act label=t!("preset.apply") act="preset-apply" on_press=move |_| applying.set(current.get_untracked())/>
                    }
                    .into_any(),
                    false => view! {
                        <Act label=t!("preset.save") act="preset-save" on_press=move |_| naming.set(Some(String::new()))/>
                    }
                    .into_any(),
                }}
            </div>
            {move || named.get().then(|| name(form, naming, busy))}
        </div>
        {move || applying.get().map(|name| apply(app, name, applying))}
    }
}

/// What they are to be called.
fn name(form: Form, naming: RwSignal<Option<String>>, busy: RwSignal<bool>) -> impl IntoView {
    let typed = move || naming.get().unwrap_or_default();
    let fits =
        Memo::new(move |_| check_preset_name(typed().trim()).is_ok() && form.setting_problems().is_empty());
    let save = move |_| {
        let encoding = form.settings.chosen.get_untracked().as_preset();
        let name = untrack(typed).trim().to_owned();
        form.app.run(busy, PresetSave { name, encoding }, move |_| drop(naming.try_set(None)));
    };
    view! {
        <div class="pick">
            <input
                id="preset-name"
                class="input"
                aria-label=t!("preset.name")
                placeholder=t!("preset.name")
                maxlength="60"
                autocomplete="off"
                prop:value=typed
                on:input=move |event| naming.set(Some(event_target_value(&event)))
            />
            <Act
                id="preset-keep"
                label=t!("sheet.save")
                busy=busy
                disabled=Signal::derive(move || !fits.get())
                on_press=save
            />
            <Act class="ghost" label=t!("act.cancel") on_press=move |_| naming.set(None)/>
        </div>
    }
}

/// Which streams are to be sent so, and what that interrupts.
fn apply(app: App, name: String, open: RwSignal<Option<String>>) -> impl IntoView {
    let (world, busy) = (app.world, RwSignal::new(false));
    let row = move |id: StreamId| world.row(id);
    let takes =
        |id: StreamId| row(id).is_some_and(|row| row.with_untracked(|row| row.stream.spec.takes_settings()));
    let streams: Vec<(StreamId, String)> = world.lines.with_untracked(|lines| {
        lines.iter().filter(|line| takes(line.id)).map(|line| (line.id, line.name.clone())).collect()
    });
    let every: Vec<StreamId> = streams.iter().map(|(id, _)| *id).collect();
    let picked = RwSignal::new(Vec::<StreamId>::new());
    let live = Memo::new(move |_| {
        let is_live = |id: &&StreamId| row(**id).is_some_and(|row| row.with(|row| runs(&row.stream)));
        picked.with(|picked| picked.iter().filter(is_live).count())
    });
    let line = move |(id, name): (StreamId, String)| {
        let turn = move |event| {
            let on = event_target_checked(&event);
            picked.update(|picked| {
                picked.retain(|one| *one != id);
                if on {
                    picked.push(id);
                }
            });
        };
        view! {
            <label>
                <input type="checkbox" prop:checked=move || picked.with(|picked| picked.contains(&id)) on:change=turn/>
                " "{name}
            </label>
        }
    };
    let title = t!("preset.apply.title", name = name);
    let close = move || open.set(None);
    let carry_out = move |_| {
        let streams = picked.get_untracked();
        let count = streams.len();
        let done = move |applied: PresetApplied| {
            drop(open.try_set(None));
            if applied.refused.len() < count {
                app.tell(Toast::done(tn!("preset.applied", count - applied.refused.len())));
            }
            for error in applied.refused.into_values() {
                app.tell(Toast::error(error));
            }
        };
        let apply = PresetApply { name: name.clone(), streams, unless_full: true };
        let anyway = PresetApply { unless_full: false, ..apply.clone() };
        let ask = move |error: Error| {
            Question::overload_by_change(&error, move || app.run(busy, anyway.clone(), done))
        };
        app.run_or_ask(busy, apply, done, ask);
    };
    view! {
        <Modal label=title.clone() class="ask" on_close=move |()| close()>
            {modal_head(title, close)}
            <div class="ask-body">
                <p>{t!("preset.apply.body")}</p>
                <div class="picks" data-testid="preset-streams">{streams.into_iter().map(line).collect_view()}</div>
                <p class="note warns" role="status">
                    {move || (live.get() > 0).then(|| tn!("preset.live", live.get()))}
                </p>
            </div>
            <footer>
                <Act class="ghost" label=t!("preset.apply.all") on_press=move |_| picked.set(every.clone())/>
                <span class="grow"></span>
                <Act label=t!("act.cancel") on_press=move |_| close()/>
                <Act
                    id="preset-apply-ok"
                    class="primary"
                    label=Signal::derive(move || tn!("preset.apply.yes", picked.with(Vec::len)))
                    busy=busy
                    disabled=Signal::derive(move || picked.with(Vec::is_empty))
                    on_press=carry_out
                />
            </footer>
        </Modal>
    }
}
