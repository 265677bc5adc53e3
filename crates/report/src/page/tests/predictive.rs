//! The sections on predicting eta\*.

use serde_json::json;

use super::reproduction::{Made, report};
use crate::analysis::synthetic::{Coupled, with_cheap_rates};

fn markdown(coupled: &Coupled) -> String {
    let mut store = with_cheap_rates(coupled.snapshot());
    store.manifest.analysis = json!({
        "show": ["transfer", "proxies"],
        "caveat": "Made up.",
        "criteria": [{
            "claim": "extension",
            "says": "Small networks predict larger ones.",
            "statistic": {"of": "transfer-error", "at_least_factor": 4.0, "quantile": 0.5,
                          "width_over_depth": 8.0},
            "rule": {"at_most": 0.5},
        }],
    });
    report(&[Made::of("results/transfer.db", store, false)]).markdown()
}

fn section(markdown: &str, heading: &str) -> String {
    let from = markdown.find(&format!("### {heading}"));
    let section = &markdown[from.unwrap_or_else(|| panic!("{markdown}"))..];
    let end = section[4..]
        .find("\n##")
        .map_or(section.len(), |end| end + 4);
    section[..end].to_owned()
}

#[test]
fn the_sections_are_as_they_were() {
    let coupled = Coupled {
        depths: vec![1, 2, 4, 8],
        widths: vec![64, 128, 256, 512],
        noise: 0.3,
        misfit: 0.15,
        ..Coupled::default()
    };
    let markdown = markdown(&coupled);
    insta::assert_snapshot!(
        [
            section(&markdown, "Larger networks from smaller ones"),
            section(&markdown, "What predicts"),
        ]
        .join("\n")
    );
    assert!(markdown.contains("Small networks predict larger ones."));
}

#[test]
fn a_grid_too_small_to_split_says_so() {
    let coupled = Coupled {
        depths: vec![2],
        widths: vec![64, 128],
        ..Coupled::default()
    };
    let markdown = markdown(&coupled);
    assert!(markdown.contains("No split of the cells"));
    assert!(section(&markdown, "What predicts").contains("12/λ"));
}
