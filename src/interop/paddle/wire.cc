// Protobuf's wire format, only to say where a file is damaged: the lite runtime says just "no".
#include "interop/paddle/wire.h"

#include <array>
#include <cstdint>
#include <optional>

namespace intact::paddle {
namespace {

enum WireType { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

struct Field {
  int number = 0;
  int type = 0;
  size_t begin = 0;  // of the tag
  std::string_view payload;
  size_t payload_begin = 0;
};

/// Walks the fields of one message.
class Walker {
 public:
  Walker(std::string_view bytes, size_t base) : bytes_(bytes), base_(base) {}

  bool at_end() const { return position_ == bytes_.size(); }
  /// Offset in the whole file.
  size_t offset() const { return base_ + position_; }

  /// Nothing when the field is malformed; offset() then stays at its begin.
  std::optional<Field> next() {
    const size_t begin = position_;
    Field field;
    field.begin = offset();
    const auto tag = varint();
    field.number = static_cast<int>(tag.value_or(0) >> 3);
    field.type = static_cast<int>(tag.value_or(0) & 7);
    if (!tag || field.number == 0 || !take_payload(field)) {
      position_ = begin;
      return std::nullopt;
    }
    return field;
  }

 private:
  std::optional<uint64_t> varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 70 && position_ < bytes_.size(); shift += 7) {
      const auto byte = static_cast<uint8_t>(bytes_[position_++]);
      value |= shift < 64 ? uint64_t{byte & 0x7Fu} << shift : 0;
      if (byte < 0x80) {
        return value;
      }
    }
    return std::nullopt;
  }

  bool take_payload(Field& field) {
    std::optional<uint64_t> size = 0;
    switch (field.type) {
      case kVarint:
        return varint().has_value();
      case kFixed64:
        size = 8;
        break;
      case kFixed32:
        size = 4;
        break;
      case kBytes:
        size = varint();
        break;
      default:
        return false;
    }
    if (!size || *size > bytes_.size() - position_) {
      return false;
    }
    field.payload_begin = offset();
    field.payload = bytes_.substr(position_, *size);
    position_ += *size;
    return true;
  }

  std::string_view bytes_;
  size_t base_;
  size_t position_ = 0;
};

enum class Message {
  Leaf,
  Program,
  Block,
  Var,
  VarType,
  LodTensor,
  Op,
  Attr,
  Scalar,
  VersionMap,
  VersionPair
};

struct Nesting {
  Message outer;
  int field;
  Message inner;
};
constexpr std::array<Nesting, 17> kNestings = {{{Message::Program, 1, Message::Block},
                                                {Message::Program, 4, Message::Leaf},
                                                {Message::Program, 5, Message::VersionMap},
                                                {Message::VersionMap, 1, Message::VersionPair},
                                                {Message::VersionPair, 2, Message::Leaf},
                                                {Message::Block, 3, Message::Var},
                                                {Message::Block, 4, Message::Op},
                                                {Message::Var, 2, Message::VarType},
                                                {Message::Var, 7, Message::Leaf},
                                                {Message::VarType, 3, Message::LodTensor},
                                                {Message::VarType, 4, Message::LodTensor},
                                                {Message::LodTensor, 1, Message::Leaf},
                                                {Message::Op, 1, Message::Leaf},
                                                {Message::Op, 2, Message::Leaf},
                                                {Message::Op, 4, Message::Attr},
                                                {Message::Attr, 20, Message::Scalar},
                                                {Message::Attr, 21, Message::Scalar}}};

const Nesting* find_nesting(Message outer, int field) {
  for (const Nesting& nesting : kNestings) {
    if (nesting.outer == outer && nesting.field == field) {
      return &nesting;
    }
  }
  return nullptr;
}

/// Nesting is bounded by the table: no message contains itself.
std::optional<size_t> find_malformed(std::string_view bytes, size_t base, Message message) {
  Walker walker(bytes, base);
  while (!walker.at_end()) {
    const std::optional<Field> field = walker.next();
    const Nesting* nesting = field ? find_nesting(message, field->number) : nullptr;
    if (nesting != nullptr && field->type == kBytes) {
      if (const auto bad = find_malformed(field->payload, field->payload_begin, nesting->inner)) {
        return bad;
      }
    }
    if (!field) {
      return walker.offset();
    }
  }
  return std::nullopt;
}

}  // namespace

size_t wire_offset(std::string_view bytes, std::initializer_list<WireStep> path) {
  size_t base = 0;
  size_t found = 0;
  for (const WireStep& step : path) {
    Walker walker(bytes, base);
    int index = 0;
    bool is_found = false;
    while (!is_found && !walker.at_end()) {
      const std::optional<Field> field = walker.next();
      if (!field) {
        return found;
      }
      if (field->number == step.field && field->type == kBytes && index++ == step.index) {
        is_found = true;
        found = field->begin;
        bytes = field->payload;
        base = field->payload_begin;
      }
    }
    if (!is_found) {
      return found;
    }
  }
  return found;
}

size_t malformed_offset(std::string_view bytes) {
  return find_malformed(bytes, 0, Message::Program).value_or(0);
}

}  // namespace intact::paddle
