// log_mean_exp on the accelerator: labels for several eta, and hard labels, in one read of the outcomes.
// Twin and equation: log_mean_exp.h.
//
// Exponentials are f32 here, with compensated sums: a label differs from the twin's by at most 5e-7 of the spread of
// its outcomes, or by a rounding to f32. It depends on its own segment and eta alone.
#pragma once

#include "kernels/cuda_stream.h"
#include "kernels/log_mean_exp.h"

namespace erprm::cuda {

// Device pointers in `batch`, of which every segment is written.
// hard f32 [num_segments] or null: 1 where some outcome of the segment is at least `threshold`, else 0.
// eta = 0 gives the soft label. num_etas may be 0 when hard is given.
// REQUIRES: as log_mean_exp.h; outcomes is 16-byte aligned.
int log_mean_exp(const LogMeanExpBatch& batch, float* hard, float threshold, Stream stream);

}  // namespace erprm::cuda
