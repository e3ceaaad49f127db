#pragma once

#include <string>

#include "intact/tensor/tensor.h"

namespace intact::tools {

/// A gray image [1,H,W] or [H,W] as a data URI of a PNG; its smallest value is black, its largest
/// white.
std::string png_data_uri(const Tensor& image);

}  // namespace intact::tools
