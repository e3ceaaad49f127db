#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "intact/ir/program.h"
#include "intact/ir/scope.h"

namespace intact {

/// What a training needs to know, besides programs and tensors, to go on bit for bit.
struct RunInfo {
  std::string model = {};  // name for build_model
  int class_dim = 10;
  float scale = 1.0f;
  bool softmax_output = false;
  int64_t batch_size = 64;
  uint64_t seed = 0;
  int64_t epochs = 1;  // asked for
  int64_t epoch = 0;   // the data cursor: epoch and iteration that come next
  int64_t iteration = 0;
  uint64_t run_index = 0;  // Executor::run_index()
  // Names of Vars.
  std::string image = "image";
  std::string label = "label";
  std::string output = {};
  std::string top1 = {};
  std::string top5 = {};
  std::string loss = {};
  std::string learning_rate = {};
  /// Anything else a tool wants to find again: schedule, quantization config, results.
  std::map<std::string, std::string> config = {};

  bool operator==(const RunInfo&) const = default;
};

/// A training as it was saved.
struct SavedRun {
  RunInfo info;
  std::map<std::string, Program> programs;  // by role: "train", "test", "startup", ...
  Scope scope;                              // every persistable of the programs
};

/// A directory that holds a SavedRun: run.json (RunInfo, and name, size and SHA-256 of the other
/// files), one `<role>-<hash>.program.txt` per Program, and `tensors-<hash>.pdiparams`.
class RunDirectory {
 public:
  explicit RunDirectory(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  bool exists() const;

  /// The files carry their content's hash in their names and run.json is replaced last, so that
  /// whatever interrupts the save leaves the earlier Run or this one. Persistables that `scope`
  /// lacks are left out. The same Run gives the same bytes. Throws: Io.
  void save(const RunInfo& info,
            const std::map<std::string, const Program*>& programs,
            const Scope& scope) const;

  /// Throws: NotFound (no Run there), Io, Format (file and reason).
  SavedRun load() const;

 private:
  std::string path_;
};

}  // namespace intact
