//! What every parsed string has in common, written once.

/// Gives a string newtype with a `parse` function its everyday traits:
/// `FromStr`, `TryFrom<String>`, `Into<String>`, `Display`, `AsRef<str>`.
/// Serde goes through `TryFrom`, so that the wire cannot bypass the rule.
macro_rules! parsed_string {
    ($type:ident, $error:ty) => {
        impl $type {
            /// The text as it was parsed.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $type {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $type {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> String {
                value.0
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// Gives a fieldless enum its stored name, its console label, the list of all
/// its values and its everyday traits. `parse` takes the stored name only.
macro_rules! named_enum {
    (
        $(#[$meta:meta])*
        pub enum $type:ident ($what:literal) {
            $( $(#[$variant_meta:meta])* $variant:ident = $name:literal, $label:literal; )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum $type {
            $( $(#[$variant_meta])* $variant, )+
        }

        impl $type {
            /// Every value, in the order in which the console offers them.
            pub const ALL: &'static [Self] = &[$( Self::$variant, )+];

            /// The name it has in the database, in the API and in forms.
            pub fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )+ }
            }

            /// The label it has in the console.
            pub fn label(self) -> &'static str {
                match self { $( Self::$variant => $label, )+ }
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::text::UnknownName;

            fn from_str(text: &str) -> Result<Self, $crate::text::UnknownName> {
                match text {
                    $( $name => Ok(Self::$variant), )+
                    _ => Err($crate::text::UnknownName {
                        what: $what,
                        given: text.chars().take(64).collect(),
                        allowed: &[$( $name, )+],
                    }),
                }
            }
        }

        impl TryFrom<String> for $type {
            type Error = $crate::text::UnknownName;

            fn try_from(text: String) -> Result<Self, $crate::text::UnknownName> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> String {
                value.name().to_owned()
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.label())
            }
        }
    };
}

pub(crate) use named_enum;
pub(crate) use parsed_string;
