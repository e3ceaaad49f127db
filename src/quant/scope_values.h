#pragma once

#include <string>
#include <vector>

#include "intact/ir/program.h"
#include "intact/ir/scope.h"
#include "intact/tensor/tensor.h"

namespace intact {

/// A tensor of `shape` filled with `value`. dtype: a float or an integer.
Tensor filled(DType dtype, const Shape& shape, double value);

/// Puts the initial value under `name` unless the Scope holds one of this dtype and shape. One
/// that cannot be used is replaced, and noted.
void ensure_value(Scope& scope,
                  const std::string& name,
                  DType dtype,
                  const Shape& shape,
                  double initial,
                  std::vector<std::string>& notes);

/// The tensors the program has in `from`, in the same memory: they may be replaced, but not written
/// to. Throws: NotFound for one that an op reads.
Scope share_persistables(const Program& program, const Scope& from);

/// Gives `scope` copies of the tensors it still shares with `from`.
void own_tensors(Scope& scope, const Scope& from);

/// Both: copies of the tensors the program has in `from`. Throws: NotFound as above.
Scope copy_persistables(const Program& program, const Scope& from);

}  // namespace intact
