#include "runtime/integer/reference.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tensor/affine_quantize.h"

namespace intact::integer {
namespace {

int32_t accumulate(const ReferenceConv& conv, int64_t n, int64_t oy, int64_t ox, int64_t o) {
  const cpu::ConvShape& s = conv.shape;
  const int64_t channels = s.ci / s.groups;
  const int64_t first = o / (s.co / s.groups) * channels;
  int32_t acc = conv.bias[o];
  for (int64_t ky = 0; ky < s.kh; ++ky) {
    for (int64_t kx = 0; kx < s.kw; ++kx) {
      const int64_t y = oy * s.stride_h - s.pad_top + ky * s.dilation_h;
      const int64_t x = ox * s.stride_w - s.pad_left + kx * s.dilation_w;
      if (y < 0 || y >= s.h || x < 0 || x >= s.w) {
        continue;
      }
      const uint8_t* pixel = conv.x + ((n * s.h + y) * s.w + x) * s.ci + first;
      for (int64_t i = 0; i < channels; ++i) {
        acc += (code_value(conv.type, pixel[i]) - conv.x_zero_point) *
               conv.w[((o * channels + i) * s.kh + ky) * s.kw + kx];
      }
    }
  }
  return acc;
}

struct Window {
  int64_t top, bottom, left, right, divisor;
};

Window window_of(const cpu::PoolShape& s, int64_t oy, int64_t ox) {
  if (s.adaptive) {
    const Window w = {oy * s.h / s.oh,
                      ((oy + 1) * s.h + s.oh - 1) / s.oh,
                      ox * s.w / s.ow,
                      ((ox + 1) * s.w + s.ow - 1) / s.ow,
                      0};
    return {w.top, w.bottom, w.left, w.right, (w.bottom - w.top) * (w.right - w.left)};
  }
  const int64_t top = oy * s.stride_h - s.pad_top;
  const int64_t left = ox * s.stride_w - s.pad_left;
  Window w = {std::max<int64_t>(top, 0),
              std::min(top + s.kh, s.h),
              std::max<int64_t>(left, 0),
              std::min(left + s.kw, s.w),
              s.kh * s.kw};
  if (s.exclusive) {
    w.divisor = (w.bottom - w.top) * (w.right - w.left);
  }
  return w;
}

// write(window, image and channel's first code, where the result goes)
template <class Write>
void for_windows(const cpu::PoolShape& s, const uint8_t* x, uint8_t* y, const Write& write) {
  for (int64_t n = 0; n < s.n; ++n) {
    for (int64_t oy = 0; oy < s.oh; ++oy) {
      for (int64_t ox = 0; ox < s.ow; ++ox) {
        for (int64_t c = 0; c < s.c; ++c) {
          uint8_t& result = y[((n * s.oh + oy) * s.ow + ox) * s.c + c];
          result = write(window_of(s, oy, ox), x + n * s.h * s.w * s.c + c);
        }
      }
    }
  }
}

}  // namespace

void reference_conv(const ReferenceConv& conv) {
  const cpu::ConvShape& s = conv.shape;
  const cpu::Requantize& r = conv.requantize;
  int64_t y = 0;
  for (int64_t n = 0; n < s.n; ++n) {
    for (int64_t oy = 0; oy < s.oh; ++oy) {
      for (int64_t ox = 0; ox < s.ow; ++ox) {
        for (int64_t o = 0; o < s.co; ++o, ++y) {
          const int32_t acc = accumulate(conv, n, oy, ox, o);
          if (conv.codes != nullptr) {
            conv.codes[y] =
                static_cast<uint8_t>(requantize(acc, r.multiplier[o], r.zero_point, {r.lo, r.hi}));
          } else {
            conv.reals[y] = std::clamp(static_cast<float>(acc) * r.multiplier[o], r.low, r.high);
          }
        }
      }
    }
  }
}

std::vector<uint8_t> product_table(const cpu::CodeScale& a,
                                   const cpu::CodeScale& b,
                                   const cpu::CodeScale& y) {
  const float multiplier = a.step * b.step / y.step;
  std::vector<uint8_t> table(65536);
  for (size_t i = 0; i < table.size(); ++i) {
    const int32_t x = code_value(a.type, static_cast<uint8_t>(i >> 8)) - a.zero_point;
    const int32_t factor = code_value(b.type, static_cast<uint8_t>(i)) - b.zero_point;
    const float scaled = static_cast<float>(x * factor) * multiplier;
    const float code = scaled + static_cast<float>(y.zero_point);
    table[i] = static_cast<uint8_t>(round_to_code(code, 0, {y.lo, y.hi}));
  }
  return table;
}

void reference_quantize(int64_t n, const float* x, const cpu::CodeScale& scale, uint8_t* codes) {
  for (int64_t i = 0; i < n; ++i) {
    codes[i] = static_cast<uint8_t>(
        quantize_affine(x[i], scale.step, scale.zero_point, {scale.lo, scale.hi}));
  }
}

void reference_dequantize(int64_t n, const uint8_t* codes, const cpu::CodeScale& scale, float* y) {
  for (int64_t i = 0; i < n; ++i) {
    y[i] = dequantize_affine(code_value(scale.type, codes[i]), scale.step, scale.zero_point);
  }
}

void reference_add(
    int64_t n, const uint8_t* a, const uint8_t* b, const cpu::CodeAdd& add, uint8_t* y) {
  for (int64_t i = 0; i < n; ++i) {
    const auto code_a = static_cast<float>(code_value(add.a_type, a[i]));
    const auto code_b = static_cast<float>(code_value(add.b_type, b[i]));
    const float part = std::fma(code_b, add.ratio_b, add.offset);
    y[i] = static_cast<uint8_t>(
        round_to_code(std::fma(code_a, add.ratio_a, part), 0, {add.lo, add.hi}));
  }
}

void reference_max_pool(const cpu::PoolShape& s, cpu::CodeType type, const uint8_t* x, uint8_t* y) {
  for_windows(s, x, y, [&](const Window& w, const uint8_t* image) {
    int32_t max = -128;
    for (int64_t row = w.top; row < w.bottom; ++row) {
      for (int64_t column = w.left; column < w.right; ++column) {
        max = std::max(max, code_value(type, image[(row * s.w + column) * s.c]));
      }
    }
    return static_cast<uint8_t>(max);
  });
}

void reference_average_pool(const cpu::PoolShape& s,
                            const cpu::AverageCodes& average,
                            const uint8_t* x,
                            uint8_t* y) {
  for_windows(s, x, y, [&](const Window& w, const uint8_t* image) {
    int32_t acc = 0;
    for (int64_t row = w.top; row < w.bottom; ++row) {
      for (int64_t column = w.left; column < w.right; ++column) {
        acc += code_value(average.type, image[(row * s.w + column) * s.c]) - average.x_zero_point;
      }
    }
    const float multiplier = average.x_step / (average.y_step * static_cast<float>(w.divisor));
    return static_cast<uint8_t>(
        requantize(acc, multiplier, average.zero_point, {average.lo, average.hi}));
  });
}

}  // namespace intact::integer
