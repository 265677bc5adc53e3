use serde::{Deserialize, Serialize};

use super::words::number;

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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
}
