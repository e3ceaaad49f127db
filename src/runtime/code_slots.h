#pragma once

#include <string>

#include "backend/cpu/code_gemm.h"
#include "runtime/graph.h"
#include "runtime/quantizer.h"

namespace intact {

// A consumer that takes codes is its float node with int8 in an operand's slot and more: input
// <slot>Scale, attributes <slot>_bits, <slot>_axis, and <slot>_range for activations. A
// quantizer that gives codes has output Codes in place of its values.

/// How a slot's codes become values: code * scale / max_code(bits).
struct CodeSlot {
  ValueId codes = kNoValue;
  ValueId scale = kNoValue;
  int bits = 8;
  int axis = -1;
  cpu::CodeRange range = cpu::CodeRange::Signed8;
};

void set_code_slot(Node& node, const std::string& slot, const CodeSlot& code_slot);
CodeSlot code_slot_of(const Node& node, const std::string& slot);

/// True when the slot's Value is int8 codes of this form.
bool has_codes(const Graph& graph, const Node& node, const std::string& slot);

/// True when no element can be below 0, by what made the Value.
bool is_non_negative(const Graph& graph, ValueId id);

}  // namespace intact
