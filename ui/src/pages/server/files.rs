use leptos::{html, prelude::*};
use stream_api::{Error, Import, ImportLine, commands, t, tn};
use wasm_bindgen_futures::spawn_local;

use super::draft::Draft;
use crate::{
    app::App,
    browser,
    components::{Act, Icon, Modal, refusal},
};

/// The server's configuration as a file: out, and what fits of another one in.
pub(super) fn files(app: App, draft: Draft) -> impl IntoView {
    let busy = RwSignal::new(false);
    let (read, failure) = (RwSignal::new(None::<Import>), RwSignal::new(None::<Error>));
    let node = NodeRef::<html::Input>::new();
    let export = move |_| {
        app.run(busy, commands::ServerConfigExport {}, move |file| {
            app.save_text(busy, t!("dialog.save_config"), &file.file_name, &file.content);
        });
    };
    let choose = move |_| {
        if let Some(input) = node.get_untracked() {
            input.click();
        }
    };
    let chosen = move |_| {
        let Some(input) = node.get_untracked() else { return };
        failure.set(None);
        spawn_local(async move {
            let Some(content) = browser::chosen_text(input).await else { return };
            match app.client().call(commands::ServerConfigRead { content }).await {
                Ok(import) => drop(read.try_set(Some(import))),
                Err(error) => drop(failure.try_set(Some(error))),
            }
        });
    };
    view! {
        <section class="card" data-testid="config-file">
            <h3>{t!("config.title")}</h3>
            <p class="muted about">{t!("config.body")}</p>
            {move || failure.get().map(|error| refusal(error, "config-error"))}
            <input
                node_ref=node
                id="config-chosen"
                type="file"
                accept=".yml,.yaml"
                class="hidden"
                tabindex="-1"
                aria-hidden="true"
                on:change=chosen
            />
            <div class="card-foot">
                <Act id="export-config" icon=Icon::Download label=t!("config.export") busy=busy on_press=export/>
                <Act id="import-config" icon=Icon::File label=t!("config.import") on_press=choose/>
            </div>
        </section>
        {move || read.get().map(|import| dialog(draft, import, read))}
    }
}

/// What is taken over and what is not, before anything is.
fn dialog(draft: Draft, import: Import, read: RwSignal<Option<Import>>) -> impl IntoView {
    let close = move || read.set(None);
    let lines = |lines: Vec<ImportLine>| {
        let line = |line: ImportLine| view! { <dt class="mono">{line.key}</dt><dd>{line.words}</dd> };
        view! { <dl class="kv lines">{lines.into_iter().map(line).collect_view()}</dl> }
    };
    let Import { settings, taken, left } = import;
    let (some, none) = (tn!("config.taken", taken.len()), tn!("config.left", left.len()));
    view! {
        <Modal label=t!("config.read") class="ask wide" on_close=move |()| close()>
            <div class="ask-body" data-testid="import">
                <h2>{t!("config.read")}</h2>
                <h3>{some}</h3>
                {lines(taken)}
                <h3>{none}</h3>
                {lines(left)}
                <p class="muted">{t!("config.next")}</p>
            </div>
            <footer>
                <span class="grow"></span>
                <Act id="import-cancel" label=t!("act.cancel") on_press=move |_| close()/>
                <Act
                    id="take-config"
                    class="primary"
                    label=t!("config.take")
                    on_press=move |_| {
                        draft.put(settings.clone());
                        close();
                    }
                />
            </footer>
        </Modal>
    }
}
