#include "binding/js_rank_group.h"

#include <algorithm>

#include "binding/args.h"
#include "binding/device_thread.h"
#include "binding/js_error.h"
#include "core/error.h"

namespace erprm {
namespace {

using GroupPointer = std::shared_ptr<RankGroup>;

constexpr napi_type_tag kGroupTag = {0x1f0b6a6c52d84e27, 0x9c3d5b7a40e16f88};
constexpr const char* kGroup = "native";

RendezvousOptions read_options(Napi::Value value) {
  const Fields fields("options", value);
  RendezvousOptions options;
  options.size = static_cast<int>(fields.integer("size", 2, 4096));
  options.rank = static_cast<int>(fields.integer("rank", 0, options.size - 1));
  options.store_host = fields.string("storeHost");
  options.store_port = static_cast<uint16_t>(fields.integer("storePort", 1, 65535));
  options.store_is_there = fields.boolean("storeIsThere");
  options.prefix = fields.string("prefix");
  options.patience = std::chrono::seconds(fields.integer("patience", 1, 1'000'000));
  return options;
}

ErrorCode read_code(Napi::Value value) {
  const std::string name = read_string("code", value);
  const auto* found = std::find_if(std::begin(kErrorCodes), std::end(kErrorCodes),
                                   [&](const ErrorCodeInfo& info) { return name == info.name; });
  if (found == std::end(kErrorCodes)) fail_argument("code", "an error code", value);
  return static_cast<ErrorCode>(found - std::begin(kErrorCodes));
}

Napi::Value exchange(const Napi::CallbackInfo& info, const GroupPointer& group) {
  const std::span<const uint8_t> given = read_array<uint8_t>("bytes", info[0]);
  return DeviceThread::of(info.Env())
      .run(info.Env(), [group, bytes = std::string(given.begin(), given.end())]() -> MakeValue {
        auto all = std::make_shared<const std::vector<std::string>>(group->exchange(bytes));
        return [all](Napi::Env env) -> Napi::Value {
          Napi::Array list = Napi::Array::New(env, all->size());
          for (uint32_t rank = 0; rank < all->size(); ++rank) {
            Napi::Uint8Array array = Napi::Uint8Array::New(env, (*all)[rank].size());
            std::copy((*all)[rank].begin(), (*all)[rank].end(), array.Data());
            list.Set(rank, array);
          }
          return list;
        };
      });
}

// Runs body() on the device thread.
template <typename Body>
Napi::Value run(const Napi::CallbackInfo& info, Body body) {
  return DeviceThread::of(info.Env()).run(info.Env(), [body = std::move(body)]() -> MakeValue {
    body();
    return [](Napi::Env env) -> Napi::Value { return env.Undefined(); };
  });
}

Napi::Object group_object(Napi::Env env, const GroupPointer& group) {
  Napi::Object object = Napi::Object::New(env);
  object.TypeTag(&kGroupTag);
  object.Set(kGroup, Napi::External<GroupPointer>::New(env, new GroupPointer(group),
                                                       [](Napi::BasicEnv, GroupPointer* held) { delete held; }));
  const auto method = [&](const char* name, auto body) {
    object.Set(name, Napi::Function::New(
                         env,
                         [group, body](const Napi::CallbackInfo& info) -> Napi::Value {
                           return guard_promise(info.Env(), [&] { return body(info, group); });
                         },
                         name));
  };
  method("exchange", exchange);
  method("leave", [](const Napi::CallbackInfo& info, const GroupPointer& of) {
    return run(
        info, [of, code = read_code(info[0]), message = read_string("message", info[1])] { of->leave(code, message); });
  });
  method("close",
         [](const Napi::CallbackInfo& info, const GroupPointer& of) { return run(info, [of] { of->close(); }); });
  return object;
}

}  // namespace

Napi::Value join_ranks(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guard_promise(env, [&]() -> Napi::Value {
    return DeviceThread::of(env).run(env, [options = read_options(info[0])]() -> MakeValue {
      const auto group = std::make_shared<RankGroup>(options.rank, meet(options), options.patience);
      return [group](Napi::Env inner) -> Napi::Value { return group_object(inner, group); };
    });
  });
}

std::shared_ptr<RankGroup> read_rank_group(Napi::Value value) {
  if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&kGroupTag)) {
    fail_argument("group", "a group of ranks", value);
  }
  return *value.As<Napi::Object>().Get(kGroup).As<Napi::External<GroupPointer>>().Data();
}

}  // namespace erprm
