use leptos::prelude::*;
use stream_api::{Fault, FaultAction, t};

use crate::{
    app::use_app,
    components::{
        Act, CopyButton, Icon,
        cure::{FaultOf, drawn},
        icon,
    },
};

/// What is wrong, what cures it, and the one click that helps.
#[component]
pub(crate) fn FaultCard(
    /// What is wrong.
    fault: Fault,
    /// Whose fault it is.
    of: FaultOf,
    /// It waits to be tried again by itself: less alarming.
    #[prop(optional)]
    mild: bool,
) -> impl IntoView {
    let log = (!fault.log_tail.is_empty()).then(|| {
        let tail = fault.log_tail.join("\n");
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
            {fault.action.map(|action| view! { <CureButton action=action of=of/> })}
        </div>
    }
}

/// The one click that helps with a fault.
#[component]
pub(crate) fn CureButton(
    /// What it does.
    action: FaultAction,
    /// Whose fault it is.
    of: FaultOf,
    /// Beside `btn`.
    #[prop(optional)]
    class: &'static str,
) -> impl IntoView {
    let app = use_app();
    let busy = RwSignal::new(false);
    let action = of.offered(action, app.page.get_untracked());
    let (label, icon) = match (action, of) {
        (FaultAction::Retry, FaultOf::Tools) => (t!("tool.check_again"), Icon::Retry),
        _ => drawn(action),
    };
    view! {
        <Act class=class icon=icon label=label act="cure" busy=busy on_press=move |_| app.cure(action, of, busy)/>
    }
}
