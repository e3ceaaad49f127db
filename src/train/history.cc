#include "intact/train/history.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/check.h"

namespace intact {
namespace {

using nlohmann::ordered_json;

constexpr const char* kCurvesFile = "/history.json";
constexpr const char* kSpeedFile = "/speed.json";

HistoryPoint mean(const HistoryPoint& first, const HistoryPoint& second) {
  // Equally many images: seconds an image add up.
  const double speeds = first.images_per_second + second.images_per_second;
  return {.iteration = second.iteration,
          .loss = (first.loss + second.loss) / 2,
          .top1 = (first.top1 + second.top1) / 2,
          .learning_rate = second.learning_rate,
          .images_per_second =
              speeds > 0 ? 2 * first.images_per_second * second.images_per_second / speeds : 0};
}

void halve(HistoryPhase& phase) {
  std::vector<HistoryPoint> halved;
  for (size_t i = 0; i + 1 < phase.points.size(); i += 2) {
    halved.push_back(mean(phase.points[i], phase.points[i + 1]));
  }
  phase.points = std::move(halved);
  phase.every *= 2;
}

/// Calls visit(key, member) for each column of the curves.
template <class Visit>
void for_each_column(const Visit& visit) {
  visit("iteration", &HistoryPoint::iteration);
  visit("loss", &HistoryPoint::loss);
  visit("top1", &HistoryPoint::top1);
  visit("learning_rate", &HistoryPoint::learning_rate);
}

template <class Member>
ordered_json column(const std::vector<HistoryPoint>& points, Member member) {
  ordered_json values = ordered_json::array();
  for (const HistoryPoint& point : points) {
    values.push_back(point.*member);
  }
  return values;
}

template <class Member>
void read_column(const ordered_json& values, std::vector<HistoryPoint>& points, Member member) {
  for (size_t i = 0; i < points.size(); ++i) {
    values.at(i).get_to(points[i].*member);
  }
}

ordered_json to_json(const Metrics& metrics, const std::string& arithmetic) {
  return {{"top1", metrics.top1},
          {"top5", metrics.top5},
          {"loss", metrics.loss},
          {"images", metrics.images},
          {"arithmetic", arithmetic}};
}

void read_test(const ordered_json& json, HistoryPhase& phase) {
  phase.test.emplace();
  json.at("top1").get_to(phase.test->top1);
  json.at("top5").get_to(phase.test->top5);
  json.at("loss").get_to(phase.test->loss);
  json.at("images").get_to(phase.test->images);
  json.at("arithmetic").get_to(phase.arithmetic);
}

}  // namespace

void TrainingHistory::begin_phase(const std::string& name, int64_t iterations) {
  const bool goes_on = iterations > 0 && !phases_.empty() && phases_.back().name == name &&
                       phases_.back().iterations == iterations;
  if (!goes_on) {
    phases_.push_back({.name = name, .iterations = iterations});
    pending_ = {};
  }
}

void TrainingHistory::add(const Iteration& done, double learning_rate) {
  pending_.loss += done.loss;
  pending_.top1 += done.top1;
  pending_.images += done.images;
  pending_.seconds += done.seconds;
  ++pending_.iterations;
  ++phases_.back().iterations;
  if (pending_.iterations >= phases_.back().every) {
    close_point(learning_rate);
  }
}

void TrainingHistory::close_point(double learning_rate) {
  HistoryPhase& phase = phases_.back();
  const auto count = static_cast<double>(pending_.iterations);
  phase.points.push_back(
      {.iteration = phase.iterations,
       .loss = pending_.loss / count,
       .top1 = pending_.top1 / count,
       .learning_rate = learning_rate,
       .images_per_second =
           pending_.seconds > 0 ? static_cast<double>(pending_.images) / pending_.seconds : 0});
  pending_ = {};
  if (phase.points.size() >= kMaxPoints) {
    halve(phase);
  }
}

void TrainingHistory::finish_phase(const Metrics& test, const std::string& arithmetic) {
  phases_.back().test = test;
  phases_.back().test->seconds = 0;
  phases_.back().arithmetic = arithmetic;
}

std::string TrainingHistory::curves_json() const {
  ordered_json json = {{"format", 1}, {"phases", ordered_json::array()}};
  for (const HistoryPhase& phase : phases_) {
    ordered_json entry = {
        {"name", phase.name}, {"iterations", phase.iterations}, {"every", phase.every}};
    for_each_column(
        [&](const char* key, auto member) { entry[key] = column(phase.points, member); });
    if (phase.test) {
      entry["test"] = to_json(*phase.test, phase.arithmetic);
    }
    json["phases"].push_back(std::move(entry));
  }
  json["pending"] = {
      {"iterations", pending_.iterations}, {"loss", pending_.loss}, {"top1", pending_.top1}};
  return json.dump() + "\n";
}

std::string TrainingHistory::speed_json() const {
  ordered_json json = {{"format", 1}, {"images_per_second", ordered_json::array()}};
  for (const HistoryPhase& phase : phases_) {
    json["images_per_second"].push_back(column(phase.points, &HistoryPoint::images_per_second));
  }
  return json.dump() + "\n";
}

void TrainingHistory::read_curves(const std::string& text) {
  const ordered_json json = ordered_json::parse(text);
  for (const ordered_json& entry : json.at("phases")) {
    HistoryPhase phase;
    entry.at("name").get_to(phase.name);
    entry.at("iterations").get_to(phase.iterations);
    entry.at("every").get_to(phase.every);
    phase.points.resize(entry.at("iteration").size());
    for_each_column(
        [&](const char* key, auto member) { read_column(entry.at(key), phase.points, member); });
    if (entry.contains("test")) {
      read_test(entry.at("test"), phase);
    }
    phases_.push_back(std::move(phase));
  }
  const ordered_json& pending = json.at("pending");
  pending.at("iterations").get_to(pending_.iterations);
  pending.at("loss").get_to(pending_.loss);
  pending.at("top1").get_to(pending_.top1);
}

void TrainingHistory::read_speed(const std::string& text) {
  const ordered_json json = ordered_json::parse(text);
  for (size_t i = 0; i < phases_.size(); ++i) {
    read_column(
        json.at("images_per_second").at(i), phases_[i].points, &HistoryPoint::images_per_second);
  }
}

TrainingHistory TrainingHistory::load(const std::string& directory) {
  TrainingHistory history;
  std::string path = directory + kCurvesFile;
  if (!std::filesystem::exists(path)) {
    return history;
  }
  try {
    history.read_curves(read_file(path));
    path = directory + kSpeedFile;
    if (std::filesystem::exists(path)) {
      history.read_speed(read_file(path));
    }
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorCode::Format,
         "{}: {}; the file is damaged, delete it to go on without its curves",
         path,
         error.what());
  }
  return history;
}

void TrainingHistory::save(const std::string& directory) const {
  write_file(directory + kCurvesFile, curves_json());
  write_file(directory + kSpeedFile, speed_json());
}

}  // namespace intact
