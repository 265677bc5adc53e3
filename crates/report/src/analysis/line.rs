use nalgebra::DVector;

use super::NotMeasured;
use crate::fit::{LeastSquares, quality};

/// Fewest points of a line: one more than it has coefficients.
const FEWEST_POINTS: usize = 3;

/// A straight line `y = constant + slope x`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Line {
    /// Value at `x = 0`.
    pub(crate) constant: f64,
    /// Slope.
    pub(crate) slope: f64,
    /// Share of the variance of `y` that the line explains.
    pub(crate) r_squared: f64,
}

impl Line {
    /// The line of ordinary least squares through points `[x, y]`.
    ///
    /// # Errors
    /// For fewer than three points, or if their `x` do not vary.
    pub(crate) fn through(points: &[[f64; 2]]) -> Result<Self, NotMeasured> {
        if points.len() < FEWEST_POINTS {
            return Err(NotMeasured::TooFew {
                what: "points of a straight line",
                found: points.len(),
                needed: FEWEST_POINTS,
            });
        }
        let x: Vec<Vec<f64>> = points.iter().map(|[x, _]| vec![*x]).collect();
        let y = DVector::from_iterator(points.len(), points.iter().map(|[_, y]| *y));
        let solved = LeastSquares::new(&x).ok_or(NotMeasured::Undetermined(
            "the points of a straight line share one abscissa",
        ))?;
        let coefficients = solved.coefficients(&y);
        let quality = quality(
            y.as_slice(),
            solved.residuals(&y).as_slice(),
            &solved.leverages(),
            coefficients.len(),
        );
        Ok(Self {
            constant: coefficients[0],
            slope: coefficients[1],
            r_squared: quality.r_squared,
        })
    }

    /// The common slope of several sets of points, each about its own mean:
    ///
    /// ```text
    /// slope = sum (x - mean x) (y - mean y) / sum (x - mean x)^2,
    /// R^2   = slope^2 sum (x - mean x)^2 / sum (y - mean y)^2
    /// ```
    ///
    /// with the mean of each set and sums over all sets; sets of one point do
    /// not count. `constant` is 0.
    ///
    /// # Errors
    /// If `x` does not vary within any set.
    pub(crate) fn within(sets: &[Vec<[f64; 2]>]) -> Result<Self, NotMeasured> {
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for set in sets.iter().filter(|set| set.len() > 1) {
            let n = set.len() as f64;
            let centre = |axis: fn(&[f64; 2]) -> f64| set.iter().map(axis).sum::<f64>() / n;
            let (mean_x, mean_y) = (centre(|[x, _]| *x), centre(|[_, y]| *y));
            for [x, y] in set {
                xx += (x - mean_x).powi(2);
                xy += (x - mean_x) * (y - mean_y);
                yy += (y - mean_y).powi(2);
            }
        }
        if xx < 1e-12 {
            return Err(NotMeasured::Undetermined(
                "the sharpness does not vary between networks of one cell",
            ));
        }
        let slope = xy / xx;
        Ok(Self {
            constant: 0.0,
            slope,
            r_squared: if yy > 0.0 { slope * xy / yy } else { 0.0 },
        })
    }

    /// The line's `y`.
    pub(crate) fn at(&self, x: f64) -> f64 {
        self.constant + self.slope * x
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn undetermined_lines() {
        assert!(Line::through(&[[0.0, 0.0], [1.0, 1.0]]).is_err());
        assert!(Line::through(&[[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]).is_err());
        assert!(Line::within(&[vec![[0.0, 0.0]], vec![[1.0, 5.0]]]).is_err());
        assert!(Line::within(&[]).is_err());
    }

    proptest! {
        #[test]
        fn exact_lines(constant in -5.0..5.0f64, slope in -3.0..3.0f64) {
            let points: Vec<[f64; 2]> = (0..6)
                .map(|i| [f64::from(i), constant + slope * f64::from(i)])
                .collect();
            let line = Line::through(&points).unwrap();
            prop_assert!((line.slope - slope).abs() < 1e-9);
            prop_assert!((line.at(2.0) - points[2][1]).abs() < 1e-9);
        }

        /// Sets apart by any distance have the slope within them.
        #[test]
        fn common_slopes_ignore_the_sets_places(
            slope in -3.0..3.0f64,
            places in prop::collection::vec((-9.0..9.0f64, -9.0..9.0f64), 1..5),
        ) {
            let sets: Vec<Vec<[f64; 2]>> = places
                .iter()
                .map(|(x, y)| (0..3).map(|i| f64::from(i) / 4.0).map(|t| [x + t, y + slope * t]).collect())
                .collect();
            let line = Line::within(&sets).unwrap();
            prop_assert!((line.slope - slope).abs() < 1e-8);
            prop_assert!(slope.abs() < 0.01 || (line.r_squared - 1.0).abs() < 1e-6);
        }

        /// One set about its mean is the ordinary line.
        #[test]
        fn one_set_is_the_ordinary_line(
            points in prop::collection::vec((-4.0..4.0f64, -4.0..4.0f64), 4..12)
        ) {
            let points: Vec<[f64; 2]> = points.into_iter().map(|(x, y)| [x, y]).collect();
            prop_assume!(points.iter().any(|[x, _]| (x - points[0][0]).abs() > 0.5));
            let (one, two) = (Line::through(&points).unwrap(), Line::within(&[points]).unwrap());
            prop_assert!((one.slope - two.slope).abs() < 1e-8);
            prop_assert!((one.r_squared - two.r_squared).abs() < 1e-8);
        }
    }
}
