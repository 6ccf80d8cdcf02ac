//! Fields that come from JSON as well as from a query, where everything is text.

/// A list: separated by commas on the wire; read from an array too.
pub(crate) mod list {
    use std::{
        fmt::{self, Display},
        str::FromStr,
    };

    use serde::{
        Deserializer, Serializer,
        de::{Error, SeqAccess, Visitor},
    };

    struct Parts;

    impl<'de> Visitor<'de> for Parts {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list, or text with commas")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Vec<String>, E> {
            Ok(text.split(',').map(str::to_owned).collect())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<String>, A::Error> {
            let mut parts = Vec::new();
            while let Some(part) = list.next_element()? {
                parts.push(part);
            }
            Ok(parts)
        }
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
        let parts = from.deserialize_any(Parts)?;
        let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
        parts.map(|part| part.parse().map_err(D::Error::custom)).collect()
    }
}

/// A number that may be absent or empty, or come as text.
pub(crate) mod number {
    use std::{
        fmt::{self, Display},
        str::FromStr,
    };

    use serde::{
        Deserializer, Serialize, Serializer,
        de::{Error, Visitor},
    };

    /// Its digits; empty without one.
    struct Digits;

    impl<'de> Visitor<'de> for Digits {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number")
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<String, E> {
            Ok(number.to_string())
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<String, E> {
            Ok(number.to_string())
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }

        fn visit_unit<E: Error>(self) -> Result<String, E> {
            Ok(String::new())
        }
    }

    pub(crate) fn serialize<T: Serialize, S: Serializer>(
        number: &Option<T>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        number.serialize(out)
    }

    pub(crate) fn deserialize<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        let digits = from.deserialize_any(Digits)?;
        (!digits.is_empty()).then(|| digits.parse().map_err(D::Error::custom)).transpose()
    }
}
