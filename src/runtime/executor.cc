#include "intact/runtime/executor.h"

#include <algorithm>
#include <list>

#include "backend/cpu/instruction_set.h"
#include "base/check.h"
#include "intact/ir/interpret.h"
#include "runtime/fusion.h"
#include "runtime/plan.h"

namespace intact {
namespace {

/// Plans kept; a Program that changes all the time must not fill the memory.
constexpr size_t kMaxPlans = 64;

struct FeedKey {
  std::string name;
  DType dtype;
  Shape shape;
};

/// What a Plan was compiled for, apart from the Scope's dtypes and shapes, which it checks itself.
struct PlanKey {
  uint64_t program_id = 0;
  uint64_t version = 0;
  std::vector<FeedKey> feeds;
  std::vector<std::string> fetches;
  std::string guard_finite;
  const Scope* scope = nullptr;

  PlanKey(const Program& program,
          const TensorMap& feed_map,
          const std::vector<std::string>& fetch_names,
          const std::string& guard,
          const Scope& from)
      : program_id(program.id()),
        version(program.version()),
        fetches(fetch_names),
        guard_finite(guard),
        scope(&from) {
    for (const auto& [name, tensor] : feed_map) {
      feeds.push_back({name, tensor.dtype(), tensor.shape()});
    }
  }

  bool matches(const Program& program,
               const TensorMap& feed_map,
               const std::vector<std::string>& fetch_names,
               const std::string& guard,
               const Scope& from) const {
    return program_id == program.id() && version == program.version() && scope == &from &&
           fetches == fetch_names && guard_finite == guard &&
           std::equal(feeds.begin(),
                      feeds.end(),
                      feed_map.begin(),
                      feed_map.end(),
                      [](const FeedKey& key, const auto& feed) {
                        return key.dtype == feed.second.dtype() && key.name == feed.first &&
                               key.shape == feed.second.shape();
                      });
  }
};

struct CachedPlan {
  PlanKey key;
  std::unique_ptr<Plan> plan;
};

}  // namespace

struct Executor::Impl {
  ExecutorOptions options;
  uint64_t run_index = 0;
  int64_t compile_count = 0;
  size_t peak_arena_bytes = 0;
  Arena arena;
  std::list<CachedPlan> plans;  // most recently used first

  /// The Plan, bound to the Scope.
  Plan& plan(const Program& program,
             const TensorMap& feeds,
             const std::vector<std::string>& fetches,
             Scope& scope,
             const std::string& guard) {
    auto it = std::find_if(plans.begin(), plans.end(), [&](const CachedPlan& cached) {
      return cached.key.matches(program, feeds, fetches, guard, scope);
    });
    if (it != plans.end() && it->plan->bind(scope)) {
      plans.splice(plans.begin(), plans, it);
      return *plans.front().plan;
    }
    if (it != plans.end()) {
      plans.erase(it);
    }
    auto plan = std::make_unique<Plan>(
        program,
        feeds,
        fetches,
        scope,
        PlanOptions{.disabled_fusions = options.disabled_fusions, .guard_finite = guard});
    ++compile_count;
    peak_arena_bytes = std::max(peak_arena_bytes, plan->arena_bytes());
    if (!plan->bind(scope)) {
      fail(ErrorCode::Internal, "executor: a new plan does not fit its scope; report this program");
    }
    plans.push_front({PlanKey(program, feeds, fetches, guard, scope), std::move(plan)});
    if (plans.size() > kMaxPlans) {
      plans.pop_back();
    }
    return *plans.front().plan;
  }
};

Executor::Executor(Place place, ExecutorOptions options) : impl_(std::make_unique<Impl>()) {
  if (const auto* cuda = std::get_if<CudaPlace>(&place)) {
    fail(ErrorCode::Unsupported,
         "executor: CudaPlace({}) was asked for but this build has no CUDA backend; use CpuPlace",
         cuda->device);
  }
  cpu::limit_instruction_set();
  check_fusion_names(options.disabled_fusions);
  impl_->options = std::move(options);
}
Executor::Executor(Executor&&) noexcept = default;
Executor& Executor::operator=(Executor&&) noexcept = default;
Executor::~Executor() = default;

std::vector<Tensor> Executor::run(const Program& program,
                                  const TensorMap& feeds,
                                  const std::vector<std::string>& fetches,
                                  Scope& scope,
                                  const RunOptions& options) {
  const uint64_t run_index = impl_->run_index++;
  if (impl_->options.use_reference) {
    return interpret(program, feeds, fetches, scope, {.run_index = run_index});
  }
  Plan& plan = impl_->plan(program, feeds, fetches, scope, options.guard_finite);
  std::optional<std::vector<Tensor>> results =
      plan.run(feeds, impl_->arena, {.run_index = run_index, .is_timed = impl_->options.profile});
  if (!results.has_value()) {
    const std::optional<std::string> first = find_first_nonfinite(program, feeds, scope, run_index);
    fail(ErrorCode::InvalidArgument,
         "run: '{}' is not finite{}; parameters are as before this run, lower the learning rate or "
         "check the data",
         plan.nonfinite(),
         first.has_value() ? ", first in " + *first : "");
  }
  return std::move(*results);
}

uint64_t Executor::run_index() const {
  return impl_->run_index;
}
void Executor::set_run_index(uint64_t run_index) {
  impl_->run_index = run_index;
}

std::string Executor::describe(const Program& program,
                               const TensorMap& feeds,
                               const std::vector<std::string>& fetches,
                               Scope& scope) {
  const Plan plan(program,
                  feeds,
                  fetches,
                  scope,
                  PlanOptions{.disabled_fusions = impl_->options.disabled_fusions});
  return plan.to_string();
}

std::vector<ProfileRow> Executor::profile() const {
  std::vector<ProfileRow> rows;
  for (auto it = impl_->plans.rbegin(); it != impl_->plans.rend(); ++it) {
    it->plan->append_profile(rows);
  }
  return rows;
}

int64_t Executor::compile_count() const {
  return impl_->compile_count;
}

size_t Executor::peak_arena_bytes() const {
  return impl_->peak_arena_bytes;
}

}  // namespace intact
