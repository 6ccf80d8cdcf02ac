//! Fields that come from JSON as well as from a query, where everything is text.

/// A list: separated by commas on the wire; read from an array too.
pub(crate) mod list {
    use std::{fmt::Display, str::FromStr};

    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Wire {
        Text(String),
        Many(Vec<String>),
    }

    pub(crate) fn serialize<T: Display, S: Serializer>(list: &[T], out: S) -> Result<S::Ok, S::Error> {
        let parts: Vec<String> = list.iter().map(ToString::to_string).collect();
        out.serialize_str(&parts.join(","))
    }

    pub(crate) fn deserialize<'de, T, D>(from: D) -> Result<Vec<T>, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        let parts: Vec<String> = match Wire::deserialize(from)? {
            Wire::Text(text) => text.split(',').map(str::to_owned).collect(),
            Wire::Many(parts) => parts,
        };
        let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
        parts.map(|part| part.parse().map_err(D::Error::custom)).collect()
    }
}

/// A number that may be absent or empty, or come as text.
pub(crate) mod number {
    use std::{fmt::Display, str::FromStr};

    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Wire<T> {
        Number(T),
        Text(String),
    }

    pub(crate) fn serialize<T: Serialize, S: Serializer>(
        number: &Option<T>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        number.serialize(out)
    }

    pub(crate) fn deserialize<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
    where
        T: Deserialize<'de> + FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        Ok(match Option::<Wire<T>>::deserialize(from)? {
            None => None,
            Some(Wire::Number(number)) => Some(number),
            Some(Wire::Text(text)) if text.is_empty() => None,
            Some(Wire::Text(text)) => Some(text.parse().map_err(D::Error::custom)?),
        })
    }
}
