//! How far a fitted line itself is uncertain.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::fit::Fit;

/// Abscissae at which a band is drawn.
const PLACES: usize = 25;

/// The pointwise confidence band of a law of one regressor between two
/// abscissae: where its line `log2 y = b_0 + b_1 log2 x`, fitted by least
/// squares to `n` cells, lies with the fit's confidence,
///
/// ```text
/// y^(x) 2^(+- h),   h = t_{n-2} s sqrt( 1/n + (log2 x - m)^2 / sum_i (log2 x_i - m)^2 ),
/// ```
///
/// `s^2 = RSS / (n - 2)`, `m` the mean of the cells' `log2 x_i`. It answers for
/// deviations of cells from the line, not for those of repeats within a cell.
/// Source: any textbook on regression, such as N. R. Draper and H. Smith,
/// Applied Regression Analysis, 1998, section 3.2.
///
/// `abscissae` are those of the cells that were fitted. Empty where fewer than
/// three cells, or one abscissa only, leave the line without a spread.
pub(super) fn band(fit: &Fit, abscissae: &[f64], [low, high]: [f64; 2]) -> Vec<[f64; 3]> {
    let n = abscissae.len() as f64;
    let freedom = n - 2.0;
    let mean = abscissae.iter().map(|x| x.log2()).sum::<f64>() / n;
    let spread: f64 = abscissae.iter().map(|x| (x.log2() - mean).powi(2)).sum();
    let (Some(exponent), true) = (fit.joint, freedom >= 1.0 && spread > 0.0) else {
        return Vec::new();
    };
    let Ok(student) = StudentsT::new(0.0, 1.0, freedom) else {
        return Vec::new();
    };
    let t = student.inverse_cdf(0.5 + 0.5 * fit.confidence);
    let deviation = fit.rmse_octaves * (n / freedom).sqrt();
    (0..PLACES)
        .map(|place| {
            let share = place as f64 / (PLACES - 1) as f64;
            let position = low.log2() + share * (high.log2() - low.log2());
            let line = fit.log2_constant - exponent.value * position;
            let half = t * deviation * (1.0 / n + (position - mean).powi(2) / spread).sqrt();
            [position.exp2(), (line - half).exp2(), (line + half).exp2()]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::synthetic::Synthetic;
    use crate::fit::{FitOptions, Law, fit};

    fn fitted(noise: f64, seed: u64) -> Fit {
        let sweep = Synthetic {
            noise,
            seed,
            ..Synthetic::default()
        };
        let snapshot = sweep.snapshot(|depth, width, _, _| 3.0 - 0.7 * (depth * width).log2());
        let options = FitOptions {
            width_over_depth: vec![0.0],
            resamples: 0,
            ..FitOptions::default()
        };
        let fits = fit(&snapshot, &options).unwrap().fits;
        fits.into_iter()
            .find(|fit| fit.law == Law::DepthWidth)
            .unwrap()
    }

    fn sizes() -> Vec<f64> {
        let sweep = Synthetic::default();
        let depths = sweep.depths.iter();
        depths
            .flat_map(|depth| sweep.widths.iter().map(move |width| (depth * width) as f64))
            .collect()
    }

    /// 600 sweeps know a coverage of 0.95 to within 0.009 (one standard error).
    #[test]
    fn holds_the_true_line_at_its_confidence() {
        let sizes = sizes();
        const SWEEPS: u64 = 600;
        let mut held = [0; PLACES];
        for seed in 0..SWEEPS {
            let band = band(&fitted(0.3, seed), &sizes, [128.0, 4096.0]);
            for (count, point) in held.iter_mut().zip(&band) {
                let [x, low, high] = *point;
                let truth = (3.0 - 0.7 * x.log2()).exp2();
                *count += u64::from(low <= truth && truth <= high);
            }
        }
        for place in [0, PLACES / 2, PLACES - 1] {
            let share = held[place] as f64 / SWEEPS as f64;
            assert!((0.92..0.98).contains(&share), "{share}");
        }
    }

    #[test]
    fn is_narrowest_in_the_middle_and_none_where_there_is_no_spread() {
        let wide = band(&fitted(0.3, 1), &sizes(), [128.0, 4096.0]);
        let width = |[_, low, high]: &[f64; 3]| (high / low).log2();
        assert!(width(&wide[0]) > width(&wide[PLACES / 2]));
        assert!(width(&wide[PLACES - 1]) > width(&wide[PLACES / 2]));
        assert!(band(&fitted(0.3, 1), &[4.0, 8.0], [4.0, 8.0]).is_empty());
        assert!(band(&fitted(0.3, 1), &[4.0; 5], [4.0, 8.0]).is_empty());
    }
}
