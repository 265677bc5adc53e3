use etastar_data::DatasetConfig;
use etastar_search::{CellRecord, SharpnessCellRecord, Snapshot, VariantCells};

use super::NotMeasured;
use crate::fit::{constants, grouped, kebab};
use crate::sharpness::constant_width;

/// Everything measured on one dataset, by architecture.
#[derive(Debug, Clone)]
pub(crate) struct DatasetCells<'a> {
    /// Name of the dataset; where the store has several of one name, what
    /// tells them apart follows in brackets.
    pub(crate) label: String,
    /// Its architectures, by ascending depth and width.
    pub(crate) architectures: Vec<Architecture<'a>>,
    variants: &'a [VariantCells],
    dataset: &'a DatasetConfig,
    /// All cells of eta\* of the store, of other datasets too.
    records: &'a [CellRecord],
}

/// Everything measured on one constant-width architecture.
#[derive(Debug, Clone)]
pub(crate) struct Architecture<'a> {
    /// Number of hidden layers.
    pub(crate) depth: usize,
    /// Their common width.
    pub(crate) width: usize,
    /// Its cells of eta\*, by ascending input-layer rate.
    pub(crate) eta_star: Vec<&'a CellRecord>,
    /// Its cells of sharpness, likewise.
    pub(crate) sharpness: Vec<&'a SharpnessCellRecord>,
}

/// Whether `width >= width_over_depth * depth`.
pub(crate) fn is_wide(depth: usize, width: usize, width_over_depth: f64) -> bool {
    width as f64 >= width_over_depth * depth as f64
}

/// The datasets of a store, in the grid's order of their first cells. Cells
/// whose hidden layers differ in width are left out.
pub(crate) fn datasets(snapshot: &Snapshot) -> Vec<DatasetCells<'_>> {
    let rates = snapshot.cells.iter().map(|record| &record.cell.dataset);
    let sharpness = snapshot.sharpness.iter().map(|record| &record.cell.dataset);
    let mut configs: Vec<&DatasetConfig> = Vec::new();
    for config in rates.chain(sharpness) {
        if !configs.contains(&config) {
            configs.push(config);
        }
    }
    let name = |config: &&DatasetConfig| kebab(&config.name);
    grouped(&configs, |config| constants(config, ""), name)
        .into_iter()
        .filter_map(|(label, configs)| {
            let config = *configs.first()?;
            Some(DatasetCells {
                label,
                architectures: architectures(snapshot, config),
                variants: &snapshot.manifest.variants,
                dataset: config,
                records: &snapshot.cells,
            })
        })
        .collect()
}

fn architectures<'a>(snapshot: &'a Snapshot, dataset: &DatasetConfig) -> Vec<Architecture<'a>> {
    let mut architectures: Vec<Architecture<'a>> = Vec::new();
    for record in &snapshot.cells {
        if record.cell.dataset == *dataset
            && let Some(own) = entry(&mut architectures, &record.cell.hidden)
        {
            own.eta_star.push(record);
        }
    }
    for record in &snapshot.sharpness {
        if record.cell.dataset == *dataset
            && let Some(own) = entry(&mut architectures, &record.cell.hidden)
        {
            own.sharpness.push(record);
        }
    }
    // In an order that does not depend on the grid's.
    architectures.sort_by_key(|architecture| (architecture.depth, architecture.width));
    for architecture in &mut architectures {
        architecture
            .eta_star
            .sort_by(|a, b| a.cell.input_rate.total_cmp(&b.cell.input_rate));
        architecture
            .sharpness
            .sort_by(|a, b| a.cell.input_rate.total_cmp(&b.cell.input_rate));
    }
    architectures
}

/// The architecture of these hidden layers, added if it is new; `None` if
/// they differ in width.
fn entry<'a, 'b>(
    architectures: &'b mut Vec<Architecture<'a>>,
    hidden: &[usize],
) -> Option<&'b mut Architecture<'a>> {
    let (depth, width) = (hidden.len(), constant_width(hidden)?);
    let known = architectures
        .iter()
        .position(|other| (other.depth, other.width) == (depth, width));
    let index = known.unwrap_or(architectures.len());
    if known.is_none() {
        architectures.push(Architecture {
            depth,
            width,
            eta_star: Vec::new(),
            sharpness: Vec::new(),
        });
    }
    architectures.get_mut(index)
}

impl<'a> DatasetCells<'a> {
    /// The cells of one variant: of the named one or, without a name, of the
    /// first that has any of the dataset's cells; of a store without variants,
    /// all cells.
    ///
    /// # Errors
    /// If there is no variant of that name.
    pub(crate) fn of_variant(&self, name: Option<&str>) -> Result<Self, NotMeasured> {
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
        let architectures = self.architectures.iter().map(|all| Architecture {
            eta_star: retained(&all.eta_star, |record| {
                variant.eta_star.contains(&record.id)
            }),
            sharpness: retained(&all.sharpness, |record| {
                variant.sharpness.contains(&record.id)
            }),
            ..*all
        });
        Self {
            label: self.label.clone(),
            architectures: architectures
                .filter(|own| !own.eta_star.is_empty() || !own.sharpness.is_empty())
                .collect(),
            ..self.clone()
        }
    }

    /// The first variant of the experiment, with which others are compared.
    ///
    /// # Errors
    /// If the experiment has no variants.
    pub(crate) fn first_variant(&self) -> Result<&'a VariantCells, NotMeasured> {
        let first = self.variants.first();
        first.ok_or(NotMeasured::Undetermined("the experiment has no variants"))
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
        let own: Vec<&'a CellRecord> = self
            .records
            .iter()
            .filter(|record| variant.eta_star.contains(&record.id))
            .filter(|record| record.cell.dataset.name == self.dataset.name)
            .collect();
        let same: Vec<&'a CellRecord> = own
            .iter()
            .copied()
            .filter(|record| record.cell.dataset == *self.dataset)
            .collect();
        let one = own
            .windows(2)
            .all(|pair| matches!(pair, [a, b] if a.cell.dataset == b.cell.dataset));
        match (same.is_empty(), one) {
            (false, _) => same,
            (true, true) => own,
            (true, false) => Vec::new(),
        }
    }

    /// Whether the first variant has cells of eta\* on this dataset.
    pub(crate) fn is_of_first_variant(&self) -> bool {
        self.variants.first().is_none_or(|first| {
            let cells = self.architectures.iter().flat_map(|own| &own.eta_star);
            cells
                .into_iter()
                .any(|record| first.eta_star.contains(&record.id))
        })
    }

    /// That all cells of eta\* differ in their architecture and input-layer
    /// rate only.
    pub(crate) fn check_eta_star(&self) -> Result<(), NotMeasured> {
        let cells = self.architectures.iter().flat_map(|own| &own.eta_star);
        of_one_kind(cells.map(|record| constants(&record.cell, &record.id)))
    }
}

/// That all of these are the same; the names of those that differ, if not.
pub(crate) fn of_one_kind(
    mut cells: impl Iterator<Item = Vec<(String, String)>>,
) -> Result<(), NotMeasured> {
    let Some(first) = cells.next() else {
        return Ok(());
    };
    let Some(other) = cells.find(|other| *other != first) else {
        return Ok(());
    };
    let mut keys: Vec<&str> = Vec::new();
    for (one, two) in [(&first, &other), (&other, &first)] {
        for (key, value) in one {
            let same = two.iter().any(|(k, v)| k == key && v == value);
            if !same && !keys.contains(&key.as_str()) {
                keys.push(key);
            }
        }
    }
    Err(NotMeasured::SeveralKinds(keys.join(", ")))
}

fn retained<'a, T>(records: &[&'a T], keep: impl Fn(&T) -> bool) -> Vec<&'a T> {
    records
        .iter()
        .copied()
        .filter(|record| keep(record))
        .collect()
}
