//! How much memory an ensemble takes.

use etastar_model::Architecture;

use super::dataset::EVALUATION_CHUNK;

/// Estimated bytes that one more network of an ensemble takes on the device,
/// at the step that takes most.
///
/// A step holds the weights before and after it and the update; every layer's
/// activation and derivative, besides the product in hand; and, where repeats
/// differ, the network's own copy of its batch. An evaluation holds the inputs
/// and outputs of one layer for a chunk of validation samples.
pub(super) fn bytes_per_network(
    architecture: &Architecture,
    batch_size: usize,
    validation_samples: usize,
    float_bytes: usize,
) -> u64 {
    let widths: usize = architecture.hidden.iter().sum::<usize>() + architecture.outputs;
    let largest = architecture.hidden.iter().copied().max().unwrap_or(0);
    let weights = 3 * architecture.parameters();
    let step = batch_size * (architecture.inputs + 3 * widths);
    let evaluation = 3 * validation_samples.min(EVALUATION_CHUNK) * largest;
    ((weights + step.max(evaluation)) * float_bytes) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_takes_its_weights_three_times_and_its_activations() {
        let architecture = Architecture::constant_width(784, 128, 4, 10);
        let parameters = 784 * 128 + 3 * 128 * 128 + 128 * 10;
        let step = 128 * (784 + 3 * (4 * 128 + 10));
        let bytes = |validation| bytes_per_network(&architecture, 128, validation, 4);
        assert_eq!(bytes(0), 4 * (3 * parameters + step) as u64);
        // Large chunks of validation samples take more than a batch.
        let evaluation = 3 * EVALUATION_CHUNK * 128;
        assert_eq!(bytes(10_000), 4 * (3 * parameters + evaluation) as u64);
    }
}
