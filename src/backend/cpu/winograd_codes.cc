#define HWY_WANT_AVX3_DL 1  // VNNI

#include "backend/cpu/winograd_codes.h"

#include <algorithm>

#include "backend/cpu/parts.h"
#include "backend/cpu/tap_order.h"
#include "backend/cpu/transpose.h"
#include "backend/cpu/winograd_code_transforms.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/winograd_codes.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/code_dot-inl.h"

// Spread inputs are [16 products][tile][channels] of 16 bits, spread weights [16 products][group of
// 16 output channels][pair of channels][16][2], products [16][tile][output channels of a chunk] of
// 32. A block of tiles goes through all three stages while it is in the second-level cache.
HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

bool prefers_pairs_of_words() {
  return HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3;
}

#if INTACT_HAS_CODE_DOT

// sum + the products of two pairs of words, in every lane.
HWY_INLINE DotVector add_word_pairs(DotVector sum, DotVector x, DotVector w) {
#if INTACT_CODE_DOT_512
  return _mm512_add_epi32(sum, _mm512_madd_epi16(x, w));
#else
  return _mm256_add_epi32(sum, _mm256_madd_epi16(x, w));
#endif
}

HWY_INLINE void store_sums(DotVector sums, int32_t* out) {
#if INTACT_CODE_DOT_512
  _mm512_storeu_si512(out, sums);
#else
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), sums);
#endif
}

// out [kRows, kVectors * kDotLanes], rows `stride` apart, of words x [kRows, depth] and weights u.
template <int kRows, int kVectors>
HWY_INLINE void word_tile(
    int64_t depth, const int16_t* x, const int16_t* u, int32_t* out, int64_t stride) {
  constexpr int64_t kVectorsOfGroup = kCodeGroup / kDotLanes;
  DotVector sums[kRows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      sums[r][v] = DotVector{};
    }
  }
  const auto* b = reinterpret_cast<const int8_t*>(u);
  const int64_t group = depth * kCodeGroup * 2;
  for (int64_t k = 0; k < depth; k += 2, b += 4 * kCodeGroup) {
    DotVector w[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      w[v] = load_codes(b + v / kVectorsOfGroup * group + v % kVectorsOfGroup * kDotLanes * 4);
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const auto* pair = reinterpret_cast<const int8_t*>(x + r * depth + k);
      const DotVector both = broadcast_codes<CodeRange::Unsigned7>(pair);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) {
        sums[r][v] = add_word_pairs(sums[r][v], both, w[v]);
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      store_sums(sums[r][v], out + r * stride + v * kDotLanes);
    }
  }
}

template <int kVectors>
HWY_INLINE void word_rows(
    int64_t rows, int64_t depth, const int16_t* x, const int16_t* u, int32_t* out, int64_t stride) {
  int64_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    word_tile<4, kVectors>(depth, x + row * depth, u, out + row * stride, stride);
  }
  for (; row < rows; ++row) {
    word_tile<1, kVectors>(depth, x + row * depth, u, out + row * stride, stride);
  }
}

// out [rows, columns] of words x [rows, depth] and the packed weights u of `columns` outputs.
void multiply_words(int64_t rows,
                    int64_t columns,
                    int64_t depth,
                    const int16_t* x,
                    const int16_t* u,
                    int32_t* out) {
  constexpr int64_t kWide = kTileVectors * kDotLanes;
  int64_t column = 0;
  for (; column + kWide <= columns; column += kWide) {
    word_rows<kTileVectors>(rows, depth, x, u + column * depth, out + column, columns);
  }
  for (; column < columns; column += kCodeGroup) {
    constexpr int kVectors = kCodeGroup / kDotLanes;
    word_rows<kVectors>(rows, depth, x, u + column * depth, out + column, columns);
  }
}

#else

void multiply_words(int64_t, int64_t, int64_t, const int16_t*, const int16_t*, int32_t*) {}

#endif

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(prefers_pairs_of_words);
HWY_EXPORT(multiply_words);

namespace {

constexpr int64_t kCodeChunk = 64;          // output channels multiplied at a time
constexpr int64_t kBlockBytes = 640 << 10;  // of a block's spread inputs and products
constexpr int64_t kParts = 8;
constexpr int64_t kTilesAPart = 32;  // at least, so that weights are read few times
constexpr int64_t kAlignment = 64;

int64_t aligned(int64_t bytes) {
  return ceil_div(bytes, kAlignment) * kAlignment;
}

// How tiles and output channels are cut into parts, and where their areas lie.
struct Layout {
  int64_t tile_parts = 1;
  int64_t channel_parts = 1;
  int64_t tiles = 0;  // a block
  int64_t zero_bytes = 0;
  int64_t weight_bytes = 0;
  int64_t input_bytes = 0;  // a part
  int64_t block_bytes = 0;  // a part

  explicit Layout(const ConvShape& s) {
    const int64_t count = input_tiles(s).count();
    while (tile_parts < kParts && count / (2 * tile_parts) >= kTilesAPart) {
      tile_parts *= 2;
    }
    while (tile_parts * channel_parts < kParts && s.co / (2 * channel_parts) >= kCodeChunk) {
      channel_parts *= 2;
    }
    const int64_t chunk = std::min(kCodeChunk, s.co);
    const int64_t bytes_a_tile = kWinogradProducts * (2 * s.ci + 4 * chunk);
    tiles = std::clamp<int64_t>(
        kBlockBytes / bytes_a_tile / 4 * 4, 4, ceil_div(ceil_div(count, tile_parts), 4) * 4);
    zero_bytes = aligned(s.ci);
    weight_bytes = kWinogradProducts * s.co * s.ci * 2;
    input_bytes = kWinogradProducts * tiles * s.ci * 2;
    block_bytes = aligned(bytes_a_tile * tiles);
  }

  int64_t parts() const { return tile_parts * channel_parts; }
};

// The weights of 16 output channels from `first` on, spread and packed.
void pack_group(const ConvShape& s, int64_t first, const int8_t* w, int16_t* packed) {
  constexpr int64_t kChannels = 64;  // at a time
  int8_t taps[kWinogradTaps * kChannels];
  alignas(kAlignment) int16_t spread[kWinogradProducts * kCodeGroup * kChannels];
  for (int64_t channel = 0; channel < s.ci; channel += kChannels) {
    const int64_t count = std::min(kChannels, s.ci - channel);
    const int64_t plane = kCodeGroup * count;
    for (int64_t o = 0; o < kCodeGroup; ++o) {
      const int8_t* from = w + ((first + o) * s.ci + channel) * kWinogradTaps;
      split_taps(count, kWinogradTaps, from, taps, count);
      spread_code_weights(count, taps, spread + o * count, plane);
    }
    for (int64_t product = 0; product < kWinogradProducts; ++product) {
      // A pair of words travels as one float; only its bits are moved.
      int16_t* to = packed + (product * s.co + first) * s.ci + channel * kCodeGroup;
      transpose_block(kCodeGroup,
                      count / 2,
                      reinterpret_cast<const float*>(spread + product * plane),
                      count / 2,
                      reinterpret_cast<float*>(to),
                      kCodeGroup);
    }
  }
}

}  // namespace

bool is_winograd_codes_conv(const ConvShape& s) {
  constexpr int64_t kMaxChannels = 2048;  // 4 * 9 * 128 * 127 times as much fits 31 bits
  return has_winograd_form(s) && s.ci % kCodeGroup == 0 && s.co % kCodeGroup == 0 &&
         std::min(s.ci, s.co) >= kMinWinogradChannels && s.ci <= kMaxChannels &&
         HWY_DYNAMIC_DISPATCH(prefers_pairs_of_words)();
}

int64_t winograd_codes_workspace_bytes(const ConvShape& s) {
  const Layout layout(s);
  return layout.zero_bytes + layout.weight_bytes + layout.parts() * layout.block_bytes;
}

void winograd_codes_forward(const ConvShape& s,
                            const int8_t* x,
                            const int8_t* w,
                            const float* multiplier,
                            float* y,
                            void* workspace) {
  const WinogradTiles tiles = input_tiles(s);
  const Layout layout(s);
  auto* zeros = static_cast<int8_t*>(workspace);
  auto* weights = reinterpret_cast<int16_t*>(zeros + layout.zero_bytes);
  int8_t* blocks = zeros + layout.zero_bytes + layout.weight_bytes;
  std::fill_n(zeros, s.ci, int8_t{0});
  parallel_for(s.co / kCodeGroup,
               [&](int64_t group) { pack_group(s, group * kCodeGroup, w, weights); });
  parallel_for(layout.parts(), [&](int64_t part) {
    const Range range = split_evenly(tiles.count(), layout.tile_parts, part / layout.channel_parts);
    const Range channels =
        split_in_units(s.co, kCodeChunk, layout.channel_parts, part % layout.channel_parts);
    int8_t* block = blocks + part * layout.block_bytes;
    auto* spread = reinterpret_cast<int16_t*>(block);
    auto* products = reinterpret_cast<int32_t*>(block + layout.input_bytes);
    for (int64_t begin = range.begin; begin < range.end; begin += layout.tiles) {
      const int64_t end = std::min(begin + layout.tiles, range.end);
      const int64_t input_plane = layout.tiles * s.ci;
      spread_code_inputs(tiles, begin, end, x, zeros, spread, input_plane);
      for (int64_t first = channels.begin; first < channels.end; first += kCodeChunk) {
        const int64_t columns = std::min(kCodeChunk, channels.end - first);
        const int64_t plane = layout.tiles * columns;
        for (int64_t product = 0; product < kWinogradProducts; ++product) {
          HWY_DYNAMIC_DISPATCH(multiply_words)
          (end - begin,
           columns,
           s.ci,
           spread + product * input_plane,
           weights + (product * s.co + first) * s.ci,
           products + product * plane);
        }
        gather_code_outputs(
            tiles, begin, end, columns, products, plane, multiplier + first, y + first, s.co);
      }
    }
  });
}

}  // namespace intact::cpu
#endif
