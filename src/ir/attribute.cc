#include "intact/ir/attribute.h"

#include <array>
#include <string_view>

namespace intact {

const char* type_name(const Attribute& attribute) {
  static constexpr std::array<const char*, std::variant_size_v<Attribute>> kNames = {"bool",
                                                                                     "int32",
                                                                                     "int64",
                                                                                     "float32",
                                                                                     "float64",
                                                                                     "string",
                                                                                     "bools",
                                                                                     "ints",
                                                                                     "longs",
                                                                                     "floats",
                                                                                     "doubles",
                                                                                     "strings",
                                                                                     "block"};
  return kNames[attribute.index()];
}

bool is_meta_attribute(const std::string& name) {
  static constexpr std::array<std::string_view, 17> kNames = {"op_role",
                                                              "op_role_var",
                                                              "op_namescope",
                                                              "op_device",
                                                              "op_callstack",
                                                              "with_quant_attr",
                                                              "quantization_type",
                                                              "skip_quant",
                                                              "quant_skip_reason",
                                                              "activation_bits",
                                                              "weight_bits",
                                                              "quantize_weight_bits",
                                                              "bit_length",
                                                              "zero_point",
                                                              "pair_limit",
                                                              "out_threshold",
                                                              "op_name"};
  for (std::string_view known : kNames) {
    if (name == known) {
      return true;
    }
  }
  // <Slot><index>_threshold, written by convert (spec 5.1).
  return name.size() > 10 && name.ends_with("_threshold");
}

}  // namespace intact
