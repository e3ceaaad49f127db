#pragma once

#include <string>

#include "intact/quant/coverage.h"

namespace intact {

/// "8 bits, codes 0..255, zero point 0, step 0.02".
std::string describe(const QuantizedTensor& tensor);

/// What `shipped` has otherwise than `trained`, the same tensor in training; empty: nothing.
std::string tensor_difference(const QuantizedTensor& trained, const QuantizedTensor& shipped);

}  // namespace intact
