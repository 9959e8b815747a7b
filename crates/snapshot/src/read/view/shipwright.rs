//! Builds and BuildRuns of Shipwright (`shipwright.io/v1beta1` and `v1alpha1`): the fields of both
//! versions, as only the kind is known of an item of a list.

use std::fmt;

use extreg_core::object::{LocalReference, Text};
use extreg_core::views;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use super::pod::Volume;
use super::stream::Condition;
use super::{List, Metadata};

views! {
    /// A Build or a BuildRun.
    pub(in crate::read) struct ShipwrightView<'a> {
        pub(in crate::read) metadata: Metadata<'a>,
        pub(in crate::read) spec: ShipwrightSpec<'a>,
        pub(in crate::read) status: ShipwrightStatus<'a>,
    }

    /// `spec` of a Build, of a BuildRun, or of the Build that a BuildRun contains.
    pub(in crate::read) struct ShipwrightSpec<'a> {
        pub(in crate::read) output: Option<Output<'a>>,
        pub(in crate::read) source: Source<'a>,
        /// `v1alpha1` only.
        pub(in crate::read) builder: Image<'a>,
        pub(in crate::read) volumes: List<Volume<'a>>,
        /// Of a BuildRun: the Build that is run, or an embedded one.
        pub(in crate::read) build: Reference<'a>,
        /// The same in `v1alpha1`.
        pub(in crate::read) build_ref: LocalReference<'a>,
        /// The same in `v1alpha1`.
        pub(in crate::read) build_spec: Option<Box<Self>>,
        pub(in crate::read) service_account: Account<'a>,
    }

    /// `spec.build` of a BuildRun.
    pub(in crate::read) struct Reference<'a> {
        pub(in crate::read) name: Text<'a>,
        pub(in crate::read) spec: Option<Box<ShipwrightSpec<'a>>>,
    }

    /// `output`.
    pub(in crate::read) struct Output<'a> {
        pub(in crate::read) image: Text<'a>,
        /// The secret's name itself, not an object with it.
        pub(in crate::read) push_secret: Option<Text<'a>>,
        /// The same in `v1alpha1`.
        pub(in crate::read) credentials: Option<LocalReference<'a>>,
    }

    /// `source`.
    pub(in crate::read) struct Source<'a> {
        pub(in crate::read) oci_artifact: Image<'a>,
        /// The same in `v1alpha1`.
        pub(in crate::read) bundle_container: Image<'a>,
    }

    /// A place that names an image to pull.
    #[expect(clippy::struct_field_names, reason = "the names are those of the API")]
    pub(in crate::read) struct Image<'a> {
        pub(in crate::read) image: Text<'a>,
        pub(in crate::read) pull_secret: Text<'a>,
        /// The same in `v1alpha1`.
        pub(in crate::read) credentials: LocalReference<'a>,
    }
}

/// `serviceAccount`: a name, in `v1alpha1` an object with it.
#[derive(Clone, Debug, Default)]
pub(in crate::read) struct Account<'a>(pub(in crate::read) Text<'a>);

views! {
    /// `status` of a BuildRun.
    pub(in crate::read) struct ShipwrightStatus<'a> {
        pub(in crate::read) conditions: List<Condition<'a>>,
        pub(in crate::read) output: StatusOutput<'a>,
    }

    /// `status.output` of a BuildRun.
    pub(in crate::read) struct StatusOutput<'a> {
        pub(in crate::read) digest: Text<'a>,
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Account<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AccountVisitor).map(Self)
    }
}

struct AccountVisitor;

impl<'de> Visitor<'de> for AccountVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of an account")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(text.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(text.to_owned().into())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Text::default())
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut account = Text::default();
        while let Some(key) = map.next_key::<Text<'de>>()? {
            if key.as_str() == "name" {
                account = map.next_value()?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(account)
    }
}
