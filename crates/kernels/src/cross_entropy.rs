//! Softmax cross-entropy and its derivative in one pass.

use wide::f32x8;

/// Values per vector register of the exponential.
const LANES: usize = 8;

/// Mean cross-entropy `-(1/N) sum_i t_i . log softmax(f_i)` of the outputs `f`
/// (row-major `[samples, classes]`) for targets `t` of the same shape, whose
/// rows sum to 1. The outputs are replaced by the derivative
/// `(softmax(f) - t) / N`.
///
/// The loss is not finite if any output is NaN or positive infinity.
///
/// # Panics
/// If the slices differ in length or are not whole rows.
pub fn softmax_cross_entropy(outputs: &mut [f32], targets: &[f32], classes: usize) -> f32 {
    assert_eq!(outputs.len(), targets.len(), "a target for every output");
    assert!(outputs.len().is_multiple_of(classes), "whole rows");
    let per_sample = classes as f32 / outputs.len() as f32;
    let mut loss = 0.0;
    let mut exponentials = vec![0f32; classes.next_multiple_of(LANES)];
    let rows = outputs.chunks_exact_mut(classes);
    for (row, targets) in rows.zip(targets.chunks_exact(classes)) {
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut of_target = 0.0;
        for ((to, value), target) in exponentials.iter_mut().zip(&*row).zip(targets) {
            *to = value - largest;
            // Not a plain product, because 0 times minus infinity is NaN.
            of_target += if *target == 0.0 { 0.0 } else { *to * target };
        }
        // Padding beyond the classes, whose exponential is 0.
        exponentials[classes..].fill(f32::NEG_INFINITY);
        let mut sum = f32x8::ZERO;
        for lane in exponentials.as_chunks_mut::<LANES>().0 {
            let exponential = f32x8::from(*lane).exp();
            sum += exponential;
            *lane = exponential.to_array();
        }
        let sum = sum.reduce_add();
        loss += sum.ln() - of_target;
        let scale = per_sample / sum;
        for ((value, exponential), target) in row.iter_mut().zip(&exponentials).zip(targets) {
            *value = exponential * scale - target * per_sample;
        }
    }
    loss * per_sample
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, in double precision.
    fn reference(outputs: &[f32], targets: &[f32], classes: usize) -> (f64, Vec<f64>) {
        let samples = (outputs.len() / classes) as f64;
        let (mut loss, mut derivative) = (0.0, Vec::new());
        for (row, targets) in outputs.chunks(classes).zip(targets.chunks(classes)) {
            let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let shifted = row
                .iter()
                .map(|value| f64::from(*value) - f64::from(largest));
            let sum: f64 = shifted.clone().map(f64::exp).sum();
            for (shifted, target) in shifted.zip(targets) {
                loss -= f64::from(*target) * (shifted - sum.ln());
                derivative.push((shifted.exp() / sum - f64::from(*target)) / samples);
            }
        }
        (loss / samples, derivative)
    }

    fn one_hot(samples: usize, classes: usize) -> Vec<f32> {
        let classes_of = (0..samples).map(|sample| (sample * 7 + 3) % classes);
        let rows = classes_of.map(|label| (0..classes).map(move |class| class == label));
        rows.flatten().map(|hit| f32::from(u8::from(hit))).collect()
    }

    proptest! {
        #[test]
        fn loss_and_derivative_are_those_of_the_definition(
            (samples, classes, outputs) in (1usize..20, 1usize..20).prop_flat_map(
                |(samples, classes)| {
                    let values = prop::collection::vec(-30.0f32..30.0, samples * classes);
                    (Just(samples), Just(classes), values)
                },
            ),
        ) {
            let targets = one_hot(samples, classes);
            let (loss, derivative) = reference(&outputs, &targets, classes);
            let mut computed = outputs.clone();
            let computed_loss = softmax_cross_entropy(&mut computed, &targets, classes);
            // A few roundings of numbers up to the largest output, and of the
            // sum of the losses.
            let unit = f64::from(f32::EPSILON);
            prop_assert!((f64::from(computed_loss) - loss).abs() <= 4.0 * unit * (60.0 + loss));
            for (computed, expected) in computed.iter().zip(&derivative) {
                let error = (f64::from(*computed) - expected).abs();
                prop_assert!(error <= 16.0 * unit / samples as f64, "{computed} for {expected}");
            }
        }
    }

    #[test]
    fn outputs_that_are_not_finite_are_seen() {
        for bad in [f32::NAN, f32::INFINITY] {
            let mut outputs = [0.0, bad, 1.0];
            let loss = softmax_cross_entropy(&mut outputs, &[1.0, 0.0, 0.0], 3);
            assert!(!loss.is_finite(), "{bad}: {loss}");
        }
        let mut outputs = [0.0, f32::NEG_INFINITY, 1.0];
        let loss = softmax_cross_entropy(&mut outputs, &[0.0, 1.0, 0.0], 3);
        assert!(!loss.is_finite());
    }

    #[test]
    fn outputs_far_apart_give_a_finite_loss() {
        let mut outputs = [1e30, -1e30];
        let loss = softmax_cross_entropy(&mut outputs, &[0.0, 1.0], 2);
        assert_eq!((loss, outputs), (2e30, [1.0, -1.0]));
    }
}
