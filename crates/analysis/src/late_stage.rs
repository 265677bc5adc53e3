//! The largest usable learning rate at initialisation and later in training (claim C2).

use etastar_search::{Cell, CellRecord, Checkpoint};
use serde::{Deserialize, Serialize};

use crate::bootstrap::{Estimator, Shape};
use crate::dataset::{Dataset, InputRate, of_one_kind};
use crate::effect::{Effect, NotMeasured, Options, Unit};
use crate::eta_sharpness::{JoinedCell, SharpnessKind};
use crate::least_squares::Line;
use crate::numbers::{distinct, mean};
use crate::searches::SearchCounts;
use crate::series::constants;

/// What changes as training goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Course {
    /// The largest rate at which training goes on: eta\* at step 0.
    Rate,
    /// `lambda_1`.
    Sharpness,
    /// Rate times `lambda_1`; 2 is the edge of linear stability.
    Product,
}

impl Course {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Rate, Self::Sharpness, Self::Product];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Rate => "the largest usable rate",
            Self::Sharpness => "λ_{1}",
            Self::Product => "rate × λ_{1}",
        }
    }

    /// Its `log2` in a cell, averaged over repeats.
    fn log2(self, cell: &JoinedCell<'_>) -> Option<f64> {
        match self {
            Self::Rate => cell.log2_rate(),
            Self::Sharpness => cell.log2_sharpness(),
            Self::Product => Some(cell.log2_rate()? + cell.log2_sharpness()?),
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
struct Trajectory<'a> {
    depth: usize,
    width: usize,
    input_rate: f64,
    /// Its cell at each of the steps, where one is measured.
    cells: Vec<Option<JoinedCell<'a>>>,
}

impl Trajectory<'_> {
    fn log2(&self, course: Course, stage: usize) -> Option<f64> {
        course.log2(self.cells.get(stage)?.as_ref()?)
    }

    fn log2_size(&self) -> f64 {
        ((self.depth * self.width) as f64).log2()
    }

    /// By how many octaves a quantity is larger at the last checkpoint than at step 0.
    fn change(&self, course: Course) -> Option<f64> {
        let last = self.cells.len().checked_sub(1)?;
        Some(self.log2(course, last)? - self.log2(course, 0)?)
    }
}

/// The cells of a dataset that differ in their checkpoints.
#[derive(Debug, Clone)]
pub(crate) struct LateStage<'a> {
    /// SGD steps before each measurement, ascending from 0.
    steps: Vec<usize>,
    /// The trajectories of each architecture, at all input-layer rates; no group is empty.
    groups: Vec<Vec<Trajectory<'a>>>,
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
    pub(crate) fn new(
        dataset: &Dataset<'a>,
        input_rate: InputRate,
        kind: SharpnessKind,
    ) -> Result<Self, NotMeasured> {
        let all = || dataset.architectures.iter().flat_map(|own| own.eta_star());
        let finished = || all().filter(|record| !record.repeats.is_empty());
        let later = NotMeasured::NoCells("later checkpoints");
        let late = finished().filter(|record| record.cell.checkpoint.is_some());
        let reference = late.map(without_checkpoint).next().ok_or(later)?;
        of_one_kind(finished().filter(|record| record.cell.checkpoint.is_some())).or_else(
            |error| match error {
                // Checkpoints may differ in their steps, and in nothing else.
                NotMeasured::SeveralKinds(keys) if keys == "steps" => Ok(()),
                error => Err(error),
            },
        )?;
        let belongs = |record: &&'a CellRecord| without_checkpoint(record) == reference;
        let rates = distinct(
            finished()
                .filter(belongs)
                .map(|record| record.cell.input_rate),
        );
        let chosen = input_rate.among(&rates)?;
        let mut steps: Vec<usize> = finished().filter(belongs).map(|r| steps(&r.cell)).collect();
        steps.sort_unstable();
        steps.dedup();
        if steps.first() != Some(&0) {
            return Err(NotMeasured::NoCells(
                "step 0 under the rule of the later ones",
            ));
        }
        let mut groups = Vec::new();
        for architecture in &dataset.architectures {
            let mut group: Vec<Trajectory<'a>> = Vec::new();
            let records = architecture.eta_star().filter(belongs);
            for record in records.filter(|r| chosen.is_none_or(|rate| r.cell.input_rate == rate)) {
                let (Some(joined), Ok(stage)) = (
                    JoinedCell::new(architecture, record, kind),
                    steps.binary_search(&self::steps(&record.cell)),
                ) else {
                    continue;
                };
                let rate = record.cell.input_rate;
                if group.last().is_none_or(|last| last.input_rate != rate) {
                    group.push(Trajectory {
                        depth: architecture.depth,
                        width: architecture.width,
                        input_rate: rate,
                        cells: vec![None; steps.len()],
                    });
                }
                let slot = group.last_mut().and_then(|own| own.cells.get_mut(stage));
                if slot.and_then(|slot| slot.replace(joined)).is_some() {
                    return Err(NotMeasured::SeveralKinds(format!(
                        "their checkpoints after {} steps",
                        self::steps(&record.cell)
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
    fn level(&self, course: Course, stage: usize) -> Estimator<'a> {
        let is_complete = |own: &Trajectory<'_>| {
            (0..self.steps.len()).all(|stage| own.log2(course, stage).is_some())
        };
        self.mean(|own| own.log2(course, stage).filter(|_| is_complete(own)))
    }

    /// Mean over cells of the octaves by which a quantity grows from step 0 to
    /// the last checkpoint.
    pub(crate) fn change(&self, course: Course) -> Estimator<'a> {
        self.mean(|own| own.change(course))
    }

    /// The slope of `log2 rate` on `log2 lambda_1` across cells at a checkpoint.
    pub(crate) fn slope(&self, step: Step) -> Estimator<'a> {
        self.slope_at(match step {
            Step::First => 0,
            Step::Last => self.steps.len().saturating_sub(1),
        })
    }

    fn slope_at(&self, stage: usize) -> Estimator<'a> {
        let point = |own: &Trajectory<'_>| own.cells.get(stage)?.as_ref()?.means();
        self.line(point, |line| line.slope)
    }

    /// The exponent `a` of `rate = C (depth width)^-a` at a checkpoint.
    fn exponent(&self, stage: usize) -> Estimator<'a> {
        let point = |own: &Trajectory<'_>| Some([own.log2_size(), own.log2(Course::Rate, stage)?]);
        self.line(point, |line| -line.slope)
    }

    /// That exponent at the last checkpoint minus at step 0, in the cells
    /// known at both: minus the slope of the rate's growth in octaves on
    /// `log2(depth width)`, as least squares are linear in the ordinate.
    pub(crate) fn exponent_change(&self) -> Estimator<'a> {
        let point = |own: &Trajectory<'_>| Some([own.log2_size(), own.change(Course::Rate)?]);
        self.line(point, |line| -line.slope)
    }

    fn mean(&self, value: impl Fn(&Trajectory<'_>) -> Option<f64>) -> Estimator<'a> {
        Estimator::new(self.known(value), 1, Unit::Octaves, |sample| {
            let values: Vec<f64> = sample
                .iter()
                .flat_map(|group| group.iter().copied())
                .collect();
            mean(&values).ok_or(NotMeasured::NoCells("one kind at every checkpoint"))
        })
    }

    fn line(
        &self,
        point: impl Fn(&Trajectory<'_>) -> Option<[f64; 2]>,
        number: fn(&Line) -> f64,
    ) -> Estimator<'a> {
        Estimator::new(self.known(point), 2, Unit::Plain, move |sample| {
            let points: Vec<[f64; 2]> = sample
                .iter()
                .flat_map(|group| group.iter().copied())
                .collect();
            Ok(number(&Line::through(&points)?))
        })
    }

    /// What is known of each architecture's trajectories, where anything is.
    fn known<T>(&self, value: impl Fn(&Trajectory<'_>) -> Option<T>) -> Vec<(Shape, Vec<T>)> {
        let groups = self.groups.iter().filter_map(|group| {
            let first = group.first()?;
            let known: Vec<T> = group.iter().filter_map(&value).collect();
            (!known.is_empty()).then_some(((first.depth, first.width), known))
        });
        groups.collect()
    }
}

/// SGD steps before the measurement.
fn steps(cell: &Cell) -> usize {
    cell.checkpoint.map_or(0, |checkpoint| checkpoint.steps)
}

/// Everything but the architecture, the input-layer rate and the checkpoint.
fn without_checkpoint(record: &CellRecord) -> Vec<(String, String)> {
    let mut cell = record.cell.clone();
    cell.checkpoint = None;
    constants(&cell)
}

/// The largest usable rate of one dataset as training goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LateStageCourse {
    /// The dataset.
    pub dataset: String,
    /// The training that precedes the measurements; its steps are those of the last checkpoint.
    pub checkpoint: Option<Checkpoint>,
    /// What is measured at every checkpoint, in the order of steps.
    pub stages: Vec<Stage>,
    /// From step 0 to the last checkpoint, in the order of [`Course::ALL`], in octaves.
    pub changes: Vec<(Course, Option<Effect>)>,
    /// Change of the exponent of depth times width.
    pub exponent_change: Option<Effect>,
    /// Every architecture at every checkpoint.
    pub points: Vec<CoursePoint>,
}

/// One checkpoint, over all cells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// SGD steps before the measurement.
    pub steps: usize,
    /// Mean `log2`, in the order of [`Course::ALL`].
    pub levels: Vec<(Course, Option<Effect>)>,
    /// Slope of `log2 rate` on `log2 lambda_1` across cells.
    pub slope: Option<Effect>,
    /// Exponent of depth times width.
    pub exponent: Option<Effect>,
    /// How the searches ended.
    pub searches: SearchCounts,
}

/// One architecture at one checkpoint; geometric means over repeats.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CoursePoint {
    /// Number of hidden layers.
    pub depth: usize,
    /// Their width.
    pub width: usize,
    /// The input-layer rate.
    pub input_rate: f64,
    /// SGD steps before the measurement.
    pub steps: usize,
    /// The largest usable rate.
    pub rate: Option<f64>,
    /// `lambda_1`.
    pub sharpness: Option<f64>,
}

/// The course of every dataset that has checkpoints.
pub(crate) fn late_stage(datasets: &[Dataset<'_>], options: &Options) -> Vec<LateStageCourse> {
    let courses = datasets.iter().filter_map(|dataset| {
        let late = LateStage::new(dataset, InputRate::All, SharpnessKind::default()).ok()?;
        let stages = late.steps.iter().enumerate();
        let cells = || late.groups.iter().flatten();
        let points = cells().flat_map(|own| {
            own.cells
                .iter()
                .zip(&late.steps)
                .filter_map(|(cell, &steps)| {
                    let cell = cell.as_ref()?;
                    Some(CoursePoint {
                        depth: own.depth,
                        width: own.width,
                        input_rate: own.input_rate,
                        steps,
                        rate: cell.log2_rate().map(f64::exp2),
                        sharpness: cell.log2_sharpness().map(f64::exp2),
                    })
                })
        });
        let joined = || cells().flat_map(|own| own.cells.iter().flatten());
        let checkpoints = joined().filter_map(|cell| cell.record.cell.checkpoint);
        Some(LateStageCourse {
            dataset: dataset.label.clone(),
            checkpoint: checkpoints.max_by_key(|checkpoint| checkpoint.steps),
            stages: stages
                .map(|(stage, &steps)| Stage {
                    steps,
                    levels: Course::ALL
                        .map(|course| (course, late.level(course, stage).effect(options).ok()))
                        .to_vec(),
                    slope: late.slope_at(stage).effect(options).ok(),
                    exponent: late.exponent(stage).effect(options).ok(),
                    searches: joined()
                        .filter(|cell| self::steps(&cell.record.cell) == steps)
                        .map(|cell| cell.record)
                        .collect(),
                })
                .collect(),
            changes: Course::ALL
                .map(|course| (course, late.change(course).effect(options).ok()))
                .to_vec(),
            exponent_change: late.exponent_change().effect(options).ok(),
            points: points.collect(),
        })
    });
    courses.collect()
}
