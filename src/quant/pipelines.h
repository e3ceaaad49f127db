#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "intact/ir/pass_report.h"
#include "intact/ir/program.h"
#include "intact/passes/pipeline.h"
#include "quant/convert_context.h"
#include "quant/quant_context.h"

namespace intact {

template <class Context>
struct QuantPass {
  std::string name;
  PassReport (*run)(Program&, Context&);
};
template <class Context>
using QuantPasses = std::vector<QuantPass<Context>>;

const QuantPasses<const QuantContext>& quant_aware_pipeline();
const QuantPasses<ConvertContext>& convert_pipeline(bool onnx_format, bool exact);
/// Makes the int8 program of the float program.
const QuantPasses<ConvertContext>& int8_pipeline(bool onnx_format);

template <class Context>
std::vector<std::string> names_of(const QuantPasses<Context>& passes) {
  std::vector<std::string> names;
  for (const QuantPass<Context>& pass : passes) {
    names.push_back(pass.name);
  }
  return names;
}

/// Runs the passes in order, without those named in `disabled`.
template <class Context>
std::vector<PassReport> run_passes(const QuantPasses<Context>& passes,
                                   Program& program,
                                   Context& context,
                                   const std::vector<std::string>& disabled) {
  std::vector<Pass> bound;
  for (const QuantPass<Context>& pass : passes) {
    if (std::ranges::count(disabled, pass.name) == 0) {
      bound.push_back({pass.name, [run = pass.run, &context](Program& subject) {
                         return run(subject, context);
                       }});
    }
  }
  return run_pipeline(program, bound);
}

}  // namespace intact
