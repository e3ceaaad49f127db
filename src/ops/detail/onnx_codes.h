#pragma once

#include <cstdint>
#include <string>

#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"

namespace intact {

/// The integer ops of ONNX compute on codes: int8 or uint8. A zero point has the codes' dtype and
/// is a scalar, [1], or one per channel.

/// Throws: InvalidArgument when the slot does not hold int8 or uint8.
void check_codes(const InferContext& op, const std::string& slot);
/// The slot, if it is there, holds `dtype`, one element or `channels` (-1: unknown) in one
/// dimension.
void check_per_channel(const InferContext& op,
                       const std::string& slot,
                       DType dtype,
                       int64_t channels);

/// codes - zero point as float64, which holds every sum of products of the ops exactly.
/// `axis` is the dimension of a zero point per channel.
Tensor centered(const KernelContext& op,
                const std::string& slot,
                const std::string& zero_point,
                int axis);

/// The sums, as int32 (modulo 2^32, as ONNX has it).
void store_sums(const Tensor& sums, Tensor y);

/// y = saturate(rint(fl32(sum) * M) + z_y) with M = fl32(fl32(s_x * s_w[c]) / s_y): the integer
/// program of record. Slots: steps of both operands and YStep, YZeroPoint. `axis` is the channel's.
struct RequantizeSlots {
  std::string x_step;
  std::string w_step;
  int axis = 1;
};
void requantize_sums(const KernelContext& op,
                     const Tensor& sums,
                     const RequantizeSlots& slots,
                     Tensor y);

}  // namespace intact
