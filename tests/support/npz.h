#pragma once

#include <string>

#include "intact/tensor/tensor.h"

namespace intact {

/// Arrays of a NumPy .npz file (a zip of .npy members, stored or deflated) by name.
/// A file kept in parts is <path>.1, <path>.2, ... Throws: NotFound, Io, Format.
TensorMap read_npz(const std::string& path);

}  // namespace intact
