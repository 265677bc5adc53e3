//! Positivity, monotonicity, limits and special cases of the moments.

use etastar_model::{Architecture, InvalidArchitecture};
use etastar_sharpness::moments::{Moments, MomentsError};
use proptest::prelude::*;

use crate::support;

use support::architecture;

fn architectures() -> impl Strategy<Value = Architecture> {
    (
        1_usize..200,
        prop::collection::vec(1_usize..300, 1..9),
        1_usize..12,
        0.1_f64..4.0,
    )
        .prop_map(|(inputs, hidden, outputs, output_gain)| {
            architecture(inputs, &hidden, outputs, output_gain)
        })
}

fn close(left: f64, right: f64, tolerance: f64) -> bool {
    (left - right).abs() <= tolerance * right.abs().max(f64::MIN_POSITIVE)
}

proptest! {
    #[test]
    fn second_moments_lie_between_squared_mean_and_bound(
        architecture in architectures(), rate in 0.0_f64..3.0, q in 0.01_f64..4.0,
    ) {
        let moments = Moments::new(&architecture, rate, q).unwrap();
        let mean = moments.ntk_diagonal_mean();
        let second = moments.ntk_diagonal_second_moment();
        prop_assert!(mean > 0.0);
        prop_assert!(second >= mean * mean * (1.0 - 1e-12));
        let growth: f64 = architecture.hidden.iter().map(|&n| 1.0 + 5.0 / n as f64).product();
        prop_assert!(second <= mean * mean * growth * (1.0 + 1e-12));
        let (trace, operator) = (moments.ntk_trace_mean(), moments.ntk_operator_mean());
        prop_assert!(operator <= trace * (1.0 + 1e-12));
        prop_assert!(moments.ntk_trace_second_moment() >= trace * trace * (1.0 - 1e-12));
        prop_assert!(moments.ntk_operator_second_moment() >= operator * operator * (1.0 - 1e-12));
        prop_assert!(
            moments.ntk_operator_second_moment()
                <= moments.ntk_trace_second_moment() * (1.0 + 1e-12)
        );
        let blocks = moments.block_squared();
        let roots = moments.block_fourth_root_sum();
        prop_assert!(blocks.hidden >= 0.0 && blocks.output >= 0.0);
        prop_assert!(roots.hidden >= blocks.hidden * (1.0 - 1e-12));
        prop_assert!(roots.output >= blocks.output * (1.0 - 1e-12));
    }

    #[test]
    fn everything_scales_with_the_input(architecture in architectures(), rate in 0.0_f64..3.0) {
        let one = Moments::new(&architecture, rate, 1.0).unwrap();
        let three = Moments::new(&architecture, rate, 3.0).unwrap();
        prop_assert!(close(three.ntk_diagonal_mean(), 3.0 * one.ntk_diagonal_mean(), 1e-12));
        let second = 9.0 * one.ntk_trace_second_moment();
        prop_assert!(close(three.ntk_trace_second_moment(), second, 1e-12));
        prop_assert!(close(three.block_squared().total(), 3.0 * one.block_squared().total(), 1e-12));
        prop_assert!(close(three.output_fourth(), 9.0 * one.output_fourth(), 1e-12));
    }

    #[test]
    fn the_input_layer_counts_with_its_rate(
        architecture in architectures(), slow in 0.0_f64..1.0, more in 0.01_f64..2.0,
    ) {
        let slow_moments = Moments::new(&architecture, slow, 1.0).unwrap();
        let fast_moments = Moments::new(&architecture, slow + more, 1.0).unwrap();
        let gain = architecture.output_gain / 2.0 * architecture.inputs as f64 * more;
        let means = fast_moments.ntk_diagonal_mean() - slow_moments.ntk_diagonal_mean();
        prop_assert!(close(means, gain, 1e-8));
        prop_assert!(
            fast_moments.ntk_diagonal_second_moment() > slow_moments.ntk_diagonal_second_moment()
        );
        prop_assert!(fast_moments.block_squared().total() > slow_moments.block_squared().total());
    }

    /// With all `n_k = n`, `k = |l - l'|` layers lie between two and `L - k`
    /// outside.
    #[test]
    fn general_widths_reduce_to_constant_width(
        inputs in 1_usize..100, width in 1_usize..200, depth in 1_usize..12,
        output_gain in 0.1_f64..4.0, input_rate in 0.0_f64..3.0, q in 0.1_f64..3.0,
    ) {
        let mut architecture = Architecture::constant_width(inputs, width, depth, 3);
        architecture.output_gain = output_gain;
        let general = Moments::new(&architecture, input_rate, q).unwrap();
        let (n, half) = (width as f64, output_gain / 2.0);
        let weight = |layer: usize| match layer {
            0 => half * input_rate * inputs as f64,
            layer if layer < depth => half * n,
            _ => n,
        };
        let (grow, shrink) = (1.0 + 5.0 / n, 1.0 - 1.0 / n);
        let mut closed = 0.0;
        for first in 0..=depth {
            for second in 0..=depth {
                let apart = first.abs_diff(second) as i32;
                let mixture = (grow.powi(apart) + 2.0 * shrink.powi(apart)) / 3.0;
                let outside = grow.powi(depth as i32 - apart);
                closed += q * q * weight(first) * weight(second) * outside * mixture;
            }
        }
        prop_assert!(close(general.ntk_diagonal_second_moment(), closed, 1e-10));
    }

    #[test]
    fn wide_networks_do_not_fluctuate(depth in 1_usize..6, outputs in 1_usize..10) {
        let architecture = Architecture::constant_width(50, 100_000_000, depth, outputs);
        let moments = Moments::new(&architecture, 1.0, 1.0).unwrap();
        let mean = moments.ntk_diagonal_mean();
        prop_assert!(close(moments.ntk_diagonal_second_moment(), mean * mean, 1e-5));
        let trace = moments.ntk_trace_mean();
        prop_assert!(close(moments.ntk_trace_second_moment(), trace * trace, 1e-5));
        let sum = moments.block_squared().total();
        prop_assert!(close(moments.block_fourth_root_sum().total(), sum, 1e-5));
    }

    #[test]
    fn wider_networks_fluctuate_less(width in 2_usize..200, depth in 1_usize..9) {
        let ratio = |width: usize| {
            // No input layer: its share would change with the width.
            let architecture = Architecture::constant_width(10, width, depth, 1);
            let moments = Moments::new(&architecture, 0.0, 1.0).unwrap();
            moments.ntk_diagonal_second_moment() / moments.ntk_diagonal_mean().powi(2)
        };
        prop_assert!(ratio(2 * width) < ratio(width));
    }
}

#[test]
fn the_mean_is_depth_times_width_plus_the_input() {
    let architecture = Architecture::constant_width(784, 128, 8, 10);
    let moments = Moments::new(&architecture, 0.25, 1.0).unwrap();
    assert_eq!(moments.ntk_diagonal_mean(), 0.25 * 784.0 + 8.0 * 128.0);
}

#[test]
fn one_hidden_layer_by_hand() {
    // Theta = |a^0|^2 |B^1|^2 + |a^1|^2 with n = 1: with probability 1/2 both
    // terms are 0, else n_0 w^2 + v^2 2 with independent squares of normals
    // (variance c = 2 of w, v^2 = 2 g^2): E = (2 n_0 + 2) / 2, and
    // E Theta^2 = (12 n_0^2 + 2 (2 n_0)(2) + 12) / 2.
    let architecture = Architecture::constant_width(3, 1, 1, 1);
    let moments = Moments::new(&architecture, 1.0, 1.0).unwrap();
    assert!((moments.ntk_diagonal_mean() - 4.0).abs() < 1e-12);
    let expected = (12.0 * 9.0 + 2.0 * 6.0 * 2.0 + 12.0) / 2.0;
    assert!((moments.ntk_diagonal_second_moment() - expected).abs() < 1e-10);
}

#[test]
fn what_has_no_moments_is_refused() {
    let sound = Architecture::constant_width(4, 3, 2, 2);
    let mut biased = sound.clone();
    biased.bias = true;
    assert_eq!(Moments::new(&biased, 1.0, 1.0), Err(MomentsError::Bias));
    let mut empty = sound.clone();
    empty.hidden.clear();
    assert_eq!(
        Moments::new(&empty, 1.0, 1.0),
        Err(MomentsError::Architecture(
            InvalidArchitecture::NoHiddenLayer
        ))
    );
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        let error = Moments::new(&sound, bad, 1.0).unwrap_err();
        assert!(error.to_string().contains("learning rate"));
        let error = Moments::new(&sound, 1.0, bad).unwrap_err();
        assert!(error.to_string().contains("mean square"));
    }
}
