use leptos::prelude::*;
use stream_api::{Cure, Lack, Outcome, SecretsPlace, Source, SourceTested, Step, TestStep, Transport, t};

use crate::components::{
    Act, Icon, choice,
    everywhere::everywhere,
    icon, radio, refusal,
    row::source_icon,
    sheet::{
        aside_facts,
        fields::switch,
        file,
        form::Form,
        network::{Kind, Test},
    },
    text_line,
};

/// Which kind of source, and its own fields.
pub(crate) fn source(form: Form) -> impl IntoView {
    let choice = move |kind: Kind, id: &'static str, word: &'static str| {
        let of = match kind {
            Kind::File => Source::File { path: String::new() },
            Kind::Network => Source::Network(Default::default()),
            Kind::Incoming => Source::Incoming,
            Kind::TestPattern => Source::TestPattern,
        };
        let on = Signal::derive(move || form.net.kind.get() == kind);
        let word = view! { {icon(source_icon(&of))} {word} }.into_any();
        radio("source", id, word, on, Callback::new(move |()| form.choose_kind(kind)))
    };
    view! {
        <fieldset class="field">
            <legend>{t!("sheet.source")}</legend>
            <div class="seg kinds">
                {choice(Kind::File, "source-file", t!("sheet.source.file"))}
                {choice(Kind::Network, "source-network", t!("sheet.source.network"))}
                {choice(Kind::Incoming, "source-incoming", t!("sheet.source.incoming"))}
                {choice(Kind::TestPattern, "source-test-pattern", t!("source.test_pattern"))}
            </div>
        </fieldset>
        {move || match form.net.kind.get() {
            Kind::File => file::file(form).into_any(),
            Kind::Network => network(form).into_any(),
            Kind::Incoming => view! { <p class="muted" data-testid="incoming-hint">{t!("sheet.incoming.hint")}</p> }.into_any(),
            Kind::TestPattern => view! { <p class="muted">{t!("sheet.test_pattern.hint")}</p> }.into_any(),
        }}
    }
}

fn text(
    id: &'static str,
    label: &'static str,
    value: RwSignal<String>,
    kind: &'static str,
    placeholder: Signal<String>,
) -> AnyView {
    text_line(id, label, value, kind, placeholder, Callback::new(|()| {}))
}

fn network(form: Form) -> impl IntoView {
    let net = form.net;
    let problem =
        Memo::new(move |_| net.url.with(|url| (!url.trim().is_empty()).then(|| net.problem()).flatten()));
    let hint = move || {
        match problem.get() {
        Some(error) => view! { <span class="bad" role="alert" data-testid="url-error">{error.message}" "{error.hint}</span> }.into_any(),
        None => view! { <span>{t!("sheet.url.hint")}</span> }.into_any(),
    }
    };
    let convert_hint = move || match (unconverted(form), net.on_demand.get()) {
        (true, _) => Lack::Conversion.words(),
        (false, true) => t!("sheet.convert.on_demand"),
        (false, false) => t!("sheet.convert.hint"),
    };
    let password_hint = move || {
        let place = form.app.world.host.with(|host| host.as_ref().map(|host| host.secrets));
        match place {
            Some(SecretsPlace::Keychain) => t!("sheet.password.hint.keychain"),
            _ => t!("sheet.password.hint"),
        }
    };
    let empty = Signal::stored(String::new());
    // What is kept stays unless another is typed.
    let kept =
        Signal::derive(move || if form.keeps_password() { t!("sheet.password.kept") } else { "" }.to_owned());
    let busy = Signal::derive(move || matches!(net.test.get(), Test::Running));
    view! {
        <div class="field">
            {text("source-url", t!("sheet.url"), net.url, "text", Signal::stored("rtsp://192.168.1.20/stream1".to_owned()))}
            <div class="hint">{hint}</div>
        </div>
        <div class="two">
            <div class="field">{text("source-user", t!("sheet.user"), net.user, "text", empty)}</div>
            <div class="field">
                {text("source-password", t!("sheet.password"), net.password, "password", kept)}
                <div class="hint" data-testid="password-hint">{password_hint}</div>
            </div>
        </div>
        <div class="card-foot">
            <Act
                id="test-source"
                icon=Icon::Bolt
                label=t!("sheet.test")
                busy=busy
                disabled=Signal::derive(move || net.problem().is_some())
                on_press=move |_| form.test()
            />
            {move || busy.get().then(|| view! {
                <Act class="ghost" act="cancel-test" label=t!("act.cancel") on_press=move |_| form.cancel_test()/>
            })}
        </div>
        {switch("on-demand", net.on_demand, t!("sheet.on_demand"), view! { <small>{t!("sheet.on_demand.hint")}</small> })}
        {switch("convert", net.convert, t!("sheet.convert"), view! { <small>{convert_hint}</small> })}
        {move || net.takes_fingerprint().then(|| view! {
            <div class="field">
                {text("source-fingerprint", t!("sheet.fingerprint"), net.fingerprint, "text", empty)}
                <div class="hint">{t!("sheet.fingerprint.hint")}</div>
            </div>
        })}
        {transport(form)}
    }
}

/// How RTSP brings the media, folded away while it is automatic.
fn transport(form: Form) -> impl IntoView {
    const ALL: [Transport; 3] = [Transport::Automatic, Transport::Tcp, Transport::Udp];
    let net = form.net;
    let takes = Memo::new(move |_| net.takes_transport());
    let words = || [t!("sheet.transport.automatic"), "TCP", "UDP"].map(str::to_owned).to_vec();
    let now = Signal::derive(move || {
        let chosen = net.transport.get();
        ALL.iter().position(|one| *one == chosen).unwrap_or_default()
    });
    let choose = Callback::new(move |at: usize| {
        if let Some(transport) = ALL.get(at) {
            net.transport.set(*transport);
        }
    });
    let open = net.transport.with_untracked(|chosen| *chosen != Transport::Automatic);
    move || {
        takes.get().then(|| {
            let hint = view! { <div class="hint">{t!("sheet.transport.hint")}</div> }.into_any();
            let list = choice("transport", t!("sheet.transport"), words(), now, choose, hint);
            view! {
                <details class="more" open=open data-testid="transport">
                    <summary>{t!("sheet.connection")}</summary>
                    <div class="more-box">{list}</div>
                </details>
            }
        })
    }
}

/// How far a test got.
fn steps(tested: &SourceTested) -> impl IntoView + use<> {
    let rows = tested.steps.iter().map(step).collect_view();
    view! { <ul class="steps" data-testid="test-steps">{rows}</ul> }
}

fn step(step: &TestStep) -> impl IntoView + use<> {
    let word = match step.step {
        Step::Name => t!("test.name"),
        Step::Connect => t!("test.connect"),
        Step::Login => t!("test.login"),
        Step::Media => t!("test.media"),
    };
    let (class, drawn) = match step.outcome {
        Outcome::Passed => ("good", Icon::Check),
        Outcome::Failed => ("bad", Icon::Alert),
        Outcome::Skipped => ("faint", Icon::Dot),
    };
    let why = step.error.clone().map(|error| {
        view! { <span data-code=error.code.as_str()>{error.message}" "{error.hint}</span> }
    });
    view! { <li class=class>{icon(drawn)}<div><b>{word}</b>{why}</div></li> }
}

/// Whether the stream's server passes its source on as it is.
fn unconverted(form: Form) -> bool {
    form.app.world.lacks(form.server.get()).contains(&Lack::Conversion)
}

/// How far a test got, and what it found.
pub(crate) fn found(form: Form) -> impl IntoView {
    let on = Memo::new(move |_| form.app.world.protocols(form.server.get()));
    // What comes of it is seen by another test.
    let choose = Callback::new(move |cure: Cure| {
        form.net.convert.set(true);
        form.settings.chosen.update(|encoding| cure.apply(encoding));
        form.test();
    });
    let media = move |tested: &SourceTested| {
        tested.media.as_ref().zip(tested.plan.as_ref()).map(|(media, plan)| {
            // What a protocol does not carry stands in the table below.
            let warnings = plan.warnings.iter().filter(|remark| !remark.code.is_of_a_protocol());
            let lines = plan.reasons.iter().chain(warnings);
            let but = (plan.encodes_video || plan.encodes_audio) && unconverted(form);
            let lines = lines
                .map(|line| line.message.clone())
                .chain(but.then(|| Lack::Conversion.words().to_owned()));
            let lines = lines.map(|line| view! { <li>{line}</li> }).collect_view();
            let cure = (!unconverted(form) && !form.net.on_demand.get()).then_some(choose);
            view! {
                {aside_facts(media, plan)}
                <ul class="reasons">{lines}</ul>
                {everywhere(&on.get(), media, plan, cure)}
            }
        })
    };
    // It is fetched by the bundled server, whichever the stream's is.
    let elsewhere = move || {
        let other = form.app.world.other(form.server.get())?;
        let words = t!("test.from_here", name = other.spec.name);
        Some(view! { <p class="faint small-print" data-testid="test-from-here">{words}</p> })
    };
    move || match form.net.test.get() {
        Test::Failed(error) => refusal(error, "test-error").into_any(),
        Test::Done(tested) => view! { {steps(&tested)} {elsewhere()} {media(&tested)} }.into_any(),
        Test::None | Test::Running => {
            view! { <p class="faint empty">{t!("sheet.aside.untested")}</p> }.into_any()
        }
    }
}
