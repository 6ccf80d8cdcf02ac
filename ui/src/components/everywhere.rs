//! "Plays everywhere?": a row for each protocol, what is wrong, and one click that cures it.

use leptos::prelude::*;
use stream_api::{
    Cure, Error, Kept, Plan, Plays, SourceMedia, Stream, Verdict,
    commands::{SourceProbe, StreamUpdate},
    plays_everywhere, t,
};

use crate::{
    app::App,
    components::{
        Act,
        confirm::Question,
        sheet::{effects, runs},
    },
    store::live::Row,
};

/// What becomes of picture and sound by each protocol. `cure`: nothing can be chosen where there is none.
pub(crate) fn everywhere(media: &SourceMedia, plan: &Plan, cure: Option<Callback<Cure>>) -> AnyView {
    let all = plays_everywhere(media, plan);
    let mut wrong: Vec<(String, Option<Cure>)> = Vec::new();
    for verdict in all.iter().flat_map(|(_, picture, sound)| [picture, sound]) {
        if !verdict.why.is_empty() && !wrong.iter().any(|(why, _)| *why == verdict.why) {
            wrong.push((verdict.why.clone(), verdict.cure));
        }
    }
    let rows = all
        .iter()
        .map(|(outlet, picture, sound)| {
            view! { <tr><th scope="row">{outlet.label()}</th>{cell(picture)}{cell(sound)}</tr> }
        })
        .collect_view();
    let lines = wrong.iter().map(|(why, _)| view! { <li>{why.clone()}</li> }).collect_view();
    let cures =
        [Cure::Picture, Cure::Sounds].into_iter().filter(|one| wrong.iter().any(|(_, of)| of == &Some(*one)));
    let cures = cure.map(|choose| {
        cures
            .map(|one| {
                let act = match one {
                    Cure::Picture => "cure-picture",
                    Cure::Sounds => "cure-sounds",
                };
                view! { <Act act=act label=one.label() on_press=move |_| choose.run(one)/> }
            })
            .collect_view()
    });
    view! {
        <section class="everywhere" data-testid="everywhere">
            <table>
                <thead>
                    <tr>
                        <th scope="col">{t!("everywhere.title")}</th>
                        <th scope="col">{t!("everywhere.picture")}</th>
                        <th scope="col">{t!("everywhere.sound")}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
            <ul class="reasons">{lines}</ul>
            <div class="card-foot">{cures}</div>
        </section>
    }
    .into_any()
}

/// Sends a stream as a cure wants it. One that is live is asked for first, with what becomes of its viewers.
pub(crate) fn curing(app: App, row: RwSignal<Row>) -> Callback<Cure> {
    let busy = RwSignal::new(false);
    Callback::new(move |cure: Cure| {
        let stream = row.with_untracked(|row| row.stream.clone());
        let mut encoding = stream.spec.encoding.clone();
        cure.apply(&mut encoding);
        let update = StreamUpdate { encoding: Some(encoding.clone()), ..StreamUpdate::of(stream.id) };
        if !runs(&stream) {
            return app.run(busy, update, |_| {});
        }
        let Some(path) = stream.spec.source.file().map(str::to_owned) else {
            return ask(app, busy, &stream, cure, update, false);
        };
        // Its tracks afterwards tell whether viewers stay.
        let probe = SourceProbe {
            path,
            playback: stream.spec.playback,
            encoding,
            server: stream.spec.server,
            name: None,
        };
        app.run(busy, probe, move |report| {
            let sent = stream.plan.as_ref().map(|plan| &plan.sent);
            let same = report.plan.unkept.is_none() && sent == Some(&report.plan.sent);
            ask(app, busy, &stream, cure, update, same);
        });
    })
}

/// Asks before a stream that is live is changed. `same`: it has the tracks that its viewers get now.
fn ask(app: App, busy: RwSignal<bool>, stream: &Stream, cure: Cure, update: StreamUpdate, same: bool) {
    let restart = effects(&update, true, stream.kept == Kept::On, same).restarts;
    let words = restart.map_or(String::new(), |restart| restart.words().to_owned());
    let title = t!("everywhere.cure.title", name = stream.spec.name);
    let change = move || {
        let (first, anyway) = (StreamUpdate { unless_full: true, ..update.clone() }, update.clone());
        let ask = move |error: Error| {
            Question::overload_by_change(&error, move || app.run(busy, anyway.clone(), |_| {}))
        };
        app.run_or_ask(busy, first, |_| {}, ask);
    };
    app.question.set(Some(Question::new(title, words, cure.label(), change)));
}

fn cell(verdict: &Verdict) -> impl IntoView + use<> {
    let (class, word) = match verdict.plays {
        Plays::Everywhere => ("good", t!("everywhere.yes")),
        Plays::Partly => ("warn", t!("everywhere.partly")),
        Plays::Nowhere => ("bad", t!("everywhere.no")),
        Plays::Absent => ("faint", t!("everywhere.absent")),
    };
    view! { <td class=class title=verdict.why.clone()>{word}</td> }
}
