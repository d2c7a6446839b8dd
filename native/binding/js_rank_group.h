// RankGroup for JavaScript (src/native/contract.ts, NativeRankGroup).
#pragma once

#include <memory>

#include "binding/napi_setup.h"
#include "distributed/rank_group.h"

namespace erprm {

// joinRanks(options): Promise<NativeRankGroup>
Napi::Value join_ranks(const Napi::CallbackInfo& info);

// JS thread. The group behind a NativeRankGroup; to be used on the device thread. Throws INVALID_ARGUMENT.
std::shared_ptr<RankGroup> read_rank_group(Napi::Value value);

}  // namespace erprm
