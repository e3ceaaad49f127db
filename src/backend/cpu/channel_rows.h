#pragma once

#include "backend/cpu/parts.h"

namespace intact::cpu {

/// body(begin, end) on parts of the rows of [outer*channels, inner], or of [outer,channels] when
/// inner is 1: what the loops of quantize_rows-inl.h take.
template <class Body>
void for_channel_rows(int64_t outer, int64_t channels, int64_t inner, const Body& body) {
  for_row_parts(inner == 1 ? outer : outer * channels, inner == 1 ? channels : inner, body);
}

}  // namespace intact::cpu
