use serde::{Deserialize, Serialize};

use crate::{Code, Encoding, Error};

/// Settings that are kept under a name, to be applied to streams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preset {
    /// Unique.
    pub name: String,
    /// See [`Encoding::as_preset`].
    pub encoding: Encoding,
}

/// Whether settings may be kept under this name: 1 to 60 characters, with a letter or a digit among them.
///
/// # Errors
/// `preset_name_unfit`.
pub fn check_preset_name(name: &str) -> Result<(), Error> {
    let length = name.chars().count();
    let fits = (1..=60).contains(&length)
        && name.trim() == name
        && name.chars().any(char::is_alphanumeric)
        && !name.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(Error::new(Code::PresetNameUnfit).with("name", name)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_can_be_read() {
        for fine in ["720p", "Für die Halle / leise", "a"] {
            assert_eq!(check_preset_name(fine), Ok(()), "{fine}");
        }
        for unfit in ["", " a", "..", "a\nb", &"a".repeat(61)] {
            assert!(check_preset_name(unfit).is_err(), "{unfit}");
        }
    }
}
