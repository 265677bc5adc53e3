//! A number has one value: in `analysis.json`, in `report.md` and in `etastar fit --json`.

use std::collections::HashSet;

use serde_json::Value;

use crate::support::Sandbox;

/// The committed experiment of the power law, on embedded data.
const EXPERIMENT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../experiments/power-law.toml"
);

/// Calls `visit` with every number that has an interval.
fn for_each_effect(value: &Value, visit: &mut impl FnMut(f64, [f64; 2])) {
    if let (Some(number), Some(ends)) = (value["value"].as_f64(), value["interval"].as_array())
        && let [Some(low), Some(high)] = [ends[0].as_f64(), ends[1].as_f64()]
    {
        visit(number, [low, high]);
    }
    match value {
        Value::Array(entries) => entries
            .iter()
            .for_each(|entry| for_each_effect(entry, visit)),
        Value::Object(fields) => fields
            .values()
            .for_each(|entry| for_each_effect(entry, visit)),
        _ => {}
    }
}

fn written(value: f64, [low, high]: [f64; 2], decimals: usize) -> String {
    let written = [value, low, high].map(|number| format!("{number:.decimals$}"));
    // No negative zero.
    let [value, low, high] = written.map(|text| match text.parse::<f64>() {
        Ok(0.0) => text.trim_start_matches('-').to_owned(),
        _ => text,
    });
    format!("{value} [{low}, {high}]")
}

/// Every `1.234 [0.987, 1.543]` of a text.
fn numbers_with_intervals(text: &str) -> Vec<String> {
    let number = |word: &str| word.parse::<f64>().is_ok();
    let mut found = Vec::new();
    for (position, _) in text.match_indices(" [") {
        let value = text[..position]
            .rsplit(|c: char| c != '.' && c != '-' && !c.is_ascii_digit())
            .next();
        let rest = &text[position + 2..];
        let ends = rest
            .split_once(']')
            .and_then(|(ends, _)| ends.split_once(", "));
        if let (Some(value), Some((low, high))) = (value, ends)
            && [value, low, high].into_iter().all(number)
        {
            found.push(format!("{value} [{low}, {high}]"));
        }
    }
    found
}

#[test]
fn every_exponent_and_interval_has_one_value() {
    let etastar = Sandbox::new();
    etastar.succeed(&format!(
        "sweep {EXPERIMENT} --profile smoke --skip-missing-data --output store.db"
    ));
    let report = etastar.json("report store.db --output page --json");
    let analysis: Value = serde_json::from_str(&etastar.read(&report["analysis"])).unwrap();
    let analysis = &analysis["stores"][0];
    let fitted = etastar.json("fit store.db --json");
    let fits = fitted["fits"].as_array().unwrap();
    assert_eq!(fitted["options"], analysis["options"]);
    assert_eq!(&fitted["fits"], &analysis["eta_star"][0]["fits"]);
    assert_eq!(analysis["eta_star"].as_array().unwrap().len(), 1);

    // A criterion shows the number that the fit of the same cells shows.
    let mut compared = 0;
    for finding in analysis["findings"].as_array().unwrap() {
        let criterion = &finding["criterion"];
        let (statistic, cells) = (&criterion["statistic"], &criterion["cells"]);
        let name = match statistic["of"].as_str().unwrap() {
            "exponent" => "exponents",
            "r-squared" => "r_squared",
            name @ "rmse" => name,
            _ => continue,
        };
        if !criterion["minus"].is_null() {
            continue;
        }
        let fit = fits.iter().find(|fit| {
            fit["law"] == statistic["law"]
                && fit["input_rate"] == cells["input_rate"]
                && fit["width_over_depth"] == cells["width_over_depth"]
        });
        let fit = fit.unwrap_or_else(|| panic!("no fit for {finding}"));
        let own = match name {
            "exponents" => &fit[name][0],
            _ => &fit[name],
        };
        assert_eq!(own, &finding["effect"], "{finding}");
        compared += 1;
    }
    assert!(compared >= 3, "{compared}");

    // The page writes numbers of the analysis and no others.
    let mut known = HashSet::new();
    for_each_effect(analysis, &mut |value, ends| {
        known.extend((1..=4).map(|decimals| written(value, ends, decimals)));
    });
    let markdown = etastar.read(&report["markdown"]).replace('\\', "");
    // Markdown links to long tables, the web page has them. What it says of single cells are no laws.
    let html = etastar.read(&report["index"]);
    let (before, rest) = html
        .split_once("<section id=\"power-law--cells\">")
        .unwrap();
    let (_, after) = rest.split_once("</section>").unwrap();
    let fields = [before, after]
        .into_iter()
        .flat_map(|text| text.split("<td").skip(1));
    let fields = fields.filter_map(|field| field.split("</td>").next());
    let html = fields.collect::<Vec<_>>().join("\n");
    let shown = numbers_with_intervals(&(markdown + &html).replace('\u{2212}', "-"));
    assert!(shown.len() >= 40, "{shown:?}");
    for number in &shown {
        assert!(known.contains(number), "{number} is not of the analysis");
    }
    // Without a filter it shows the law of the product at every rate.
    let product = |fit: &&Value| fit["law"] == "depth-width" && fit["width_over_depth"] == 0.0;
    assert_eq!(fits.iter().filter(product).count(), 5);
    for fit in fits.iter().filter(product) {
        for exponent in fit["exponents"].as_array().unwrap() {
            let ends = [0, 1].map(|end| exponent["interval"][end].as_f64());
            if let [Some(low), Some(high)] = ends {
                let number = written(exponent["value"].as_f64().unwrap(), [low, high], 3);
                assert!(shown.contains(&number), "{number} is not on the page");
            }
        }
    }
}
