//! The lines of this project that a corpus runs, by LLVM's source-based
//! coverage: inlining and optimisation leave it as it is.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{corpora, fuzz};
use crate::command::{self, Failure, root, target};

/// The folder of `llvm-cov` and `llvm-profdata`.
#[derive(Debug)]
pub(super) struct Tools {
    folder: PathBuf,
}

/// Of one source file: the lines that were run, and those that could be.
#[derive(Debug, PartialEq)]
pub(super) struct Lines {
    pub(super) file: String,
    pub(super) run: u64,
    pub(super) of: u64,
}

impl Tools {
    /// Those of the toolchain (`rustup component add llvm-tools`), or the
    /// newest of the system's.
    pub(super) fn find() -> Result<Self, Failure> {
        let name = format!("llvm-cov{}", std::env::consts::EXE_SUFFIX);
        candidates()
            .into_iter()
            .find(|folder| folder.join(&name).is_file())
            .map(|folder| Self { folder })
            .ok_or(Failure::Missing(
                "llvm-cov is missing; `rustup component add llvm-tools`, or Debian's `llvm-19` \
                 or later, brings it",
            ))
    }

    /// The lines of each file of `crates` of which the corpora of a target run
    /// any, those of the run below the target folder and those committed.
    pub(super) fn lines(&self, name: &str) -> Result<Vec<Lines>, Failure> {
        let build = target().join("fuzz-coverage");
        let profile = root().join("fuzz").join("coverage").join(name);
        // What earlier runs left would be counted, too.
        let _ = fs::remove_dir_all(&profile);
        let mut replay = fuzz(&["coverage"], &build);
        replay.args(["--sanitizer", "none", "--llvm-path"]);
        replay.arg(&self.folder).arg(name).args(corpora(name));
        command::standard_error(&mut replay)?;

        let host = command::standard_output(command::rustc().args(["--print", "host-tuple"]))?;
        let program = build.join(host.trim()).join("release").join(name);
        let mut export = std::process::Command::new(self.folder.join("llvm-cov"));
        export.args(["export", "-summary-only", "-instr-profile"]);
        export.arg(profile.join("coverage.profdata")).arg(program);
        let text = command::standard_output(&mut export)?;
        entered(&text, &root().join("crates"))
            .map_err(|_| Failure::Output("llvm-cov export".to_owned()))
    }
}

/// The folders that may hold the tools, the best first.
fn candidates() -> Vec<PathBuf> {
    let sysroot = command::standard_output(command::rustc().args(["--print", "sysroot"]));
    let own = sysroot
        .ok()
        .map(|folder| Path::new(folder.trim()).join("lib/rustlib"));
    let hosts = own.and_then(|folder| fs::read_dir(folder).ok());
    let own = hosts
        .into_iter()
        .flatten()
        .filter_map(|host| Some(host.ok()?.path().join("bin")));
    // Debian's: /usr/lib/llvm-19/bin.
    let system = fs::read_dir("/usr/lib").into_iter().flatten();
    let mut system: Vec<(u32, PathBuf)> = system
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version = path.file_name()?.to_str()?.strip_prefix("llvm-")?;
            Some((version.parse().ok()?, path.join("bin")))
        })
        .collect();
    system.sort();
    own.chain(system.into_iter().rev().map(|(_, folder)| folder))
        .collect()
}

/// What `llvm-cov export` says of the files of a folder of which any line ran.
fn entered(text: &str, folder: &Path) -> Result<Vec<Lines>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Export {
        data: Vec<Program>,
    }
    #[derive(Deserialize)]
    struct Program {
        files: Vec<File>,
    }
    #[derive(Deserialize)]
    struct File {
        filename: PathBuf,
        summary: Summary,
    }
    #[derive(Deserialize)]
    struct Summary {
        lines: Counted,
    }
    #[derive(Deserialize)]
    struct Counted {
        count: u64,
        covered: u64,
    }
    let export: Export = serde_json::from_str(text)?;
    let files = export.data.into_iter().flat_map(|program| program.files);
    let lines = files.filter_map(|file| {
        let name = file.filename.strip_prefix(folder).ok()?;
        Some(Lines {
            file: name.to_string_lossy().into_owned(),
            run: file.summary.lines.covered,
            of: file.summary.lines.count,
        })
    });
    Ok(lines.filter(|lines| lines.run > 0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_ours_that_were_entered_are_told() {
        let file = |name: &str, count: u64, covered: u64| {
            format!(
                r#"{{"filename":"{name}","summary":{{"lines":{{"count":{count},"covered":{covered},"percent":1.5}},"regions":{{}}}}}}"#
            )
        };
        let text = format!(
            r#"{{"data":[{{"files":[{},{},{}],"totals":{{}}}}],"type":"llvm.coverage.json.export"}}"#,
            file("/here/crates/data/src/idx.rs", 76, 68),
            file("/here/crates/data/src/cifar.rs", 43, 0),
            file("/cargo/registry/zip/src/read.rs", 900, 400),
        );
        let lines = entered(&text, Path::new("/here/crates")).expect("the export is read");
        assert_eq!(
            lines,
            [Lines {
                file: "data/src/idx.rs".to_owned(),
                run: 68,
                of: 76
            }]
        );
        assert!(entered("{}", Path::new("/here")).is_err());
    }
}
