//! What `tch` needs: libtorch, from PyTorch's wheels, in a folder of one's
//! own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{self, Failure};

/// The version that the crate `tch` is made for.
const VERSION: &str = "2.9.0";

/// PyTorch's own index, whose wheels for processors are a quarter of the size.
const CPU_INDEX: &str = "https://download.pytorch.org/whl/cpu";

/// What the processor's part of the wheel for CUDA links to.
const CUDA_RUNTIME: [&str; 2] = [
    "nvidia-cuda-runtime-cu12==12.8.90",
    "nvidia-cuda-cupti-cu12==12.8.90",
];

/// The file that tells a folder made by this command.
const MARKER: &str = "installed-by-cargo-xtask-backend";

/// Any Python will do: only the libraries in its wheel are used.
const PYTHON: &str = "3.12";

/// Installs libtorch where `LIBTORCH` says, unless it is there.
pub(super) fn install(cuda: bool) -> Result<(), Failure> {
    let libtorch = folder()?;
    let libraries = libtorch.join("lib");
    let installed = fs::read_to_string(libtorch.join("build-version")).unwrap_or_default();
    let has_cuda = libraries.join("libtorch_cuda.so").exists();
    let there = libraries.is_dir() && installed.starts_with(VERSION) && (has_cuda || !cuda);
    if there {
        println!("libtorch {} is in {}", installed.trim(), libtorch.display());
    } else {
        let home = own_home(&libtorch)?;
        // What is half installed must not look as if it were whole.
        let partial = home.with_extension("partial");
        remove(&partial)?;
        download(&partial, cuda)?;
        remove(&home)?;
        if let Some(parent) = home.parent() {
            fs::create_dir_all(parent).map_err(|source| file(parent, source))?;
        }
        fs::rename(&partial, &home).map_err(|source| file(&home, source))?;
        println!("libtorch {VERSION} is now in {}", libtorch.display());
    }
    if Command::new("c++").arg("--version").output().is_err() {
        return Err(Failure::Missing(
            "a C++ compiler is needed to build the bindings of libtorch; on Debian and Ubuntu: \
             apt-get install g++",
        ));
    }
    Ok(())
}

/// The folder that has, or will have, `lib` and `include`.
fn folder() -> Result<PathBuf, Failure> {
    let folder = std::env::var_os("LIBTORCH").map(PathBuf::from);
    folder.ok_or(Failure::Missing(
        "LIBTORCH is not set; run this as `cargo xtask backend tch`, which sets it",
    ))
}

/// The folder that this command fills, and may empty: around that of
/// `LIBTORCH`, and never one that holds what somebody else put there.
fn own_home(libtorch: &Path) -> Result<PathBuf, Failure> {
    let home = libtorch.parent().unwrap_or(libtorch).to_owned();
    let entries = fs::read_dir(&home).into_iter().flatten();
    let is_empty = entries.filter_map(Result::ok).next().is_none();
    if is_empty || home.join(MARKER).exists() {
        return Ok(home);
    }
    Err(Failure::Foreign {
        folder: home,
        version: VERSION,
    })
}

/// Downloads libtorch into an empty folder, as `torch` and, if it needs them,
/// `nvidia`.
fn download(into: &Path, cuda: bool) -> Result<(), Failure> {
    let torch = format!("torch=={VERSION}");
    if cuda {
        pip(into, &[], &[&torch])?;
        return keep_libraries(into, &format!("{VERSION}+cuda"));
    }
    let small = pip(
        into,
        &["--no-deps", "--retries", "1", "--index-url", CPU_INDEX],
        &[&torch],
    );
    if small.is_err() {
        println!("PyTorch's own index is not to be had; taking the large wheel, to cut it down.");
        remove(into)?;
        let mut packages = vec![torch.as_str()];
        if cfg!(target_os = "linux") {
            packages.extend(CUDA_RUNTIME);
        }
        pip(into, &["--no-deps"], &packages)?;
        cut_cuda(&into.join("torch/lib"))?;
    }
    keep_libraries(into, &format!("{VERSION}+cpu"))
}

fn pip(into: &Path, options: &[&str], packages: &[&str]) -> Result<(), Failure> {
    let python = python()?;
    let mut pip = Command::new(python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--no-cache-dir",
        "--only-binary=:all:",
    ]);
    pip.args(["--disable-pip-version-check", "--python-version", PYTHON]);
    pip.arg("--target").arg(into).args(options).args(packages);
    command::run(&mut pip)
}

/// A Python that has pip.
fn python() -> Result<&'static str, Failure> {
    let has_pip = |python: &&str| {
        let version = Command::new(python)
            .args(["-m", "pip", "--version"])
            .output();
        version.is_ok_and(|output| output.status.success())
    };
    let found = ["python3", "python"].into_iter().find(|name| has_pip(name));
    found.ok_or(Failure::Missing(
        "libtorch is installed with Python's pip, which is missing; on Debian and Ubuntu: \
         apt-get install python3-pip. Or set LIBTORCH to the folder of a libtorch 2.9.0 (the one \
         with `lib` and `include`)",
    ))
}

/// Takes the libraries for CUDA out of a wheel; what is left needs the CUDA
/// runtime's library, but no device and no driver.
fn cut_cuda(libraries: &Path) -> Result<(), Failure> {
    let entries = fs::read_dir(libraries).map_err(|source| file(libraries, source))?;
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.contains("cuda") || name.contains("nvshmem") || name.contains("nvrtc") {
            let path = entry.path();
            fs::remove_file(&path).map_err(|source| file(&path, source))?;
        }
    }
    // It has no code, but asks for the libraries just removed.
    #[cfg(target_os = "linux")]
    {
        let umbrella = libraries.join("libtorch.so");
        fs::remove_file(&umbrella).map_err(|source| file(&umbrella, source))?;
        std::os::unix::fs::symlink("libtorch_cpu.so", &umbrella)
            .map_err(|source| file(&umbrella, source))?;
    }
    Ok(())
}

/// Removes what belongs to Python, and writes down the version.
fn keep_libraries(home: &Path, version: &str) -> Result<(), Failure> {
    for (folder, kept) in [
        (home.to_owned(), ["torch", "nvidia"]),
        (home.join("torch"), ["lib", "include"]),
    ] {
        let entries = fs::read_dir(&folder).map_err(|source| file(&folder, source))?;
        for entry in entries.filter_map(Result::ok) {
            if !kept.iter().any(|name| entry.file_name() == **name) {
                remove(&entry.path())?;
            }
        }
    }
    let python = home.join("torch/lib/libtorch_python.so");
    remove(&python)?;
    let marker = home.join(MARKER);
    fs::write(&marker, "").map_err(|source| file(&marker, source))?;
    let build_version = home.join("torch/build-version");
    fs::write(&build_version, version).map_err(|source| file(&build_version, source))
}

fn remove(path: &Path) -> Result<(), Failure> {
    let removed = if path.is_dir() {
        fs::remove_dir_all(path)
    } else if path.exists() {
        fs::remove_file(path)
    } else {
        return Ok(());
    };
    removed.map_err(|source| file(path, source))
}

fn file(path: &Path, source: std::io::Error) -> Failure {
    Failure::File {
        path: path.to_owned(),
        source,
    }
}
