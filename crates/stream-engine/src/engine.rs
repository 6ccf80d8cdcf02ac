use std::{collections::BTreeSet, path::Path, sync::Arc, time::Duration};

use child_process::Spawner;
use serde_json::Value;
use stream_api::{ActivityKind, Code, Command, Error, Order, Origin};
use tokio::sync::{Mutex, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::{
    Clocks, DataDir, GuestPage, Options, Subscription,
    capacity::Capacity,
    commands::{self, Call},
    data_dir::silent,
    drives::Drives,
    encoder_trials::EncoderTrials,
    guests,
    history::{Chronicle, History},
    hub::Hub,
    journal::{Ink, RunJournal},
    media_root::MediaRoots,
    notices, ports,
    prepare::Prepared,
    prober::Prober,
    secrets::{self, Secrets},
    server::{self, Ledger, OtherParts, Server, Servers, Tls, addresses},
    sessions::Sessions,
    slates::Slates,
    store::{self, Store},
    stored_server::StoredServer,
    stream::Registry,
    support,
    tools::{self, Tools},
};

/// How long the drive of the data folder may take at the start: a disk that sleeps needs some seconds.
const OPENING: Duration = Duration::from_secs(20);
/// How long an orderly shutdown may take before what is left is killed.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(15);

/// One engine: everything that runs for one data folder. A cheap handle; all clones are the same engine.
#[derive(Debug, Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

/// What command bodies work with.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) data: DataDir,
    pub(crate) hub: Hub,
    pub(crate) store: Store,
    pub(crate) secrets: Secrets,
    pub(crate) history: History,
    pub(crate) tools: Tools,
    pub(crate) roots: MediaRoots,
    pub(crate) drives: Drives,
    ink: Ink,
    pub(crate) prober: Prober,
    pub(crate) prepared: Prepared,
    pub(crate) capacity: Capacity,
    pub(crate) slates: Slates,
    pub(crate) tls: Tls,
    /// The bundled one.
    pub(crate) server: Server,
    /// All of them.
    pub(crate) servers: Servers,
    /// The port of the guests' page.
    pub(crate) guest_port: watch::Sender<u16>,
    /// Where it listens, once that is known.
    pub(crate) guest_page: watch::Sender<Option<GuestPage>>,
    /// Whether it could be opened.
    pub(crate) guest_tried: watch::Sender<guests::Tried>,
    /// Held while the set of streams changes: never while a server or a keychain is asked.
    pub(crate) streams: Mutex<Registry>,
    /// Held while a server is added, edited or removed.
    pub(crate) servers_turn: Mutex<()>,
    /// No command is taken any more.
    closing: CancellationToken,
    /// The server ends.
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Inner {
    /// Does something that nobody waits for, until the engine ends.
    pub(crate) fn in_background(&self, work: impl Future<Output = ()> + Send + 'static) {
        let closing = self.closing.clone();
        self.tasks.spawn(async move { closing.run_until_cancelled(work).await });
    }
}

impl Engine {
    /// Takes the data folder, starts the server, and then every stream that is ordered to run.
    ///
    /// Returns as soon as the picture is complete; the server and the streams start in the background.
    ///
    /// # Errors
    /// When the data folder is in use, can't be written, is from a newer version or can't be read, or a folder of media
    /// can't be read.
    pub async fn start(options: Options) -> Result<Engine, Error> {
        Engine::start_by(options, Clocks::real()).await
    }

    /// The same with other clocks, for tests of what clocks do.
    ///
    /// # Errors
    /// As [`Engine::start`].
    pub async fn start_by(options: Options, clocks: Clocks) -> Result<Engine, Error> {
        let drives = Drives::default();
        let roots = MediaRoots::new(&options.media_roots, &drives).await?;
        let (data, store, mut notes) = open(&options.data_dir, &drives).await?;
        let secrets = Secrets::new(data.secrets(), options.keychain, drives.clone());
        let (folder, asked) = (data.path().to_owned(), drives.clone());
        // It takes as long as it takes: a large one is looked through after a crash.
        let opened = tokio::task::spawn_blocking(move || History::open(&folder, asked)).await;
        let (history, left) =
            opened.map_err(|error| Error::new(Code::Internal).with("reason", error)).flatten()?;
        notes.extend(left.note.clone());
        data.announce(options.kind, None, None);
        let ledger = data.run().join("children.jsonl");
        let internal = |error: std::io::Error| Error::new(Code::Internal).with("reason", error);
        // It takes two seconds at most, and only after a crash.
        let orphans = ledger.clone();
        let swept = drives.ask(&ledger, OPENING, move || child_process::ledger::sweep(&orphans)).await;
        if let Err(error) = swept.unwrap_or_else(|| Err(std::io::ErrorKind::TimedOut.into())) {
            tracing::warn!(%error, "what an earlier run left could not be looked for");
        }
        let spawner = Spawner::start(Some(ledger)).map_err(internal)?;
        let host = tools::host_status(&options, &data, &roots, notes);
        let mut stored = store.server().await;
        if let Some(reach) = options.reach.filter(|reach| stored.reach != Some(*reach)) {
            stored.reach = Some(reach);
            store.set_server_at_any_rate(stored.clone()).await;
        }
        let chronicle = Chronicle::new(history.clone(), &left, &host.version);
        let boot = Uuid::new_v4().simple().to_string();
        let hub = Hub::new(boot, server::first_status(&stored), host, chronicle, clocks);
        hub.presets(store.presets().await);
        let tools = Tools::new(&options, store.ffmpeg().await, spawner.clone(), hub.clone(), drives.clone());
        tools.check().await;

        let (guest_port, guest_page) =
            (watch::Sender::new(chosen_ports(&store, &hub).await), watch::Sender::new(None));
        hub.server(|server| server.settings.guest_port = Some(*guest_port.borrow()));
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let probes = data.cache().join("probes.json");
        let tried = data.cache().join("encoders.json");
        let encoders = EncoderTrials::new(tools.clone(), spawner.clone(), drives.clone(), hub.clone(), tried);
        let prober = Prober::new(
            tools.clone(),
            spawner.clone(),
            roots.clone(),
            drives.clone(),
            probes,
            encoders.clone(),
        );
        let (room, shelf) = (store.prepared_room().await, data.cache().join("prepared"));
        let prepared = Prepared::open(
            shelf,
            room,
            drives.clone(),
            tools.clone(),
            spawner.clone(),
            prober.clone(),
            hub.clone(),
        );
        let capacity =
            Capacity::new(data.cache(), tools.clone(), spawner.clone(), drives.clone(), hub.clone());
        let slates = Slates::new(data.slates(), tools.clone(), spawner.clone(), drives.clone());
        slates.tidy().await;
        let (tls, ink) = (Tls::new(data.tls(), drives.clone()), Ink::start());
        let server = Server::new(server::Parts {
            slates: slates.clone(),
            drives: drives.clone(),
            hub: hub.clone(),
            store: store.clone(),
            tools: tools.clone(),
            spawner: spawner.clone(),
            recordings: data.recordings(),
            logs: data.logs(),
            ink: ink.clone(),
            run: data.run(),
            tls: tls.clone(),
            pages: options.pages.clone(),
        });
        let servers = Servers::new(
            server.handle(),
            OtherParts {
                hub: hub.clone(),
                secrets: secrets.clone(),
                slates: slates.clone(),
                ledger: Ledger::open(data.path().join("paths.json"), drives.clone()),
                logs: data.logs(),
                ink: ink.clone(),
                tasks: tasks.clone(),
                stop: stop.clone(),
            },
        );
        let unmet: Vec<_> = store.others().await.into_iter().map(|other| servers.open(other)).collect();
        let mut registry = Registry::new(crate::stream::Parts {
            hub: hub.clone(),
            store: store.clone(),
            secrets: secrets.clone(),
            tools: tools.clone(),
            prober: prober.clone(),
            drives: drives.clone(),
            prepared: prepared.clone(),
            sessions: Sessions::default(),
            spawner,
            servers: servers.clone(),
            server: server.handle(),
            logs: data.logs().join("streams"),
            lists: data.run().join("lists"),
            ink: ink.clone(),
            tasks: tasks.clone(),
        });
        let streams = store.streams().await;
        let others = store.others().await.into_iter().map(|other| other.id.to_string());
        let known: BTreeSet<String> = others.chain(streams.iter().map(|one| one.id.to_string())).collect();
        // Where it is not known what is named anywhere, nothing is taken away.
        if let Some(copies) = store.copies().await {
            let named = Arc::new((known, copies));
            let is_known = move |id: &str| named.0.contains(id) || named.1.contains(id);
            RunJournal::remove_others(data.logs().join("streams"), is_known.clone(), &ink);
            secrets.tidy(is_known).await;
        }
        for stored in streams {
            if stored.order == Order::Run {
                let kind = ActivityKind::Ordered { order: Order::Run, by: Origin::Start };
                hub.tell(Some((stored.id, &stored.spec.name)), kind);
            }
            registry.add(stored);
        }
        for server in unmet {
            server.meet(&tasks);
        }
        tasks.spawn(notices::run(hub.clone(), stop.clone()));
        let server = server.run(&tasks, stop.clone());
        let (clocks, ends) = (hub.clocks().clone(), stop.clone());
        tasks.spawn(async move { ends.run_until_cancelled(clocks.watch()).await });
        tasks.spawn({
            let (looking, ends) = (addresses::watch(hub.clone()), stop.clone());
            async move { ends.run_until_cancelled(looking).await }
        });
        tasks.spawn({
            let (looking, ends) = (tls.clone().watch(hub.clone()), stop.clone());
            async move { ends.run_until_cancelled(looking).await }
        });
        tasks.spawn({
            let port = guest_port.subscribe();
            let following = guests::follow(hub.clone(), tls.clone(), port, guest_page.clone());
            let ends = stop.clone();
            async move { ends.run_until_cancelled(following).await }
        });
        let (settling, ends) = (secrets.clone().keep_settling(), stop.clone());
        tasks.spawn(async move { ends.run_until_cancelled(settling).await });
        let (showing, ends) = (secrets::show(secrets.clone(), hub.clone()), stop.clone());
        tasks.spawn(async move { ends.run_until_cancelled(showing).await });
        let ends = stop.clone();
        tasks.spawn(async move { ends.run_until_cancelled(encoders.work()).await });
        let (working, ends) = (prepared.clone(), stop.clone());
        tasks.spawn(async move { ends.run_until_cancelled(working.work()).await });
        let (watching, ends) = (capacity.clone(), stop.clone());
        tasks.spawn(async move { ends.run_until_cancelled(watching.watch()).await });
        let (saved, ends) = (store.clone(), stop.clone());
        tasks.spawn(async move { ends.run_until_cancelled(saved.keep_saving()).await });
        let streams = Mutex::new(registry);
        let closing = CancellationToken::new();
        let inner = Inner {
            data,
            hub,
            store,
            secrets,
            history,
            tools,
            roots,
            drives,
            ink,
            prober,
            prepared,
            capacity,
            slates,
            tls,
            server,
            guest_port,
            servers,
            guest_page,
            guest_tried: watch::Sender::default(),
            streams,
            servers_turn: Mutex::default(),
            closing,
            stop,
            tasks,
        };
        Ok(Engine { inner: Arc::new(inner) })
    }

    /// Carries out the command `name` (see [`stream_api::COMMANDS`]) for `origin`; the same door for every host.
    ///
    /// # Errors
    /// `no_such_route` for an unknown name, `bad_request` when the request doesn't fit, else the command's own.
    #[tracing::instrument(level = "debug", skip(self, request))]
    pub async fn dispatch(&self, origin: Origin, name: &str, request: Value) -> Result<Value, Error> {
        if self.inner.closing.is_cancelled() {
            return Err(Error::new(Code::ShuttingDown));
        }
        let call = Call { engine: &self.inner, origin };
        macro_rules! table {
            ($($request:ident, $body:ident;)+) => {
                match name {
                    $(stringify!($body) => {
                        let request = read::<stream_api::commands::$request>(request)?;
                        write(&commands::$body(&call, request).await?)
                    })+
                    unknown => Err(Error::new(Code::NoSuchRoute).with("path", unknown)),
                }
            };
        }
        stream_api::with_commands!(table)
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }

    /// Everything now, and every change from then on.
    pub fn subscribe(&self) -> Subscription {
        self.inner.hub.subscribe()
    }

    /// The bytes of a support bundle; `None` when there is none of that name.
    pub async fn support_bundle(&self, file_name: &str) -> Option<Vec<u8>> {
        support::read(&self.inner.data.support(), file_name, &self.inner.drives).await
    }

    /// The data folder that this engine owns.
    pub fn data_dir(&self) -> &DataDir {
        &self.inner.data
    }

    /// Stops every stream, then the server, in order; later commands are refused. Orders are kept, so that the
    /// next start goes on where this one ended. Calling it twice is fine.
    pub async fn shutdown(&self) {
        self.inner.closing.cancel();
        self.inner.streams.lock().await.shutdown();
        self.inner.tasks.close();
        // Streams end first, while the server still takes their last packets; the server waits for them.
        let ended = async {
            self.inner.streams.lock().await.ended().await;
            self.inner.stop.cancel();
            self.inner.tasks.wait().await;
        };
        if tokio::time::timeout(SHUTDOWN_LIMIT, ended).await.is_err() {
            tracing::error!("shutdown took too long; what is left is killed with this process");
            self.inner.stop.cancel();
        }
        self.inner.store.save_rest().await;
        self.inner.prober.save().await;
        self.inner.hub.tell(None, ActivityKind::AppStopped);
        self.inner.ink.flush().await;
        self.inner.history.end().await;
    }
}

/// Takes the data folder and reads the configuration.
async fn open(folder: &Path, drives: &Drives) -> Result<(DataDir, Store, Vec<String>), Error> {
    let (path, asked) = (folder.to_owned(), drives.clone());
    let open = move || {
        let (data, found) = DataDir::open(&path, store::find)?;
        let (store, notes) = Store::open(&data.config(), found, asked)?;
        Ok((data, store, notes))
    };
    drives.ask(folder, OPENING, open).await.unwrap_or_else(|| Err(silent(folder)))
}

/// The stored port of the guests' page: links name it, so it is chosen once, together with the server's. Which of them
/// are not the usual ones is told then.
async fn chosen_ports(store: &Store, hub: &Hub) -> u16 {
    let mut stored = store.server().await;
    let first = stored.ports.is_none();
    if first {
        // Where there is none, the server's task says so.
        stored.ports = ports::choose(stored.guest_port).ok();
    }
    let port = stored.guest_port.unwrap_or_else(|| ports::for_guests(stored.ports));
    stored.guest_port = Some(port);
    if let Some(note) = ports::told(&stored.settings()).filter(|_| first) {
        tracing::info!("{note}");
        hub.host(|host| host.notes.push(note));
    }
    store.set_server_at_any_rate(stored).await;
    port
}

/// Another one, which is free now. Links that name the one from before lead nowhere any more.
pub(crate) async fn new_guest_port(store: &Store) -> Result<u16, Error> {
    let stored = store.server().await;
    let port = ports::for_guests(stored.ports);
    store.set_server(StoredServer { guest_port: Some(port), ..stored }).await?;
    Ok(port)
}

fn read<C: Command>(request: Value) -> Result<C, Error> {
    let request = if request.is_null() { Value::Object(serde_json::Map::new()) } else { request };
    serde_json::from_value(request).map_err(|error| Error::unread(&error))
}

fn write<R: serde::Serialize>(reply: &R) -> Result<Value, Error> {
    serde_json::to_value(reply).map_err(|error| Error::new(Code::Internal).with("reason", error))
}
