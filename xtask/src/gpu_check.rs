//! `cargo xtask gpu-check`: everything that wants a look on a machine with an
//! accelerator, in one command and one file.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use crate::backend::provide;
use crate::bench::{self, BenchArguments};
use crate::command::{self, Failure, cargo, etastar, features, root, standard_output};
use crate::conformance;

#[derive(Debug, Args)]
pub(crate) struct GpuCheckArguments {
    /// Devices to check; the processor's `flex` is what they are compared with
    #[arg(long, value_delimiter = ',', default_value = "tch:cuda,wgpu")]
    devices: Vec<String>,

    /// Profile of the power-law experiment that is measured on every device
    #[arg(long, default_value = "smoke", value_parser = ["smoke", "quick", "full"])]
    profile: String,

    /// Time the `full` power-law sweep too, on `flex` and on every device: hours on a processor
    #[arg(long)]
    full: bool,

    /// Folder with dataset files, for --full
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,

    /// File of the results
    #[arg(
        long,
        value_name = "FILE",
        default_value = "results/gpu-check/README.md"
    )]
    output: PathBuf,

    /// Passed on to criterion, e.g. --quick
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// The device that the others are compared with.
const PROCESSOR: &str = "flex";

pub(crate) fn run(arguments: &GpuCheckArguments) -> Result<(), Failure> {
    let output = root().join(&arguments.output);
    let folder = output.parent().unwrap_or(&output).to_owned();
    std::fs::create_dir_all(&folder).map_err(|source| file(&folder, source))?;
    let mut devices = vec![PROCESSOR.to_owned()];
    devices.extend(arguments.devices.iter().cloned());

    for device in &devices {
        provide(device)?;
    }
    build(&devices)?;
    let mut text = "# Accelerators\n\n## Devices\n\n```text\n".to_owned();
    text.push_str(&standard_output(etastar().arg("backends"))?);
    text.push_str("```\n\n## Conformance\n\nLargest error against double precision.\n\n");
    text.push_str(&conformance_table(&devices)?);
    text.push_str(&sweeps(arguments, &devices, &arguments.profile, &folder)?);
    if arguments.full {
        text.push_str(&sweeps(arguments, &devices, "full", &folder)?);
    }
    text.push_str(&benchmarks(arguments, devices, &folder)?);
    std::fs::write(&output, &text).map_err(|source| file(&output, source))?;
    println!("\n{text}\nWritten to {}", arguments.output.display());
    Ok(())
}

fn build(devices: &[String]) -> Result<(), Failure> {
    let mut build = cargo(&["build", "--release", "--package", "etastar-cli"]);
    command::run(build.arg("--features").arg(features(devices)))
}

/// The suite's own table, a row a device.
fn conformance_table(devices: &[String]) -> Result<String, Failure> {
    let mut rows: Vec<String> = Vec::new();
    for device in devices {
        let printed = conformance::printed(device)?;
        let table = printed.lines().filter(|line| line.starts_with('|'));
        // The head once, then the device's row.
        let skipped = if rows.is_empty() { 0 } else { 2 };
        rows.extend(table.skip(skipped).map(str::to_owned));
    }
    Ok(format!("{}\n\n", rows.join("\n")))
}

/// The power-law experiment on every device: times, and eta* side by side.
fn sweeps(
    arguments: &GpuCheckArguments,
    devices: &[String],
    profile: &str,
    folder: &Path,
) -> Result<String, Failure> {
    let mut text = format!("## power-law, profile {profile}\n\n| device | seconds |\n|---|---|\n");
    let mut stores = Vec::new();
    for device in devices {
        let store = folder.join(format!("{profile}-{}.db", device.replace(':', "-")));
        let mut sweep = etastar();
        sweep.args(["sweep", "experiments/power-law.toml", "--profile", profile]);
        sweep.args(["--backend", device, "--skip-missing-data", "--output"]);
        sweep.arg(&store);
        if let Some(folder) = &arguments.data_dir {
            sweep.arg("--data-dir").arg(folder);
        }
        // Anew, or the time would be that of reading the store.
        for file in [&store, &store.with_extension("db.lock")] {
            if file.exists() {
                std::fs::remove_file(file).map_err(|source| self::file(file, source))?;
            }
        }
        let started = Instant::now();
        command::run(&mut sweep)?;
        let seconds = started.elapsed().as_secs_f64();
        text.push_str(&format!("| {device} | {seconds:.1} |\n"));
        stores.push(store);
    }
    text.push('\n');
    text.push_str(&standard_output(etastar().arg("compare").args(&stores))?);
    text.push('\n');
    Ok(text)
}

fn benchmarks(
    arguments: &GpuCheckArguments,
    devices: Vec<String>,
    folder: &Path,
) -> Result<String, Failure> {
    let table = folder.join("benchmarks.md");
    bench::run(&BenchArguments {
        peers: None,
        rounds: 1,
        backends: devices,
        only: Vec::new(),
        output: Some(table.clone()),
        rest: arguments.rest.clone(),
    })?;
    let text = std::fs::read_to_string(&table).map_err(|source| file(&table, source))?;
    // Its title becomes a chapter of this file.
    Ok(text
        .replace("\n## ", "\n### ")
        .replacen("# ", "## Benchmarks, ", 1))
}

fn file(path: &Path, source: std::io::Error) -> Failure {
    Failure::File {
        path: path.to_owned(),
        source,
    }
}
