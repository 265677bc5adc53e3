//! How often the intervals of single cells contain the truth, by simulation.

use crate::support;

use etastar_analysis::{Centre, Estimate, Variance};
use etastar_search::EtaStar;
use support::{below, noise};

const CELLS: usize = 12;
const CONFIDENCE: f64 = 0.95;
/// The true `log2 eta*` of every cell.
const TRUTH: f64 = -2.0;

fn found(log2: f64) -> EtaStar {
    let eta_star = log2.exp2();
    EtaStar::Found {
        eta_star,
        upper: eta_star * 1.0625,
    }
}

fn contains(interval: Option<[Option<f64>; 2]>, log2: f64) -> bool {
    let [low, high] = interval.unwrap();
    low.is_none_or(|low| low <= log2.exp2()) && high.is_none_or(|high| log2.exp2() <= high)
}

/// Share of the cells of made-up series whose interval contains the truth, on average over cells.
fn share_covered(repeats: usize, deviations: &[f64; CELLS], sweeps: usize) -> f64 {
    let mut draw = noise(repeats as u64);
    let mut hits = 0;
    for _ in 0..sweeps {
        let values = deviations.map(|deviation| -> Vec<f64> {
            (0..repeats).map(|_| TRUTH + deviation * draw()).collect()
        });
        let variance = Variance::pooled(values.iter().map(Vec::as_slice));
        hits += values
            .iter()
            .map(|cell| {
                let ends: Vec<EtaStar> = cell.iter().copied().map(found).collect();
                Estimate::from_searches(&ends, &variance, CONFIDENCE)
            })
            .filter(|estimate| contains(estimate.interval, TRUTH))
            .count();
    }
    hits as f64 / (sweeps * CELLS) as f64
}

/// 2000 series of 12 cells know a coverage of 0.95 to within 0.002 (one standard error), or 0.005
/// where the cells share all their error.
#[test]
fn the_interval_of_a_cell_holds_its_confidence_on_average_over_cells() {
    let equal = [0.3; CELLS];
    // Half of the cells have three times the variance of the others.
    let unequal = std::array::from_fn(|i| if i % 2 == 0 { 0.3 } else { 0.3 * 3f64.sqrt() });
    println!("repeats  equal variances  variances 1 : 3");
    for repeats in [2, 3, 5, 10] {
        let shares = [equal, unequal].map(|all| share_covered(repeats, &all, 2000));
        println!("{repeats:7}  {:15.4}  {:15.4}", shares[0], shares[1]);
        for share in shares {
            assert!((0.93..=0.97).contains(&share), "{repeats} repeats: {share}");
        }
    }
}

/// Values below the range, which starts where a fifth of the repeats lie below, are cut off.
#[test]
fn the_interval_of_a_median_with_censored_repeats_holds_its_confidence() {
    let mut draw = noise(1);
    let lowest = TRUTH - 0.3 * 0.841_621;
    let (mut medians, mut hits) = (0, 0);
    for _ in 0..5000 {
        let values: Vec<f64> = (0..5).map(|_| TRUTH + 0.3 * draw()).collect();
        let ends: Vec<EtaStar> = values
            .iter()
            .map(|&v| if v < lowest { below(lowest) } else { found(v) })
            .collect();
        let estimate = Estimate::from_searches(&ends, &Variance::default(), CONFIDENCE);
        if estimate.centre == Centre::Median {
            medians += 1;
            hits += usize::from(contains(estimate.interval, TRUTH));
        }
    }
    let share = f64::from(hits as u32) / f64::from(medians as u32);
    println!("median of 5, some censored: {share:.4} of {medians}");
    assert!((0.93..=0.985).contains(&share), "{share}");
}

/// Of five repeats, the median is known while at most two left the range; the interval is open on
/// the side that they left on.
#[test]
fn a_cell_with_censored_repeats_has_a_median_and_a_one_sided_interval() {
    let above = EtaStar::NothingFails { highest: 4.0 };
    let out = below(-8.0);
    // The repeats; log2 of the median; the interval; below; at least.
    type Row = (
        [EtaStar; 5],
        Option<f64>,
        [Option<f64>; 2],
        Option<f64>,
        Option<f64>,
    );
    let table: [Row; 4] = [
        (
            [found(1.0), out, found(0.0), found(-1.0), found(-2.0)],
            Some(-1.0),
            [None, Some(2.0)],
            None,
            None,
        ),
        (
            [out, found(1.0), out, found(0.0), out],
            None,
            [None, Some(2.0)],
            Some(2f64.powi(-8)),
            None,
        ),
        ([out; 5], None, [None, None], Some(2f64.powi(-8)), None),
        ([above; 5], None, [None, None], None, Some(4.0)),
    ];
    for (ends, log2, interval, below, at_least) in table {
        let estimate = Estimate::from_searches(&ends, &Variance::default(), CONFIDENCE);
        assert_eq!(estimate.centre, Centre::Median, "{ends:?}");
        assert_eq!(estimate.log2, log2, "{ends:?}");
        assert_eq!(estimate.value, log2.map(f64::exp2), "{ends:?}");
        assert_eq!(estimate.interval, Some(interval), "{ends:?}");
        assert_eq!(
            (estimate.below, estimate.at_least),
            (below, at_least),
            "{ends:?}"
        );
        assert_eq!(estimate.repeats, 5);
    }
}
