//! The one click that helps with a fault, wherever the fault is shown.

use leptos::prelude::*;
use stream_api::{FaultAction, ServerId, StreamId, commands, t};

use crate::{
    app::App,
    browser,
    components::{Icon, confirm::Question, sheet::SheetFor},
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
                self.run(busy, commands::StreamStart { id, unless_full: false }, |_| {});
            }
            (FaultAction::Prepare, FaultOf::Stream(id)) => {
                self.run(busy, commands::PrepareStart { id }, |_| {});
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
