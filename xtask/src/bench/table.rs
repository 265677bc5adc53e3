//! The table that compares devices.

use super::measurement::{Estimate, Measurement};

/// The group whose best figure the others are measured by.
const LARGE_PRODUCT: &str = "large product";

/// One table a group, in Markdown: a row for each shape and device.
pub(super) fn markdown(measured: &[Measurement], devices: &[String]) -> String {
    let mut text = String::new();
    let mut groups: Vec<&str> = Vec::new();
    for one in measured {
        if !groups.contains(&one.group.as_str()) {
            groups.push(&one.group);
        }
    }
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
    let ratio = reference.map(|other| one.seconds.value / other.seconds.value);
    let speed = speed(one);
    let share = speed.zip(peak(measured, &one.device));
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let cells = [
        one.name.clone(),
        one.device.clone(),
        time(one.seconds.value),
        interval(&one.seconds),
        or_dash(ratio.map(|ratio| format!("{ratio:.2}"))),
        or_dash(speed.map(|speed| format!("{:.1}", speed / 1e9))),
        or_dash(share.map(|(speed, peak)| format!("{:.0} %", 100.0 * speed / peak))),
    ];
    format!("| {} |\n", cells.join(" | "))
}

/// Floating-point operations a second.
fn speed(one: &Measurement) -> Option<f64> {
    Some(one.flops? / one.seconds.value)
}

/// What the device can do: the speed of a large product, on processors the
/// best of all backends.
fn peak(measured: &[Measurement], device: &str) -> Option<f64> {
    let is_processor = |device: &str| !device.contains(':') && device != "wgpu";
    let comparable = |other: &&Measurement| {
        let same_kind = is_processor(device) && is_processor(&other.device);
        other.group == LARGE_PRODUCT && (same_kind || other.device == device)
    };
    let speeds = measured.iter().filter(comparable).filter_map(speed);
    speeds.max_by(f64::total_cmp)
}

fn interval(seconds: &Estimate) -> String {
    format!("{} to {}", time(seconds.low), time(seconds.high))
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
            seconds: Estimate {
                value: seconds,
                low: 0.9 * seconds,
                high: 1.1 * seconds,
            },
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
        let table = markdown(&measured, &devices);
        let row = |device: &str| {
            let mut rows = table.lines().filter(|line| line.contains(device));
            rows.next_back().unwrap().to_owned()
        };
        assert!(row("ndarray").contains("| 50.0 us | 45.0 us to 55.0 us | 2.50 | 20.0 | 20 % |"));
        assert!(row("tch:cuda").contains("| 0.50 | 100.0 | 10 % |"));
    }
}
