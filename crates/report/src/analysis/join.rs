use etastar_search::statistics::mean;
use etastar_search::{CellRecord, EtaStar, SharpnessCellRecord};
use serde::{Deserialize, Serialize};

use super::cells::Architecture;
use crate::fit::Point;
use crate::sharpness::{Matrix, point};

/// Which sharpness eta\* is compared with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SharpnessKind {
    /// That of `M^{1/2} H M^{1/2}`, `M = diag(mu, 1, .., 1)`, at the
    /// input-layer rate `mu` of the training: what governs stability where the
    /// layers have different rates.
    #[default]
    Preconditioned,
    /// That of the Hessian `H` itself.
    Plain,
}

impl SharpnessKind {
    /// The quantity, in the markup of texts.
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Preconditioned => "λ_{1}(M^{½}HM^{½})",
            Self::Plain => "λ_{1}(H)",
        }
    }
}

/// A cell of eta\* with the sharpness of its networks, at the same checkpoint.
#[derive(Debug, Clone)]
pub(crate) struct JoinedCell<'a> {
    /// The cell of eta\*.
    pub(crate) rates: &'a CellRecord,
    /// `log2 eta*` of the repeats that found one, with their indices.
    pub(crate) log2_rates: Vec<(usize, f64)>,
    /// `log2 lambda_1` by index of the network; empty where it is not measured.
    pub(crate) log2_sharpness: Vec<(usize, f64)>,
}

impl JoinedCell<'_> {
    /// The cell of eta\* with the first of the architecture's cells of
    /// sharpness that is measured, and of the same networks: the same data,
    /// biases, output gain, loss and checkpoint, and the input-layer rate that
    /// the kind of sharpness asks for. `None` where no repeat is finished.
    pub(crate) fn of<'a>(
        architecture: &Architecture<'a>,
        rates: &'a CellRecord,
        kind: SharpnessKind,
    ) -> Option<JoinedCell<'a>> {
        let own = architecture.sharpness.iter();
        let mut matching = own.filter(|sharpness| are_same_networks(rates, sharpness, kind));
        let sharpness = matching.find_map(|record| point(record, Matrix::Hessian));
        Some(JoinedCell {
            rates,
            log2_rates: Point::of(rates)?.repeats,
            log2_sharpness: sharpness.map_or_else(Vec::new, |point| point.repeats),
        })
    }

    /// Width of the first hidden layer; all have the same.
    pub(crate) fn width(&self) -> usize {
        self.rates.cell.hidden.first().copied().unwrap_or(0)
    }

    /// Mean `log2 eta*`, of the repeats that found one.
    pub(crate) fn mean_log2_rate(&self) -> Option<f64> {
        mean_of(&self.log2_rates)
    }

    /// Mean `log2 lambda_1`.
    pub(crate) fn mean_log2_sharpness(&self) -> Option<f64> {
        mean_of(&self.log2_sharpness)
    }

    /// `[log2 lambda_1, log2 eta*]` of the cell's means.
    pub(crate) fn means(&self) -> Option<[f64; 2]> {
        Some([self.mean_log2_sharpness()?, self.mean_log2_rate()?])
    }

    /// `[log2 lambda_1, log2 eta*]` of every search with the sharpness of the
    /// network it was made on: both derive from the same initial weights.
    pub(crate) fn networks(&self) -> Vec<[f64; 2]> {
        let vary = self.rates.cell.vary;
        let with_sharpness = |&(repeat, log2_rate): &(usize, f64)| {
            let network = vary.initialisation_of(repeat);
            let own = self
                .log2_sharpness
                .iter()
                .find(|(index, _)| *index == network);
            own.map(|(_, log2_sharpness)| [*log2_sharpness, log2_rate])
        };
        self.log2_rates.iter().filter_map(with_sharpness).collect()
    }

    /// Searches that left their range: in which nothing succeeded, in which
    /// nothing failed.
    pub(crate) fn censored(&self) -> [usize; 2] {
        let repeats = || self.rates.repeats.iter().map(|repeat| repeat.eta_star);
        let nothing_succeeds = |end: &EtaStar| matches!(end, EtaStar::NothingSucceeds { .. });
        let nothing_fails = |end: &EtaStar| matches!(end, EtaStar::NothingFails { .. });
        [
            repeats().filter(nothing_succeeds).count(),
            repeats().filter(nothing_fails).count(),
        ]
    }
}

fn are_same_networks(
    rates: &CellRecord,
    sharpness: &SharpnessCellRecord,
    kind: SharpnessKind,
) -> bool {
    let (one, two) = (&rates.cell, &sharpness.cell);
    let input_rate = match kind {
        SharpnessKind::Preconditioned => one.input_rate,
        SharpnessKind::Plain => 1.0,
    };
    one.dataset == two.dataset
        && one.hidden == two.hidden
        && one.bias == two.bias
        && one.output_gain == two.output_gain
        && one.protocol.loss == two.loss
        && one.checkpoint == two.checkpoint
        && two.input_rate == input_rate
}

fn mean_of(values: &[(usize, f64)]) -> Option<f64> {
    mean(&values.iter().map(|(_, value)| *value).collect::<Vec<_>>())
}
