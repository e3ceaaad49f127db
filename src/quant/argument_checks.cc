#include "quant/argument_checks.h"

#include <algorithm>

#include "base/check.h"
#include "base/nearest.h"

namespace intact {

void check_place(const char* where, const Place& place) {
  if (const auto* cuda = std::get_if<CudaPlace>(&place)) {
    fail(ErrorCode::Unsupported,
         "{}: CudaPlace({}) was asked for but this build has no CUDA backend; use CpuPlace",
         where,
         cuda->device);
  }
}

void check_disabled(const char* where,
                    const std::vector<std::string>& disabled,
                    const std::vector<std::string>& known) {
  for (const std::string& name : disabled) {
    const std::string near = nearest(name, known);
    check(std::ranges::count(known, name) > 0,
          "{}: no pass '{}'{}; valid are {}",
          where,
          name,
          near.empty() ? "" : fmt::format(", the nearest is '{}'", near),
          fmt::join(known, ", "));
  }
}

}  // namespace intact
