//! Tells the linker that Python itself has what the module does not, and the module where libtorch
//! is.

fn main() {
    pyo3_build_config::add_extension_module_link_args();
    etastar_link::find_libtorch_at_run_time();
}
