#include "progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace intact::tools {
namespace {

constexpr int kBarWidth = 28;
constexpr auto kRedrawInterval = std::chrono::milliseconds(100);

double seconds_between(std::chrono::steady_clock::time_point from,
                       std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

Progress::Progress(std::string title, int64_t total, int64_t plain_every)
    : title_(std::move(title)),
      total_(std::max<int64_t>(1, total)),
      plain_every_(plain_every),
      is_terminal_(isatty(STDERR_FILENO) == 1),
      start_(std::chrono::steady_clock::now()),
      last_draw_(start_ - kRedrawInterval) {}

Progress::~Progress() {
  finish();
}

void Progress::update(int64_t done, const std::string& text) {
  if (!is_terminal_) {
    if (done % plain_every_ == 0 || done == total_) {
      fmt::print(stderr, "{} {}/{} {}\n", title_, done, total_, text);
    }
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  if (now - last_draw_ >= kRedrawInterval || done == total_) {
    last_draw_ = now;
    draw(done, text);
  }
}

void Progress::draw(int64_t done, const std::string& text) {
  const double seconds = seconds_between(start_, std::chrono::steady_clock::now());
  const double left =
      done > 0 ? seconds / static_cast<double>(done) * static_cast<double>(total_ - done) : 0;
  const auto filled = static_cast<size_t>(std::min<int64_t>(kBarWidth, done * kBarWidth / total_));
  fmt::print(stderr,
             "\r\x1b[K{} [{}{}] {}/{} {} {} left",
             title_,
             std::string(filled, '#'),
             std::string(kBarWidth - filled, '.'),
             done,
             total_,
             text,
             format_seconds(left));
  std::fflush(stderr);
  is_drawn_ = true;
}

void Progress::finish() {
  if (is_drawn_) {
    fmt::print(stderr, "\n");
    is_drawn_ = false;
  }
}

std::string format_seconds(double seconds) {
  if (seconds < 60) {
    return fmt::format("{:.1f} s", seconds);
  }
  const auto whole = static_cast<int64_t>(seconds);
  return fmt::format("{} m {:02} s", whole / 60, whole % 60);
}

std::string format_bytes(uint64_t bytes) {
  if (bytes >= 1000000) {
    return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
  }
  return fmt::format("{:.0f} kB", static_cast<double>(bytes) / 1e3);
}

}  // namespace intact::tools
