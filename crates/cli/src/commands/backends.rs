use clap::Args;
use etastar_backend::{BackendName, Selection};
use serde_json::json;

use crate::arguments::Format;
use crate::error::CliError;
use crate::output;

#[derive(Debug, Args)]
pub(crate) struct BackendsArguments {
    #[command(flatten)]
    format: Format,
}

pub(crate) fn run(arguments: &BackendsArguments) -> Result<(), CliError> {
    if arguments.format.json {
        let backends: Vec<_> = BackendName::ALL
            .into_iter()
            .map(|name| {
                json!({
                    "name": name.as_str(),
                    "float": name.float(),
                    "compiled": Selection::is_compiled(name),
                    "default": name == Selection::default_name(),
                    "feature": name.feature(),
                    "description": name.description(),
                })
            })
            .collect();
        return output::print_json(&json!({ "backends": backends }));
    }
    let mut rows = vec![
        ["BACKEND", "FLOAT", "STATUS", "WHAT"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(BackendName::ALL.into_iter().map(|name| {
        let status = match Selection::new(name) {
            Ok(_) if name == Selection::default_name() => "compiled in, default".to_owned(),
            Ok(_) => "compiled in".to_owned(),
            Err(_) => format!(
                "not compiled in: cargo build --release --features {}",
                name.feature()
            ),
        };
        vec![
            name.to_string(),
            name.float().to_owned(),
            status,
            name.description().to_owned(),
        ]
    }));
    output::print(&output::columns(&rows))
}
