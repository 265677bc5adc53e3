use burn_tensor::{Element, Tensor, TensorData, backend};
use etastar_backend::Backend;

/// Samples on a device. Where `D` is 3, with a leading axis over the networks
/// of an [`Ensemble`](crate::Ensemble); of length 1 where all of them have the
/// same samples.
#[derive(Debug, Clone)]
pub struct Batch<B: backend::Backend, const D: usize = 2> {
    /// `[samples, inputs]`.
    pub inputs: Tensor<B, D>,
    /// One-hot, `[samples, outputs]`.
    pub targets: Tensor<B, D>,
}

impl<B: Backend> Batch<B> {
    /// Uploads samples: `inputs` is row-major `[labels.len(), features]`, each
    /// label is below `classes`.
    pub fn upload(
        inputs: &[f32],
        labels: &[u32],
        features: usize,
        classes: usize,
        device: &B::Device,
    ) -> Self {
        let samples = labels.len();
        let inputs = TensorData::new(inputs.to_vec(), [samples, features]);
        let mut one_hot = vec![0f32; samples * classes];
        for (row, &label) in one_hot.chunks_exact_mut(classes).zip(labels) {
            row[label as usize] = 1.0;
        }
        let targets = TensorData::new(one_hot, [samples, classes]);
        Self {
            inputs: Tensor::from_data(inputs.convert::<B::FloatElem>(), device),
            targets: Tensor::from_data(targets.convert::<B::FloatElem>(), device),
        }
    }
}

/// Number of samples whose largest output is the one of their label, for each
/// network. Ties go to the lowest class; a row with a NaN is never correct.
///
/// `outputs` has shape `[samples, classes]`, one row a label, after the axis
/// over networks if there is one.
pub fn correct_predictions<B: Backend, const D: usize>(
    outputs: Tensor<B, D>,
    labels: &[u32],
) -> Vec<usize> {
    let classes = outputs.dims()[D - 1];
    let data = outputs.into_data().convert::<B::FloatElem>();
    let Ok(values) = data.as_slice::<B::FloatElem>() else {
        // Unreachable: the data was just converted to this type.
        return Vec::new();
    };
    let correct = |rows: &[B::FloatElem]| {
        let rows = rows.chunks_exact(classes).zip(labels);
        rows.filter(|(row, label)| predicted_class(row) == Some(**label as usize))
            .count()
    };
    let per_network = classes * labels.len();
    values.chunks_exact(per_network).map(correct).collect()
}

/// Index of the row's first maximum; none where the row has a NaN.
fn predicted_class<E: Element>(row: &[E]) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (class, value) in row.iter().enumerate() {
        let value: f64 = value.elem();
        if value.is_nan() {
            return None;
        }
        if best.is_none_or(|(_, largest)| value > largest) {
            best = Some((class, value));
        }
    }
    best.map(|(class, _)| class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_to_the_lowest_class_and_nan_is_never_right() {
        assert_eq!(predicted_class(&[0.0f32, 0.0, 0.0]), Some(0));
        assert_eq!(predicted_class(&[-1.0f32, 2.0, 2.0]), Some(1));
        assert_eq!(
            predicted_class(&[f32::NEG_INFINITY, f32::NEG_INFINITY]),
            Some(0)
        );
        assert_eq!(predicted_class(&[1.0f32, f32::NAN]), None);
        assert_eq!(predicted_class(&[f32::NAN, 1.0]), None);
    }
}
