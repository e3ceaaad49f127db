// Each float kernel on the shapes of one MobileNetV1 training step on MNIST at batch 64. A shape
// that several layers share is timed once; its count is the last part of the name. `step_ms` is
// time times count, so that its sum over a kind is what a step spends there.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <vector>

#include "backend/cpu/batch_norm.h"
#include "backend/cpu/batch_norm_quantize.h"
#include "backend/cpu/conv.h"
#include "backend/cpu/depthwise.h"
#include "backend/cpu/elementwise.h"
#include "backend/cpu/gemm.h"
#include "backend/cpu/optimizer.h"
#include "backend/cpu/pointwise.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/quantize.h"
#include "backend/cpu/softmax.h"

namespace intact::cpu {
namespace {

constexpr int64_t kBatch = 64;
constexpr int64_t kParameters = 3216650;

// 64-byte alignment, as the Plan's buffers have it.
class Floats {
 public:
  explicit Floats(int64_t n) : values_(static_cast<size_t>(n) + kAlignment) {
    uint32_t state = 12345;
    for (float& value : values_) {
      state = state * 1664525u + 1013904223u;
      value = static_cast<float>(state >> 8) / 8388608.0f - 1.0f;
    }
  }
  operator float*() {  // NOLINT(google-explicit-constructor): kernels take pointers
    const auto address = reinterpret_cast<uintptr_t>(values_.data());
    const uintptr_t bytes = kAlignment * sizeof(float);
    return values_.data() + (bytes - address % bytes) % bytes / sizeof(float);
  }

 private:
  static constexpr size_t kAlignment = 16;
  std::vector<float> values_;
};

struct Work {
  double flops = 0;
  double floats = 0;  // read and written
};

/// Registers a bench whose timed part is the function `prepare()` returns.
template <class Prepare>
void add(const std::string& name, const Work& work, int count, const Prepare& prepare) {
  const std::string full = fmt::format("{}/x{}", name, count);
  benchmark::internal::Benchmark* bench =
      benchmark::RegisterBenchmark(full.c_str(), [=](benchmark::State& state) {
        auto run = prepare();
        for (auto _ : state) {
          run();
          benchmark::ClobberMemory();
        }
        using benchmark::Counter;
        constexpr auto kRate = Counter::kIsIterationInvariantRate;
        if (work.flops > 0) {
          state.counters["GFLOP/s"] = Counter(work.flops * 1e-9, kRate);
        }
        state.counters["GB/s"] = Counter(work.floats * 4e-9, kRate);
        state.counters["step_ms"] = Counter(1e-3 / count, kRate | Counter::kInvert);
      });
  bench->UseRealTime()->Unit(benchmark::kMicrosecond);
}

/// The three passes of one convolution kernel.
template <class Forward, class BackwardData, class BackwardWeight, class WorkspaceFloats>
void add_conv(const std::string& kind,
              const ConvShape& s,
              int count,
              bool has_data_gradient,
              const Forward& forward,
              const BackwardData& backward_data,
              const BackwardWeight& backward_weight,
              const WorkspaceFloats& workspace_floats) {
  const int64_t x = s.n * s.h * s.w * s.ci;
  const int64_t y = s.n * s.oh * s.ow * s.co;
  const int64_t w = s.co * s.ci / s.groups * s.kh * s.kw;
  const auto size = [](int64_t n) { return static_cast<double>(n); };
  const Work work{2.0 * size(y) * size(w) / size(s.co), size(x + y + w)};
  const std::string shape = fmt::format("/{}x{}x{}-{}s{}", s.h, s.w, s.ci, s.co, s.stride_h);
  const auto add_pass =
      [&](const char* name, ConvPass pass, auto kernel, const std::vector<int64_t>& n) {
        add(kind + name + shape, work, count, [=] {
          return [=,
                  a = Floats(n[0]),
                  b = Floats(n[1]),
                  out = Floats(n[2]),
                  scratch = Floats(workspace_floats(s, pass))]() mutable {
            kernel(s, a, b, out, scratch);
          };
        });
      };
  add_pass("_forward", ConvPass::Forward, forward, {x, w, y});
  if (has_data_gradient) {
    add_pass("_backward_data", ConvPass::BackwardData, backward_data, {y, w, x});
  }
  add_pass("_backward_weight", ConvPass::BackwardWeight, backward_weight, {x, y, w});
}

ConvShape conv3x3(int64_t size, int64_t ci, int64_t co, int64_t stride, int64_t groups) {
  return with_output_size({.n = kBatch,
                           .h = size,
                           .w = size,
                           .ci = ci,
                           .co = co,
                           .kh = 3,
                           .kw = 3,
                           .stride_h = stride,
                           .stride_w = stride,
                           .pad_top = 1,
                           .pad_bottom = 1,
                           .pad_left = 1,
                           .pad_right = 1,
                           .groups = groups});
}

void add_dense(const std::string& kind, const ConvShape& shape, bool has_data_gradient) {
  add_conv(kind,
           shape,
           1,
           has_data_gradient,
           conv_forward,
           conv_backward_data,
           conv_backward_weight,
           conv_workspace_floats);
}

void add_convolutions() {
  add_dense("conv1", conv3x3(28, 1, 32, 2, 1), false);
  struct Layer {
    int64_t size, channels, stride;
    int count;
  };
  for (const Layer& layer : std::vector<Layer>{{14, 32, 1, 1},
                                               {14, 64, 2, 1},
                                               {7, 128, 1, 1},
                                               {7, 128, 2, 1},
                                               {4, 256, 1, 1},
                                               {4, 256, 2, 1},
                                               {2, 512, 1, 5},
                                               {2, 512, 2, 1},
                                               {1, 1024, 1, 1}}) {
    add_conv("depthwise",
             conv3x3(layer.size, layer.channels, layer.channels, layer.stride, layer.channels),
             layer.count,
             true,
             depthwise_forward,
             depthwise_backward_data,
             depthwise_backward_weight,
             depthwise_workspace_floats);
  }
  // Not of MobileNetV1: the 3x3 layers of ResNet-18 at 64x64 input.
  add_dense("resnet_conv", conv3x3(16, 64, 64, 1, 1), true);
  add_dense("resnet_conv", conv3x3(8, 128, 128, 1, 1), true);
  add_dense("resnet_conv", conv3x3(4, 256, 256, 1, 1), true);
  add_dense("resnet_conv", conv3x3(2, 512, 512, 1, 1), true);
}

void add_pointwise() {
  struct Layer {
    PointwiseShape shape;
    int count;
  };
  for (const Layer& layer : std::vector<Layer>{{{kBatch * 196, 32, 64}, 1},
                                               {{kBatch * 49, 64, 128}, 1},
                                               {{kBatch * 49, 128, 128}, 1},
                                               {{kBatch * 16, 128, 256}, 1},
                                               {{kBatch * 16, 256, 256}, 1},
                                               {{kBatch * 4, 256, 512}, 1},
                                               {{kBatch * 4, 512, 512}, 5},
                                               {{kBatch, 512, 1024}, 1},
                                               {{kBatch, 1024, 1024}, 1},
                                               {{kBatch, 1024, 10}, 1}}) {
    const PointwiseShape s = layer.shape;
    const auto size = [](int64_t n) { return static_cast<double>(n); };
    const Work work{2.0 * size(s.pixels) * size(s.ci) * size(s.co),
                    size(s.pixels) * size(s.ci + s.co) + size(s.ci * s.co)};
    const std::string shape = fmt::format("/{}_{}x{}", s.pixels, s.ci, s.co);
    const auto add_pass =
        [&](const char* name, auto kernel, int64_t a_size, int64_t b_size, int64_t out_size) {
          add(fmt::format("pointwise{}{}", name, shape), work, layer.count, [=] {
            return [=,
                    a = Floats(a_size),
                    b = Floats(b_size),
                    out = Floats(out_size),
                    scratch = Floats(pointwise_workspace_floats(s))]() mutable {
              kernel(s, a, b, out, scratch);
            };
          });
        };
    const int64_t x = s.pixels * s.ci;
    const int64_t y = s.pixels * s.co;
    const int64_t w = s.ci * s.co;
    add_pass("_forward", pointwise_forward, x, w, y);
    add_pass("_backward_data", pointwise_backward_data, y, w, x);
    add_pass("_backward_weight", pointwise_backward_weight, x, y, w);
  }
}

void add_batch_norm_layer(int64_t pixels, int64_t channels, int count) {
  const int64_t n = pixels * channels;
  const std::string shape = fmt::format("/{}x{}", pixels, channels);
  const auto floats = static_cast<double>(n);
  add("batch_norm_statistics" + shape, {0, floats}, count, [=] {
    return [=,
            x = Floats(n),
            out = Floats(4 * channels),
            scratch = Floats(batch_norm_statistics_workspace_floats(pixels, channels))]() mutable {
      float* first = out;
      batch_norm_statistics(pixels,
                            channels,
                            x,
                            {first, first + channels, first + 2 * channels, first + 3 * channels},
                            scratch);
    };
  });
  add("batch_norm_forward" + shape, {0, 2 * floats}, count, [=] {
    return [=, x = Floats(n), a = Floats(channels), b = Floats(channels), y = Floats(n)]() mutable {
      scale_shift_activation(pixels, channels, x, a, b, nullptr, Activation::Relu, y);
    };
  });
  add("qat_batch_norm_quantize" + shape, {0, 3 * floats}, count, [=] {
    return [=,
            x = Floats(n),
            a = Floats(channels),
            b = Floats(channels),
            v = Floats(n),
            y = Floats(n)]() mutable {
      batch_norm_values({.pixels = pixels,
                         .channels = channels,
                         .x = x,
                         .a = a,
                         .b = b,
                         .activation = Activation::Relu,
                         .scale = 1.5f,
                         .round = RoundType::TiesToEven,
                         .activation_out = v},
                        y);
    };
  });
  const auto backward = [=](Floats& x, Floats& dy, Floats& channel_values) {
    return BatchNormBackward{.pixels = pixels,
                             .channels = channels,
                             .activation = Activation::Relu,
                             .x = x,
                             .dy = dy,
                             .a = channel_values,
                             .b = channel_values,
                             .mean = channel_values,
                             .inv_std = channel_values};
  };
  add("batch_norm_backward_sums" + shape, {0, 2 * floats}, count, [=] {
    return [=,
            x = Floats(n),
            dy = Floats(n),
            c = Floats(channels),
            sums = Floats(2 * channels),
            scratch = Floats(batch_norm_backward_workspace_floats(pixels, channels))]() mutable {
      float* first = sums;
      batch_norm_backward_sums(backward(x, dy, c), first, first + channels, nullptr, scratch);
    };
  });
  add("batch_norm_backward_data" + shape, {0, 3 * floats}, count, [=] {
    return [=, x = Floats(n), dy = Floats(n), c = Floats(channels), dx = Floats(n)]() mutable {
      batch_norm_backward_data(backward(x, dy, c), c, c, dx);
    };
  });
}

void add_batch_norm() {
  add_batch_norm_layer(kBatch * 196, 32, 2);
  add_batch_norm_layer(kBatch * 196, 64, 1);
  add_batch_norm_layer(kBatch * 49, 64, 1);
  add_batch_norm_layer(kBatch * 49, 128, 3);
  add_batch_norm_layer(kBatch * 16, 128, 1);
  add_batch_norm_layer(kBatch * 16, 256, 3);
  add_batch_norm_layer(kBatch * 4, 256, 1);
  add_batch_norm_layer(kBatch * 4, 512, 11);
  add_batch_norm_layer(kBatch, 512, 1);
  add_batch_norm_layer(kBatch, 1024, 3);
}

void add_flat() {
  const auto floats = static_cast<double>(kParameters);
  add("momentum/parameters", {0, 5 * floats}, 1, [=] {
    return [=,
            grad = Floats(kParameters),
            param = Floats(kParameters),
            velocity = Floats(kParameters)]() mutable {
      momentum(kParameters, {.learning_rate = 1e-9f, .mu = 0.9f}, grad, param, velocity);
    };
  });
  add("qat_weight_abs_max/512x512", {0, 512 * 512}, 12, [=] {
    return [=, x = Floats(512 * 512), scales = Floats(512)]() mutable {
      abs_max_channels(1, 512, 512, x, scales);
    };
  });
  add("qat_weight_quantize/512x512", {0, 2 * 512 * 512}, 12, [=] {
    return [=, x = Floats(512 * 512), scales = Floats(512), y = Floats(512 * 512)]() mutable {
      quantize_dequantize_channels(1, 512, 512, x, scales, 8, RoundType::TiesAwayFromZero, y);
    };
  });
  for (const RoundType round : {RoundType::TiesToEven, RoundType::TiesAwayFromZero}) {
    const std::string name = round == RoundType::TiesToEven ? "even" : "away";
    add("other_quantize_dequantize/" + name, {0, 2.0 * 401408}, 1, [=] {
      return [=, x = Floats(401408), y = Floats(401408)]() mutable {
        quantize_dequantize(401408, x, 0.9f, 8, round, y);
      };
    });
  }
  add("other_abs_max/401408", {0, 401408}, 1, [=] {
    return [=, x = Floats(401408)]() mutable { benchmark::DoNotOptimize(abs_max(401408, x)); };
  });
  add("other_nchw_to_nhwc/64x512x49", {0, 2.0 * kBatch * 512 * 49}, 1, [=] {
    return [=, x = Floats(kBatch * 512 * 49), y = Floats(kBatch * 512 * 49)]() mutable {
      nchw_to_nhwc(kBatch, 512, 49, x, y);
    };
  });
}

void add_head() {
  const PoolShape shape{.n = kBatch, .h = 1, .w = 1, .c = 1024, .oh = 1, .ow = 1, .adaptive = true};
  add("head_pool_forward", {0, 2.0 * kBatch * 1024}, 1, [=] {
    return [=, x = Floats(kBatch * 1024), y = Floats(kBatch * 1024)]() mutable {
      avg_pool_forward(shape, x, y);
    };
  });
  add("head_pool_backward", {0, 2.0 * kBatch * 1024}, 1, [=] {
    return [=, dy = Floats(kBatch * 1024), dx = Floats(kBatch * 1024)]() mutable {
      avg_pool_backward(shape, dy, dx);
    };
  });
  add("head_softmax_cross_entropy", {0, 2.0 * kBatch * 10}, 1, [=] {
    return [=,
            logits = Floats(kBatch * 10),
            labels = std::vector<int64_t>(kBatch, 3),
            softmax = Floats(kBatch * 10),
            loss = Floats(kBatch)]() mutable {
      softmax_cross_entropy_forward(kBatch, 10, logits, labels.data(), -100, softmax, loss);
    };
  });
  constexpr int64_t kSize = 1536;
  add("peak_gemm/1536", {2.0 * kSize * kSize * kSize, 3.0 * kSize * kSize}, 1, [=] {
    return [=,
            a = Floats(kSize * kSize),
            b = Floats(kSize * kSize),
            c = Floats(kSize * kSize),
            scratch = Floats(parallel_gemm_workspace_floats(kSize, kSize, kSize))]() mutable {
      parallel_gemm(false, false, kSize, kSize, kSize, a, kSize, b, kSize, 0.0f, c, kSize, scratch);
    };
  });
}

}  // namespace
}  // namespace intact::cpu

int main(int argc, char** argv) {
  intact::cpu::add_convolutions();
  intact::cpu::add_pointwise();
  intact::cpu::add_batch_norm();
  intact::cpu::add_flat();
  intact::cpu::add_head();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 1;
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
