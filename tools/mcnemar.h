#pragma once

#include <cstdint>

namespace intact::tools {

/// Two-sided exact p-value of McNemar's test: of `only_a + only_b` images that one model alone gets
/// right, how unlikely is a split at least as uneven if both are equally good.
/// p = min(1, 2 * sum over i <= min(only_a, only_b) of C(n, i) / 2^n).
double mcnemar_exact_p(int64_t only_a, int64_t only_b);

}  // namespace intact::tools
