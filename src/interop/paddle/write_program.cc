#include <framework.pb.h>

#include <algorithm>

#include "base/check.h"
#include "intact/interop/paddle.h"
#include "interop/paddle/op_versions.h"
#include "interop/paddle/types.h"

namespace intact {
namespace {

namespace proto = intact::paddle_proto;
using VarType = proto::VarType;

VarType::Type kind_to_proto(VarKind kind) {
  switch (kind) {
    case VarKind::Tensor:
      return VarType::LOD_TENSOR;
    case VarKind::FeedList:
      return VarType::FEED_MINIBATCH;
    case VarKind::FetchList:
      return VarType::FETCH_LIST;
    case VarKind::Raw:
      return VarType::RAW;
  }
  fail(ErrorCode::Internal, "paddle: unknown VarKind {}", static_cast<int>(kind));
}

/// Paddle declares integer weights that dequantize_linear reads, or an op that scales them itself
/// (quant_post_dynamic), as FP32.
DType declared_dtype(const Var& var) {
  const auto is_dequantized = [&](const Op* op) {
    const bool is_linear =
        op->type() == "dequantize_linear" && op->has_input("X") && &op->input("X") == &var;
    return is_linear || op->has_attr(var.name() + "_quant_scale");
  };
  if (var.is_persistable() && (var.dtype() == DType::Int8 || var.dtype() == DType::Int16)) {
    const std::vector<Op*> consumers = var.consumers();
    if (std::any_of(consumers.begin(), consumers.end(), is_dequantized)) {
      return DType::Float32;
    }
  }
  return var.dtype();
}

void write_var(const Var& var, proto::VarDesc& desc) {
  desc.set_name(var.name());
  desc.mutable_type()->set_type(kind_to_proto(var.kind()));
  if (var.kind() == VarKind::Tensor) {
    VarType::LoDTensorDesc& lod = *desc.mutable_type()->mutable_lod_tensor();
    lod.set_lod_level(0);
    lod.mutable_tensor()->set_data_type(paddle::to_proto(declared_dtype(var)));
    for (const int64_t dim : var.shape().dims()) {
      lod.mutable_tensor()->add_dims(dim);
    }
  }
  desc.set_persistable(var.is_persistable());
  if (var.is_data()) {
    desc.set_need_check_feed(true);
  }
  if (var.is_parameter()) {
    desc.set_is_parameter(true);
  }
  desc.set_stop_gradient(var.stop_gradient());
}

/// Every slot of the definition appears, empty when absent, as Paddle writes it.
template <class Add>
void write_slots(const Slots& slots, const std::vector<SlotDef>& defs, const Add& add) {
  for (const SlotDef& def : defs) {
    proto::OpDesc::Var& desc = *add();
    desc.set_parameter(def.name);
    const auto slot = slots.find(def.name);
    if (slot != slots.end()) {
      for (const Var* var : slot->second) {
        desc.add_arguments(var->name());
      }
    }
  }
}

void write_op(const Op& op, proto::OpDesc& desc) {
  desc.set_type(op.type());
  write_slots(op.inputs(), op.def().inputs, [&] { return desc.add_inputs(); });
  write_slots(op.outputs(), op.def().outputs, [&] { return desc.add_outputs(); });
  for (const auto& [name, value] : op.attrs()) {
    if (name != "op_callstack") {
      paddle::to_proto(name, value, *desc.add_attrs());
    }
  }
}

}  // namespace

std::string write_program(const Program& program, const WriteOptions& options) {
  proto::ProgramDesc desc;
  for (int i = 0; i < program.block_count(); ++i) {
    const Block& block = program.block(i);
    proto::BlockDesc& block_desc = *desc.add_blocks();
    block_desc.set_idx(i);
    block_desc.set_parent_idx(block.parent_index());
    for (const Var* var : block.vars()) {
      write_var(*var, *block_desc.add_vars());
    }
    for (const Op* op : block.ops()) {
      write_op(*op, *block_desc.add_ops());
    }
  }
  desc.mutable_version()->set_version(options.version);
  for (const paddle::OpVersion& version : paddle::kOpVersions) {
    auto& pair = *desc.mutable_op_version_map()->add_pair();
    pair.set_op_name(version.op);
    pair.mutable_op_version()->set_version(version.version);
  }
  std::string bytes;
  if (!desc.SerializeToString(&bytes)) {
    fail(ErrorCode::Unsupported, "paddle: the program exceeds 2 GiB; split it");
  }
  return bytes;
}

std::vector<std::string> param_names(const Program& program) {
  std::vector<std::string> names;
  for (int i = 0; i < program.block_count(); ++i) {
    for (const Var* var : program.block(i).vars()) {
      if (var->is_persistable() && var->kind() == VarKind::Tensor) {
        names.push_back(var->name());
      }
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace intact
