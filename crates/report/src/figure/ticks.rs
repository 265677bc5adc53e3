//! Where an axis is marked.

use super::Scale;

/// Marks of an axis, both ascending.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ticks {
    /// Labelled marks.
    pub major: Vec<f64>,
    /// Marks in between.
    pub minor: Vec<f64>,
}

/// Largest number of labelled marks, whatever room there is.
pub(super) const MOST: usize = 12;

/// Marks for the axis from `low` to `high`: between 2 and `most` labelled
/// ones (`most` is itself kept between 2 and 12), all inside the range.
/// No range (`low >= high`, not finite, or not positive on a logarithmic
/// scale) has no marks.
pub fn ticks(scale: &Scale, low: f64, high: f64, most: usize) -> Ticks {
    let most = most.clamp(2, MOST);
    let usable = low.is_finite() && high.is_finite() && low < high;
    if !usable || (scale.is_logarithmic() && low <= 0.0) {
        return Ticks::default();
    }
    match scale {
        Scale::Linear => Ticks {
            major: linear(low, high, most),
            minor: Vec::new(),
        },
        Scale::Log2 => log2(low, high, most),
        Scale::Log10 => log10(low, high, most),
        Scale::Names(names) => Ticks {
            major: (0..names.len()).map(|index| index as f64).collect(),
            minor: Vec::new(),
        },
    }
}

/// Multiples of a step of 1, 2 or 5 times a power of ten; both ends where
/// the range is too narrow for a round step to be told apart.
fn linear(low: f64, high: f64, most: usize) -> Vec<f64> {
    // Halves, so that the difference of the largest numbers stays finite.
    let span = 2.0 * (high / 2.0 - low / 2.0).min(f64::MAX / 4.0);
    let start = (span / most as f64).log10().floor();
    for exponent in 0..4 {
        for digit in [1.0, 2.0, 5.0] {
            let power = start + f64::from(exponent);
            let marks = multiples(low, high, digit, power, most);
            if (2..=most).contains(&marks.len()) {
                return marks;
            }
        }
    }
    vec![low, high]
}

fn multiples(low: f64, high: f64, digit: f64, power: f64, most: usize) -> Vec<f64> {
    // Dividing by a power of ten instead of multiplying by its inverse makes
    // 3 / 10 the nearest number to 0.3.
    let value = |index: f64| {
        if power < 0.0 {
            index * digit / 10f64.powf(-power)
        } else {
            index * digit * 10f64.powf(power)
        }
    };
    let step = value(1.0);
    if !(step.is_finite() && step > 0.0) {
        return Vec::new();
    }
    let first = (low / step).floor();
    let mut marks: Vec<f64> = (0..most + 4)
        .map(|offset| value(first + offset as f64))
        .filter(|mark| (low..=high).contains(mark))
        // Not the negative zero.
        .map(|mark| mark + 0.0)
        .collect();
    marks.dedup();
    marks
}

/// Powers of two; rounded numbers where the range holds fewer than two.
fn log2(low: f64, high: f64, most: usize) -> Ticks {
    let exponents = integers(low.log2(), high.log2());
    let Some((major, stride)) = strided(&exponents, most, &[1, 2, 3, 4, 5, 8, 10, 16, 20]) else {
        return Ticks {
            major: linear(low, high, most.min(6)),
            minor: Vec::new(),
        };
    };
    let inside = |marks: Vec<f64>| within(marks, low, high);
    let major = inside(major.into_iter().map(|e| f64::from(e).exp2()).collect());
    if major.len() < 2 {
        return Ticks {
            major: linear(low, high, most.min(6)),
            minor: Vec::new(),
        };
    }
    let minor = if stride > 1 && exponents.len() <= 40 {
        exponents
            .iter()
            .filter(|exponent| exponent.rem_euclid(stride) != 0)
            .map(|&exponent| f64::from(exponent).exp2())
            .collect()
    } else {
        Vec::new()
    };
    Ticks {
        major,
        minor: inside(minor),
    }
}

/// Powers of ten; 1, 2 and 5 times those where the range holds too few of
/// them; rounded numbers where even those are too few.
fn log10(low: f64, high: f64, most: usize) -> Ticks {
    let exponents = integers(low.log10(), high.log10());
    if let Some((major, stride)) = strided(&exponents, most, &[1, 2, 3, 5, 10, 20, 50])
        && (major.len() >= 3 || most < 5)
    {
        let major = within(major.into_iter().map(power_of_ten).collect(), low, high);
        if major.len() >= 2 {
            let minor = if stride == 1 {
                digits(low, high, &[2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0])
            } else {
                Vec::new()
            };
            return Ticks { major, minor };
        }
    }
    for chosen in [&[1.0, 2.0, 5.0][..], &[1.0, 3.0], &[1.0]] {
        let major = digits(low, high, chosen);
        if (2..=most).contains(&major.len()) {
            let minor = digits(low, high, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0])
                .into_iter()
                .filter(|mark| !major.contains(mark))
                .collect();
            return Ticks { major, minor };
        }
    }
    Ticks {
        major: linear(low, high, most.min(6)),
        minor: Vec::new(),
    }
}

/// The integers from `low` to `high`, ends included with a little tolerance:
/// the logarithm of a power may miss its integer by a rounding.
fn integers(low: f64, high: f64) -> Vec<i32> {
    let first = (low - 1e-9).ceil() as i32;
    let last = (high + 1e-9).floor() as i32;
    (first..=last).collect()
}

/// The multiples of the smallest stride that leaves at most `most` of
/// `exponents`, with the stride; `None` where fewer than two are left.
fn strided(exponents: &[i32], most: usize, strides: &[i32]) -> Option<(Vec<i32>, i32)> {
    let extra = (1..).map(|factor| factor * 50);
    for stride in strides.iter().copied().chain(extra.take(40)) {
        let kept: Vec<i32> = exponents
            .iter()
            .copied()
            .filter(|exponent| exponent.rem_euclid(stride) == 0)
            .collect();
        if kept.len() <= most {
            return (kept.len() >= 2).then_some((kept, stride));
        }
    }
    None
}

fn digits(low: f64, high: f64, digits: &[f64]) -> Vec<f64> {
    let first = low.log10().floor() as i32;
    let last = high.log10().ceil() as i32;
    let marks = (first..=last)
        .flat_map(|exponent| {
            digits.iter().map(move |digit| {
                if exponent < 0 {
                    digit / power_of_ten(-exponent)
                } else {
                    digit * power_of_ten(exponent)
                }
            })
        })
        .collect();
    within(marks, low, high)
}

fn power_of_ten(exponent: i32) -> f64 {
    if exponent < 0 {
        1.0 / 10f64.powi(-exponent)
    } else {
        10f64.powi(exponent)
    }
}

fn within(marks: Vec<f64>, low: f64, high: f64) -> Vec<f64> {
    marks
        .into_iter()
        .filter(|mark| (low..=high).contains(mark))
        .collect()
}
