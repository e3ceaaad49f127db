#pragma once

#include "backend/cpu/conv_shape.h"
#include "base/parallel.h"

// col holds, for each output pixel of the output rows [rows.begin,rows.end) of n*oh, the inputs it
// reads in the order (ky,kx,i): [pixels, kh*kw*(ci/groups)]. Both run on all threads.
namespace intact::cpu {

/// first_channel: where the group's input channels begin. Inputs in the padding are 0.
void im2col(
    const ConvShape& shape, const Range& rows, int64_t first_channel, const float* x, float* col);

/// dx += the transpose of im2col applied to col, for the group's channels.
void col2im(
    const ConvShape& shape, const Range& rows, int64_t first_channel, const float* col, float* dx);

}  // namespace intact::cpu
