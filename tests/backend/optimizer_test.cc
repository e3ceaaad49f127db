#include "backend/cpu/optimizer.h"

#include "backend/kernel_test.h"

// All comparisons are ==: the kernels round every product and sum as these loops do.
namespace intact::cpu {
namespace {

constexpr int64_t kSizes[] = {1, 33, 40007};

TEST(Optimizer, momentum_equals_a_plain_loop) {
  for (const int64_t n : kSizes) {
    for (const bool nesterov : {false, true}) {
      for (const float decay : {0.0f, 0.1f}) {
        const MomentumOptions options{.learning_rate = 0.01f,
                                      .mu = 0.9f,
                                      .use_nesterov = nesterov,
                                      .l2_decay = decay,
                                      .rescale_grad = 0.5f};
        const Floats grad = random_floats(n, 1);
        const Floats param = random_floats(n, 2);
        const Floats velocity = random_floats(n, 3);
        Floats expected(2 * n);
        for (int64_t i = 0; i < n; ++i) {
          const float p = param[i];
          const float g = decay != 0 ? grad[i] * 0.5f + decay * p : grad[i] * 0.5f;
          const float v = velocity[i] * 0.9f + g;
          expected[i] = nesterov ? p - (g + v * 0.9f) * 0.01f : p - 0.01f * v;
          expected[n + i] = v;
        }
        const Floats actual = run_everywhere([&] {
          Floats state = param;
          state.insert(state.end(), velocity.begin(), velocity.end());
          momentum(n, options, grad.data(), state.data(), state.data() + n);
          return state;
        });
        EXPECT_EQ(actual, expected);
      }
    }
  }
}

TEST(Optimizer, sgd_equals_a_plain_loop) {
  for (const int64_t n : kSizes) {
    const Floats grad = random_floats(n, 1);
    const Floats param = random_floats(n, 2);
    Floats expected(n);
    for (int64_t i = 0; i < n; ++i) {
      expected[i] = param[i] - 0.3f * grad[i];
    }
    Floats actual = param;
    sgd(n, 0.3f, grad.data(), actual.data());
    EXPECT_EQ(actual, expected);
  }
}

TEST(Optimizer, adam_equals_a_plain_loop) {
  for (const int64_t n : kSizes) {
    const AdamOptions options{.learning_rate = 0.01f, .beta1_power = 0.9f, .beta2_power = 0.999f};
    const Floats grad = random_floats(n, 1);
    const Floats param = random_floats(n, 2);
    const Floats moment1 = random_floats(n, 3);
    const Floats moment2 = random_floats(n, 4, 0, 1);
    const float root = std::sqrt(1 - options.beta2_power);
    const float rate = options.learning_rate * root / (1 - options.beta1_power);
    Floats expected(3 * n);
    for (int64_t i = 0; i < n; ++i) {
      const float m = options.beta1 * moment1[i] + (1 - options.beta1) * grad[i];
      const float v = options.beta2 * moment2[i] + (1 - options.beta2) * grad[i] * grad[i];
      expected[i] = param[i] - rate * (m / (std::sqrt(v) + options.epsilon * root));
      expected[n + i] = m;
      expected[2 * n + i] = v;
    }
    const Floats actual = run_everywhere([&] {
      Floats state = param;
      state.insert(state.end(), moment1.begin(), moment1.end());
      state.insert(state.end(), moment2.begin(), moment2.end());
      adam(n, options, grad.data(), state.data(), state.data() + n, state.data() + 2 * n);
      return state;
    });
    EXPECT_EQ(actual, expected);
  }
}

}  // namespace
}  // namespace intact::cpu
