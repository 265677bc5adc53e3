use serde::{Deserialize, Serialize};

use super::NotMeasured;
use super::words::number;

/// Which input-layer rates a statistic looks at. In files `"slowest"`,
/// `"fastest"`, `"pooled"` or a number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub enum Rate {
    /// The least rate that was measured.
    Slowest,
    /// The largest rate that was measured.
    Fastest,
    /// All rates together.
    Pooled,
    /// This rate.
    At(f64),
}

/// A rate as files spell it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Named(Named),
    Number(f64),
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Named {
    Slowest,
    Fastest,
    Pooled,
}

impl From<Written> for Rate {
    fn from(written: Written) -> Self {
        match written {
            Written::Named(Named::Slowest) => Self::Slowest,
            Written::Named(Named::Fastest) => Self::Fastest,
            Written::Named(Named::Pooled) => Self::Pooled,
            Written::Number(rate) => Self::At(rate),
        }
    }
}

impl From<Rate> for Written {
    fn from(rate: Rate) -> Self {
        match rate {
            Rate::Slowest => Self::Named(Named::Slowest),
            Rate::Fastest => Self::Named(Named::Fastest),
            Rate::Pooled => Self::Named(Named::Pooled),
            Rate::At(rate) => Self::Number(rate),
        }
    }
}

impl Rate {
    /// The one rate that is meant among those measured, or `None` for all.
    pub(crate) fn among(self, measured: &[f64]) -> Result<Option<f64>, NotMeasured> {
        let none = NotMeasured::NoCells("any input-layer rate");
        let all = measured.iter().copied();
        match self {
            Self::Pooled if measured.is_empty() => Err(none),
            Self::Pooled => Ok(None),
            Self::Slowest => all.min_by(f64::total_cmp).map(Some).ok_or(none),
            Self::Fastest => all.max_by(f64::total_cmp).map(Some).ok_or(none),
            Self::At(rate) if measured.contains(&rate) => Ok(Some(rate)),
            Self::At(rate) => Err(NotMeasured::NoSuchRate(rate)),
        }
    }

    /// In words.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Slowest => "slowest input layer".to_owned(),
            Self::Fastest => "fastest input layer".to_owned(),
            Self::Pooled => "all input rates".to_owned(),
            Self::At(rate) => format!("input rate {}", number(rate)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_form_reads_back() {
        for (value, rate) in [
            (json!("slowest"), Rate::Slowest),
            (json!("fastest"), Rate::Fastest),
            (json!("pooled"), Rate::Pooled),
            (json!(0.1), Rate::At(0.1)),
        ] {
            assert_eq!(serde_json::from_value::<Rate>(value.clone()).unwrap(), rate);
            assert_eq!(serde_json::to_value(rate).unwrap(), value);
        }
        assert_eq!(
            serde_json::from_value::<Rate>(json!(1)).unwrap(),
            Rate::At(1.0)
        );
        assert!(serde_json::from_value::<Rate>(json!("slow")).is_err());
    }

    #[test]
    fn chosen_among_those_measured() {
        let measured = [0.1, 0.01, 1.0];
        assert_eq!(Rate::Slowest.among(&measured), Ok(Some(0.01)));
        assert_eq!(Rate::Fastest.among(&measured), Ok(Some(1.0)));
        assert_eq!(Rate::Pooled.among(&measured), Ok(None));
        assert_eq!(Rate::At(0.1).among(&measured), Ok(Some(0.1)));
        assert_eq!(
            Rate::At(0.5).among(&measured),
            Err(NotMeasured::NoSuchRate(0.5))
        );
        assert!(Rate::Slowest.among(&[]).is_err() && Rate::Pooled.among(&[]).is_err());
    }
}
