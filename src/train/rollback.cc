#include "train/rollback.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/check.h"
#include "train/finite.h"

namespace intact {
namespace {

std::vector<std::string> written_persistables(const Program& program) {
  std::set<std::string> names;
  for (const Op* op : program.ops()) {
    for (const auto& [slot, vars] : op->outputs()) {
      for (const Var* var : vars) {
        if (var->is_persistable()) {
          names.insert(var->name());
        }
      }
    }
  }
  return {names.begin(), names.end()};
}

std::string describe_failure(const Program& program,
                             const TensorMap& batch,
                             const Scope& scope,
                             uint64_t run_index) {
  for (const auto& [name, tensor] : batch) {
    if (!is_finite(tensor)) {
      return fmt::format("the fed '{}'", name);
    }
  }
  return find_first_nonfinite(program, batch, scope, run_index).value_or("");
}

}  // namespace

Rollback::Rollback(const Program& program, Scope& scope, std::string loss)
    : program_(program),
      scope_(scope),
      loss_(std::move(loss)),
      names_(written_persistables(program)) {}

bool Rollback::before_iteration(int64_t index, uint64_t run_index) {
  if (iteration_ >= 0 && index - iteration_ < kSnapshotInterval) {
    return true;
  }
  if (!is_state_finite()) {
    check(iteration_ >= 0,
          "train_epoch: the Scope holds values that are not finite before iteration {}; start from "
          "good parameters",
          index);
    return false;
  }
  snapshot_ = copy_state();
  iteration_ = index;
  run_index_ = run_index;
  return true;
}

bool Rollback::is_state_finite() const {
  return std::all_of(names_.begin(), names_.end(), [&](const std::string& name) {
    const Tensor* tensor = scope_.find(name);
    return tensor == nullptr || is_finite(*tensor);
  });
}

std::vector<Tensor> Rollback::copy_state() const {
  std::vector<Tensor> state;
  state.reserve(names_.size());
  for (const std::string& name : names_) {
    const Tensor* tensor = scope_.find(name);
    state.push_back(tensor == nullptr ? Tensor() : tensor->clone());
  }
  return state;
}

void Rollback::set_state(const std::vector<Tensor>& state) {
  for (size_t i = 0; i < names_.size(); ++i) {
    if (state[i].is_defined()) {
      scope_.set(names_[i], state[i].clone());
    } else {
      scope_.erase(names_[i]);
    }
  }
}

Rollback::Failure Rollback::restore(Executor& executor,
                                    DataLoader& replay,
                                    int64_t last,
                                    const std::function<void(int64_t)>& prepare) {
  set_state(snapshot_);
  executor.set_run_index(run_index_);
  replay.skip(iteration_);
  const std::vector<std::string> fetches =
      loss_.empty() ? std::vector<std::string>{} : std::vector<std::string>{loss_};
  int64_t index = iteration_;
  for (const TensorMap& batch : replay) {
    if (index > last) {
      break;
    }
    const std::vector<Tensor> before = copy_state();
    const uint64_t run_index = executor.run_index();
    prepare(index);
    const std::vector<Tensor> fetched = executor.run(program_, batch, fetches, scope_);
    const bool is_good =
        is_state_finite() && std::all_of(fetched.begin(), fetched.end(), is_finite);
    if (!is_good) {
      set_state(before);
      executor.set_run_index(run_index);
      return {index, describe_failure(program_, batch, scope_, run_index)};
    }
    ++index;
  }
  return {last, ""};
}

}  // namespace intact
