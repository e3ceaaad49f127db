#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "base/check.h"
#include "quant/pipelines.h"

namespace intact {

template <class Context>
std::vector<PassReport> run_passes(const std::vector<QuantPass<Context>>& passes,
                                   Program& program,
                                   Context& context,
                                   const std::vector<std::string>& disabled) {
  std::vector<PassReport> reports;
  for (const QuantPass<Context>& pass : passes) {
    if (std::ranges::count(disabled, pass.name) == 0) {
      reports.push_back(pass.run(program, context));
      reports.back().name = pass.name;
    }
  }
  return reports;
}

template <class Context>
std::vector<std::string> names_of(const std::vector<QuantPass<Context>>& passes) {
  std::vector<std::string> names;
  for (const QuantPass<Context>& pass : passes) {
    names.push_back(pass.name);
  }
  return names;
}

}  // namespace intact
