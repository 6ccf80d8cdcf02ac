use leptos::prelude::*;
use stream_api::{
    Difference, Drift, OtherServer, ServerId,
    commands::{DriftAdopt, DriftApply},
    t, tn,
};

use crate::{
    app::App,
    components::{Act, Icon, Toast, icon},
};

/// What others changed of our paths, and the two ways out.
pub(super) fn drift(app: App, id: ServerId, seen: Memo<Option<OtherServer>>) -> impl IntoView {
    let all = Memo::new(move |_| seen.with(|s| s.as_ref().map(|s| s.drift.clone()).unwrap_or_default()));
    let busy = RwSignal::new(false);
    move || {
        let drifts = all.get();
        (!drifts.is_empty()).then(|| {
            let several = drifts.len() > 1;
            let count = tn!("drift.title", drifts.len());
            let rows = drifts.into_iter().map(|drift| path(app, id, busy, drift)).collect_view();
            view! {
                <section class="card drift" data-testid="drift">
                    <h3>
                        <span class="warn">{icon(Icon::Alert)}</span>
                        {count}
                        {several.then(|| view! {
                            <span class="right"></span>
                            <Act
                                class="small"
                                label=t!("drift.apply_all")
                                act="apply-all"
                                busy=busy
                                on_press=move |_| app.run(busy, DriftApply { id, stream: None }, |_| {})
                            />
                        })}
                    </h3>
                    <p class="muted small-print">{t!("drift.hint")}</p>
                    {rows}
                </section>
            }
        })
    }
}

fn path(app: App, id: ServerId, busy: RwSignal<bool>, drift: Drift) -> impl IntoView {
    let stream = drift.stream;
    let adoptable = drift.differences.iter().any(|difference| difference.adoptable);
    let rows = drift.differences.into_iter().map(difference).collect_view();
    let adopt = move |_| {
        app.run(busy, DriftAdopt { id, stream }, move |adopted| {
            if !adopted.left.is_empty() {
                app.tell(Toast::warning(t!("drift.left"), adopted.left.join(", ")));
            }
        });
    };
    view! {
        <div class="drifted" data-testid="drifted" data-path=drift.path.clone()>
            <b class="name">{drift.path.clone()}</b>
            <table>
                <thead>
                    <tr><th>{t!("drift.key")}</th><th>{t!("drift.ours")}</th><th>{t!("drift.theirs")}</th></tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
            <div class="card-foot">
                <Act
                    class="small"
                    icon=Icon::Up
                    label=t!("drift.apply")
                    act="apply-ours"
                    busy=busy
                    on_press=move |_| app.run(busy, DriftApply { id, stream: Some(stream) }, |_| {})
                />
                <Act
                    class="small"
                    icon=Icon::Download
                    label=t!("drift.adopt")
                    act="adopt-theirs"
                    busy=busy
                    disabled=Signal::stored(!adoptable)
                    on_press=adopt
                />
            </div>
        </div>
    }
}

fn difference(difference: Difference) -> impl IntoView {
    let ours = difference.ours.unwrap_or_else(|| t!("drift.default").to_owned());
    let key = difference.key;
    // By the words of the form, where it has them.
    let word = match key.as_str() {
        "record" => Some(t!("sheet.record")),
        "source" => Some(t!("sheet.source")),
        "sourceOnDemand" => Some(t!("sheet.on_demand")),
        "sourceFingerprint" => Some(t!("sheet.fingerprint")),
        "alwaysAvailable" => Some(t!("sheet.keep")),
        _ => None,
    };
    let stays =
        (!difference.adoptable).then(|| view! { <small class="faint">{t!("drift.unadoptable")}</small> });
    view! {
        <tr>
            <th>{word.map(|word| view! { {word} " " })}<span class="mono">{key}</span>{stays}</th>
            <td class="mono">{ours}</td>
            <td class="mono warn">{difference.theirs}</td>
        </tr>
    }
}
