//! What a setting is: its names, default, limits and unit, each written down once.
//!
//! Experiment files, the command line, exports and reports take them from here. The settings
//! themselves are declared beside the types that they fill, by [`settings!`]; [`layer!`] makes of
//! them a part of an experiment file in which everything may be left out.

use std::fmt::Debug;

use etastar_model::{Activation, Block, Loss, Method, Norm, Parametrisation, Residual};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize};

/// A setting.
pub trait Setting: Sized + 'static {
    /// The type of its values.
    type Value: Bounded + Clone + Debug + PartialEq + Serialize + DeserializeOwned;

    /// Its key in an experiment file, with the tables around it: `protocol.threshold`.
    const KEY: &'static str;
    /// Its flag on the command line, without the dashes, and the name of the flag's value:
    /// `threshold ACCURACY`.
    const FLAG: &'static str;
    /// The unit of its values; empty where they have none.
    const UNIT: &'static str;
    /// What it is, in a sentence without a full stop.
    const HELP: &'static str;
    /// The values that it may have.
    const LIMITS: Limits;
    /// Whether a file may leave it out; the default then stands.
    const OPTIONAL: bool = false;

    /// The value where nothing else is said, if there is one.
    fn default_value() -> Option<Self::Value>;

    /// The key without the tables around it: its name in exports.
    fn name() -> &'static str {
        Self::KEY.rsplit('.').next().unwrap_or(Self::KEY)
    }

    /// Checks a value.
    ///
    /// # Errors
    /// What the value must be, if it is not within the limits.
    fn check(value: &Self::Value) -> Result<(), String> {
        let Limits {
            range,
            allows,
            least_entries,
        } = Self::LIMITS;
        if value.entries() < least_entries {
            return Err("must have at least one entry".to_owned());
        }
        match value.numbers().into_iter().find(|number| !allows(*number)) {
            None => Ok(()),
            Some(number) if Self::Value::LIST => {
                Err(format!("every entry must be {range}, not {number}"))
            }
            Some(number) => Err(format!("must be {range}, not {number}")),
        }
    }
}

/// The description of a setting, for lists of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Description {
    /// The name in exports.
    pub name: &'static str,
    /// The key in an experiment file, with the tables around it.
    pub key: &'static str,
    /// The unit; empty where there is none.
    pub unit: &'static str,
    /// The values that it may have; empty where all are allowed.
    pub limits: &'static str,
    /// The value where nothing else is said; null where there is none.
    pub default: serde_json::Value,
    /// Whether an experiment file may leave it out; the default then stands.
    pub optional: bool,
    /// What it is, in a sentence without a full stop.
    pub help: &'static str,
}

impl Description {
    pub(crate) fn describe<S: Setting>() -> Self {
        Self {
            name: S::name(),
            key: S::KEY,
            unit: S::UNIT,
            limits: S::LIMITS.range,
            default: serde_json::to_value(S::default_value()).unwrap_or_default(),
            optional: S::OPTIONAL,
            help: S::HELP,
        }
    }
}

/// The values that a setting may have.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The range in words, after "must be".
    pub range: &'static str,
    allows: fn(f64) -> bool,
    /// The least number of entries of a list.
    least_entries: usize,
}

impl Limits {
    /// Everything.
    pub const NONE: Self = Self::new("", |_| true);
    /// Counts.
    pub const AT_LEAST_ONE: Self = Self::new("at least 1", |value| value >= 1.0);
    /// Accuracies.
    pub const FRACTION: Self =
        Self::new("above 0 and at most 1", |value| value > 0.0 && value <= 1.0);
    /// Gains and learning rates.
    pub const POSITIVE: Self = Self::new("a positive number", |value| {
        value.is_finite() && value > 0.0
    });
    /// Shares of a moving average that it keeps.
    pub const BELOW_ONE: Self = Self::new("at least 0 and below 1", |value| {
        (0.0..1.0).contains(&value)
    });
    /// Relative learning rates and margins.
    pub const NOT_NEGATIVE: Self = Self::new("0 or a positive number", |value| {
        value.is_finite() && value >= 0.0
    });
    /// Powers of 2: beyond 100 octaves a rate leaves single precision.
    pub const OCTAVES: Self = Self::new("between -100 and 100", |value| value.abs() <= 100.0);
    /// Widths of a bracket in octaves: rates that are closer are the same number in `f32`.
    pub const FINE_ENOUGH: Self = Self::new("at least 1e-6 octaves", |value| {
        value.is_finite() && value >= 1e-6
    });

    const fn new(range: &'static str, allows: fn(f64) -> bool) -> Self {
        Self {
            range,
            allows,
            least_entries: 0,
        }
    }

    /// The same of every entry of a list that is not empty.
    pub const fn filled(self) -> Self {
        Self {
            least_entries: 1,
            ..self
        }
    }
}

/// A value whose numbers can be compared with limits.
pub trait Bounded {
    /// Whether it is a list.
    const LIST: bool = false;

    /// Its numbers.
    fn numbers(&self) -> Vec<f64> {
        Vec::new()
    }

    /// The entries of a list; 1 for what is none.
    fn entries(&self) -> usize {
        1
    }
}

impl Bounded for bool {}
impl Bounded for Loss {}
impl Bounded for Activation {}
impl Bounded for Residual {}
impl Bounded for Block {}
impl Bounded for Norm {}
impl Bounded for Parametrisation {}
impl Bounded for Method {}

impl Bounded for usize {
    fn numbers(&self) -> Vec<f64> {
        vec![*self as f64]
    }
}

impl Bounded for u64 {
    fn numbers(&self) -> Vec<f64> {
        vec![*self as f64]
    }
}

impl Bounded for f64 {
    fn numbers(&self) -> Vec<f64> {
        vec![*self]
    }
}

impl<T: Bounded> Bounded for Vec<T> {
    const LIST: bool = true;

    fn numbers(&self) -> Vec<f64> {
        self.iter().flat_map(T::numbers).collect()
    }

    fn entries(&self) -> usize {
        self.len()
    }
}

/// A setting that no layer of an experiment gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is set neither in the file nor in its `base`")]
pub struct Missing(pub &'static str);

/// The value of a setting within its limits, as it is read from a file: a value out of range is
/// an error at its line and column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Checked<S: Setting>(S::Value);

impl<'de, S: Setting> Deserialize<'de> for Checked<S> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read::<S, D>(from).map(Self)
    }
}

/// Reads a value within the limits of a setting.
pub(crate) fn read<'de, S: Setting, D: Deserializer<'de>>(from: D) -> Result<S::Value, D::Error> {
    let value = S::Value::deserialize(from)?;
    S::check(&value).map_err(D::Error::custom)?;
    Ok(value)
}

/// Whether a value is the default of its setting, and so need not be written.
pub(crate) fn is_default<S: Setting>(value: &S::Value) -> bool {
    S::default_value().as_ref() == Some(value)
}

/// The value of a setting that a layer gives, or the default of an optional one.
pub(crate) fn settled<S: Setting>(given: Option<Checked<S>>) -> Result<S::Value, Missing> {
    let default = S::default_value().filter(|_| S::OPTIONAL);
    let value = given.map(|checked| checked.0).or(default);
    value.ok_or(Missing(S::KEY))
}

/// Declares settings, each a type that implements [`Setting`], and a function that describes all
/// of them. A setting with `default` must be in the file, one with `optional` need not.
macro_rules! settings {
    ($(#[doc = $list_doc:literal])* $list:ident: $(
        #[doc = $help:literal]
        $setting:ident: $value:ty, $key:literal, $flag:literal, $unit:literal, $limits:expr
        $(, default $default:expr $(=> $optional:ident)?)?;
    )*) => {
        $(
            #[doc = $help]
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub struct $setting;

            impl $crate::setting::Setting for $setting {
                type Value = $value;
                const KEY: &'static str = $key;
                const FLAG: &'static str = $flag;
                const UNIT: &'static str = $unit;
                const HELP: &'static str = $help.trim_ascii();
                const LIMITS: $crate::setting::Limits = $limits;
                $($(const $optional: bool = true;)?)?

                fn default_value() -> Option<$value> {
                    None $(.or(Some($default)))?
                }
            }

            $(impl $setting { #[doc = "The default."] pub const DEFAULT: $value = $default; })?
        )*

        $(#[doc = $list_doc])*
        pub(crate) fn $list() -> Vec<$crate::setting::Description> {
            vec![$($crate::setting::Description::describe::<$setting>()),*]
        }
    };
}

/// Declares a layer: a table of an experiment file in which every setting may be left out. What
/// the upper of two layers says stands. With `=> Type` it can be settled into a type that has the
/// same fields, and that type's fields can be checked.
macro_rules! layer {
    ($(#[doc = $doc:literal])* $layer:ident { $($field:ident: $setting:ty,)* }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub(crate) struct $layer {
            $(pub(crate) $field: Option<$crate::setting::Checked<$setting>>,)*
        }

        impl $layer {
            /// These settings, and over them those of another layer.
            pub(crate) fn under(self, over: Self) -> Self {
                Self { $($field: over.$field.or(self.$field),)* }
            }
        }
    };
    ($(#[doc = $doc:literal])* $layer:ident => $settled:ident { $($field:ident: $setting:ty,)* }) => {
        $crate::setting::layer! { $(#[doc = $doc])* $layer { $($field: $setting,)* } }

        impl TryFrom<$layer> for $settled {
            type Error = $crate::setting::Missing;

            fn try_from(layer: $layer) -> Result<Self, Self::Error> {
                Ok(Self { $($field: $crate::setting::settled(layer.$field)?,)* })
            }
        }

        impl $settled {
            /// Checks every field; the error has the field's key and what it must be.
            #[allow(dead_code, reason = "not every layer is settled from outside of a file")]
            pub(crate) fn check_fields(&self) -> Result<(), (&'static str, String)> {
                use $crate::setting::Setting;
                $(<$setting>::check(&self.$field).map_err(|must| (<$setting>::KEY, must))?;)*
                Ok(())
            }
        }
    };
}

pub(crate) use {layer, settings};
