#pragma once

#include <map>
#include <string>
#include <vector>

#include "intact/ir/program.h"

namespace intact {

/// How one input of an op was quantized, read off the ops that made it.
struct QuantizedInput {
  std::string slot;
  Var* value = nullptr;      // what the op reads
  Op* dequantize = nullptr;  // nullptr when the op reads codes, or one op does both
  Op* quantize = nullptr;    // nullptr when the codes are stored
  Var* original = nullptr;   // the float tensor, or the stored codes
  Var* scale = nullptr;
  int bits = 8;
  int axis = -1;
  bool is_function = false;  // original is what a function made of a weight
  bool is_weight() const { return original->is_persistable() || is_function; }
};

/// fake_quantize_* and quantize_linear, also those that dequantize at once.
bool is_quantize_op(const Op& op);
/// fake_dequantize_* and dequantize_linear.
bool is_dequantize_op(const Op& op);
/// quantize_linear or dequantize_linear that only carries a scale.
bool is_only_observer(const Op& op);

/// A cast of codes that are stored in a parameter, for an op that works on codes
/// (cast_weight_codes).
bool is_cast_of_codes(const Op& op);
/// The parameter behind such a cast; the Var itself when there is none.
Var& stored_codes(Var& weight);

/// Computed from parameters alone: what a QuantFunction makes of a weight.
bool is_function_of_parameters(const Var& var);

/// A quantizer of a parameter, or of what a QuantFunction made of one.
bool is_weight_quantizer(const Op& op);

/// Codes or values of a quantizer: x itself is not to be quantized again.
bool is_dequantized(const Var& x);

/// The inputs of op in quantizable slots that come from quantizers.
std::vector<QuantizedInput> quantized_inputs(const Op& op);

/// Some activation comes as codes: the op works on integers.
bool reads_activation_codes(const Op& op);

/// Scale Vars of activations and observed outputs, with the float tensor each belongs to.
std::map<std::string, std::string> activation_scales(const Program& quantized);

}  // namespace intact
