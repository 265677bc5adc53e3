use etastar_search::NotRun;
use serde_json::{Value, json};

use super::super::*;
use super::support::options;
use crate::fit::synthetic::{Synthetic, snapshot};

fn table() -> Value {
    json!({
        "show": ["depth-width", "laws"],
        "caveat": "One seed.",
        "criteria": [{
            "claim": "C1 (ii)",
            "says": "With a slow input layer, depth x width explains eta*.",
            "statistic": {"of": "r-squared", "law": "depth-width", "input_rate": "slowest",
                          "width_over_depth": 8.0},
            "rule": {"at_least": 0.9},
        }, {
            "claim": "C1",
            "says": "eta* falls.",
            "statistic": {"of": "exponent", "law": "separate", "part": "width", "input_rate": 0.5},
            "rule": {"differs_from": 0.0, "margin": 0.1},
        }],
    })
}

#[test]
fn reads_what_files_spell_and_writes_it_back() {
    let analysis = Analysis::parse(&table()).unwrap();
    assert_eq!(analysis.show, [View::DepthWidth, View::Laws]);
    assert_eq!(analysis.criteria.len(), 2);
    assert_eq!(
        analysis.criteria[0].statistic.words(),
        "R^{2} of the depth × width law (slowest input layer, width ≥ 8 × depth)"
    );
    assert_eq!(
        analysis.criteria[1].statistic.words(),
        "exponent of width of the law of depth and width apart (input rate 0.5, all cells)"
    );
    let again = Analysis::parse(&serde_json::to_value(&analysis).unwrap()).unwrap();
    assert_eq!(again, analysis);

    let mut manifest = snapshot(Vec::new()).manifest;
    assert_eq!(Analysis::of(&manifest), Ok(None));
    manifest.analysis = table();
    assert_eq!(Analysis::of(&manifest), Ok(Some(analysis)));
}

#[test]
fn mistakes_are_errors_that_say_where() {
    let with = |change: fn(&mut Value)| {
        let mut value = table();
        change(&mut value);
        Analysis::parse(&value).unwrap_err().to_string()
    };
    for (message, expected) in [
        (with(|t| t["shows"] = json!([])), "unknown field `shows`"),
        (
            with(|t| t["show"] = json!(["width"])),
            "unknown variant `width`",
        ),
        (
            with(|t| t["criteria"][1]["statistic"]["rate"] = json!(1)),
            "criterion 2: unknown field `rate`",
        ),
        (
            with(|t| t["criteria"][0]["statistic"]["of"] = json!("r")),
            "criterion 1: unknown variant `r`",
        ),
        (
            with(|t| t["criteria"][0]["statistic"]["width_over_depth"] = json!(-1.0)),
            "criterion 1: must be 0 or a positive number, not -1",
        ),
        (
            with(|t| t["criteria"][0]["rule"] = json!({"near": 1.0})),
            "criterion 1: a rule is one of",
        ),
        (with(|t| t["criteria"] = json!(3)), "must be a list"),
        (with(|t| *t = json!(3)), "[analysis]"),
    ] {
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn one_finding_for_every_criterion_and_dataset() {
    let sweep = Synthetic {
        input_rates: vec![0.5, 1.0],
        ..Synthetic::default()
    };
    let mut store = sweep.snapshot(|d, w, _, _| -0.5 * (d * w).log2());
    let mut others = store.cells.clone();
    for other in &mut others {
        other.cell.dataset.train = Some(1000);
        other.cell.input_rate *= 0.5;
    }
    store.cells.extend(others);
    store.manifest.not_run.push(NotRun {
        dataset: "cifar10".to_owned(),
        reason: "no folder".to_owned(),
    });
    let analysis = Analysis::parse(&table()).unwrap();
    let findings = findings(&store, &analysis, &options());
    let told: Vec<(&str, &str, Verdict)> = findings
        .iter()
        .map(|f| (f.claim.as_str(), f.dataset.as_str(), f.verdict))
        .collect();
    let (default, thousand) = (
        "fashion-mnist (train default)",
        "fashion-mnist (train 1000)",
    );
    assert_eq!(
        told,
        [
            ("C1 (ii)", default, Verdict::Supported),
            ("C1 (ii)", thousand, Verdict::Supported),
            ("C1 (ii)", "cifar10", Verdict::NotMeasured),
            ("C1", default, Verdict::Supported),
            ("C1", thousand, Verdict::Supported),
            ("C1", "cifar10", Verdict::NotMeasured),
        ]
    );
    assert_eq!(findings[2].reason.as_deref(), Some("no folder"));
    let effect = findings[3].effect.unwrap();
    assert!((effect.value - 0.5).abs() < 1e-9 && effect.confidence == 0.95);
}
