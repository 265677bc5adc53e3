//! How numbers are written, in the markup of texts.

/// A learning rate or another positive quantity: three significant digits.
pub(super) fn rate(value: f64) -> String {
    significant(value, 3, false)
}

/// A setting, as exactly as it was given.
pub(super) fn setting(value: f64) -> String {
    significant(value, 12, true)
}

/// A logarithm or a distance in octaves: two decimals.
pub(super) fn octaves(value: f64) -> String {
    fixed(value, 2)
}

/// `value` with `decimals` decimals.
pub(super) fn fixed(value: f64, decimals: usize) -> String {
    let written = format!("{value:.decimals$}");
    // Not the negative zero.
    let zero = written
        .trim_start_matches('-')
        .trim_matches(['0', '.'])
        .is_empty();
    minus(if zero {
        written.trim_start_matches('-')
    } else {
        &written
    })
}

/// An interval, each end written by `write`.
pub(super) fn interval([low, high]: [f64; 2], write: impl Fn(f64) -> String) -> String {
    format!("[{}, {}]", write(low), write(high))
}

/// A share of one as a percentage.
pub(super) fn percent(share: f64) -> String {
    format!("{}\u{a0}%", significant(100.0 * share, 3, true))
}

/// A count, thousands separated.
pub(super) fn count(count: usize) -> String {
    let digits = count.to_string();
    let mut written = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

/// `count` with its noun.
pub(super) fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// `value` with so many significant digits; trailing zeros are left out where `trim` says so.
pub(super) fn significant(value: f64, digits: usize, trim: bool) -> String {
    let precision = digits.saturating_sub(1);
    let scientific = format!("{value:.precision$e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if value != 0.0 && !(-4..6).contains(&exponent) {
        let mantissa = if trim { trimmed(mantissa) } else { mantissa };
        let power = minus(&exponent.to_string());
        return match mantissa {
            "1" => format!("10^{{{power}}}"),
            _ => format!("{}·10^{{{power}}}", minus(mantissa)),
        };
    }
    let decimals = (precision as i32 - exponent).clamp(0, 20) as usize;
    let rounded: f64 = scientific.parse().unwrap_or(value);
    let written = format!("{rounded:.decimals$}");
    minus(if trim { trimmed(&written) } else { &written })
}

fn trimmed(written: &str) -> &str {
    if written.contains('.') {
        written.trim_end_matches('0').trim_end_matches('.')
    } else {
        written
    }
}

fn minus(written: &str) -> String {
    written.replace('-', "−")
}
