use leptos::prelude::*;
use stream_api::{Error, LogLine, Run, RunLog, StreamId, commands::StreamRunLog, t, tn};
use wasm_bindgen_futures::spawn_local;

use crate::{
    app::use_app,
    browser,
    components::{
        Act, CopyButton, Icon, Modal,
        log::{line, ltr, plain},
        past::how,
        refusal,
    },
};

/// The log of one run: how it began and how it ended.
#[component]
pub(crate) fn RunLogDialog(
    /// Whose.
    id: StreamId,
    /// Which.
    run: Run,
    /// It is to be closed.
    #[prop(into)]
    on_close: Callback<()>,
) -> impl IntoView {
    let app = use_app();
    let answer = RwSignal::new(None::<Result<RunLog, Error>>);
    let reply = app.client().call(StreamRunLog { id, run: run.id });
    spawn_local(async move {
        let reply = reply.await;
        answer.try_set(Some(reply));
    });
    let text = Signal::derive(move || {
        answer.with(|answer| match answer {
            Some(Ok(log)) => text(log),
            _ => String::new(),
        })
    });
    let title = t!("run.log.title", when = browser::moment(run.began.0, app.world.now.get_untracked()));
    let file = move || match answer.get() {
        Some(Ok(log)) => log.file,
        _ => String::new(),
    };
    view! {
        <Modal label=title.clone() class="ask run-log" on_close=on_close>
            <header>
                <h2>{title}</h2>
                <span class="grow"></span>
                <CopyButton text=text title=t!("log.copy") wide=true act="copy-run-log"/>
                <Act class="icon ghost" icon=Icon::Close label=t!("act.close") act="close" on_press=move |_| on_close.run(())/>
            </header>
            <p class="crumb muted">{how(&run).1}</p>
            <div class="log" tabindex="0" data-testid="run-log">
                {move || match answer.get() {
                    None => view! { <p class="faint" role="status">{t!("app.opening")}</p> }.into_any(),
                    Some(Err(error)) => refusal(error, "").into_any(),
                    Some(Ok(log)) if log.head.is_empty() && log.tail.is_empty() => {
                        view! { <p class="faint">{t!("log.empty")}</p> }.into_any()
                    }
                    Some(Ok(log)) => {
                        let gap = (log.omitted > 0).then(|| view! { <p class="gap faint">{omitted(log.omitted)}</p> });
                        view! { {lines(log.head)} {gap} {lines(log.tail)} }.into_any()
                    }
                }}
            </div>
            <footer class="small-foot"><span class="faint path" title=file>{move || ltr(file())}</span></footer>
        </Modal>
    }
}

fn lines(lines: Vec<LogLine>) -> impl IntoView {
    lines.into_iter().map(line).collect_view()
}

fn omitted(lines: u64) -> String {
    tn!("run.log.omitted", lines)
}

/// As it is copied.
fn text(log: &RunLog) -> String {
    let gap = (log.omitted > 0).then(|| omitted(log.omitted));
    let head = log.head.iter().map(plain);
    head.chain(gap).chain(log.tail.iter().map(plain)).collect::<Vec<_>>().join("\n")
}
