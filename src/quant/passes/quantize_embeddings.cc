// Before:  Out = lookup_table(W=w, Ids)                          Scope: w float32
// After:   codes = lookup_table(W=w.int, Ids)                    Scope: w.int, w.scale [1]
//          Out.dequantize = dequantize_abs_max(X=codes, Scale=w.scale, max_range=127)
// or, of type log,                                               Scope: w.int, w.dict
//          Out.dequantize = dequantize_log(X=codes, Dict=w.dict)
// `codes` keeps the name Out; what read Out reads Out.dequantize. Once per table; every reader of
// it must be such a lookup, or it stays float. Twice changes nothing. Source: spec 8.3.
#include <algorithm>
#include <cmath>
#include <set>

#include "base/check.h"
#include "intact/ir/rewrite_all.h"
#include "intact/tensor/quantize.h"
#include "quant/passes/passes.h"

namespace intact {
namespace {

constexpr double kExponentStep = 0.125;
constexpr size_t kDictionarySize = 128;

/// A table as integers, and what makes them values again.
struct StoredTable {
  Tensor codes;
  Tensor decoder;  // abs max [1], or the dictionary
};

/// numpy's percentile, linear between neighbours, of |values|.
double percentile(std::vector<float> absolutes, double share) {
  std::sort(absolutes.begin(), absolutes.end());
  const double at = share * static_cast<double>(absolutes.size() - 1);
  const auto low = static_cast<size_t>(at);
  const size_t high = std::min(low + 1, absolutes.size() - 1);
  const double part = at - static_cast<double>(low);
  return absolutes[low] + part * (static_cast<double>(absolutes[high]) - absolutes[low]);
}

float clip_limit(const Tensor& table, const EmbeddingQuantization& how) {
  if (how.threshold.has_value()) {
    return static_cast<float>(*how.threshold);
  }
  std::vector<float> absolutes;
  for (float value : table.values<float>()) {
    absolutes.push_back(std::abs(value));
  }
  const float largest = *std::max_element(absolutes.begin(), absolutes.end());
  return largest < 1.0f ? largest : static_cast<float>(percentile(std::move(absolutes), 0.9999));
}

StoredTable quantize_abs_max(const Tensor& table, const EmbeddingQuantization& how) {
  const float limit = clip_limit(table, how);
  const auto levels = static_cast<float>(max_code(how.bits));
  Tensor values = table.clone();
  float scale = 0;
  for (float& value : values.values<float>()) {
    value = std::clamp(value, -limit, limit);
    scale = std::max(scale, std::abs(value));
  }
  for (float& value : values.values<float>()) {
    value = scale == 0 ? 0 : std::nearbyint(value / scale * levels);
  }
  return {values.cast(how.bits == 8 ? DType::Int8 : DType::Int16),
          Tensor::from<float>({1}, {scale})};
}

/// The exponent's neighbour in the sorted dictionary; the upper one in the middle.
size_t nearest_exponent(const std::vector<double>& exponents, double exponent) {
  const auto upper = std::lower_bound(exponents.begin(), exponents.end(), exponent);
  const auto index = static_cast<size_t>(upper - exponents.begin());
  const bool is_lower_nearer = index > 0 && (upper == exponents.end() ||
                                             exponent - exponents[index - 1] < *upper - exponent);
  return is_lower_nearer ? index - 1 : index;
}

/// log2 |x| in steps of 1/8; a zero gets the smallest there is.
double exponent_of(float x, double smallest) {
  return x == 0 ? smallest : std::nearbyint(std::log2(std::abs(x)) / kExponentStep) * kExponentStep;
}

StoredTable quantize_log(const Tensor& table) {
  std::set<double> distinct;
  for (float value : table.values<float>()) {
    if (value != 0) {
      distinct.insert(exponent_of(value, 0));
    }
  }
  if (distinct.empty()) {
    distinct.insert(0);
  }
  std::vector<double> exponents(distinct.begin(), distinct.end());
  if (exponents.size() > kDictionarySize) {
    exponents.erase(exponents.begin(), exponents.end() - kDictionarySize);
  }
  Tensor codes(DType::Int8, table.shape());
  for (int64_t i = 0; i < table.numel(); ++i) {
    const float value = table.data<float>()[i];
    const size_t index = nearest_exponent(exponents, exponent_of(value, exponents.front()));
    codes.data<int8_t>()[i] =
        static_cast<int8_t>(static_cast<int>(index) - (value < 0 ? int{kDictionarySize} : 0));
  }
  std::vector<float> dictionary;
  for (double exponent : exponents) {
    dictionary.push_back(static_cast<float>(std::exp2(exponent)));
  }
  return {codes, Tensor::from<float>({static_cast<int64_t>(dictionary.size())}, dictionary)};
}

/// Why the table stays float; empty when it need not.
std::string objection(const Op& op, const QuantEmbeddingOptions& options) {
  const Var& table = op.input("W");
  if (!is_constant()(table)) {
    return fmt::format("'{}' is computed, not stored", table.name());
  }
  if (table.dtype() != DType::Float32) {
    return fmt::format("table '{}' is {}, not float32", table.name(), to_string(table.dtype()));
  }
  for (const Op* reader : table.consumers()) {
    if (!reader->is_forward() || !options.op_types.contains(reader->type())) {
      return fmt::format(
          "table '{}' is also read by {}, which needs floats", table.name(), reader->label());
    }
  }
  return "";
}

void check_table(const Var& var, const Tensor& table) {
  check(table.numel() > 0, "quant_embedding: table '{}' is empty; give it rows", var.name());
  for (float value : table.values<float>()) {
    check(std::isfinite(value),
          "quant_embedding: table '{}' holds {}; give finite values",
          var.name(),
          value);
  }
}

void insert_dequantize(Rewriter& rewriter,
                       Op& lookup,
                       Var& decoder,
                       const EmbeddingQuantization& how) {
  Var& codes = lookup.output("Out");
  Var& values =
      rewriter.block().add_var(codes.name() + ".dequantize", DType::Float32, codes.shape());
  const size_t behind = rewriter.block().index_of(lookup) + 1;
  rewriter.replace_all_uses(codes, values, behind);
  OpSpec dequantize{.inputs = {{"X", {&codes}}}, .outputs = {{"Out", {&values}}}};
  if (how.type == EmbeddingQuantizeType::AbsMax) {
    dequantize.type = "dequantize_abs_max";
    dequantize.inputs["Scale"] = {&decoder};
    dequantize.attrs["max_range"] = static_cast<float>(max_code(how.bits));
  } else {
    dequantize.type = "dequantize_log";
    dequantize.inputs["Dict"] = {&decoder};
  }
  rewriter.insert_after(lookup, std::move(dequantize));
}

}  // namespace

PassReport quantize_embeddings(Program& program, EmbeddingContext& context) {
  const QuantEmbeddingOptions& options = context.options;
  const Pattern lookup =
      any_op()
          .where([&](const Op& op) { return options.op_types.contains(op.type()); })
          .capture("op");
  return rewrite_all(program, lookup, [&](Match& match, Rewriter& rewriter) -> RewriteResult {
    Op& op = match.op("op");
    Var& table = op.input("W");
    if (const std::string reason = objection(op, options); !reason.empty()) {
      return skip(op, reason);
    }
    const EmbeddingQuantization& how = options.op_types.at(op.type());
    const Tensor& values = context.scope.get(table.name());
    check_table(table, values);
    const bool is_abs_max = how.type == EmbeddingQuantizeType::AbsMax;
    const StoredTable stored = is_abs_max ? quantize_abs_max(values, how) : quantize_log(values);
    const std::string codes_name = table.name() + ".int";
    const std::string decoder_name = table.name() + (is_abs_max ? ".scale" : ".dict");
    Block& block = rewriter.block();
    Var& codes =
        block.add_var(codes_name, stored.codes.dtype(), table.shape(), {.is_persistable = true});
    Var& decoder = block.add_var(
        decoder_name, DType::Float32, stored.decoder.shape(), {.is_persistable = true});
    context.scope.set(codes_name, stored.codes);
    context.scope.set(decoder_name, stored.decoder);
    context.scope.erase(table.name());
    for (Op* reader : std::vector<Op*>(table.consumers())) {
      rewriter.replace_input(*reader, table, codes);
      reader->output("Out").set_dtype(codes.dtype());
      insert_dequantize(rewriter, *reader, decoder, how);
    }
    rewriter.remove_var(table);
    return changed();
  });
}

}  // namespace intact
