#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/parallel.h"

namespace intact {

/// A rows x cols matrix lying anywhere in memory.
template <class T>
struct MatrixView {
  const T* data;
  int64_t rows;
  int64_t cols;
  int64_t row_stride;
  int64_t col_stride;

  MatrixView transposed() const { return {data, cols, rows, col_stride, row_stride}; }
};

template <class T>
MatrixView<T> row_major(const T* data, int64_t rows, int64_t cols) {
  return {data, rows, cols, cols, 1};
}

/// sum[i * b.cols + j] += sum over k of a[i,k] * b[k,j], in double. a.cols == b.rows.
template <class T>
void add_product(const MatrixView<T>& a, const MatrixView<T>& b, double* sum) {
  std::vector<double> packed(static_cast<size_t>(b.rows * b.cols));  // b, row-major
  for (int64_t k = 0; k < b.rows; ++k) {
    for (int64_t j = 0; j < b.cols; ++j) {
      packed[k * b.cols + j] = b.data[k * b.row_stride + j * b.col_stride];
    }
  }
  parallel_for(a.rows, [&](int64_t i) {
    double* row = sum + i * b.cols;
    for (int64_t k = 0; k < a.cols; ++k) {
      const double factor = a.data[i * a.row_stride + k * a.col_stride];
      const double* other = packed.data() + k * b.cols;
      for (int64_t j = 0; j < b.cols; ++j) {
        row[j] += factor * other[j];
      }
    }
  });
}

/// out = a * b, row-major.
template <class T>
void product(const MatrixView<T>& a, const MatrixView<T>& b, T* out) {
  std::vector<double> sum(static_cast<size_t>(a.rows * b.cols));
  add_product(a, b, sum.data());
  std::copy(sum.begin(), sum.end(), out);
}

}  // namespace intact
