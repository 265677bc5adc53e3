//! Choices that have a name: in files, on the command line, in stores.

use thiserror::Error;

/// No choice of a kind has this name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no {kind} '{name}': use {}", or(.known))]
pub struct UnknownName {
    kind: &'static str,
    name: String,
    known: &'static [&'static str],
}

impl UnknownName {
    pub(crate) fn new(kind: &'static str, name: &str, known: &'static [&'static str]) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            known,
        }
    }
}

fn or(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// Gives every variant of an enum its name, by which it is read and written.
macro_rules! names {
    ($type:ident, $kind:literal: $($variant:ident = $name:literal),+ $(,)?) => {
        impl $type {
            /// Its name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::names::UnknownName;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                match name {
                    $($name => Ok(Self::$variant),)+
                    _ => Err($crate::names::UnknownName::new($kind, name, &[$($name),+])),
                }
            }
        }

        impl TryFrom<String> for $type {
            type Error = $crate::names::UnknownName;

            fn try_from(name: String) -> Result<Self, Self::Error> {
                name.parse()
            }
        }

        impl From<$type> for String {
            fn from(one: $type) -> Self {
                one.as_str().to_owned()
            }
        }
    };
}

pub(crate) use names;
