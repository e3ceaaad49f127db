#include "intact/nn/embedding.h"

#include "base/check.h"
#include "nn/layer.h"

namespace intact::nn {

Var& embedding(Var& ids, const EmbeddingOptions& options) {
  Layer layer("embedding", options.name);
  check(options.rows > 0 && options.width > 0,
        "{}: the table would be [{},{}]; give positive rows and width",
        layer.where(),
        options.rows,
        options.width);
  check(options.padding_idx >= -options.rows && options.padding_idx < options.rows,
        "{}: padding_idx is {} but there are {} rows; use one of them, or -1",
        layer.where(),
        options.padding_idx,
        options.rows);
  const int64_t padding =
      options.padding_idx < -1 ? options.padding_idx + options.rows : options.padding_idx;
  Var& table = layer.parameter(options.weight, "w", {options.rows, options.width}, XavierUniform{});
  Var& out = layer.temporary();
  layer.append({.type = "lookup_table_v2",
                .inputs = {{"Ids", {&ids}}, {"W", {&table}}},
                .outputs = {{"Out", {&out}}},
                .attrs = {{"padding_idx", padding}}});
  return out;
}

}  // namespace intact::nn
