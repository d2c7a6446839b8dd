// The stream that a launcher of namespace cuda queues its kernels on: a cudaStream_t, named without CUDA's headers.
// Null is the default stream; emulated kernels run at once, whatever the stream.
#pragma once

struct CUstream_st;

namespace erprm::cuda {

using Stream = CUstream_st*;

}  // namespace erprm::cuda
