use leptos::prelude::*;
use stream_api::{
    Code, Error, Kept, Playback, ProbeReport, Secret, ServerId, Source, Stream, StreamId, StreamSpec,
    check_name,
    commands::{SourceProbe, SourceTest, StreamCreate, StreamUpdate},
    propose_name, split_address,
};
use wasm_bindgen_futures::spawn_local;

use crate::{
    app::App,
    components::{
        access::Viewers,
        confirm::Question,
        sheet::{
            SheetFor,
            changes::{Effects, changes, effects, runs},
            encoding::Settings,
            network::{Kind, Net, Test},
        },
    },
};

/// What is known of the file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Probe {
    /// No file yet.
    None,
    /// Being examined.
    Running,
    /// What it holds and how it would be sent.
    Done(Box<ProbeReport>),
    /// It can't be streamed.
    Failed(Error),
}

/// What the form holds while it is open.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    pub app: App,
    /// The stream that is changed, as it was when the form was opened.
    original: StoredValue<Option<Stream>>,
    pub path: RwSignal<String>,
    /// The kind of source, and what is known of one that is no file.
    pub net: Net,
    pub server: RwSignal<ServerId>,
    pub name: RwSignal<String>,
    /// The name was typed, not proposed.
    pub named: RwSignal<bool>,
    pub playback: RwSignal<Playback>,
    pub record: RwSignal<bool>,
    pub keep_viewers: RwSignal<bool>,
    /// Who may watch, of a stream that is new.
    pub viewers: Viewers,
    /// What was chosen; until then what is best for the file.
    pub prepare: RwSignal<Option<bool>>,
    /// How a file is sent.
    pub settings: Settings,
    pub probe: RwSignal<Probe>,
    /// The browser's file dialog is open.
    pub browsing: RwSignal<bool>,
    pub choosing: RwSignal<bool>,
    pub saving: RwSignal<bool>,
    /// Why saving failed.
    pub failure: RwSignal<Option<Error>>,
    /// Numbers the probes, so that the answer of an older one is not shown.
    asked: StoredValue<u64>,
}

impl Form {
    pub(crate) fn open(app: App, of: &SheetFor) -> Self {
        let original = match of {
            SheetFor::Edit { id, .. } => app.world.row(*id).map(|row| row.get_untracked().stream),
            SheetFor::New { .. } => None,
        };
        let spec = original.as_ref().map(|stream| stream.spec.clone());
        let known = match of {
            SheetFor::New { path, .. } => path.clone(),
            SheetFor::Edit { .. } => None,
        };
        let path = spec
            .as_ref()
            .map(|spec| spec.source.file().unwrap_or_default().to_owned())
            .or(known)
            .unwrap_or_default();
        let form = Form {
            app,
            path: RwSignal::new(path.clone()),
            net: Net::of(spec.as_ref().map(|spec| &spec.source)),
            server: RwSignal::new(spec.as_ref().map(|spec| spec.server).unwrap_or_default()),
            name: RwSignal::new(spec.as_ref().map(|spec| spec.name.clone()).unwrap_or_default()),
            named: RwSignal::new(spec.is_some()),
            playback: RwSignal::new(spec.as_ref().map(|spec| spec.playback).unwrap_or_default()),
            record: RwSignal::new(spec.as_ref().is_some_and(|spec| spec.record)),
            prepare: RwSignal::new(spec.as_ref().map(|spec| spec.prepare)),
            keep_viewers: RwSignal::new(spec.as_ref().is_none_or(|spec| spec.keep_viewers)),
            settings: Settings::of(spec.map(|spec| spec.encoding).unwrap_or_default()),
            viewers: Viewers::of_new(),
            original: StoredValue::new(original),
            probe: RwSignal::new(Probe::None),
            browsing: RwSignal::new(false),
            choosing: RwSignal::new(false),
            saving: RwSignal::new(false),
            failure: RwSignal::new(None),
            asked: StoredValue::new(0),
        };
        if !path.is_empty() {
            form.examine();
        }
        if let SheetFor::New { kind, .. } = of {
            untrack(|| form.choose_kind(*kind));
        }
        if matches!(of, SheetFor::Edit { locate: true, .. } | SheetFor::New { choose: true, .. }) {
            form.choose();
        }
        form
    }

    /// The stream that is changed, as it was when the form was opened.
    pub(crate) fn original(self) -> Option<Stream> {
        self.original.get_value()
    }

    fn id(self) -> Option<StreamId> {
        self.original.with_value(|original| original.as_ref().map(|stream| stream.id))
    }

    fn taken(self, name: &str) -> bool {
        self.app.world.taken(name, self.server.get(), self.id())
    }

    /// The stream that is changed should be live.
    pub(crate) fn runs(self) -> bool {
        let row = self.id().and_then(|id| self.app.world.row(id));
        row.is_some_and(|row| row.with(|row| runs(&row.stream)))
    }

    /// Another kind of source.
    pub(crate) fn choose_kind(self, kind: Kind) {
        self.net.kind.set(kind);
        if !self.named.get_untracked() {
            self.propose();
        }
    }

    /// A name from the address, or just one that is free; a file's comes with its examination.
    fn propose(self) {
        let from = match self.net.kind.get_untracked() {
            Kind::File => return,
            Kind::Network => match split_address(&self.net.url.get_untracked()) {
                Ok(address) => address.host.replace('.', "-"),
                Err(_) => return,
            },
            Kind::Incoming => "incoming".to_owned(),
            Kind::TestPattern => "test-pattern".to_owned(),
        };
        self.name.set(propose_name(&from, |name| self.taken(name)));
    }

    /// Fetches the source for a moment.
    pub(crate) fn test(self) {
        if !self.named.get_untracked() {
            self.propose();
        }
        self.asked.update_value(|asked| *asked += 1);
        let turn = self.asked.get_value();
        self.net.test.set(Test::Running);
        let request = SourceTest {
            source: self.net.source(),
            password: self.net.typed(),
            stream: self.id(),
            encoding: self.encoding(),
        };
        let reply = self.app.client().call(request);
        spawn_local(async move {
            let reply = reply.await;
            if self.asked.try_get_value() == Some(turn) {
                let test = reply.map_or_else(Test::Failed, |tested| Test::Done(Box::new(tested)));
                self.net.test.set(test);
            }
        });
    }

    /// Waits no longer for the test.
    pub(crate) fn cancel_test(self) {
        self.asked.update_value(|asked| *asked += 1);
        self.net.test.set(Test::None);
    }

    /// The stream's password stays unless another is typed.
    pub(crate) fn keeps_password(self) -> bool {
        self.original.with_value(|original| {
            original.as_ref().and_then(|o| o.spec.source.network()).is_some_and(|network| network.has_secret)
        })
    }

    /// What is chosen.
    pub(super) fn source(self) -> Source {
        match self.net.kind.get() {
            Kind::File => Source::File { path: self.path.get().trim().to_owned() },
            Kind::Network => self.net.source(),
            Kind::Incoming => Source::Incoming,
            Kind::TestPattern => Source::TestPattern,
        }
    }

    fn password(self) -> Option<Secret> {
        (self.net.kind.get() == Kind::Network).then(|| self.net.typed()).flatten()
    }

    /// Takes a file and examines it.
    pub(crate) fn take(self, path: String) {
        self.path.set(path);
        self.examine();
    }

    /// Examines the file in the path field.
    pub(crate) fn examine(self) {
        // A field tells of its change even while it is taken off the page with the form.
        let Some(path) = self.path.try_get_untracked().map(|path| path.trim().to_owned()) else { return };
        if path.is_empty() {
            return self.probe.set(Probe::None);
        }
        self.probe.set(Probe::Running);
        self.ask(path);
    }

    /// Asks for the command again after the name or playback changed; what is shown stays until then.
    pub(crate) fn refresh(self) {
        let asks = matches!(self.probe.try_get_untracked(), Some(Probe::Done(_) | Probe::Failed(_)));
        if asks && untrack(|| self.setting_problems()).is_empty() {
            self.ask(self.path.get_untracked().trim().to_owned());
        }
    }

    /// Looks at the file again, which was not fully looked at.
    pub(crate) fn look_again(self) {
        self.probe.set(Probe::Running);
        self.ask(self.path.get_untracked().trim().to_owned());
    }

    fn ask(self, path: String) {
        let name = self.name.get_untracked();
        let name = Some(name).filter(|name| self.named.get_untracked() && check_name(name).is_ok());
        self.asked.update_value(|asked| *asked += 1);
        let turn = self.asked.get_value();
        let (playback, encoding) = (self.playback.get_untracked(), self.settings.chosen.get_untracked());
        let server = self.server.get_untracked();
        let reply = self.app.client().call(SourceProbe { path, playback, encoding, server, name });
        spawn_local(async move {
            let reply = reply.await;
            if self.asked.try_get_value() != Some(turn) {
                return;
            }
            match reply {
                Ok(report) => {
                    if !self.named.get_untracked() {
                        self.name.set(report.proposed_name.clone());
                    }
                    self.path.set(report.path.clone());
                    self.probe.set(Probe::Done(Box::new(report)));
                }
                Err(error) => self.probe.set(Probe::Failed(error)),
            }
        });
    }

    /// Lets the user choose a file: by the system's dialog on the desktop, by ours in a browser.
    pub(crate) fn choose(self) {
        let client = self.app.client();
        let Some(desktop) = client.desktop() else { return self.browsing.set(true) };
        if self.choosing.get_untracked() {
            return;
        }
        self.choosing.set(true);
        let picked = desktop.pick_files();
        spawn_local(async move {
            let picked = picked.await;
            // The form may have been closed meanwhile.
            if self.choosing.try_set(false).is_some() {
                return;
            }
            match picked {
                Ok(mut paths) if paths.len() == 1 || (self.id().is_some() && !paths.is_empty()) => {
                    self.take(paths.swap_remove(0));
                }
                Ok(paths) if paths.is_empty() => {}
                Ok(paths) => {
                    self.app.sheet.set(None);
                    self.app.take_files(paths);
                }
                Err(error) => drop(self.failure.try_set(Some(error))),
            }
        });
    }

    /// What is wrong with the name; nothing while none was proposed or typed.
    pub(crate) fn name_problem(self) -> Option<Error> {
        let name = self.name.get();
        if name.is_empty() && !self.named.get() {
            return None;
        }
        let taken = || Error::new(Code::NameTaken).with("name", &name);
        check_name(&name).err().or_else(|| self.taken(&name).then(taken))
    }

    /// Whether the form can be saved as it stands.
    pub(crate) fn can_save(self) -> bool {
        let source = match (self.net.kind.get(), self.probe.get()) {
            (Kind::Network, _) => self.net.problem().is_none(),
            (Kind::Incoming | Kind::TestPattern, _) => true,
            (Kind::File, Probe::Done(report)) => report.path == self.path.get().trim(),
            // Its other fields can be changed while its file is missing.
            (Kind::File, _) => self.same_file(),
        };
        let named = !self.name.get().is_empty() && self.name_problem().is_none();
        source && named && self.viewers.can_save() && self.setting_problems().is_empty()
    }

    /// Something was typed into the form of a new stream that would be lost.
    pub(crate) fn is_filled(self) -> bool {
        let typed = |text: RwSignal<String>| text.with(|text| !text.trim().is_empty());
        let named = self.named.get() && typed(self.name);
        let source = typed(self.path) || typed(self.net.url);
        self.id().is_none()
            && (named || source || self.viewers.is_filled() || !self.encoding().is_automatic())
    }

    fn same_file(self) -> bool {
        let path = self.path.get();
        self.original.with_value(|original| {
            original.as_ref().is_some_and(|o| o.spec.source.file() == Some(path.trim()))
        })
    }

    /// What saving does beside saving.
    pub(crate) fn effects(self) -> Effects {
        let Some(original) = self.original() else { return Effects::default() };
        let same_tracks = match (self.probe.get(), &original.plan) {
            (Probe::Done(report), Some(plan)) => {
                report.plan.sent == plan.sent && report.plan.unkept.is_none()
            }
            _ => self.source() == original.spec.source && self.encoding() == original.spec.encoding,
        };
        let kept = self
            .id()
            .and_then(|id| self.app.world.row(id))
            .is_some_and(|row| row.with(|row| row.stream.kept == Kept::On));
        effects(&self.update(&original), self.runs(), kept, same_tracks)
    }

    fn update(self, original: &Stream) -> StreamUpdate {
        let wanted = StreamSpec {
            playback: self.playback.get(),
            record: self.record.get(),
            keep_viewers: self.keep_viewers.get(),
            server: self.server.get(),
            prepare: self.prepares(),
            encoding: self.encoding(),
            ..StreamSpec::new(self.name.get(), self.source())
        };
        StreamUpdate { password: self.password(), ..changes(original, wanted) }
    }

    /// Saves, and starts the stream if asked to.
    pub(crate) fn save(self, start: bool) {
        self.send(start, true);
    }

    /// `unless_full`: asks first where the computer has no room for a stream that runs.
    fn send(self, start: bool, unless_full: bool) {
        if self.saving.get_untracked() || !self.can_save() {
            return;
        }
        self.saving.set(true);
        self.failure.set(None);
        let client = self.app.client();
        let original = self.original();
        let update = original.as_ref().map(|original| StreamUpdate { unless_full, ..self.update(original) });
        let create = StreamCreate {
            server: self.server.get_untracked(),
            name: Some(self.name.get_untracked()),
            source: untrack(|| self.source()),
            password: untrack(|| self.password()),
            playback: self.playback.get_untracked(),
            record: self.record.get_untracked(),
            keep_viewers: self.keep_viewers.get_untracked(),
            access: self.viewers.wanted(),
            prepare: untrack(|| self.prepares()),
            encoding: untrack(|| self.encoding()),
            start: false,
        };
        spawn_local(async move {
            let saved = match update {
                None => client.call(create).await,
                Some(update) => client.call(update).await,
            };
            self.saving.try_set(false);
            match saved {
                Ok(stream) => {
                    self.app.sheet.set(None);
                    if start {
                        self.app.start(RwSignal::new(false), stream.id);
                    }
                }
                Err(error) if error.code == Code::WouldOverload => {
                    let anyway = move || self.send(start, false);
                    self.app.question.set(Some(Question::overload_by_change(&error, anyway)));
                }
                Err(error) => drop(self.failure.try_set(Some(error))),
            }
        });
    }
}
