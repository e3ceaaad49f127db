#pragma once

#include <optional>
#include <set>
#include <string>

#include "intact/quant/coverage.h"

namespace intact {

/// Ops of the network itself: what is left of a program without quantizers.
bool is_network_op(const Op& op);

/// SHA-256 of dtype, shape and elements.
std::string digest_of(const Tensor& tensor);

/// Reads entries of a CoverageLedger off a program.
class LedgerBuilder {
 public:
  explicit LedgerBuilder(const Scope& scope) : scope_(scope) {}

  /// reader: nullptr for a fetch.
  LedgerInput input(const std::string& slot, const Var& var, const Op* reader) const;

  /// The abs max recorded for op's output, where a file can hold it: V2 does in front of readers
  /// that could be quantized, among the ops `needed`.
  std::optional<float> output_scale(const Op& op, const std::set<const Op*>& needed) const;

 private:
  void set_steps(QuantizedTensor& tensor, const Var* scale, int levels) const;
  void add_codes(QuantizedTensor& tensor) const;
  QuantizedTensor from_quantizer(const Op& quantizer, const Op* dequantizer, const Var& x) const;
  QuantizedTensor from_stored(const Op& dequantizer, const Var& codes) const;
  QuantizedTensor from_codes(const Op& op, const Var& codes) const;

  const Scope& scope_;
};

}  // namespace intact
