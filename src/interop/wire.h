#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>

namespace intact {

/// One step into a serialized message: the index-th occurrence of a field.
struct WireStep {
  int field = 0;
  int index = 0;
};

/// Byte offset of a nested field of a well-formed message, 0 when it is not there. For messages
/// about a file that protobuf has decoded already.
size_t wire_offset(std::string_view bytes, std::initializer_list<WireStep> path);

/// Field `field` of message `outer` holds messages `inner`. The numbers are the caller's own; a
/// message that could contain itself is left out, which bounds the depth.
struct WireNesting {
  int outer = 0;
  int field = 0;
  int inner = 0;
};

/// Byte offset of the first place where `bytes` stop being a serialized `message`.
size_t malformed_offset(std::string_view bytes, int message, std::span<const WireNesting> nestings);

}  // namespace intact
