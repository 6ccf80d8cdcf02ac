use leptos::prelude::*;
use stream_api::{Error, StreamId, commands::ActivityList};
use wasm_bindgen_futures::spawn_local;

use crate::{
    app::App,
    browser,
    store::{Asked, Back, Kinds, Timeline},
};

/// Between the last key pressed in the search and its question, in milliseconds.
const TYPING_MS: i32 = 200;
/// How many at once.
const PAGE: u32 = 100;

/// What the page of activities asks and knows. Cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct Model {
    app: App,
    pub stream: RwSignal<Option<StreamId>>,
    pub kinds: RwSignal<Kinds>,
    pub back: RwSignal<Back>,
    pub text: RwSignal<String>,
    /// All of the above.
    pub asked: Memo<Asked>,
    /// What is known; nothing before the first answer.
    pub timeline: RwSignal<Option<Timeline>>,
    /// A question is under way.
    pub asking: RwSignal<bool>,
    /// An older page is under way.
    pub extending: RwSignal<bool>,
    /// Why there is no answer.
    pub failure: RwSignal<Option<Error>>,
    /// Numbers the questions, so that the answer of an older one is not shown.
    turn: StoredValue<u64>,
}

impl Model {
    /// Asks for the newest of everything, and again whenever something else is wanted.
    pub(crate) fn open(app: App, stream: Option<StreamId>) -> Model {
        let (stream, kinds) = (RwSignal::new(stream), RwSignal::new(Kinds::All));
        let (back, text) = (RwSignal::new(Back::All), RwSignal::new(String::new()));
        let asked = Memo::new(move |_| Asked {
            stream: stream.get(),
            kinds: kinds.get(),
            back: back.get(),
            text: text.with(|text| text.trim().to_owned()),
        });
        let model = Model {
            app,
            stream,
            kinds,
            back,
            text,
            asked,
            timeline: RwSignal::new(None),
            asking: RwSignal::new(false),
            extending: RwSignal::new(false),
            failure: RwSignal::new(None),
            turn: StoredValue::new(0),
        };
        Effect::new(move |before: Option<Asked>| {
            // After a lost connection something may have happened unheard.
            app.world.snapshots.track();
            let now = asked.get();
            match before {
                Some(before) if before.text != now.text => model.load_soon(),
                _ => model.load(),
            }
            now
        });
        Effect::new(move |_| {
            app.world.heard.track();
            model.hear();
        });
        model
    }

    /// Shows everything again.
    pub(crate) fn ask_for_all(self) {
        self.stream.set(None);
        self.kinds.set(Kinds::All);
        self.back.set(Back::All);
        self.text.set(String::new());
    }

    /// Asks for the newest page.
    pub(crate) fn load(self) {
        let turn = self.next_turn();
        self.ask(turn);
    }

    fn load_soon(self) {
        let turn = self.next_turn();
        browser::after(TYPING_MS, move || {
            if self.turn.try_get_value() == Some(turn) {
                self.ask(turn);
            }
        });
    }

    fn next_turn(self) -> u64 {
        self.turn.update_value(|turn| *turn += 1);
        self.turn.get_value()
    }

    fn ask(self, turn: u64) {
        self.asking.set(true);
        let reply = self.app.client().call(self.request(None));
        spawn_local(async move {
            let reply = reply.await;
            if self.turn.try_get_value() != Some(turn) {
                return;
            }
            self.asking.set(false);
            match reply {
                Ok(page) => {
                    self.failure.set(None);
                    self.timeline.set(Some(Timeline::begin(page)));
                    self.hear();
                }
                Err(error) => self.failure.set(Some(error)),
            }
        });
    }

    /// Adds the next older page.
    pub(crate) fn extend(self) {
        let Some(before) = self.timeline.with_untracked(|known| known.as_ref().and_then(|known| known.next))
        else {
            return;
        };
        let turn = self.turn.get_value();
        self.app.run(self.extending, self.request(Some(before)), move |page| {
            if self.turn.try_get_value() == Some(turn) {
                self.timeline.update(|known| {
                    if let Some(known) = known {
                        known.extend(page);
                    }
                });
            }
        });
    }

    fn request(self, before: Option<u64>) -> ActivityList {
        let now = self.app.world.now.get_untracked();
        ActivityList { filter: self.asked.get_untracked().filter(now), before, limit: Some(PAGE) }
    }

    fn hear(self) {
        let asked = self.asked.get_untracked();
        self.app.world.heard.with_untracked(|heard| {
            self.timeline.maybe_update(|known| known.as_mut().is_some_and(|known| known.hear(heard, &asked)));
        });
    }
}
