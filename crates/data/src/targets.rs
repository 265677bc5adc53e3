//! What a network is to give for every sample: its class, or real numbers.

/// What a network is to give for every sample.
#[derive(Debug, Clone, PartialEq)]
pub enum Targets {
    /// The class of every sample, each smaller than the number of outputs.
    Classes(Vec<u32>),
    /// The real targets of a regression, `[samples, outputs]` row-major.
    Reals(Vec<f32>),
}

impl Targets {
    /// Number of samples, for networks of this number of outputs.
    pub fn samples(&self, outputs: usize) -> usize {
        match self {
            Self::Classes(classes) => classes.len(),
            Self::Reals(values) => values.len() / outputs.max(1),
        }
    }

    /// Every class, if the targets are classes.
    pub fn classes(&self) -> Option<&[u32]> {
        match self {
            Self::Classes(classes) => Some(classes),
            Self::Reals(_) => None,
        }
    }

    /// The targets of the samples at `indices`; those beyond the last one are left out.
    #[must_use]
    pub(crate) fn select(&self, indices: &[u32], outputs: usize) -> Self {
        match self {
            Self::Classes(classes) => {
                let chosen = indices
                    .iter()
                    .filter_map(|&index| classes.get(index as usize));
                Self::Classes(chosen.copied().collect())
            }
            Self::Reals(values) => {
                let mut rows = Vec::with_capacity(indices.len() * outputs);
                for &index in indices {
                    rows.extend_from_slice(row(values, index as usize, outputs).unwrap_or(&[]));
                }
                Self::Reals(rows)
            }
        }
    }

    /// Appends the outputs that a sample should have, one-hot for a class; `None` if there is no
    /// such sample.
    pub(crate) fn push_row(
        &self,
        sample: usize,
        outputs: usize,
        rows: &mut Vec<f32>,
    ) -> Option<()> {
        match self {
            Self::Classes(classes) => {
                let class = *classes.get(sample)? as usize;
                rows.extend((0..outputs).map(|output| f32::from(u8::from(output == class))));
            }
            Self::Reals(values) => rows.extend_from_slice(row(values, sample, outputs)?),
        }
        Some(())
    }
}

fn row(values: &[f32], sample: usize, outputs: usize) -> Option<&[f32]> {
    let start = sample.checked_mul(outputs)?;
    values.get(start..start.checked_add(outputs)?)
}
