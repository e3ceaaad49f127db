#pragma once

#include <string>
#include <vector>

#include "intact/ir/program.h"
#include "intact/ir/scope.h"
#include "intact/train/event_writer.h"
#include "intact/train/loops.h"

namespace intact::tools {

/// A training's curves and quantization scales as TensorBoard's scalars.
class TrainingEvents {
 public:
  /// Writes to a new file in `directory`. program: the one that is trained.
  TrainingEvents(const std::string& directory, const Program& program);

  /// iteration: counted from 1 over the whole training. The scales are those it left in `scope`.
  void add(int64_t iteration, const Iteration& done, double learning_rate, const Scope& scope);
  void finish(int64_t iteration, const Metrics& test);

 private:
  struct Scale {
    std::string tag;
    std::string var;
  };

  EventWriter writer_;
  std::vector<Scale> scales_;
};

}  // namespace intact::tools
