//! The frame of the interface: what is shown, what is asked, and how commands are sent.

use leptos::prelude::*;
use stream_api::{
    Command, Error, Message, Protocol, ServerId, StreamId,
    commands::{SnapshotGet, StreamOpen},
    t,
};
use wasm_bindgen_futures::spawn_local;

use crate::{
    browser,
    client::{Client, Incoming, Reply},
    components::{Banners, DropOverlay, Sidebar, Toast, Toasts, confirm::Question, sheet::SheetFor},
    later::{self, Later, Part},
    pages::{Page, lost::LostPage, streams::StreamsPage},
    store::{Link, Touched, World, live::Row},
};

/// Shortest time between two snapshots that are asked for because events are missing, in milliseconds.
const GAP_MS: f64 = 3000.0;

/// What every part of the interface can reach. Cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct App {
    client: StoredValue<Client, LocalStorage>,
    /// What the host told.
    pub world: World,
    /// The page shown.
    pub page: RwSignal<Page>,
    /// The form, when it is open, and for what.
    pub sheet: RwSignal<Option<SheetFor>>,
    /// A file that was dropped while a form was open, for the form to take.
    pub offered: RwSignal<Option<String>>,
    /// The form of a server, when it is open: of a new one, or of that one.
    pub server_sheet: RwSignal<Option<Option<ServerId>>>,
    /// A question that is open.
    pub question: RwSignal<Option<Question>>,
    /// Whether it is shown how FFmpeg is installed.
    pub installing: RwSignal<bool>,
    /// Files that can't be streamed, to be told.
    pub refused: RwSignal<Vec<Error>>,
    /// Short messages at the edge.
    pub toasts: RwSignal<Vec<Toast>>,
    /// Files held over the window.
    pub dragged: RwSignal<usize>,
    /// Whether what comes later is there.
    pub later: RwSignal<Part>,
    /// The address of the server that is shown to viewers; the best one when none was chosen.
    pub host: RwSignal<Option<String>>,
    /// When a snapshot was last asked for, by the page's monotonic clock.
    asked: StoredValue<f64>,
    /// How many short messages were shown.
    told: StoredValue<u64>,
}

/// What every part of the interface can reach.
pub(crate) fn use_app() -> App {
    expect_context::<App>()
}

impl App {
    fn new() -> Self {
        App {
            client: StoredValue::new_local(Client::here()),
            world: World::new(),
            page: RwSignal::new(here()),
            sheet: RwSignal::new(None),
            offered: RwSignal::new(None),
            server_sheet: RwSignal::new(None),
            question: RwSignal::new(None),
            installing: RwSignal::new(false),
            refused: RwSignal::new(Vec::new()),
            toasts: RwSignal::new(Vec::new()),
            dragged: RwSignal::new(0),
            later: RwSignal::new(Part::Away),
            host: RwSignal::new(None),
            asked: StoredValue::new(f64::MIN),
            told: StoredValue::new(0),
        }
    }

    /// The way to the host.
    pub(crate) fn client(self) -> Client {
        self.client.get_value()
    }

    /// Whether the page runs in the desktop's window.
    pub(crate) fn is_desktop(self) -> bool {
        self.client.with_value(|client| client.desktop().is_some())
    }

    /// Carries out a command; `busy` is true until its answer is there, and a failure is told.
    pub(crate) fn run<C: Command>(
        self,
        busy: RwSignal<bool>,
        command: C,
        done: impl FnOnce(C::Reply) + 'static,
    ) {
        // The part of the page that `busy` belongs to may be gone already, such as a menu that closed.
        if busy.try_get_untracked() == Some(true) {
            return;
        }
        busy.try_set(true);
        self.settle(busy, self.client().call(command), Box::new(done));
    }

    /// Waits for a reply; by itself, so that it is compiled once for each reply and not for each use.
    fn settle<T: 'static>(self, busy: RwSignal<bool>, reply: Reply<T>, done: Box<dyn FnOnce(T)>) {
        spawn_local(async move {
            let reply = reply.await;
            busy.try_set(false);
            match reply {
                Ok(reply) => done(reply),
                Err(error) => self.tell(Toast::error(error)),
            }
        });
    }

    /// Shows a short message.
    pub(crate) fn tell(self, mut toast: Toast) {
        self.told.update_value(|told| *told += 1);
        let (id, ms) = (self.told.get_value(), toast.stays_ms());
        toast.id = id;
        self.toasts.update(|toasts| {
            toasts.retain(|shown| !shown.same_words(&toast));
            toasts.push(toast);
        });
        browser::after(ms, move || self.toasts.update(|toasts| toasts.retain(|shown| shown.id != id)));
    }

    /// Copies text and says so.
    pub(crate) fn copy(self, text: String, copied: impl FnOnce() + 'static) {
        spawn_local(async move {
            match browser::copy(text).await {
                true => copied(),
                false => self.tell(Toast::warning(t!("copy.failed"), t!("copy.failed.hint"))),
            }
        });
    }

    /// Opens an address in the user's browser.
    pub(crate) fn open_url(self, url: &str) {
        match self.client().desktop() {
            Some(desktop) => self.await_desktop(desktop.open_url(url)),
            None => browser::open(url),
        }
    }

    /// Shows a file in the file manager; the desktop alone can.
    pub(crate) fn reveal(self, path: &str) {
        if let Some(desktop) = self.client().desktop() {
            self.await_desktop(desktop.reveal(path));
        }
    }

    /// Ends the desktop app.
    pub(crate) fn quit(self) {
        if let Some(desktop) = self.client().desktop() {
            self.await_desktop(desktop.quit());
        }
    }

    /// Waits for a file that the desktop saves where the user chooses, and says where it is.
    fn saved(self, busy: RwSignal<bool>, saved: Reply<Option<String>>) {
        busy.set(true);
        let tell = move |saved: Option<String>| {
            if let Some(path) = saved {
                self.tell(Toast::done(t!("file.saved", path = path)));
            }
        };
        self.settle(busy, saved, Box::new(tell));
    }

    /// Hands a text over as a file: on the desktop by a dialog, in a browser as a download.
    pub(crate) fn save_text(self, busy: RwSignal<bool>, title: &str, name: &str, content: &str) {
        match self.client().desktop() {
            None => drop(browser::save(name, content)),
            Some(desktop) => self.saved(busy, desktop.save_text(title, name, content)),
        }
    }

    fn await_desktop(self, reply: Reply<()>) {
        spawn_local(async move {
            if let Err(error) = reply.await {
                self.tell(Toast::error(error));
            }
        });
    }

    /// Opens the form for one file, unless one is open already that may take it; or streams several at once.
    pub(crate) fn take_files(self, mut paths: Vec<String>) {
        match paths.len() {
            0 => {}
            1 if self.sheet.with_untracked(Option::is_some) => self.offered.set(paths.pop()),
            1 => self.sheet.set(Some(SheetFor::file(paths.pop()))),
            _ => self.run(RwSignal::new(false), StreamOpen { paths, unless_full: true }, move |opened| {
                let full = opened.full.map(|full| *full);
                self.refuse(opened.refused.into_values().chain(full).collect());
                browser::go("#/");
            }),
        }
    }

    /// A stream's addresses by the server's address that was chosen, while it has that one.
    pub(crate) fn addresses(self, row: RwSignal<Row>) -> Vec<(Protocol, String)> {
        let of = row.with(|row| row.stream.spec.server);
        let there = |host: &String| self.world.addresses(of).iter().any(|a| a.host == *host);
        let host = self.host.get().filter(there);
        row.with(|row| match &host {
            Some(host) => row.stream.addresses_of(&row.stream.urls.at(host)),
            None => row.stream.addresses(),
        })
    }

    /// Goes to a stream's page.
    pub(crate) fn show_stream(self, id: StreamId) {
        browser::go(&Page::Stream(id).hash());
    }

    fn receive(self, incoming: Incoming) {
        match incoming {
            Incoming::Up => {
                self.world.link.set(Link::Up);
                self.fetch_again();
            }
            Incoming::Down => self.world.link.set(Link::Down),
            Incoming::Message(message) => {
                if self.world.link.get_untracked() != Link::Up {
                    self.world.link.set(Link::Up);
                }
                self.take(message);
            }
        }
    }

    fn take(self, message: Message) {
        match message {
            Message::DragOver { count } => self.dragged.set(count.max(1)),
            Message::DragLeave => self.dragged.set(0),
            Message::Dropped { paths } => {
                self.dragged.set(0);
                self.take_files(paths);
            }
            Message::AskQuit { live } => self.question.set(Some(Question::quit(self, live))),
            Message::Refused { errors } => self.refuse(errors),
            picture @ (Message::Snapshot { .. } | Message::Events { .. }) => {
                for touched in self.world.take(picture) {
                    match touched {
                        Touched::Gap => self.resync(),
                        Touched::Notice(notice) => self.tell(Toast::notice(notice)),
                        _ => {}
                    }
                }
            }
        }
    }

    fn resync(self) {
        let now = browser::monotonic();
        if now - self.asked.get_value() < GAP_MS {
            return;
        }
        self.asked.set_value(now);
        let reply = self.client().call(SnapshotGet {});
        spawn_local(async move {
            // A failure shows as a lost connection soon enough, and the host then sends a snapshot by itself.
            if let Ok(snapshot) = reply.await {
                self.world.take(Message::Snapshot { snapshot: Box::new(snapshot) });
            }
        });
    }
}

/// The page of the address.
fn here() -> Page {
    Page::at(&browser::path(), &browser::hash())
}

/// The whole interface.
#[component]
pub(crate) fn Root() -> impl IntoView {
    let app = App::new();
    provide_context(app);
    // Not each time that something changes of the host: the page would be drawn anew, without what was typed there.
    let ready = Memo::new(move |_| app.world.ready());
    app.client().listen(move |incoming| app.receive(incoming));
    set_interval(move || app.world.tick(), std::time::Duration::from_secs(1));
    window_event_listener(leptos::ev::hashchange, move |_| app.page.set(here()));
    // A file dropped on a browser's page would replace the page.
    window_event_listener(leptos::ev::dragover, |event| event.prevent_default());
    window_event_listener(leptos::ev::drop, |event| event.prevent_default());
    Effect::new(move |_| {
        if let Some(body) = browser::document().and_then(|document| document.body()).filter(|_| ready.get()) {
            let _ = body.set_attribute("data-ready", "true");
            app.fetch_soon();
        }
    });
    view! {
        <div class="app">
            <Sidebar/>
            <main class="main">
                <Banners/>
                {move || match (ready.get(), app.page.get()) {
                    (false, _) => view! { <p class="opening muted" role="status">{t!("app.opening")}</p> }.into_any(),
                    (true, Page::Streams) => view! { <StreamsPage/> }.into_any(),
                    (true, Page::Stream(id)) => later::page(Later::Stream(id)),
                    (true, Page::Activity(stream)) => later::page(Later::Activity(stream)),
                    (true, Page::Lost) => view! { <LostPage/> }.into_any(),
                    (true, Page::Server) => later::page(Later::Server),
                    (true, Page::Other(id)) => later::page(Later::Other(id)),
                }}
            </main>
        </div>
        {dialogs(app)}
        <DropOverlay/>
        <Toasts/>
    }
}

/// What is asked or told before the page.
fn dialogs(app: App) -> impl IntoView {
    let asked = Memo::new(move |_| app.question.with(Option::is_some));
    let refused = Memo::new(move |_| app.refused.with(|refused| !refused.is_empty()));
    let close = move |what: fn(App)| Callback::new(move |()| what(app));
    let sheet = close(|app| {
        app.sheet.set(None);
        app.offered.set(None);
    });
    let server = close(|app| app.server_sheet.set(None));
    let question = close(|app| app.question.set(None));
    let told = close(|app| app.refused.set(Vec::new()));
    let installing = close(|app| app.installing.set(false));
    view! {
        {move || app.sheet.get().map(|of| later::dialog(Later::Sheet(of), sheet))}
        {move || app.server_sheet.get().map(|of| later::dialog(Later::ServerSheet(of), server))}
        {move || asked.get().then(|| later::dialog(Later::Question, question))}
        {move || refused.get().then(|| later::dialog(Later::Refused, told))}
        {move || app.installing.get().then(|| later::dialog(Later::InstallFfmpeg, installing))}
    }
}
