//! Builds and BuildRuns of Shipwright (`shipwright.io/v1beta1` and `v1alpha1`): the fields of both
//! versions, as only the kind is known of an item of a list.

use std::fmt;

use extreg_core::object::nullable;
use extreg_core::object::{LocalReference, Text};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use super::pod::Volume;
use super::stream::Condition;
use super::{List, Metadata};

/// A Build or a BuildRun.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct ShipwrightView<'a> {
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) metadata: Metadata<'a>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) spec: ShipwrightSpec<'a>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) status: ShipwrightStatus<'a>,
}

/// `spec` of a Build, of a BuildRun, or of the Build that a BuildRun contains.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct ShipwrightSpec<'a> {
    #[serde(borrow)]
    pub(in crate::read) output: Option<Output<'a>>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) source: Source<'a>,
    /// `v1alpha1` only.
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) builder: Image<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) volumes: List<Volume<'a>>,
    /// Of a BuildRun: the Build that is run, or an embedded one.
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) build: Reference<'a>,
    /// The same in `v1alpha1`.
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) build_ref: LocalReference<'a>,
    /// The same in `v1alpha1`.
    #[serde(borrow)]
    pub(in crate::read) build_spec: Option<Box<Self>>,
    #[serde(borrow, default)]
    pub(in crate::read) service_account: Account<'a>,
}

/// `spec.build` of a BuildRun.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct Reference<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) name: Text<'a>,
    #[serde(borrow)]
    pub(in crate::read) spec: Option<Box<ShipwrightSpec<'a>>>,
}

/// `output`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct Output<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) image: Text<'a>,
    /// The secret's name itself, not an object with it.
    #[serde(borrow)]
    pub(in crate::read) push_secret: Option<Text<'a>>,
    /// The same in `v1alpha1`.
    #[serde(borrow)]
    pub(in crate::read) credentials: Option<LocalReference<'a>>,
}

/// `source`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct Source<'a> {
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) oci_artifact: Image<'a>,
    /// The same in `v1alpha1`.
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) bundle_container: Image<'a>,
}

/// A place that names an image to pull.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are those of the API")]
pub(in crate::read) struct Image<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) image: Text<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) pull_secret: Text<'a>,
    /// The same in `v1alpha1`.
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) credentials: LocalReference<'a>,
}

/// `serviceAccount`: a name, in `v1alpha1` an object with it.
#[derive(Clone, Debug, Default)]
pub(in crate::read) struct Account<'a>(pub(in crate::read) Text<'a>);

/// `status` of a BuildRun.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct ShipwrightStatus<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) conditions: List<Condition<'a>>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) output: StatusOutput<'a>,
}

/// `status.output` of a BuildRun.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct StatusOutput<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) digest: Text<'a>,
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
