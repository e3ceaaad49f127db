#pragma once

#include <cstdint>

// x, y: [rows,columns], over the last axis.
namespace intact::cpu {

/// y = exp(x - max) / sum exp(x - max). y may be x.
void softmax_forward(int64_t rows, int64_t columns, const float* x, float* y);

/// dx = y * (dy - sum_c dy*y). dx may be dy.
void softmax_backward(int64_t rows, int64_t columns, const float* y, const float* dy, float* dx);

/// softmax [rows,columns] as softmax_forward (may be logits); loss[r] = log(sum exp(x - max)) -
/// (x[label] - max), 0 when labels[r] == ignore_index. Labels must lie in [0,columns) otherwise.
void softmax_cross_entropy_forward(int64_t rows,
                                   int64_t columns,
                                   const float* logits,
                                   const int64_t* labels,
                                   int64_t ignore_index,
                                   float* softmax,
                                   float* loss);

/// dlogits = (softmax - onehot(label)) * dloss[r]; 0 in ignored rows. dlogits may be softmax.
void softmax_cross_entropy_backward(int64_t rows,
                                    int64_t columns,
                                    const float* softmax,
                                    const int64_t* labels,
                                    int64_t ignore_index,
                                    const float* dloss,
                                    float* dlogits);

}  // namespace intact::cpu
