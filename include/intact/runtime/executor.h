#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "intact/ir/program.h"
#include "intact/ir/scope.h"
#include "intact/runtime/place.h"
#include "intact/tensor/tensor.h"

namespace intact {

struct ExecutorOptions {
  /// Run every op's reference kernel instead of a compiled Plan: the definition, slow.
  bool use_reference = false;
  /// Names of fusions to leave out; plan_fusions() lists them. This is how a wrong result is
  /// bisected.
  std::vector<std::string> disabled_fusions = {};
  /// Time every step; profile() has the sums.
  bool profile = false;
};

struct RunOptions {
  /// Name of a Var, usually the loss. When an op has written it and it, or a persistable written
  /// so far (moving statistics, scales), is not finite, the run stops, the Scope is put back to
  /// what it was, and run() throws, naming the first op that made such a value. The same holds for
  /// any other error up to that point. Not with ExecutorOptions::use_reference.
  std::string guard_finite = {};
};

/// What one step of the compiled Plans has cost so far.
struct ProfileRow {
  std::string name;    // of the op: "conv2d 'conv1.tmp_0'"
  std::string kind;    // op type or fused kind
  std::string kernel;  // "reference" when there is no fast one
  int64_t calls = 0;
  double seconds = 0;  // over all calls
  double flops = 0;    // of one call; 0 where it means nothing
  double bytes = 0;    // read and written by one call
};

/// Runs Programs. Compiles a Plan once per (Program version, feed shapes, fetches) and then only
/// runs kernels.
class Executor {
 public:
  /// Throws: Unsupported for CudaPlace, InvalidArgument for an unknown fusion.
  explicit Executor(Place place = CpuPlace{}, ExecutorOptions options = {});
  Executor(Executor&&) noexcept;
  Executor& operator=(Executor&&) noexcept;
  ~Executor();

  /// feeds: a tensor per data Var that an op reads. Returns the fetched tensors in order (the
  /// caller's own copies). Persistable Vars are read from and written to `scope`. Throws:
  /// InvalidArgument (missing or misshapen feed, a guarded Var that is not finite), NotFound
  /// (fetch, parameter).
  std::vector<Tensor> run(const Program& program,
                          const TensorMap& feeds = {},
                          const std::vector<std::string>& fetches = {},
                          Scope& scope = global_scope(),
                          const RunOptions& options = {});

  /// How often run() was called; random ops draw from it. Set it to resume bit for bit.
  uint64_t run_index() const;
  void set_run_index(uint64_t run_index);

  /// The Plan that run() would use, as text: steps with kernels, layouts, fusions, arena size.
  std::string describe(const Program& program,
                       const TensorMap& feeds = {},
                       const std::vector<std::string>& fetches = {},
                       Scope& scope = global_scope());
  /// Rows in running order, Plans in order of compilation. Empty without ExecutorOptions::profile.
  std::vector<ProfileRow> profile() const;
  /// How often a Plan was compiled, for tests of the cache.
  int64_t compile_count() const;
  /// Bytes of activation memory of the largest Plan.
  size_t peak_arena_bytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Names for ExecutorOptions::disabled_fusions, in the order the fusions run.
std::vector<std::string> plan_fusions();

/// Runs the Program op by op on a copy of `scope` and names the first op whose float output has a
/// NaN or infinity, as "conv2d 'conv1.tmp_0': Output 'conv1.tmp_0' has nan at element 17"; nullopt
/// when there is none.
std::optional<std::string> find_first_nonfinite(const Program& program,
                                                const TensorMap& feeds,
                                                const Scope& scope,
                                                uint64_t run_index = 0);

}  // namespace intact
