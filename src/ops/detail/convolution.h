#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/parallel.h"
#include "intact/tensor/shape.h"
#include "ops/detail/window.h"

namespace intact {

/// output[n,o,oh,ow] = sum over i,y,x of input[n,i,oh*stride-pad+y*dilation,...] * filter[o,i,y,x]
/// and its two gradients. NCHW, OIHW, groups; sums in double. A transposed convolution is the same
/// with input and output exchanged.
class Convolution {
 public:
  Convolution(const Window2d& window,
              int64_t groups,
              const Shape& input,
              const Shape& filter,
              const Shape& output)
      : batch_(input[0]),
        in_channels_(input[1]),
        out_channels_(filter[0]),
        in_per_group_(filter[1]),
        out_per_group_(filter[0] / groups),
        in_plane_(input[2] * input[3]),
        out_plane_(output[2] * output[3]),
        taps_(filter[2] * filter[3]),
        stride_w_(window.w.stride),
        spans_(window_spans(window, input[2], input[3], output[2], output[3])) {}

  template <class T>
  void forward(const T* input, const T* filter, T* output) const;
  /// dinput[n,i,ih,iw] = sum over the (o, tap, output) that read it of doutput * filter.
  template <class T>
  void input_grad(const T* doutput, const T* filter, T* dinput) const;
  /// dfilter[o,i,y,x] = sum over n and outputs of doutput * the input that tap reads.
  template <class T>
  void filter_grad(const T* doutput, const T* input, T* dfilter) const;

 private:
  /// Input channel that channel i of filter row o meets.
  int64_t in_channel(int64_t o, int64_t i) const { return o / out_per_group_ * in_per_group_ + i; }
  int64_t input_at(int64_t n, int64_t i) const { return (n * in_channels_ + i) * in_plane_; }
  int64_t output_at(int64_t n, int64_t o) const { return (n * out_channels_ + o) * out_plane_; }
  int64_t filter_at(int64_t o, int64_t i) const { return (o * in_per_group_ + i) * taps_; }

  int64_t batch_;
  int64_t in_channels_;
  int64_t out_channels_;
  int64_t in_per_group_;
  int64_t out_per_group_;
  int64_t in_plane_;
  int64_t out_plane_;
  int64_t taps_;
  int64_t stride_w_;
  std::vector<Span> spans_;
};

template <class T>
void Convolution::forward(const T* input, const T* filter, T* output) const {
  parallel_for(batch_ * out_channels_, [&](int64_t part) {
    const int64_t n = part / out_channels_;
    const int64_t o = part % out_channels_;
    std::vector<double> sum(static_cast<size_t>(out_plane_));
    for (int64_t i = 0; i < in_per_group_; ++i) {
      const T* plane = input + input_at(n, in_channel(o, i));
      const T* taps = filter + filter_at(o, i);
      for (const Span& span : spans_) {
        const double w = taps[span.tap];
        for (int64_t k = 0; k < span.count; ++k) {
          sum[span.output + k] += w * plane[span.input + k * stride_w_];
        }
      }
    }
    std::copy(sum.begin(), sum.end(), output + output_at(n, o));
  });
}

template <class T>
void Convolution::input_grad(const T* doutput, const T* filter, T* dinput) const {
  parallel_for(batch_ * in_channels_, [&](int64_t part) {
    const int64_t n = part / in_channels_;
    const int64_t group = part % in_channels_ / in_per_group_;
    const int64_t i = part % in_per_group_;
    std::vector<double> sum(static_cast<size_t>(in_plane_));
    for (int64_t o = group * out_per_group_; o < (group + 1) * out_per_group_; ++o) {
      const T* plane = doutput + output_at(n, o);
      const T* taps = filter + filter_at(o, i);
      for (const Span& span : spans_) {
        const double w = taps[span.tap];
        for (int64_t k = 0; k < span.count; ++k) {
          sum[span.input + k * stride_w_] += w * plane[span.output + k];
        }
      }
    }
    std::copy(sum.begin(), sum.end(), dinput + part * in_plane_);
  });
}

template <class T>
void Convolution::filter_grad(const T* doutput, const T* input, T* dfilter) const {
  parallel_for(out_channels_ * in_per_group_, [&](int64_t part) {
    const int64_t o = part / in_per_group_;
    const int64_t i = part % in_per_group_;
    std::vector<double> sum(static_cast<size_t>(taps_));
    for (int64_t n = 0; n < batch_; ++n) {
      const T* in_plane = input + input_at(n, in_channel(o, i));
      const T* out_plane = doutput + output_at(n, o);
      for (const Span& span : spans_) {
        double partial = 0;
        for (int64_t k = 0; k < span.count; ++k) {
          partial += static_cast<double>(out_plane[span.output + k]) *
                     in_plane[span.input + k * stride_w_];
        }
        sum[span.tap] += partial;
      }
    }
    std::copy(sum.begin(), sum.end(), dfilter + filter_at(o, i));
  });
}

}  // namespace intact
