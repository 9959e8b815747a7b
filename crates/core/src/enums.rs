//! Enums whose variants have texts.

/// Declares an enum with the texts of its variants beside them, one or two for each, the functions that return them,
/// and `ALL`.
#[macro_export]
macro_rules! vocabulary {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $($(#[$doc:meta])* $variant:ident => $text:literal,)+
        }
        $(#[$text_doc:meta])*
        $text_vis:vis fn $texts:ident;
    ) => {
        $crate::vocabulary! { @enum $(#[$meta])* $vis $name { $($(#[$doc])* $variant)+ } }

        impl $name {
            $(#[$text_doc])*
            $text_vis const fn $texts(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }
        }
    };
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $($(#[$doc:meta])* $variant:ident => $text:literal, $other:literal;)+
        }
        $(#[$text_doc:meta])*
        $text_vis:vis fn $texts:ident;
        $(#[$other_doc:meta])*
        $other_vis:vis fn $others:ident;
    ) => {
        $crate::vocabulary! {
            $(#[$meta])*
            $vis enum $name { $($(#[$doc])* $variant => $text,)+ }
            $(#[$text_doc])*
            $text_vis fn $texts;
        }

        impl $name {
            $(#[$other_doc])*
            $other_vis const fn $others(self) -> &'static str {
                match self {
                    $(Self::$variant => $other),+
                }
            }
        }
    };
    (@enum $(#[$meta:meta])* $vis:vis $name:ident { $($(#[$doc:meta])* $variant:ident)+ }) => {
        $(#[$meta])*
        $vis enum $name {
            $($(#[$doc])* $variant),+
        }

        impl $name {
            /// Every one, in order.
            $vis const ALL: [Self; [$(stringify!($variant)),+].len()] = [$(Self::$variant),+];
        }
    };
}
