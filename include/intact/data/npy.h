#pragma once

#include <string>
#include <string_view>

#include "intact/tensor/tensor.h"

namespace intact {

/// Reads a numpy .npy file: versions 1 to 3, little-endian, C order, bool, int8/16/32/64, uint8,
/// float16/32/64. Throws: NotFound, Io, Format (with path and byte offset), Unsupported (byte
/// order, Fortran order, other dtypes).
Tensor load_npy(const std::string& path);
/// `where` starts the messages.
Tensor parse_npy(std::string_view bytes, const std::string& where);

/// Writes version 1, atomically. Throws: Io, InvalidArgument when the tensor is not defined.
void save_npy(const std::string& path, const Tensor& tensor);
std::string format_npy(const Tensor& tensor);

}  // namespace intact
