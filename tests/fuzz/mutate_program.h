#pragma once

#include <cstddef>
#include <cstdint>

namespace intact {

/// Changes one thing in a serialized ProgramDesc (an attribute, a dimension, a slot, an op), so
/// that the result still decodes and its damage reaches the ops' checks. Returns the new size, 0
/// when the data do not decode or the result does not fit.
size_t mutate_program(uint8_t* data, size_t size, size_t max_size, unsigned seed);

}  // namespace intact
