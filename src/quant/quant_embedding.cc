#include "intact/quant/quant_embedding.h"

#include <algorithm>

#include "base/check.h"
#include "quant/passes/passes.h"
#include "quant/scope_values.h"

namespace intact {
namespace {

void check_options(const QuantEmbeddingOptions& options) {
  check(options.scope != nullptr, "quant_embedding: the scope is null; pass one");
  const std::vector<std::string> known = embedding_op_types();
  for (const auto& [type, how] : options.op_types) {
    check(std::ranges::count(known, type) > 0,
          "quant_embedding: op_types holds '{}'; use some of {}",
          type,
          fmt::join(known, ", "));
    const bool is_abs_max = how.type == EmbeddingQuantizeType::AbsMax;
    check(how.bits == 8 || (how.bits == 16 && is_abs_max),
          "quant_embedding: {} has {} bits with type {}; use 8, or 16 with abs_max",
          type,
          how.bits,
          to_string(how.type));
    check(!how.threshold.has_value() || (*how.threshold > 0 && is_abs_max),
          "quant_embedding: {} has the threshold {} with type {}; use one above 0 with abs_max, or "
          "leave it out",
          type,
          how.threshold.value_or(0),
          to_string(how.type));
  }
}

}  // namespace

const char* to_string(EmbeddingQuantizeType type) {
  return type == EmbeddingQuantizeType::AbsMax ? "abs_max" : "log";
}

EmbeddingQuantizeType embedding_quantize_type(const std::string& name) {
  for (const auto type : {EmbeddingQuantizeType::AbsMax, EmbeddingQuantizeType::Log}) {
    if (name == to_string(type)) {
      return type;
    }
  }
  fail(ErrorCode::InvalidArgument,
       "quant_embedding: '{}' is no way to store a table; use abs_max or log",
       name);
}

std::vector<std::string> quant_embedding_passes() {
  return {"quantize_embeddings"};
}

std::vector<std::string> embedding_op_types() {
  return {"lookup_table", "lookup_table_v2"};
}

QuantEmbedding quant_embedding(const Program& program, const QuantEmbeddingOptions& options) {
  check_options(options);
  QuantEmbedding result;
  result.program = program.clone();
  result.scope = copy_persistables(program, *options.scope);
  EmbeddingContext context{options, result.scope};
  result.report = quantize_embeddings(result.program, context);
  result.report.name = "quantize_embeddings";
  return result;
}

}  // namespace intact
