#pragma once

#include <cstdint>

#include "intact/data/data_loader.h"
#include "intact/ir/program.h"
#include "intact/ir/scope.h"
#include "intact/runtime/executor.h"
#include "intact/train/loops.h"

namespace intact {

/// Images [1,8,8] whose class is the bright quarter-column; four classes, easily learnt.
class StripesDataset : public Dataset {
 public:
  explicit StripesDataset(int64_t size) : size_(size) {}
  int64_t size() const override { return size_; }
  Sample get(int64_t index, int64_t epoch = 0) const override;

 private:
  int64_t size_;
};

/// A small network (conv, batch norm, relu, dropout, fc) with momentum, initialized, and its data.
struct TinyTraining {
  static constexpr int64_t kImages = 128;
  static constexpr int64_t kBatch = 16;

  explicit TinyTraining(uint64_t seed = 1);
  DataLoader loader() const;
  /// top-1, top-2 (as top5) and loss of both programs, in `scope`.
  LoopOptions loop();

  StripesDataset dataset{kImages};
  Program main;
  Program startup;
  Program test;
  Scope scope;
  Executor executor;
  std::string output;
  std::string top1;
  std::string top2;
  std::string loss;
};

/// The same names with the same bytes.
bool identical(const Scope& a, const Scope& b);
/// Every float32 element.
bool is_finite(const Scope& scope);

}  // namespace intact
