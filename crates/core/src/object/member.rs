//! Members that are JSON objects.
//!
//! A derived `Deserialize` also accepts a list, its elements as the fields in their order. OpenShift's decoders do not,
//! and a patch of such a member cannot be applied: it is a wrong type like any other.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::annotations::Annotations;
use super::text::{Pairs, Text, nullable};

/// A value that is read from an object only.
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Self::Value, M::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// A member of a view that can be stored and read again.
pub(super) trait Member<'de>: Sized {
    /// Reads it; `null` reads as an absent one.
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;

    /// Whether it has nothing to store.
    fn is_absent(&self) -> bool {
        false
    }
}

/// An object.
impl<'de, T: Deserialize<'de>> Member<'de> for Option<T> {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = Option::<Object<T>>::deserialize(deserializer)?;
        Ok(object.map(|Object(value)| value))
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<'de> Member<'de> for bool {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        nullable(deserializer)
    }
}

macro_rules! texts {
    ($($type:ident)+) => {$(
        impl<'de: 'a, 'a> Member<'de> for $type<'a> {
            fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::deserialize(deserializer)
            }

            fn is_absent(&self) -> bool {
                self.is_empty()
            }
        }
    )+};
}

texts! { Text Pairs Annotations }

/// Declares objects whose fields are members, named as in the API.
macro_rules! members {
    ($(
        $(#[$meta:meta])*
        pub struct $name:ident<'a> {
            $($(#[$field_meta:meta])* pub $field:ident: $type:ty,)*
        }
    )+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, Deserialize, Serialize)]
        #[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
        pub struct $name<'a> {$(
            $(#[$field_meta])*
            #[serde(deserialize_with = "Member::read", skip_serializing_if = "Member::is_absent")]
            pub $field: $type,
        )*}

        impl<'de: 'a, 'a> Member<'de> for $name<'a> {
            fn read<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Option::<Self>::read(deserializer).map(Option::unwrap_or_default)
            }
        }
    )+};
}

pub(super) use members;
