#include "backend/cpu/softmax.h"

#include <algorithm>
#include <cmath>

#include "backend/cpu/parts.h"

namespace intact::cpu {
namespace {

// y = exp(x - max); returns the sum. Labels and losses of a batch are few: scalar code is enough.
float exponentials(int64_t columns, const float* x, float max, float* y) {
  double sum = 0;
  for (int64_t column = 0; column < columns; ++column) {
    y[column] = std::exp(x[column] - max);
    sum += static_cast<double>(y[column]);
  }
  return static_cast<float>(sum);
}

// Rows are worth splitting at far fewer floats than a copy: an exponential costs like 20 of them.
template <class Body>
void for_softmax_rows(int64_t rows, int64_t columns, const Body& body) {
  const int64_t parts = row_parts(rows, columns, 1024);
  parallel_for(parts, [&](int64_t part) {
    const Range range = split_evenly(rows, parts, part);
    for (int64_t row = range.begin; row < range.end; ++row) {
      body(row, row * columns);
    }
  });
}

}  // namespace

void softmax_forward(int64_t rows, int64_t columns, const float* x, float* y) {
  for_softmax_rows(rows, columns, [&](int64_t, int64_t offset) {
    const float max = *std::max_element(x + offset, x + offset + columns);
    const float sum = exponentials(columns, x + offset, max, y + offset);
    for (int64_t i = offset; i < offset + columns; ++i) {
      y[i] /= sum;
    }
  });
}

void softmax_backward(int64_t rows, int64_t columns, const float* y, const float* dy, float* dx) {
  for_softmax_rows(rows, columns, [&](int64_t, int64_t offset) {
    double dot = 0;
    for (int64_t i = offset; i < offset + columns; ++i) {
      dot += static_cast<double>(dy[i]) * static_cast<double>(y[i]);
    }
    const auto shift = static_cast<float>(dot);
    for (int64_t i = offset; i < offset + columns; ++i) {
      dx[i] = y[i] * (dy[i] - shift);
    }
  });
}

void softmax_cross_entropy_forward(int64_t rows,
                                   int64_t columns,
                                   const float* logits,
                                   const int64_t* labels,
                                   int64_t ignore_index,
                                   float* softmax,
                                   float* loss) {
  for_softmax_rows(rows, columns, [&](int64_t row, int64_t offset) {
    const float* x = logits + offset;
    const float max = *std::max_element(x, x + columns);
    const bool counts = labels[row] != ignore_index;
    const float shifted = counts ? x[labels[row]] - max : 0.0f;  // before softmax overwrites x
    const float sum = exponentials(columns, x, max, softmax + offset);
    for (int64_t i = offset; i < offset + columns; ++i) {
      softmax[i] /= sum;
    }
    loss[row] = counts ? std::log(sum) - shifted : 0.0f;
  });
}

void softmax_cross_entropy_backward(int64_t rows,
                                    int64_t columns,
                                    const float* softmax,
                                    const int64_t* labels,
                                    int64_t ignore_index,
                                    const float* dloss,
                                    float* dlogits) {
  for_softmax_rows(rows, columns, [&](int64_t row, int64_t offset) {
    const bool counts = labels[row] != ignore_index;
    for (int64_t column = 0; column < columns; ++column) {
      const float target = column == labels[row] ? 1.0f : 0.0f;
      dlogits[offset + column] = counts ? (softmax[offset + column] - target) * dloss[row] : 0.0f;
    }
  });
}

}  // namespace intact::cpu
