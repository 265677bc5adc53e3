//! Reads what criterion has measured, and makes the tables that compare devices.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use serde_json::Value;

use crate::command::{Failure, target};
use crate::files::{self, entries};

/// One benchmark on one device.
#[derive(Debug)]
pub(super) struct Measurement {
    /// The kind of operation that is timed.
    group: String,
    /// The shape.
    name: String,
    device: String,
    /// Median time in seconds, and the ends of its interval.
    seconds: [f64; 3],
    /// Floating-point operations.
    flops: Option<f64>,
}

/// All that was measured after a time, in the order in which it was measured.
pub(super) fn measured_since(started: SystemTime) -> Result<Vec<Measurement>, Failure> {
    let mut found: Vec<(SystemTime, Measurement)> = Vec::new();
    let mut folders = vec![target().join("criterion")];
    while let Some(folder) = folders.pop() {
        let estimates = folder.join("estimates.json");
        let written = fs::metadata(&estimates).and_then(|file| file.modified());
        if let Ok(written) = written
            && files::name(&folder) == "new"
            && written >= started
        {
            found.push((written, read(&folder)?));
        }
        let inside = entries(&folder).into_iter();
        folders.extend(inside.filter(|path| path.is_dir()));
    }
    found.sort_by_key(|(written, _)| *written);
    Ok(found.into_iter().map(|(_, measured)| measured).collect())
}

fn read(folder: &Path) -> Result<Measurement, Failure> {
    let benchmark: Value = files::read_json(&folder.join("benchmark.json"))?;
    let path = folder.join("estimates.json");
    let estimates: Value = files::read_json(&path)?;
    let text = |key: &str| benchmark[key].as_str().unwrap_or_default().to_owned();
    let median = &estimates["median"];
    let interval = &median["confidence_interval"];
    let nanoseconds = [
        &median["point_estimate"],
        &interval["lower_bound"],
        &interval["upper_bound"],
    ];
    if nanoseconds.iter().any(|number| !number.is_number()) {
        return Err(Failure::new(format!("{} has no median", path.display())));
    }
    Ok(Measurement {
        group: text("group_id"),
        name: text("function_id"),
        device: text("value_str"),
        seconds: nanoseconds.map(|number| 1e-9 * number.as_f64().unwrap_or(f64::NAN)),
        flops: benchmark["throughput"]["Elements"].as_f64(),
    })
}

/// The group whose best speed the others are compared with.
const LARGE_PRODUCT: &str = "large product";

/// One table a group, in Markdown, with a row for each shape and device.
pub(super) fn tables(measured: &[Measurement], devices: &[String]) -> String {
    let mut groups: Vec<&str> = Vec::new();
    for one in measured {
        if !groups.contains(&one.group.as_str()) {
            groups.push(&one.group);
        }
    }
    let mut text = String::new();
    for group in groups {
        text.push_str(&format!(
            "## {group}\n\n| | device | median | interval | times {} | GFLOP/s | of large product |\n\
             |---|---|---|---|---|---|---|\n",
            devices.first().map_or("-", String::as_str),
        ));
        for one in measured.iter().filter(|one| one.group == group) {
            text.push_str(&row(one, measured, devices));
        }
        text.push('\n');
    }
    text
}

fn row(one: &Measurement, measured: &[Measurement], devices: &[String]) -> String {
    let reference = measured.iter().find(|other| {
        let same = other.group == one.group && other.name == one.name;
        same && Some(&other.device) == devices.first()
    });
    let [median, low, high] = one.seconds;
    let ratio = reference.map(|other| median / other.seconds[0]);
    let speed = one.speed();
    let share = speed.zip(peak(measured, &one.device));
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let cells = [
        one.name.clone(),
        one.device.clone(),
        time(median),
        format!("{} to {}", time(low), time(high)),
        or_dash(ratio.map(|ratio| format!("{ratio:.2}"))),
        or_dash(speed.map(|speed| format!("{:.1}", speed / 1e9))),
        or_dash(share.map(|(speed, peak)| format!("{:.0} %", 100.0 * speed / peak))),
    ];
    format!("| {} |\n", cells.join(" | "))
}

impl Measurement {
    /// Floating-point operations a second.
    fn speed(&self) -> Option<f64> {
        Some(self.flops? / self.seconds[0])
    }
}

/// The speed of a large product on a device, in operations a second. On the
/// processor it is the best of all backends.
fn peak(measured: &[Measurement], device: &str) -> Option<f64> {
    let is_processor = |device: &str| !device.contains(':') && device != "wgpu";
    let comparable = |other: &&Measurement| {
        let same_kind = is_processor(device) && is_processor(&other.device);
        other.group == LARGE_PRODUCT && (same_kind || other.device == device)
    };
    let comparable = measured.iter().filter(comparable);
    comparable
        .filter_map(Measurement::speed)
        .max_by(f64::total_cmp)
}

fn time(seconds: f64) -> String {
    match seconds {
        s if s < 1e-3 => format!("{:.1} us", s * 1e6),
        s if s < 1.0 => format!("{:.3} ms", s * 1e3),
        s => format!("{s:.3} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measurement(group: &str, device: &str, seconds: f64) -> Measurement {
        Measurement {
            group: group.to_owned(),
            name: "64->32x4".to_owned(),
            device: device.to_owned(),
            seconds: [seconds, 0.9 * seconds, 1.1 * seconds],
            flops: Some(1e6),
        }
    }

    #[test]
    fn devices_are_compared_with_the_first() {
        let devices = ["flex", "ndarray", "tch:cuda"].map(str::to_owned);
        let measured = [
            measurement(LARGE_PRODUCT, "flex", 1e-5),
            measurement(LARGE_PRODUCT, "ndarray", 2e-5),
            measurement(LARGE_PRODUCT, "tch:cuda", 1e-6),
            measurement("step", "flex", 2e-5),
            measurement("step", "ndarray", 5e-5),
            measurement("step", "tch:cuda", 1e-5),
        ];
        let table = tables(&measured, &devices);
        let row = |device: &str| {
            let mut rows = table.lines().filter(|line| line.contains(device));
            rows.next_back().unwrap().to_owned()
        };
        assert!(row("ndarray").contains("| 50.0 us | 45.0 us to 55.0 us | 2.50 | 20.0 | 20 % |"));
        assert!(row("tch:cuda").contains("| 0.50 | 100.0 | 10 % |"));
    }
}
