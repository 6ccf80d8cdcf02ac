use leptos::{ev::KeyboardEvent, html, prelude::*};
use stream_api::{State, StreamId, commands, t};

use crate::{
    app::{App, use_app},
    browser,
    components::{Act, Icon, StreamRow, confirm::Question, each, icon, sheet::SheetFor, tab},
    format,
    later::{self, Later},
    store::Filter,
};

/// So many rows are drawn at first, more than most windows show; the others as soon as these are on the screen.
const FIRST_ROWS: usize = 12;

/// All streams: the summary, the tabs and a row for each.
#[component]
pub(crate) fn StreamsPage() -> impl IntoView {
    let app = use_app();
    let (filter, search) = (RwSignal::new(Filter::All), RwSignal::new(String::new()));
    let none = Memo::new(move |_| app.world.lines.with(Vec::is_empty));
    let new = move |_| app.sheet.set(Some(SheetFor::file(None)));
    view! {
        <div class="head">
            <h1>{t!("streams.title")}</h1>
            <div class="grow"></div>
            {move || (!none.get()).then(|| view! { {search_box(search)} {obs(app)} })}
            <Act id="new-stream" class="primary" icon=Icon::Plus label=t!("streams.new") on_press=new/>
        </div>
        <div class="body">
            {move || match none.get() {
                true => later::page(Later::FirstRun),
                false => view! { {strip(app)} {tabs(app, filter)} {list(app, filter, search)} }.into_any(),
            }}
        </div>
    }
}

fn search_box(search: RwSignal<String>) -> impl IntoView {
    let node = NodeRef::<html::Input>::new();
    let shortcut = window_event_listener(leptos::ev::keydown, move |event: KeyboardEvent| {
        if (event.ctrl_key() || event.meta_key()) && event.key().eq_ignore_ascii_case("k") {
            event.prevent_default();
            if let Some(input) = node.get_untracked() {
                let _ = input.focus();
                input.select();
            }
        }
    });
    on_cleanup(move || shortcut.remove());
    let escape = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            search.set(String::new());
        }
    };
    view! {
        <label class="search">
            {icon(Icon::Search)}
            <input
                id="search"
                type="search"
                node_ref=node
                autocomplete="off"
                spellcheck="false"
                placeholder=t!("streams.search")
                aria-label=t!("streams.search")
                prop:value=search
                on:input=move |event| search.set(event_target_value(&event))
                on:keydown=escape
            />
            <kbd>{t!("streams.search.keys")}</kbd>
        </label>
    }
}

fn obs(app: App) -> impl IntoView {
    let busy = RwSignal::new(false);
    let export = move |_| {
        app.run(busy, commands::ObsExport {}, move |file| {
            app.save_text(busy, t!("dialog.save_obs"), &file.file_name, &format!("{:#}", file.content));
        });
    };
    view! { <Act id="export-obs" class="collapses" icon=Icon::Download label=t!("streams.obs") busy=busy on_press=export/> }
}

fn strip(app: App) -> impl IntoView {
    let tally = app.world.tally;
    let part = move |label: &'static str, number: Signal<String>, small: Signal<String>| {
        view! { <div><span class="label">{label}</span><b>{number}</b><small>{small}</small></div> }
    };
    let number = |f: Box<dyn Fn() -> String + Send + Sync>| Signal::derive(f);
    let mbps = || Signal::stored(t!("unit.mbps").to_owned());
    let of = Signal::derive(move || t!("strip.of", n = tally.get().count(Filter::All)));
    view! {
        <div class="strip num" data-testid="summary">
            {part(t!("strip.live"), number(Box::new(move || tally.get().count(Filter::Live).to_string())), of)}
            {part(t!("strip.viewers"), number(Box::new(move || tally.get().viewers.to_string())), Signal::stored(String::new()))}
            {part(t!("strip.publishing"), number(Box::new(move || format::megabits(tally.get().inbound_bps))), mbps())}
            {part(t!("strip.serving"), number(Box::new(move || format::megabits(tally.get().outbound_bps))), mbps())}
        </div>
    }
}

fn word(filter: Filter) -> (&'static str, &'static str) {
    match filter {
        Filter::All => ("all", t!("filter.all")),
        Filter::Live => ("live", t!("filter.live")),
        Filter::Attention => ("attention", t!("filter.attention")),
        Filter::Stopped => ("stopped", t!("filter.stopped")),
        Filter::Recording => ("recording", t!("filter.recording")),
    }
}

fn tabs(app: App, filter: RwSignal<Filter>) -> impl IntoView {
    let (starting, stopping) = (RwSignal::new(false), RwSignal::new(false));
    let tally = app.world.tally;
    let one = move |of: Filter| {
        let (key, word) = word(of);
        let words = view! { {word} <em>{move || tally.get().count(of)}</em> };
        tab(key, words, filter, of)
    };
    let stop_all = move |_| match tally.get_untracked().count(Filter::Live) {
        0 => app.run(stopping, commands::StreamStopAll {}, |_| {}),
        live => app.question.set(Some(Question::stop_all(app, stopping, live))),
    };
    // Counted from the lines' tabs: what is neither all nor stopped has something to stop.
    let all_stopped =
        Signal::derive(move || tally.get().count(Filter::Stopped) == tally.get().count(Filter::All));
    let all_run = Signal::derive(move || {
        app.world.lines.track();
        app.world.lines.with(|lines| {
            lines.iter().all(|line| {
                let idle = |state| {
                    matches!(state, State::Stopped | State::Failed | State::Stopping | State::Backoff)
                };
                app.world.row(line.id).is_some_and(|row| row.with(|row| !idle(row.stream.state)))
            })
        })
    });
    view! {
        <div class="tabs">
            <div class="filters" role="group" aria-label=t!("filter.label")>{Filter::ALL.map(one).collect_view()}</div>
            <span class="grow"></span>
            <Act
                id="start-all"
                class="ghost"
                icon=Icon::Start
                label=t!("streams.start_all")
                busy=starting
                disabled=all_run
                on_press=move |_| app.start_all(starting)
            />
            <Act
                id="stop-all"
                class="ghost"
                icon=Icon::Stop
                label=t!("streams.stop_all")
                busy=stopping
                disabled=all_stopped
                on_press=stop_all
            />
        </div>
    }
}

fn list(app: App, filter: RwSignal<Filter>, search: RwSignal<String>) -> impl IntoView {
    let opening = RwSignal::new(true);
    request_animation_frame(move || {
        browser::after(0, move || {
            opening.try_set(false);
        });
    });
    let ids = Memo::new(move |_| {
        let (tab, wanted) = (filter.get() as usize, search.get().trim().to_lowercase());
        app.world.lines.with(|lines| {
            let takes = |line: &&crate::store::Line| line.under[tab] && line.haystack.contains(&wanted);
            lines.iter().filter(takes).map(|line| line.id).collect::<Vec<_>>()
        })
    });
    let drawn = move || {
        let mut ids = ids.get();
        ids.truncate(if opening.get() { FIRST_ROWS } else { usize::MAX });
        ids
    };
    Effect::new(move |before: Option<Vec<StreamId>>| {
        let now = ids.get();
        if let Some(before) = before.filter(|before| before.len() > now.len()) {
            // Of the row that is gone the focus goes to its neighbour, once the list is drawn.
            let neighbour = beside(&before, &now);
            browser::after(0, move || browser::focus_if_lost(&neighbour));
        }
        now
    });
    let nothing = move || ids.with(Vec::is_empty);
    let all = move |_| {
        filter.set(Filter::All);
        search.set(String::new());
    };
    view! {
        <div class="list" role="list" aria-label=t!("streams.title") class:hidden=nothing>
            <div class="row th" aria-hidden="true">
                <span></span>
                <span>{t!("column.stream")}</span>
                <span>{t!("column.status")}</span>
                <span>{t!("column.bitrate")}</span>
                <span>{t!("column.viewers")}</span>
                <span>{t!("column.uptime")}</span>
                <span></span>
            </div>
            {each(drawn, |id| id.0.as_u128(), |id| view! { <StreamRow id=id/> }.into_any())}
        </div>
        {move || nothing().then(|| view! {
            <div class="none">
                <p>{t!("streams.none_match")}</p>
                <Act label=t!("streams.show_all") on_press=all/>
            </div>
        })}
    }
}

/// Where the focus goes when a row is gone: to the one that took its place, the last one, or the button for a new
/// stream. A CSS selector.
fn beside(before: &[StreamId], now: &[StreamId]) -> String {
    let gone = before.iter().position(|id| !now.contains(id)).unwrap_or_default();
    match now.get(gone).or(now.last()) {
        Some(id) => format!(".row[data-id=\"{id}\"] [data-act=menu]"),
        None => "#new-stream".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::fixtures::id;

    #[test]
    fn the_focus_goes_to_the_neighbour() {
        let all = [id(1), id(2), id(3)];
        let row = |n| format!(".row[data-id=\"{}\"] [data-act=menu]", id(n));
        assert_eq!(beside(&all, &[id(1), id(3)]), row(3), "the one that took its place");
        assert_eq!(beside(&all, &[id(1), id(2)]), row(2), "the last one");
        assert_eq!(beside(&[id(1)], &[]), "#new-stream");
    }
}
