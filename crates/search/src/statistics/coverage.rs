//! Actual coverage of the intervals, by simulation.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use statrs::distribution::{ContinuousCDF, Normal};

use super::{Bootstrap, central_interval};

/// Shares of `samples` simulated sets of `n` standard normals whose mean, 0,
/// the expanded and the plain percentile interval contain.
fn coverage(n: usize, samples: u64) -> (f64, f64) {
    let normal = Normal::new(0.0, 1.0).unwrap();
    let mut generator = ChaCha8Rng::seed_from_u64(n as u64);
    let contains = |[low, high]: [f64; 2]| low <= 0.0 && 0.0 <= high;
    let (mut expanded, mut plain) = (0u32, 0u32);
    for seed in 0..samples {
        let values: Vec<f64> = (0..n)
            .map(|_| normal.inverse_cdf(generator.random_range(1e-15..1.0)))
            .collect();
        let bootstrap = Bootstrap {
            resamples: 1000,
            // Not the data's seed: data and resamples are independent.
            seed: seed + 1_000_000,
        };
        expanded += u32::from(contains(bootstrap.interval_of_mean(&values, 0.95).unwrap()));
        plain += u32::from(contains(
            central_interval(&bootstrap.means(&values), 0.025).unwrap(),
        ));
    }
    let share = |count: u32| f64::from(count) / samples as f64;
    (share(expanded), share(plain))
}

/// 1,200 simulations know a coverage near 0.9 to within 0.009 (one standard
/// error).
#[test]
fn expanded_interval_holds_its_confidence_where_the_plain_one_does_not() {
    let (five, five_plain) = coverage(5, 1200);
    let (ten, ten_plain) = coverage(10, 1200);
    println!("n = 5: expanded {five}, plain {five_plain}");
    println!("n = 10: expanded {ten}, plain {ten_plain}");
    assert!((0.90..0.98).contains(&five), "{five}");
    assert!((0.91..0.98).contains(&ten), "{ten}");
    assert!(five_plain < 0.87, "{five_plain}");
    assert!(five_plain + 0.05 < five, "{five_plain} {five}");
    assert!(ten_plain < 0.93 && ten_plain < ten, "{ten_plain} {ten}");
}
