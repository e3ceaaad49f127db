#pragma once

#include <optional>
#include <string>
#include <vector>

#include "intact/autodiff/append_backward.h"
#include "intact/ir/program.h"

namespace intact {

/// Turns gradients into parameter updates, as ops of the Program.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// Appends the backward pass of `loss` and one update per trainable parameter to the current
  /// main Program, and the optimizer's state to the current startup Program. Returns what is
  /// trained. Throws: InvalidArgument when `loss` is not of the current main Program, or no
  /// parameter reaches it.
  std::vector<ParameterGradient> minimize(Var& loss);

  /// The persistable scalar that holds the learning rate ("learning_rate_0"): set it in the Scope
  /// to change the rate. Empty before minimize().
  const std::string& learning_rate_name() const { return learning_rate_name_; }

 protected:
  explicit Optimizer(float learning_rate) : learning_rate_(learning_rate) {}

  struct Update {
    Program& main;
    Program& startup;
    Var& parameter;
    Var& gradient;
    Var& learning_rate;
  };
  virtual void append_update(const Update& update) const = 0;

  /// A persistable `<parameter>_<kind>_0` filled with `value` by the startup Program.
  static Var& add_state(const Update& update, const std::string& kind, Shape shape, float value);
  /// Appends with op_role Optimize and op_role_var [parameter, gradient].
  static Op& append(const Update& update, OpSpec spec);
  /// gradient + decay * parameter, for ops that have no decay of their own.
  static Var& decayed_gradient(const Update& update, std::optional<float> optimizer_decay);
  /// The parameter's own decay, else the optimizer's.
  static std::optional<float> decay_of(const Update& update, std::optional<float> optimizer_decay);

 private:
  float learning_rate_;
  std::string learning_rate_name_;
};

struct SgdOptions {
  float learning_rate = 0.001f;
  std::optional<float> l2_decay = {};
};

/// p <- p - lr * g.
class Sgd : public Optimizer {
 public:
  explicit Sgd(const SgdOptions& options = {})
      : Optimizer(options.learning_rate), options_(options) {}

 private:
  void append_update(const Update& update) const override;
  SgdOptions options_;
};

struct MomentumOptions {
  float learning_rate = 0.001f;
  float momentum = 0.9f;
  bool use_nesterov = false;
  std::optional<float> l2_decay = {};
};

/// v <- mu*v + g (+ decay*p); p <- p - lr*v, or with Nesterov p - lr*(g + mu*v). State:
/// `<parameter>_velocity_0`. Source: spec 1.7.
class Momentum : public Optimizer {
 public:
  explicit Momentum(const MomentumOptions& options = {})
      : Optimizer(options.learning_rate), options_(options) {}

 private:
  void append_update(const Update& update) const override;
  MomentumOptions options_;
};

struct AdamOptions {
  float learning_rate = 0.001f;
  float beta1 = 0.9f;
  float beta2 = 0.999f;
  float epsilon = 1e-8f;
  std::optional<float> l2_decay = {};
};

/// Kingma and Ba 2015. State: `<parameter>_moment1_0`, `_moment2_0`, `_beta1_pow_acc_0`,
/// `_beta2_pow_acc_0`.
class Adam : public Optimizer {
 public:
  explicit Adam(const AdamOptions& options = {})
      : Optimizer(options.learning_rate), options_(options) {}

 private:
  void append_update(const Update& update) const override;
  AdamOptions options_;
};

}  // namespace intact
