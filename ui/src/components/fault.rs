use leptos::prelude::*;
use stream_api::{Fault, FaultAction, t};

use crate::components::{Act, CopyButton, Icon, icon};

/// What is wrong, what cures it, and the one click that helps.
#[component]
pub(crate) fn FaultCard(
    /// What is wrong.
    fault: Fault,
    /// Instead of `Retry`'s own words.
    #[prop(optional)]
    retry: Option<&'static str>,
    /// A command of its button runs.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// It waits to be tried again by itself: less alarming.
    #[prop(optional)]
    mild: bool,
    /// The one click.
    #[prop(into)]
    on_action: Callback<FaultAction>,
) -> impl IntoView {
    let button = fault.action.map(|action| {
        let (label, drawn) = match action {
            FaultAction::LocateFile => (t!("fault.locate"), Icon::Folder),
            FaultAction::Retry => (retry.unwrap_or(t!("fault.retry")), Icon::Retry),
        };
        view! { <Act icon=drawn label=label act="cure" busy=busy on_press=move |_| on_action.run(action)/> }
    });
    let tail = fault.log_tail.join("\n");
    let log = (!tail.is_empty()).then(|| {
        let text = tail.clone();
        view! {
            <details class="tail">
                <summary>{t!("fault.last_words")}</summary>
                <div class="tail-box">
                    <pre class="log">{tail}</pre>
                    <CopyButton text=Signal::stored(text) title=t!("log.copy")/>
                </div>
            </details>
        }
    });
    view! {
        <div class="fault" class:mild=mild role="alert" data-testid="fault" data-code=fault.error.code.as_str()>
            {icon(Icon::Alert)}
            <div class="words">
                <b>{fault.error.message}</b>
                <span>{fault.error.hint}</span>
                {log}
            </div>
            {button}
        </div>
    }
}
