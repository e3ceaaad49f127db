#include "mcnemar.h"

#include <algorithm>
#include <cmath>

namespace intact::tools {

double mcnemar_exact_p(int64_t only_a, int64_t only_b) {
  const auto n = static_cast<double>(only_a + only_b);
  double sum = 0;
  for (int64_t i = 0; i <= std::min(only_a, only_b); ++i) {
    const auto k = static_cast<double>(i);
    const double log_choose = std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
    sum += std::exp(log_choose - n * std::log(2.0));
  }
  return std::min(1.0, 2 * sum);
}

}  // namespace intact::tools
