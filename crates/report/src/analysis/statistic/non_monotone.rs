use serde::{Deserialize, Serialize};

use super::measure::Measure;
use crate::analysis::cells::{Architecture, DatasetCells, is_wide};
use crate::analysis::{
    AnalysisOptions, Effect, NotMeasured, Rate, Unit, proportion, read, resample, words,
};

/// Share of the searches in which a rate below the largest successful one
/// failed. Every finished search counts, whether it found an eta\* or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NonMonotone {
    /// At which input-layer rate.
    pub input_rate: Rate,
    /// In cells with `width >= width_over_depth * depth`; below it if
    /// `narrow`.
    #[serde(default, deserialize_with = "read::not_negative")]
    pub width_over_depth: f64,
    /// Whether the narrow cells are meant.
    #[serde(default)]
    pub narrow: bool,
    /// Of which variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

/// The share of [`NonMonotone`] in narrow cells minus that in wide ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NonMonotoneGap {
    /// At which input-layer rate.
    pub input_rate: Rate,
    /// Cells with `width >= width_over_depth * depth` are wide, the others
    /// narrow.
    #[serde(deserialize_with = "read::not_negative")]
    pub width_over_depth: f64,
    /// Of which variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

/// Searches of one architecture.
#[derive(Debug, Clone, Copy)]
struct Searches {
    wide: bool,
    not_monotone: usize,
    all: usize,
}

/// Those of every architecture, at the chosen rate.
fn searches(
    cells: &DatasetCells<'_>,
    variant: Option<&str>,
    input_rate: Rate,
    width_over_depth: f64,
) -> Result<Vec<Searches>, NotMeasured> {
    let cells = cells.of_variant(variant)?;
    cells.check_eta_star()?;
    let records = || cells.architectures.iter().flat_map(|own| &own.eta_star);
    let finished = records().filter(|record| !record.repeats.is_empty());
    let rates: Vec<f64> = finished.map(|record| record.cell.input_rate).collect();
    let chosen = input_rate.among(&rates)?;
    let of = |architecture: &Architecture<'_>| {
        let records = architecture.eta_star.iter();
        let own = records.filter(|r| chosen.is_none_or(|rate| r.cell.input_rate == rate));
        let (mut not_monotone, mut all) = (0, 0);
        for repeat in own.flat_map(|record| &record.repeats) {
            all += 1;
            not_monotone += usize::from(!repeat.monotone);
        }
        Searches {
            wide: is_wide(architecture.depth, architecture.width, width_over_depth),
            not_monotone,
            all,
        }
    };
    let searches = cells.architectures.iter().map(of);
    Ok(searches.filter(|searches| searches.all > 0).collect())
}

/// Searches that are not monotone, and all, of the wide or narrow ones.
fn counts(sample: &[&Searches], wide: bool) -> Result<(usize, usize), NotMeasured> {
    let own = || sample.iter().filter(|searches| searches.wide == wide);
    let all: usize = own().map(|searches| searches.all).sum();
    if all == 0 {
        return Err(NotMeasured::NoCells(if wide {
            "eta* in wide networks"
        } else {
            "eta* in narrow networks"
        }));
    }
    Ok((own().map(|searches| searches.not_monotone).sum(), all))
}

fn share((not_monotone, all): (usize, usize)) -> f64 {
    not_monotone as f64 / all as f64
}

impl Measure for NonMonotone {
    fn words(&self) -> String {
        let filter = match (self.narrow, self.width_over_depth > 0.0) {
            (true, _) => format!("width < {} × depth", words::number(self.width_over_depth)),
            (false, _) => words::filter(self.width_over_depth),
        };
        words::with_conditions(
            "share of searches that are not monotone",
            &[self.input_rate.words(), filter],
            self.variant.as_deref(),
        )
    }

    /// Where all searches agree, resampling knows no other share; there the
    /// interval is the exact one (see [`proportion::interval`]).
    fn effect(
        &self,
        cells: &DatasetCells<'_>,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        let mut searches = searches(
            cells,
            self.variant.as_deref(),
            self.input_rate,
            self.width_over_depth,
        )?;
        let wide = !self.narrow;
        searches.retain(|searches| searches.wide == wide);
        let all: Vec<&Searches> = searches.iter().collect();
        let counted = counts(&all, wide)?;
        let mut effect = resample::effect(&searches, 1, Unit::Share, options, |sample| {
            Ok(share(counts(sample, wide)?))
        })?;
        effect.interval = exact(counted, options).or(effect.interval);
        Ok(effect)
    }
}

impl Measure for NonMonotoneGap {
    fn words(&self) -> String {
        words::with_conditions(
            "share of searches that are not monotone, narrow minus wide networks",
            &[
                self.input_rate.words(),
                format!("limit {}", words::filter(self.width_over_depth)),
            ],
            self.variant.as_deref(),
        )
    }

    /// Where the searches agree on either side, the interval is that of the
    /// difference of two independent shares (see [`proportion::difference`]).
    fn effect(
        &self,
        cells: &DatasetCells<'_>,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        let searches = searches(
            cells,
            self.variant.as_deref(),
            self.input_rate,
            self.width_over_depth,
        )?;
        let all: Vec<&Searches> = searches.iter().collect();
        let (narrow, wide) = (counts(&all, false)?, counts(&all, true)?);
        let mut effect = resample::effect(&searches, 2, Unit::Share, options, |sample| {
            Ok(share(counts(sample, false)?) - share(counts(sample, true)?))
        })?;
        if exact(narrow, options).is_some() && exact(wide, options).is_some() {
            effect.interval = proportion::difference(narrow, wide, options.confidence);
        }
        Ok(effect)
    }
}

/// The exact interval of a share of 0 or 1.
fn exact((some, all): (usize, usize), options: &AnalysisOptions) -> Option<[f64; 2]> {
    let agree = some == 0 || some == all;
    let interval = agree.then(|| proportion::interval(some, all, options.confidence));
    interval.flatten()
}
