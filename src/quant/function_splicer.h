#pragma once

#include <map>
#include <string>
#include <utility>

#include "intact/ir/program.h"
#include "intact/ir/rewriter.h"
#include "intact/ir/scope.h"
#include "intact/quant/quant_aware.h"

namespace intact {

/// Puts the ops of a QuantFunction between a tensor and its readers, with their gradients and the
/// updates of their parameters:
///   Before:  Output = conv2d(a, w)              a@GRAD, w@GRAD = conv2d_grad(a, w, Output@GRAD)
///   After:   h = f(a); Output = conv2d(h, w)    h@GRAD, w@GRAD = conv2d_grad(h, w, Output@GRAD)
///                                               a@GRAD = f_grad(h@GRAD); optimizer ops of f
/// Readers of the same tensor share one h. New Vars get `a_` in front of their names unless they
/// have it; new parameters get their values in the Scope, unless it holds them.
class FunctionSplicer {
 public:
  FunctionSplicer(const Program& program, const QuantAwareOptions& options)
      : seed_(program.random_seed()), options_(options) {}

  /// apply(), or x itself without a function.
  Var& preprocess(
      Rewriter& rewriter, const char* argument, const QuantFunction& function, Op& op, Var& x) {
    return function ? apply(rewriter, argument, function, op, x) : x;
  }
  /// `op` and its gradient op read the result where they read x. Returns x itself when `function`
  /// returns its input.
  Var& apply(
      Rewriter& rewriter, const char* argument, const QuantFunction& function, Op& op, Var& x);

 private:
  struct Site {
    Var* output = nullptr;       // h
    Var* output_grad = nullptr;  // nullptr: no gradient flows
    int joined = 0;              // readers besides the first
  };

  Site build(
      Rewriter& rewriter, const char* argument, const QuantFunction& function, Op& op, Var& x);
  void join(Rewriter& rewriter, Site& site, Op& op, Var& x);

  uint64_t seed_;
  const QuantAwareOptions& options_;
  std::map<std::pair<const QuantFunction*, const Var*>, Site> sites_;
};

/// op_namescope of the ops a QuantFunction made: they are not quantized themselves.
inline constexpr const char* kFunctionScope = "/quant_function/";

}  // namespace intact
