use etastar_search::SharpnessCellRecord;
use serde::{Deserialize, Serialize};

use super::measure::Measure;
use crate::analysis::cells::DatasetCells;
use crate::analysis::{AnalysisOptions, Effect, NotMeasured, Unit, words};
use crate::sharpness::{Scope, tightness};

/// How often a certified bound of a network lies on the wrong side of its
/// measured eigenvalue by more than rounding: over every bound, every network
/// of constant width, every loss and every input-layer rate. An exact count,
/// 0 if the bounds are right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoundViolations {
    /// Only in this variant; in all of them where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

impl Measure for BoundViolations {
    fn words(&self) -> String {
        words::with_conditions(
            "violations of certified bounds",
            &["all networks".to_owned()],
            self.variant.as_deref(),
        )
    }

    fn effect(
        &self,
        cells: &DatasetCells<'_>,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        let cells = match &self.variant {
            Some(name) => cells.of_variant(Some(name))?,
            None => cells.clone(),
        };
        let records: Vec<&SharpnessCellRecord> = cells
            .architectures
            .iter()
            .flat_map(|architecture| architecture.sharpness.iter().copied())
            .collect();
        let certified: Vec<_> = tightness(&records)
            .into_iter()
            .filter(|bound| bound.scope == Scope::Network)
            .collect();
        if certified.is_empty() {
            return Err(NotMeasured::NoCells("sharpness with certified bounds"));
        }
        let violations: usize = certified.iter().map(|bound| bound.violations).sum();
        Ok(Effect {
            value: violations as f64,
            interval: None,
            confidence: options.confidence,
            unit: Unit::Count,
        })
    }
}
