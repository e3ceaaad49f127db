#include <array>
#include <limits>
#include <set>

#include "base/check.h"
#include "intact/interop/paddle.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/op_registry.h"
#include "interop/paddle/program_file.h"
#include "interop/paddle/types.h"
#include "interop/paddle/wire.h"
#include "interop/wire.h"

namespace intact::paddle {
namespace {

using VarType = proto::VarType;
constexpr int kBlocksField = 1;
constexpr int kVarsField = 3;
constexpr int kOpsField = 4;
constexpr int64_t kMaxElements = int64_t{1} << 62;

enum Message {
  kLeaf,
  kProgram,
  kBlock,
  kVar,
  kVarType,
  kLodTensor,
  kOp,
  kAttr,
  kScalar,
  kVersionMap,
  kVersionPair
};
constexpr std::array<WireNesting, 17> kNestings = {{{kProgram, 1, kBlock},
                                                    {kProgram, 4, kLeaf},
                                                    {kProgram, 5, kVersionMap},
                                                    {kVersionMap, 1, kVersionPair},
                                                    {kVersionPair, 2, kLeaf},
                                                    {kBlock, 3, kVar},
                                                    {kBlock, 4, kOp},
                                                    {kVar, 2, kVarType},
                                                    {kVar, 7, kLeaf},
                                                    {kVarType, 3, kLodTensor},
                                                    {kVarType, 4, kLodTensor},
                                                    {kLodTensor, 1, kLeaf},
                                                    {kOp, 1, kLeaf},
                                                    {kOp, 2, kLeaf},
                                                    {kOp, 4, kAttr},
                                                    {kAttr, 20, kScalar},
                                                    {kAttr, 21, kScalar}}};

/// Turns one decoded block into Vars and Ops of a Block.
class BlockReader {
 public:
  BlockReader(const ProgramFile& file, int index, const TensorMap& stored, Block& block)
      : file_(file),
        desc_(file.desc.blocks(index)),
        index_(index),
        stored_(stored),
        block_(block) {}

  void read() {
    for (int i = 0; i < desc_.vars_size(); ++i) {
      read_var(desc_.vars(i), i);
    }
    for (int i = 0; i < desc_.ops_size(); ++i) {
      read_op(desc_.ops(i), i);
    }
    check_shapes_are_settled();
  }

 private:
  template <class... Args>
  [[noreturn]] void fail_at(ErrorCode code,
                            int field,
                            int item,
                            fmt::format_string<Args...> format,
                            Args&&... args) const {
    fail(code,
         "{}: {} {} of block {} at byte {}: {}",
         file_.where,
         field == kVarsField ? "variable" : "op",
         item,
         index_,
         wire_offset(file_.bytes, {{kBlocksField, index_}, {field, item}}),
         fmt::format(format, std::forward<Args>(args)...));
  }

  void read_var(const proto::VarDesc& desc, int item) {
    if (!desc.has_name() || desc.name().empty() || !desc.has_type() || !desc.type().has_type()) {
      fail_at(ErrorCode::Format, kVarsField, item, "it has no name or no known type");
    }
    if (block_.find_var(desc.name()) != nullptr) {
      fail_at(ErrorCode::Format, kVarsField, item, "'{}' is declared twice", desc.name());
    }
    if (desc.attrs_size() > 0) {
      fail_at(ErrorCode::Unsupported,
              kVarsField,
              item,
              "'{}' carries attribute '{}', which this build cannot keep; remove it",
              desc.name(),
              desc.attrs(0).name());
    }
    VarOptions options{.is_persistable = desc.persistable(),
                       .is_parameter = desc.is_parameter(),
                       .is_data = desc.need_check_feed(),
                       .stop_gradient = desc.stop_gradient()};
    switch (desc.type().type()) {
      case VarType::LOD_TENSOR:
        read_tensor_var(desc, options, item);
        return;
      case VarType::FEED_MINIBATCH:
        options.kind = VarKind::FeedList;
        break;
      case VarType::FETCH_LIST:
        options.kind = VarKind::FetchList;
        break;
      case VarType::RAW:
        options.kind = VarKind::Raw;
        break;
      default:
        fail_at(ErrorCode::Unsupported,
                kVarsField,
                item,
                "'{}' is a {}, which this build does not have",
                desc.name(),
                name_of(desc.type().type()));
    }
    block_.add_var(desc.name(), DType::Float32, {}, options);
  }

  void read_tensor_var(const proto::VarDesc& desc, const VarOptions& options, int item) {
    const VarType::LoDTensorDesc& lod = desc.type().lod_tensor();
    if (!lod.has_tensor() || !lod.tensor().has_data_type()) {
      fail_at(ErrorCode::Format, kVarsField, item, "'{}' has no known dtype", desc.name());
    }
    if (lod.lod_level() != 0) {
      fail_at(ErrorCode::Unsupported,
              kVarsField,
              item,
              "'{}' is a sequence of lod_level {}; only dense tensors are read",
              desc.name(),
              lod.lod_level());
    }
    const auto stored = stored_.find(desc.name());
    if (options.is_persistable && stored != stored_.end()) {
      block_.add_var(desc.name(), stored->second.dtype(), stored->second.shape(), options);
      return;
    }
    const std::optional<DType> dtype = from_proto(lod.tensor().data_type());
    if (!dtype) {
      fail_at(ErrorCode::Unsupported,
              kVarsField,
              item,
              "'{}' has dtype {}, which this build does not have",
              desc.name(),
              name_of(lod.tensor().data_type()));
    }
    Shape shape(std::vector<int64_t>(lod.tensor().dims().begin(), lod.tensor().dims().end()));
    check_countable(shape, desc.name(), item);
    block_.add_var(desc.name(), *dtype, std::move(shape), options);
  }

  void check_countable(const Shape& shape, const std::string& name, int item) const {
    int64_t product = 1;
    for (const int64_t dim : shape.dims()) {
      if (dim < -1 || (dim > 0 && product > kMaxElements / dim)) {
        fail_at(ErrorCode::Format,
                kVarsField,
                item,
                "'{}' has the impossible shape {}",
                name,
                shape.to_string());
      }
      product *= dim > 0 ? dim : 1;
    }
  }

  void read_op(const proto::OpDesc& desc, int item) {
    if (!desc.has_type()) {
      fail_at(ErrorCode::Format, kOpsField, item, "it has no type");
    }
    const OpDef* def = op_registry().find(desc.type());
    OpSpec spec{.type = desc.type()};
    for (const proto::OpDesc::Attr& attr : desc.attrs()) {
      read_attr(attr, def, desc.type(), item, spec.attrs);
    }
    read_slots(desc.inputs(), desc.type(), item, spec.inputs);
    read_slots(desc.outputs(), desc.type(), item, spec.outputs);
    at_op(item, [&] { block_.append_op(std::move(spec), UnknownAttributes::Keep); });
  }

  /// What a caller of append_op did wrong is here what the file says.
  template <class Call>
  void at_op(int item, const Call& call) {
    try {
      call();
    } catch (const Error& error) {
      const bool is_ours =
          error.code() == ErrorCode::Unsupported || error.code() == ErrorCode::Internal;
      fail_at(is_ours ? error.code() : ErrorCode::Format, kOpsField, item, "{}", error.what());
    }
  }

  /// Inferring again must change nothing. It does when an op writes a Var, in another shape, that
  /// ops read before: such a program means something else at each reading.
  void check_shapes_are_settled() {
    std::vector<std::pair<DType, Shape>> settled;
    for (const Var* var : block_.vars()) {
      settled.emplace_back(var->dtype(), var->shape());
    }
    const std::vector<Op*> ops = block_.ops();
    for (size_t i = 0; i < ops.size(); ++i) {
      at_op(static_cast<int>(i), [&] {
        InferContext context(*ops[i]);
        ops[i]->def().infer(context);
      });
    }
    const std::vector<Var*> vars = block_.vars();
    for (size_t i = 0; i < vars.size(); ++i) {
      check_countable(vars[i]->shape(), vars[i]->name(), static_cast<int>(i));
      if (settled[i] != std::pair(vars[i]->dtype(), vars[i]->shape())) {
        fail_at(ErrorCode::Format,
                kVarsField,
                static_cast<int>(i),
                "'{}' is written as {} and as {}, and read in between",
                vars[i]->name(),
                settled[i].second.to_string(),
                vars[i]->shape().to_string());
      }
    }
  }

  void read_attr(const proto::OpDesc::Attr& attr,
                 const OpDef* def,
                 const std::string& op,
                 int item,
                 Attributes& attrs) {
    if (!attr.has_name() || !attr.has_type()) {
      fail_at(ErrorCode::Format, kOpsField, item, "{} has an attribute without name or type", op);
    }
    if (attr.name() == "op_callstack") {
      return;  // source lines of whoever built the model
    }
    const std::optional<Attribute> value = from_proto(attr);
    if (!value) {
      fail_at(ErrorCode::Unsupported,
              kOpsField,
              item,
              "{} has attribute '{}' of type {} without a value this build can hold",
              op,
              attr.name(),
              name_of(attr.type()));
    }
    if (const auto* reference = std::get_if<BlockRef>(&*value);
        reference != nullptr &&
        (reference->index <= index_ || reference->index >= file_.desc.blocks_size())) {
      fail_at(ErrorCode::Format,
              kOpsField,
              item,
              "{} refers to block {}, which is not a later one of {}",
              op,
              reference->index,
              file_.desc.blocks_size());
    }
    const AttrDef* known = def != nullptr ? def->find_attr(attr.name()) : nullptr;
    const Attribute fitting = known != nullptr ? coerced(*value, known->default_value) : *value;
    const auto [position, is_new] = attrs.emplace(attr.name(), fitting);
    // Training programs of Paddle 2.6 repeat the attributes of oneDNN.
    if (!is_new && position->second != fitting) {
      fail_at(ErrorCode::Format,
              kOpsField,
              item,
              "{} has '{}' twice, with two values",
              op,
              attr.name());
    }
  }

  template <class Slots_>
  void read_slots(const Slots_& descs, const std::string& op, int item, Slots& slots) {
    for (const proto::OpDesc::Var& desc : descs) {
      if (slots.contains(desc.parameter())) {
        fail_at(ErrorCode::Format, kOpsField, item, "{} has '{}' twice", op, desc.parameter());
      }
      std::vector<Var*>& vars = slots[desc.parameter()];
      for (const std::string& name : desc.arguments()) {
        if (name == kEmptyVar && desc.arguments_size() == 1) {
          continue;
        }
        Var* var = block_.find_var(name);
        if (var == nullptr) {
          const bool is_outer = name == kEmptyVar || index_ > 0;
          fail_at(is_outer ? ErrorCode::Unsupported : ErrorCode::Format,
                  kOpsField,
                  item,
                  "{}: {} names '{}', which its block does not declare",
                  op,
                  desc.parameter(),
                  name);
        }
        vars.push_back(var);
      }
    }
  }

  const ProgramFile& file_;
  const proto::BlockDesc& desc_;
  int index_;
  const TensorMap& stored_;
  Block& block_;
};

void check_blocks(const ProgramFile& file) {
  if (file.desc.blocks_size() == 0) {
    fail(ErrorCode::Format, "{}: holds no block; give a Paddle program", file.where);
  }
  for (int i = 0; i < file.desc.blocks_size(); ++i) {
    const proto::BlockDesc& block = file.desc.blocks(i);
    const bool is_root = i == 0 && block.parent_idx() == -1;
    const bool is_inner = i > 0 && block.parent_idx() >= 0 && block.parent_idx() < i;
    if (!block.has_idx() || !block.has_parent_idx() || block.idx() != i || !(is_root || is_inner)) {
      fail(ErrorCode::Format,
           "{}: block {} at byte {} calls itself {} with parent {}; parents come first",
           file.where,
           i,
           wire_offset(file.bytes, {{kBlocksField, i}}),
           block.idx(),
           block.parent_idx());
    }
  }
}

}  // namespace

size_t malformed_offset(std::string_view bytes) {
  return intact::malformed_offset(bytes, kProgram, kNestings);
}

ProgramFile decode_program(std::string_view bytes, const std::string& where) {
  ProgramFile file{.desc = {}, .bytes = bytes, .where = where};
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max()) ||
      !file.desc.ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    fail(ErrorCode::Format,
         "{}: is not a Paddle program: damaged or cut off at byte {} of {}; get the file again",
         where,
         malformed_offset(bytes),
         bytes.size());
  }
  check_blocks(file);
  return file;
}

std::vector<std::string> param_names(const ProgramFile& file) {
  std::set<std::string> names;
  for (const proto::BlockDesc& block : file.desc.blocks()) {
    for (const proto::VarDesc& var : block.vars()) {
      if (var.persistable() && var.type().type() == VarType::LOD_TENSOR) {
        names.insert(var.name());
      }
    }
  }
  return {names.begin(), names.end()};
}

Program build_program(const ProgramFile& file, const TensorMap& stored) {
  Program program;
  for (int i = 0; i < file.desc.blocks_size(); ++i) {
    Block& block = i == 0 ? program.block() : program.add_block(file.desc.blocks(i).parent_idx());
    BlockReader(file, i, stored, block).read();
  }
  return program;
}

}  // namespace intact::paddle

namespace intact {

Program read_program(std::string_view bytes, const std::string& where) {
  return paddle::build_program(paddle::decode_program(bytes, where), {});
}

}  // namespace intact
