// cuda_emulation: CUDA C++ for the host's compiler. kernels/cuda_device.h includes it in place of CUDA's headers; what
// is here is what a kernel may use. Kernels run block after block and thread after thread (emulation/block.h).
//
// Not found here: `static __shared__` variables keep their contents between blocks and are zero at first (dynamic
// shared memory is NaN); races between threads that no order of turns reveals; how fast anything is.
#pragma once

#include "emulation/atomics.h"
#include "emulation/bfloat16.h"
#include "emulation/block.h"
#include "emulation/device_math.h"
#include "emulation/launch.h"
#include "emulation/pipeline.h"
#include "emulation/runtime.h"
#include "emulation/types.h"
#include "emulation/warp.h"
#include "emulation/wmma.h"

#define __global__
#define __device__
#define __host__
#define __constant__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __align__(bytes) alignas(bytes)
// One block runs at a time, so one copy of a block's variable is enough.
#define __shared__ static
