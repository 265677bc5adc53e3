//! Claim C2: the largest usable rate at initialisation and later in training.

use etastar_search::CellRecord;
use etastar_search::statistics::{Bootstrap, mean};
use serde::{Deserialize, Serialize};

use super::cells::{DatasetCells, of_one_kind};
use super::join::{JoinedCell, SharpnessKind};
use super::line::Line;
use super::{AnalysisOptions, Effect, NotMeasured, Rate, Unit, resample};
use crate::fit::constants;

/// What changes as training goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quantity {
    /// The largest rate at which training goes on: eta\* at step 0.
    Rate,
    /// `lambda_1`.
    Sharpness,
    /// Rate times `lambda_1`; 2 is the edge of linear stability.
    Product,
}

impl Quantity {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Rate, Self::Sharpness, Self::Product];

    /// In words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Rate => "the largest usable rate",
            Self::Sharpness => "λ_{1}",
            Self::Product => "rate × λ_{1}",
        }
    }

    /// Its `log2` in a cell, averaged over repeats.
    pub(crate) fn log2_of(self, cell: &JoinedCell<'_>) -> Option<f64> {
        match self {
            Self::Rate => cell.mean_log2_rate(),
            Self::Sharpness => cell.mean_log2_sharpness(),
            Self::Product => Some(cell.mean_log2_rate()? + cell.mean_log2_sharpness()?),
        }
    }
}

/// Which checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Initialisation, step 0.
    First,
    /// The one after the most steps.
    Last,
}

impl Step {
    /// In words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::First => "at step 0",
            Self::Last => "at the last checkpoint",
        }
    }
}

/// One architecture at one input-layer rate, at every checkpoint.
#[derive(Debug, Clone)]
pub(crate) struct Trajectory<'a> {
    /// Number of hidden layers.
    pub(crate) depth: usize,
    /// Their width.
    pub(crate) width: usize,
    /// The input-layer rate.
    pub(crate) input_rate: f64,
    /// Its cell at each step of [`LateStage::steps`], where one is measured.
    pub(crate) cells: Vec<Option<JoinedCell<'a>>>,
}

impl Trajectory<'_> {
    /// `log2` of a quantity at a checkpoint.
    pub(crate) fn log2_of(&self, quantity: Quantity, stage: usize) -> Option<f64> {
        quantity.log2_of(self.cells.get(stage)?.as_ref()?)
    }

    /// Interval of a quantity at a checkpoint over repeats, not as a `log2`;
    /// absent where the repeats of the rate and of the sharpness are not the
    /// same, so that their product has none.
    pub(crate) fn interval(
        &self,
        quantity: Quantity,
        stage: usize,
        options: &AnalysisOptions,
    ) -> Option<[f64; 2]> {
        let cell = self.cells.get(stage)?.as_ref()?;
        let values: Vec<f64> = match quantity {
            Quantity::Rate => cell.log2_rates.iter().map(|(_, log2)| *log2).collect(),
            Quantity::Sharpness => cell.log2_sharpness.iter().map(|(_, log2)| *log2).collect(),
            Quantity::Product => {
                let both = cell.networks();
                let paired = [cell.log2_rates.len(), cell.log2_sharpness.len()];
                if paired != [both.len(); 2] {
                    return None;
                }
                both.iter()
                    .map(|[sharpness, rate]| sharpness + rate)
                    .collect()
            }
        };
        let bootstrap = Bootstrap {
            resamples: options.resamples,
            seed: options.seed,
        };
        let interval = bootstrap.interval_of_mean(&values, options.confidence);
        interval.map(|ends| ends.map(f64::exp2))
    }

    /// `log2(depth * width)`.
    pub(crate) fn log2_size(&self) -> f64 {
        ((self.depth * self.width) as f64).log2()
    }

    /// By how many octaves a quantity is larger at the last checkpoint than
    /// at step 0.
    fn change(&self, quantity: Quantity) -> Option<f64> {
        let last = self.cells.len().checked_sub(1)?;
        Some(self.log2_of(quantity, last)? - self.log2_of(quantity, 0)?)
    }
}

/// The cells of a dataset that differ in their checkpoints.
#[derive(Debug, Clone)]
pub(crate) struct LateStage<'a> {
    /// SGD steps before each measurement, ascending from 0.
    pub(crate) steps: Vec<usize>,
    /// The trajectories of each architecture, at all input-layer rates; no
    /// group is empty.
    pub(crate) groups: Vec<Vec<Trajectory<'a>>>,
}

impl<'a> LateStage<'a> {
    /// Those of all variants: the cells with a checkpoint, and the cells at
    /// step 0 that agree with them in everything else, the rule of success
    /// among it.
    ///
    /// # Errors
    /// If there are no cells at step 0 or at later checkpoints, if those with
    /// a checkpoint are of several protocols, or if one network has two
    /// checkpoints after the same number of steps.
    pub(crate) fn of(
        cells: &DatasetCells<'a>,
        input_rate: Rate,
        kind: SharpnessKind,
    ) -> Result<Self, NotMeasured> {
        let all = cells.architectures.iter().flat_map(|own| &own.eta_star);
        let finished = || all.clone().filter(|record| !record.repeats.is_empty());
        let late = || finished().filter(|record| record.cell.checkpoint.is_some());
        of_one_kind(late().map(|record| kind_of(record)))?;
        let Some(reference) = late().next().map(|record| kind_of(record)) else {
            return Err(NotMeasured::NoCells("later checkpoints"));
        };
        let belongs = |record: &&&'a CellRecord| kind_of(record) == reference;
        let rates: Vec<f64> = finished()
            .filter(belongs)
            .map(|record| record.cell.input_rate)
            .collect();
        let chosen = input_rate.among(&rates)?;
        let mut steps: Vec<usize> = finished().filter(belongs).map(|r| steps_of(r)).collect();
        steps.sort_unstable();
        steps.dedup();
        if steps.first() != Some(&0) {
            return Err(NotMeasured::NoCells(
                "step 0 under the rule of the later ones",
            ));
        }
        let mut groups = Vec::new();
        for architecture in &cells.architectures {
            let mut group: Vec<Trajectory<'a>> = Vec::new();
            let records = architecture.eta_star.iter().filter(belongs);
            for record in records.filter(|r| chosen.is_none_or(|rate| r.cell.input_rate == rate)) {
                let rate = record.cell.input_rate;
                let (Some(joined), Ok(stage)) = (
                    JoinedCell::of(architecture, record, kind),
                    steps.binary_search(&steps_of(record)),
                ) else {
                    continue;
                };
                let known = group.iter().position(|own| own.input_rate == rate);
                let index = known.unwrap_or(group.len());
                if known.is_none() {
                    group.push(Trajectory {
                        depth: architecture.depth,
                        width: architecture.width,
                        input_rate: rate,
                        cells: vec![None; steps.len()],
                    });
                }
                let slot = group
                    .get_mut(index)
                    .and_then(|own| own.cells.get_mut(stage));
                if let Some(taken) = slot.and_then(|slot| slot.replace(joined)) {
                    return Err(NotMeasured::SeveralKinds(format!(
                        "their checkpoints after {} steps",
                        steps_of(taken.rates)
                    )));
                }
            }
            if !group.is_empty() {
                groups.push(group);
            }
        }
        Ok(Self { steps, groups })
    }

    /// Mean over cells of the `log2` of a quantity at a checkpoint, of those
    /// cells in which it is known at every checkpoint: all checkpoints are
    /// averaged over the same cells.
    pub(crate) fn level(
        &self,
        quantity: Quantity,
        stage: usize,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        let complete = |own: &&Trajectory<'_>| {
            (0..self.steps.len()).all(|stage| own.log2_of(quantity, stage).is_some())
        };
        self.mean(options, |own| {
            own.log2_of(quantity, stage).filter(|_| complete(&own))
        })
    }

    /// Mean over cells of the octaves by which a quantity grows from step 0 to
    /// the last checkpoint.
    pub(crate) fn change(
        &self,
        quantity: Quantity,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        self.mean(options, |own| own.change(quantity))
    }

    /// The slope of `log2 rate` on `log2 lambda_1` across cells at a
    /// checkpoint.
    pub(crate) fn slope(
        &self,
        stage: usize,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        let point = |own: &Trajectory<'_>| own.cells.get(stage)?.as_ref()?.means();
        self.line(options, point, |line| line.slope)
    }

    /// The exponent `a` of `rate = C (depth width)^-a` at a checkpoint.
    pub(crate) fn exponent(
        &self,
        stage: usize,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        let point =
            |own: &Trajectory<'_>| Some([own.log2_size(), own.log2_of(Quantity::Rate, stage)?]);
        self.line(options, point, |line| -line.slope)
    }

    /// That exponent at the last checkpoint minus at step 0, in the cells
    /// known at both: minus the slope of the rate's growth in octaves on
    /// `log2(depth width)`, as least squares are linear in the ordinate.
    pub(crate) fn exponent_change(&self, options: &AnalysisOptions) -> Result<Effect, NotMeasured> {
        let point = |own: &Trajectory<'_>| Some([own.log2_size(), own.change(Quantity::Rate)?]);
        self.line(options, point, |line| -line.slope)
    }

    /// Whether any cell's sharpness is measured.
    pub(crate) fn has_sharpness(&self) -> bool {
        let trajectories = self.groups.iter().flatten();
        let mut cells = trajectories.flat_map(|own| own.cells.iter().flatten());
        cells.any(|cell| !cell.log2_sharpness.is_empty())
    }

    /// The index of a checkpoint.
    pub(crate) fn stage(&self, step: Step) -> usize {
        match step {
            Step::First => 0,
            Step::Last => self.steps.len().saturating_sub(1),
        }
    }

    /// Searches at a checkpoint: in which nothing succeeded, in which nothing
    /// failed, and all.
    pub(crate) fn searches(&self, stage: usize) -> [usize; 3] {
        let trajectories = self.groups.iter().flatten();
        let cells = trajectories.filter_map(|own| own.cells.get(stage)?.as_ref());
        cells.fold([0; 3], |[below, above, all], cell| {
            let [nothing_succeeds, nothing_fails] = cell.censored();
            [
                below + nothing_succeeds,
                above + nothing_fails,
                all + cell.rates.repeats.len(),
            ]
        })
    }

    fn mean(
        &self,
        options: &AnalysisOptions,
        of: impl Fn(&Trajectory<'_>) -> Option<f64>,
    ) -> Result<Effect, NotMeasured> {
        let groups = self.values(of);
        resample::effect(&groups, 1, Unit::Octaves, options, |sample| {
            let values: Vec<f64> = sample
                .iter()
                .flat_map(|group| group.iter().copied())
                .collect();
            let none = NotMeasured::NoCells("one kind at every checkpoint");
            mean(&values).ok_or(none)
        })
    }

    fn line(
        &self,
        options: &AnalysisOptions,
        point: impl Fn(&Trajectory<'_>) -> Option<[f64; 2]>,
        of: impl Fn(&Line) -> f64,
    ) -> Result<Effect, NotMeasured> {
        let groups = self.values(point);
        resample::effect(&groups, 2, Unit::Plain, options, |sample| {
            let points: Vec<[f64; 2]> = sample
                .iter()
                .flat_map(|group| group.iter().copied())
                .collect();
            Ok(of(&Line::through(&points)?))
        })
    }

    /// What is known of each group's trajectories, of the groups of which
    /// anything is.
    fn values<T>(&self, of: impl Fn(&Trajectory<'_>) -> Option<T>) -> Vec<Vec<T>> {
        let groups = self.groups.iter();
        groups
            .map(|group| group.iter().filter_map(&of).collect::<Vec<T>>())
            .filter(|values| !values.is_empty())
            .collect()
    }
}

/// SGD steps before the measurement.
pub(crate) fn steps_of(record: &CellRecord) -> usize {
    record
        .cell
        .checkpoint
        .map_or(0, |checkpoint| checkpoint.steps)
}

/// Everything but the architecture, the input-layer rate and the checkpoint.
fn kind_of(record: &CellRecord) -> Vec<(String, String)> {
    let mut cell = record.cell.clone();
    cell.checkpoint = None;
    constants(&cell, &record.id)
}
