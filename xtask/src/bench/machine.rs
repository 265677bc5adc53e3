//! What stands beside every figure: machine, compiler, commit, command.

use std::process::Command;

use crate::command::{Failure, features, root, standard_output};

/// Today, `2026-11-25`, UTC.
pub(crate) fn date() -> String {
    let mut now = jiff::Timestamp::now().to_string();
    now.truncate("2026-11-25".len());
    now
}

/// The table's title and manifest, in Markdown, and how it was measured.
pub(super) fn heading(command: &str, backends: &[String], how: &str) -> Result<String, Failure> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let compiler = standard_output(Command::new("rustc").arg("--version"))?;
    let commit = standard_output(
        Command::new("git")
            .args(["describe", "--always", "--dirty", "--exclude=*"])
            .current_dir(root()),
    )
    // Built from an archive, without git.
    .unwrap_or_else(|_| "unknown".to_owned());
    Ok(format!(
        "# {}: {}\n\n\
         | | |\n|---|---|\n\
         | command | `{command}` |\n\
         | processor | {}, {cores} cores |\n\
         | system | {} {} |\n\
         | compiler | {} |\n\
         | commit | {} |\n\
         | features | {} |\n\n\
         f32, mini-batches of 128, cross-entropy, 10 outputs, one thread of the processor. {how}\n\n",
        date(),
        backends.join(", "),
        processor(),
        std::env::consts::OS,
        std::env::consts::ARCH,
        compiler.trim(),
        commit.trim(),
        features(backends),
    ))
}

fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("model name"));
    let model = line.and_then(|line| line.split_once(':'));
    model.map_or_else(
        || std::env::consts::ARCH.to_owned(),
        |(_, model)| model.trim().to_owned(),
    )
}
