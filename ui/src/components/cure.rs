//! The one click that helps with a fault, wherever the fault is shown.

use leptos::prelude::*;
use stream_api::{FaultAction, ServerId, StreamId, commands, t};

use crate::{
    app::{App, use_app},
    browser,
    components::{Act, CopyButton, Icon, Modal, confirm::Question, sheet::SheetFor},
    pages::Page,
    store::{Filter, Line},
};

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultOf {
    /// A stream's.
    Stream(StreamId),
    /// The bundled server's.
    Server,
    /// An added server's.
    Other(ServerId),
    /// FFmpeg's or ffprobe's.
    Tools,
}

impl FaultOf {
    /// The action that is offered here: on its own page a thing is not opened but tried again.
    pub(crate) fn offered(self, action: FaultAction, page: Page) -> FaultAction {
        match (self, action) {
            (FaultOf::Server, FaultAction::OpenServer) if page == Page::Server => FaultAction::Retry,
            (FaultOf::Other(_), FaultAction::OpenServer) => FaultAction::OpenSettings,
            _ => action,
        }
    }

    /// Where it is shown in full.
    fn page(self) -> Page {
        match self {
            FaultOf::Stream(id) => Page::Stream(id),
            FaultOf::Other(id) => Page::Other(id),
            FaultOf::Server | FaultOf::Tools => Page::Server,
        }
    }
}

/// What the button says, and its picture.
pub(crate) fn drawn(action: FaultAction) -> (&'static str, Icon) {
    match action {
        FaultAction::LocateFile => (t!("fault.locate"), Icon::Folder),
        FaultAction::Retry => (t!("fault.retry"), Icon::Retry),
        FaultAction::Restart => (t!("fault.restart"), Icon::Retry),
        FaultAction::UseAnotherPort => (t!("fault.use_another_port"), Icon::Retry),
        FaultAction::InstallFfmpeg => (t!("fault.install_ffmpeg"), Icon::Download),
        FaultAction::OpenSettings => (t!("fault.open_settings"), Icon::Pen),
        FaultAction::OpenServer => (t!("fault.open_server"), Icon::Server),
        FaultAction::Prepare => (t!("prepare.start"), Icon::Bolt),
    }
}

impl App {
    /// Carries out the action of a fault.
    pub(crate) fn cure(self, action: FaultAction, of: FaultOf, busy: RwSignal<bool>) {
        match (action, of) {
            (FaultAction::LocateFile, FaultOf::Stream(id)) => {
                self.sheet.set(Some(SheetFor::Edit { id, locate: true }));
            }
            (FaultAction::OpenSettings, FaultOf::Stream(id)) => {
                self.sheet.set(Some(SheetFor::Edit { id, locate: false }));
            }
            (FaultAction::Retry, FaultOf::Stream(id)) => {
                self.start(busy, id);
            }
            (FaultAction::Prepare, FaultOf::Stream(id)) => {
                self.run(busy, commands::PrepareStart { id, start: false }, |_| {});
            }
            (FaultAction::Restart, FaultOf::Stream(id)) => {
                self.run(busy, commands::StreamRestart { id }, |_| {});
            }
            (FaultAction::Retry | FaultAction::Restart, FaultOf::Tools) => {
                self.run(busy, commands::ToolsCheck {}, |_| {})
            }
            (FaultAction::Retry | FaultAction::Restart, FaultOf::Server) => self.restart_server(busy),
            (FaultAction::Retry | FaultAction::Restart, FaultOf::Other(id)) => {
                self.run(busy, commands::ServerRetry { id }, |_| {});
            }
            (FaultAction::OpenSettings, FaultOf::Other(id)) => self.server_sheet.set(Some(Some(id))),
            (FaultAction::OpenServer, FaultOf::Stream(id)) => {
                let server = self.world.row(id).map(|row| row.with_untracked(|row| row.stream.spec.server));
                let other = server.filter(|server| !server.is_bundled());
                browser::go(&other.map_or(Page::Server, Page::Other).hash());
            }
            (FaultAction::UseAnotherPort, _) => self.question.set(Some(Question::renew_ports(self, busy))),
            (FaultAction::InstallFfmpeg, _) => self.installing.set(true),
            (FaultAction::OpenServer | FaultAction::OpenSettings, FaultOf::Server | FaultOf::Tools)
            | (FaultAction::OpenServer, FaultOf::Other(_))
            // No fault of these has such an action.
            | (
                FaultAction::LocateFile | FaultAction::Prepare,
                FaultOf::Server | FaultOf::Tools | FaultOf::Other(_),
            ) => browser::go(&of.page().hash()),
        }
    }

    /// Restarts the server, once the user knows which streams that interrupts.
    pub(crate) fn restart_server(self, busy: RwSignal<bool>) {
        let here = |line: &&Line| line.server.is_bundled() && line.under[Filter::Live as usize];
        match self.world.lines.with_untracked(|lines| lines.iter().filter(here).count()) {
            0 => self.run(busy, commands::ServerRestart {}, |_| {}),
            live => self.question.set(Some(Question::restart_server(self, busy, live))),
        }
    }
}

/// How FFmpeg is installed on the computer of the host, when that was asked for.
#[component]
pub(crate) fn InstallFfmpeg() -> impl IntoView {
    let app = use_app();
    let busy = RwSignal::new(false);
    let close = move || app.installing.set(false);
    let line = Memo::new(move |_| {
        app.world.host.with(|host| host.as_ref().and_then(|host| host.installer)).map(|m| m.ffmpeg_line())
    });
    let how = move || {
        match line.get() {
        Some(line) => view! {
            <p>{t!("install.line")}</p>
            <div class="url install">
                <code title=line>{line}</code>
                <CopyButton text=Signal::stored(line.to_owned()) title=t!("install.copy") wide=true act="copy-install"/>
            </div>
        }
        .into_any(),
        None => view! { <p>{t!("install.by_hand")}</p> }.into_any(),
    }
    };
    move || {
        app.installing.get().then(|| {
            view! {
                <Modal label=t!("install.title") class="ask wide" on_close=move |()| close()>
                    <div class="ask-body" data-testid="install-ffmpeg">
                        <h2>{t!("install.title")}</h2>
                        {how}
                        <p class="muted">{t!("install.found")}</p>
                    </div>
                    <footer>
                        <Act
                            class="ghost"
                            icon=Icon::Open
                            label=t!("install.site")
                            on_press=move |_| app.open_url("https://ffmpeg.org/download.html")
                        />
                        <span class="grow"></span>
                        <Act
                            icon=Icon::Retry
                            label=t!("tool.check_again")
                            busy=busy
                            on_press=move |_| app.run(busy, commands::ToolsCheck {}, |_| {})
                        />
                        <Act id="install-ok" class="primary" label=t!("act.close") on_press=move |_| close()/>
                    </footer>
                </Modal>
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::fixtures::id;

    #[test]
    fn a_thing_is_tried_again_on_its_own_page_and_opened_elsewhere() {
        let (stream, other) = (FaultOf::Stream(id(1)), FaultOf::Other(ServerId(id(2).0)));
        for (of, action, page, offered) in [
            (FaultOf::Server, FaultAction::OpenServer, Page::Server, FaultAction::Retry),
            (FaultOf::Server, FaultAction::OpenServer, Page::Streams, FaultAction::OpenServer),
            (other, FaultAction::OpenServer, Page::Server, FaultAction::OpenSettings),
            (stream, FaultAction::OpenServer, Page::Server, FaultAction::OpenServer),
        ] {
            assert_eq!(of.offered(action, page), offered, "{of:?} on {page:?}");
        }
        assert_eq!(stream.page(), Page::Stream(id(1)));
        assert_eq!(other.page(), Page::Other(ServerId(id(2).0)));
        assert_eq!((FaultOf::Server.page(), FaultOf::Tools.page()), (Page::Server, Page::Server));
    }
}
