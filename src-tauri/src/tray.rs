//! The tray icon: what is live, and quick switches. Drawn from the hub's messages; it decides nothing.

use std::{collections::BTreeMap, time::Duration};

use stream_api::{Change, Message, Order, Origin, ServerState, State, Stream, StreamId, t, tn};
use tauri::{
    AppHandle, Manager as _,
    image::Image,
    include_image,
    menu::{Menu, MenuBuilder, MenuItemBuilder},
    tray::TrayIconBuilder,
};

use crate::{exit, notifications, shell::Shell, window};

const ID: &str = "main";
/// Streams in the menu; more would not fit a screen.
const SHOWN: usize = 20;
/// The menu is drawn at most this often: an open one flickers.
const PAUSE: Duration = Duration::from_secs(1);

/// What the tray shows.
#[derive(Debug, Clone, Default, PartialEq)]
struct Look {
    mood: Mood,
    headline: String,
    /// Menu id and label.
    streams: Vec<(String, String)>,
    more: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Mood {
    #[default]
    Idle,
    Live,
    Fault,
}

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
        let look = look(&streams, server);
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

fn look(streams: &BTreeMap<StreamId, Stream>, server: ServerState) -> Look {
    let mut sorted: Vec<&Stream> = streams.values().collect();
    sorted.sort_by_cached_key(|stream| stream.spec.name.to_lowercase());
    let live = sorted.iter().filter(|stream| stream.on_air).count();
    let failed = sorted.iter().filter(|stream| stream.state == State::Failed).count();
    let mood = match (failed, live, server) {
        (_, _, ServerState::Failed) | (1.., _, _) => Mood::Fault,
        (0, 1.., _) => Mood::Live,
        (0, 0, _) => Mood::Idle,
    };
    let headline = match (server, failed) {
        (ServerState::Failed, _) => t!("notice.server_failed").to_owned(),
        (_, 0) => t!("tray.live", live = live, all = sorted.len()),
        (_, failed) => tn!("tray.failed", failed, live = live, all = sorted.len()),
    };
    let entry = |stream: &&Stream| (format!("stream:{}", stream.id), label(stream));
    Look {
        mood,
        headline,
        streams: sorted.iter().take(SHOWN).map(entry).collect(),
        more: sorted.len().saturating_sub(SHOWN),
    }
}

fn label(stream: &Stream) -> String {
    let name = &stream.spec.name;
    match (stream.order, stream.state) {
        (Order::Run, State::Running) => t!("tray.stop_live", name = name),
        (Order::Run, State::Failed) => t!("tray.stop_failed", name = name),
        (Order::Run, _) => t!("tray.stop_waiting", name = name),
        (Order::Stop, _) => t!("tray.start", name = name),
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
    let disabled = |text: &str| MenuItemBuilder::new(text).enabled(false).build(app);
    let mut menu = MenuBuilder::new(app).item(&disabled(&look.headline)?).separator();
    for (id, label) in &look.streams {
        // A single & would underline the next letter.
        menu = menu.text(id, label.replace('&', "&&"));
    }
    if look.more > 0 {
        menu = menu.item(&disabled(&tn!("tray.more", look.more))?);
    }
    if !look.streams.is_empty() {
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
        "start-all" => order(app, "stream_start_all", serde_json::Value::Null),
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
        let command = if stream.order == Order::Run { "stream_stop" } else { "stream_start" };
        order(&app, command, serde_json::json!({ "id": id }));
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
