use serde::{Deserialize, Serialize};

use super::{Effect, Rule};

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
    pub fn of(rule: &Rule, effect: &Effect) -> Self {
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

    use super::super::Unit;
    use super::*;

    fn effect(interval: Option<[f64; 2]>, unit: Unit) -> Effect {
        Effect {
            value: interval.map_or(1.0, |[low, high]| 0.5 * (low + high)),
            interval,
            confidence: 0.95,
            unit,
        }
    }

    fn of(rule: Rule, low: f64, high: f64) -> Verdict {
        Verdict::of(&rule, &effect(Some([low, high]), Unit::Plain))
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
            assert_eq!(of(rule, low, high), expected, "{rule:?} [{low}, {high}]");
        }
    }

    #[test]
    fn exact_numbers_need_no_interval_and_others_do() {
        let rule = Rule::AtMost(1.0);
        let verdict = |unit| Verdict::of(&rule, &effect(None, unit));
        assert_eq!(verdict(Unit::Count), Verdict::Supported);
        for unit in [Unit::Plain, Unit::Octaves, Unit::Share, Unit::Factor] {
            assert_eq!(verdict(unit), Verdict::Unclear);
        }
        let not_a_number = effect(Some([f64::NAN, 1.0]), Unit::Plain);
        assert_eq!(Verdict::of(&rule, &not_a_number), Verdict::Unclear);
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
                let wide = of(rule, low, high);
                if wide != Verdict::Unclear {
                    prop_assert_eq!(of(rule, low + from * width, low + to * width), wide);
                }
            }
            if of(DIFFERS, low, high) == Verdict::Supported {
                prop_assert_eq!(of(DIFFERS, low + from * width, low + to * width), Verdict::Supported);
            }
        }

        #[test]
        fn at_least_mirrors_at_most(low in -3.0..3.0f64, width in 0.0..3.0f64, x in -3.0..3.0f64) {
            prop_assert_eq!(
                of(Rule::AtLeast(x), low, low + width),
                of(Rule::AtMost(-x), -low - width, -low)
            );
        }
    }
}
