#pragma once

#include <cstdint>
#include <string>

#include "intact/ir/program.h"
#include "intact/nn/param_attr.h"

namespace intact::nn {

struct EmbeddingOptions {
  int64_t rows = 0;   // ids are 0..rows-1; required
  int64_t width = 0;  // required
  /// This row is zeros and not trained; -1: none. Negative others count from the end.
  int64_t padding_idx = -1;
  std::string name = {};
  ParamAttr weight = {};  // [rows, width], default XavierUniform
};

/// ids: int64 [...] -> [..., width], the rows of a table (`lookup_table_v2`).
Var& embedding(Var& ids, const EmbeddingOptions& options);

}  // namespace intact::nn
