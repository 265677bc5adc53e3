// For the build scripts of programs and tests that may use libtorch.

/// Writes the folder of libtorch's libraries into the program, so that it
/// starts without `LD_LIBRARY_PATH`. Does nothing without the feature `tch`.
fn find_libtorch_at_run_time() {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    let uses_libtorch = std::env::var_os("CARGO_FEATURE_TCH").is_some();
    let knows_rpath = std::env::var_os("CARGO_CFG_UNIX").is_some();
    if let Some(libtorch) = std::env::var_os("LIBTORCH")
        && uses_libtorch
        && knows_rpath
    {
        let folder = std::path::Path::new(&libtorch).join("lib");
        println!("cargo:rustc-link-arg=-Wl,-rpath,{}", folder.display());
    }
}
