//! `etastar settings`: lists what an experiment file can say.

use clap::Args;
use etastar_search::settings::{Description, settings};
use serde_json::json;

use crate::arguments::Format;
use crate::error::CliError;
use crate::output;

#[derive(Debug, Args)]
#[command(after_help = "\
Of what an experiment measures, a setting without a default must be in the file or in its
`base`, and so must one with a default unless it is marked as optional. `train` and
`[checkpoint]` are needed only where they are meant. Flags and columns of the same name
mean the same.")]
pub(crate) struct SettingsArguments {
    #[command(flatten)]
    format: Format,
}

pub(crate) fn run(arguments: &SettingsArguments) -> Result<(), CliError> {
    if arguments.format.json {
        return output::print_json(&json!({ "settings": settings() }));
    }
    let header = ["SETTING", "DEFAULT", "MUST BE", "UNIT", "WHAT"];
    output::print(&output::table(header, settings().iter().map(row)))
}

fn row(setting: &Description) -> [String; 5] {
    let mut default = match &setting.default {
        serde_json::Value::Null => String::new(),
        value => value.to_string(),
    };
    if setting.optional {
        default.push_str(" (optional)");
    }
    [
        setting.key.to_owned(),
        default,
        setting.limits.to_owned(),
        setting.unit.to_owned(),
        setting.help.to_owned(),
    ]
}
