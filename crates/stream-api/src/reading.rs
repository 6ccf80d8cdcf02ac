//! Reading types that are flat on the wire: enums whose variant is named by a field, structs inside structs.
//!
//! serde's own `tag` and `flatten` read such a thing twice, first into a tree of anything and then from that tree,
//! and every type below gets its code for both ways. In the interface's wasm that was a sixth of the whole. Here the
//! fields of all variants are read as one struct of optional fields, whose order on the wire does not matter; writing
//! stays with serde.

use serde::de::Error;

/// A field of a variant, from what was read.
pub(crate) trait Given<T>: Sized {
    /// `None` when a needed field is missing.
    fn given(read: Option<T>) -> Option<Self>;
}

impl<T> Given<T> for T {
    fn given(read: Option<T>) -> Option<T> {
        read
    }
}

impl<T> Given<T> for Option<T> {
    fn given(read: Option<T>) -> Option<Option<T>> {
        Some(read)
    }
}

/// The field `name`, or an error that says that it is missing.
pub(crate) fn given<T, F: Given<T>, E: Error>(read: Option<T>, name: &'static str) -> Result<F, E> {
    F::given(read).ok_or_else(|| E::missing_field(name))
}

/// `Deserialize` for an enum that is written with `#[serde(tag = …)]`: its fields with their types (without `Option`,
/// those of equal names once), and every variant by its name on the wire. With `in Outer { field } beside { … }` also
/// for a struct that has the enum flattened into it.
///
/// A variant or field that is forgotten here does not compile.
macro_rules! read_tagged {
    (
        $Enum:ident by $tag:ident { $($slot:ident: $type:ty),* $(,)? }
        $(in $Outer:ident { $inner:ident } beside { $($beside:ident: $beside_type:ty),+ $(,)? })?
        $($wire:literal => $Variant:ident $({ $($field:ident),+ $(,)? })?),+ $(,)?
    ) => {
        const _: () = {
            #[derive(serde::Deserialize)]
            struct Flat {
                $tag: String,
                $($slot: Option<$type>,)*
                $($($beside: Option<$beside_type>,)+)?
            }

            impl Flat {
                fn variant<E: serde::de::Error>(self) -> Result<$Enum, E> {
                    match self.$tag.as_str() {
                        $($wire => Ok($Enum::$Variant $({
                            $($field: $crate::reading::given(self.$field, stringify!($field))?,)+
                        })?),)+
                        unknown => Err(E::unknown_variant(unknown, &[$($wire),+])),
                    }
                }
            }

            impl<'de> serde::Deserialize<'de> for $Enum {
                fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                    Flat::deserialize(from)?.variant()
                }
            }

            $(impl<'de> serde::Deserialize<'de> for $Outer {
                fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                    let mut flat = Flat::deserialize(from)?;
                    Ok($Outer {
                        $($beside: $crate::reading::given(flat.$beside.take(), stringify!($beside))?,)+
                        $inner: flat.variant()?,
                    })
                }
            })?

            /// Every variant is listed.
            const fn _all(it: &$Enum) {
                match it { $($Enum::$Variant { .. })|+ => {} }
            }
        };
    };
}

/// `Deserialize` for a struct that has another one flattened into it: the fields of the inner one, then its own, as
/// serde would be told of them.
///
/// A field that is forgotten here does not compile.
macro_rules! read_flat {
    (
        $Outer:ident { $inner:ident: $Inner:ident }
        { $($(#[$inner_meta:meta])* $inner_field:ident: $inner_type:ty,)+ }
        { $($(#[$meta:meta])* $field:ident: $type:ty,)+ }
    ) => {
        const _: () = {
            #[derive(serde::Deserialize)]
            struct Flat {
                $($(#[$inner_meta])* $inner_field: $inner_type,)+
                $($(#[$meta])* $field: $type,)+
            }

            impl<'de> serde::Deserialize<'de> for $Outer {
                fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                    let flat = Flat::deserialize(from)?;
                    Ok($Outer {
                        $inner: $Inner { $($inner_field: flat.$inner_field,)+ },
                        $($field: flat.$field,)+
                    })
                }
            }
        };
    };
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde_json::{from_str, to_string};

    #[derive(Debug, PartialEq, Serialize)]
    #[serde(tag = "type", rename_all = "snake_case")]
    enum Thing {
        Bare,
        Full { size: u32, colour: Option<String> },
    }
    read_tagged! {
        Thing by r#type { size: u32, colour: String }
        in Owned { thing } beside { id: u64, owner: String }
        "bare" => Bare,
        "full" => Full { size, colour },
    }

    #[derive(Debug, PartialEq, Serialize)]
    struct Owned {
        id: u64,
        owner: Option<String>,
        #[serde(flatten)]
        thing: Thing,
    }

    #[test]
    fn what_is_written_reads_back() -> serde_json::Result<()> {
        for thing in [Thing::Bare, Thing::Full { size: 1, colour: None }] {
            assert_eq!(from_str::<Thing>(&to_string(&thing)?)?, thing);
            let owned = Owned { id: 1, owner: None, thing };
            assert_eq!(from_str::<Owned>(&to_string(&owned)?)?, owned);
        }
        Ok(())
    }

    #[test]
    fn the_order_does_not_matter_and_what_is_unknown_is_left_out() -> serde_json::Result<()> {
        let full = Thing::Full { size: 2, colour: Some("red".to_owned()) };
        assert_eq!(from_str::<Thing>(r#"{"size":2,"new":[],"colour":"red","type":"full"}"#)?, full);
        assert_eq!(from_str::<Thing>(r#"{"type":"bare","size":2}"#)?, Thing::Bare);
        Ok(())
    }

    #[test]
    fn an_error_names_what_is_wrong() {
        let error = |json| from_str::<Thing>(json).expect_err("it is wrong").to_string();
        assert!(error(r#"{"type":"full"}"#).contains("missing field `size`"));
        assert!(error(r#"{"size":1}"#).contains("missing field `type`"));
        assert!(error(r#"{"type":"empty"}"#).contains("unknown variant `empty`, expected `bare` or `full`"));
        let owned = from_str::<Owned>(r#"{"type":"bare"}"#).expect_err("no id").to_string();
        assert!(owned.contains("missing field `id`"), "{owned}");
    }
}
