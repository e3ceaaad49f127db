#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace intact {

using Ints = std::vector<int32_t>;
using Longs = std::vector<int64_t>;
using Floats = std::vector<float>;
using Doubles = std::vector<double>;
using Strings = std::vector<std::string>;
using Bools = std::vector<bool>;
/// Index of a Block of the same Program (control flow).
struct BlockRef {
  int32_t index = 0;
  bool operator==(const BlockRef&) const = default;
};

/// The value's C++ type is Paddle's attribute type: int32_t is INT, int64_t LONG, float FLOAT,
/// double FLOAT64, ...
using Attribute = std::variant<bool,
                               int32_t,
                               int64_t,
                               float,
                               double,
                               std::string,
                               Bools,
                               Ints,
                               Longs,
                               Floats,
                               Doubles,
                               Strings,
                               BlockRef>;
using Attributes = std::map<std::string, Attribute>;

/// "bool", "int32", "int64", "float32", "float64", "string", "bools", "ints", "longs", ...
const char* type_name(const Attribute& attribute);

/// op_role, op_role_var, op_namescope, op_device, op_callstack, with_quant_attr and the
/// quantization marks: legal on every op.
bool is_meta_attribute(const std::string& name);

/// Bits of `op_role` (Paddle's values).
namespace role {
inline constexpr int32_t kForward = 0;
inline constexpr int32_t kBackward = 1;
inline constexpr int32_t kOptimize = 2;
inline constexpr int32_t kLearningRateSchedule = 16;
inline constexpr int32_t kLoss = 256;
}  // namespace role

}  // namespace intact
