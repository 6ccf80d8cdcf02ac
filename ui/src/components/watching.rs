//! Who watches a stream, one by one, on its page.

use std::time::Duration;

use leptos::prelude::*;
use stream_api::{
    Kept, StreamId, Viewer, ViewerId,
    commands::{ViewerKick, ViewerList},
    t,
};
use wasm_bindgen_futures::spawn_local;

use crate::{
    app::App,
    browser,
    components::{Act, confirm::Question, each},
    format,
    store::live::Row,
};

/// Between two looks at who watches, in milliseconds.
const LOOK_MS: u64 = 2000;

/// How many watch, who they are, and whether they stay when the stream starts anew.
pub(crate) fn watching_card(app: App, id: StreamId, row: RwSignal<Row>) -> impl IntoView {
    let total = Memo::new(move |_| {
        row.with(|row| {
            let metrics = row.stream.metrics.as_ref().filter(|_| row.stream.on_air);
            metrics.map(|metrics| metrics.viewers.total())
        })
    });
    let on_air = Memo::new(move |_| total.get().is_some());
    let anybody = Memo::new(move |_| total.get().is_some_and(|total| total > 0));
    let keeps = Memo::new(move |_| row.with(|row| (row.stream.kept, row.stream.spec.keep_viewers)));
    let kept = move || {
        let (state, words) = match keeps.get() {
            (Kept::On, _) => ("on", t!("stream.kept")),
            (Kept::Unable { reason }, _) => ("unable", reason.words()),
            (Kept::Off, false) => ("off", t!("stream.unkept")),
            (Kept::Off, true) => return None,
        };
        Some(view! { <p class="faint small-print" data-testid="kept" data-kept=state>{words}</p> })
    };
    let card = move || {
        view! {
            <section class="card" data-testid="watching">
                <h3>
                    {t!("column.viewers")}
                    <b class="right num figure" data-testid="viewer-count">{move || total.get()}</b>
                </h3>
                {move || match anybody.get() {
                    true => table(app, id, row).into_any(),
                    false => view! { <p class="faint" data-testid="nobody">{t!("viewer.nobody")}</p> }.into_any(),
                }}
                {kept}
            </section>
        }
    };
    // Off air there is nobody, and nothing to keep.
    move || on_air.get().then(card)
}

/// Asked for again as long as it is on the page.
fn table(app: App, id: StreamId, row: RwSignal<Row>) -> impl IntoView {
    let list = RwSignal::new(Vec::<Viewer>::new());
    let asking = StoredValue::new(false);
    let look = move || {
        if asking.try_get_value() != Some(false) {
            return;
        }
        asking.set_value(true);
        let reply = app.client().call(ViewerList { stream: Some(id) });
        spawn_local(async move {
            let reply = reply.await;
            asking.try_set_value(false);
            // A failure shows as a lost connection soon enough.
            if let Ok(watching) = reply {
                list.try_set(watching.viewers);
            }
        });
    };
    look();
    if let Ok(timer) = set_interval_with_handle(look, Duration::from_millis(LOOK_MS)) {
        on_cleanup(move || timer.clear());
    }
    let look = Callback::new(move |()| look());
    // Keyed: the focus stays where it is while figures change.
    let ids = move || list.with(|list| list.iter().map(|viewer| viewer.id).collect());
    let heads = [
        t!("viewer.protocol"),
        t!("viewer.from"),
        t!("viewer.since"),
        t!("viewer.amount"),
        t!("viewer.rate"),
    ];
    let heads = heads.map(|head| view! { <th scope="col">{head}</th> });
    view! {
        <div class="watching">
            <table class="num" aria-label=t!("column.viewers")>
                <thead>
                    <tr>{heads.into_iter().collect_view()}<th><span class="spoken">{t!("viewer.kick")}</span></th></tr>
                </thead>
                <tbody>
                    {each(ids, |id: &ViewerId| id.0.as_u128(), move |id| one(app, row, list, id, look).into_any())}
                </tbody>
            </table>
        </div>
    }
}

fn one(
    app: App,
    row: RwSignal<Row>,
    list: RwSignal<Vec<Viewer>>,
    id: ViewerId,
    look: Callback<()>,
) -> impl IntoView {
    let seen = Memo::new(move |_| list.with(|list| list.iter().find(|viewer| viewer.id == id).cloned()));
    let of = move |draw: fn(&Viewer) -> String| move || seen.with(|seen| seen.as_ref().map(draw));
    let since = move || seen.with(|seen| seen.as_ref()?.since);
    let time = move || since().map(|since| format::span(app.world.now.get() - since.0));
    let moment = move || since().map(|since| browser::moment(since.0, app.world.now.get()));
    let from = move || seen.with(|seen| seen.as_ref().map(|viewer| from(viewer, row)));
    let ask = move |_| {
        if let Some(viewer) = seen.get_untracked() {
            let kick = ViewerKick { id };
            let words = row.with_untracked(|row| format!("{} · {}", row.stream.spec.name, protocol(&viewer)));
            app.question.set(Some(Question::kick(app, kick, words, look)));
        }
    };
    view! {
        <tr data-viewer=id.to_string()>
            <td><b>{of(protocol)}</b></td>
            <td class="path" title=of(|viewer| viewer.agent.clone())>{from}</td>
            <td title=moment>{time}</td>
            <td>{of(|viewer| format::bytes(viewer.outbound_bytes))}</td>
            <td>{of(|viewer| format::rate(viewer.outbound_bps))}</td>
            <td><Act class="small ghost" label=t!("viewer.kick") act="kick" on_press=ask/></td>
        </tr>
    }
}

fn protocol(viewer: &Viewer) -> String {
    viewer.protocol_label().unwrap_or(t!("viewer.other")).to_owned()
}

/// The guest, or where they are and which name they gave.
fn from(viewer: &Viewer, row: RwSignal<Row>) -> String {
    let label = row.with(|row| {
        let links = &row.stream.access.links;
        links.iter().find(|link| link.id == viewer.user).map(|link| link.label.clone())
    });
    match label {
        Some(label) => {
            let guest = match label.is_empty() {
                true => t!("access.link").to_owned(),
                false => t!("viewer.guest", label = label),
            };
            format!("{guest} · {}", place(viewer))
        }
        None => origin(viewer),
    }
}

fn place(viewer: &Viewer) -> &str {
    let here = viewer.address == "::1" || viewer.address.starts_with("127.");
    if here { t!("viewer.here") } else { &viewer.address }
}

fn origin(viewer: &Viewer) -> String {
    let place = place(viewer);
    match viewer.user.is_empty() {
        true => place.to_owned(),
        false => format!("{place} · {}", viewer.user),
    }
}

#[cfg(test)]
mod tests {
    use stream_api::Protocol;

    use super::*;
    use crate::store::fixtures::id;

    #[test]
    fn a_viewer_is_told_by_place_and_name() {
        let viewer = |address: &str, user: &str| Viewer {
            id: ViewerId(id(2).0),
            stream: id(1),
            protocol: Some(Protocol::Rtsp),
            encrypted: true,
            address: address.to_owned(),
            user: user.to_owned(),
            agent: String::new(),
            since: None,
            outbound_bytes: 0,
            outbound_bps: 0,
        };
        assert_eq!(origin(&viewer("192.168.1.7", "")), "192.168.1.7");
        assert_eq!(origin(&viewer("192.168.1.7", "family")), "192.168.1.7 · family");
        for here in ["127.0.0.1", "::1"] {
            assert_eq!(origin(&viewer(here, "")), t!("viewer.here"));
        }
        assert_eq!(protocol(&viewer("", "")), "RTSPS");
        assert_eq!(protocol(&Viewer { protocol: None, ..viewer("", "") }), t!("viewer.other"));
    }
}
