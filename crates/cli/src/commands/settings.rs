//! `etastar settings`: lists what an experiment file can say.

use clap::Args;
use etastar_search::settings::{Description, settings};
use serde_json::json;

use crate::arguments::Format;
use crate::error::CliError;
use crate::output;

#[derive(Debug, Args)]
#[command(after_help = "\
An experiment file or its `base` must give every setting of what it measures, even one that
has a default here, unless the setting is marked as optional. `train` and `[checkpoint]` may
be left out, too. The defaults are those of the flags. Flags and columns of exports that
have the same name mean the same.")]
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
