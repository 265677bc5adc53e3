//! Verdicts and effects in words.

use crate::analysis::{Effect, Finding, Unit, Verdict};
use crate::figure::{Text, Tone};
use crate::page::document::Entry;
use crate::page::number::{count, fixed, interval, octaves, percent, rate};
use crate::page::words::sentence;

/// A verdict with its mark: shape, word and colour say the same.
pub(super) fn badge(verdict: Verdict) -> Text {
    let (mark, tone) = match verdict {
        Verdict::Supported => ("✓", Tone::Positive),
        Verdict::Contradicted => ("✗", Tone::Negative),
        Verdict::Unclear => ("?", Tone::Neutral),
        Verdict::NotMeasured => ("–", Tone::Absent),
    };
    Text::default().and_badge(format!("{mark} {}", verdict.name()), tone)
}

/// A verdict as a field of a table, the best first.
pub(super) fn verdict_entry(verdict: Verdict) -> Entry {
    Entry::text(badge(verdict))
}

/// A number with its interval and unit.
pub(super) fn effect(effect: &Effect) -> String {
    let write = |value: f64| match effect.unit {
        Unit::Plain => fixed(value, 3),
        Unit::Octaves => octaves(value),
        Unit::Share => percent(value),
        Unit::Factor => rate(value),
        Unit::Count => count(value.max(0.0) as usize),
    };
    let unit = match effect.unit {
        Unit::Octaves => " octaves",
        Unit::Plain | Unit::Share | Unit::Factor | Unit::Count => "",
    };
    let bounds = effect
        .interval
        .map_or_else(String::new, |ends| format!(" {}", interval(ends, write)));
    format!("{}{bounds}{unit}", write(effect.value))
}

/// The effect of a finding, or why there is none.
pub(super) fn told(finding: &Finding) -> Text {
    let number = finding.effect.as_ref().map(effect);
    let reason = finding.reason.as_deref();
    match (number, reason) {
        (Some(number), None) => Text::markup(&number),
        (Some(number), Some(reason)) => Text::markup(&number)
            .and_plain(" (")
            .and_text(sentence(reason))
            .and_plain(")"),
        (None, Some(reason)) => sentence(reason),
        (None, None) => Text::plain("–"),
    }
}
