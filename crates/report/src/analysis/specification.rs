use etastar_search::Manifest;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AnalysisError, Criterion, View};

/// An experiment's `[analysis]`: what its report shows, and by which criteria
/// its claims are judged.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Analysis {
    /// Sections of the experiment in the report, in order.
    pub show: Vec<View>,
    /// In plain words, what the numbers do not show.
    pub caveat: String,
    /// The criteria, in order.
    pub criteria: Vec<Criterion>,
}

impl Analysis {
    /// The analysis that a store's manifest asks for; `None` where it asks for
    /// none.
    ///
    /// # Errors
    /// If the manifest's `analysis` is not one.
    pub fn of(manifest: &Manifest) -> Result<Option<Self>, AnalysisError> {
        if manifest.analysis.is_null() {
            return Ok(None);
        }
        Self::parse(&manifest.analysis).map(Some)
    }

    /// Reads an analysis. Unknown keys, and values out of range, are errors.
    ///
    /// # Errors
    /// If the value is not an analysis; the error names the first field that
    /// is wrong.
    pub fn parse(value: &Value) -> Result<Self, AnalysisError> {
        // Each criterion on its own, so that an error can say which one.
        let mut rest = value.clone();
        let criteria = rest
            .as_object_mut()
            .and_then(|table| table.remove("criteria"))
            .unwrap_or_else(|| Value::Array(Vec::new()));
        let analysis: Self = serde_json::from_value(rest)
            .map_err(|error| AnalysisError::Table(error.to_string()))?;
        let Value::Array(criteria) = criteria else {
            return Err(AnalysisError::Table("`criteria` must be a list".to_owned()));
        };
        let criteria = criteria
            .into_iter()
            .enumerate()
            .map(|(index, criterion)| {
                serde_json::from_value(criterion).map_err(|error| AnalysisError::Criterion {
                    number: index + 1,
                    problem: error.to_string(),
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            criteria,
            ..analysis
        })
    }
}
