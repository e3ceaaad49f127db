#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "intact/data/data_loader.h"
#include "intact/ir/program.h"
#include "intact/ir/scope.h"
#include "intact/runtime/executor.h"

namespace intact {

/// Brings a training back to its last finite state. Every kSnapshotInterval iterations it copies
/// the tensors the program writes; training is deterministic, so any later state is found again by
/// running the batches since. That costs next to nothing while all goes well.
class Rollback {
 public:
  static constexpr int64_t kSnapshotInterval = 64;

  /// loss: the name that is fetched, may be empty.
  Rollback(const Program& program, Scope& scope, std::string loss);

  /// Before iteration `index`, which will run as `run_index`. Takes the snapshot when it is due;
  /// false when the state is not finite. Throws: InvalidArgument when it was not from the start.
  bool before_iteration(int64_t index, uint64_t run_index);
  /// Every tensor the program writes holds finite values only.
  bool is_state_finite() const;

  struct Failure {
    int64_t iteration = 0;  // the first that made a value that is not finite
    std::string op;         // what find_first_nonfinite says of it; empty when it finds none
  };
  /// Leaves the Scope as it was before Failure::iteration, which is at most `last`.
  /// replay: the same epoch, not begun. prepare: called with each iteration before it runs.
  Failure restore(Executor& executor,
                  DataLoader& replay,
                  int64_t last,
                  const std::function<void(int64_t)>& prepare);

 private:
  std::vector<Tensor> copy_state() const;
  void set_state(const std::vector<Tensor>& state);

  const Program& program_;
  Scope& scope_;
  std::string loss_;
  std::vector<std::string> names_;  // persistables the program writes
  std::vector<Tensor> snapshot_;
  int64_t iteration_ = -1;
  uint64_t run_index_ = 0;
};

}  // namespace intact
