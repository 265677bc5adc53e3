//! How the marks of an axis are written.

use super::{Scale, Text};

/// Labels of the marks of one axis, in one notation for all of them.
pub(super) fn labels(scale: &Scale, marks: &[f64]) -> Vec<Text> {
    if let Scale::Names(names) = scale {
        return marks
            .iter()
            .map(|&mark| names.get(mark as usize).cloned().unwrap_or_default())
            .map(|name| Text::markup(&name))
            .collect();
    }
    let powers: Option<Vec<i32>> = marks.iter().map(|&mark| exponent(scale, mark)).collect();
    match (scale, powers) {
        (Scale::Log2, Some(powers)) if !powers.iter().all(|power| (-2..=14).contains(power)) => {
            raised(2, &powers)
        }
        (Scale::Log10, Some(powers)) if !powers.iter().all(|power| (-3..=4).contains(power)) => {
            raised(10, &powers)
        }
        _ => decimals(marks),
    }
}

/// The whole exponent of `mark` in the base of `scale`, if it has one.
fn exponent(scale: &Scale, mark: f64) -> Option<i32> {
    let power = scale.forward(mark);
    let whole = power.round();
    (scale.is_logarithmic() && (power - whole).abs() < 1e-9).then_some(whole as i32)
}

fn raised(base: u32, powers: &[i32]) -> Vec<Text> {
    powers
        .iter()
        .map(|power| Text::markup(&format!("{base}^{{{}}}", minus(&power.to_string()))))
        .collect()
}

fn decimals(marks: &[f64]) -> Vec<Text> {
    let largest = marks.iter().fold(0f64, |most, mark| most.max(mark.abs()));
    let smallest = marks
        .iter()
        .filter(|mark| **mark != 0.0)
        .fold(f64::INFINITY, |least, mark| least.min(mark.abs()));
    if largest >= 1e5 || (smallest < 1e-4 && smallest.is_finite()) {
        return marks.iter().map(|&mark| scientific(mark)).collect();
    }
    marks
        .iter()
        .map(|&mark| Text::plain(minus(&shortest(mark))))
        .collect()
}

/// At most twelve significant digits, no trailing zeros.
fn shortest(value: f64) -> String {
    let rounded: f64 = format!("{value:.11e}").parse().unwrap_or(value);
    format!("{rounded}")
}

fn scientific(value: f64) -> Text {
    if value == 0.0 {
        return Text::plain("0");
    }
    let written = format!("{:e}", shortest(value).parse().unwrap_or(value));
    let (digits, power) = written.split_once('e').unwrap_or((&written, "0"));
    let power = minus(power);
    match digits {
        "1" => Text::markup(&format!("10^{{{power}}}")),
        "-1" => Text::markup(&format!("−10^{{{power}}}")),
        _ => Text::markup(&format!("{}·10^{{{power}}}", minus(digits))),
    }
}

/// With the typographic minus sign.
fn minus(number: &str) -> String {
    number.replace('-', "−")
}
