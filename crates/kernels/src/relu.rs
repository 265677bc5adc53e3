//! The rectified linear unit without branches, because half of the values are
//! negative and a processor cannot predict which.

/// Replaces every negative value by 0. NaN stays NaN, so that diverged
/// training is recognised.
pub fn relu(values: &mut [f32]) {
    for value in values {
        let keep = (*value > 0.0) | value.is_nan();
        *value = keep_if(keep, *value);
    }
}

/// Keeps a derivative where the ReLU's `output` is positive; 0 elsewhere.
///
/// # Panics
/// If the slices differ in length.
pub fn relu_backward(derivative: &mut [f32], output: &[f32]) {
    assert_eq!(
        derivative.len(),
        output.len(),
        "a derivative for every output"
    );
    for (derivative, output) in derivative.iter_mut().zip(output) {
        *derivative = keep_if(*output > 0.0, *derivative);
    }
}

/// Adds `bias` to every row.
///
/// # Panics
/// If `values` are not whole rows.
pub fn add_rows(values: &mut [f32], bias: &[f32]) {
    assert!(values.len().is_multiple_of(bias.len()), "whole rows");
    for row in values.chunks_exact_mut(bias.len()) {
        for (value, bias) in row.iter_mut().zip(bias) {
            *value += bias;
        }
    }
}

/// The value, or 0: a mask of its bits instead of a jump.
fn keep_if(keep: bool, value: f32) -> f32 {
    f32::from_bits(value.to_bits() & u32::from(keep).wrapping_neg())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn both_passes_are_those_of_the_definition(
            values in prop::collection::vec(-2.0f32..2.0, 1..100),
        ) {
            let mut output = values.clone();
            relu(&mut output);
            let expected: Vec<f32> = values.iter().map(|value| value.max(0.0)).collect();
            prop_assert_eq!(&output, &expected);
            let mut derivative: Vec<f32> = (0..values.len()).map(|i| i as f32 - 5.0).collect();
            let masked: Vec<f32> = derivative
                .iter()
                .zip(&values)
                .map(|(derivative, value)| if *value > 0.0 { *derivative } else { 0.0 })
                .collect();
            relu_backward(&mut derivative, &output);
            prop_assert_eq!(derivative, masked);
        }
    }

    #[test]
    fn what_is_not_a_number_stays_so() {
        let mut values = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0];
        relu(&mut values);
        assert!(values[0].is_nan());
        assert_eq!(values[1..], [f32::INFINITY, 0.0, 0.0]);
    }

    #[test]
    fn a_bias_is_added_to_every_row() {
        let mut values = [0.0, 1.0, 2.0, 3.0];
        add_rows(&mut values, &[10.0, 20.0]);
        assert_eq!(values, [10.0, 21.0, 12.0, 23.0]);
    }
}
