//! What statistics and rules have in common in words.

use crate::fit::Law;

/// A setting, as exactly as it was given.
pub(crate) fn number(value: f64) -> String {
    value.to_string().replace('-', "−")
}

/// A filter `width >= k * depth`.
pub(crate) fn filter(width_over_depth: f64) -> String {
    if width_over_depth > 0.0 {
        format!("width ≥ {} × depth", number(width_over_depth))
    } else {
        "all cells".to_owned()
    }
}

/// A law.
pub(crate) fn law(law: Law) -> &'static str {
    match law {
        Law::DepthWidth => "depth × width law",
        Law::Separate => "law of depth and width apart",
        Law::EffectiveSize => "effective-size law",
    }
}

/// A statistic's name, followed by what it was computed on in brackets.
pub(crate) fn with_conditions(name: &str, conditions: &[String], variant: Option<&str>) -> String {
    let variant = variant.map(|name| format!("variant {name}"));
    let all: Vec<String> = conditions.iter().cloned().chain(variant).collect();
    format!("{name} ({})", all.join(", "))
}
