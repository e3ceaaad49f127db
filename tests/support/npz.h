#pragma once

#include <string>

#include "intact/tensor/tensor.h"

namespace intact {

/// Arrays of a NumPy .npz file (a zip of .npy members, stored or deflated) by name.
/// Throws: Io, Format (path and what is wrong).
TensorMap read_npz(const std::string& path);
/// One little-endian, C-order .npy file. Throws: Io, Format.
Tensor read_npy(const std::string& path);

}  // namespace intact
