//! Fields that several forms have.

use leptos::prelude::*;
use stream_api::Error;

/// One of several, of which one is chosen.
pub(crate) fn radio(
    group: &'static str,
    id: &'static str,
    word: AnyView,
    on: Signal<bool>,
    choose: Callback<()>,
) -> AnyView {
    view! {
        <label class:on=on>
            <input type="radio" name=group id=id prop:checked=on on:change=move |_| choose.run(())/>
            {word}
        </label>
    }
    .into_any()
}

/// One of the values that a signal can have.
pub(crate) fn one_of<T: Copy + PartialEq + Send + Sync + 'static>(
    group: &'static str,
    of: RwSignal<T>,
    value: T,
    id: &'static str,
    word: &'static str,
) -> AnyView {
    let on = Signal::derive(move || of.get() == value);
    radio(group, id, word.into_any(), on, Callback::new(move |()| of.set(value)))
}

/// A line of text with its label. `kind`: `text` or `password`.
pub(crate) fn text_line(
    id: &'static str,
    label: &'static str,
    value: RwSignal<String>,
    kind: &'static str,
    placeholder: Signal<String>,
    changed: Callback<()>,
) -> AnyView {
    view! {
        <label for=id>{label}</label>
        <input
            id=id
            class="input"
            type=kind
            autocomplete=if kind == "password" { "new-password" } else { "off" }
            autocapitalize="off"
            spellcheck="false"
            placeholder=placeholder
            prop:value=value
            on:input=move |event| {
                value.set(event_target_value(&event));
                changed.run(());
            }
        />
    }
    .into_any()
}

/// One of several by a list, by its place in it. `below`: what stands under it.
pub(crate) fn choice(
    id: &'static str,
    label: &'static str,
    words: Vec<String>,
    now: Signal<usize>,
    choose: Callback<usize>,
    below: AnyView,
) -> AnyView {
    let option = |(at, word): (usize, String)| {
        view! { <option value=at.to_string() selected=move || now.get() == at>{word}</option> }
    };
    let options = words.into_iter().enumerate().map(option).collect_view();
    let change = move |event| {
        if let Ok(at) = event_target_value(&event).parse() {
            choose.run(at);
        }
    };
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <select id=id class="input" on:change=change>{options}</select>
            {below}
        </div>
    }
    .into_any()
}

/// A line of text that is taken when it is left, and may be wrong.
pub(crate) struct Checked {
    pub id: &'static str,
    pub label: String,
    /// Shown while nothing is typed.
    pub placeholder: &'static str,
    /// What there is to know while nothing is wrong.
    pub hint: &'static str,
    pub now: Signal<String>,
    pub wrong: Memo<Option<Error>>,
    pub take: Callback<String>,
}

impl Checked {
    /// With its label, and with what is wrong below.
    pub(crate) fn draw(self) -> AnyView {
        let Checked { id, label, placeholder, hint, now, wrong, take } = self;
        view! {
            <div class="field">
                <label for=id>{label}</label>
                <input
                    id=id
                    class="input"
                    class:wrong=move || wrong.with(Option::is_some)
                    autocomplete="off"
                    spellcheck="false"
                    placeholder=placeholder
                    aria-invalid=move || wrong.with(Option::is_some).then_some("true")
                    aria-describedby=format!("{id}-hint")
                    prop:value=now
                    on:change=move |event| take.run(event_target_value(&event))
                />
                <div id=format!("{id}-hint")>{below(wrong, hint)}</div>
            </div>
        }
        .into_any()
    }
}

/// What is wrong with a field, else what there is to know of it.
pub(crate) fn below(wrong: Memo<Option<Error>>, hint: &'static str) -> AnyView {
    let words = move || {
        match wrong.get() {
        Some(error) => Some(
            view! { <span class="bad" role="alert" data-code=error.code.as_str()>{error.message}" "{error.hint}</span> }
                .into_any(),
        ),
        None => (!hint.is_empty()).then(|| hint.into_any()),
    }
    };
    (move || words().map(|words| view! { <div class="hint">{words}</div> })).into_any()
}
