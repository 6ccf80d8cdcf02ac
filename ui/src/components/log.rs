use std::time::Duration;

use leptos::{html, prelude::*};
use stream_api::{
    LogLine, LogOrigin, StreamId,
    commands::{Log, ServerLog, StreamLog},
    t,
};
use wasm_bindgen_futures::spawn_local;

use crate::{
    app::use_app,
    browser,
    client::{Client, Reply},
    components::{Act, CopyButton, Icon, icon, tab},
};

/// Between two looks at a log, in milliseconds.
const LOOK_MS: u64 = 2000;
/// This close to the end the log follows what comes, in pixels.
const AT_END: i32 = 24;

/// Whose log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogOf {
    /// A stream's: FFmpeg's lines and ours.
    Stream(StreamId),
    /// The server's.
    Server,
}

impl LogOf {
    fn ask(self, client: &Client) -> Reply<Log> {
        match self {
            LogOf::Stream(id) => client.call(StreamLog { id }),
            LogOf::Server => client.call(ServerLog {}),
        }
    }
}

/// How bad a line must be to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    All,
    Warnings,
    Errors,
}

impl Level {
    fn fits(self, line: &LogLine) -> bool {
        match (self, class(line)) {
            (Level::All, _) | (_, "line e") => true,
            (Level::Warnings, class) => class == "line w",
            (Level::Errors, _) => false,
        }
    }
}

fn filter(search: RwSignal<String>, level: RwSignal<Level>) -> impl IntoView {
    view! {
        <div class="tabs log-filter">
            <div class="filters" role="group" aria-label=t!("log.levels")>
                {tab("all", t!("log.level.all"), level, Level::All)}
                {tab("warnings", t!("log.level.warnings"), level, Level::Warnings)}
                {tab("errors", t!("log.level.errors"), level, Level::Errors)}
            </div>
            <span class="grow"></span>
            <label class="search">
                {icon(Icon::Search)}
                <input
                    type="search"
                    autocomplete="off"
                    spellcheck="false"
                    placeholder=t!("log.search")
                    aria-label=t!("log.search")
                    data-testid="log-search"
                    prop:value=search
                    on:input=move |event| search.set(event_target_value(&event))
                />
            </label>
        </div>
    }
}

/// The newest lines of a log, while it is on the page.
#[component]
pub(crate) fn LogCard(of: LogOf) -> impl IntoView {
    let app = use_app();
    let lines = RwSignal::new(Vec::<LogLine>::new());
    let (file, failure) = (RwSignal::new(String::new()), RwSignal::new(None::<String>));
    let node = NodeRef::<html::Div>::new();
    let asking = StoredValue::new(false);
    let (search, level) = (RwSignal::new(String::new()), RwSignal::new(Level::All));
    let shown = Memo::new(move |_| {
        let (text, level) = (search.get().to_lowercase(), level.get());
        let fits = |line: &&LogLine| level.fits(line) && line.text.to_lowercase().contains(&text);
        lines.with(|lines| lines.iter().filter(fits).cloned().collect::<Vec<_>>())
    });
    let look = move || {
        if asking.try_get_value() != Some(false) {
            return;
        }
        asking.set_value(true);
        let reply = of.ask(&app.client());
        spawn_local(async move {
            let reply = reply.await;
            asking.try_set_value(false);
            match reply {
                Ok(log) if lines.try_with_untracked(|known| *known != log.lines) == Some(true) => {
                    failure.try_set(None);
                    file.try_set(log.file);
                    lines.try_set(log.lines);
                }
                Ok(_) => drop(failure.try_set(None)),
                Err(error) => drop(failure.try_set(Some(error.message))),
            }
        });
    };
    look();
    if let Ok(timer) = set_interval_with_handle(look, Duration::from_millis(LOOK_MS)) {
        on_cleanup(move || timer.clear());
    }
    Effect::new(move |_| {
        shown.track();
        let Some(log) = node.get() else { return };
        let at_end = log.scroll_height() - log.scroll_top() - log.client_height() < AT_END;
        if at_end || log.scroll_top() == 0 {
            browser::after(0, move || log.set_scroll_top(log.scroll_height()));
        }
    });
    let text =
        Signal::derive(move || shown.with(|lines| lines.iter().map(plain).collect::<Vec<_>>().join("\n")));
    let reveal = move || {
        (app.is_desktop() && !file.with(String::is_empty)).then(|| {
            view! {
                <Act class="icon ghost" icon=Icon::Folder label=t!("log.reveal") on_press=move |_| app.reveal(&file.get_untracked())/>
            }
        })
    };
    view! {
        <section class="card logcard" aria-label=t!("log.title")>
            <h3>
                {t!("log.title")}
                <span class="faint path" title=file>{move || ltr(file.get())}</span>
                {reveal}
                <CopyButton text=text title=t!("log.copy") act="copy-log"/>
            </h3>
            {filter(search, level)}
            {move || failure.get().map(|words| view! { <p class="bad">{words}</p> })}
            <div node_ref=node class="log" role="log" tabindex="0" aria-label=t!("log.title") data-testid="log">
                {move || match (shown.with(Vec::is_empty), lines.with(Vec::is_empty)) {
                    (true, true) => view! { <p class="faint">{t!("log.empty")}</p> }.into_any(),
                    (true, false) => view! { <p class="faint">{t!("log.none_fits")}</p> }.into_any(),
                    (false, _) => shown.get().into_iter().map(line).collect_view().into_any(),
                }}
            </div>
        </section>
    }
}

/// A path in a place that cuts off its beginning (`direction: rtl`): it keeps its first `/` in front, and nothing
/// is added that would be copied with it.
pub(crate) fn ltr(path: String) -> impl IntoView {
    view! { <bdi dir="ltr">{path}</bdi> }
}

fn class(line: &LogLine) -> &'static str {
    match line.level.as_str() {
        "error" | "fatal" | "panic" => "line e",
        "warning" | "warn" => "line w",
        _ => "line",
    }
}

/// One line, with its time and who wrote it.
pub(crate) fn line(line: LogLine) -> impl IntoView {
    let class = class(&line);
    view! {
        <div class=class>
            <time>{browser::time_of_day(line.at.0)}</time>
            " "
            <b>{origin(line.origin)}</b>
            " "
            <span>{line.text}</span>
        </div>
    }
}

/// One line as text.
pub(crate) fn plain(line: &LogLine) -> String {
    format!("{} {} {}", browser::time_of_day(line.at.0), origin(line.origin), line.text)
}

fn origin(origin: LogOrigin) -> &'static str {
    match origin {
        LogOrigin::Ffmpeg => t!("log.ffmpeg"),
        LogOrigin::Manager => t!("log.manager"),
        LogOrigin::Server => t!("log.server"),
    }
}
