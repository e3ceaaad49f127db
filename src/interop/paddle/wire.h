#pragma once

#include <cstddef>
#include <initializer_list>
#include <string_view>

namespace intact::paddle {

/// One step into a serialized message: the index-th occurrence of a field.
struct WireStep {
  int field = 0;
  int index = 0;
};

/// Byte offset of a nested field of a well-formed message, 0 when it is not there. For messages
/// about a file that protobuf has decoded already.
size_t wire_offset(std::string_view bytes, std::initializer_list<WireStep> path);

/// Byte offset of the first place where `bytes` stop being a serialized ProgramDesc.
size_t malformed_offset(std::string_view bytes);

}  // namespace intact::paddle
