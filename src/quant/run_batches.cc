#include "quant/run_batches.h"

#include "base/check.h"
#include "intact/runtime/executor.h"

namespace intact {
namespace {

TensorMap feeds_for(const Program& needed, const Program& program, const TensorMap& batch) {
  TensorMap feeds;
  for (const auto& [name, tensor] : batch) {
    check(program.block().find_var(name) != nullptr,
          "calibrate: a batch holds '{}', which is no Var of the program; name its data Vars",
          name);
    if (needed.block().find_var(name) != nullptr) {
      feeds[name] = tensor;
    }
  }
  return feeds;
}

}  // namespace

int64_t run_batches(const Program& program,
                    Scope& scope,
                    const std::vector<std::string>& tensors,
                    const CalibrationBatches& batches,
                    const std::function<void(const std::vector<Tensor>&)>& use) {
  Executor executor;
  const Program needed = program.prune({}, tensors);
  int64_t count = 0;
  batches([&](const TensorMap& batch) {
    use(executor.run(needed, feeds_for(needed, program, batch), tensors, scope));
    ++count;
  });
  return count;
}

}  // namespace intact
