use burn_tensor::{Element, ElementConversion, TensorData};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::Architecture;

/// Weights drawn on the host, before any backend sees them, so that every
/// backend starts from the same bits.
#[derive(Debug, Clone)]
pub struct InitialWeights {
    /// One row-major `[in, out]` matrix a layer, from the input side.
    weights: Vec<TensorData>,
    bias: bool,
}

impl InitialWeights {
    /// Draws He-initialised weights: `W^l ~ N(0, 2 / n_{l-1})` for hidden
    /// layers, `N(0, c / n_L)` for the output layer, in double precision,
    /// rounded to `E`. Biases start at zero and draw nothing.
    pub fn draw<E: Element>(architecture: &Architecture, rng: &mut impl Rng) -> Self {
        let depth = architecture.depth();
        let weights = architecture
            .layer_shapes()
            .enumerate()
            .map(|(layer, (fan_in, fan_out))| {
                let gain = if layer == depth {
                    architecture.output_gain
                } else {
                    2.0
                };
                let deviation = (gain / fan_in as f64).sqrt();
                let values: Vec<E> = (0..fan_in * fan_out)
                    .map(|_| {
                        let normal: f64 = StandardNormal.sample(rng);
                        (deviation * normal).elem()
                    })
                    .collect();
                TensorData::new(values, [fan_in, fan_out])
            })
            .collect();
        Self {
            weights,
            bias: architecture.bias,
        }
    }

    /// One row-major `[in, out]` matrix a layer, from the input side.
    pub fn weights(&self) -> &[TensorData] {
        &self.weights
    }

    /// Whether the layers have biases.
    pub fn bias(&self) -> bool {
        self.bias
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn variances_are_he_and_the_output_gain_s() {
        let mut architecture = Architecture::constant_width(400, 300, 2, 200);
        architecture.output_gain = 1.0;
        let drawn = InitialWeights::draw::<f64>(&architecture, &mut ChaCha8Rng::seed_from_u64(1));
        let expected = [2.0 / 400.0, 2.0 / 300.0, 1.0 / 300.0];
        for (data, expected) in drawn.weights().iter().zip(expected) {
            let values = data.to_vec::<f64>().unwrap();
            let count = values.len() as f64;
            let variance = values.iter().map(|value| value * value).sum::<f64>() / count;
            // The estimate's relative standard error is sqrt(2 / count).
            let error = (variance / expected - 1.0).abs();
            assert!(
                error < 5.0 * (2.0 / count).sqrt(),
                "{variance} for {expected}"
            );
        }
    }

    /// The draws are part of the protocol: a change of these values would
    /// change every published number.
    #[test]
    fn draws_never_change() {
        let architecture = Architecture::constant_width(3, 2, 1, 2);
        let drawn = InitialWeights::draw::<f32>(&architecture, &mut ChaCha8Rng::seed_from_u64(7));
        let first = drawn.weights()[0].to_vec::<f32>().unwrap();
        let bits: Vec<u32> = first.iter().map(|value| value.to_bits()).collect();
        assert_eq!(bits, FIRST_BITS);
    }

    const FIRST_BITS: [u32; 6] = [
        3_206_681_111,
        3_213_923_685,
        1_060_763_769,
        1_050_044_287,
        1_048_237_525,
        3_204_963_513,
    ];

    #[test]
    fn single_precision_is_rounded_double_precision() {
        let architecture = Architecture::constant_width(5, 4, 2, 3);
        let double = InitialWeights::draw::<f64>(&architecture, &mut ChaCha8Rng::seed_from_u64(3));
        let single = InitialWeights::draw::<f32>(&architecture, &mut ChaCha8Rng::seed_from_u64(3));
        for (double, single) in double.weights().iter().zip(single.weights()) {
            let rounded: Vec<f32> = double
                .to_vec::<f64>()
                .unwrap()
                .iter()
                .map(|&value| value as f32)
                .collect();
            assert_eq!(rounded, single.to_vec::<f32>().unwrap());
        }
    }
}
