//! The graphics adapters of `wgpu`.

use std::collections::HashMap;

use burn_wgpu::WgpuDevice;
use burn_wgpu::graphics::{AutoGraphicsApi, GraphicsApi};
use wgpu::{DeviceType, Instance, InstanceDescriptor};

use super::FoundDevice;
use crate::{BackendName, DeviceKind, DeviceName};

/// Burn's name of a device.
pub(crate) fn device(name: DeviceName) -> WgpuDevice {
    match name.kind {
        DeviceKind::Discrete => WgpuDevice::DiscreteGpu(name.index),
        DeviceKind::Integrated => WgpuDevice::IntegratedGpu(name.index),
        DeviceKind::Virtual => WgpuDevice::VirtualGpu(name.index),
        DeviceKind::Cpu => WgpuDevice::Cpu,
        _ => WgpuDevice::DefaultDevice,
    }
}

/// The adapters of the graphics API that Burn uses here, the fastest kind
/// first.
pub(crate) fn found() -> Vec<FoundDevice> {
    let api = AutoGraphicsApi::backend();
    let instance = Instance::new(InstanceDescriptor {
        backends: api.into(),
        ..InstanceDescriptor::new_without_display_handle()
    });
    let adapters = futures_lite::future::block_on(instance.enumerate_adapters(api.into()));
    let mut seen: HashMap<DeviceKind, usize> = HashMap::new();
    let mut found: Vec<FoundDevice> = adapters
        .iter()
        .filter_map(|adapter| {
            let info = adapter.get_info();
            let kind = match info.device_type {
                DeviceType::DiscreteGpu => DeviceKind::Discrete,
                DeviceType::IntegratedGpu => DeviceKind::Integrated,
                DeviceType::VirtualGpu => DeviceKind::Virtual,
                DeviceType::Cpu => DeviceKind::Cpu,
                DeviceType::Other => return None,
            };
            let count = seen.entry(kind).or_default();
            let index = *count;
            *count += 1;
            Some(FoundDevice {
                name: DeviceName {
                    backend: BackendName::Wgpu,
                    kind,
                    index,
                },
                description: format!("{} ({})", info.name, info.backend),
            })
        })
        .collect();
    let order = DeviceKind::of(BackendName::Wgpu);
    found.sort_by_key(|device| order.iter().position(|kind| *kind == device.name.kind));
    found
}
