//! `cargo xtask calculator`: whether the calculator of a report's page says what `etastar predict`
//! says.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::command::{Failure, etastar, root, standard_output};
use crate::screenshots::chromium;

/// Largest relative difference: the page interpolates Student's t in a table.
const TOLERANCE: f64 = 1e-3;

/// Around what the page is made to say.
const MARKS: [&str; 2] = ["<pre id=\"said\">", "</pre>"];

#[derive(Debug, Args)]
pub(crate) struct CalculatorArguments {
    /// The page
    #[arg(default_value = "results/quick/report/index.html")]
    page: PathBuf,

    /// Random networks
    #[arg(long, default_value_t = 100)]
    networks: usize,

    /// Seed of their sizes
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Asks both about random networks: narrow and wide, shallow and deep, within what was measured and
/// far outside of it.
pub(crate) fn run(arguments: &CalculatorArguments) -> Result<(), Failure> {
    let mut rng = ChaCha8Rng::seed_from_u64(arguments.seed);
    let networks: Vec<Value> = (0..arguments.networks)
        .map(|_| {
            let octaves = rng.random_range(4.0..11.0_f64);
            let rates = [0.0, 0.01, 0.1, 1.0, rng.random_range(0.0..1.0)];
            json!({
                "width": octaves.exp2().round() as u64,
                "depth": rng.random_range(1..48),
                "inputRate": rates[rng.random_range(0..rates.len())],
                "inputs": rng.random_range(3.0..12.0_f64).exp2().round() as u64,
            })
        })
        .collect();
    let said = ask_page(arguments, &networks)?;
    let (mut predicted, mut refused, mut largest) = (0, 0, 0.0_f64);
    for (network, said) in networks.iter().zip(&said) {
        let Some(own) = ask_program(network)? else {
            if said["refused"].is_null() {
                let text = format!("only the program refuses {network}; the page says {said}");
                return Err(Failure::new(text));
            }
            refused += 1;
            continue;
        };
        let pairs = [
            (&said["etaStar"], &own["eta_star"]),
            (&said["interval"][0], &own["interval"][0]),
            (&said["interval"][1], &own["interval"][1]),
        ];
        let differences = pairs.map(|(page, program)| {
            let [page, program] = [page, program].map(|one| one.as_f64().unwrap_or(f64::NAN));
            (page / program - 1.0).abs()
        });
        let difference = differences.into_iter().fold(0.0, f64::max);
        let warnings = |value: &Value| value["warnings"].as_array().map(Vec::len);
        let agrees = differences.iter().all(|one| *one <= TOLERANCE);
        if !agrees || warnings(said) != warnings(&own) {
            let text = format!("{network}: the page says {said}, the program {own}");
            return Err(Failure::new(text));
        }
        predicted += 1;
        largest = largest.max(difference);
    }
    println!(
        "{predicted} predictions and {refused} refusals agree; largest relative difference \
         {largest:.1e}"
    );
    Ok(())
}

/// What the page's script says of every network.
fn ask_page(arguments: &CalculatorArguments, networks: &[Value]) -> Result<Vec<Value>, Failure> {
    let page = root().join(&arguments.page);
    let html = fs::read_to_string(&page).map_err(Failure::file(&page))?;
    let [begin, end] = MARKS;
    let question = format!(
        "<script>var formula = JSON.parse(document.querySelector('form.calculator script')\
         .textContent); var said = {}.map(function (one) {{ return predictEtaStar(formula, one); \
         }}); document.body.innerHTML = '{begin}' + JSON.stringify(said) + '{end}';</script>",
        Value::from(networks.to_vec())
    );
    let folder = tempfile::tempdir().map_err(Failure::file(&std::env::temp_dir()))?;
    let copy = folder.path().join("page.html");
    fs::write(&copy, html + &question).map_err(Failure::file(&copy))?;
    let mut chromium = chromium()?;
    chromium.arg(format!("--user-data-dir={}", folder.path().display()));
    let dom = chromium.args(["--dump-dom", &format!("file://{}", copy.display())]);
    let dom = standard_output(dom)?;
    let said = dom
        .rsplit_once(begin)
        .and_then(|(_, rest)| rest.split_once(end));
    let (said, _) = said.ok_or_else(|| Failure::new("the page has no calculator, or it failed"))?;
    let said = said
        .replace("&gt;", ">")
        .replace("&lt;", "<")
        .replace("&amp;", "&");
    serde_json::from_str(&said).map_err(|_| Failure::output("the page"))
}

/// What the program predicts; none where it refuses.
fn ask_program(network: &Value) -> Result<Option<Value>, Failure> {
    let mut predict = etastar(&[&"predict", &"--json"]);
    for (option, field) in [
        ("--width", "width"),
        ("--depth", "depth"),
        ("--input-rate", "inputRate"),
        ("--inputs", "inputs"),
    ] {
        predict.arg(option).arg(network[field].to_string());
    }
    match standard_output(&mut predict) {
        Ok(text) => serde_json::from_str(&text)
            .map(Some)
            .map_err(|_| Failure::output("etastar predict")),
        Err(failure) if failure.code.is_some() => Ok(None),
        Err(failure) => Err(failure),
    }
}
