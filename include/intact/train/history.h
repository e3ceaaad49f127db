#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "intact/train/loops.h"
#include "intact/train/metrics.h"

namespace intact {

/// Means over the iterations since the point before.
struct HistoryPoint {
  int64_t iteration = 0;  // the last one, counted from 1 over the whole phase
  double loss = 0.0;
  double top1 = 0.0;
  double learning_rate = 0.0;  // of the last iteration
  double images_per_second = 0.0;
};

/// One training: "train", or the "quantize" that fine-tunes it.
struct HistoryPhase {
  std::string name;
  int64_t iterations = 0;  // so far
  int64_t every = 10;      // iterations a point stands for
  std::vector<HistoryPoint> points = {};
  /// On the test images once the phase is done.
  std::optional<Metrics> test = {};
  std::string arithmetic = {};  // of the test: "float" or "integer"
};

/// The training curves of a run and of the runs it was made from. Bounded: from kMaxPoints points a
/// phase on, two become one. Kept beside a saved run as history.json, which is a function of the
/// training alone, and speed.json, which is not.
class TrainingHistory {
 public:
  static constexpr size_t kMaxPoints = 500;

  /// Empty when the directory has none. Throws: Io, Format.
  static TrainingHistory load(const std::string& directory);
  /// Throws: Io.
  void save(const std::string& directory) const;

  /// Goes on with the last phase when it has that name and had got to `iterations`; else begins
  /// one.
  void begin_phase(const std::string& name, int64_t iterations);
  /// The next iteration of the phase.
  void add(const Iteration& done, double learning_rate);
  void finish_phase(const Metrics& test, const std::string& arithmetic);

  const std::vector<HistoryPhase>& phases() const { return phases_; }

 private:
  /// What has been added since the last point.
  struct Pending {
    int64_t iterations = 0;
    double loss = 0.0;
    double top1 = 0.0;
    int64_t images = 0;
    double seconds = 0.0;
  };

  void close_point(double learning_rate);
  std::string curves_json() const;
  std::string speed_json() const;
  void read_curves(const std::string& text);
  void read_speed(const std::string& text);

  std::vector<HistoryPhase> phases_;
  Pending pending_;
};

}  // namespace intact
