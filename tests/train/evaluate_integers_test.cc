#include <gtest/gtest.h>

#include "intact/quant/quant_aware.h"
#include "intact/train/loops.h"
#include "support/tiny_training.h"

namespace intact {
namespace {

TEST(EvaluateIntegersTest, SeesWhatTheFloatSimulationSees) {
  TinyTraining tiny;
  LoopOptions loop = tiny.loop();
  DataLoader loader = tiny.loader();
  Program quantized = quant_aware(tiny.main, CpuPlace{}, {}, {.scope = &tiny.scope});
  train_epoch(tiny.executor, quantized, loader, loop);
  const Program eval =
      quant_aware(tiny.test, CpuPlace{}, {}, {.for_test = true, .scope = &tiny.scope});
  const Metrics simulated = evaluate(tiny.executor, eval, loader, loop).metrics;
  const Metrics integer = evaluate_integers(eval, loader, loop).metrics;
  EXPECT_EQ(integer.images, simulated.images);
  // Codes differ at ties only; a code is under a hundredth of a logit's range.
  EXPECT_NEAR(integer.loss, simulated.loss, 0.01 * (1.0 + simulated.loss));
  EXPECT_NEAR(integer.top1, simulated.top1, 1.5 / static_cast<double>(integer.images));
}

}  // namespace
}  // namespace intact
