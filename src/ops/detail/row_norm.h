#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"

namespace intact {

/// Normalization of contiguous rows: Y = (X - mean) / sqrt(variance + epsilon) * scale + bias, mean
/// and biased variance of each row. What layer, group and instance norm have in common.
struct RowNorm {
  int64_t rows = 0;
  int64_t size = 0;
  // Element e of X uses scale and bias number e / plane % channels.
  int64_t plane = 1;
  int64_t channels = 1;
  double epsilon = 0;
  bool saves_inverse_std = false;  // else the variance

  int64_t channel(int64_t element) const { return element / plane % channels; }

  struct Statistics {
    double mean;
    double variance;
  };
  template <class T>
  Statistics statistics(const T* row) const {
    Statistics result = {0, 0};
    for (int64_t i = 0; i < size; ++i) {
      result.mean += row[i];
    }
    result.mean /= static_cast<double>(size);
    for (int64_t i = 0; i < size; ++i) {
      result.variance += (row[i] - result.mean) * (row[i] - result.mean);
    }
    result.variance /= static_cast<double>(size);
    return result;
  }

  /// scale, bias, mean and saved may be null.
  template <class T>
  struct Forward {
    const T* x;
    const T* scale;
    const T* bias;
    T* y;
    T* mean;
    T* saved;  // variance or inverse standard deviation
  };
  template <class T>
  void forward(const Forward<T>& at) const;

  /// scale and the three results may be null.
  template <class T>
  struct Backward {
    const T* x;
    const T* dy;
    const T* scale;
    T* dx;
    T* dscale;
    T* dbias;
  };
  template <class T>
  void backward(const Backward<T>& at) const;
};

template <class T>
void RowNorm::forward(const Forward<T>& at) const {
  parallel_for(rows, [&](int64_t row) {
    const int64_t begin = row * size;
    const auto [mean, variance] = statistics(at.x + begin);
    const double inverse_std = 1 / std::sqrt(variance + epsilon);
    for (int64_t e = begin; e < begin + size; ++e) {
      const double scale = at.scale != nullptr ? at.scale[channel(e)] : 1;
      const double bias = at.bias != nullptr ? at.bias[channel(e)] : 0;
      at.y[e] = static_cast<T>((at.x[e] - mean) * inverse_std * scale + bias);
    }
    if (at.mean != nullptr) {
      at.mean[row] = static_cast<T>(mean);
    }
    if (at.saved != nullptr) {
      at.saved[row] = static_cast<T>(saves_inverse_std ? inverse_std : variance);
    }
  });
}

/// With g = dy * scale and xhat = (x - mean) * inverse_std, means taken over the row:
/// dx = inverse_std * (g - mean(g) - xhat * mean(g * xhat)).
template <class T>
void RowNorm::backward(const Backward<T>& at) const {
  std::vector<double> dscale(static_cast<size_t>(channels));
  std::vector<double> dbias(static_cast<size_t>(channels));
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t begin = row * size;
    const auto [mean, variance] = statistics(at.x + begin);
    const double inverse_std = 1 / std::sqrt(variance + epsilon);
    const auto scaled = [&](int64_t e) {
      return at.dy[e] * (at.scale != nullptr ? static_cast<double>(at.scale[channel(e)]) : 1.0);
    };
    double sum = 0;
    double dot = 0;
    for (int64_t e = begin; e < begin + size; ++e) {
      const double xhat = (at.x[e] - mean) * inverse_std;
      sum += scaled(e);
      dot += scaled(e) * xhat;
      dscale[channel(e)] += at.dy[e] * xhat;
      dbias[channel(e)] += at.dy[e];
    }
    for (int64_t e = begin; at.dx != nullptr && e < begin + size; ++e) {
      const double xhat = (at.x[e] - mean) * inverse_std;
      const double count = static_cast<double>(size);
      at.dx[e] = static_cast<T>(inverse_std * (scaled(e) - sum / count - xhat * (dot / count)));
    }
  }
  if (at.dscale != nullptr) {
    std::copy(dscale.begin(), dscale.end(), at.dscale);
  }
  if (at.dbias != nullptr) {
    std::copy(dbias.begin(), dbias.end(), at.dbias);
  }
}

/// Where an op keeps what RowNorm saves of each row.
struct RowNormSlots {
  std::string mean = "Mean";
  std::string saved = "Variance";
};

/// Y from X and the optional Scale and Bias; the slots' outputs may be absent.
void row_norm_forward(const KernelContext& op, const RowNorm& norm, const RowNormSlots& slots = {});

/// X@GRAD, Scale@GRAD and Bias@GRAD, those that are there, from X, Y@GRAD and the optional Scale.
void row_norm_backward(const KernelContext& op, const RowNorm& norm);

/// X@GRAD, and a gradient for each of Scale and Bias that is there, all like their tensors.
void infer_row_norm_grad(InferContext& op);

/// Scale and Bias, when present: `size` values of X's dtype.
void check_scale_and_bias(const InferContext& op, int64_t size);

}  // namespace intact
