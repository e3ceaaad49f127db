#include "intact/runtime/executor.h"

#include "base/check.h"
#include "intact/ir/interpret.h"

namespace intact {

struct Executor::Impl {
  ExecutorOptions options;
  uint64_t run_index = 0;
};

Executor::Executor(Place place, ExecutorOptions options)
    : impl_(std::make_unique<Impl>(Impl{std::move(options), 0})) {
  if (const auto* cuda = std::get_if<CudaPlace>(&place)) {
    fail(ErrorCode::Unsupported,
         "executor: CudaPlace({}) was asked for but this build has no CUDA backend; use CpuPlace",
         cuda->device);
  }
}
Executor::Executor(Executor&&) noexcept = default;
Executor& Executor::operator=(Executor&&) noexcept = default;
Executor::~Executor() = default;

std::vector<Tensor> Executor::run(const Program& program,
                                  const TensorMap& feeds,
                                  const std::vector<std::string>& fetches,
                                  Scope& scope) {
  return interpret(program, feeds, fetches, scope, {.run_index = impl_->run_index++});
}

uint64_t Executor::run_index() const {
  return impl_->run_index;
}
void Executor::set_run_index(uint64_t run_index) {
  impl_->run_index = run_index;
}

}  // namespace intact
