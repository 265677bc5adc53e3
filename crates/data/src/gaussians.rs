//! `gaussians`: two multivariate normals of identity covariance whose means lie
//! at plus and minus half the separation along a random unit direction.
//!
//! The same configuration gives the same bits everywhere: ChaCha8 and the
//! ziggurat in `f64`, rounded to `f32` at the end.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use sha2::{Digest, Sha256};

use crate::catalogue::GAUSSIANS_SAMPLES;
use crate::config::GaussiansConfig;
use crate::integrity::hexadecimal;

/// The samples drawn for a configuration.
pub(crate) struct Drawn {
    /// `[samples, dimension]` row-major.
    pub(crate) inputs: Vec<f32>,
    pub(crate) labels: Vec<u8>,
    /// SHA-256 of inputs and labels.
    pub(crate) sha256: String,
}

/// Draws the samples of a valid configuration. Sample `i` is of class `i % 2`;
/// class 0 has the mean `-separation/2 * direction`.
pub(crate) fn draw(config: &GaussiansConfig) -> Drawn {
    let samples = GAUSSIANS_SAMPLES;
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    let direction = unit_direction(config.dimension, &mut rng);
    let mut inputs = Vec::with_capacity(samples * config.dimension);
    let mut labels = Vec::with_capacity(samples);
    for (label, sign) in [(0_u8, -0.5), (1, 0.5)].into_iter().cycle().take(samples) {
        let displacement = sign * config.separation;
        for component in &direction {
            let noise: f64 = StandardNormal.sample(&mut rng);
            inputs.push((noise + displacement * component) as f32);
        }
        labels.push(label);
    }
    Drawn {
        sha256: fingerprint(&inputs, &labels),
        inputs,
        labels,
    }
}

/// A uniformly random direction of `dimension` components and length 1.
fn unit_direction(dimension: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut direction: Vec<f64> = StandardNormal.sample_iter(rng).take(dimension).collect();
    let length = direction
        .iter()
        .map(|component| component * component)
        .sum::<f64>()
        .sqrt();
    for component in &mut direction {
        *component /= length;
    }
    direction
}

/// SHA-256 of the inputs as little-endian `f32`, then the labels.
fn fingerprint(inputs: &[f32], labels: &[u8]) -> String {
    let mut digest = Sha256::new();
    for values in inputs.chunks(1 << 14) {
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        digest.update(&bytes);
    }
    digest.update(labels);
    hexadecimal(&digest.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_same_to_the_bit_everywhere() {
        let drawn = draw(&GaussiansConfig::default());
        let values = &drawn.inputs;
        let bits: Vec<u32> = values[..4].iter().map(|value| value.to_bits()).collect();
        let expected = [1_054_194_411, 3_214_979_429, 1_057_001_994, 1_055_783_133];
        assert_eq!(bits, expected, "{:?}", &values[..4]);
        assert_eq!(
            drawn.sha256,
            "a1796edba3ed5984d5ad058e12ee12d833a1be6b1eaf7be203e5485ced64c08c"
        );
    }

    #[test]
    fn has_the_means_and_covariance_asked_for() {
        let config = GaussiansConfig {
            dimension: 8,
            separation: 3.0,
            seed: 7,
        };
        let drawn = draw(&config);
        assert_eq!(drawn.labels[..4], [0, 1, 0, 1]);
        assert_eq!(drawn.labels.len(), GAUSSIANS_SAMPLES);
        let mut means = [[0.0_f64; 8]; 2];
        for (row, label) in drawn.inputs.chunks(8).zip(&drawn.labels) {
            for (mean, value) in means[usize::from(*label)].iter_mut().zip(row) {
                *mean += f64::from(*value) / 10_000.0;
            }
        }
        let distance = (0..8)
            .map(|j| (means[1][j] - means[0][j]).powi(2))
            .sum::<f64>()
            .sqrt();
        assert!((distance - 3.0).abs() < 0.05, "{distance}");
        let mut covariance = [[0.0_f64; 8]; 8];
        for (row, label) in drawn.inputs.chunks(8).zip(&drawn.labels) {
            let mean = &means[usize::from(*label)];
            for i in 0..8 {
                for j in 0..8 {
                    covariance[i][j] += (f64::from(row[i]) - mean[i])
                        * (f64::from(row[j]) - mean[j])
                        / GAUSSIANS_SAMPLES as f64;
                }
            }
        }
        for (i, row) in covariance.iter().enumerate() {
            for (j, value) in row.iter().enumerate() {
                let identity = if i == j { 1.0 } else { 0.0 };
                assert!((value - identity).abs() < 0.05, "{i} {j} {value}");
            }
        }
    }

    #[test]
    fn another_seed_gives_other_data() {
        let other = GaussiansConfig {
            seed: 1,
            ..GaussiansConfig::default()
        };
        assert_ne!(
            draw(&GaussiansConfig::default()).sha256,
            draw(&other).sha256
        );
    }
}
