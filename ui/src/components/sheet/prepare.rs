//! Whether a stream is to be sent from a prepared file.

use leptos::prelude::*;
use stream_api::{Encoding, Playback, PreparedReport, ProbeReport, Remark, RemarkCode, Setting, t};

use crate::components::sheet::{
    form::{Form, Probe},
    network::Kind,
};

/// Seconds. A file that is no longer is prepared unless somebody says otherwise: it takes some minutes at most.
const SHORT: f64 = 1800.0;

impl Form {
    /// What a prepared file would gain; nothing for what does not loop a file.
    pub(crate) fn gains(self) -> Vec<Remark> {
        match self.probe.get() {
            Probe::Done(report) if self.may_prepare() => report.plan.gains,
            _ => Vec::new(),
        }
    }

    /// As [`stream_api::StreamSpec::may_prepare`], of what is in the form.
    fn may_prepare(self) -> bool {
        let loops = self.net.kind.get() == Kind::File && self.playback.get() == Playback::Loop;
        loops && self.settings.chosen.with(Encoding::may_prepare)
    }

    /// Whether it is to be sent from a prepared file: as was chosen, else where that spares much and takes little.
    pub(crate) fn prepares(self) -> bool {
        let short = match self.probe.get() {
            Probe::Done(report) => report.media.duration.is_some_and(|seconds| seconds <= SHORT),
            _ => false,
        };
        let chosen = self.prepare.get();
        self.may_prepare()
            && chosen
                .unwrap_or_else(|| short && self.gains().iter().any(|g| g.code == RemarkCode::GainsProcessor))
    }

    /// What keeps a file from being prepared that is encoded while it loops.
    fn unprepared(self) -> Option<Setting> {
        let loops = self.net.kind.get() == Kind::File && self.playback.get() == Playback::Loop;
        match self.probe.get() {
            Probe::Done(report) if loops && report.plan.encodes_video => {
                self.settings.chosen.with(Encoding::unprepared)
            }
            _ => None,
        }
    }

    /// How the prepared file would be sent, where it is to be sent from one.
    pub(crate) fn prepared(self, report: &ProbeReport) -> Option<PreparedReport> {
        report.prepared.as_deref().filter(|_| self.prepares()).cloned()
    }
}

/// The switch, with what it gains; or why there is none.
pub(crate) fn prepare(form: Form) -> impl IntoView {
    let gains = Memo::new(move |_| form.gains());
    let hint = move || {
        let lines: Vec<String> = gains.get().into_iter().map(|gain| gain.message).collect();
        format!("{} {}", lines.join(" "), t!("prepare.how"))
    };
    let unprepared = Memo::new(move |_| form.unprepared());
    move || {
        if let Some(setting) = unprepared.get() {
            let words = t!("prepare.unfit", setting = setting.label());
            return Some(
                view! { <p class="faint small-print" data-testid="unprepared">{words}</p> }.into_any(),
            );
        }
        (!gains.with(Vec::is_empty)).then(|| {
            view! {
                <label class="switch">
                    <input
                        type="checkbox"
                        role="switch"
                        id="prepare"
                        prop:checked=move || form.prepares()
                        on:change=move |event| form.prepare.set(Some(event_target_checked(&event)))
                    />
                    <i aria-hidden="true"></i>
                    <span><b>{t!("prepare.switch")}</b><small data-testid="prepare-hint">{hint}</small></span>
                </label>
            }
            .into_any()
        })
    }
}
