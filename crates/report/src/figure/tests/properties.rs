use proptest::prelude::*;

use super::super::{Axis, Domain, Scale, ticks};

fn scales() -> impl Strategy<Value = Scale> {
    prop_oneof![Just(Scale::Linear), Just(Scale::Log2), Just(Scale::Log10)]
}

fn positive() -> impl Strategy<Value = f64> {
    (-300.0..300.0f64).prop_map(|power| 10f64.powf(power))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn two_to_twelve_ticks_inside_any_positive_range(
        scale in scales(),
        low in positive(),
        octaves in prop_oneof![1e-12..1e-3f64, 1e-3..1.0f64, 1.0..30.0f64, 30.0..900.0f64],
        most in 0usize..40,
    ) {
        let high = low * octaves.exp2();
        prop_assume!(high.is_finite() && high > low);
        let found = ticks(&scale, low, high, most);
        prop_assert!((2..=12).contains(&found.major.len()), "{found:?}");
        prop_assert!(found.major.len() <= most.clamp(2, 12), "{found:?}");
        for marks in [&found.major, &found.minor] {
            prop_assert!(marks.windows(2).all(|pair| pair[0] < pair[1]), "{marks:?}");
            prop_assert!(marks.iter().all(|mark| (low..=high).contains(mark)), "{marks:?}");
        }
        prop_assert!(found.minor.iter().all(|mark| !found.major.contains(mark)));
    }

    #[test]
    fn linear_ticks_also_around_zero(low in -1e9..1e9f64, span in 1e-6..1e9f64) {
        let found = ticks(&Scale::Linear, low, low + span, 8);
        prop_assert!((2..=8).contains(&found.major.len()), "{found:?}");
        prop_assert!(found.major.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn every_positive_value_lies_inside_its_domain(
        scale in scales(),
        values in proptest::collection::vec(positive(), 1..20),
    ) {
        let axis = Axis::new("x", "x", scale);
        let domain = Domain::covering(&axis, &values);
        prop_assert!(!domain.is_empty());
        let [low, high] = domain.ends();
        prop_assert!(low.is_finite() && high.is_finite() && low < high);
        for value in values {
            let fraction = domain.fraction(value).unwrap();
            prop_assert!((-0.01..=1.01).contains(&fraction), "{fraction}");
        }
    }

    #[test]
    fn positions_keep_the_order_of_values(a in positive(), ratio in 1.001..1e6f64) {
        let b = a * ratio;
        for scale in [Scale::Log2, Scale::Log10] {
            let domain = Domain::covering(&Axis::new("x", "x", scale), &[a, b]);
            prop_assert!(domain.fraction(a) < domain.fraction(b));
        }
    }
}
