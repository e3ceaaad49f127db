#pragma once

#include <cstddef>
#include <string_view>

namespace intact::paddle {

/// Byte offset of the first place where `bytes` stop being a serialized ProgramDesc.
size_t malformed_offset(std::string_view bytes);

}  // namespace intact::paddle
