//! How eta\* and the sharpness of the same networks go together (claim C3).

use etastar_search::CellRecord;
use serde::{Deserialize, Serialize};

use crate::bootstrap::effects;
use crate::dataset::{Architecture, Dataset, InputRate, Selector};
use crate::effect::{Effect, NotMeasured, Options, Unit};
use crate::least_squares::Line;
use crate::numbers::{distinct, mean};
use crate::points::{Point, Quantity};

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

/// Between what eta\* and the sharpness are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Cells: of each the geometric means over repeats.
    AcrossCells,
    /// Cells, of which the noise of both means is taken off: what the line would be with infinitely
    /// many repeats.
    AcrossCellsCorrected,
    /// The networks of one cell, which differ in their initial weights only.
    /// Their sharpness is measured on a sample of the data, whose noise brings
    /// this slope closer to 0 than it is.
    WithinCells,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 3] = [
        Self::AcrossCells,
        Self::AcrossCellsCorrected,
        Self::WithinCells,
    ];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::AcrossCells => "across cells",
            Self::AcrossCellsCorrected => "across cells, corrected for noise",
            Self::WithinCells => "between networks of one cell",
        }
    }

    /// Coefficients of its line; between networks of one cell the constant is each cell's own.
    pub(crate) fn coefficients(self) -> usize {
        match self {
            Self::AcrossCells | Self::AcrossCellsCorrected => 2,
            Self::WithinCells => 1,
        }
    }
}

/// A cell of eta\* with the sharpness of its networks, at the same checkpoint.
#[derive(Debug, Clone)]
pub(crate) struct JoinedCell<'a> {
    /// The cell of eta\*.
    pub(crate) record: &'a CellRecord,
    /// `log2 eta*` of the repeats that found one, with their indices.
    pub(crate) log2_rates: Vec<(usize, f64)>,
    /// `log2 lambda_1` by index of the network; empty where it is not measured.
    pub(crate) log2_sharpness: Vec<(usize, f64)>,
}

impl<'a> JoinedCell<'a> {
    /// The cell of eta\* with the first of the architecture's cells of
    /// sharpness that is measured on the same networks. `None` where no repeat
    /// is finished.
    pub(crate) fn new(
        architecture: &Architecture<'a>,
        record: &'a CellRecord,
        kind: SharpnessKind,
    ) -> Option<Self> {
        let input_rate = match kind {
            SharpnessKind::Preconditioned => record.cell.input_rate,
            SharpnessKind::Plain => 1.0,
        };
        let mut matching = architecture
            .sharpness()
            .filter(|other| are_same_networks(record, other, input_rate));
        let sharpness =
            matching.find_map(|other| Some(Point::from_record(other, Quantity::Hessian)?.found()));
        Some(Self {
            record,
            log2_rates: Point::from_record(record, Quantity::EtaStar)?.found(),
            log2_sharpness: sharpness.unwrap_or_default(),
        })
    }

    /// Mean `log2 eta*`, of the repeats that found one.
    pub(crate) fn log2_rate(&self) -> Option<f64> {
        mean(
            &self
                .log2_rates
                .iter()
                .map(|(_, value)| *value)
                .collect::<Vec<_>>(),
        )
    }

    /// Mean `log2 lambda_1`.
    pub(crate) fn log2_sharpness(&self) -> Option<f64> {
        mean(
            &self
                .log2_sharpness
                .iter()
                .map(|(_, value)| *value)
                .collect::<Vec<_>>(),
        )
    }

    /// `[log2 lambda_1, log2 eta*]` of the cell's means.
    pub(crate) fn means(&self) -> Option<[f64; 2]> {
        Some([self.log2_sharpness()?, self.log2_rate()?])
    }

    /// `[log2 lambda_1, log2 eta*]` of every search with the sharpness of the
    /// network it was made on: both derive from the same initial weights.
    pub(crate) fn networks(&self) -> Vec<[f64; 2]> {
        let rates = self.log2_rates.iter();
        rates
            .filter_map(|(repeat, log2_rate)| {
                let network = self.record.cell.vary.initialisation_of(*repeat);
                let mut own = self.log2_sharpness.iter();
                let (_, log2_sharpness) = own.find(|(index, _)| *index == network)?;
                Some([*log2_sharpness, *log2_rate])
            })
            .collect()
    }
}

/// Whether a sharpness was measured on the networks of a cell of eta\*, preconditioned with an
/// input-layer rate, and by Adam's second moment if the steps are Adam's: the same data, biases, output
/// gain, form, loss and checkpoint.
pub(crate) fn are_same_networks(
    record: &CellRecord,
    sharpness: &CellRecord,
    input_rate: f64,
) -> bool {
    let (one, two) = (&record.cell, &sharpness.cell);
    one.dataset == two.dataset
        && one.hidden == two.hidden
        && one.bias == two.bias
        && one.output_gain == two.output_gain
        && one.form == two.form
        && one.loss() == two.loss()
        && one.checkpoint == two.checkpoint
        && one.step_scale() == two.step_scale()
        && two.input_rate == input_rate
}

/// The selected cells that have an eta\* and a sharpness, one group for each architecture.
///
/// # Errors
/// If there are none, or if the cells of eta\* are of several protocols.
pub(crate) fn joined<'a>(
    dataset: &Dataset<'a>,
    selector: &Selector,
    kind: SharpnessKind,
) -> Result<Vec<Vec<JoinedCell<'a>>>, NotMeasured> {
    let chosen = dataset.select(selector, Quantity::EtaStar)?;
    let groups = chosen.architectures.iter().filter_map(|own| {
        // The sharpness may be that of any variant, as long as it is of the same networks.
        let mut all = dataset.architectures.iter();
        let whole = all.find(|other| (other.depth, other.width) == (own.depth, own.width))?;
        let cells = own
            .cells
            .iter()
            .filter_map(|record| JoinedCell::new(whole, record, kind));
        let cells: Vec<_> = cells.filter(|cell| cell.means().is_some()).collect();
        (!cells.is_empty()).then_some(cells)
    });
    let groups: Vec<_> = groups.collect();
    if groups.is_empty() {
        return Err(NotMeasured::NoCells(
            "eta* with the sharpness of the same networks",
        ));
    }
    Ok(groups)
}

/// The line of `log2 eta*` against `log2 lambda_1` through a sample of architectures.
///
/// # Errors
/// If the cells do not determine it.
pub(crate) fn line(sample: &[&Vec<JoinedCell<'_>>], scope: Scope) -> Result<Line, NotMeasured> {
    let cells = sample.iter().flat_map(|group| group.iter());
    match scope {
        Scope::AcrossCells => {
            let means: Vec<[f64; 2]> = cells.filter_map(JoinedCell::means).collect();
            Line::through(&means)
        }
        Scope::AcrossCellsCorrected => {
            let networks: Vec<Vec<[f64; 2]>> = cells.map(JoinedCell::networks).collect();
            Line::corrected(&networks)
        }
        Scope::WithinCells => {
            let networks: Vec<Vec<[f64; 2]>> = cells.map(JoinedCell::networks).collect();
            Line::within(&networks)
        }
    }
}

/// The relation of eta\* and sharpness on one dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EtaSharpness {
    /// The dataset.
    pub dataset: String,
    /// Every cell with both.
    pub points: Vec<EtaSharpnessPoint>,
    /// The lines at every input-layer rate, ascending, and, where there are several, at all of
    /// them; each across cells and between networks of one cell.
    pub slopes: Vec<Slope>,
}

/// A cell with an eta\* and a sharpness; geometric means over repeats.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EtaSharpnessPoint {
    /// Number of hidden layers.
    pub depth: usize,
    /// Their width.
    pub width: usize,
    /// The input-layer rate.
    pub input_rate: f64,
    /// `lambda_1` at initialisation, preconditioned with that rate.
    pub sharpness: f64,
    /// eta\*.
    pub eta_star: f64,
}

/// The slope of `log2 eta*` on `log2 lambda_1`: -1 where they are inversely proportional.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slope {
    /// The input-layer rate, or `None` where all are taken together.
    pub input_rate: Option<f64>,
    /// Between what.
    pub scope: Scope,
    /// Cells.
    pub cells: usize,
    /// Searches whose network's sharpness is known.
    pub networks: usize,
    /// The slope.
    pub slope: Option<Effect>,
    /// Share of the variance that the line explains.
    pub r_squared: Option<Effect>,
    /// The line's `log2` value at `log2 lambda_1 = 0`; across cells only.
    pub log2_constant: Option<f64>,
    /// Why there is no line.
    pub reason: Option<String>,
}

/// The relation of eta\* and sharpness, of every dataset that has both.
pub(crate) fn eta_sharpness(datasets: &[Dataset<'_>], options: &Options) -> Vec<EtaSharpness> {
    datasets
        .iter()
        .filter_map(|dataset| of_dataset(dataset, options).ok())
        .collect()
}

fn of_dataset(dataset: &Dataset<'_>, options: &Options) -> Result<EtaSharpness, NotMeasured> {
    let groups = joined(dataset, &Selector::default(), SharpnessKind::default())?;
    let cells = || groups.iter().flatten();
    let rates = distinct(cells().map(|cell| cell.record.cell.input_rate));
    let together = (rates.len() > 1).then_some(InputRate::All);
    let mut slopes = Vec::new();
    for input_rate in rates.iter().copied().map(InputRate::At).chain(together) {
        let selector = Selector {
            input_rate,
            ..Selector::default()
        };
        let groups = joined(dataset, &selector, SharpnessKind::default())?;
        slopes.extend(Scope::ALL.map(|scope| slope(&groups, input_rate, scope, options)));
    }
    Ok(EtaSharpness {
        dataset: dataset.label.clone(),
        points: cells()
            .filter_map(|cell| {
                let [sharpness, eta_star] = cell.means()?;
                Some(EtaSharpnessPoint {
                    depth: cell.record.cell.depth(),
                    width: cell.record.cell.constant_width()?,
                    input_rate: cell.record.cell.input_rate,
                    sharpness: sharpness.exp2(),
                    eta_star: eta_star.exp2(),
                })
            })
            .collect(),
        slopes,
    })
}

fn slope(
    groups: &[Vec<JoinedCell<'_>>],
    input_rate: InputRate,
    scope: Scope,
    options: &Options,
) -> Slope {
    let numbers = effects(groups, scope.coefficients(), options, |sample| {
        let line = line(sample, scope)?;
        Ok([line.slope, line.r_squared, line.constant])
    });
    let effect = |index: usize| {
        let (value, interval) = *numbers.as_ref().ok()?.get(index)?;
        Some(Effect {
            value,
            interval,
            unit: Unit::Plain,
        })
    };
    let cells = || groups.iter().flatten();
    Slope {
        input_rate: match input_rate {
            InputRate::At(rate) => Some(rate),
            _ => None,
        },
        scope,
        cells: cells().count(),
        networks: cells().map(|cell| cell.networks().len()).sum(),
        slope: effect(0),
        r_squared: effect(1),
        log2_constant: effect(2)
            .filter(|_| scope != Scope::WithinCells)
            .map(|constant| constant.value),
        reason: numbers.as_ref().err().map(ToString::to_string),
    }
}
