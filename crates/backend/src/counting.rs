//! A backend that counts what is asked of a device, for tests: flex behind Burn's router, which shows
//! every operation.
//!
//! On an accelerator a step of a small network is shorter than the time to ask for it, so that these
//! numbers say how fast it can be. Fused operations are those of the defaults.

use std::sync::atomic::{AtomicUsize, Ordering};

use burn_flex::{Flex, FlexDevice};
use burn_ir::{BackendIr, BaseOperationIr, OperationIr, TensorId, TensorIr};
use burn_router::{
    BackendRouter, MultiBackendBridge, RouterTensor, Runner, RunnerChannel, RunnerClient,
};
use burn_tensor::backend::{BackendTypes, DTypeUsageSet, ExecutionError};
use burn_tensor::{DType, Shape, TensorData};

use crate::Backend;

/// The backend.
pub type Counting = BackendRouter<CountingChannel>;

impl Backend for Counting {}

/// What was asked of the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Operations that compute something: a kernel at least, each.
    pub launches: usize,
    /// Tensors copied to the device.
    pub uploads: usize,
    /// Tensors read back, for which the device is waited for.
    pub reads: usize,
}

static LAUNCHES: AtomicUsize = AtomicUsize::new(0);
static UPLOADS: AtomicUsize = AtomicUsize::new(0);
static READS: AtomicUsize = AtomicUsize::new(0);

impl Counts {
    /// Of the whole process so far.
    pub fn so_far() -> Self {
        Self {
            launches: LAUNCHES.load(Ordering::Relaxed),
            uploads: UPLOADS.load(Ordering::Relaxed),
            reads: READS.load(Ordering::Relaxed),
        }
    }

    /// Those since others.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            launches: self.launches - before.launches,
            uploads: self.uploads - before.uploads,
            reads: self.reads - before.reads,
        }
    }
}

/// Whether an operation computes something: others only say how memory is to be read, or free it.
fn computes(operation: &OperationIr) -> bool {
    let is_view = |base: &BaseOperationIr| {
        matches!(
            base,
            BaseOperationIr::Reshape(_)
                | BaseOperationIr::SwapDims(_)
                | BaseOperationIr::Permute(_)
                | BaseOperationIr::Expand(_)
                | BaseOperationIr::Slice(_)
        )
    };
    match operation {
        OperationIr::BaseFloat(base) | OperationIr::BaseInt(base) | OperationIr::BaseBool(base) => {
            !is_view(base)
        }
        OperationIr::Drop(_) => false,
        _ => true,
    }
}

/// Between the router and flex.
#[derive(Debug, Clone)]
pub struct CountingChannel;

/// Counts, and hands on.
#[derive(Debug, Clone)]
pub struct CountingClient(Runner<Flex>);

impl RunnerClient for CountingClient {
    type Device = FlexDevice;

    fn register_op(&self, operation: OperationIr) {
        if computes(&operation) {
            LAUNCHES.fetch_add(1, Ordering::Relaxed);
        }
        self.0.register_op(operation);
    }

    fn read_tensor_async(
        &self,
        tensor: TensorIr,
    ) -> burn_std::future::DynFut<Result<TensorData, ExecutionError>> {
        READS.fetch_add(1, Ordering::Relaxed);
        self.0.read_tensor_async(tensor)
    }

    fn sync(&self) -> Result<(), ExecutionError> {
        self.0.sync()
    }

    fn create_empty_handle(&self) -> TensorId {
        self.0.create_empty_handle()
    }

    fn register_tensor_data(&self, data: TensorData) -> RouterTensor<Self> {
        UPLOADS.fetch_add(1, Ordering::Relaxed);
        let tensor = self.0.register_tensor_data_desc(data);
        RouterTensor::new(tensor.id, tensor.shape, tensor.dtype, self.clone())
    }

    fn device(&self) -> FlexDevice {
        self.0.device()
    }

    fn seed(&self, seed: u64) {
        self.0.seed(seed);
    }

    fn dtype_usage(&self, dtype: DType) -> DTypeUsageSet {
        self.0.dtype_usage(dtype)
    }
}

/// There is one device: nothing moves.
#[derive(Debug, Clone, Copy)]
pub struct NoBridge;

type Handle = <Flex as BackendIr>::Handle;

impl MultiBackendBridge for NoBridge {
    type TensorHandle = Handle;
    type Device = FlexDevice;

    fn change_backend_float(tensor: Handle, _: Shape, _: &FlexDevice) -> Handle {
        tensor
    }

    fn change_backend_int(tensor: Handle, _: Shape, _: &FlexDevice) -> Handle {
        tensor
    }

    fn change_backend_bool(tensor: Handle, _: Shape, _: &FlexDevice) -> Handle {
        tensor
    }
}

impl RunnerChannel for CountingChannel {
    type Device = FlexDevice;
    type Bridge = NoBridge;
    type Client = CountingClient;
    type FloatElem = <Flex as BackendTypes>::FloatElem;
    type IntElem = <Flex as BackendTypes>::IntElem;
    type BoolElem = <Flex as BackendTypes>::BoolElem;

    fn name(_: &FlexDevice) -> String {
        "counting".to_owned()
    }

    fn init_client(device: &FlexDevice) -> CountingClient {
        CountingClient(Runner::new(*device))
    }

    fn get_tensor_handle(tensor: &TensorIr, client: &CountingClient) -> Handle {
        client.0.get_tensor_handle(tensor)
    }

    fn register_tensor(
        client: &CountingClient,
        handle: Handle,
        shape: Shape,
        dtype: DType,
    ) -> RouterTensor<CountingClient> {
        client
            .0
            .register_tensor(handle, shape, dtype, client.clone())
    }
}
