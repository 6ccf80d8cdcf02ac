//! The form of a new stream and of a change, with the probe's result shown before anything is started.

mod advanced;
mod aside;
mod browse;
mod changes;
mod encoding;
mod fields;
mod file;
mod form;
mod network;
mod prepare;
mod presets;
mod server;
mod source;

pub(crate) use aside::facts as aside_facts;
pub(crate) use changes::{Restart, effects, runs};
pub(crate) use fields::switch;
use leptos::prelude::*;
pub(crate) use network::Kind;
use stream_api::{StreamId, t};

use crate::{
    app::use_app,
    components::{
        Act, Icon, Modal,
        access::{access_line, access_of_new},
        confirm::Question,
        modal_head, refusal,
        sheet::form::Form,
    },
};

/// What the form is open for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SheetFor {
    /// A new stream, perhaps of a file that is known already.
    New {
        /// The kind of source to begin with.
        kind: Kind,
        /// The file.
        path: Option<String>,
        /// Ask at once for it.
        choose: bool,
    },
    /// A change of a stream.
    Edit {
        /// Which.
        id: StreamId,
        /// Ask at once where its file is now.
        locate: bool,
    },
}

impl SheetFor {
    /// A new stream of a file, when it is known already.
    pub(crate) fn file(path: Option<String>) -> SheetFor {
        SheetFor::New { kind: Kind::File, path, choose: false }
    }

    /// A new stream of this kind of source.
    pub(crate) fn kind(kind: Kind) -> SheetFor {
        SheetFor::New { kind, path: None, choose: false }
    }
}

/// The form.
#[component]
pub(crate) fn Sheet(of: SheetFor) -> impl IntoView {
    let app = use_app();
    let form = Form::open(app, &of);
    let title = match form.original() {
        Some(stream) => t!("sheet.edit", name = stream.spec.name),
        None => t!("sheet.new").to_owned(),
    };
    let discard = move || app.sheet.set(None);
    let close = move || match untrack(|| form.is_filled()) {
        true => app.question.set(Some(Question::discard(discard))),
        false => discard(),
    };
    Effect::new(move |_| {
        if let Some(path) = app.offered.get() {
            app.offered.set(None);
            untrack(|| offer(form, path));
        }
    });
    view! {
        <Modal label=title.clone() class="main-sheet" on_close=move |()| close()>
            {modal_head(title, close)}
            <div class="cols">
                <div class="form">
                    {source::source(form)}
                    {server::server(form)}
                    {fields::fields(form)}
                    {access(form)}
                    {move || form.failure.get().map(|error| refusal(error, "save-error"))}
                </div>
                {move || match form.net.kind.get() {
                    Kind::File => aside::aside(form).into_any(),
                    Kind::Incoming => aside::only(t!("sheet.aside.incoming")).into_any(),
                    Kind::TestPattern => aside::only(t!("sheet.aside.test_pattern")).into_any(),
                    Kind::Network => view! { <div class="aside">{source::found(form)}</div> }.into_any(),
                }}
            </div>
            {footer(form)}
        </Modal>
        {move || form.browsing.get().then(|| browse::browse(form))}
    }
}

/// Takes a file that was dropped on the window: it is chosen where a file is wanted; else the form that it opens
/// takes the place of this one, unasked only when nothing is lost.
fn offer(form: Form, path: String) {
    if form.net.kind.get() == Kind::File {
        return form.take(path);
    }
    let app = form.app;
    let open = move || app.sheet.set(Some(SheetFor::file(Some(path.clone()))));
    match form.is_filled() {
        true => app.question.set(Some(Question::discard(open))),
        false => open(),
    }
}

/// Who may watch: set for itself, at once, of a stream that is there already; else with it.
fn access(form: Form) -> impl IntoView {
    let id = form.original().map(|stream| stream.id);
    let row = id.and_then(|id| Some((id, form.app.world.row(id)?)));
    match row {
        Some((id, row)) => access_line(form.app, id, row).into_any(),
        None => access_of_new(form.app, form.server, form.viewers).into_any(),
    }
}

/// Where viewers find it.
fn place(form: Form) -> String {
    let world = form.app.world;
    match world.other(form.server.get()) {
        Some(other) => t!("sheet.on_server", name = other.spec.name),
        None => {
            let port = world.server.with(|server| server.as_ref().map(|server| server.ports.rtsp));
            port.map(|port| t!("sheet.port", port = port)).unwrap_or_default()
        }
    }
}

fn footer(form: Form) -> impl IntoView {
    let disabled = Signal::derive(move || !form.can_save());
    let note = move || {
        let effects = form.effects();
        let restarts = effects.restarts.map(Restart::words);
        let elsewhere = if effects.moves { t!("sheet.moves") } else { t!("sheet.urls_change") };
        match (effects.urls_change, restarts) {
            (true, Some(restarts)) => format!("{elsewhere} {restarts}"),
            (true, None) => elsewhere.to_owned(),
            (false, Some(restarts)) => restarts.to_owned(),
            (false, None) => place(form),
        }
    };
    let warns = move || form.effects().urls_change || form.effects().restarts.is_some();
    // A stream that runs is restarted by a change anyway.
    let starts = Memo::new(move |_| !form.runs());
    view! {
        <footer>
            <span class="grow note" class:warns=warns>{note}</span>
            <Act
                id="save"
                class=if starts.get_untracked() { "" } else { "primary" }
                label=t!("sheet.save")
                busy=form.saving
                disabled=disabled
                on_press=move |_| form.save(false)
            />
            {move || starts.get().then(|| view! {
                <Act
                    id="save-start"
                    class="primary"
                    icon=Icon::Start
                    label=t!("sheet.save_start")
                    busy=form.saving
                    disabled=disabled
                    on_press=move |_| form.save(true)
                />
            })}
        </footer>
    }
}
