#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "intact/ir/program.h"
#include "intact/ir/scope.h"

namespace intact {

/// Copy of `program` in which every Var has a known shape, from the fed tensors' shapes.
/// Throws: InvalidArgument when a data Var that an op reads is not fed, or a fed shape or dtype
/// does not fit it.
Program specialize(const Program& program, const TensorMap& feeds);

struct InterpretOptions {
  uint64_t run_index = 0;
  /// Called after each op with its outputs.
  std::function<void(const Op&, const KernelContext&)> after_op = {};
};

/// Runs every op's reference kernel in order: the meaning of a Program. Persistable Vars are read
/// from and written to `scope` (created there when an op writes them first). Slow; Executor is the
/// fast way. Returns the tensors named in `fetches`, in order.
std::vector<Tensor> interpret(const Program& program,
                              const TensorMap& feeds,
                              const std::vector<std::string>& fetches,
                              Scope& scope,
                              const InterpretOptions& options = {});

}  // namespace intact
