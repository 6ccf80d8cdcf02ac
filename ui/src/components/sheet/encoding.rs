//! What the form holds of how a file is sent.

use leptos::prelude::*;
use stream_api::{Encoding, Error, Setting};

use crate::components::sheet::{form::Form, network::Kind};

/// The choices, and what was typed that is no number.
#[derive(Clone, Copy)]
pub(crate) struct Settings {
    pub chosen: RwSignal<Encoding>,
    unread: RwSignal<Vec<(Setting, String)>>,
}

impl Settings {
    pub(crate) fn of(encoding: Encoding) -> Settings {
        Settings { chosen: RwSignal::new(encoding), unread: RwSignal::new(Vec::new()) }
    }

    /// As typed, or as it is stored.
    pub(crate) fn text(self, setting: Setting) -> String {
        let typed =
            self.unread.with(|all| all.iter().find(|(of, _)| *of == setting).map(|(_, text)| text.clone()));
        typed.unwrap_or_else(|| self.chosen.with(|encoding| shown(setting, number(encoding, setting))))
    }

    /// Takes what was typed; nothing is automatic.
    pub(crate) fn type_in(self, setting: Setting, text: &str) {
        self.unread.update(|all| all.retain(|(of, _)| *of != setting));
        let text = text.trim();
        match read(setting, text) {
            None if !text.is_empty() => self.unread.update(|all| all.push((setting, text.to_owned()))),
            read => self.chosen.update(|encoding| {
                if let Some(slot) = slot(encoding, setting) {
                    *slot = read;
                }
            }),
        }
    }

    /// Takes the settings of a preset.
    pub(crate) fn take(self, preset: &Encoding) {
        self.unread.set(Vec::new());
        self.chosen.update(|encoding| *encoding = encoding.by_preset(preset));
    }

    /// Everything is automatic again.
    pub(crate) fn reset(self) {
        self.unread.set(Vec::new());
        self.chosen.set(Encoding::default());
    }

    fn unread_problems(self) -> Vec<(Setting, Error)> {
        self.unread.with(|all| all.iter().map(|(of, _)| (*of, of.unfit())).collect())
    }
}

impl Form {
    /// As [`stream_api::StreamSpec::takes_settings`], of what is in the form.
    pub(crate) fn takes_settings(self) -> bool {
        match self.net.kind.get() {
            Kind::File => true,
            Kind::Network => {
                self.net.convert.get() && !self.net.on_demand.get() && self.server.get().is_bundled()
            }
            Kind::Incoming | Kind::TestPattern => false,
        }
    }

    /// How it is to be sent.
    pub(crate) fn encoding(self) -> Encoding {
        match (self.takes_settings(), self.net.kind.get()) {
            (false, _) => Encoding::default(),
            (true, Kind::File) => self.settings.chosen.get(),
            (true, _) => self.settings.chosen.with(Encoding::of_live),
        }
    }

    /// Everything that is wrong with how it is to be sent.
    pub(crate) fn setting_problems(self) -> Vec<(Setting, Error)> {
        if !self.takes_settings() {
            return Vec::new();
        }
        let mut problems = self.settings.unread_problems();
        problems.extend(self.encoding().problems(self.playback.get()));
        match self.net.kind.get() {
            Kind::File => problems.extend(self.unpublished()),
            // It has no field for these.
            _ => problems.retain(|(of, _)| !matches!(of, Setting::Start | Setting::End)),
        }
        problems.extend(self.forbidden());
        problems
    }

    /// That FFmpeg's own arguments are set at the desktop alone.
    fn forbidden(self) -> Option<(Setting, Error)> {
        if self.app.is_desktop() || self.settings.chosen.with(|encoding| encoding.extra.is_empty()) {
            return None;
        }
        let (before, source) = (self.original().map(|stream| stream.spec), self.source());
        let check = |encoding: &Encoding| encoding.check_extra(&source, before.as_ref());
        Some((Setting::Extra, self.settings.chosen.with(check).err()?))
    }

    /// That its server does not take it as it is to be published.
    fn unpublished(self) -> Option<(Setting, Error)> {
        let (by, of) = (self.settings.chosen.with(|encoding| encoding.publish), self.server.get());
        let server = self.app.world.server;
        let error = server.with(|server| by.check(of, &server.as_ref()?.settings).err())?;
        Some((Setting::Publish, error))
    }
}

fn slot(encoding: &mut Encoding, setting: Setting) -> Option<&mut Option<u32>> {
    Some(match setting {
        Setting::Bitrate => &mut encoding.kilobits,
        Setting::Quality => &mut encoding.quality,
        Setting::Height => &mut encoding.height,
        Setting::Fps => &mut encoding.fps,
        Setting::Keyframes => &mut encoding.keyframes,
        Setting::AudioBitrate => &mut encoding.audio_kilobits,
        Setting::Volume => &mut encoding.volume,
        Setting::Start => &mut encoding.start,
        Setting::End => &mut encoding.end,
        _ => return None,
    })
}

fn number(encoding: &Encoding, setting: Setting) -> Option<u32> {
    slot(&mut encoding.clone(), setting).and_then(|slot| *slot)
}

/// Megabits for a bitrate, `1:02.5` for a time.
fn read(setting: Setting, text: &str) -> Option<u32> {
    let decimal = |text: &str| text.replace(',', ".").parse::<f64>().ok().filter(|number| *number >= 0.0);
    match setting {
        Setting::Bitrate => decimal(text).map(|megabits| (megabits * 1000.0).round() as u32),
        Setting::Start | Setting::End => {
            let parts = text.split(':').map(decimal).collect::<Option<Vec<f64>>>()?;
            let seconds = parts.iter().fold(0.0, |sum, part| sum * 60.0 + part);
            (parts.len() <= 3).then_some((seconds * 1000.0).round() as u32)
        }
        _ => text.parse().ok(),
    }
}

fn shown(setting: Setting, number: Option<u32>) -> String {
    let Some(number) = number else { return String::new() };
    match setting {
        Setting::Bitrate => (f64::from(number) / 1000.0).to_string(),
        Setting::Start | Setting::End => {
            let (minutes, seconds) = (number / 60_000, f64::from(number % 60_000) / 1000.0);
            let seconds = if seconds < 10.0 { format!("0{seconds}") } else { seconds.to_string() };
            format!("{minutes}:{seconds}")
        }
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (setting, text, stored, again) in [
            (Setting::Bitrate, "2.5", Some(2500), "2.5"),
            (Setting::Bitrate, "0,3", Some(300), "0.3"),
            (Setting::Bitrate, "fast", None, ""),
            (Setting::Fps, "25", Some(25), "25"),
            (Setting::Fps, "-1", None, ""),
            (Setting::Start, "1:02.5", Some(62_500), "1:02.5"),
            (Setting::Start, "75", Some(75_000), "1:15"),
            (Setting::End, "1:00:00", Some(3_600_000), "60:00"),
            (Setting::End, "1:2:3:4", None, ""),
            (Setting::Volume, "", None, ""),
        ] {
            assert_eq!(read(setting, text), stored, "{text}");
            assert_eq!(shown(setting, stored), again, "{text}");
        }
    }
}
