//! A stream's past: how much it was live, why it broke off, and its last runs with their logs.

use std::time::Duration;

use leptos::prelude::*;
use stream_api::{Run, RunEnd, StreamHistory, StreamId, Uptime, commands::StreamPast, t};
use wasm_bindgen_futures::spawn_local;

use crate::{
    app::{App, use_app},
    browser,
    components::{Icon, icon, row::NOTHING, run_log::RunLogDialog},
    format,
    pages::Page,
    store::live::Row,
};

/// Between two looks, in milliseconds: shares move slowly.
const LOOK_MS: u64 = 20_000;
/// After a change the history is written within this time, in milliseconds.
const SETTLED_MS: i32 = 400;

/// A stream's past, as far as it is known. Cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct Past {
    app: App,
    id: StreamId,
    known: RwSignal<Option<StreamHistory>>,
}

impl Past {
    /// Asks now, whenever the stream's state changes, and now and then.
    pub(crate) fn of(id: StreamId, row: RwSignal<Row>) -> Past {
        let past = Past { app: use_app(), id, known: RwSignal::new(None) };
        let state =
            Memo::new(move |_| row.with(|row| (row.stream.state, row.stream.on_air, row.stream.attempt)));
        Effect::new(move |before: Option<()>| {
            state.get();
            past.app.world.snapshots.track();
            match before {
                None => past.look(),
                Some(()) => browser::after(SETTLED_MS, move || past.look()),
            }
        });
        if let Ok(timer) = set_interval_with_handle(move || past.look(), Duration::from_millis(LOOK_MS)) {
            on_cleanup(move || timer.clear());
        }
        past
    }

    fn look(self) {
        let reply = self.app.client().call(StreamPast { id: self.id });
        spawn_local(async move {
            // What can't be had shows as nothing; the next look may succeed.
            if let Ok(history) = reply.await {
                self.known.try_set(Some(history));
            }
        });
    }
}

/// Share of the time live and restarts of 24 hours and 7 days, and the newest fault.
pub(crate) fn figures(past: Past) -> impl IntoView {
    let of = move |read: fn(&StreamHistory) -> String| {
        move || past.known.with(|known| known.as_ref().map_or(NOTHING.to_owned(), read))
    };
    let fault = move || {
        let fault = past.known.with(|known| known.as_ref().and_then(|known| known.last_fault.clone()))?;
        let words = fault.cause.error().message;
        Some(view! {
            <div class="last-fault" data-testid="last-fault">
                <span class="muted">
                    {t!("past.last_fault")}
                    " · "
                    <span class="num">{move || browser::moment(fault.at.0, past.app.world.now.get())}</span>
                </span>
                <p>{words}</p>
            </div>
        })
    };
    view! {
        <table class="past num" data-testid="past">
            <thead>
                <tr>
                    <td></td>
                    <th scope="col">{t!("past.day")}</th>
                    <th scope="col">{t!("past.week")}</th>
                </tr>
            </thead>
            <tbody>
                <tr title=t!("past.live.title")>
                    <th scope="row">{t!("past.live")}</th>
                    <td>{of(|known| share(known.day))}</td>
                    <td>{of(|known| share(known.week))}</td>
                </tr>
                <tr title=t!("past.restarts.title")>
                    <th scope="row">{t!("past.restarts")}</th>
                    <td>{of(|known| known.day.restarts.to_string())}</td>
                    <td>{of(|known| known.week.restarts.to_string())}</td>
                </tr>
            </tbody>
        </table>
        {fault}
        <a class="more-link" data-act="activity" href=Page::Activity(Some(past.id)).hash()>
            {icon(Icon::Activity)}
            {t!("past.activity")}
        </a>
    }
}

fn share(of: Uptime) -> String {
    of.share().map_or(NOTHING.to_owned(), format::share)
}

/// The last runs; each opens its log.
pub(crate) fn runs(past: Past) -> impl IntoView {
    let opened = RwSignal::new(None::<Run>);
    let list = Memo::new(move |_| {
        past.known.with(|known| known.as_ref().map(|known| known.runs.clone()).unwrap_or_default())
    });
    let rows = move || {
        let runs = list.get();
        if runs.is_empty() {
            return view! { <p class="faint">{t!("run.none")}</p> }.into_any();
        }
        runs.into_iter().map(|run| one(past, run, opened)).collect_view().into_any()
    };
    let close = move || opened.set(None);
    view! {
        <section class="card" data-testid="runs">
            <h3>{t!("run.title")}</h3>
            <div class="runs">{rows}</div>
            {move || opened.get().map(|run| {
                view! { <RunLogDialog id=past.id run=run on_close=move |()| close()/> }
            })}
        </section>
    }
}

fn one(past: Past, run: Run, opened: RwSignal<Option<Run>>) -> impl IntoView {
    let (began, ended) = (run.began.0, run.ended);
    let now = past.app.world.now;
    let (class, words) = how(&run);
    let live = match (run.live_after_ms, run.ended) {
        (None, Some(_)) => Some(t!("run.never_live")),
        _ => None,
    };
    let id = run.id.to_string();
    view! {
        <button type="button" class="run" title=t!("run.open") data-run=id on:click=move |_| opened.set(Some(run.clone()))>
            <span class="num">{move || browser::moment(began, now.get())}</span>
            <span class="num muted">{move || format::span(ended.map_or(now.get(), |at| at.0) - began)}</span>
            <span class=class title=words.clone()>{words.clone()}{live.map(|live| format!(" · {live}"))}</span>
        </button>
    }
}

/// How a run ended: colour and words.
pub(crate) fn how(run: &Run) -> (&'static str, String) {
    match &run.end {
        None => ("how good", t!("run.goes_on").to_owned()),
        Some(RunEnd::Ordered) => ("how muted", t!("run.ordered").to_owned()),
        Some(RunEnd::Edited) => ("how muted", t!("run.edited").to_owned()),
        Some(RunEnd::Completed) => ("how muted", t!("run.completed").to_owned()),
        Some(RunEnd::Fault { cause }) => ("how warn", cause.error().message),
        Some(RunEnd::Lost) => ("how warn", t!("run.lost").to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use stream_api::{Cause, Code, RunId, UnixMillis};

    use super::*;

    #[test]
    fn a_run_says_how_it_ended() {
        let run = |end| Run { id: RunId(1), began: UnixMillis(0), live_after_ms: None, ended: None, end };
        let cause = Cause { code: Code::SourceMissing, args: [("path".into(), "/a.mp4".into())].into() };
        let (class, words) = how(&run(Some(RunEnd::Fault { cause: cause.clone() })));
        assert_eq!((class, words), ("how warn", cause.error().message));
        let ends =
            [None, Some(RunEnd::Ordered), Some(RunEnd::Edited), Some(RunEnd::Completed), Some(RunEnd::Lost)];
        let mut words: Vec<String> = ends.into_iter().map(|end| how(&run(end)).1).collect();
        words.sort();
        words.dedup();
        assert_eq!(words.len(), 5, "each in its own words");
    }
}
