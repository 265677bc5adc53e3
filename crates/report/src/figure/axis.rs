//! Axes: scales, the stretch of values that is drawn, its ticks and their labels.

use super::text::Text;

/// One axis.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    /// What is read along the axis.
    pub(crate) label: Text,
    /// Name of the column in the CSV.
    pub(crate) column: String,
    /// How values become positions.
    pub(crate) scale: Scale,
    /// Both ends of the axis; from the data when absent.
    pub(crate) range: Option<[f64; 2]>,
}

impl Axis {
    /// An axis over the range of the data.
    pub(crate) fn new(label: &str, column: &str, scale: Scale) -> Self {
        Self {
            label: Text::markup(label),
            column: column.to_owned(),
            scale,
            range: None,
        }
    }
}

/// How values become positions on an axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scale {
    /// In proportion.
    Linear,
    /// By logarithm, with ticks at powers of two.
    Log2,
    /// By logarithm, with ticks at powers of ten.
    Log10,
    /// Value `i` is the `i`-th name, from the top; values in between lie between the names. Only
    /// the vertical axis can have it, and the intervals of the figure are then along the horizontal
    /// one.
    Names(Vec<String>),
}

impl Scale {
    fn is_logarithmic(&self) -> bool {
        matches!(self, Self::Log2 | Self::Log10)
    }

    /// The value in the units in which the axis is straight.
    fn forward(&self, value: f64) -> f64 {
        match self {
            Self::Linear | Self::Names(_) => value,
            Self::Log2 => value.log2(),
            Self::Log10 => value.log10(),
        }
    }

    /// Inverse of [`Self::forward`].
    fn backward(&self, position: f64) -> f64 {
        match self {
            Self::Linear | Self::Names(_) => position,
            Self::Log2 => position.exp2(),
            Self::Log10 => 10f64.powf(position),
        }
    }
}

/// The stretch of an axis that is drawn: finite, not empty and, on a logarithmic scale, positive.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Domain {
    pub(super) scale: Scale,
    low: f64,
    high: f64,
    /// Whether no value had a position.
    pub(super) is_empty: bool,
}

/// Room left beyond the outermost values, as a share of the axis.
const MARGIN: f64 = 0.05;

impl Domain {
    /// The stretch that shows all of `values`, or the axis's own range where it has one. Values without a position (not finite, or not
    /// positive on a logarithmic axis) do not count.
    pub(super) fn covering(axis: &Axis, values: &[f64]) -> Self {
        let scale = axis.scale.clone();
        let fixed = match &scale {
            Scale::Names(names) => Some([-0.5, names.len().max(1) as f64 - 0.5]),
            _ => axis.range.map(|ends| ends.map(|end| scale.forward(end))),
        };
        if let Some([low, high]) = fixed {
            return Self {
                is_empty: scale == Scale::Names(Vec::new()),
                scale,
                low,
                high,
            };
        }
        // Positions beyond the limit are cut, so that the ends stay ordinary numbers.
        let limit = match scale {
            Scale::Log2 => 1000.0,
            Scale::Log10 => 300.0,
            Scale::Linear | Scale::Names(_) => f64::MAX / 8.0,
        };
        let (low, high) = values
            .iter()
            .map(|&value| scale.forward(value))
            .filter(|position| position.is_finite())
            .map(|position| position.clamp(-limit, limit))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
        let is_empty = low > high;
        let (low, high) = if is_empty { (0.0, 1.0) } else { (low, high) };
        let least = match scale {
            Scale::Log2 => 1.0,
            Scale::Log10 => 0.3,
            Scale::Linear | Scale::Names(_) => low.abs().max(high.abs()).max(1e-12) * 0.1,
        };
        let margin = ((high - low) * MARGIN).max((least - (high - low)) / 2.0);
        Self {
            scale,
            low: (low - margin).max(-1.02 * limit),
            high: (high + margin).min(1.02 * limit),
            is_empty,
        }
    }

    /// Both ends, as values.
    pub(super) fn ends(&self) -> [f64; 2] {
        [self.low, self.high].map(|end| self.scale.backward(end))
    }

    /// Where `value` lies: 0 at the low end, 1 at the high end, outside 0..1 beyond them, and
    /// `None` where it has no position.
    pub(super) fn fraction(&self, value: f64) -> Option<f64> {
        let position = self.scale.forward(value);
        let fraction = position / (self.high - self.low) - self.low / (self.high - self.low);
        (position.is_finite() && fraction.is_finite()).then_some(fraction)
    }

    /// The marks of the axis with their labels, and the marks in between. A stretch without values
    /// has none.
    pub(super) fn marks(&self, most: usize) -> (Vec<(f64, Text)>, Vec<f64>) {
        if self.is_empty {
            return (Vec::new(), Vec::new());
        }
        let [low, high] = self.ends();
        let Ticks { major, minor } = ticks(&self.scale, low, high, most);
        let labels = labels(&self.scale, &major);
        (major.into_iter().zip(labels).collect(), minor)
    }
}

/// Marks of an axis, both ascending.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Ticks {
    /// Labelled marks.
    pub(super) major: Vec<f64>,
    /// Marks in between.
    pub(super) minor: Vec<f64>,
}

/// Largest number of labelled marks, whatever room there is.
pub(super) const MOST: usize = 12;

/// Marks for the axis from `low` to `high`: between 2 and `most` labelled ones (`most` is itself
/// kept between 2 and 12), all inside the range. A range with `low >= high`, with an end that is
/// not finite, or not positive on a logarithmic scale, has no marks.
pub(super) fn ticks(scale: &Scale, low: f64, high: f64, most: usize) -> Ticks {
    let most = most.clamp(2, MOST);
    let usable = low.is_finite() && high.is_finite() && low < high;
    if !usable || (scale.is_logarithmic() && low <= 0.0) {
        return Ticks::default();
    }
    let at = |major: Vec<f64>| Ticks {
        major,
        minor: Vec::new(),
    };
    match scale {
        Scale::Linear => at(linear(low, high, most)),
        Scale::Log2 => log2(low, high, most).unwrap_or_else(|| at(linear(low, high, most.min(6)))),
        Scale::Log10 => {
            log10(low, high, most).unwrap_or_else(|| at(linear(low, high, most.min(6))))
        }
        Scale::Names(names) => at((0..names.len()).map(|index| index as f64).collect()),
    }
}

/// Multiples of a step of 1, 2 or 5 times a power of ten; both ends where the range is too narrow
/// for a round step to be told apart.
fn linear(low: f64, high: f64, most: usize) -> Vec<f64> {
    // Halves, so that the difference of the largest numbers stays finite.
    let span = 2.0 * (high / 2.0 - low / 2.0).min(f64::MAX / 4.0);
    let start = (span / most as f64).log10().floor();
    for exponent in 0..4 {
        for digit in [1.0, 2.0, 5.0] {
            let marks = multiples(low, high, digit, start + f64::from(exponent), most);
            if (2..=most).contains(&marks.len()) {
                return marks;
            }
        }
    }
    vec![low, high]
}

fn multiples(low: f64, high: f64, digit: f64, power: f64, most: usize) -> Vec<f64> {
    // Dividing by a power of ten instead of multiplying by its inverse makes 3 / 10 the nearest
    // number to 0.3.
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

/// Powers of two, with the powers that their stride leaves out in between; `None` where the range
/// holds fewer than two.
fn log2(low: f64, high: f64, most: usize) -> Option<Ticks> {
    let powers = powers(2.0, low, high);
    let stride = stride(&powers, most, &[1, 2, 3, 4, 5, 8, 10, 16, 20])?;
    let (major, mut minor): (Vec<_>, Vec<_>) = powers
        .iter()
        .partition(|(exponent, _)| exponent % stride == 0);
    if powers.len() > 40 {
        minor.clear();
    }
    let values = |marks: Vec<(i32, f64)>| marks.into_iter().map(|(_, value)| value).collect();
    Some(Ticks {
        major: values(major),
        minor: values(minor),
    })
}

/// Powers of ten; 1, 2 and 5 times those where the range holds too few of them; `None` where even
/// those are too few.
fn log10(low: f64, high: f64, most: usize) -> Option<Ticks> {
    let powers = powers(10.0, low, high);
    if let Some(stride) = stride(&powers, most, &[1, 2, 3, 5, 10, 20, 50]) {
        let kept = powers
            .iter()
            .filter(|(exponent, _)| exponent % stride == 0)
            .map(|&(_, value)| value);
        let major: Vec<f64> = kept.collect();
        if major.len() >= 3 || most < 5 {
            let digits = if stride == 1 { 2..10 } else { 0..0 };
            let minor = digit_multiples(low, high, digits);
            return Some(Ticks { major, minor });
        }
    }
    let chosen = [vec![1, 2, 5], vec![1, 3], vec![1]]
        .into_iter()
        .map(|digits| digit_multiples(low, high, digits));
    let major = { chosen }.find(|major| (2..=most).contains(&major.len()))?;
    let mut minor = digit_multiples(low, high, 1..10);
    minor.retain(|mark| !major.contains(mark));
    Some(Ticks { major, minor })
}

/// The powers of `base` from `low` to `high`, with their exponents.
fn powers(base: f64, low: f64, high: f64) -> Vec<(i32, f64)> {
    let exponent = |value: f64| {
        if base == 2.0 {
            value.log2()
        } else {
            value.log10()
        }
    };
    // A little tolerance: the logarithm of a power may miss its integer by a rounding.
    let first = (exponent(low) - 1e-9).ceil() as i32;
    let last = (exponent(high) + 1e-9).floor() as i32;
    (first..=last)
        .map(|exponent| (exponent, power(base, exponent)))
        .filter(|(_, value)| (low..=high).contains(value))
        .collect()
}

/// `base^exponent`, rounded once.
fn power(base: f64, exponent: i32) -> f64 {
    if exponent < 0 {
        1.0 / base.powi(-exponent)
    } else {
        base.powi(exponent)
    }
}

/// The smallest of `strides`, or else of the multiples of 50, that leaves at most `most` of
/// `powers`; `None` where it leaves fewer than two.
fn stride(powers: &[(i32, f64)], most: usize, strides: &[i32]) -> Option<i32> {
    let left = |stride: i32| {
        let kept = powers.iter().filter(|(exponent, _)| exponent % stride == 0);
        kept.count()
    };
    let further = (1..=40).map(|factor| factor * 50);
    let mut all = strides.iter().copied().chain(further);
    let stride = all.find(|&stride| left(stride) <= most)?;
    (left(stride) >= 2).then_some(stride)
}

/// The given digits times each power of ten, from `low` to `high`.
fn digit_multiples(
    low: f64,
    high: f64,
    digits: impl IntoIterator<Item = u8, IntoIter: Clone>,
) -> Vec<f64> {
    let digits = digits.into_iter();
    let exponents = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let marks = exponents.flat_map(|exponent| {
        digits.clone().map(move |digit| {
            if exponent < 0 {
                f64::from(digit) / power(10.0, -exponent)
            } else {
                f64::from(digit) * power(10.0, exponent)
            }
        })
    });
    marks.filter(|mark| (low..=high).contains(mark)).collect()
}

/// Labels of the marks of one axis, in one notation for all of them.
pub(super) fn labels(scale: &Scale, marks: &[f64]) -> Vec<Text> {
    if let Scale::Names(names) = scale {
        let name = |&mark: &f64| names.get(mark as usize).map(|name| Text::markup(name));
        return marks
            .iter()
            .map(|mark| name(mark).unwrap_or_default())
            .collect();
    }
    // The base, and the exponents that are written as decimals.
    let (base, short) = match scale {
        Scale::Log2 => (2, -2..=14),
        _ => (10, -3..=4),
    };
    let exponent = |&mark: &f64| {
        let power = scale.forward(mark);
        let is_whole = (power - power.round()).abs() < 1e-9;
        (scale.is_logarithmic() && is_whole).then_some(power.round() as i32)
    };
    match marks.iter().map(exponent).collect::<Option<Vec<i32>>>() {
        Some(powers) if !powers.iter().all(|power| short.contains(power)) => powers
            .iter()
            .map(|power| Text::markup(&format!("{base}^{{{}}}", minus(&power.to_string()))))
            .collect(),
        _ => decimals(marks),
    }
}

fn decimals(marks: &[f64]) -> Vec<Text> {
    let sizes = || {
        marks
            .iter()
            .map(|mark| mark.abs())
            .filter(|&size| size > 0.0)
    };
    let is_long = sizes().any(|size| !(1e-4..1e5).contains(&size));
    let label = |&mark: &f64| {
        if is_long {
            scientific(mark)
        } else {
            Text::plain(minus(&shortest(mark).to_string()))
        }
    };
    marks.iter().map(label).collect()
}

/// The value to at most twelve significant digits.
fn shortest(value: f64) -> f64 {
    format!("{value:.11e}").parse().unwrap_or(value)
}

fn scientific(value: f64) -> Text {
    if value == 0.0 {
        return Text::plain("0");
    }
    let written = minus(&format!("{:e}", shortest(value)));
    let (digits, power) = written.split_once('e').unwrap_or((&written, "0"));
    Text::markup(&match digits {
        "1" => format!("10^{{{power}}}"),
        "−1" => format!("−10^{{{power}}}"),
        _ => format!("{digits}·10^{{{power}}}"),
    })
}

/// `number` with the typographic minus sign.
fn minus(number: &str) -> String {
    number.replace('-', "−")
}
