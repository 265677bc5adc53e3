//! Criteria: a number of a store, and the rule by which it supports a claim or contradicts it.
//!
//! An experiment's `[analysis]` table ([`Specification`]) names the sections that its report shows
//! and the criteria by which its claims are judged. It is kept in the store, and so fixed before
//! the first trial. [`findings`] computes every criterion on every dataset of a store and gives
//! each its [`Verdict`].

use etastar_search::Manifest;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::dataset::{Dataset, Selector};
use crate::effect::{Effect, NotMeasured, Options};
use crate::rule::{Rule, Verdict};
use crate::statistic::Statistic;

/// The `[analysis]` table of an experiment: what its report shows, and by which criteria its
/// claims are judged.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Specification {
    /// Whether the rules were written before or after their author had looked at such data.
    pub evidence: Evidence,
    /// Sections of the experiment in the report, in order.
    pub show: Vec<View>,
    /// In plain words, what the numbers do not show.
    pub caveat: String,
    /// The criteria, in order.
    pub criteria: Vec<Criterion>,
}

/// Most criteria of an experiment.
const MOST_CRITERIA: usize = 200;

/// What the verdicts of an experiment are worth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// Its rules were written by somebody who had seen such results: verdicts describe, and prove
    /// nothing.
    #[default]
    Exploratory,
    /// Its rules were committed before anything was measured at its seed and sizes.
    Confirmatory,
}

impl Evidence {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exploratory => "exploratory",
            Self::Confirmatory => "confirmatory",
        }
    }
}

/// An `[analysis]` table that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SpecificationError {
    /// A criterion is wrong.
    #[error("[analysis], criterion {number}: {problem}")]
    Criterion {
        /// Which one, from 1.
        number: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// Something else is.
    #[error("[analysis]: {0}")]
    Table(String),
}

impl Specification {
    /// The specification in a store's manifest; `None` where the experiment has none.
    ///
    /// # Errors
    /// If the manifest's `analysis` is not one.
    pub fn from_manifest(manifest: &Manifest) -> Result<Option<Self>, SpecificationError> {
        if manifest.analysis.is_null() {
            return Ok(None);
        }
        Self::parse(&manifest.analysis).map(Some)
    }

    /// Reads a specification. Unknown keys, and values out of range, are errors.
    ///
    /// # Errors
    /// If the value is not a specification; the error names the first field that is wrong.
    pub fn parse(value: &Value) -> Result<Self, SpecificationError> {
        // Each criterion on its own, so that an error can say which one.
        let mut rest = value.clone();
        let criteria = rest
            .as_object_mut()
            .and_then(|table| table.remove("criteria"));
        let specification: Self = serde_json::from_value(rest)
            .map_err(|error| SpecificationError::Table(error.to_string()))?;
        let criteria = match criteria {
            None => Vec::new(),
            Some(Value::Array(criteria)) => criteria,
            Some(_) => {
                let problem = "`criteria` must be a list".to_owned();
                return Err(SpecificationError::Table(problem));
            }
        };
        if criteria.len() > MOST_CRITERIA {
            return Err(SpecificationError::Table(format!(
                "there are {} criteria, and {MOST_CRITERIA} at most: nobody reads more verdicts, and \
                 one in forty is wrong by chance",
                criteria.len()
            )));
        }
        let criteria = criteria.into_iter().enumerate().map(|(index, criterion)| {
            let read = serde_json::from_value(criterion).map_err(|error| error.to_string());
            let checked = read.and_then(|criterion: Criterion| {
                criterion.check()?;
                Ok(criterion)
            });
            checked.map_err(|problem| SpecificationError::Criterion {
                number: index + 1,
                problem,
            })
        });
        Ok(Self {
            criteria: criteria.collect::<Result<_, _>>()?,
            ..specification
        })
    }
}

impl Specification {
    /// Checks that the criteria name only variants that the experiment has.
    ///
    /// # Errors
    /// If one does not; the error names it.
    pub fn check_variants(&self, known: &[&str]) -> Result<(), SpecificationError> {
        for (index, criterion) in self.criteria.iter().enumerate() {
            let mut named = Vec::new();
            variants_in(
                &serde_json::to_value(criterion).unwrap_or_default(),
                &mut named,
            );
            if let Some(name) = named.iter().find(|name| !known.contains(&name.as_str())) {
                return Err(SpecificationError::Criterion {
                    number: index + 1,
                    problem: format!(
                        "there is no variant `{name}`; there are {}",
                        known.join(", ")
                    ),
                });
            }
        }
        Ok(())
    }
}

/// The names of variants in a criterion, wherever they stand.
fn variants_in(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (field, inner) in fields {
                match inner {
                    Value::String(name) if field == "variant" || field == "against" => {
                        names.push(name.clone());
                    }
                    _ => variants_in(inner, names),
                }
            }
        }
        Value::Array(entries) => entries.iter().for_each(|one| variants_in(one, names)),
        _ => {}
    }
}

/// A section of the report that an experiment may show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum View {
    /// eta\* against depth times width.
    DepthWidth,
    /// The fitted laws side by side.
    Laws,
    /// How the searches ended.
    Searches,
    /// Every cell's eta\*.
    Cells,
    /// The protocol in full.
    Protocol,
    /// Claim C1 (i): what the ratio of width to depth changes.
    WidthOverDepth,
    /// Claim C1 (ii): what the input layer's rate changes.
    InputLayer,
    /// eta\* against the effective size.
    EffectiveSize,
    /// Claim C2: the largest usable rate as training goes on.
    LateStage,
    /// Claim C3: eta\* against the sharpness at initialisation.
    EtaSharpness,
    /// What variants shift.
    Shifts,
    /// Where the noise of eta\* comes from.
    Noise,
    /// Variants side by side.
    SideBySide,
    /// What predicts eta\* at initialisation, and at what cost.
    Proxies,
    /// Larger networks predicted from smaller ones.
    Transfer,
    /// Which rate trains fastest below eta\*.
    Advice,
    /// Sharpness against depth times width.
    SharpnessGrowth,
    /// Exponents of the sharpness.
    SharpnessExponents,
    /// Sharpness against what was predicted without a network.
    SharpnessPrediction,
    /// How tight the bounds on the sharpness are.
    SharpnessBounds,
}

/// What decides whether a claim holds: a statistic of some cells, and the rule it has to satisfy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// The claim it belongs to, as `C1 (ii)`.
    pub claim: String,
    /// What holds if the criterion is satisfied, in a sentence.
    pub says: String,
    /// What is computed.
    pub statistic: Statistic,
    /// Of which cells.
    #[serde(default)]
    pub cells: Selector,
    /// What is subtracted from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minus: Option<Subtrahend>,
    /// What the number has to satisfy.
    pub rule: Rule,
}

/// The second number of a difference. What it leaves out is as in the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subtrahend {
    /// Another statistic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistic: Option<Statistic>,
    /// Other cells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cells: Option<Selector>,
}

impl Criterion {
    /// Checks that its statistics look at everything that its cells are chosen by.
    fn check(&self) -> Result<(), String> {
        check(&self.statistic, &self.cells)?;
        let Some(other) = &self.minus else {
            return Ok(());
        };
        let statistic = other.statistic.as_ref().unwrap_or(&self.statistic);
        check(statistic, other.cells.as_ref().unwrap_or(&self.cells))
    }

    /// The criterion's number in words, with the cells in brackets.
    pub fn words(&self) -> String {
        let chosen =
            |statistic: &Statistic, cells: &Selector| statistic.looked_at(cells).words().join(", ");
        let of = |statistic: &Statistic, cells: &Selector| {
            format!("{} ({})", statistic.words(), chosen(statistic, cells))
        };
        let own = of(&self.statistic, &self.cells);
        match &self.minus {
            None => own,
            Some(Subtrahend {
                statistic: None,
                cells: Some(cells),
            }) => {
                format!("{own} minus the same ({})", chosen(&self.statistic, cells))
            }
            Some(other) => {
                let statistic = other.statistic.as_ref().unwrap_or(&self.statistic);
                format!(
                    "{own} minus {}",
                    of(statistic, other.cells.as_ref().unwrap_or(&self.cells))
                )
            }
        }
    }

    /// The criterion's number on one dataset.
    ///
    /// # Errors
    /// If the dataset's cells do not determine it.
    pub(crate) fn effect(
        &self,
        dataset: &Dataset<'_>,
        options: &Options,
    ) -> Result<Effect, NotMeasured> {
        let own = self.statistic.prepare(dataset, &self.cells)?;
        let Some(other) = &self.minus else {
            return own.effect(options);
        };
        let statistic = other.statistic.as_ref().unwrap_or(&self.statistic);
        let cells = other.cells.as_ref().unwrap_or(&self.cells);
        if other.statistic.is_none() {
            let quantity = statistic.quantity();
            let (one, two) = (
                dataset.select(&self.cells, quantity),
                dataset.select(cells, quantity),
            );
            if one?.ids() == two?.ids() {
                return Err(NotMeasured::SameCells);
            }
        }
        own.minus(statistic.prepare(dataset, cells)?)
            .effect(options)
    }
}

/// That a statistic looks at everything that a selector names.
fn check(statistic: &Statistic, cells: &Selector) -> Result<(), String> {
    let seen = statistic.looked_at(cells).named();
    let named = cells.named();
    match named.iter().find(|field| !seen.contains(field)) {
        None => Ok(()),
        Some(field) => Err(format!(
            "the statistic does not choose its cells by `{field}`; leave it out"
        )),
    }
}

/// A criterion, applied to one dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The criterion.
    pub criterion: Criterion,
    /// Its number in words.
    pub number: String,
    /// Its rule in words.
    pub rule: String,
    /// The dataset.
    pub dataset: String,
    /// The number, where it was measured.
    pub effect: Option<Effect>,
    /// What the criterion came to.
    pub verdict: Verdict,
    /// What that is worth.
    pub evidence: Evidence,
    /// Why the number was not measured, or has no interval.
    pub reason: Option<String>,
}

/// Every criterion on every dataset of a store: criterion by criterion, the datasets in the
/// grid's order, those that could not be had last.
pub(crate) fn findings(
    datasets: &[Dataset<'_>],
    manifest: &Manifest,
    specification: &Specification,
    options: &Options,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for criterion in &specification.criteria {
        let own = datasets
            .iter()
            .filter(|dataset| criterion.statistic.applies(dataset));
        let measured = own.map(|dataset| {
            let effect = criterion.effect(dataset, options);
            finding(
                criterion,
                specification.evidence,
                &dataset.label,
                effect.map_err(|reason| reason.to_string()),
            )
        });
        findings.extend(measured);
        let not_run = manifest.not_run.iter();
        findings.extend(not_run.map(|one| {
            let reason = Err(one.reason.clone());
            finding(criterion, specification.evidence, &one.dataset, reason)
        }));
    }
    findings
}

fn finding(
    criterion: &Criterion,
    evidence: Evidence,
    dataset: &str,
    effect: Result<Effect, String>,
) -> Finding {
    let (effect, verdict, reason) = match effect {
        Err(reason) => (None, Verdict::NotMeasured, Some(reason)),
        Ok(effect) => {
            let reason = effect.bounds().is_none().then(|| {
                "there is no interval: too few architectures, or too few resamples that \
                 determine it"
                    .to_owned()
            });
            (Some(effect), Verdict::new(&criterion.rule, &effect), reason)
        }
    };
    Finding {
        criterion: criterion.clone(),
        number: criterion.words(),
        rule: criterion.rule.words(),
        dataset: dataset.to_owned(),
        effect,
        verdict,
        evidence,
        reason,
    }
}
