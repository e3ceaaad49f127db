#include "fuzz/mutate_program.h"

#include <framework.pb.h>

#include <algorithm>
#include <array>
#include <limits>
#include <random>
#include <string>

#include "intact/ir/op_registry.h"

namespace intact {
namespace {

namespace proto = intact::paddle_proto;

constexpr std::array<int64_t, 18> kIntegers = {0,
                                               1,
                                               2,
                                               3,
                                               4,
                                               7,
                                               -1,
                                               -2,
                                               -3,
                                               100,
                                               65536,
                                               std::numeric_limits<int32_t>::max(),
                                               std::numeric_limits<int32_t>::min(),
                                               int64_t{1} << 31,
                                               int64_t{1} << 40,
                                               int64_t{1} << 61,
                                               std::numeric_limits<int64_t>::max(),
                                               std::numeric_limits<int64_t>::min()};
constexpr std::array<float, 7> kFloats = {0,
                                          1,
                                          -1,
                                          1e-40f,
                                          3e38f,
                                          std::numeric_limits<float>::infinity(),
                                          std::numeric_limits<float>::quiet_NaN()};

class Mutator {
 public:
  explicit Mutator(unsigned seed) : random_(seed) {}

  void mutate(proto::ProgramDesc& program) {
    if (program.blocks_size() == 0) {
      return;
    }
    proto::BlockDesc& block = *program.mutable_blocks(below(program.blocks_size()));
    if (block.ops_size() == 0 || below(4) == 0) {
      mutate_var(block);
    } else {
      mutate_op(block);
    }
  }

 private:
  int below(int count) { return static_cast<int>(random_() % static_cast<unsigned>(count)); }
  int64_t integer() { return kIntegers[random_() % kIntegers.size()]; }
  float real() { return kFloats[random_() % kFloats.size()]; }

  template <class List, class Draw>
  void mutate_list(List* list, const Draw& draw) {
    const int choice = below(3);
    if (choice == 0 && !list->empty()) {
      list->RemoveLast();
    } else if (choice == 1 || list->empty()) {
      list->Add(draw());
    } else {
      list->Set(below(list->size()), draw());
    }
  }

  void mutate_var(proto::BlockDesc& block) {
    if (block.vars_size() == 0) {
      return;
    }
    proto::VarDesc& var = *block.mutable_vars(below(block.vars_size()));
    auto& tensor = *var.mutable_type()->mutable_lod_tensor()->mutable_tensor();
    switch (below(4)) {
      case 0:
        tensor.set_data_type(static_cast<proto::VarType::Type>(below(7)));
        break;
      case 1:
        var.set_persistable(!var.persistable());
        break;
      default:
        mutate_list(tensor.mutable_dims(), [this] { return integer(); });
    }
  }

  void mutate_op(proto::BlockDesc& block) {
    proto::OpDesc& op = *block.mutable_ops(below(block.ops_size()));
    switch (below(8)) {
      case 0: {
        const auto types = op_registry().types();
        op.set_type(types[random_() % types.size()]);
        break;
      }
      case 1:
        mutate_slot(below(2) == 0 ? op.mutable_inputs() : op.mutable_outputs(), block);
        break;
      case 2: {
        const proto::OpDesc copy = block.ops(below(block.ops_size()));
        *block.add_ops() = copy;
        break;
      }
      default:
        if (op.attrs_size() > 0) {
          mutate_attr(*op.mutable_attrs(below(op.attrs_size())));
        }
    }
  }

  template <class List>
  void mutate_slot(List* slots, const proto::BlockDesc& block) {
    if (slots->empty() || block.vars_size() == 0) {
      return;
    }
    proto::OpDesc::Var& slot = *slots->Mutable(below(slots->size()));
    const std::string& name = block.vars(below(block.vars_size())).name();
    if (slot.arguments_size() == 0 || below(4) == 0) {
      slot.add_arguments(name);
    } else if (below(4) == 0) {
      slot.mutable_arguments()->RemoveLast();
    } else {
      slot.set_arguments(below(slot.arguments_size()), name);
    }
  }

  void mutate_attr(proto::OpDesc::Attr& attr) {
    switch (attr.type()) {
      case proto::INT:
        attr.set_i(static_cast<int32_t>(integer()));
        break;
      case proto::LONG:
        attr.set_l(integer());
        break;
      case proto::FLOAT:
        attr.set_f(real());
        break;
      case proto::BOOLEAN:
        attr.set_b(!attr.b());
        break;
      case proto::STRING:
        attr.set_s(std::array{"", "NCHW", "NHWC", "SAME", "VALID", "max", "avg"}[random_() % 7]);
        break;
      case proto::INTS:
        mutate_list(attr.mutable_ints(), [this] { return static_cast<int32_t>(integer()); });
        break;
      case proto::LONGS:
        mutate_list(attr.mutable_longs(), [this] { return integer(); });
        break;
      case proto::FLOATS:
        mutate_list(attr.mutable_floats(), [this] { return real(); });
        break;
      default:
        attr.set_type(static_cast<proto::AttrType>(below(18)));
    }
  }

  std::minstd_rand random_;
};

}  // namespace

size_t mutate_program(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  proto::ProgramDesc program;
  if (!program.ParsePartialFromArray(data, static_cast<int>(size))) {
    return 0;
  }
  Mutator(seed).mutate(program);
  const std::string bytes = program.SerializePartialAsString();
  if (bytes.size() > max_size) {
    return 0;
  }
  std::copy(bytes.begin(), bytes.end(), data);
  return bytes.size();
}

}  // namespace intact
