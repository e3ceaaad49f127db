#include "train/run_json.h"

namespace intact {
namespace {

/// Calls visit(key, member) for every member, so that reading and writing cannot drift apart.
template <class Info, class Visit>
void for_each_member(Info& info, const Visit& visit) {
  visit("model", info.model);
  visit("class_dim", info.class_dim);
  visit("scale", info.scale);
  visit("softmax_output", info.softmax_output);
  visit("batch_size", info.batch_size);
  visit("seed", info.seed);
  visit("epochs", info.epochs);
  visit("epoch", info.epoch);
  visit("iteration", info.iteration);
  visit("run_index", info.run_index);
  visit("image", info.image);
  visit("label", info.label);
  visit("output", info.output);
  visit("top1", info.top1);
  visit("top5", info.top5);
  visit("loss", info.loss);
  visit("learning_rate", info.learning_rate);
  visit("config", info.config);
}

}  // namespace

nlohmann::json to_json(const RunInfo& info) {
  nlohmann::json json = nlohmann::json::object();
  for_each_member(info, [&](const char* key, const auto& member) { json[key] = member; });
  return json;
}

RunInfo run_info_from_json(const nlohmann::json& json) {
  RunInfo info;
  for_each_member(info, [&](const char* key, auto& member) { json.at(key).get_to(member); });
  return info;
}

}  // namespace intact
