use leptos::{ev::KeyboardEvent, prelude::*};
use stream_api::t;

use crate::{
    app::App,
    components::{Icon, icon, tab},
    pages::activity::model::Model,
    store::{Back, Kinds},
};

/// The search for a name.
pub(crate) fn search(model: Model) -> impl IntoView {
    let escape = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            model.text.set(String::new());
        }
    };
    view! {
        <label class="search">
            {icon(Icon::Search)}
            <input
                id="search-activity"
                type="search"
                autocomplete="off"
                spellcheck="false"
                placeholder=t!("activity.search")
                aria-label=t!("activity.search")
                prop:value=model.text
                on:input=move |event| model.text.set(event_target_value(&event))
                on:keydown=escape
            />
        </label>
    }
}

fn kinds_word(kinds: Kinds) -> (&'static str, &'static str) {
    match kinds {
        Kinds::All => ("all", t!("activity.kinds.all")),
        Kinds::Faults => ("faults", t!("activity.kinds.faults")),
        Kinds::Wanted => ("wanted", t!("activity.kinds.wanted")),
    }
}

fn back_word(back: Back) -> (&'static str, &'static str) {
    match back {
        Back::All => ("all", t!("activity.back.all")),
        Back::Hour => ("hour", t!("activity.back.hour")),
        Back::Day => ("day", t!("activity.back.day")),
        Back::Week => ("week", t!("activity.back.week")),
    }
}

/// Kind, stream and time.
pub(crate) fn filters(app: App, model: Model) -> impl IntoView {
    let one = move |of| {
        let (key, word) = kinds_word(of);
        tab(key, word, model.kinds, of)
    };
    view! {
        <div class="tabs">
            <div class="filters" role="group" aria-label=t!("filter.label")>{Kinds::ALL.map(one).collect_view()}</div>
            <span class="grow"></span>
            {streams(app, model)}
            {times(model)}
        </div>
    }
}

fn streams(app: App, model: Model) -> impl IntoView {
    let choose = move |event| model.stream.set(event_target_value(&event).parse().ok());
    let options = move || {
        let chosen = model.stream.get();
        let option = |id: String, name: String, selected: bool| {
            view! { <option value=id prop:selected=selected>{name}</option> }
        };
        app.world.lines.with(|lines| {
            // The stream of the address may have been deleted since.
            let gone = chosen.filter(|id| lines.iter().all(|line| line.id != *id));
            let mut options =
                vec![option(String::new(), t!("activity.any_stream").to_owned(), chosen.is_none())];
            options
                .extend(gone.map(|id| option(id.to_string(), t!("activity.gone_stream").to_owned(), true)));
            options
                .extend(lines.iter().map(|l| option(l.id.to_string(), l.name.clone(), chosen == Some(l.id))));
            options
        })
    };
    view! {
        <select id="activity-stream" class="input choice" aria-label=t!("column.stream") on:change=choose>
            {options}
        </select>
    }
}

fn times(model: Model) -> impl IntoView {
    let choose = move |event| {
        let wanted = event_target_value(&event);
        let chosen = Back::ALL.into_iter().find(|back| back_word(*back).0 == wanted);
        model.back.set(chosen.unwrap_or_default());
    };
    let options = Back::ALL.map(|back| {
        let (key, word) = back_word(back);
        view! { <option value=key prop:selected=move || model.back.get() == back>{word}</option> }
    });
    view! {
        <select id="activity-time" class="input choice" aria-label=t!("activity.back")  on:change=choose>
            {options.collect_view()}
        </select>
    }
}
