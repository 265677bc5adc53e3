//! The numbers that views show beside each other.

use proptest::prelude::*;
use serde_json::json;

use super::super::*;
use super::support::{close, effect_of, options};
use crate::fit::synthetic::Synthetic;

fn sweep(noise: f64) -> Synthetic {
    Synthetic {
        input_rates: vec![0.01, 0.1, 1.0],
        noise,
        misfit: noise,
        seed: 4,
        ..Synthetic::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn exponents_and_their_difference(a in -1.5..2.0f64, b in -1.5..2.0f64, k in 0usize..3) {
        let store = sweep(0.0).snapshot(|d, w, _, mu| mu - a * d.log2() - b * w.log2());
        let filter = [0.0, 4.0, 8.0][k];
        let effects = LawEffects::of(store.cells.iter(), Some(0.1), filter, &options());
        prop_assert!(close(effects.depth.unwrap().value, a));
        prop_assert!(close(effects.width.unwrap().value, b));
        let difference = effects.difference.unwrap();
        prop_assert!(close(difference.value, a - b));
        let [low, high] = difference.interval.unwrap();
        prop_assert!(close(low, a - b) && close(high, a - b));
    }

    #[test]
    fn an_exact_effective_size_predicts_what_was_left_out(a in 0.2..1.5f64, c in -4.0..4.0f64) {
        let store = sweep(0.0).snapshot(|d, w, n, mu| c - a * (mu * n + d * w).log2());
        let [plain, effective] = SizeLaw::both(store.cells.iter(), 0.0, &options());
        prop_assert_eq!((plain.cells, effective.cells), (36, 36));
        prop_assert!(close(effective.exponent.unwrap().value, a));
        for error in [effective.rmse, effective.leave_one_out, effective.leave_one_rate_out] {
            prop_assert!(error.unwrap().value < 1e-6);
        }
        for error in [plain.rmse, plain.leave_one_out, plain.leave_one_rate_out] {
            prop_assert!(error.unwrap().value > 0.01);
        }
    }
}

#[test]
fn the_numbers_are_those_of_the_statistics() {
    let store = sweep(0.3).snapshot(|d, w, n, mu| -0.7 * (0.3 * mu * n + d * w).log2());
    let effects = LawEffects::of(store.cells.iter(), Some(0.01), 8.0, &options());
    let cells = json!({"law": "depth-width", "input_rate": "slowest", "width_over_depth": 8.0});
    let of = |name: &str| {
        let mut statistic = cells.clone();
        statistic["of"] = json!(name);
        effect_of(statistic, &store)
    };
    assert_eq!(effects.r_squared, Some(of("r-squared")));
    assert_eq!(effects.rmse, Some(of("rmse")));
    let [plain, effective] = SizeLaw::both(store.cells.iter(), 0.0, &options());
    let gain = |measure: &str| {
        effect_of(
            json!({"of": "effective-size-gain", "measure": measure}),
            &store,
        )
        .value
    };
    let difference = |of: fn(&SizeLaw) -> Option<Effect>| {
        of(&plain).unwrap().value - of(&effective).unwrap().value
    };
    assert!(close(
        gain("leave-one-out"),
        difference(|law| law.leave_one_out)
    ));
    assert!(close(
        gain("leave-one-rate-out"),
        difference(|law| law.leave_one_rate_out)
    ));
}

#[test]
fn what_is_not_determined_is_absent() {
    let store = sweep(0.0).snapshot(|_, _, _, _| -3.0);
    let effects = LawEffects::of(store.cells.iter(), Some(0.5), 0.0, &options());
    assert_eq!(
        (effects.cells, effects.joint, effects.difference),
        (0, None, None)
    );
    let one_rate = store
        .cells
        .iter()
        .filter(|record| record.cell.input_rate == 1.0);
    let [plain, _] = SizeLaw::both(one_rate, 0.0, &options());
    assert!(plain.leave_one_out.is_some() && plain.leave_one_rate_out.is_none());
}
