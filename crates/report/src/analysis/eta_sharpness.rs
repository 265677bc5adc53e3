//! Claim C3: how eta\* and the sharpness at initialisation go together.

use super::cells::DatasetCells;
use super::join::{JoinedCell, SharpnessKind};
use super::line::Line;
use super::{AnalysisOptions, Effect, NotMeasured, Rate, Unit, resample};
use serde::{Deserialize, Serialize};

/// Between what eta\* and the sharpness are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Cells: of each the geometric means over repeats.
    AcrossCells,
    /// The networks of one cell, which differ in their initial weights only.
    /// Their sharpness is measured on a sample of the data, whose noise brings
    /// this slope closer to 0 than it is.
    WithinCells,
}

impl Scope {
    /// Both.
    pub const ALL: [Self; 2] = [Self::AcrossCells, Self::WithinCells];

    /// In words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::AcrossCells => "across cells",
            Self::WithinCells => "within cells, across networks",
        }
    }
}

/// The cells of eta\* of a dataset that have a sharpness, by architecture.
#[derive(Debug, Clone)]
pub(crate) struct Joined<'a> {
    /// The groups, none empty.
    pub(crate) groups: Vec<Vec<JoinedCell<'a>>>,
}

impl<'a> Joined<'a> {
    /// Those of a variant's cells that found an eta\*. The sharpness may be
    /// that of any variant, as long as it is of the same networks.
    ///
    /// # Errors
    /// If there are none, or if the cells of eta\* are of several protocols.
    pub(crate) fn of(
        cells: &DatasetCells<'a>,
        variant: Option<&str>,
        kind: SharpnessKind,
    ) -> Result<Self, NotMeasured> {
        let chosen = cells.of_variant(variant)?;
        chosen.check_eta_star()?;
        let groups = chosen.architectures.iter().filter_map(|own| {
            let mut all = cells.architectures.iter();
            let whole = all.find(|other| (other.depth, other.width) == (own.depth, own.width))?;
            let records = own.eta_star.iter();
            let joined = records.filter_map(|record| JoinedCell::of(whole, record, kind));
            Some(joined.filter(|cell| cell.means().is_some()).collect())
        });
        Self::of_groups(groups)
    }

    fn of_groups(groups: impl Iterator<Item = Vec<JoinedCell<'a>>>) -> Result<Self, NotMeasured> {
        let groups: Vec<Vec<JoinedCell<'a>>> = groups.filter(|group| !group.is_empty()).collect();
        if groups.is_empty() {
            return Err(NotMeasured::NoCells(
                "eta* with the sharpness of the same networks",
            ));
        }
        Ok(Self { groups })
    }

    /// The input-layer rates, ascending.
    pub(crate) fn rates(&self) -> Vec<f64> {
        let cells = self.groups.iter().flatten();
        let mut rates: Vec<f64> = cells.map(|joined| joined.rates.cell.input_rate).collect();
        rates.sort_by(f64::total_cmp);
        rates.dedup();
        rates
    }

    /// Those at the chosen input-layer rate.
    ///
    /// # Errors
    /// If there are none.
    pub(crate) fn at(&self, rate: Rate) -> Result<Self, NotMeasured> {
        let chosen = rate.among(&self.rates())?;
        let keep = |joined: &&JoinedCell<'a>| {
            chosen.is_none_or(|rate| joined.rates.cell.input_rate == rate)
        };
        let groups = self.groups.iter();
        Self::of_groups(groups.map(|group| group.iter().filter(keep).cloned().collect()))
    }

    /// The line of `log2 eta*` against `log2 lambda_1`.
    ///
    /// # Errors
    /// If the cells do not determine it.
    pub(crate) fn line(&self, scope: Scope) -> Result<Line, NotMeasured> {
        line(&self.groups.iter().collect::<Vec<_>>(), scope)
    }

    /// A number of that line, with its interval.
    pub(crate) fn effect(
        &self,
        scope: Scope,
        options: &AnalysisOptions,
        of: impl Fn(&Line) -> f64,
    ) -> Result<Effect, NotMeasured> {
        // Within cells, the constant is each cell's own.
        let coefficients = match scope {
            Scope::AcrossCells => 2,
            Scope::WithinCells => 1,
        };
        resample::effect(&self.groups, coefficients, Unit::Plain, options, |sample| {
            Ok(of(&line(sample, scope)?))
        })
    }
}

fn line(sample: &[&Vec<JoinedCell<'_>>], scope: Scope) -> Result<Line, NotMeasured> {
    let cells = sample.iter().flat_map(|group| group.iter());
    match scope {
        Scope::AcrossCells => {
            let means: Vec<[f64; 2]> = cells.filter_map(JoinedCell::means).collect();
            Line::through(&means)
        }
        Scope::WithinCells => {
            let networks: Vec<Vec<[f64; 2]>> = cells.map(JoinedCell::networks).collect();
            Line::within(&networks)
        }
    }
}

/// The relation of eta\* and sharpness at one input-layer rate or at all.
#[derive(Debug, Clone)]
pub(crate) struct Relation<'a> {
    /// The rate; `None` where all are pooled.
    pub(crate) input_rate: Option<f64>,
    /// The cells.
    pub(crate) joined: Joined<'a>,
    /// Slopes and R², in the order of [`Scope::ALL`].
    pub(crate) slopes: [Result<Slope, NotMeasured>; 2],
}

impl Relation<'_> {
    /// Number of cells.
    pub(crate) fn cells(&self) -> usize {
        self.joined.groups.iter().map(Vec::len).sum()
    }

    /// Number of searches whose network's sharpness is known.
    pub(crate) fn networks(&self) -> usize {
        let cells = self.joined.groups.iter().flatten();
        cells.map(|joined| joined.networks().len()).sum()
    }

    /// `[log2 lambda_1, log2 eta*]` of every cell.
    pub(crate) fn means(&self) -> Vec<[f64; 2]> {
        let cells = self.joined.groups.iter().flatten();
        cells.filter_map(JoinedCell::means).collect()
    }
}

/// The slope of `log2 eta*` on `log2 lambda_1`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slope {
    /// The slope.
    pub(crate) slope: Effect,
    /// Share of the variance that the line explains.
    pub(crate) r_squared: Effect,
    /// The line.
    pub(crate) line: Line,
}

/// The relations at every input-layer rate, ascending, and, where there are
/// several, at all of them.
///
/// # Errors
/// If no cell has both an eta\* and a sharpness.
pub(crate) fn relations<'a>(
    cells: &DatasetCells<'a>,
    kind: SharpnessKind,
    options: &AnalysisOptions,
) -> Result<Vec<Relation<'a>>, NotMeasured> {
    let all = Joined::of(cells, None, kind)?;
    let rates = all.rates();
    let pooled = (rates.len() > 1).then_some(None);
    let of = |input_rate: Option<f64>| {
        let joined = all.at(input_rate.map_or(Rate::Pooled, Rate::At))?;
        let slope = |scope| {
            Ok(Slope {
                slope: joined.effect(scope, options, |line| line.slope)?,
                r_squared: joined.effect(scope, options, |line| line.r_squared)?,
                line: joined.line(scope)?,
            })
        };
        Ok(Relation {
            input_rate,
            slopes: Scope::ALL.map(slope),
            joined,
        })
    };
    rates
        .iter()
        .copied()
        .map(Some)
        .chain(pooled)
        .map(of)
        .collect()
}
