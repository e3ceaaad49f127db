#include "tensorboard.h"

#include <algorithm>
#include <set>

#include "intact/quant/report.h"

namespace intact::tools {
namespace {

constexpr int64_t kScalesEvery = 10;  // iterations; the file is flushed then, too

}  // namespace

TrainingEvents::TrainingEvents(const std::string& directory, const Program& program)
    : writer_(directory) {
  std::set<std::string> seen;
  for (const QuantReport::Entry& entry : inspect_quantization(program, Scope()).ops) {
    for (const QuantReport::Operand& operand : entry.operands) {
      if (!operand.scale_var.empty() && seen.insert(operand.scale_var).second) {
        const char* group = operand.is_weight ? "weight_scale/" : "scale/";
        scales_.push_back({.tag = group + operand.var, .var = operand.scale_var});
      }
    }
  }
  writer_.flush();
}

void TrainingEvents::add(int64_t iteration,
                         const Iteration& done,
                         double learning_rate,
                         const Scope& scope) {
  std::vector<EventWriter::Scalar> scalars = {
      {"loss", done.loss}, {"top1", done.top1}, {"learning_rate", learning_rate}};
  if (done.seconds > 0) {
    scalars.emplace_back("images_per_second", static_cast<double>(done.images) / done.seconds);
  }
  if (iteration % kScalesEvery == 0) {
    for (const Scale& scale : scales_) {
      const Tensor* value = scope.find(scale.var);
      if (value != nullptr && value->dtype() == DType::Float32 && value->numel() > 0) {
        scalars.emplace_back(scale.tag, std::ranges::max(value->values<float>()));
      }
    }
  }
  writer_.add(iteration, scalars);
  if (iteration % kScalesEvery == 0) {
    writer_.flush();
  }
}

void TrainingEvents::finish(int64_t iteration, const Metrics& test) {
  writer_.add(iteration, {{"test/loss", test.loss}, {"test/top1", test.top1}});
  writer_.flush();
}

}  // namespace intact::tools
