//! libtorch's devices.

use burn_tch::LibTorchDevice;

use super::FoundDevice;
use crate::{BackendName, DeviceKind, DeviceName};

/// Must precede any work on libtorch.
///
/// One thread an operation: trials run side by side already, and how libtorch
/// splits a sum among its threads would change the last bits.
pub(crate) fn prepare() {
    tch::set_num_threads(1);
}

/// Burn's name of a device.
pub(crate) fn device(name: DeviceName) -> LibTorchDevice {
    match name.kind {
        DeviceKind::Cuda => LibTorchDevice::Cuda(name.index),
        DeviceKind::Mps => LibTorchDevice::Mps,
        _ => LibTorchDevice::Cpu,
    }
}

/// The devices that libtorch finds.
pub(crate) fn found() -> Vec<FoundDevice> {
    let of_kind = |kind, index, description: String| FoundDevice {
        name: DeviceName {
            backend: BackendName::Tch,
            kind,
            index,
        },
        description,
    };
    let mut found = vec![FoundDevice::processor(BackendName::Tch)];
    let cuda = usize::try_from(tch::Cuda::device_count()).unwrap_or(0);
    found.extend((0..cuda).map(|index| {
        of_kind(
            DeviceKind::Cuda,
            index,
            format!("CUDA device {index} of {cuda}"),
        )
    }));
    if tch::utils::has_mps() {
        let description = "Metal Performance Shaders".to_owned();
        found.push(of_kind(DeviceKind::Mps, 0, description));
    }
    found
}
