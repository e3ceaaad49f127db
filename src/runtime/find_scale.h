#pragma once

#include "runtime/quantizer.h"

namespace intact {

/// A quantizer's scale in this run, one or one per channel of view; writes scale_out.
const float* find_scale(const Quantizer& quantizer, const ValueChannels& view, const Run& run);

}  // namespace intact
