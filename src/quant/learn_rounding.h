#pragma once

#include <string>
#include <vector>

#include "intact/quant/calibrate.h"

namespace intact {

/// Puts into `scope` weights whose codes under the scales in `scope` are, of the two next to each
/// float weight, those that keep the output of the weight's op nearest to the float one on the
/// batches. A weight stays where that is no better than the nearest codes. A weight of several ops
/// is learned at the first.
///   h = clip(1.2 * sigmoid(v) - 0.1, 0, 1);  code = floor(w / s * B) + h
///   loss = mean |op(x', code * s / B) - op(x, w)|^2 + 0.01 * sum(1 - |2h - 1|^beta)
/// where x' is x with the weights in front of it rounded already,
/// with Adam over v, beta from 20 to 2; at the end h becomes 0 or 1, unlike the reference's, which
/// stores fractions. program: the float Program, its weights in `scope`; quantized: what
/// quant_aware made of it. Returns a note a weight.
/// Source: Nagel et al. 2020; spec 8.1.
std::vector<std::string> learn_rounding(const Program& program,
                                        const Program& quantized,
                                        const CalibrationBatches& batches,
                                        int steps,
                                        Scope& scope);

}  // namespace intact
