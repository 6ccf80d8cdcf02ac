//! The form by which a server is added or changed, with its test shown step by step before anything is stored.

mod fields;
mod form;
mod tested;

use leptos::prelude::*;
use stream_api::{ServerId, t};

use crate::{
    app::App,
    components::{Act, Icon, Modal, confirm::Question, modal_head, refusal},
};
use form::Form;
pub(crate) use tested::lacks;

/// The form for a new server, or for one that is there.
pub(crate) fn server_sheet(app: App, of: Option<ServerId>) -> AnyView {
    let form = Form::open(app, of);
    let title = if of.is_some() { t!("server.edit.title") } else { t!("server.add.title") };
    let discard = move || app.server_sheet.set(None);
    let close = move || match form.is_filled() {
        true => app.question.set(Some(Question::discard(discard))),
        false => discard(),
    };
    let disabled = Signal::derive(move || !form.can_save());
    view! {
        <Modal label=title class="main-sheet" on_close=move |()| close()>
            {modal_head(title.to_owned(), close)}
            <div class="cols">
                <form
                    class="form"
                    data-testid="server-form"
                    on:submit=move |event| {
                        event.prevent_default();
                        form.test();
                    }
                >
                    {fields::fields(form)}
                    {move || form.failure.get().map(|error| refusal(error, "server-error"))}
                    // So that Enter in a field tests.
                    <button type="submit" class="hidden" tabindex="-1" aria-hidden="true"></button>
                </form>
                <div class="aside">{tested::tested(form)}</div>
            </div>
            <footer>
                <span class="grow note">{move || form.untested().then_some(t!("server.untested"))}</span>
                <Act
                    id="test-server"
                    icon=Icon::Bolt
                    label=t!("server.test")
                    busy=form.testing()
                    disabled=disabled
                    on_press=move |_| form.test()
                />
                <Act
                    id="save-server"
                    class="primary"
                    label=if of.is_some() { t!("sheet.save") } else { t!("server.add") }
                    busy=form.saving
                    disabled=disabled
                    on_press=move |_| form.save()
                />
            </footer>
        </Modal>
    }
    .into_any()
}
