//! Rules and verdicts: when a number supports a criterion, and when it contradicts it.

use serde::{Deserialize, Serialize};

use crate::dataset::number;
use crate::effect::Effect;

/// What a statistic has to satisfy, in its unit. In files: `{ at_least = x }`,
/// `{ at_most = x }`, `{ differs_from = x, margin = m }` or
/// `{ near = x, margin = m }`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub enum Rule {
    /// To be no less than the number.
    AtLeast(f64),
    /// To be no more than the number.
    AtMost(f64),
    /// To be another number than this.
    DiffersFrom {
        /// The number.
        number: f64,
        /// Distance within which a difference would not matter.
        margin: f64,
    },
    /// To be this number, within the margin.
    Near {
        /// The number.
        number: f64,
        /// Largest distance from it.
        margin: f64,
    },
}

impl Rule {
    /// The rule in words.
    pub fn words(&self) -> String {
        match *self {
            Self::AtLeast(least) => format!("at least {}", number(least)),
            Self::AtMost(most) => format!("at most {}", number(most)),
            Self::DiffersFrom {
                number: from,
                margin,
            } => format!(
                "differs from {} (a difference of at most {} counts as none)",
                number(from),
                number(margin)
            ),
            Self::Near {
                number: centre,
                margin,
            } => {
                format!("within {} of {}", number(margin), number(centre))
            }
        }
    }
}

/// The rule as files spell it.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Fields {
    #[serde(skip_serializing_if = "Option::is_none")]
    at_least: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_most: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    differs_from: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    near: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    margin: Option<f64>,
}

impl TryFrom<Fields> for Rule {
    type Error = String;

    fn try_from(fields: Fields) -> Result<Self, String> {
        let numbers = [
            fields.at_least,
            fields.at_most,
            fields.differs_from,
            fields.near,
            fields.margin,
        ];
        if let Some(senseless) = numbers.iter().flatten().find(|x| !x.is_finite()) {
            return Err(format!("a rule's numbers must be finite, not {senseless}"));
        }
        if let Some(margin) = fields.margin.filter(|margin| *margin < 0.0) {
            return Err(format!(
                "`margin` must be 0 or a positive number, not {margin}"
            ));
        }
        match numbers {
            [Some(least), None, None, None, None] => Ok(Self::AtLeast(least)),
            [None, Some(most), None, None, None] => Ok(Self::AtMost(most)),
            [None, None, Some(number), None, Some(margin)] => {
                Ok(Self::DiffersFrom { number, margin })
            }
            [None, None, None, Some(number), Some(margin)] => Ok(Self::Near { number, margin }),
            _ => Err("a rule is one of `{ at_least = x }`, `{ at_most = x }`, \
                      `{ differs_from = x, margin = m }`, `{ near = x, margin = m }`"
                .to_owned()),
        }
    }
}

impl From<Rule> for Fields {
    fn from(rule: Rule) -> Self {
        let none = Self::default();
        match rule {
            Rule::AtLeast(least) => Self {
                at_least: Some(least),
                ..none
            },
            Rule::AtMost(most) => Self {
                at_most: Some(most),
                ..none
            },
            Rule::DiffersFrom { number, margin } => Self {
                differs_from: Some(number),
                margin: Some(margin),
                ..none
            },
            Rule::Near { number, margin } => Self {
                near: Some(number),
                margin: Some(margin),
                ..none
            },
        }
    }
}

/// What a criterion came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// All values that the interval leaves possible satisfy the rule.
    Supported,
    /// None does.
    Contradicted,
    /// Some do and some do not, or there is no interval.
    Unclear,
    /// The statistic was not computed.
    NotMeasured,
}

impl Verdict {
    /// All of them, best first.
    pub const ALL: [Self; 4] = [
        Self::Supported,
        Self::Contradicted,
        Self::Unclear,
        Self::NotMeasured,
    ];

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::Contradicted => "contradicted",
            Self::Unclear => "unclear",
            Self::NotMeasured => "not measured",
        }
    }

    /// Whether an effect satisfies a rule. With the interval `[low, high]`:
    ///
    /// | rule | supported | contradicted |
    /// |---|---|---|
    /// | at least `x` | `low >= x` | `high < x` |
    /// | at most `x` | `high <= x` | `low > x` |
    /// | differs from `x`, margin `m` | `x` outside the interval | else, if the interval lies within `x ± m` |
    /// | near `x`, margin `m` | the interval lies within `x ± m` | the two are disjoint |
    ///
    /// Everything else is unclear. A number that is exact is its own
    /// interval; one that is not, and has no interval, is unclear.
    pub fn new(rule: &Rule, effect: &Effect) -> Self {
        let Some([low, high]) = effect.bounds() else {
            return Self::Unclear;
        };
        let within = |centre: f64, margin: f64| centre - margin <= low && high <= centre + margin;
        let (supported, contradicted) = match *rule {
            Rule::AtLeast(least) => (low >= least, high < least),
            Rule::AtMost(most) => (high <= most, low > most),
            Rule::DiffersFrom { number, margin } => {
                (number < low || high < number, within(number, margin))
            }
            Rule::Near { number, margin } => (
                within(number, margin),
                high < number - margin || number + margin < low,
            ),
        };
        match (supported, contradicted) {
            (true, _) => Self::Supported,
            (false, true) => Self::Contradicted,
            (false, false) => Self::Unclear,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::effect::Unit;

    fn effect(interval: Option<[f64; 2]>, unit: Unit) -> Effect {
        Effect {
            value: interval.map_or(1.0, |[low, high]| 0.5 * (low + high)),
            interval,
            unit,
        }
    }

    fn verdict(rule: Rule, low: f64, high: f64) -> Verdict {
        Verdict::new(&rule, &effect(Some([low, high]), Unit::Plain))
    }

    const DIFFERS: Rule = Rule::DiffersFrom {
        number: 0.0,
        margin: 1.0,
    };
    const NEAR: Rule = Rule::Near {
        number: 0.0,
        margin: 1.0,
    };

    #[test]
    fn truth_table() {
        use Verdict::{Contradicted, Supported, Unclear};
        for (rule, low, high, expected) in [
            (Rule::AtLeast(1.0), 1.0, 2.0, Supported),
            (Rule::AtLeast(1.0), 0.9, 2.0, Unclear),
            (Rule::AtLeast(1.0), 0.5, 1.0, Unclear),
            (Rule::AtLeast(1.0), 0.5, 0.9, Contradicted),
            (Rule::AtMost(1.0), 0.5, 1.0, Supported),
            (Rule::AtMost(1.0), 0.5, 1.1, Unclear),
            (Rule::AtMost(1.0), 1.0, 1.1, Unclear),
            (Rule::AtMost(1.0), 1.1, 1.2, Contradicted),
            (DIFFERS, 0.1, 5.0, Supported),
            (DIFFERS, -5.0, -0.1, Supported),
            // A difference that is certain, however small.
            (DIFFERS, 0.1, 0.2, Supported),
            (DIFFERS, -1.0, 1.0, Contradicted),
            (DIFFERS, 0.0, 1.0, Contradicted),
            (DIFFERS, -0.1, 1.1, Unclear),
            (NEAR, -1.0, 1.0, Supported),
            (NEAR, 0.1, 0.2, Supported),
            (NEAR, 0.5, 1.5, Unclear),
            (NEAR, 1.0, 1.5, Unclear),
            (NEAR, -3.0, 3.0, Unclear),
            (NEAR, 1.1, 1.5, Contradicted),
            (NEAR, -1.5, -1.1, Contradicted),
        ] {
            assert_eq!(
                verdict(rule, low, high),
                expected,
                "{rule:?} [{low}, {high}]"
            );
        }
    }

    #[test]
    fn exact_numbers_need_no_interval_and_others_do() {
        let rule = Rule::AtMost(1.0);
        let exact = |unit| Verdict::new(&rule, &effect(None, unit));
        assert_eq!(exact(Unit::Count), Verdict::Supported);
        for unit in [Unit::Plain, Unit::Octaves, Unit::Share] {
            assert_eq!(exact(unit), Verdict::Unclear);
        }
        let not_a_number = effect(Some([f64::NAN, 1.0]), Unit::Plain);
        assert_eq!(Verdict::new(&rule, &not_a_number), Verdict::Unclear);
    }

    #[test]
    fn every_form_reads_back() {
        for (value, rule) in [
            (json!({"at_least": 0.9}), Rule::AtLeast(0.9)),
            (json!({"at_most": -1.0}), Rule::AtMost(-1.0)),
            (
                json!({"differs_from": -1.0, "margin": 0.1}),
                Rule::DiffersFrom {
                    number: -1.0,
                    margin: 0.1,
                },
            ),
            (
                json!({"near": 0.5, "margin": 0.0}),
                Rule::Near {
                    number: 0.5,
                    margin: 0.0,
                },
            ),
        ] {
            assert_eq!(serde_json::from_value::<Rule>(value.clone()).unwrap(), rule);
            assert_eq!(serde_json::to_value(rule).unwrap(), value);
        }
        let whole: Rule = serde_json::from_value(json!({"at_most": 0})).unwrap();
        assert_eq!(whole, Rule::AtMost(0.0));
    }

    #[test]
    fn anything_else_is_an_error() {
        for value in [
            json!({}),
            json!({"at_least": 1.0, "at_most": 2.0}),
            json!({"at_least": 1.0, "margin": 2.0}),
            json!({"near": 1.0}),
            json!({"near": 1.0, "margin": -0.5}),
            json!({"above": 1.0}),
            json!({"at_least": "much"}),
        ] {
            assert!(
                serde_json::from_value::<Rule>(value.clone()).is_err(),
                "{value}"
            );
        }
    }

    #[test]
    fn words() {
        let rule = Rule::DiffersFrom {
            number: -1.0,
            margin: 0.1,
        };
        assert_eq!(
            rule.words(),
            "differs from −1 (a difference of at most 0.1 counts as none)"
        );
        assert_eq!(Rule::AtLeast(0.9).words(), "at least 0.9");
    }

    proptest! {
        /// A narrower interval never turns a decided criterion around or
        /// leaves it open, but that a difference is certain only once the
        /// number is excluded.
        #[test]
        fn narrower_intervals_decide_no_less(
            low in -3.0..3.0f64, width in 0.0..3.0f64, from in 0.0..1.0f64, to in 0.0..1.0f64,
        ) {
            let (from, to) = (from.min(to), from.max(to));
            let high = low + width;
            for rule in [Rule::AtLeast(0.5), Rule::AtMost(0.5), NEAR] {
                let wide = verdict(rule, low, high);
                if wide != Verdict::Unclear {
                    prop_assert_eq!(verdict(rule, low + from * width, low + to * width), wide);
                }
            }
            if verdict(DIFFERS, low, high) == Verdict::Supported {
                prop_assert_eq!(verdict(DIFFERS, low + from * width, low + to * width), Verdict::Supported);
            }
        }

        #[test]
        fn at_least_mirrors_at_most(low in -3.0..3.0f64, width in 0.0..3.0f64, x in -3.0..3.0f64) {
            prop_assert_eq!(
                verdict(Rule::AtLeast(x), low, low + width),
                verdict(Rule::AtMost(-x), -low - width, -low)
            );
        }
    }
}
