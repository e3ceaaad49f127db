#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "intact/tensor/tensor.h"

namespace intact::paddle {

/// Tensors of a combined file, which holds them in the order of `names` without naming them.
/// Throws: Format (byte offset), Unsupported.
TensorMap read_tensors(std::string_view bytes,
                       const std::vector<std::string>& names,
                       const std::string& where);

}  // namespace intact::paddle
