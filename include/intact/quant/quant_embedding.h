#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "intact/ir/pass_report.h"
#include "intact/ir/program.h"
#include "intact/ir/scope.h"

namespace intact {

enum class EmbeddingQuantizeType {
  AbsMax,  // code = rint(w / abs max * B)
  Log,     // code = index among powers 2^(k/8), minus 128 for negative values
};

/// "abs_max", "log".
const char* to_string(EmbeddingQuantizeType type);
/// Throws: InvalidArgument, listing the valid names.
EmbeddingQuantizeType embedding_quantize_type(const std::string& name);

/// How the tables of one op type are stored.
struct EmbeddingQuantization {
  EmbeddingQuantizeType type = EmbeddingQuantizeType::AbsMax;
  int bits = 8;  // 8: int8; 16: int16, AbsMax only
  /// AbsMax: values beyond are clipped. Empty: the 99.99th percentile of |w| when some |w| >= 1,
  /// else nothing is clipped.
  std::optional<double> threshold = {};
};

struct QuantEmbeddingOptions {
  /// Of embedding_op_types(), with how each is stored.
  std::map<std::string, EmbeddingQuantization> op_types = {{"lookup_table", {}},
                                                           {"lookup_table_v2", {}}};
  const Scope* scope = &global_scope();  // the float model's; never altered
};

struct QuantEmbedding {
  /// Reads tables `<w>.int`; `<out>.dequantize` stands for each lookup's output.
  Program program;
  /// Every persistable of the program: besides those of the float model `<w>.int` and `<w>.scale`,
  /// or `<w>.int` and `<w>.dict`.
  Scope scope;
  PassReport report;
};

/// lookup_table, lookup_table_v2.
std::vector<std::string> embedding_op_types();
/// Names of the passes of quant_embedding, in order.
std::vector<std::string> quant_embedding_passes();

/// Stores the embedding tables of a Program for evaluation as integers. Throws: InvalidArgument (an
/// option), NotFound (a table).
/// Source: PaddleSlim 2.6.0 quant_embedding, spec 8.3.
QuantEmbedding quant_embedding(const Program& program, const QuantEmbeddingOptions& options = {});

}  // namespace intact
