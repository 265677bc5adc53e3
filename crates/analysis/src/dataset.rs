//! Everything measured on one dataset, and the selection of cells from it.

use etastar_data::DatasetConfig;
use etastar_model::Loss;
use etastar_search::{CellRecord, Snapshot, VariantCells};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::Value;

use crate::effect::NotMeasured;
use crate::numbers::{distinct, shortest};
use crate::points::{Point, Quantity, by_architecture};
use crate::series::{constants, differing_keys, kebab, labelled_datasets};

/// Everything measured on one dataset, by architecture.
#[derive(Debug, Clone)]
pub(crate) struct Dataset<'a> {
    /// Name of the dataset; where the store has several of one name, what
    /// tells them apart follows in brackets.
    pub(crate) label: String,
    /// Its architectures, by ascending depth and width. Cells whose hidden
    /// layers differ in width are left out.
    pub(crate) architectures: Vec<Architecture<'a>>,
    variants: &'a [VariantCells],
    config: &'a DatasetConfig,
    /// All cells of the store, of other datasets too.
    records: &'a [CellRecord],
}

/// Everything measured on one constant-width architecture.
#[derive(Debug, Clone)]
pub(crate) struct Architecture<'a> {
    /// Number of hidden layers.
    pub(crate) depth: usize,
    /// Their common width.
    pub(crate) width: usize,
    /// Its cells, by ascending input-layer rate.
    pub(crate) cells: Vec<&'a CellRecord>,
}

impl<'a> Architecture<'a> {
    /// Its cells of eta\*.
    pub(crate) fn eta_star(&self) -> impl Iterator<Item = &'a CellRecord> {
        let cells = self.cells.iter().copied();
        cells.filter(|record| record.cell.protocol().is_some())
    }

    /// Its cells of sharpness.
    pub(crate) fn sharpness(&self) -> impl Iterator<Item = &'a CellRecord> {
        let cells = self.cells.iter().copied();
        cells.filter(|record| record.cell.sharpness().is_some())
    }
}

/// The datasets of a store, in the grid's order of their first cells.
pub(crate) fn datasets(snapshot: &Snapshot) -> Vec<Dataset<'_>> {
    let labelled = labelled_datasets(snapshot).into_iter();
    labelled
        .map(|(label, config)| Dataset {
            label,
            architectures: architectures(
                snapshot
                    .cells
                    .iter()
                    .filter(|record| record.cell.dataset == *config),
            ),
            variants: &snapshot.manifest.variants,
            config,
            records: &snapshot.cells,
        })
        .collect()
}

fn architectures<'a>(records: impl Iterator<Item = &'a CellRecord>) -> Vec<Architecture<'a>> {
    let mut shaped: Vec<((usize, usize), &CellRecord)> = records
        .filter_map(|record| {
            let width = record.cell.constant_width()?;
            Some(((record.cell.depth(), width), record))
        })
        .collect();
    // In an order that does not depend on the grid's.
    shaped.sort_by(|(a, one), (b, two)| {
        a.cmp(b)
            .then(one.cell.input_rate.total_cmp(&two.cell.input_rate))
    });
    shaped
        .chunk_by(|(a, _), (b, _)| a == b)
        .filter_map(|group| {
            let ((depth, width), _) = *group.first()?;
            let cells = group.iter().map(|(_, record)| *record).collect();
            Some(Architecture {
                depth,
                width,
                cells,
            })
        })
        .collect()
}

impl<'a> Dataset<'a> {
    /// The cells of one variant: of the named one or, without a name, of the
    /// first that has any of the dataset's cells; of a store without variants,
    /// all cells.
    ///
    /// # Errors
    /// If there is no variant of that name.
    fn of_variant(&self, name: Option<&str>) -> Result<Self, NotMeasured> {
        match name {
            Some(name) => Ok(self.within(self.variant(name)?)),
            None => {
                let mut variants = self.variants.iter().map(|variant| self.within(variant));
                let first = variants.find(|cells| !cells.architectures.is_empty());
                Ok(first.unwrap_or_else(|| self.clone()))
            }
        }
    }

    fn within(&self, variant: &VariantCells) -> Self {
        self.retained(|_, record| variant.cells.contains(&record.id))
    }

    fn retained(&self, keep: impl Fn(&Architecture<'a>, &CellRecord) -> bool) -> Self {
        let architectures = self.architectures.iter().map(|all| Architecture {
            cells: all
                .cells
                .iter()
                .copied()
                .filter(|record| keep(all, record))
                .collect(),
            ..*all
        });
        Self {
            architectures: architectures.filter(|own| !own.cells.is_empty()).collect(),
            ..self.clone()
        }
    }

    /// The variants of the experiment.
    pub(crate) fn variants(&self) -> &'a [VariantCells] {
        self.variants
    }

    /// Every cell of sharpness, of any kind: of a variant, or of all of them.
    ///
    /// # Errors
    /// If there is no variant of that name.
    pub(crate) fn networks(&self, cells: &Selector) -> Result<Vec<&'a CellRecord>, NotMeasured> {
        let chosen = match &cells.variant {
            Some(name) => self.of_variant(Some(name))?,
            None => self.clone(),
        };
        let architectures = chosen.architectures.iter();
        Ok(architectures.flat_map(Architecture::sharpness).collect())
    }

    /// The variant of this name.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn variant(&self, name: &str) -> Result<&'a VariantCells, NotMeasured> {
        let named = self.variants.iter().find(|variant| variant.name == name);
        named.ok_or_else(|| NotMeasured::NoVariant(name.to_owned()))
    }

    /// A variant's cells of eta\* on this dataset. A variant may change the
    /// dataset itself, as by its number of training samples: where it has no
    /// cells on this very one, those on its only one of the same name.
    pub(crate) fn counterparts(&self, variant: &VariantCells) -> Vec<&'a CellRecord> {
        let own = self.records.iter().filter(|record| {
            record.cell.protocol().is_some()
                && variant.cells.contains(&record.id)
                && record.cell.dataset.title() == self.config.title()
        });
        let (same, others): (Vec<_>, Vec<_>) =
            own.partition(|record| record.cell.dataset == *self.config);
        let is_one = others
            .windows(2)
            .all(|pair| pair[0].cell.dataset == pair[1].cell.dataset);
        match (same.is_empty(), is_one) {
            (false, _) => same,
            (true, true) => others,
            (true, false) => Vec::new(),
        }
    }

    /// Whether the first variant has cells of eta\* on this dataset.
    pub(crate) fn is_of_first_variant(&self) -> bool {
        self.variants.first().is_none_or(|first| {
            let mut cells = self.architectures.iter().flat_map(Architecture::eta_star);
            cells.any(|record| first.cells.contains(&record.id))
        })
    }

    /// The cells that a selector names.
    ///
    /// # Errors
    /// If there are none of eta\* or of sharpness, as `quantity` asks, or if they differ in more
    /// than architecture and input-layer rate.
    pub(crate) fn select(
        &self,
        selector: &Selector,
        quantity: Quantity,
    ) -> Result<Self, NotMeasured> {
        let is_eta_star = quantity == Quantity::EtaStar;
        let chosen = self
            .of_variant(selector.variant.as_deref())?
            .retained(|own, record| {
                record.cell.protocol().is_some() == is_eta_star
                    && selector.loss.is_none_or(|loss| record.cell.loss() == loss)
                    && selector.has_shape(own.depth, own.width)
            });
        let cells = || {
            chosen
                .architectures
                .iter()
                .flat_map(|own| own.cells.iter().copied())
        };
        let finished = || cells().filter(|record| !record.repeats.is_empty());
        if finished().next().is_none() {
            return Err(NotMeasured::NoCells(match quantity {
                Quantity::EtaStar => "eta* with the width over depth that is asked for",
                Quantity::Hessian | Quantity::GaussNewton => "sharpness",
            }));
        }
        of_one_kind(cells())?;
        let rates = distinct(finished().map(|record| record.cell.input_rate));
        let rate = selector.input_rate.among(&rates)?;
        Ok(chosen.retained(|_, record| rate.is_none_or(|rate| record.cell.input_rate == rate)))
    }

    /// Identities of its cells.
    pub(crate) fn ids(&self) -> Vec<&str> {
        let cells = self.architectures.iter().flat_map(|own| own.cells.iter());
        cells.map(|record| record.id.as_str()).collect()
    }

    /// The points of the selected cells, one group for each architecture.
    ///
    /// # Errors
    /// As [`Dataset::select`].
    pub(crate) fn points(
        &self,
        selector: &Selector,
        quantity: Quantity,
    ) -> Result<Vec<Vec<Point>>, NotMeasured> {
        let chosen = self.select(selector, quantity)?;
        let records = chosen.architectures.iter().flat_map(|own| own.cells.iter());
        Ok(by_architecture(
            records.filter_map(|record| Point::from_record(record, quantity)),
        ))
    }
}

/// That the cells differ only in their architecture and input-layer rate.
///
/// # Errors
/// Names what else they differ in.
pub(crate) fn of_one_kind<'a>(
    cells: impl Iterator<Item = &'a CellRecord>,
) -> Result<(), NotMeasured> {
    let all: Vec<_> = cells.map(|record| constants(&record.cell)).collect();
    let keys = differing_keys(&all.iter().collect::<Vec<_>>());
    if keys.is_empty() {
        Ok(())
    } else {
        Err(NotMeasured::SeveralKinds(keys.join(", ")))
    }
}

/// Which cells of a dataset a statistic looks at.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Selector {
    /// Those of this variant of the experiment; of the first one where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Those at this input-layer rate.
    #[serde(skip_serializing_if = "InputRate::is_all")]
    pub input_rate: InputRate,
    /// Those with `width >= width_over_depth * depth`.
    #[serde(deserialize_with = "not_negative", skip_serializing_if = "is_zero")]
    pub width_over_depth: f64,
    /// Those with `width < narrower_than * depth`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub narrower_than: Option<f64>,
    /// Those with at least this many hidden layers.
    #[serde(skip_serializing_if = "is_zero_layers")]
    pub depth_at_least: usize,
    /// Those with this loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<Loss>,
}

impl Selector {
    pub(crate) fn has_shape(&self, depth: usize, width: usize) -> bool {
        let (depths, width) = (depth as f64, width as f64);
        depth >= self.depth_at_least
            && width >= self.width_over_depth * depths
            && self.narrower_than.is_none_or(|k| width < k * depths)
    }

    /// The fields by which it chooses.
    pub(crate) fn named(&self) -> Vec<String> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields.into_iter().map(|(field, _)| field).collect(),
            _ => Vec::new(),
        }
    }

    /// The selection in words, for a bracket behind a statistic's name.
    pub(crate) fn words(&self) -> Vec<String> {
        let loss = self.loss.map(|loss| kebab(&loss).replace('-', " "));
        let wide = (self.width_over_depth > 0.0)
            .then(|| format!("width ≥ {} × depth", number(self.width_over_depth)));
        let narrow = self
            .narrower_than
            .map(|k| format!("width < {} × depth", number(k)));
        let all = (wide.is_none() && narrow.is_none()).then(|| "all cells".to_owned());
        let depth = (self.depth_at_least > 0).then(|| format!("depth ≥ {}", self.depth_at_least));
        let variant = self.variant.as_ref().map(|name| format!("variant {name}"));
        let words = loss.into_iter().chain([self.input_rate.words()]);
        let shape = wide.into_iter().chain(narrow).chain(all).chain(depth);
        words.chain(shape).chain(variant).collect()
    }
}

fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

fn is_zero_layers(value: &usize) -> bool {
    *value == 0
}

/// A number of at least 0.
pub(crate) fn not_negative<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    let value = f64::deserialize(from)?;
    if value.is_finite() && value >= 0.0 {
        Ok(value)
    } else {
        Err(D::Error::custom(format!(
            "must be 0 or a positive number, not {value}"
        )))
    }
}

/// A setting in words, as exactly as it was given.
pub(crate) fn number(value: f64) -> String {
    shortest(value).replace('-', "−")
}

/// Which input-layer rates are meant. In files `"slowest"`, `"fastest"`,
/// `"all"` or a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputRate {
    /// The least rate that was measured.
    Slowest,
    /// The largest rate that was measured.
    Fastest,
    /// All rates together.
    #[default]
    All,
    /// This rate.
    #[serde(untagged)]
    At(f64),
}

impl InputRate {
    fn is_all(&self) -> bool {
        *self == Self::All
    }

    /// The one rate that is meant among those measured, ascending; `None` for all.
    pub(crate) fn among(self, measured: &[f64]) -> Result<Option<f64>, NotMeasured> {
        let none = NotMeasured::NoCells("any input-layer rate");
        match self {
            Self::All if measured.is_empty() => Err(none),
            Self::All => Ok(None),
            Self::Slowest => measured.first().copied().map(Some).ok_or(none),
            Self::Fastest => measured.last().copied().map(Some).ok_or(none),
            Self::At(rate) if measured.contains(&rate) => Ok(Some(rate)),
            Self::At(rate) => Err(NotMeasured::NoSuchRate(rate)),
        }
    }

    fn words(self) -> String {
        match self {
            Self::Slowest => "slowest input layer".to_owned(),
            Self::Fastest => "fastest input layer".to_owned(),
            Self::All => "all input rates".to_owned(),
            Self::At(rate) => format!("input rate {}", number(rate)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn input_rates_read_back() {
        for (value, rate) in [
            (json!("slowest"), InputRate::Slowest),
            (json!("fastest"), InputRate::Fastest),
            (json!("all"), InputRate::All),
            (json!(0.1), InputRate::At(0.1)),
        ] {
            assert_eq!(
                serde_json::from_value::<InputRate>(value.clone()).unwrap(),
                rate
            );
            assert_eq!(serde_json::to_value(rate).unwrap(), value);
        }
        assert_eq!(
            serde_json::from_value::<InputRate>(json!(1)).unwrap(),
            InputRate::At(1.0)
        );
        assert!(serde_json::from_value::<InputRate>(json!("slow")).is_err());
    }

    #[test]
    fn input_rates_are_chosen_among_those_measured() {
        let measured = [0.01, 0.1, 1.0];
        assert_eq!(InputRate::Slowest.among(&measured), Ok(Some(0.01)));
        assert_eq!(InputRate::Fastest.among(&measured), Ok(Some(1.0)));
        assert_eq!(InputRate::All.among(&measured), Ok(None));
        assert_eq!(InputRate::At(0.1).among(&measured), Ok(Some(0.1)));
        assert_eq!(
            InputRate::At(0.5).among(&measured),
            Err(NotMeasured::NoSuchRate(0.5))
        );
        assert!(InputRate::Slowest.among(&[]).is_err() && InputRate::All.among(&[]).is_err());
    }
}
