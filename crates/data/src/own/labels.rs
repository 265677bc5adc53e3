//! Labels of any kind and the classes made of them, and the real targets of a regression.

use std::collections::BTreeMap;

use super::NAME_REGRESSION;
use crate::targets::Targets;

/// Most classes: more is no task of classification.
const MOST_CLASSES: usize = 1 << 16;

/// Labels as they stand in a file or in an array.
#[derive(Debug, Clone, PartialEq)]
pub enum OwnLabels {
    /// Whole numbers; truth values are 0 and 1.
    Integers(Vec<i64>),
    /// Texts.
    Texts(Vec<String>),
    /// Of every sample the column that is 1, and the number of columns.
    OneHot(Vec<u32>, usize),
    /// Real targets, `[samples, outputs]` row-major, and the number of outputs.
    Reals(Vec<f64>, usize),
}

/// What a network is to give for every sample.
pub(super) struct Wanted {
    pub(super) targets: Targets,
    /// Classes, or real targets of a sample.
    pub(super) outputs: usize,
    /// Names of the classes.
    pub(super) names: Vec<String>,
}

/// The class of every sample, and the names of the classes.
struct Classes {
    labels: Vec<u32>,
    names: Vec<String>,
}

impl OwnLabels {
    /// Labels that are numbers.
    ///
    /// # Errors
    /// If one is not whole.
    pub fn from_numbers(values: &[f64]) -> Result<Self, String> {
        // Beyond 2^53 two whole numbers can be one in double precision.
        let whole = |value: &f64| value.fract() == 0.0 && value.abs() < 9e15;
        match values.iter().position(|value| !whole(value)) {
            None => Ok(Self::Integers(
                values.iter().map(|&value| value as i64).collect(),
            )),
            Some(sample) => Err(format!(
                "the label of sample {sample} is {}: labels must be whole numbers below 2^53, truth \
                 values, texts or one-hot rows; real targets need {NAME_REGRESSION}",
                values[sample]
            )),
        }
    }

    /// Labels in rows of this many columns, `[samples, columns]`: one-hot, or one number each.
    ///
    /// # Errors
    /// If a row is neither.
    pub fn from_rows(values: &[f64], columns: usize) -> Result<Self, String> {
        if columns <= 1 {
            return Self::from_numbers(values);
        }
        let rows = values.chunks_exact(columns).enumerate();
        let each = rows.map(|(sample, row)| {
            let is_one_hot = row.iter().all(|value| *value == 0.0 || *value == 1.0)
                && row.iter().sum::<f64>() == 1.0;
            let hot = row.iter().position(|value| *value == 1.0);
            hot.filter(|_| is_one_hot)
                .map(|column| column as u32)
                .ok_or_else(|| {
                    format!(
                        "the labels have {columns} columns, but row {sample} is not one-hot; real \
                         targets need {NAME_REGRESSION}"
                    )
                })
        });
        Ok(Self::OneHot(each.collect::<Result<_, _>>()?, columns))
    }

    /// Texts, or whole numbers where all of them are: `2`, or `2.0`, but not `02`.
    ///
    /// # Errors
    /// If they are numbers that are not whole.
    pub(super) fn from_texts(texts: Vec<String>) -> Result<Self, String> {
        let whole = |text: &String| text.parse().ok().filter(|n: &i64| n.to_string() == *text);
        if let Some(numbers) = texts.iter().map(whole).collect() {
            return Ok(Self::Integers(numbers));
        }
        let real = |text: &String| match text.contains(['.', 'e', 'E']) {
            true => text.parse().ok(),
            false => whole(text).map(|number| number as f64),
        };
        match texts.iter().map(real).collect::<Option<Vec<f64>>>() {
            Some(numbers) => Self::from_numbers(&numbers),
            None => Ok(Self::Texts(texts)),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Integers(labels) => labels.len(),
            Self::Texts(labels) => labels.len(),
            Self::OneHot(labels, _) => labels.len(),
            Self::Reals(values, outputs) => values.len() / (*outputs).max(1),
        }
    }

    /// What a network is to give; with a number of `outputs`, that of the network.
    pub(super) fn into_targets(self, outputs: Option<usize>) -> Result<Wanted, String> {
        let (values, columns) = match self {
            Self::Reals(values, columns) => (values, columns),
            labels => {
                let Classes { labels, names } = labels.into_classes(outputs)?;
                return Ok(Wanted {
                    targets: Targets::Classes(labels),
                    outputs: names.len(),
                    names,
                });
            }
        };
        match outputs {
            Some(outputs) if outputs != columns => {
                return Err(format!(
                    "there are {columns} targets a sample, but the network has {outputs} outputs"
                ));
            }
            Some(_) => {}
            // Where the network is given, nothing has to be learnt of them.
            None => check_that_they_vary(&values, columns)?,
        }
        Ok(Wanted {
            targets: Targets::Reals(values.into_iter().map(|value| value as f32).collect()),
            outputs: columns,
            names: Vec::new(),
        })
    }

    /// Classes by ascending value or, with their number, the labels themselves.
    fn into_classes(self, classes: Option<usize>) -> Result<Classes, String> {
        let samples = if classes.is_none() { self.len() } else { 0 };
        let found = match (self, classes) {
            (Self::OneHot(labels, columns), None) => Classes {
                labels,
                names: (0..columns).map(|column| column.to_string()).collect(),
            },
            (Self::OneHot(labels, columns), Some(classes)) if columns <= classes => Classes {
                labels,
                names: (0..classes).map(|class| class.to_string()).collect(),
            },
            (Self::OneHot(_, columns), Some(classes)) => {
                return Err(format!(
                    "one-hot labels of {columns} columns for {classes} classes"
                ));
            }
            (Self::Integers(labels), Some(classes)) => {
                let below = i64::try_from(classes).unwrap_or(i64::MAX);
                if let Some(label) = labels.iter().find(|label| !(0..below).contains(*label)) {
                    let last = below - 1;
                    return Err(format!("the label {label} is not one of 0 to {last}"));
                }
                Classes {
                    labels: labels.into_iter().map(|label| label as u32).collect(),
                    names: (0..classes).map(|class| class.to_string()).collect(),
                }
            }
            (Self::Integers(labels), None) => by_value(labels),
            (Self::Texts(labels), None) => by_value(labels),
            // Unreachable: real targets are no classes.
            (Self::Reals(..), _) => return Err("real targets are no classes".to_owned()),
            (Self::Texts(_), Some(classes)) => {
                return Err(format!(
                    "labels must be the numbers of classes, 0 to {}",
                    classes - 1
                ));
            }
        };
        match found.names.len() {
            1 if classes.is_none() => {
                Err("there is only one class, but at least two are needed".to_owned())
            }
            count if count > MOST_CLASSES || (samples >= 20 && count > samples / 2) => {
                Err(format!(
                    "there are {count} different labels among {samples} samples, too many for \
                     classification; real targets need {NAME_REGRESSION}"
                ))
            }
            _ => Ok(found),
        }
    }
}

fn check_that_they_vary(values: &[f64], columns: usize) -> Result<(), String> {
    for column in 0..columns {
        let mut own = values.iter().skip(column).step_by(columns);
        let first = own.next().copied().unwrap_or_default();
        if own.all(|value| *value as f32 == first as f32) {
            return Err(format!(
                "target {column} of every sample is {first}: there is nothing to learn, so leave it out"
            ));
        }
    }
    Ok(())
}

fn by_value<T: Ord + Clone + ToString>(labels: Vec<T>) -> Classes {
    let mut classes: BTreeMap<T, u32> = labels.iter().map(|label| (label.clone(), 0)).collect();
    for (class, number) in classes.values_mut().zip(0..) {
        *class = number;
    }
    Classes {
        labels: labels
            .iter()
            .filter_map(|label| classes.get(label))
            .copied()
            .collect(),
        names: classes.keys().map(ToString::to_string).collect(),
    }
}
