use clap::Args;
use etastar_backend::{BackendName, Selection, found, hint};
use serde_json::json;

use crate::arguments::Format;
use crate::error::CliError;
use crate::output;

#[derive(Debug, Args)]
#[command(after_help = "\
A device is chosen by its name: --backend tch:cuda:0, --backend wgpu:integrated.
On accelerators many networks are trained in one program, see --strategy of
`etastar find` and `etastar sweep`.")]
pub(crate) struct BackendsArguments {
    #[command(flatten)]
    format: Format,
}

pub(crate) fn run(arguments: &BackendsArguments) -> Result<(), CliError> {
    if arguments.format.json {
        return output::print_json(&json!({ "backends": BackendName::ALL.map(as_json) }));
    }
    let mut rows = vec![
        ["BACKEND", "FLOAT", "STATUS", "WHAT"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(BackendName::ALL.map(|name| {
        vec![
            name.to_string(),
            name.float().to_owned(),
            status(name),
            name.description().to_owned(),
        ]
    }));
    let mut text = output::columns(&rows);
    text.push('\n');
    text.push_str(&output::columns(&devices()));
    let hints = BackendName::ALL
        .into_iter()
        .filter(|name| name.is_compiled())
        .filter_map(hint);
    for hint in hints {
        text.push_str(&format!("\n{hint}.\n"));
    }
    output::print(&text)
}

fn status(name: BackendName) -> String {
    if !name.is_compiled() {
        return format!("not compiled in: {}", name.how_to_compile());
    }
    if name == Selection::default_name() {
        "compiled in, default".to_owned()
    } else {
        "compiled in".to_owned()
    }
}

/// A table of the devices found, with its head.
fn devices() -> Vec<Vec<String>> {
    let mut rows = vec![["DEVICE", "WHAT", "TRIALS"].map(str::to_owned).to_vec()];
    for name in BackendName::ALL {
        let found = found(name);
        if name.is_compiled() && found.is_empty() {
            rows.push(vec![
                name.to_string(),
                "none found".to_owned(),
                String::new(),
            ]);
        }
        rows.extend(found.into_iter().map(|device| {
            let trials = if device.name.is_accelerator() {
                "many at once"
            } else {
                "one a thread"
            };
            let name = device.name.to_string();
            vec![name, device.description, trials.to_owned()]
        }));
    }
    rows
}

fn as_json(name: BackendName) -> serde_json::Value {
    let devices: Vec<_> = found(name)
        .into_iter()
        .map(|device| {
            json!({
                "name": device.name.to_string(),
                "description": device.description,
                "accelerator": device.name.is_accelerator(),
            })
        })
        .collect();
    json!({
        "name": name.as_str(),
        "float": name.float(),
        "compiled": name.is_compiled(),
        "default": name == Selection::default_name(),
        "feature": name.feature(),
        "enable": name.how_to_compile(),
        "description": name.description(),
        "devices": devices,
    })
}
