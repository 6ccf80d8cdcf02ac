//! The tray icon: what is live, and quick switches. Drawn from the hub's messages; it decides nothing.

use std::{collections::BTreeMap, time::Duration};

use stream_api::{
    Change, Message, Order, Origin, ServerState, Stream, StreamId, t,
    tray::{Look, Mood, Part},
};
use tauri::{
    AppHandle, Manager as _,
    image::Image,
    include_image,
    menu::{Menu, MenuBuilder, MenuItemBuilder, SubmenuBuilder},
    tray::TrayIconBuilder,
};

use crate::{exit, notifications, shell::Shell, window};

const ID: &str = "main";
/// The menu is drawn at most this often: an open one flickers.
const PAUSE: Duration = Duration::from_secs(1);

/// Puts the icon into the tray and keeps it true; tells notices on the way.
pub(crate) fn start(app: &AppHandle) {
    let first = Look { headline: t!("tray.starting").to_owned(), ..Look::default() };
    let built = menu(app, &first).and_then(|menu| {
        TrayIconBuilder::with_id(ID)
            .icon(icon(first.mood))
            .title(t!("app.name"))
            .tooltip(t!("app.name"))
            .menu(&menu)
            .on_menu_event(|app, event| chosen(app, event.id().as_ref()))
            .build(app)
    });
    if let Err(error) = built {
        tracing::warn!(%error, "there is no tray");
    }
    tauri::async_runtime::spawn(follow(app.clone(), first));
}

async fn follow(app: AppHandle, mut drawn: Look) {
    let mut events = app.state::<Shell>().engine.subscribe();
    let mut streams: BTreeMap<StreamId, Stream> = BTreeMap::new();
    let mut server = ServerState::Starting;
    let mut next_draw = tokio::time::Instant::now();
    loop {
        let look = Look::of(streams.values(), server);
        let stale = look != drawn;
        tokio::select! {
            message = events.next() => match message {
                Some(Message::Snapshot { snapshot }) => {
                    streams = snapshot.streams.into_iter().map(|stream| (stream.id, stream)).collect();
                    server = snapshot.server.state;
                }
                Some(Message::Events { events }) => {
                    for event in events {
                        match event.change {
                            Change::Stream { stream } => drop(streams.insert(stream.id, *stream)),
                            Change::Removed { id } => drop(streams.remove(&id)),
                            Change::Server { server: now } => server = now.state,
                            Change::Notice { notice } => notifications::notify(&app, &notice),
                            _ => {}
                        }
                    }
                }
                Some(_) => {}
                None => return,
            },
            () = tokio::time::sleep_until(next_draw), if stale => {
                draw(&app, &look);
                drawn = look;
                next_draw = tokio::time::Instant::now() + PAUSE;
            }
        }
    }
}

fn draw(app: &AppHandle, look: &Look) {
    let Some(tray) = app.tray_by_id(ID) else { return };
    let drawn = menu(app, look)
        .and_then(|menu| tray.set_menu(Some(menu)))
        .and_then(|()| tray.set_icon(Some(icon(look.mood))))
        .and_then(|()| tray.set_tooltip(Some(&look.headline)));
    if let Err(error) = drawn {
        tracing::warn!(%error, "the tray can't be drawn");
    }
}

fn menu(app: &AppHandle, look: &Look) -> tauri::Result<Menu<tauri::Wry>> {
    let headline = MenuItemBuilder::new(&look.headline).enabled(false).build(app)?;
    let mut menu = MenuBuilder::new(app).item(&headline).separator();
    for (at, Part { title, entries }) in look.parts.iter().enumerate() {
        // A single & would underline the next letter.
        let entries = entries.iter().map(|(id, label)| (format!("stream:{id}"), label.replace('&', "&&")));
        if at == 0 {
            menu = entries.fold(menu, |menu, (id, label)| menu.text(id, label));
        } else {
            let below = SubmenuBuilder::new(app, title.replace('&', "&&"));
            menu = menu.item(&entries.fold(below, |menu, (id, label)| menu.text(id, label)).build()?);
        }
    }
    if !look.parts.is_empty() {
        menu = menu.separator().text("start-all", t!("tray.start_all")).text("stop-all", t!("tray.stop_all"));
    }
    menu.separator().text("show", t!("tray.show")).text("quit", t!("tray.quit")).build()
}

fn icon(mood: Mood) -> Image<'static> {
    match mood {
        Mood::Idle => include_image!("icons/tray-idle.png"),
        Mood::Live => include_image!("icons/tray-live.png"),
        Mood::Fault => include_image!("icons/tray-fault.png"),
    }
}

fn chosen(app: &AppHandle, id: &str) {
    match id {
        "show" => window::show(app),
        "quit" => exit::ask(app),
        "start-all" => order(app, "stream_start_all", serde_json::json!({ "unless_full": true })),
        "stop-all" => order(app, "stream_stop_all", serde_json::Value::Null),
        id => {
            if let Some(id) = id.strip_prefix("stream:") {
                toggle(app, id.to_owned());
            }
        }
    }
}

/// The menu may be older than the stream: what to do follows from its order now.
fn toggle(app: &AppHandle, id: String) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let streams = app.state::<Shell>().streams().await;
        let Some(stream) = streams.iter().find(|stream| stream.id.to_string() == id) else { return };
        // Where there is no room the window asks.
        let (command, request) = match stream.order {
            Order::Run => ("stream_stop", serde_json::json!({ "id": id })),
            Order::Stop => ("stream_start", serde_json::json!({ "id": id, "unless_full": true })),
        };
        order(&app, command, request);
    });
}

fn order(app: &AppHandle, command: &'static str, request: serde_json::Value) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let shell = app.state::<Shell>();
        if let Err(error) = shell.engine.dispatch(Origin::Tray, command, request).await {
            shell.outbox.tell(Message::Refused { errors: vec![error] });
            window::show(&app);
        }
    });
}
