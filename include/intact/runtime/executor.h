#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "intact/ir/program.h"
#include "intact/ir/scope.h"
#include "intact/runtime/place.h"
#include "intact/tensor/tensor.h"

namespace intact {

struct ExecutorOptions {
  /// Run every op's reference kernel instead of a compiled Plan: the definition, slow.
  bool use_reference = false;
  /// Names of fusions to leave out; plan_fusions() lists them. This is how a wrong result is
  /// bisected.
  std::vector<std::string> disabled_fusions = {};
};

/// Runs Programs. Compiles a Plan once per (Program version, feed shapes, fetches) and then only
/// runs kernels.
class Executor {
 public:
  /// Throws: Unsupported for CudaPlace.
  explicit Executor(Place place = CpuPlace{}, ExecutorOptions options = {});
  Executor(Executor&&) noexcept;
  Executor& operator=(Executor&&) noexcept;
  ~Executor();

  /// feeds: a tensor per data Var that an op reads. Returns the fetched tensors in order (the
  /// caller's own copies). Persistable Vars are read from and written to `scope`. Throws:
  /// InvalidArgument (missing or misshapen feed), NotFound (fetch, parameter).
  std::vector<Tensor> run(const Program& program,
                          const TensorMap& feeds = {},
                          const std::vector<std::string>& fetches = {},
                          Scope& scope = global_scope());

  /// How often run() was called; random ops draw from it. Set it to resume bit for bit.
  uint64_t run_index() const;
  void set_run_index(uint64_t run_index);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace intact
