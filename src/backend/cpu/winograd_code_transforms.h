#pragma once

#include <cstdint>

#include "backend/cpu/winograd_transforms.h"

// The transforms of F(2x2,3x3) on codes, in whole numbers; channels and columns are multiples of
// kCodeGroup. `plane`: what lies between two of the 16 products.
namespace intact::cpu {

inline constexpr int64_t kCodeGroup = 16;

/// v [16][tile][channels] of tiles [begin,end) from x: B^T x B. zeros: as many as channels.
void spread_code_inputs(const WinogradTiles& tiles,
                        int64_t begin,
                        int64_t end,
                        const int8_t* x,
                        const int8_t* zeros,
                        int16_t* v,
                        int64_t plane);

/// u [16][columns] from w [9,columns]: 4 G w G^T.
void spread_code_weights(int64_t columns, const int8_t* w, int16_t* u, int64_t plane);

/// y of tiles [begin,end) from m [16][tile][columns]: A^T m A / 4 * multiplier [columns]. y has
/// `channels` a pixel.
void gather_code_outputs(const WinogradTiles& tiles,
                         int64_t begin,
                         int64_t end,
                         int64_t columns,
                         const int32_t* m,
                         int64_t plane,
                         const float* multiplier,
                         float* y,
                         int64_t channels);

}  // namespace intact::cpu
