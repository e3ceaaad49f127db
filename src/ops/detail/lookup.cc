#include "ops/detail/lookup.h"

#include <algorithm>

#include "tensor/dispatch.h"

namespace intact {
namespace {

/// body(position, row): for each id that is not the padding.
template <class Body>
void for_each_id(const KernelContext& op, const Body& body) {
  const auto ids = op.input("Ids").values<int64_t>();
  const int64_t rows = op.input("W").shape()[0];
  const int64_t padding = op.attr<int64_t>("padding_idx");
  for (size_t i = 0; i < ids.size(); ++i) {
    check(ids[i] >= 0 && ids[i] < rows,
          "{}: Ids[{}] is {} but W has {} rows; use 0..{}",
          op.where(),
          i,
          ids[i],
          rows,
          rows - 1);
    if (ids[i] != padding) {
      body(static_cast<int64_t>(i), ids[i]);
    }
  }
}

}  // namespace

void check_lookup(const InferContext& op) {
  check(op.shape("W").rank() == 2 && op.dtype("Ids") == DType::Int64,
        "{}: W is {} and Ids are {}; use W [rows,width] and int64 Ids",
        op.where(),
        op.shape("W").to_string(),
        to_string(op.dtype("Ids")));
}

void look_up(const KernelContext& op) {
  Tensor out = op.output("Out");
  const Tensor& w = op.input("W");
  const int64_t width = w.shape()[1];
  dispatch_all(w.dtype(), op.where(), [&]<class T>(T) {
    std::fill_n(out.data<T>(), out.numel(), T{});
    for_each_id(op, [&](int64_t position, int64_t row) {
      std::copy_n(w.data<T>() + row * width, width, out.data<T>() + position * width);
    });
  });
}

void look_up_grad(const KernelContext& op) {
  Tensor dw = op.output("W@GRAD");
  const int64_t width = dw.shape()[1];
  dispatch_float(dw.dtype(), op.where(), [&]<class T>(T) {
    std::fill_n(dw.data<T>(), dw.numel(), T{});
    const T* dout = op.input("Out@GRAD").data<T>();
    for_each_id(op, [&](int64_t position, int64_t row) {
      for (int64_t i = 0; i < width; ++i) {
        dw.data<T>()[row * width + i] += dout[position * width + i];
      }
    });
  });
}

void infer_look_up_grad(InferContext& op) {
  check_lookup(op);
  op.set_output("W@GRAD", op.shape("W"), op.dtype("W"));
}

}  // namespace intact
