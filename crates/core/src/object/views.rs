//! How partial views of objects are declared.

/// Declares partial views of objects, which are only read: each field can be absent or `null`, and is named
/// as in the API. One declaration holds either views that borrow from their JSON, or views that own what they keep.
#[macro_export]
macro_rules! views {
    ($(
        $(#[$meta:meta])*
        $vis:vis struct $name:ident<'a> {
            $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $type:ty,)*
        }
    )+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, ::serde::Deserialize)]
        #[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'a"))]
        $vis struct $name<'a> {$(
            $(#[$field_meta])*
            #[serde(deserialize_with = "extreg_core::object::nullable")]
            $field_vis $field: $type,
        )*}
    )+};
    ($(
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $type:ty,)*
        }
    )+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, ::serde::Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        $vis struct $name {$(
            $(#[$field_meta])*
            #[serde(deserialize_with = "extreg_core::object::nullable")]
            $field_vis $field: $type,
        )*}
    )+};
}
