#pragma once

#include <cstdint>

namespace intact::cpu {

/// y[c,r] = x[r,c] for a block of rows x columns; x_stride and y_stride are row lengths in floats.
/// On the calling thread.
void transpose_block(
    int64_t rows, int64_t columns, const float* x, int64_t x_stride, float* y, int64_t y_stride);

/// The whole matrix x [rows,columns] to y [columns,rows], on all threads.
void transpose(int64_t rows, int64_t columns, const float* x, float* y);

}  // namespace intact::cpu
