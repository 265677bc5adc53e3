//! Running other programs in the workspace's root.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use thiserror::Error;

/// A program that did not succeed.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error("cannot start {program}: {source}")]
    Start {
        program: String,
        source: std::io::Error,
    },
    #[error("{program} ended with {status}")]
    Ended {
        program: String,
        code: Option<i32>,
        status: String,
    },
    #[error("cannot read what {0} printed")]
    Output(String),
    #[error("{path}: {source}", path = .path.display())]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{0}")]
    Missing(&'static str),
    #[error(
        "LIBTORCH points into {folder}, which has other files and no libtorch {version} that \
         fits; unset LIBTORCH, or put that version there yourself",
        folder = .folder.display()
    )]
    Foreign {
        folder: PathBuf,
        version: &'static str,
    },
    #[error("waited too long for {0}")]
    Waited(&'static str),
    #[error("{0} rows are not those of the undisturbed run")]
    OtherRows(usize),
    #[error("fuzzing `{target}` found a failure; {log} tells of it and of the input", log = .log.display())]
    Found { target: String, log: PathBuf },
    #[error("the page has complaints:\n{0}")]
    Page(String),
}

impl Failure {
    /// Prints the failure; the exit code is the failed program's own.
    pub(crate) fn report(&self) -> ExitCode {
        eprintln!("error: {self}");
        match self {
            Self::Ended {
                code: Some(code), ..
            } => ExitCode::from(u8::try_from(*code).unwrap_or(1)),
            _ => ExitCode::FAILURE,
        }
    }
}

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_owned()
}

/// The folder in which cargo builds.
pub(crate) fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// Cargo, as this program was started by it.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    // `cargo run` describes this program in the environment. Build scripts of
    // dependencies look at some of it and would run again for nothing.
    for (name, _) in env::vars_os() {
        let described = [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_BIN_",
            "CARGO_CRATE_",
        ];
        if described
            .iter()
            .any(|start| name.to_string_lossy().starts_with(start))
        {
            command.env_remove(&name);
        }
    }
    command
}

/// The compiler that cargo uses.
pub(crate) fn rustc() -> Command {
    let program = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// Shows the command, runs it, and waits for its success.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    eprintln!("$ {}", shown(command));
    let status = command.status().map_err(|source| start(command, source))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::Ended {
        program: shown(command),
        code: status.code(),
        status: status.to_string(),
    })
}

/// Like [`run`], and gives what the command printed.
pub(crate) fn printed(command: &mut Command) -> Result<String, Failure> {
    eprintln!("$ {}", shown(command));
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|source| start(command, source))?;
    let text = String::from_utf8(output.stdout).map_err(|_| Failure::Output(shown(command)))?;
    eprint!("{text}");
    if !output.status.success() {
        return Err(Failure::Ended {
            program: shown(command),
            code: output.status.code(),
            status: output.status.to_string(),
        });
    }
    Ok(text)
}

/// Like [`run`], and gives the last line that the command printed.
pub(crate) fn last_line(command: &mut Command) -> Result<String, Failure> {
    let text = printed(command)?;
    let last = text.lines().last().map(str::to_owned);
    last.ok_or_else(|| Failure::Output(shown(command)))
}

/// Like [`run`], without a word, and gives what the command printed on
/// standard error.
pub(crate) fn standard_error(command: &mut Command) -> Result<String, Failure> {
    let output = command.output().map_err(|source| start(command, source))?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    eprint!("{text}");
    Err(Failure::Ended {
        program: shown(command),
        code: output.status.code(),
        status: output.status.to_string(),
    })
}

/// Like [`run`], without a word, and gives what the command printed.
pub(crate) fn standard_output(command: &mut Command) -> Result<String, Failure> {
    let output = command.output().map_err(|source| start(command, source))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(Failure::Ended {
        program: shown(command),
        code: output.status.code(),
        status: output.status.to_string(),
    })
}

fn start(command: &Command, source: std::io::Error) -> Failure {
    Failure::Start {
        program: shown(command),
        source,
    }
}

/// The command without the folders that are the same for everybody.
fn shown(command: &Command) -> String {
    let name = |path: &std::ffi::OsStr| {
        let file = Path::new(path)
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        file.unwrap_or_else(|| path.to_string_lossy().into_owned())
    };
    let mut words = vec![name(command.get_program())];
    words.extend(
        command
            .get_args()
            .map(|word| word.to_string_lossy().into_owned()),
    );
    words.join(" ")
}

/// The program just built.
pub(crate) fn etastar() -> Command {
    let name = format!("etastar{}", env::consts::EXE_SUFFIX);
    let mut command = Command::new(target().join("release").join(name));
    command.current_dir(root());
    command
}

/// The cargo features of backends, each once, for cargo.
pub(crate) fn features(backends: &[String]) -> String {
    let mut features: Vec<&str> = backends.iter().map(|one| feature(one)).collect();
    features.sort_unstable();
    features.dedup();
    features.join(",")
}

/// The features of the default checks and tests: those that need neither a
/// library nor a driver of the system.
pub(crate) const PORTABLE: [&str; 2] = ["--features", "flex,ndarray"];

/// The cargo feature of a backend as users write it (`tch:cuda:0`).
pub(crate) fn feature(backend: &str) -> &str {
    let end = backend.find([':', '-']);
    end.map_or(backend, |end| &backend[..end])
}
