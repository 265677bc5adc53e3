//! Criteria: how files spell them, which cells they look at, what they come to.

use crate::support;

use etastar_analysis::{Fit, Law, Specification, Unit, Verdict, View, analyse, fit};
use etastar_model::Loss;
use etastar_search::{Cell, NotRun, Snapshot, mock};
use serde_json::{Value, json};
use support::{
    Store, agree, close, cut_below, effect_of, findings_of, holds, is_exactly, one, options,
    searched, searches, variants,
};

fn table() -> Value {
    json!({
        "show": ["depth-width", "laws"],
        "caveat": "One seed.",
        "criteria": [{
            "claim": "C1 (ii)",
            "says": "With a slow input layer, depth x width explains eta*.",
            "statistic": {"of": "r-squared", "law": "depth-width"},
            "cells": {"input_rate": "slowest", "width_over_depth": 8.0},
            "rule": {"at_least": 0.9},
        }, {
            "claim": "C1",
            "says": "eta* falls.",
            "statistic": {"of": "exponent", "law": "separate", "part": "width"},
            "cells": {"input_rate": 0.5, "width_over_depth": 2.0, "narrower_than": 64.0,
                      "depth_at_least": 2, "variant": "base", "loss": "cross-entropy"},
            "minus": {"cells": {"input_rate": "fastest"}},
            "rule": {"differs_from": 0.0, "margin": 0.1},
        }, {
            "claim": "C1",
            "says": "Predictions are better than the fit.",
            "statistic": {"of": "rmse", "law": "depth-width"},
            "minus": {"statistic": {"of": "transfer-error", "at_least_factor": 4.0, "quantile": 0.5}},
            "rule": {"at_least": 0.0},
        }],
    })
}

#[test]
fn files_are_read_put_into_words_and_written_back() {
    let read = Specification::parse(&table()).unwrap();
    assert_eq!(read.show, [View::DepthWidth, View::Laws]);
    let words: Vec<String> = read.criteria.iter().map(|own| own.words()).collect();
    let expected = [
        "R^{2} of the depth × width law (slowest input layer, width ≥ 8 × depth)",
        "exponent of width of the law with separate exponents of depth and width (cross entropy, \
         input rate 0.5, width ≥ 2 × depth, width < 64 × depth, depth ≥ 2, variant base) minus the \
         same (fastest input layer, all cells)",
        "rms residual of the depth × width law (all input rates, all cells) minus 50 % quantile of \
         the absolute prediction error, for networks larger than those fitted by a factor of at \
         least 4 (all input rates, width ≥ 8 × depth)",
    ];
    assert_eq!(words, expected);
    let written = serde_json::to_value(&read).unwrap();
    assert_eq!(Specification::parse(&written).unwrap(), read);
    let mut manifest = mock::store(Vec::new()).manifest;
    assert_eq!(Specification::from_manifest(&manifest), Ok(None));
    manifest.analysis = table();
    assert_eq!(Specification::from_manifest(&manifest), Ok(Some(read)));
}

#[test]
fn mistakes_are_errors_that_say_where() {
    // What is put where, and the error.
    let rows = json!([
        ["", {"shows": []}, "[analysis]: unknown field `shows`"],
        ["", 3, "[analysis]: "],
        ["/show/0", "width", "unknown variant `width`"],
        ["/criteria", 3, "must be a list"],
        ["/criteria/1/statistic", {"of": "r"}, "criterion 2: unknown variant `r`"],
        ["/criteria/1/statistic", {"of": "rmse", "law": "separate", "rate": 1},
         "criterion 2: unknown field `rate`"],
        ["/criteria/1/statistic", {"of": "transfer-error", "at_least_factor": 4.0, "quantile": 1.0},
         "must lie strictly between 0 and 1, not 1"],
        ["/criteria/1/statistic", {"of": "transfer-error", "at_least_factor": -1.0, "quantile": 0.5},
         "must be 0 or a positive number, not -1"],
        ["/criteria/1/statistic", {"of": "proxy-rmse", "proxy": "four", "calibrated": true},
         "unknown variant `four`"],
        ["/criteria/0/cells", {"width_over_depth": -1.0}, "criterion 1: must be 0 or a positive"],
        ["/criteria/0/cells", {"width": 64}, "criterion 1: unknown field `width`"],
        ["/criteria/0/cells", {"input_rate": "slow"}, "criterion 1: "],
        ["/criteria/1/minus", {"rule": {}}, "criterion 2: unknown field `rule`"],
        ["/criteria/0/rule", {"near": 1.0}, "criterion 1: a rule is one of"],
        // Cells chosen by what the statistic does not look at.
        ["/criteria/0/statistic", {"of": "late-stage-change", "quantity": "rate"},
         "criterion 1: the statistic does not choose its cells by `width_over_depth`"],
        ["/criteria/0/statistic", {"of": "bound-violations"}, "by `input_rate`"],
        ["/criteria/2/minus", {"statistic": {"of": "shift", "variant": "a"},
         "cells": {"variant": "b"}}, "criterion 3: the statistic does not choose its cells by `variant`"],
    ]);
    for row in rows.as_array().unwrap() {
        let mut table = table();
        *table.pointer_mut(row[0].as_str().unwrap()).unwrap() = row[1].clone();
        let message = Specification::parse(&table).unwrap_err().to_string();
        assert!(message.contains(row[2].as_str().unwrap()), "{message}");
    }
}

/// Two datasets that differ in their training samples, and one that could not be had.
#[test]
fn one_finding_for_every_criterion_and_dataset() {
    let store = Store::with(|s| s.input_rates = vec![0.5, 1.0]);
    let mut store = store.snapshot(|d, w, _, _| -0.5 * (d * w).log2());
    let mut others = store.cells.clone();
    for other in &mut others {
        other.cell.dataset.train = Some(1000);
        other.cell.input_rate *= 0.5;
    }
    store.cells.extend(others);
    let (dataset, reason) = ("cifar10".to_owned(), "no folder".to_owned());
    store.manifest.not_run.push(NotRun { dataset, reason });
    let mut table = table();
    let criteria = table["criteria"].as_array_mut().unwrap();
    criteria[1] = json!({"claim": "C1", "says": "eta* falls.",
        "statistic": {"of": "exponent", "law": "separate", "part": "width"},
        "cells": {"input_rate": 0.25}, "rule": {"near": 0.5, "margin": 0.1}});
    criteria.truncate(2);
    store.manifest.analysis = table;
    let findings = analyse(&store, &options(&[0.0])).unwrap().findings;
    let told = findings
        .iter()
        .map(|own| (own.dataset.as_str(), own.verdict));
    let named = [
        "fashion-mnist (train default)",
        "fashion-mnist (train 1000)",
        "cifar10",
    ];
    let (yes, no) = (Verdict::Supported, Verdict::NotMeasured);
    let verdicts = [yes, yes, no, no, yes, no];
    assert!(
        told.eq(named.into_iter().cycle().zip(verdicts)),
        "{findings:?}"
    );
    assert_eq!(findings[2].reason.as_deref(), Some("no folder"));
    let reason = findings[3].reason.as_ref().unwrap();
    assert!(reason.contains("input-layer rate 0.25"), "{reason}");
    assert!(is_exactly(&findings[4].effect.unwrap(), 0.5));
    assert_eq!(
        (&*findings[0].criterion.claim, &*findings[4].rule),
        ("C1 (ii)", "within 0.1 of 0.5")
    );
}

/// The exponent is about 0.5, with an interval of some hundredths.
#[test]
fn the_ladder_of_verdicts() {
    let store = Store::with(|s| (s.noise, s.misfit) = (0.2, 0.1));
    let store = store.snapshot(|d, w, _, _| -0.5 * (d * w).log2());
    let rows = json!([
        [{"at_least": 0.1}, "supported"],
        [{"at_least": 0.5}, "unclear"],
        [{"at_least": 0.9}, "contradicted"],
        [{"at_most": 0.1}, "contradicted"],
        [{"near": 0.5, "margin": 0.4}, "supported"],
        [{"near": 0.5, "margin": 0.0}, "unclear"],
        [{"differs_from": 0.0, "margin": 0.1}, "supported"],
        [{"differs_from": 0.5, "margin": 0.4}, "contradicted"],
    ]);
    let exponent = json!({"of": "exponent", "law": "depth-width"});
    for row in rows.as_array().unwrap() {
        let finding = one(findings_of(
            &store,
            json!({"statistic": exponent, "rule": row[0]}),
        ));
        assert_eq!(json!(finding.verdict), row[1], "{row} {finding:?}");
        assert_eq!(finding.reason, None);
    }
    let of_the_product = json!({"statistic": {"of": "exponent", "law": "separate"}});
    agree!(&store, [of_the_product, "no such exponent"]);
    // As many architectures as coefficients: a value, but no interval.
    let cells = [(64, 0.1), (64, 1.0), (256, 0.1), (256, 1.0)];
    let cells = cells.map(|(w, rate)| searched(&[w; 2], rate, &[-(w as f64).log2()]));
    let few = mock::store(cells.to_vec());
    let finding = one(findings_of(&few, json!({"statistic": exponent})));
    assert!(close(finding.effect.unwrap().value, 1.0) && finding.verdict == Verdict::Unclear);
    assert!(finding.reason.unwrap().contains("no interval"));
}

/// The fit of a law at one rate, or all of them, with a filter.
fn fitted(store: &Snapshot, law: Law, input_rate: Option<f64>, k: f64) -> Fit {
    let mut fits = fit(store, &options(&[k])).unwrap().fits;
    fits.retain(|fit| fit.law == law && fit.input_rate == input_rate);
    one(fits)
}

fn noisy(seed: u64, exponent: f64) -> Snapshot {
    let rates = vec![0.1, 0.3, 1.0];
    let store =
        Store::with(|s| (s.noise, s.misfit, s.seed, s.input_rates) = (0.3, 0.3, seed, rates));
    store.snapshot(|d, w, _, mu| mu - exponent * (d * w).log2())
}

/// Without a limit, and with the lowest third of the searches cut off: criterion, fit and analysis
/// have one number and one interval.
#[test]
fn statistics_of_laws_are_the_numbers_of_fits() {
    let (whole, mut cut) = (noisy(5, 0.5), noisy(5, 0.5));
    cut_below(&mut cut, -4.0);
    for (store, is_censored) in [(whole, false), (cut, true)] {
        let analysed = one(analyse(&store, &options(&[8.0])).unwrap().eta_star).fits;
        assert_eq!(fit(&store, &options(&[8.0])).unwrap().fits, analysed);
        for fit in analysed {
            assert_eq!(fit.censored_repeats > 0, is_censored);
            let of = |name: &str| json!({"of": name, "law": fit.law});
            let mut numbers = vec![
                (of("r-squared"), fit.r_squared),
                (of("rmse"), fit.rmse),
                (of("leave-one-out"), fit.leave_one_out.unwrap()),
            ];
            numbers.extend(
                fit.leave_one_rate_out
                    .map(|own| (of("leave-one-rate-out"), own)),
            );
            numbers.extend(
                fit.exponent_gap
                    .map(|own| (json!({"of": "exponent-gap"}), own)),
            );
            let parts = ["depth", "width", "joint"];
            let parts = &parts[if fit.exponents.len() == 1 { 2 } else { 0 }..];
            for (part, own) in parts.iter().zip(&fit.exponents) {
                numbers.push((
                    json!({"of": "exponent", "law": fit.law, "part": part}),
                    *own,
                ));
            }
            let rate = fit.input_rate.map_or(json!("all"), |rate| json!(rate));
            let cells = json!({"input_rate": rate, "width_over_depth": 8.0});
            for (statistic, expected) in numbers {
                let found = effect_of(&store, statistic.clone(), cells.clone());
                assert!(
                    found == expected && holds(&found, found.value),
                    "{statistic}"
                );
            }
        }
    }
}

/// Two variants and two losses, each with an exponent and noise of its own. What a selector
/// chooses is compared with the fit to the cells that a predicate keeps.
#[test]
fn selectors_choose_the_cells_that_they_name() {
    let batch = |cell: &Cell| cell.protocol().unwrap().batch_size;
    let mut store = variants(vec![
        ("plain", noisy(1, 0.25), &|_| {}),
        ("small", noisy(2, 0.75), &|record| {
            record.cell.protocol_mut().unwrap().batch_size = 32
        }),
    ]);
    for mut record in noisy(3, 1.25).cells {
        record.cell.protocol_mut().unwrap().loss = Loss::SquaredError;
        store.manifest.variants[0].cells.push(record.id.clone());
        store.cells.push(record);
    }
    let exponent = json!({"of": "exponent", "law": "depth-width"});
    let is_wide = |cell: &Cell, k: f64| cell.hidden[0] as f64 >= k * cell.depth() as f64;
    type Keep<'a> = &'a dyn Fn(&Cell) -> bool;
    let base: Keep<'_> = &|cell| batch(cell) == 128 && cell.loss() == Loss::CrossEntropy;
    let ce = "cross-entropy";
    let table: [(Value, Keep<'_>); 8] = [
        (json!({"loss": ce}), base),
        (json!({"loss": "squared-error"}), &|cell| {
            cell.loss() == Loss::SquaredError
        }),
        (json!({"variant": "small"}), &|cell| batch(cell) == 32),
        (json!({"loss": ce, "input_rate": "slowest"}), &|c| {
            base(c) && c.input_rate == 0.1
        }),
        (json!({"loss": ce, "input_rate": "fastest"}), &|c| {
            base(c) && c.input_rate == 1.0
        }),
        (json!({"loss": ce, "input_rate": 0.3}), &|c| {
            base(c) && c.input_rate == 0.3
        }),
        (
            json!({"loss": ce, "width_over_depth": 16.0, "depth_at_least": 4}),
            &|c| base(c) && c.depth() >= 4 && is_wide(c, 16.0),
        ),
        (json!({"loss": ce, "narrower_than": 16.0}), &|c| {
            base(c) && !is_wide(c, 16.0)
        }),
    ];
    for (cells, keep) in table {
        let mut kept = store.clone();
        kept.cells.retain(|record| keep(&record.cell));
        let mut rates: Vec<f64> = kept.cells.iter().map(|own| own.cell.input_rate).collect();
        rates.dedup();
        let rate = (rates.len() == 1).then_some(rates[0]);
        let expected = fitted(&kept, Law::DepthWidth, rate, 0.0).exponents[0];
        assert_eq!(
            effect_of(&store, exponent.clone(), cells.clone()),
            expected,
            "{cells}"
        );
    }
    // The order of the store's cells does not matter.
    let before = effect_of(&store, exponent.clone(), json!({"loss": ce}));
    store.cells.reverse();
    assert_eq!(
        effect_of(&store, exponent.clone(), json!({"loss": ce})),
        before
    );
    agree!(
        &store,
        [{"statistic": exponent}, "the cells differ in loss"],
        [{"statistic": exponent, "cells": {"variant": "large"}}, "there is no variant `large`"],
        [{"statistic": exponent, "cells": {"loss": ce, "input_rate": 0.5}}, "input-layer rate 0.5"],
        [{"statistic": exponent, "cells": {"loss": ce, "input_rate": 0.3, "width_over_depth": 99.0}},
         "at least 3"],
        [{"statistic": {"of": "leave-one-rate-out", "law": "separate"},
          "cells": {"variant": "small", "input_rate": 0.3}}, "input-layer rates: 1"],
        [{"statistic": exponent, "cells": {"loss": ce, "width_over_depth": 1e3}}, "no measured cells"],
    );
    // Without variants, batches of two sizes are not of one kind.
    store.manifest.variants.clear();
    agree!(&store, [{"statistic": exponent, "cells": {"loss": ce}}, "differ in batch_size"]);
}

/// A law that holds in wide networks only, and differences of numbers.
#[test]
fn differences_are_of_cells_or_of_statistics() {
    let store = Store::with(|s| {
        (s.depths, s.widths) = (vec![2, 3, 4, 6, 8, 16], vec![32, 64, 96, 128, 256]);
        s.input_rates = vec![0.1, 1.0];
    });
    let store = store.snapshot(|d, w, n, mu| {
        let side = (-1f64).powi((d.log2() + w.log2()) as i32);
        let off = if w >= 16.0 * d { 0.0 } else { side };
        1.0 - 0.7 * (mu * n + d * w).log2() + off
    });
    let rmse = |law, k| fitted(&store, law, None, k).rmse.value;
    let [size, product] =
        [Law::EffectiveSize, Law::DepthWidth].map(|law| json!({"of": "rmse", "law": law}));
    let wide = json!({"width_over_depth": 16.0});
    let [of_cells, of_laws, same] = [
        json!({"statistic": size, "cells": wide, "minus": {"cells": {}}}),
        json!({"statistic": product, "cells": wide, "minus": {"statistic": size}}),
        json!({"statistic": product, "minus": {"cells": {"width_over_depth": 1.0}}}),
    ];
    let [filter, law] =
        [&of_cells, &of_laws].map(|own| one(findings_of(&store, own.clone())).effect.unwrap());
    assert!(close(
        filter.value,
        rmse(Law::EffectiveSize, 16.0) - rmse(Law::EffectiveSize, 0.0)
    ));
    assert!(
        filter.interval.unwrap()[1] < 0.0 && filter.unit == Unit::Octaves,
        "{filter:?}"
    );
    assert!(close(
        law.value,
        rmse(Law::DepthWidth, 16.0) - rmse(Law::EffectiveSize, 16.0)
    ));
    assert!(law.interval.unwrap()[0] > 0.0, "{law:?}");
    agree!(&store, [same, "the same cells"]);
}

/// Shares are of searches. Where all of them agree, the interval is the exact one.
#[test]
fn shares_of_searches_that_are_not_monotone() {
    let grid = Store::with(|s| {
        (s.depths, s.widths, s.repeats) = (vec![2, 4, 8], vec![16, 32, 64, 128], 4);
    });
    let none = grid.snapshot(|_, _, _, _| 0.0);
    let mut some = none.clone();
    // Narrow: (4, 16), (8, 16), (8, 32); the nine others are wide.
    for record in &mut some.cells {
        let count = match (record.cell.depth(), record.cell.hidden[0]) {
            (4, 16) => 1,
            (8, 16) | (2, 16) => 3,
            (8, 32) => 2,
            _ => 0,
        };
        searches([record])
            .take(count)
            .for_each(|search| search.monotone = false);
    }
    let [wide, narrow] = [
        json!({"width_over_depth": 8.0}),
        json!({"narrower_than": 8.0}),
    ];
    let share = json!({"of": "not-monotone"});
    let gap = json!({"statistic": share, "cells": narrow, "minus": {"cells": wide}});
    // Without a ladder nothing looked.
    let mut blind = some.clone();
    for record in &mut blind.cells {
        record.cell.protocol_mut().unwrap().ladder.clear();
    }
    agree!(&blind, [{"statistic": share, "cells": wide}, "no measured cells"]);
    agree!(
        &some,
        [{"statistic": share, "cells": wide}, 3.0 / 36.0],
        [{"statistic": share, "cells": narrow}, 6.0 / 12.0],
        [gap, 0.5 - 3.0 / 36.0],
        [{"statistic": share, "cells": {"narrower_than": 1.0}}, "no measured cells"],
    );
    let end = |n: f64| 1.0 - 0.025f64.powf(1.0 / n);
    let own = effect_of(&none, share, wide);
    let [low, high] = own.interval.unwrap();
    assert!(own.value == 0.0 && low == 0.0 && close(high, end(36.0)) && own.unit == Unit::Share);
    let own = one(findings_of(&none, gap)).effect.unwrap();
    let [low, high] = own.interval.unwrap();
    assert!(close(low, -end(36.0)) && close(high, end(12.0)));
}
