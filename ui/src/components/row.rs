use leptos::prelude::*;
use stream_api::{Encoder, Mode, Playback, Preparation, Recording, Source, StreamId, t};
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::{
    app::use_app,
    components::{
        CureButton, FaultOf, Icon, MenuKind, RowMenu, StateBadge, icon, orders::OrderButton, shown, spark,
        state::cured_by,
    },
    format,
    pages::Page,
    store::live::Row,
};

/// What stands where there is nothing to show.
pub(crate) const NOTHING: &str = "—";

/// One stream in the list. Every part reads the stream's own signal, so a change draws this row alone.
#[component]
pub(crate) fn StreamRow(id: StreamId) -> impl IntoView {
    let app = use_app();
    app.world.row(id).map(|row| {
        let open = move |event: leptos::ev::MouseEvent| {
            let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            let control = target.and_then(|target| target.closest("a, button, .menu").ok().flatten());
            if control.is_none() {
                app.show_stream(id);
            }
        };
        let name = Memo::new(move |_| row.with(|row| row.stream.spec.name.clone()));
        let kind = Memo::new(move |_| row.with(|row| source_icon(&row.stream.spec.source)));
        let tile = Memo::new(move |_| row.with(|row| shown(&row.stream, row.stream.since.0).class));
        view! {
            <div class="row" role="listitem" data-testid="stream-row" data-name=name data-id=id.to_string() on:click=open>
                <span class=move || format!("tile {}", tile.get())>{move || icon(kind.get())}</span>
                <div class="what">
                    <div class="named"><a class="name" href=Page::Stream(id).hash()>{name}</a>{lock(row)}{record(row)}</div>
                    {source(row)}
                    {chips(row)}
                </div>
                {status(row)}
                {rate(row)}
                {viewers(row)}
                {uptime(row)}
                <div class="acts">
                    <OrderButton row=row/>
                    <RowMenu row=row kind=MenuKind::Copy/>
                    <RowMenu row=row kind=MenuKind::All/>
                </div>
            </div>
        }
    })
}

/// Not everybody may watch it.
fn lock(row: RwSignal<Row>) -> impl IntoView {
    let locked = Memo::new(move |_| row.with(|row| row.stream.access.is_restricted()));
    move || {
        locked.get().then(|| {
            let title = t!("access.locked");
            view! { <span class="chip" role="img" title=title aria-label=title data-testid="lock">{icon(Icon::Lock)}</span> }
        })
    }
}

/// What is recorded, beside the name, where it takes no line of its own.
fn record(row: RwSignal<Row>) -> impl IntoView {
    let seen = Memo::new(move |_| row.with(|row| (row.stream.recording, row.stream.spec.record)));
    move || {
        let (class, word, title) = match seen.get() {
            (Recording::Writing, _) => ("chip rec", t!("chip.rec"), None),
            (Recording::Stuck, _) => ("chip rec stuck", t!("chip.rec_stuck"), None),
            (Recording::Waiting, _) => ("chip", t!("chip.rec_waits"), None),
            // Of what its server does with it nothing is seen.
            (Recording::Elsewhere, _) => ("chip", t!("chip.rec"), Some(t!("recording.elsewhere"))),
            (Recording::Off, true) => ("chip", t!("chip.records"), None),
            (Recording::Off, false) => return None,
        };
        Some(view! { <span class=class title=title>{word}</span> })
    }
}

/// The server that it belongs to, where there are several.
fn server(row: RwSignal<Row>) -> impl IntoView {
    let world = use_app().world;
    let name = Memo::new(move |_| world.server_name(row.with(|row| row.stream.spec.server)));
    move || {
        name.get().map(|name| {
            let title = t!("row.server", name = name);
            view! { <span class="chip" title=title data-testid="on-server">{icon(Icon::Server)}{name}</span> }
        })
    }
}

/// The drawing of a kind of source.
pub(crate) fn source_icon(source: &Source) -> Icon {
    match source {
        Source::File { .. } => Icon::File,
        Source::Network(_) => Icon::Camera,
        Source::Incoming => Icon::Incoming,
        Source::TestPattern => Icon::Pattern,
    }
}

fn source(row: RwSignal<Row>) -> impl IntoView {
    let text = Memo::new(move |_| {
        row.with(|row| {
            let spec = &row.stream.spec;
            let how = match (&spec.source, spec.playback) {
                (Source::File { .. }, Playback::Loop) => t!("row.loops"),
                (Source::File { .. }, Playback::Once) => t!("row.once"),
                (Source::File { .. }, Playback::Times(_)) => t!("row.times"),
                (Source::Network(_), _) if spec.source.is_on_demand() => t!("row.on_demand"),
                (Source::Network(_), _) => t!("row.fetched"),
                (Source::Incoming, _) => t!("row.published"),
                (Source::TestPattern, _) => t!("row.test_pattern"),
            };
            (format!("{} · {how}", spec.source.title()), spec.source.place().to_owned())
        })
    });
    view! { <div class="sub" title=move || text.get().1>{move || text.get().0}</div> }
}

fn chips(row: RwSignal<Row>) -> impl IntoView {
    let facts = Memo::new(move |_| {
        row.with(|row| {
            let stream = &row.stream;
            let picture = stream.media.as_ref().and_then(|media| media.video.as_ref()).map(format::picture);
            let made =
                stream.plan.as_ref().map(|plan| (plan.mode, plan.picture.as_ref().map(|made| made.encoder)));
            let preparing = stream.preparation.as_ref().filter(|_| stream.spec.prepare).and_then(preparing);
            (picture, made, stream.spec.muted, preparing)
        })
    });
    move || {
        let (picture, mode, muted, preparing) = facts.get();
        let mode = mode.map(|(mode, encoder)| match (mode, encoder) {
            (Mode::Copy, _) => ("chip good", t!("chip.as_is")),
            (Mode::Prepared, _) => ("chip good", t!("chip.prepared")),
            (Mode::Transcode, None | Some(Encoder::Software)) => ("chip", t!("chip.encoded")),
            (Mode::Transcode, Some(card)) => ("chip", card.label()),
        });
        let mode = mode.map(|(class, word)| view! { <span class=class>{word}</span> });
        view! {
            <div class="chips">
                {server(row)}
                {picture.map(|picture| view! { <span class="chip">{picture}</span> })}
                {mode}
                {preparing.map(|(words, why)| view! { <span class="chip" data-testid="preparing" title=why>{words}</span> })}
                {muted.then(|| view! { <span class="chip" title=t!("chip.muted.title")>{t!("chip.muted")}</span> })}
            </div>
        }
    }
}

/// How far its prepared file is that is being made; or that it can't be made, and why.
fn preparing(preparation: &Preparation) -> Option<(String, Option<String>)> {
    match preparation {
        Preparation::Waiting { .. } => Some((t!("chip.prepare_waits").to_owned(), None)),
        Preparation::Making { percent } => Some((t!("chip.preparing", percent = percent), None)),
        Preparation::Failed { error } => {
            Some((t!("chip.prepare_failed").to_owned(), Some(format!("{} {}", error.message, error.hint))))
        }
        Preparation::Ready | Preparation::Unwatched => None,
    }
}

fn status(row: RwSignal<Row>) -> impl IntoView {
    let now = use_app().world.now;
    let why = Memo::new(move |_| {
        let now = now.get();
        row.with(|row| shown(&row.stream, now).why)
    });
    view! {
        <div class="statecell">
            <StateBadge row=row/>
            {move || (!why.with(String::is_empty)).then(|| view! { <div class="why" title=why>{why}</div> })}
            {cure(row)}
        </div>
    }
}

/// The one click that helps, for a stream that needs a person or is too much for this computer.
fn cure(row: RwSignal<Row>) -> impl IntoView {
    let action = Memo::new(move |_| row.with(|row| cured_by(&row.stream)));
    let of = FaultOf::Stream(row.with_untracked(|row| row.stream.id));
    move || action.get().map(|action| view! { <CureButton class="small" action=action of=of/> })
}

fn rate(row: RwSignal<Row>) -> impl IntoView {
    let bps = Memo::new(move |_| {
        row.with(|row| {
            row.stream.metrics.as_ref().filter(|_| row.stream.on_air).map(|metrics| metrics.inbound_bps)
        })
    });
    let any = Memo::new(move |_| bps.get().is_some());
    let parts = move || format::rate_parts(bps.get().unwrap_or_default());
    view! {
        <div class="rate num">
            {move || match any.get() {
                true => view! {
                    <span><b>{move || parts().0}</b> " " <span class="muted">{move || parts().1}</span></span>
                    {spark(row, 140.0, 22.0)}
                }
                .into_any(),
                false => view! { <span class="faint">{NOTHING}</span> }.into_any(),
            }}
        </div>
    }
}

fn viewers(row: RwSignal<Row>) -> impl IntoView {
    let seen = Memo::new(move |_| {
        row.with(|row| {
            row.stream.metrics.as_ref().filter(|_| row.stream.on_air).map(|metrics| metrics.viewers)
        })
    });
    view! {
        <div class="viewers num" data-testid="viewers">
            {move || match seen.get() {
                Some(viewers) if viewers.total() == 0 => {
                    view! { <b>"0"</b><span>{t!("row.no_viewers")}</span> }.into_any()
                }
                Some(viewers) => {
                    let each: Vec<String> =
                        viewers.each().map(|(protocol, n)| format!("{}\u{a0}{n}", protocol.label())).collect();
                    let each = each.join(" · ");
                    view! { <b>{viewers.total()}</b><span title=each.clone()>{each.clone()}</span> }.into_any()
                }
                None => view! { <span class="faint nothing">{NOTHING}</span> }.into_any(),
            }}
        </div>
    }
}

fn uptime(row: RwSignal<Row>) -> impl IntoView {
    let since = Memo::new(move |_| row.with(|row| row.stream.on_air_since.filter(|_| row.stream.on_air)));
    let now = use_app().world.now;
    let text = move || match since.get() {
        Some(since) => format::uptime(now.get() - since.0),
        None => NOTHING.to_owned(),
    };
    view! { <div class="num up" class:faint=move || since.get().is_none()>{text}</div> }
}
