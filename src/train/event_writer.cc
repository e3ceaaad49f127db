#include "intact/train/event_writer.h"

#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>

#include "base/check.h"

namespace intact {
namespace {

constexpr std::array<uint32_t, 256> make_crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0u);
    }
    table[byte] = crc;
  }
  return table;
}

constexpr std::array<uint32_t, 256> kCrcTable = make_crc_table();

template <class T>
void append_little_endian(std::string& bytes, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) {
    bytes += static_cast<char>(value >> (8 * i) & 0xFF);
  }
}

/// Fields of a protobuf message, in the order they are added.
class Message {
 public:
  void add_varint(int field, uint64_t value) {
    append_varint(static_cast<uint64_t>(field) << 3);
    append_varint(value);
  }
  void add_double(int field, double value) {
    append_varint(static_cast<uint64_t>(field) << 3 | 1);
    append_little_endian(bytes_, std::bit_cast<uint64_t>(value));
  }
  void add_bytes(int field, const std::string& value) {
    append_varint(static_cast<uint64_t>(field) << 3 | 2);
    append_varint(value.size());
    bytes_ += value;
  }
  void add_float(int field, float value) {
    append_varint(static_cast<uint64_t>(field) << 3 | 5);
    append_little_endian(bytes_, std::bit_cast<uint32_t>(value));
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void append_varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) {
      bytes_ += static_cast<char>(value | 0x80);
    }
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

double seconds_since_1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// Field numbers of tensorflow.Event, Summary and Summary.Value.
constexpr int kWallTime = 1;
constexpr int kStep = 2;
constexpr int kFileVersion = 3;
constexpr int kSummary = 5;
constexpr int kValue = 1;
constexpr int kTag = 1;
constexpr int kSimpleValue = 2;

uint32_t masked_crc(const std::string& bytes) {
  return std::rotr(crc32c(bytes), 15) + 0xA282EAD8u;
}

/// TensorBoard reads files in the order of their names: by time.
std::string file_name() {
  return fmt::format(
      "events.out.tfevents.{:.0f}.{}.intact", seconds_since_1970() * 1e6, ::getpid());
}

}  // namespace

uint32_t crc32c(const std::string& bytes) {
  uint32_t crc = ~0u;
  for (const char byte : bytes) {
    crc = kCrcTable[(crc ^ static_cast<uint8_t>(byte)) & 0xFF] ^ (crc >> 8);
  }
  return ~crc;
}

EventWriter::EventWriter(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  path_ = directory + "/" + file_name();
  file_.open(path_, std::ios::binary);
  if (error || !file_) {
    fail(ErrorCode::Io,
         "{}: cannot create the event file: {}; check the path",
         path_,
         error ? error.message() : std::strerror(errno));
  }
  Message event;
  event.add_double(kWallTime, seconds_since_1970());
  event.add_bytes(kFileVersion, "brain.Event:2");
  write_record(event.bytes());
}

void EventWriter::add(int64_t step, const std::vector<Scalar>& scalars) {
  Message summary;
  for (const auto& [tag, number] : scalars) {
    Message value;
    value.add_bytes(kTag, tag);
    value.add_float(kSimpleValue, static_cast<float>(number));
    summary.add_bytes(kValue, value.bytes());
  }
  Message event;
  event.add_double(kWallTime, seconds_since_1970());
  event.add_varint(kStep, static_cast<uint64_t>(step));
  event.add_bytes(kSummary, summary.bytes());
  write_record(event.bytes());
}

void EventWriter::flush() {
  if (!file_.flush()) {
    fail(ErrorCode::Io, "{}: cannot be written; is the disk full?", path_);
  }
}

/// length (8 bytes), its checksum, the event, its checksum.
void EventWriter::write_record(const std::string& event) {
  std::string record;
  append_little_endian(record, static_cast<uint64_t>(event.size()));
  append_little_endian(record, masked_crc(record));
  record += event;
  append_little_endian(record, masked_crc(event));
  file_.write(record.data(), static_cast<std::streamsize>(record.size()));
}

}  // namespace intact
