use leptos::{html, prelude::*};
use stream_api::{Order, Protocol, State, commands, t};

use crate::{
    app::{App, use_app},
    components::{Act, Icon, Menu, Toast, confirm::Question, icon, sheet::SheetFor},
    store::live::Row,
};

/// Which of a stream's two menus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MenuKind {
    /// The viewer addresses.
    Copy,
    /// The viewer addresses and everything that can be done with the stream.
    All,
}

/// A button with a menu of what can be done with a stream.
#[component]
pub(crate) fn RowMenu(row: RwSignal<Row>, kind: MenuKind) -> impl IntoView {
    let app = use_app();
    let (open, busy) = (RwSignal::new(false), RwSignal::new(false));
    let anchor = NodeRef::<html::Span>::new();
    let (drawn, class, label, act) = match kind {
        MenuKind::Copy => (Icon::Link, "icon", t!("row.copy_url"), "copy"),
        MenuKind::All => (Icon::More, "icon ghost", t!("row.more"), "menu"),
    };
    view! {
        <span node_ref=anchor class="anchor">
            <Act class=class icon=drawn label=label act=act busy=busy on_press=move |_| open.update(|open| *open = !*open)/>
        </span>
        <Menu open=open anchor=anchor label=label>
            {urls(app, row)}
            {(kind == MenuKind::All).then(|| actions(app, row, busy))}
        </Menu>
    }
}

/// One entry of a menu.
fn item(drawn: Icon, label: impl Into<String>, act: String, press: impl Fn() + 'static) -> impl IntoView {
    view! {
        <button type="button" role="menuitem" data-act=act on:click=move |_| press()>
            {icon(drawn)}
            {label.into()}
        </button>
    }
}

/// `copy-rtsp` and so on.
pub(crate) fn copy_act(protocol: Protocol) -> String {
    format!("copy-{}", protocol.label().to_ascii_lowercase())
}

fn urls(app: App, row: RwSignal<Row>) -> impl IntoView {
    let entries = untrack(|| app.addresses(row))
        .into_iter()
        .map(|(protocol, url)| {
            let press = move || {
                let done = t!("row.copied", protocol = protocol.label());
                app.copy(url.clone(), move || app.tell(Toast::done(done)));
            };
            item(Icon::Copy, protocol.label(), copy_act(protocol), press)
        })
        .collect_view();
    let title = t!("row.copy_address");
    view! { <div role="group" aria-label=title><small>{title}</small>{entries}</div> }
}

fn actions(app: App, row: RwSignal<Row>, busy: RwSignal<bool>) -> impl IntoView {
    let stream = row.with_untracked(|row| row.stream.clone());
    let id = stream.id;
    let waits = stream.state == State::Backoff;
    let gives_up = stream.has_failed() && stream.order == Order::Run;
    let muted = stream.spec.muted;
    let (drawn, words) = if muted { (Icon::Bell, t!("row.unmute")) } else { (Icon::BellOff, t!("row.mute")) };
    let delete = move || app.question.set(Some(row.with_untracked(|row| Question::delete(app, &row.stream))));
    view! {
        <hr/>
        {waits.then(|| item(Icon::Retry, t!("row.try_now"), "retry".into(), move || {
            app.start(busy, id);
        }))}
        {gives_up.then(|| item(Icon::Stop, t!("row.give_up"), "give-up".into(), move || {
            app.run(busy, commands::StreamStop { id }, |_| {});
        }))}
        {item(Icon::Pen, t!("row.edit"), "edit".into(), move || {
            app.sheet.set(Some(SheetFor::Edit { id, locate: false }));
        })}
        {item(Icon::Duplicate, t!("row.duplicate"), "duplicate".into(), move || {
            app.run(busy, commands::StreamDuplicate { id }, move |copy| {
                app.tell(Toast::done(t!("row.duplicated", name = copy.spec.name)));
            });
        })}
        {item(drawn, words, "mute".into(), move || {
            app.run(busy, commands::StreamUpdate { muted: Some(!muted), ..commands::StreamUpdate::of(id) }, move |_| {
                app.tell(Toast::done(if muted { t!("row.unmuted") } else { t!("row.muted") }));
            });
        })}
        <hr/>
        {item(Icon::Trash, t!("row.delete"), "delete".into(), delete)}
    }
}
