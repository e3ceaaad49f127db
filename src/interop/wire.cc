// Protobuf's wire format, only to say where a file is damaged: the lite runtime says just "no".
#include "interop/wire.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace intact {
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

/// Nesting is bounded by the table: no message contains itself.
std::optional<size_t> find_malformed(std::string_view bytes,
                                     size_t base,
                                     int message,
                                     std::span<const WireNesting> nestings) {
  Walker walker(bytes, base);
  while (!walker.at_end()) {
    const std::optional<Field> field = walker.next();
    if (!field) {
      return walker.offset();
    }
    const auto nesting = std::find_if(nestings.begin(), nestings.end(), [&](const WireNesting& n) {
      return n.outer == message && n.field == field->number;
    });
    if (nesting != nestings.end() && field->type == kBytes) {
      if (const auto bad =
              find_malformed(field->payload, field->payload_begin, nesting->inner, nestings)) {
        return bad;
      }
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

size_t malformed_offset(std::string_view bytes,
                        int message,
                        std::span<const WireNesting> nestings) {
  return find_malformed(bytes, 0, message, nestings).value_or(0);
}

}  // namespace intact
