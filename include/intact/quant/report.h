#pragma once

#include <string>
#include <vector>

#include "intact/ir/pass_report.h"
#include "intact/ir/program.h"
#include "intact/ir/scope.h"
#include "intact/quant/coverage.h"
#include "intact/quant/saturation.h"

namespace intact {

/// What was quantized, with which scale, and what was not and why.
struct QuantReport {
  /// One quantized tensor an op reads.
  struct Operand {
    std::string slot;
    std::string var;        // the float tensor's name
    std::string quantizer;  // op type that makes the codes; empty when the codes are stored
    std::string scale_var;
    int bits = 8;
    int axis = -1;  // channel axis of the scales; -1: one scale
    bool is_weight = false;
    size_t scale_count = 0;  // 0: the Scope has no value yet
    float scale_min = 0;
    float scale_max = 0;
  };
  struct Entry {
    std::string op;  // Op::label()
    std::string type;
    bool is_quantized = false;
    std::string reason;  // why it is not
    std::vector<Operand> operands = {};
    bool has_out_threshold = false;
    float out_threshold = 0;  // recorded abs max of the output
  };

  std::string format;  // "V1", "V2" or "float"
  std::vector<Entry> ops = {};
  std::vector<PairBound> pair_bounds = {};  // saturation_bounds
  std::vector<CoverageGap> gaps = {};       // of the dry-run export, from quant_aware for training
  std::vector<std::string> notes = {};
  std::vector<PassReport> passes = {};  // empty when made by inspect_quantization

  size_t quantized_count() const;
  /// Entries whose label, type, or quoted name is `op`.
  std::vector<const Entry*> find(const std::string& op) const;
  /// A table, one op a line, then the notes.
  std::string to_text() const;
  std::string to_json() const;
  /// Everything known about `op`, in sentences. Throws: NotFound, naming the nearest op.
  std::string why(const std::string& op) const;
};

/// Reads the report off a Program: every op that can be quantized or carries a parameter has an
/// entry. Values of scales come from `scope` where it has them.
QuantReport inspect_quantization(const Program& program, const Scope& scope);

}  // namespace intact
