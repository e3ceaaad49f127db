#pragma once

#include <variant>

#include "intact/ir/program.h"

namespace intact::nn {

struct Constant {
  float value = 0.0f;
};
struct Uniform {
  float low = -1.0f;
  float high = 1.0f;
};
struct Normal {
  float mean = 0.0f;
  float std = 1.0f;
};
/// Normal, drawn anew beyond two standard deviations.
struct TruncatedNormal {
  float mean = 0.0f;
  float std = 1.0f;
};
/// U(-L, L), L = sqrt(6 / fan_in). Also called MSRA. Source: He et al. 2015; spec 1.2.
struct KaimingUniform {};
/// N(0, sqrt(2 / fan_in)).
struct KaimingNormal {};
/// U(-L, L), L = sqrt(6 / (fan_in + fan_out)). Source: Glorot and Bengio 2010.
struct XavierUniform {};
/// N(0, sqrt(2 / (fan_in + fan_out))).
struct XavierNormal {};

using Initializer = std::variant<Constant,
                                 Uniform,
                                 Normal,
                                 TruncatedNormal,
                                 KaimingUniform,
                                 KaimingNormal,
                                 XavierUniform,
                                 XavierNormal>;

/// Appends the op that fills `var`, a Var of the startup Program `startup`, to its first block. A
/// random op gets a `seed` attribute drawn from startup's random_seed and the Var's name, so every
/// parameter has its own stream and a saved Program says which.
/// fan_in and fan_out: rank 2 [in,out], else [out,in,spatial...].
void append_initializer(Program& startup, Var& var, const Initializer& initializer);

}  // namespace intact::nn
