//! `etastar backends`: lists the backends, and the devices that they find.

use clap::Args;
use etastar_backend::{BackendName, Selection, found, hint};
use serde_json::{Value, json};

use crate::arguments::Format;
use crate::error::CliError;
use crate::output;

#[derive(Debug, Args)]
#[command(after_help = "\
A device is chosen by its name: --backend tch:cuda:0, --backend wgpu:integrated.
On accelerators many networks are trained at once; see --strategy of `etastar find` and
`etastar sweep`.")]
pub(crate) struct BackendsArguments {
    #[command(flatten)]
    format: Format,
}

pub(crate) fn run(arguments: &BackendsArguments) -> Result<(), CliError> {
    if arguments.format.json {
        return output::print_json(&json!({ "backends": BackendName::ALL.map(as_json) }));
    }
    let backends = BackendName::ALL.map(|name| {
        [
            name.to_string(),
            name.float().to_owned(),
            status(name),
            name.description().to_owned(),
        ]
    });
    let mut text = output::table(["BACKEND", "FLOAT", "STATUS", "WHAT"], backends);
    text.push('\n');
    let devices = BackendName::ALL.into_iter().flat_map(devices);
    text.push_str(&output::table(["DEVICE", "WHAT", "TRIALS"], devices));
    let compiled = BackendName::ALL
        .into_iter()
        .filter(|name| name.is_compiled());
    for hint in compiled.filter_map(hint) {
        text.push_str(&format!("\n{hint}.\n"));
    }
    output::print(&text)
}

fn status(name: BackendName) -> String {
    if !name.is_compiled() {
        format!("not compiled in: {}", name.how_to_compile())
    } else if name == Selection::default_name() {
        "compiled in, default".to_owned()
    } else {
        "compiled in".to_owned()
    }
}

/// Rows of the devices that a backend finds.
fn devices(name: BackendName) -> Vec<[String; 3]> {
    let found = found(name);
    if name.is_compiled() && found.is_empty() {
        return vec![[name.to_string(), "none found".to_owned(), String::new()]];
    }
    let rows = found.into_iter().map(|device| {
        let trials = match device.name.is_accelerator() {
            true => "many at once",
            false => "one a thread",
        };
        [
            device.name.to_string(),
            device.description,
            trials.to_owned(),
        ]
    });
    rows.collect()
}

fn as_json(name: BackendName) -> Value {
    let devices = found(name).into_iter().map(|device| {
        json!({
            "name": device.name.to_string(),
            "description": device.description,
            "accelerator": device.name.is_accelerator(),
        })
    });
    json!({
        "name": name.as_str(),
        "float": name.float(),
        "compiled": name.is_compiled(),
        "default": name == Selection::default_name(),
        "feature": name.feature(),
        "enable": name.how_to_compile(),
        "description": name.description(),
        "devices": devices.collect::<Vec<_>>(),
    })
}
