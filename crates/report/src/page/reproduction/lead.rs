//! What the page is, in a few sentences.

use crate::figure::Text;
use crate::page::ReportInput;

/// Title of the page.
pub(super) fn title(inputs: &[&ReportInput<'_>]) -> Text {
    let title = Text::plain("Maximal initial learning rates of deep ReLU networks: ");
    match inputs {
        [one] => title.and_plain(one.snapshot.manifest.experiment.clone()),
        _ => title.and_plain("a reproduction"),
    }
}

/// What was done, at which scale, on which backend, with which seed.
pub(super) fn lead(inputs: &[&ReportInput<'_>]) -> Vec<Text> {
    let what = Text::markup(
        "Measurements of η*, the largest constant learning rate at which a randomly initialised \
         network can begin training and reach a threshold accuracy, and of the sharpness λ_{1}, \
         to test the claims of G. Iyer, B. Hanin and D. Rolnick (ICML 2023, ",
    )
    .and_link("arXiv:2212.07295", "https://arxiv.org/abs/2212.07295")
    .and_plain(
        ") and extensions of ours. The paper publishes only parts of its protocol; every other \
         constant is our choice and is named below. Each criterion was written down with the \
         experiment, before anything ran. Depth counts hidden layers.",
    );
    let manifests = || inputs.iter().map(|input| &input.snapshot.manifest);
    let of = |values: Vec<String>, one: &str, many: &str| {
        let values = distinct(values);
        let noun = if values.len() == 1 { one } else { many };
        format!("{noun} {}", values.join(", "))
    };
    let profile = of(
        manifests()
            .map(|m| m.profile.clone().unwrap_or_else(|| "none".to_owned()))
            .collect(),
        "Profile",
        "Profiles",
    );
    let backend = of(
        manifests()
            .map(|m| format!("{} ({}, {})", m.backend, m.float, m.device))
            .collect(),
        "backend",
        "backends",
    );
    let seed = of(
        manifests().map(|m| m.seed.to_string()).collect(),
        "seed",
        "seeds",
    );
    vec![what, Text::plain(format!("{profile}; {backend}; {seed}."))]
}

/// Each value once, in order.
pub(super) fn distinct(values: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for value in values {
        if !kept.contains(&value) {
            kept.push(value);
        }
    }
    kept
}
