//! `cargo xtask backend`: what a backend needs besides its cargo feature.

mod libtorch;
mod vulkan;

use clap::{Args, ValueEnum};

use crate::command::{self, Failure, cargo, etastar, feature};

#[derive(Debug, Args)]
pub(crate) struct BackendArguments {
    /// The backend
    name: Name,

    /// libtorch with CUDA (several GB) instead of the small form
    #[arg(long)]
    cuda: bool,

    /// Only install what is missing; do not build
    #[arg(long)]
    no_build: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    /// libtorch
    Tch,
    /// Vulkan, Metal, DirectX 12
    Wgpu,
}

/// Looks for what the backend needs, installs what can be installed without
/// root, builds, and shows what the program finds.
pub(crate) fn run(arguments: &BackendArguments) -> Result<(), Failure> {
    let (feature, example) = match (arguments.name, arguments.cuda) {
        (Name::Tch, false) => ("tch", "tch"),
        (Name::Tch, true) => ("tch", "tch:cuda"),
        (Name::Wgpu, _) => ("wgpu", "wgpu"),
    };
    provide(example)?;
    if arguments.no_build {
        return Ok(());
    }
    command::run(&mut cargo(&[
        "build",
        "--release",
        "--package",
        "etastar-cli",
        "--features",
        feature,
    ]))?;
    command::run(etastar().arg("backends"))?;
    println!(
        "\nUse it:\n  \
         cargo run --release --features {feature} -- find --width 64 --depth 4 --backend {example}\n  \
         cargo xtask reproduce --backend {example}"
    );
    Ok(())
}

/// Has what a device needs (`tch:cuda:0`, `wgpu`), as far as that can be had;
/// nothing for backends that need nothing.
pub(crate) fn provide(device: &str) -> Result<(), Failure> {
    match feature(device) {
        "tch" => libtorch::install(device.starts_with("tch:cuda")),
        "wgpu" => vulkan::check(),
        _ => Ok(()),
    }
}
