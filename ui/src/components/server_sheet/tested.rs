use leptos::prelude::*;
use stream_api::{Lack, Outcome, ServerStep, ServerTestStep, ServerTested, t, tn};

use super::form::{Form, Test};
use crate::{
    components::{Act, CopyButton, Icon, icon, pairs, refusal},
    format,
};

/// What the test found out.
pub(super) fn tested(form: Form) -> impl IntoView {
    move || match form.test.get() {
        Test::None => view! { <p class="faint empty">{t!("server.test.hint")}</p> }.into_any(),
        Test::Running => view! {
            <p class="muted empty" role="status">{icon(Icon::Spinner)}" "{t!("server.test.running")}</p>
        }
        .into_any(),
        Test::Failed(error) => refusal(error, "test-error").into_any(),
        Test::Done(tested) => found(form, &tested).into_any(),
    }
}

fn found(form: Form, tested: &ServerTested) -> impl IntoView + use<> {
    let works = tested.error().is_none();
    let untried = |step: &ServerTestStep| step.outcome == Outcome::Skipped && step.error.is_some();
    let good = match tested.steps.iter().any(untried) {
        true => t!("server.test.partly"),
        false => t!("server.test.good"),
    };
    let verdict = match works {
        true => view! {
            <div class="verdict" role="status" data-testid="test-good">
                {icon(Icon::Check)}
                <div><b>{good}</b></div>
            </div>
        }
        .into_any(),
        false => view! {
            <div class="verdict bad" role="alert" data-testid="test-bad">
                {icon(Icon::Alert)}
                <div><b>{t!("server.test.bad")}</b></div>
            </div>
        }
        .into_any(),
    };
    // A server that is only remote has no folder to look at.
    let matters = |step: &&ServerTestStep| step.step != ServerStep::Folder || form.shared.get_untracked();
    let steps = tested.steps.iter().filter(matters).map(|step| row(form, step, tested)).collect_view();
    let version = tested.version.clone().map(|version| {
        view! {
            <dl class="kv"><dt>{t!("server.version")}</dt><dd data-testid="tested-version">{version}</dd></dl>
        }
    });
    let foreign = (tested.foreign > 0)
        .then(|| view! { <p class="muted small-print">{tn!("server.foreign", tested.foreign)}</p> });
    view! {
        {verdict}
        <ul class="steps" data-testid="server-steps">{steps}</ul>
        {version}
        {lacks(&tested.lacks)}
        {foreign}
    }
}

fn row(form: Form, step: &ServerTestStep, tested: &ServerTested) -> impl IntoView + use<> {
    let (class, drawn) = match step.outcome {
        Outcome::Passed => ("good", Icon::Check),
        Outcome::Failed => ("bad", Icon::Alert),
        Outcome::Skipped => ("faint", Icon::Dot),
    };
    let (word, agreed) = match step.step {
        ServerStep::Reach => (t!("server.step.reach"), None),
        ServerStep::Certificate => {
            (t!("server.step.certificate"), Some((form.fingerprint, tested.fingerprint.clone())))
        }
        ServerStep::Identity => (t!("server.step.identity"), None),
        ServerStep::Password => (t!("server.step.password"), None),
        ServerStep::Permission => (t!("server.step.permission"), None),
        ServerStep::Version => (t!("server.step.version"), None),
        ServerStep::Publish => {
            (t!("server.step.publish"), Some((form.publish_fingerprint, tested.publish_fingerprint.clone())))
        }
        ServerStep::Folder => (t!("server.step.folder"), None),
    };
    let failed = step.outcome == Outcome::Failed;
    let agreed = agreed.filter(|_| failed).and_then(|(slot, shown)| Some((slot, shown?)));
    let trust = agreed.map(|(slot, shown)| {
        let (fingerprint, shown) = (shown.clone(), format::fingerprint(&shown));
        view! {
            <div class="trust" data-testid="trust">
                <span>{t!("server.trust.hint")}</span>
                <div class="pick">
                    <code class="mono grow">{pairs(&shown)}</code>
                    <CopyButton text=Signal::stored(shown) title=t!("encryption.copy") act="copy-fingerprint"/>
                </div>
                <Act
                    class="small"
                    icon=Icon::Lock
                    label=t!("server.trust")
                    act="trust"
                    on_press=move |_| form.trust(slot, fingerprint.clone())
                />
            </div>
        }
    });
    let why = step.error.clone().map(|error| {
        view! { <span data-code=error.code.as_str()>{error.message}" "{error.hint}</span> }
    });
    view! { <li class=class>{icon(drawn)}<div><b>{word}</b>{why}{trust}</div></li> }
}

/// What a server can't do, as a list; nothing when it can do everything.
pub(crate) fn lacks(lacks: &[Lack]) -> impl IntoView + use<> {
    let lines: Vec<_> = lacks.iter().map(|lack| view! { <li>{lack.words()}</li> }).collect();
    (!lines.is_empty()).then(|| {
        view! {
            <div>
                <b class="label">{t!("server.lacks")}</b>
                <ul class="reasons" data-testid="lacks">{lines}</ul>
            </div>
        }
    })
}
