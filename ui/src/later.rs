//! What the list of streams does without: in a file of its own (docs/adr/0011), which is fetched once the list is
//! drawn, or as soon as something of it is wanted.

use futures_util::FutureExt as _;
use leptos::{
    prelude::*,
    wasm_split::{SplitLoaderError, wasm_split},
};
use stream_api::{Code, Error, ServerId, StreamId, t};
use wasm_bindgen_futures::spawn_local;

use crate::{
    app::{App, use_app},
    browser,
    components::{
        Act, Icon, InstallFfmpeg, Modal, Questions, RefusedFiles, refusal,
        server_sheet::server_sheet,
        sheet::{Sheet, SheetFor},
    },
    pages::{
        activity::ActivityPage, first_run::FirstRun, other::other_page, server::ServerPage,
        stream::StreamPage,
    },
};

/// After the first picture the processor is left alone for so many milliseconds.
const REST_MS: i32 = 200;

/// What is drawn by the part that comes later.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Later {
    /// A stream's page.
    Stream(StreamId),
    /// What happened, of one stream or of all.
    Activity(Option<StreamId>),
    /// The server's page.
    Server,
    /// The page of a server that was added.
    Other(ServerId),
    /// What is shown while there is no stream.
    FirstRun,
    /// The form of a stream.
    Sheet(SheetFor),
    /// The form of a server: of a new one, or of that one.
    ServerSheet(Option<ServerId>),
    /// The question that is open.
    Question,
    /// Files that can't be streamed.
    Refused,
    /// How FFmpeg is installed.
    InstallFfmpeg,
}

#[wasm_split(later, wasm_split_path = ::leptos::wasm_split, preload(fetch), fallible)]
fn draw(what: Later) -> Result<AnyView, SplitLoaderError> {
    Ok(match what {
        Later::Stream(id) => view! { <StreamPage id=id/> }.into_any(),
        Later::Activity(stream) => view! { <ActivityPage stream=stream/> }.into_any(),
        Later::Server => view! { <ServerPage/> }.into_any(),
        Later::Other(id) => other_page(use_app(), id),
        Later::FirstRun => view! { <FirstRun/> }.into_any(),
        Later::Sheet(of) => view! { <Sheet of=of/> }.into_any(),
        Later::ServerSheet(of) => server_sheet(use_app(), of),
        Later::Question => view! { <Questions/> }.into_any(),
        Later::Refused => view! { <RefusedFiles/> }.into_any(),
        Later::InstallFfmpeg => view! { <InstallFfmpeg/> }.into_any(),
    })
}

/// Whether that part is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Nobody asked for it yet.
    Away,
    /// It is being fetched.
    Coming,
    /// It can be drawn.
    Here,
    /// The host is gone, or it serves another version by now.
    Failed,
}

impl App {
    /// Fetches what comes later as soon as there is nothing better to do.
    pub(crate) fn fetch_soon(self) {
        browser::after(REST_MS, move || self.fetch_later());
    }

    /// The connection is back: what could not be fetched is tried again.
    pub(crate) fn fetch_again(self) {
        if self.later.get_untracked() == Part::Failed {
            self.fetch_later();
        }
    }

    /// Fetches what comes later, unless it is there or on its way.
    fn fetch_later(self) {
        if matches!(self.later.get_untracked(), Part::Coming | Part::Here) {
            return;
        }
        self.later.set(Part::Coming);
        spawn_local(async move {
            self.later.set(if fetch().await.is_ok() { Part::Here } else { Part::Failed });
        });
    }
}

/// A page, or a part of one, that comes later: drawn at once when it is there.
pub(crate) fn page(what: Later) -> AnyView {
    of(what, |waiting| view! { <div class="opening">{waiting}</div> }.into_any())
}

/// The same for what is before the page; `close` is for those who don't want to wait for it.
pub(crate) fn dialog(what: Later, close: Callback<()>) -> AnyView {
    of(what, move |waiting| {
        view! {
            <Modal label=t!("app.name") class="ask" on_close=close>
                <div class="ask-body">{waiting}</div>
                <footer>
                    <span class="grow"></span>
                    <Act label=t!("act.close") on_press=move |_| { close.try_run(()); }/>
                </footer>
            </Modal>
        }
        .into_any()
    })
}

fn of(what: Later, around: impl Fn(AnyView) -> AnyView + Send + 'static) -> AnyView {
    let app = use_app();
    // Also when it failed before: whoever asks for something asks for another try.
    app.fetch_later();
    let drawn = move || match app.later.get() {
        // It is there, so there is nothing to wait for.
        Part::Here => draw(what.clone()).now_or_never().and_then(Result::ok),
        Part::Failed => Some(around(failed(app))),
        Part::Away | Part::Coming => Some(around(coming())),
    };
    drawn.into_any()
}

fn coming() -> AnyView {
    view! { <p class="muted" role="status">{t!("app.opening")}</p> }.into_any()
}

fn failed(app: App) -> AnyView {
    let error = Error {
        message: t!("later.failed").to_owned(),
        hint: t!("later.failed.hint").to_owned(),
        ..Error::new(Code::Internal)
    };
    view! {
        {refusal(error, "later-failed")}
        <p class="again">
            <Act id="later-retry" icon=Icon::Retry label=t!("fault.retry") on_press=move |_| app.fetch_later()/>
        </p>
    }
    .into_any()
}
