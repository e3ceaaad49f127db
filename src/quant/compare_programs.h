#pragma once

#include <string>
#include <vector>

#include "intact/interop/inference_model.h"

namespace intact {

/// One sentence for each place where two models do not compute the same ops on the same constants,
/// seen from their outputs. Names of what is between feeds and fetches do not matter.
std::vector<std::string> compare_programs(const InferenceModel& expected,
                                          const InferenceModel& found);

}  // namespace intact
