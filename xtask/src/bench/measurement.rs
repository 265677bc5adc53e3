//! What criterion measured.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::command::{Failure, target};

/// One benchmark on one device.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measurement {
    /// What kind of thing is timed.
    pub(super) group: String,
    /// The shape.
    pub(super) name: String,
    /// The device.
    pub(super) device: String,
    /// Median time, with its interval, in seconds.
    pub(super) seconds: Estimate,
    /// Floating-point operations.
    pub(super) flops: Option<f64>,
}

/// A value and its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Estimate {
    pub(super) value: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// `benchmark.json`
#[derive(Deserialize)]
struct Benchmark {
    group_id: String,
    function_id: Option<String>,
    value_str: Option<String>,
    throughput: Option<Throughput>,
}

#[derive(Deserialize)]
struct Throughput {
    #[serde(rename = "Elements")]
    elements: Option<f64>,
}

/// `estimates.json`, in nanoseconds
#[derive(Deserialize)]
struct Estimates {
    median: Statistic,
}

#[derive(Deserialize)]
struct Statistic {
    point_estimate: f64,
    confidence_interval: Interval,
}

#[derive(Deserialize)]
struct Interval {
    lower_bound: f64,
    upper_bound: f64,
}

/// Everything measured after a time, in the order in which it was measured.
pub(super) fn since(started: SystemTime) -> Result<Vec<Measurement>, Failure> {
    let mut found: Vec<(SystemTime, Measurement)> = Vec::new();
    let mut folders = vec![target().join("criterion")];
    while let Some(folder) = folders.pop() {
        let estimates = folder.join("estimates.json");
        let is_new = folder.file_name().is_some_and(|name| name == "new");
        let written = fs::metadata(&estimates).and_then(|file| file.modified());
        if let Ok(written) = written
            && is_new
            && written >= started
        {
            found.push((written, read(&folder)?));
        }
        folders.extend(inside(&folder));
    }
    found.sort_by_key(|(written, _)| *written);
    Ok(found.into_iter().map(|(_, measured)| measured).collect())
}

fn inside(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter(|path| path.is_dir()).collect()
}

fn read(folder: &Path) -> Result<Measurement, Failure> {
    let benchmark: Benchmark = json(&folder.join("benchmark.json"))?;
    let Estimates { median } = json(&folder.join("estimates.json"))?;
    const NANOSECOND: f64 = 1e-9;
    Ok(Measurement {
        group: benchmark.group_id,
        name: benchmark.function_id.unwrap_or_default(),
        device: benchmark.value_str.unwrap_or_default(),
        seconds: Estimate {
            value: median.point_estimate * NANOSECOND,
            low: median.confidence_interval.lower_bound * NANOSECOND,
            high: median.confidence_interval.upper_bound * NANOSECOND,
        },
        flops: benchmark.throughput.and_then(|count| count.elements),
    })
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let failure = |source| Failure::File {
        path: path.to_owned(),
        source,
    };
    let text = fs::read_to_string(path).map_err(failure)?;
    serde_json::from_str(&text).map_err(|error| failure(error.into()))
}
