#pragma once

#include <functional>
#include <string>
#include <vector>

#include "intact/ir/pass_report.h"
#include "intact/ir/program.h"
#include "quant/convert_context.h"
#include "quant/quant_context.h"

namespace intact {

template <class Context>
struct QuantPass {
  std::string name;
  PassReport (*run)(Program&, Context&);
};

const std::vector<QuantPass<const QuantContext>>& quant_aware_pipeline();
const std::vector<QuantPass<ConvertContext>>& convert_pipeline(bool onnx_format);
/// Makes the int8 program of the float program.
const std::vector<QuantPass<ConvertContext>>& int8_pipeline(bool onnx_format);

}  // namespace intact
