//! "Plays everywhere?": a row for each protocol, what is wrong, and one click that cures it.

use leptos::prelude::*;
use stream_api::{Cure, Plan, Plays, SourceMedia, Verdict, plays_everywhere, t};

use crate::components::Act;

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

fn cell(verdict: &Verdict) -> impl IntoView + use<> {
    let (class, word) = match verdict.plays {
        Plays::Everywhere => ("good", t!("everywhere.yes")),
        Plays::Partly => ("warn", t!("everywhere.partly")),
        Plays::Nowhere => ("bad", t!("everywhere.no")),
        Plays::Absent => ("faint", t!("everywhere.absent")),
    };
    view! { <td class=class title=verdict.why.clone()>{word}</td> }
}
