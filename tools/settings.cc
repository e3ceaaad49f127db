#include "settings.h"

#include <nlohmann/json.hpp>

#include "base/check.h"

namespace intact::tools {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Settings,
                                                optimizer,
                                                learning_rate,
                                                momentum,
                                                use_nesterov,
                                                weight_decay,
                                                learning_rate_schedule,
                                                boundaries,
                                                rates,
                                                warm_up_steps,
                                                limit)

namespace {

constexpr const char* kKey = "settings";

}  // namespace

std::map<std::string, std::string> Settings::to_config() const {
  return {{kKey, nlohmann::json(*this).dump()}};
}

Settings Settings::from_config(const std::map<std::string, std::string>& config) {
  const auto it = config.find(kKey);
  if (it == config.end()) {
    return {};
  }
  try {
    return nlohmann::json::parse(it->second).get<Settings>();
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorCode::Format,
         "run: its training settings cannot be read: {}; train again",
         error.what());
  }
}

std::unique_ptr<Optimizer> Settings::make_optimizer() const {
  const std::optional<float> decay =
      weight_decay > 0 ? std::optional<float>(weight_decay) : std::nullopt;
  if (optimizer == "sgd") {
    return std::make_unique<Sgd>(SgdOptions{.learning_rate = learning_rate, .l2_decay = decay});
  }
  if (optimizer == "adam") {
    return std::make_unique<Adam>(AdamOptions{.learning_rate = learning_rate, .l2_decay = decay});
  }
  check(optimizer == "momentum",
        "--optimizer: '{}' is unknown; use momentum, sgd or adam",
        optimizer);
  return std::make_unique<Momentum>(MomentumOptions{.learning_rate = learning_rate,
                                                    .momentum = momentum,
                                                    .use_nesterov = use_nesterov,
                                                    .l2_decay = decay});
}

LearningRateSchedule Settings::schedule(int64_t steps) const {
  LearningRateSchedule base;
  if (learning_rate_schedule == "cosine") {
    base = cosine_rate(learning_rate, steps - warm_up_steps);
  } else if (learning_rate_schedule == "piecewise") {
    base = piecewise_rate(boundaries, rates);
  } else {
    check(learning_rate_schedule == "constant",
          "--schedule: '{}' is unknown; use constant, cosine or piecewise",
          learning_rate_schedule);
    base = constant_rate(learning_rate);
  }
  return warm_up_steps > 0 ? linear_warm_up(0.0f, base(0), warm_up_steps, base) : base;
}

}  // namespace intact::tools
