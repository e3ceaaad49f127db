#pragma once

#include <string>

#include "intact/nn/param_attr.h"
#include "intact/nn/program_guard.h"

namespace intact::nn {

/// What every layer function needs: a name, temporaries `<name>.tmp_<k>`, parameters, and
/// append to the current main Program.
class Layer {
 public:
  /// Without a name: `<type>_<k>`.
  explicit Layer(const std::string& type, const std::string& name = {});

  const std::string& name() const { return name_; }
  /// "conv2d 'conv2d_3'", for messages.
  std::string where() const { return type_ + " '" + name_ + "'"; }

  Var& temporary();
  /// Takes the next temporary's number without creating it, to keep Paddle's numbering.
  void skip_temporary();
  /// kind: "w" or "b". Created in the main and, with its initializer, in the startup Program; an
  /// existing parameter of that name is shared. Throws: InvalidArgument when its shape differs.
  Var& parameter(const ParamAttr& attr,
                 const std::string& kind,
                 Shape shape,
                 const Initializer& default_initializer);
  /// A persistable that the optimizer leaves alone: moving statistics.
  Var& statistic(const std::string& name, Shape shape, float value);

  Op& append(OpSpec spec);
  /// One op from `x` through slot `input` to a new temporary in slot `output`.
  Var& append_unary(const std::string& op_type,
                    Var& x,
                    Attributes attrs = {},
                    const std::string& input = "X",
                    const std::string& output = "Out");
  /// One op from `x` and `y` through slots X and Y to a new temporary in slot Out.
  Var& append_binary(const std::string& op_type, Var& x, Var& y, Attributes attrs = {});
  /// x + bias, the bias along `axis`.
  Var& add_bias(Var& x, Var& bias, int axis);
  /// `x` itself when `activation` is empty.
  Var& activate(Var& x, const std::string& activation);

 private:
  Var& persistable(const std::string& name,
                   Shape shape,
                   const VarOptions& options,
                   const Initializer& initializer);

  std::string type_;
  std::string name_;
  Program& main_;
  Program& startup_;
};

}  // namespace intact::nn
