use leptos::prelude::*;
use stream_api::{
    Alike, Difference, Drift, OtherServer, ServerId, UserDrift,
    commands::{DriftAdopt, DriftApply, PathTake},
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
                                on_press=move |_| app.run(busy, DriftApply { id, stream: None, users: false }, |_| {})
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

/// What others changed of who may use it, and the two ways out.
pub(super) fn users(app: App, id: ServerId, seen: Memo<Option<OtherServer>>) -> impl IntoView {
    let drift = Memo::new(move |_| seen.with(|s| s.as_ref().and_then(|s| s.users.clone())));
    let busy = RwSignal::new(false);
    move || drift.get().map(|drift| user_drift(app, id, busy, drift))
}

fn user_drift(app: App, id: ServerId, busy: RwSignal<bool>, drift: UserDrift) -> impl IntoView {
    let names = |title: &'static str, names: Vec<String>| {
        let names = Some(names).filter(|names| !names.is_empty());
        names.map(|names| view! { <dt>{title}</dt><dd class="mono">{names.join(", ")}</dd> })
    };
    view! {
        <section class="card drift" data-testid="user-drift">
            <h3><span class="warn">{icon(Icon::Alert)}</span>{t!("drift.users.title")}</h3>
            <p class="muted small-print">{t!("drift.users.hint")}</p>
            <dl class="kv">
                {names(t!("drift.users.added"), drift.added)}
                {names(t!("drift.users.gone"), drift.gone)}
            </dl>
            {drift.behind.then(|| view! { <p class="warn small-print">{t!("drift.users.behind")}</p> })}
            <div class="card-foot">
                {apply(app, busy, "apply-users", DriftApply { id, stream: None, users: true })}
                <Act
                    class="small"
                    icon=Icon::Pen
                    label=t!("drift.users.give")
                    act="give-users"
                    on_press=move |_| app.server_sheet.set(Some(Some(id)))
                />
            </div>
        </section>
    }
}

/// What we want is put back.
fn apply(app: App, busy: RwSignal<bool>, act: &'static str, what: DriftApply) -> impl IntoView {
    let press = move |_| app.run(busy, what.clone(), |_| {});
    view! { <Act class="small" icon=Icon::Up label=t!("drift.apply") act=act busy=busy on_press=press/> }
}

/// Paths that may be ours, and the click that says so.
pub(super) fn alike(app: App, id: ServerId, seen: Memo<Option<OtherServer>>) -> impl IntoView {
    let all = Memo::new(move |_| seen.with(|s| s.as_ref().map(|s| s.alike.clone()).unwrap_or_default()));
    let busy = RwSignal::new(false);
    let row = move |Alike { stream, path }: Alike| {
        view! {
            <div class="drifted" data-testid="alike" data-path=path.clone()>
                <b class="name">{path.clone()}</b>
                <div class="card-foot">
                    <Act
                        class="small"
                        label=t!("server.alike.take")
                        act="take-over"
                        busy=busy
                        on_press=move |_| app.run(busy, PathTake { id, stream }, |_| {})
                    />
                </div>
            </div>
        }
    };
    move || {
        let all = all.get();
        (!all.is_empty()).then(|| {
            let rows = all.into_iter().map(row).collect_view();
            view! { <p class="muted small-print">{t!("server.alike")}</p> {rows} }
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
                {apply(app, busy, "apply-ours", DriftApply { id, stream: Some(stream), users: false })}
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
