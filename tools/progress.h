#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace intact::tools {

/// Progress of long work on standard error: a bar that redraws itself on a terminal, a plain line
/// now and then elsewhere.
class Progress {
 public:
  /// total: number of steps. plain_every: a plain line each so many steps.
  Progress(std::string title, int64_t total, int64_t plain_every = 100);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// done: steps finished so far, text: what to show beside them ("loss 0.123").
  void update(int64_t done, const std::string& text);
  /// Ends the bar's line.
  void finish();

 private:
  void draw(int64_t done, const std::string& text);

  std::string title_;
  int64_t total_;
  int64_t plain_every_;
  bool is_terminal_;
  bool is_drawn_ = false;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_draw_;
};

/// "2 m 05 s", "12.3 s".
std::string format_seconds(double seconds);
/// "12.4 MB", "830 kB".
std::string format_bytes(uint64_t bytes);

}  // namespace intact::tools
