//! `cargo xtask gpu-check`: checks and times a machine with an accelerator, into one file.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use crate::backend::provide;
use crate::bench::compare_backends;
use crate::checks::conformance_suite;
use crate::command::{self, Failure, build_etastar, etastar, root, standard_output};
use crate::files;

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

    /// Options for criterion, e.g. --quick
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// The device that the others are compared with.
const PROCESSOR: &str = "flex";

pub(crate) fn run(arguments: &GpuCheckArguments) -> Result<(), Failure> {
    let output = root().join(&arguments.output);
    let folder = output.parent().unwrap_or(&output).to_owned();
    files::create_folder(&folder)?;
    let mut devices = vec![PROCESSOR.to_owned()];
    devices.extend(arguments.devices.iter().cloned());

    for device in &devices {
        provide(device)?;
    }
    build_etastar(&devices)?;
    let mut text = "# Accelerators\n\n## Devices\n\n```text\n".to_owned();
    text.push_str(&standard_output(&mut etastar(&[&"backends"]))?);
    text.push_str("```\n\n## Conformance\n\nLargest error against double precision.\n\n");
    text.push_str(&conformance_table(&devices)?);
    let full = arguments.full.then_some("full");
    for profile in [arguments.profile.as_str()].into_iter().chain(full) {
        text.push_str(&sweeps(arguments, &devices, profile, &folder)?);
    }
    let benchmarks = compare_backends(&devices, &[], &arguments.rest)?;
    // The title of the tables becomes a chapter of this file.
    let benchmarks = benchmarks.replace("\n## ", "\n### ");
    text.push_str(&benchmarks.replacen("# ", "## Benchmarks, ", 1));
    files::write(&output, &text)?;
    println!("\n{text}\nWritten to {}", arguments.output.display());
    Ok(())
}

/// The suite's own table, a row a device.
fn conformance_table(devices: &[String]) -> Result<String, Failure> {
    let mut rows: Vec<String> = Vec::new();
    for device in devices {
        let printed = command::printed(&mut conformance_suite(device, devices))?;
        let table = printed.lines().filter(|line| line.starts_with('|'));
        // The head is taken once, from the first device.
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
        let mut sweep = etastar(&[&"sweep", &"experiments/power-law.toml"]);
        sweep.args(["--profile", profile, "--backend", device]);
        sweep.args(["--skip-missing-data", "--output"]).arg(&store);
        if let Some(folder) = &arguments.data_dir {
            sweep.arg("--data-dir").arg(folder);
        }
        // A sweep that is in the store already would only be read.
        files::remove(&store)?;
        files::remove(&store.with_extension("db.lock"))?;
        let started = Instant::now();
        command::run(&mut sweep)?;
        let seconds = started.elapsed().as_secs_f64();
        text.push_str(&format!("| {device} | {seconds:.1} |\n"));
        stores.push(store);
    }
    text.push('\n');
    text.push_str(&standard_output(etastar(&[&"compare"]).args(&stores))?);
    text.push('\n');
    Ok(text)
}
