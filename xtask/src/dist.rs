//! `cargo xtask dist`: an archive of the program and of what belongs to it.
//!
//! Everything in the archive has the time of the last commit, no owner, and a fixed order: the same
//! program gives the same archive, byte for byte.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use crate::command::{self, Failure, cargo, root, rustc, standard_output, target};
use crate::files::{self, entries};
use crate::licences;
use crate::metadata::{source_date, version};
use crate::sbom::Materials;

#[derive(Debug, Args)]
pub(crate) struct DistArguments {
    /// Target, by rustc's name; this machine must be able to run its programs [default: its own]
    #[arg(long)]
    target: Option<String>,

    /// A program that is built already
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,

    /// Folder for the archive
    #[arg(long, default_value = "dist")]
    output: PathBuf,
}

/// Files of the repository, and their names in the archive.
const TEXTS: [(&str, &str); 6] = [
    ("CHANGELOG.md", "CHANGELOG.md"),
    ("CITATION.cff", "CITATION.cff"),
    ("LICENSE-APACHE", "LICENSE-APACHE"),
    ("LICENSE-MIT", "LICENSE-MIT"),
    ("README.md", "README.md"),
    ("crates/data/assets/README.md", "LICENSE-DATA.md"),
];

/// Shells, and the names that they look for.
const COMPLETIONS: [(&str, &str); 5] = [
    ("bash", "etastar.bash"),
    ("elvish", "etastar.elv"),
    ("fish", "etastar.fish"),
    ("powershell", "_etastar.ps1"),
    ("zsh", "_etastar"),
];

pub(crate) fn run(arguments: &DistArguments) -> Result<(), Failure> {
    let target = match &arguments.target {
        Some(target) => target.clone(),
        None => host()?,
    };
    let program = match &arguments.program {
        Some(program) => root().join(program),
        None => build(&target)?,
    };
    let content = content(&program, &target)?;
    let name = format!("etastar-{}-{target}", version());
    let archive = pack(&name, &content, source_date()?)?;

    let folder = root().join(&arguments.output);
    files::create_folder(&folder)?;
    let file = format!("{name}.tar.gz");
    let sum: String = Sha256::digest(&archive)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let line = format!("{sum}  {file}\n");
    files::write(&folder.join(&file), &archive)?;
    files::write(&folder.join(format!("{file}.sha256")), &line)?;
    println!("{} files in {}", content.len(), folder.join(file).display());
    print!("{line}");
    Ok(())
}

/// The target of this machine.
pub(crate) fn host() -> Result<String, Failure> {
    let said = standard_output(rustc().arg("-vV"))?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| Failure::output("rustc"))
}

fn build(triple: &str) -> Result<PathBuf, Failure> {
    let mut build = cargo(&["build", "--release", "--locked"]);
    build.args(["--package", "etastar-cli", "--target", triple]);
    command::run(&mut build)?;
    let ending = match triple.contains("windows") {
        true => ".exe",
        false => "",
    };
    let folder = target().join(triple).join("release");
    Ok(folder.join(format!("etastar{ending}")))
}

/// A file of the archive.
#[derive(Debug)]
struct Entry {
    name: String,
    bytes: Vec<u8>,
    executable: bool,
}

impl Entry {
    fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.into(),
            bytes: bytes.into(),
            executable: false,
        }
    }
}

/// The files of the archive, by name.
fn content(program: &Path, target: &str) -> Result<Vec<Entry>, Failure> {
    let mut content = vec![Entry {
        executable: true,
        ..Entry::new(files::name(program), files::read(program)?)
    }];
    for (path, name) in TEXTS {
        content.push(Entry::new(name, files::read(&root().join(path))?));
    }
    for (shell, name) in COMPLETIONS {
        let said = standard_output(Command::new(program).args(["completions", shell]))?;
        content.push(Entry::new(format!("completions/{name}"), said));
    }
    let pages = tempfile::tempdir().map_err(Failure::file(&std::env::temp_dir()))?;
    standard_output(Command::new(program).arg("man").arg(pages.path()))?;
    for page in entries(pages.path()) {
        let name = format!("man/man1/{}", files::name(&page));
        content.push(Entry::new(name, files::read(&page)?));
    }
    let materials = Materials::of(target)?;
    let notices = licences::notices(&materials.packages())?;
    content.push(Entry::new("LICENSES-THIRD-PARTY.txt", notices));
    content.push(Entry::new("etastar.cdx.json", materials.bill()?));
    content.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(content)
}

/// A compressed archive with one folder.
fn pack(folder: &str, content: &[Entry], time: i64) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::file(Path::new(folder))(error);
    // Neither the time nor the system stands in the head of the compressed stream.
    let compressed = GzEncoder::new(Vec::new(), Compression::best());
    let mut archive = tar::Builder::new(compressed);
    for entry in content {
        let mut header = tar::Header::new_gnu();
        header.set_size(entry.bytes.len() as u64);
        header.set_mtime(time.max(0).unsigned_abs());
        header.set_mode(match entry.executable {
            true => 0o755,
            false => 0o644,
        });
        let name = format!("{folder}/{}", entry.name);
        let added = archive.append_data(&mut header, name, entry.bytes.as_slice());
        added.map_err(failed)?;
    }
    let compressed = archive.into_inner().map_err(failed)?;
    compressed.finish().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_files_give_the_same_archive() {
        let content = [
            Entry::new("a", "first"),
            Entry {
                executable: true,
                ..Entry::new("b/c", "second")
            },
        ];
        let pack = |time| pack("folder", &content, time).unwrap();
        assert_eq!(pack(1_000_000), pack(1_000_000));
        assert_ne!(pack(1_000_000), pack(1_000_001));
    }
}
