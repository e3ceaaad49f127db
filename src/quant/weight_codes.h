#pragma once

#include <vector>

#include "intact/quant/quant_config.h"
#include "intact/tensor/tensor.h"
#include "quant/quant_trace.h"

namespace intact {

/// max abs of a float tensor: one value, or one per index of `axis`.
Tensor abs_max(const Tensor& tensor, int axis);

/// The scale the quantizer computes from the weight when it runs.
Tensor computed_scale(const Tensor& weight, const Op& quantizer);

/// The quantizer computes the scale from the weight each time it runs.
bool computes_scale(const Op& quantizer);

/// Codes of a weight as floats in its own dtype and shape. With round_type Reference they follow
/// Paddle's freeze pass (spec 5.1, 5.2); else the quantizer's own formula, so that they are the
/// codes the program computed with.
Tensor weight_codes(const Tensor& weight,
                    const Tensor& scale,
                    const Op& quantizer,
                    const QuantConfig& config);

}  // namespace intact
