//! What the table of codes makes of each of its rows.

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $wire:literal $(, $action:ident)?
        $(=> [$($program:ident $line:literal),+ $(,)?])?;)+) => {
        /// What went wrong, for programs. The words are `error.CODE` and `error.CODE.hint` in `locales/`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
        pub enum Code {
            $($(#[doc = $doc])+ #[serde(rename = $wire)] $name,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Code] = &[$(Code::$name),+];

            /// As on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$name => $wire),+ }
            }

            /// What is wrong: words with `{placeholders}`.
            pub const fn message(self) -> &'static str {
                match self { $(Code::$name => const { words::must(concat!("error.", $wire)) }),+ }
            }

            /// What cures it: words with `{placeholders}`.
            pub const fn hint(self) -> &'static str {
                match self { $(Code::$name => const { words::must(concat!("error.", $wire, ".hint")) }),+ }
            }

            /// The one click that helps, where there is one.
            pub const fn action(self) -> Option<FaultAction> {
                match self { $(Code::$name => codes!(@action $($action)?)),+ }
            }

            /// The lines by which it is recognised. Empty for an error of a request or of the program itself;
            /// the others are faults: something outside is wrong, and a person reads about it.
            pub const fn signs(self) -> &'static [Sign] {
                match self {
                    $(Code::$name => &[$($(Sign { program: Program::$program, line: $line }),+)?]),+
                }
            }
        }
    };
    (@action) => { None };
    (@action $action:ident) => { Some(FaultAction::$action) };
}
