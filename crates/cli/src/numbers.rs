//! Parsers of numbers on the command line. They refuse values out of range.

use std::time::Duration;

pub(crate) use etastar::rate;
use etastar_search::Shard;
use etastar_search::scale::MOST_DEPTH;

fn number(text: &str, allowed: fn(f64) -> bool, range: &str) -> Result<f64, String> {
    let value: f64 = text
        .parse()
        .map_err(|_| format!("`{text}` is not a number"))?;
    if allowed(value) {
        Ok(value)
    } else {
        Err(format!("must be {range}"))
    }
}

/// Accuracies.
pub(crate) fn fraction(text: &str) -> Result<f64, String> {
    let allowed = |value| value > 0.0 && value <= 1.0;
    number(text, allowed, "above 0 and at most 1")
}

/// Gains, tolerances, distances.
pub(crate) fn positive(text: &str) -> Result<f64, String> {
    let allowed = |value: f64| value > 0.0 && value.is_finite();
    number(text, allowed, "a positive number")
}

/// Relative learning rates.
pub(crate) fn not_negative(text: &str) -> Result<f64, String> {
    let allowed = |value: f64| value >= 0.0 && value.is_finite();
    number(text, allowed, "0 or a positive number")
}

/// Counts of anything.
pub(crate) fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".to_owned()),
        Ok(value) => Ok(value),
        Err(_) => Err(format!("`{text}` is not a whole number")),
    }
}

fn count_to(most: usize, text: &str) -> Result<usize, String> {
    match count(text)? {
        value if value > most => Err(format!("must be at most {most}")),
        value => Ok(value),
    }
}

/// Numbers of hidden layers.
pub(crate) fn depth(text: &str) -> Result<usize, String> {
    count_to(MOST_DEPTH, text)
}

/// Numbers of parts.
pub(crate) fn shards(text: &str) -> Result<usize, String> {
    count_to(Shard::MOST, text)
}

/// Amounts of memory, as `512MiB` or `8GiB`, in bytes.
pub(crate) fn memory(text: &str) -> Result<u64, String> {
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)];
    let size = units.iter().find_map(|(unit, bits)| {
        let count: u64 = text.strip_suffix(unit)?.trim().parse().ok()?;
        count.checked_mul(1 << bits)
    });
    match size {
        Some(0) => Err("must be more than 0".to_owned()),
        Some(bytes) => Ok(bytes),
        None => Err(format!(
            "`{text}` is not an amount of memory; write for example 512MiB or 8GiB"
        )),
    }
}

/// Times, as `90s`, `10m` or `1h 30m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let explained = || format!("`{text}` is not a time; write for example 90s, 10m or 2h");
    let time: jiff::SignedDuration = text.parse().map_err(|_| explained())?;
    let time = Duration::try_from(time).map_err(|_| explained())?;
    if time.is_zero() {
        return Err("must be longer than 0".to_owned());
    }
    Ok(time)
}
