//! One statistic on one made-up store.

use etastar_search::Snapshot;
use serde_json::Value;

use super::super::*;

pub(super) fn options() -> AnalysisOptions {
    AnalysisOptions {
        resamples: 200,
        ..AnalysisOptions::default()
    }
}

/// The findings of one statistic, as files spell it, on every dataset.
pub(super) fn findings_of(statistic: Value, snapshot: &Snapshot) -> Vec<Finding> {
    let analysis = Analysis {
        criteria: vec![Criterion {
            claim: "C1".to_owned(),
            says: "It holds.".to_owned(),
            statistic: serde_json::from_value(statistic).unwrap(),
            rule: Rule::AtLeast(0.0),
        }],
        ..Analysis::default()
    };
    findings(snapshot, &analysis, &options())
}

/// The statistic on the only dataset.
pub(super) fn effect_of(statistic: Value, snapshot: &Snapshot) -> Effect {
    let findings = findings_of(statistic, snapshot);
    assert_eq!(findings.len(), 1);
    findings[0].effect.unwrap_or_else(|| panic!("{findings:?}"))
}

/// Why it was not measured on the only dataset.
pub(super) fn reason_of(statistic: Value, snapshot: &Snapshot) -> String {
    let findings = findings_of(statistic, snapshot);
    assert_eq!((findings.len(), findings[0].effect), (1, None));
    assert_eq!(findings[0].verdict, Verdict::NotMeasured);
    findings[0].reason.clone().unwrap()
}

pub(super) fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-8
}
