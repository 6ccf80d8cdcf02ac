//! Fields that several forms have.

use leptos::prelude::*;

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
