//! Tells the program where libtorch is.

fn main() {
    etastar_link::find_libtorch_at_run_time();
}
