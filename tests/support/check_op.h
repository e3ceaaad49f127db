#pragma once

#include <map>
#include <string>
#include <vector>

#include "intact/ir/attribute.h"
#include "intact/tensor/tensor.h"

namespace intact {

/// Slot name -> tensors, most slots hold one.
using TensorSlots = std::map<std::string, std::vector<Tensor>>;

/// One op on given numbers.
struct OpCase {
  std::string type;
  TensorSlots inputs;
  Attributes attrs = {};

  /// Output slot -> hand-written numbers; a subset of the outputs is enough. Slots updated in place
  /// are compared after the run.
  TensorSlots expected = {};
  /// Largest |got - expected| / (1 + |expected|); 0 means ==. Integers are always compared by ==.
  double tolerance = 0;

  /// How many Vars an output slot gets: one when mandatory, none when optional, unless named here
  /// or in `expected`.
  std::map<std::string, size_t> output_counts = {};

  /// Input slots whose gradients are compared with central differences. Keep the inputs away from
  /// kinks.
  std::vector<std::string> gradients = {};
  /// Output slots that get a random gradient; empty: the first one.
  std::vector<std::string> output_grads = {};
  /// Central differences in double with step 1e-5 err by about 1e-10 |f'''|, plus rounding 1e-11.
  double gradient_tolerance = 1e-6;

  /// Input slots whose first dimension is the batch, made -1 for one inference; empty: the first
  /// slot.
  std::vector<std::string> batch_inputs = {};
  /// False when the first dimension of the inputs is not a batch.
  bool has_batch = true;

  /// Fast kernels against the reference: float32 sums in another order.
  double fast_tolerance = 1e-5;
};

/// Checks, as EXPECTs: (1) inferred shapes and dtypes, also with an unknown batch, are those of the
/// computed tensors; (2) the reference gives `expected`; (3) what Executor runs agrees with the
/// reference, forward and gradient; (4) gradients are central differences, and each asked for alone
/// is the same; (5) the Program verifies, and is the same after a way
/// through its text and through Paddle's form.
void check_op(const OpCase& op_case);

/// Building the op (slots, attributes, inference) throws an Error whose message contains `message`.
void expect_op_error(const OpCase& op_case, const std::string& message);

/// Runs the reference kernel: output slot -> tensors.
TensorSlots run_reference(const OpCase& op_case);

/// Runs the op's gradient rule on the reference kernels: input slot -> gradients of
/// op_case.gradients, given the gradients of some outputs.
TensorSlots run_reference_gradient(const OpCase& op_case, const TensorSlots& output_grads);

/// EXPECTs the same dtype and shape; integers ==, floats |got - want| <= tolerance * (1 + |want|).
void expect_close(const Tensor& got,
                  const Tensor& want,
                  double tolerance,
                  const std::string& what = "");

}  // namespace intact
