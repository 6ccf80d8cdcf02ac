//! Prepared files: how far that of a stream is, and all that are on disk.

use std::time::Duration;

use leptos::{ev::SubmitEvent, prelude::*};
use stream_api::{
    Mode, Preparation, PreparedFile, StreamId,
    commands::{PrepareCancel, PrepareStart, PreparedFiles, PreparedList, PreparedRemove, PreparedRoomSet},
    file_name, t, tn,
};
use wasm_bindgen_futures::spawn_local;

use crate::{
    app::App,
    components::{Act, Icon, each},
    format,
    store::live::Row,
};

/// Between two looks at the files, in milliseconds.
const LOOK_MS: u64 = 4000;
/// What people take for one.
const GIGABYTE: f64 = 1e9;

/// What a prepared file would gain a stream, how far it is, and the buttons.
pub(crate) fn preparation(app: App, id: StreamId, row: RwSignal<Row>) -> impl IntoView {
    let busy = RwSignal::new(false);
    let seen = Memo::new(move |_| {
        row.with(|row| {
            let stream = &row.stream;
            let gains = stream.plan.as_ref().map(|plan| plan.gains.clone()).unwrap_or_default();
            let moves = stream.on_air && stream.plan.as_ref().is_some_and(|plan| plan.mode != Mode::Prepared);
            let state = (stream.spec.prepare, stream.preparation.clone(), stream.starts_prepared);
            (state, gains, stream.spec.may_prepare(), moves)
        })
    });
    let start = move || {
        view! {
            <Act label=t!("prepare.start") act="prepare" busy=busy on_press=move |_| app.run(busy, PrepareStart { id, start: false }, |_| {})/>
        }
    };
    let cancel = move |label: &'static str| {
        view! {
            <Act class="ghost" label=label act="prepare-cancel" busy=busy on_press=move |_| app.run(busy, PrepareCancel { id }, |_| {})/>
        }
    };
    move || {
        let ((wanted, state, starts), gains, can, moves) = seen.get();
        if !can {
            return None;
        }
        let starts = starts && !matches!(state, Some(Preparation::Failed { .. }));
        let (words, buttons) = match (wanted, state) {
            (true, Some(Preparation::Waiting { before })) => {
                (tn!("prepare.waiting", u64::from(before)), cancel(t!("prepare.cancel")).into_any())
            }
            (true, Some(Preparation::Making { percent })) => {
                (t!("prepare.making", percent = percent), cancel(t!("prepare.cancel")).into_any())
            }
            (true, Some(Preparation::Ready)) if moves => {
                (t!("prepare.moves").to_owned(), cancel(t!("prepare.off")).into_any())
            }
            (true, Some(Preparation::Unwatched)) => {
                (t!("prepare.unwatched").to_owned(), cancel(t!("prepare.off")).into_any())
            }
            (true, Some(Preparation::Ready)) => {
                (t!("prepare.ready").to_owned(), cancel(t!("prepare.off")).into_any())
            }
            (true, Some(Preparation::Failed { error })) => {
                let buttons = view! { {start()} {cancel(t!("prepare.off"))} };
                (format!("{} {}", error.message, error.hint), buttons.into_any())
            }
            (true, None) if starts => (String::new(), cancel(t!("prepare.cancel")).into_any()),
            (true, None) => (t!("prepare.next_start").to_owned(), cancel(t!("prepare.off")).into_any()),
            (false, _) if gains.is_empty() => return None,
            (false, _) => {
                let lines: Vec<String> = gains.into_iter().map(|gain| gain.message).collect();
                (lines.join(" "), start().into_any())
            }
        };
        let words = if starts { format!("{words} {}", t!("prepare.starts")) } else { words };
        Some(view! {
            <div class="preparation" data-testid="preparation" role="status">
                <p class="small-print">{words}</p>
                <div class="card-foot">{buttons}</div>
            </div>
        })
    }
}

/// The prepared files on disk, their sizes, and the room that they may have.
pub(crate) fn prepared_card(app: App) -> impl IntoView {
    let list = RwSignal::new(None::<PreparedFiles>);
    let look = Callback::new(move |()| {
        let reply = app.client().call(PreparedList {});
        spawn_local(async move {
            // A failure shows as a lost connection soon enough.
            if let Ok(files) = reply.await {
                list.try_set(Some(files));
            }
        });
    });
    look.run(());
    if let Ok(timer) = set_interval_with_handle(move || look.run(()), Duration::from_millis(LOOK_MS)) {
        on_cleanup(move || timer.clear());
    }
    let keys = move || {
        let key = |file: &PreparedFile| file.key.clone();
        list.with(|list| list.iter().flat_map(|list| &list.files).map(key).collect::<Vec<_>>())
    };
    let any = Memo::new(move |_| list.with(|list| list.as_ref().is_some_and(|list| !list.files.is_empty())));
    let sum = move || {
        list.with(|list| {
            list.as_ref().map(|list| {
                t!("prepared.sum", size = format::bytes(list.size), room = format::bytes(list.room))
            })
        })
    };
    view! {
        <section class="card" data-testid="prepared">
            <h3>{t!("prepared.title")}<span class="muted right num">{sum}</span></h3>
            <p class="faint small-print">{t!("prepared.hint")}</p>
            {move || any.get().then(|| view! {
                <div class="watching"><table class="num" aria-label=t!("prepared.title")><tbody>
                    {each(keys, |key: &String| number(key), move |key| file(app, list, key, look).into_any())}
                </tbody></table></div>
            })}
            {room(app, list, look)}
        </section>
    }
}

fn file(app: App, list: RwSignal<Option<PreparedFiles>>, key: String, look: Callback<()>) -> impl IntoView {
    let busy = RwSignal::new(false);
    let of = key.clone();
    let seen = Memo::new(move |_| {
        list.with(|list| list.as_ref()?.files.iter().find(|file| file.key == of).cloned())
    });
    let name = move || {
        seen.with(|file| match file.as_ref().map(|file| file.source.as_str()).unwrap_or_default() {
            "" => t!("source.test_pattern").to_owned(),
            path => file_name(path).to_owned(),
        })
    };
    let path = move || seen.with(|file| file.as_ref().map(|file| file.source.clone()));
    let of = move |draw: fn(&PreparedFile) -> String| move || seen.with(|file| file.as_ref().map(draw));
    let on_air = Memo::new(move |_| seen.with(|file| file.as_ref().is_some_and(|f| !f.streams.is_empty())));
    let label = move || match on_air.get() {
        true => t!("prepared.on_air").to_owned(),
        false => t!("prepared.remove").to_owned(),
    };
    let remove = move |_| {
        app.run(busy, PreparedRemove { key: key.clone() }, move |_| look.run(()));
    };
    view! {
        <tr>
            <td class="path" title=path>{name}</td>
            <td>{of(|file| format::duration(file.duration))}</td>
            <td>{of(|file| format::bytes(file.size))}</td>
            <td>
                <Act
                    class="icon small ghost"
                    icon=Icon::Trash
                    label=Signal::derive(label)
                    act="prepared-remove"
                    busy=busy
                    disabled=on_air
                    on_press=remove
                />
            </td>
        </tr>
    }
}

/// The field for the room.
fn room(app: App, list: RwSignal<Option<PreparedFiles>>, look: Callback<()>) -> impl IntoView {
    let (typed, busy) = (RwSignal::new(None::<String>), RwSignal::new(false));
    let stored = move || list.with(|list| list.as_ref().map(|list| gigabytes(list.room)).unwrap_or_default());
    let shown = move || typed.get().unwrap_or_else(stored);
    let save = move |event: SubmitEvent| {
        event.prevent_default();
        let wanted = typed.get_untracked().and_then(|typed| bytes(&typed));
        if let Some(room) = wanted {
            app.run(busy, PreparedRoomSet { room }, move |_| {
                drop(typed.try_set(None));
                look.run(());
            });
        }
    };
    let fits = move || typed.get().is_some_and(|typed| bytes(&typed).is_some());
    view! {
        <form class="field uplink" on:submit=save>
            <label for="prepared-room">{t!("prepared.room")}</label>
            <div class="pick">
                <input
                    id="prepared-room"
                    class="input num"
                    inputmode="decimal"
                    autocomplete="off"
                    prop:value=shown
                    on:input=move |event| typed.set(Some(event_target_value(&event)))
                />
                <button type="submit" class="btn" disabled=move || !fits() || busy.get()>{t!("sheet.save")}</button>
            </div>
        </form>
    }
}

/// A key is a number in hexadecimal digits.
fn number(key: &str) -> u128 {
    u128::from_str_radix(key, 16).unwrap_or_default()
}

fn gigabytes(bytes: u64) -> String {
    let tenths = (bytes as f64 / GIGABYTE * 10.0).round();
    (tenths / 10.0).to_string()
}

/// What was typed; none for what is no size.
fn bytes(typed: &str) -> Option<u64> {
    let gigabytes: f64 = typed.trim().replace(',', ".").parse().ok()?;
    (0.1..=1e6).contains(&gigabytes).then(|| (gigabytes * GIGABYTE).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_typed_in_gigabytes() {
        assert_eq!(bytes(" 2,5 "), Some(2_500_000_000));
        assert_eq!(gigabytes(10 << 30), "10.7");
        assert_eq!(bytes(&gigabytes(12_000_000_000)), Some(12_000_000_000));
        for none in ["", "much", "0", "-1", "NaN", "inf", "1e9"] {
            assert_eq!(bytes(none), None, "{none}");
        }
    }
}
