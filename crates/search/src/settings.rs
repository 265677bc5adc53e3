//! Every setting of a measurement, each described once.

pub use crate::cell::{
    ActivationFunction, Bias, Bounds, Cheap, CheckpointBatch, CheckpointRate, CheckpointSteps,
    InputRate, Normalisation, OutputGain, Prediction, RelativeRates, ResidualBlock, ResidualScale,
    SharpnessBatch, SharpnessMomentum, SharpnessOptimiser, SharpnessSamples, Varies, WidthRule,
};
pub use crate::cheap_rates::{CheapBatch, CheapHighest, CheapLowest, RangeTestSteps};
pub use crate::experiment::{Depths, InputRates, Losses, RepeatCount, Seed, Train, Widths};
pub use crate::protocol::{
    AccuracyMargin, BatchSize, Budget, ClipNorm, DivergenceFactor, EvaluateEvery, Highest, Ladder,
    Lowest, Method, Momentum, OptimiserName, SecondMomentum, Start, Success, Threshold, Tolerance,
    TrainingLoss, WarmUp, WeightDecay, WholeBudget,
};
pub use crate::setting::{Bounded, Description, Limits, Missing, Setting};

/// Those that a file has under another name: a grid of rates, and the batches of the protocol.
const NOT_IN_FILES: [&str; 2] = [InputRate::KEY, CheckpointBatch::KEY];

/// The descriptions of all settings of an experiment file.
pub fn settings() -> Vec<Description> {
    let all = [
        crate::experiment::experiment_settings(),
        crate::cell::cell_settings(),
        crate::protocol::protocol_settings(),
        crate::cheap_rates::cheap_rate_settings(),
    ];
    let mut all = all.concat();
    all.retain(|setting| !NOT_IN_FILES.contains(&setting.key));
    all
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::Protocol;

    #[test]
    fn every_setting_is_described_once() {
        let all = settings();
        let keys: HashSet<&str> = all.iter().map(|setting| setting.key).collect();
        assert_eq!(keys.len(), all.len());
        for setting in &all {
            assert!(
                !setting.help.is_empty() && !setting.help.ends_with('.'),
                "{setting:?}"
            );
            assert!(setting.key.ends_with(setting.name), "{setting:?}");
        }
        let threshold = all.iter().find(|it| it.name == "threshold").unwrap();
        assert_eq!(
            (threshold.key, threshold.limits, threshold.unit),
            (
                "protocol.threshold",
                "above 0 and at most 1",
                "accuracy, 0 to 1"
            )
        );
    }

    #[test]
    fn values_out_of_range_are_refused_and_defaults_are_within() {
        for wrong in [0.0, 1.2, f64::NAN] {
            let must = Threshold::check(&wrong).unwrap_err();
            assert_eq!(must, format!("must be above 0 and at most 1, not {wrong}"));
        }
        assert!(BatchSize::check(&0).unwrap_err().contains("at least 1"));
        assert!(Tolerance::check(&1e-7).is_err() && Tolerance::check(&f64::INFINITY).is_err());
        assert!(InputRate::check(&-1.0).is_err() && InputRate::check(&0.0).is_ok());
        assert!(OutputGain::check(&0.0).is_err());
        let must = Ladder::check(&vec![0.0, 101.0]).unwrap_err();
        assert_eq!(must, "every entry must be between -100 and 100, not 101");
        assert_eq!(Ladder::check(&vec![]), Ok(()));
        assert!(
            Widths::check(&vec![])
                .unwrap_err()
                .contains("at least one entry")
        );
        assert!(
            Losses::check(&vec![])
                .unwrap_err()
                .contains("at least one entry")
        );
        Protocol::default().validate().unwrap();
    }

    #[test]
    fn a_protocol_is_read_as_it_was_written_and_nothing_else_is() {
        let written = serde_json::to_value(Protocol::default()).unwrap();
        let read: Protocol = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(read, Protocol::default());
        for (key, value, says) in [
            ("threshold", Some(1.2), "at most 1"),
            ("budget", None, "`protocol.budget` is set neither"),
            ("other", Some(1.0), "unknown field `other`"),
        ] {
            let mut changed = written.clone();
            let fields = changed.as_object_mut().unwrap();
            match value {
                Some(value) => fields.insert(key.to_owned(), value.into()),
                None => fields.remove(key),
            };
            let error = serde_json::from_value::<Protocol>(changed).unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}
