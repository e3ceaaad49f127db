#pragma once

#include <optional>
#include <string>
#include <vector>

#include "intact/ir/program.h"
#include "intact/ir/scope.h"
#include "intact/quant/quant_config.h"
#include "intact/quant/report.h"
#include "intact/runtime/place.h"

namespace intact {

struct ConvertOptions {
  /// Also make the program whose weights are stored as int8.
  bool save_int8 = false;
  /// Write out what readers round in ways of their own, so that every reader's outputs are the same
  /// to the last bit: batch norm as a multiplication and an addition, products of V2 on codes. A
  /// form of our own: the reference keeps batch norm, and V2's products in float.
  bool exact = false;
  /// Trained weights and scales; never altered.
  const Scope* scope = &global_scope();
  /// Passes of convert_passes() to leave out.
  std::vector<std::string> disabled_passes = {};
};

struct Converted {
  /// V1: float32 weights that hold integers. V2: int8 weights.
  Program float_program;
  /// V1: weights under `<weight>.int8`. V2: the same as float_program.
  std::optional<Program> int8_program;
  /// Every persistable of both programs.
  Scope scope;
  QuantReport report;
};

/// From a quant_aware(..., for_test) program to one that carries integers: the codes and scales
/// are those the given program computes with when it runs. config.onnx_format must say the
/// program's own format. The caller's Program and Scope stay as they are, so a second call gives
/// the same. Throws: InvalidArgument (not quantized, other format, training program), NotFound (the
/// Scope lacks a weight or scale), Unsupported (place).
/// Source: PaddleSlim 2.6.0 convert, spec 5.
Converted convert(const Program& quant_val_program,
                  Place place = CpuPlace{},
                  const QuantConfig& config = {},
                  const ConvertOptions& options = {});

/// Names of the passes for a format, in order; exact: of ConvertOptions.
std::vector<std::string> convert_passes(bool onnx_format, bool exact = false);

}  // namespace intact
