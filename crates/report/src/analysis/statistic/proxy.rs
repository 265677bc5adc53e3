use serde::{Deserialize, Serialize};

use super::measure::Measure;
use crate::analysis::cells::DatasetCells;
use crate::analysis::proxies::{Proxy, ProxyCell, proxy_cells, rmse};
use crate::analysis::{AnalysisOptions, Effect, NotMeasured, Unit, read, resample, words};

/// The root-mean-square error, in octaves, with which a proxy predicts eta\*.
/// Predictions are made once; the interval resamples architectures, and with
/// them the constant where it is calibrated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProxyRmse {
    /// What predicts.
    pub proxy: Proxy,
    /// Whether one constant, fitted to all other architectures, is added.
    pub calibrated: bool,
    /// Only cells with `width >= width_over_depth * depth` take part.
    #[serde(default, deserialize_with = "read::not_negative")]
    pub width_over_depth: f64,
    /// Of which variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

/// By how much the error of a proxy is below that of another, in octaves, on
/// the cells that both say something of. Positive where it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProxyGain {
    /// What predicts.
    pub proxy: Proxy,
    /// What it is compared with.
    pub over: Proxy,
    /// Whether one constant, fitted to all other architectures, is added to
    /// both, as is usual.
    #[serde(default = "yes")]
    pub calibrated: bool,
    /// Only cells with `width >= width_over_depth * depth` take part.
    #[serde(default, deserialize_with = "read::not_negative")]
    pub width_over_depth: f64,
    /// Of which variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

impl Measure for ProxyRmse {
    fn words(&self) -> String {
        words::with_conditions(
            &format!("rms error of the {}", self.proxy.name()),
            &conditions(self.calibrated, self.width_over_depth),
            self.variant.as_deref(),
        )
    }

    fn effect(
        &self,
        cells: &DatasetCells<'_>,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        let said = |cell: &ProxyCell| cell.value(self.proxy).is_some();
        let groups = groups(cells, self.variant.as_deref(), self.width_over_depth, said)?;
        resample::effect(&groups, 1, Unit::Octaves, options, |sample| {
            rmse(self.proxy, sample, said, self.calibrated).ok_or(NONE)
        })
    }
}

impl Measure for ProxyGain {
    fn words(&self) -> String {
        words::with_conditions(
            &format!(
                "rms error of the {} minus that of the {}",
                self.over.name(),
                self.proxy.name()
            ),
            &conditions(self.calibrated, self.width_over_depth),
            self.variant.as_deref(),
        )
    }

    fn effect(
        &self,
        cells: &DatasetCells<'_>,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        let both =
            |cell: &ProxyCell| cell.value(self.proxy).is_some() && cell.value(self.over).is_some();
        let groups = groups(cells, self.variant.as_deref(), self.width_over_depth, both)?;
        resample::effect(&groups, 1, Unit::Octaves, options, |sample| {
            let error = |proxy| rmse(proxy, sample, both, self.calibrated).ok_or(NONE);
            Ok(error(self.over)? - error(self.proxy)?)
        })
    }
}

fn yes() -> bool {
    true
}

const NONE: NotMeasured = NotMeasured::TooFew {
    what: "architectures of which the proxy says something",
    found: 0,
    needed: 1,
};

/// The cells of eta\* of a variant beside every sharpness of the dataset, by
/// architecture; only architectures of which something is said.
fn groups(
    cells: &DatasetCells<'_>,
    variant: Option<&str>,
    width_over_depth: f64,
    said: impl Fn(&ProxyCell) -> bool,
) -> Result<Vec<Vec<ProxyCell>>, NotMeasured> {
    let own = cells.of_variant(variant)?;
    own.check_eta_star()?;
    let records = own.architectures.iter().flat_map(|a| &a.eta_star);
    let records: Vec<_> = records.copied().collect();
    let sharpness = cells.architectures.iter().flat_map(|a| &a.sharpness);
    let sharpness: Vec<_> = sharpness.copied().collect();
    let groups: Vec<Vec<ProxyCell>> = proxy_cells(&records, &sharpness, width_over_depth)
        .into_iter()
        .filter(|group| group.iter().any(&said))
        .collect();
    if groups.is_empty() {
        Err(NONE)
    } else {
        Ok(groups)
    }
}

fn conditions(calibrated: bool, width_over_depth: f64) -> [String; 2] {
    let how = if calibrated {
        "one constant fitted"
    } else {
        "as it stands"
    };
    [how.to_owned(), words::filter(width_over_depth)]
}
