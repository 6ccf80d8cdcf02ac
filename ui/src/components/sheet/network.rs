//! What the form holds of a source that is no file.

use leptos::prelude::*;
use stream_api::{
    Conversion, Error, Fetch, NetworkSource, Secret, Source, SourceTested, Transport, split_address,
};

/// Which source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A video file.
    File,
    /// A camera or an address.
    Network,
    /// Whoever publishes.
    Incoming,
    /// The test pattern.
    TestPattern,
}

/// What is known of a network source.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    /// Not tested.
    None,
    /// Being tested.
    Running,
    /// How far it got.
    Done(Box<SourceTested>),
    /// It could not be tested.
    Failed(Error),
}

/// The fields.
#[derive(Clone, Copy)]
pub(crate) struct Net {
    pub kind: RwSignal<Kind>,
    pub url: RwSignal<String>,
    pub user: RwSignal<String>,
    /// Typed anew; what is kept is never shown.
    pub password: RwSignal<String>,
    pub on_demand: RwSignal<bool>,
    pub convert: RwSignal<bool>,
    pub fingerprint: RwSignal<String>,
    pub transport: RwSignal<Transport>,
    pub test: RwSignal<Test>,
    /// What has no field.
    rest: StoredValue<NetworkSource>,
}

impl Net {
    pub(crate) fn of(source: Option<&Source>) -> Net {
        let kind = match source {
            None | Some(Source::File { .. }) => Kind::File,
            Some(Source::Network(_)) => Kind::Network,
            Some(Source::Incoming) => Kind::Incoming,
            Some(Source::TestPattern) => Kind::TestPattern,
        };
        let rest = source.and_then(Source::network).cloned().unwrap_or_default();
        Net {
            kind: RwSignal::new(kind),
            url: RwSignal::new(rest.url.clone()),
            user: RwSignal::new(rest.user.clone().unwrap_or_default()),
            password: RwSignal::new(String::new()),
            on_demand: RwSignal::new(rest.when == Fetch::OnDemand),
            convert: RwSignal::new(rest.conversion == Conversion::WhereNeeded),
            fingerprint: RwSignal::new(rest.fingerprint.clone().unwrap_or_default()),
            transport: RwSignal::new(rest.transport),
            test: RwSignal::new(Test::None),
            rest: StoredValue::new(rest),
        }
    }

    /// What is wrong with the address.
    pub(crate) fn problem(self) -> Option<Error> {
        self.url.with(|url| split_address(url).err())
    }

    /// Whether it is encrypted, with a certificate.
    pub(crate) fn takes_fingerprint(self) -> bool {
        self.is_by(&["rtsps", "rtmps", "https", "wheps"])
    }

    /// Whether there is a choice of how its media comes.
    pub(crate) fn takes_transport(self) -> bool {
        self.is_by(&["rtsp", "rtsps"])
    }

    fn is_by(self, schemes: &[&str]) -> bool {
        self.url
            .with(|url| split_address(url).is_ok_and(|address| schemes.contains(&address.scheme.as_str())))
    }

    pub(crate) fn source(self) -> Source {
        let text =
            |signal: RwSignal<String>| Some(signal.get().trim().to_owned()).filter(|text| !text.is_empty());
        Source::Network(NetworkSource {
            url: self.url.get().trim().to_owned(),
            user: text(self.user),
            when: if self.on_demand.get() { Fetch::OnDemand } else { Fetch::Always },
            conversion: if self.convert.get() { Conversion::WhereNeeded } else { Conversion::Never },
            fingerprint: text(self.fingerprint),
            transport: self.transport.get(),
            ..self.rest.get_value()
        })
    }

    /// The password that was typed.
    pub(crate) fn typed(self) -> Option<Secret> {
        Some(self.password.get()).filter(|text| !text.is_empty()).map(Secret::new)
    }
}
